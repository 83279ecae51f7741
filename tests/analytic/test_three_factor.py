"""Rules with a third factor against explicit sums, event-driven and clock-driven, on every target.

The reference sums over spikes and steps: a spike of step n changes an eligibility that counts from
step n + 1 on, decayed from there, and the third factor of step m is its value at time m dt. Spikes
of one step count as pre before post.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, second
from numpy.typing import NDArray

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.network import Network, Plasticity, Recording
from dualframe.plasticity import freeze_learning
from dualframe.targets.brian import run as runtime_target
from dualframe.targets.brian.brian_objects import make_brian_objects
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp import known_programs as plans
from dualframe.targets.lowering.lower_network import lower_network

Array = NDArray[np.float64]
DT = 1e-3
STEPS = 3000
W = 1.0
N = 6
# the neuron's signals as functions of the time in seconds; the third factors change their signs
SIGNALS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "DA": ("0.5 + 0.5*sin(t/(70*ms))", lambda t: 0.5 + 0.5 * np.sin(t / 0.07)),
    "serotonin": ("0.6 + 0.3*cos(t/(90*ms))", lambda t: 0.6 + 0.3 * np.cos(t / 0.09)),
    "error": ("cos(t/(110*ms))", lambda t: np.cos(t / 0.11)),
    "voltage": ("sin(t/(13*ms))", lambda t: np.sin(t / 0.013)),
    "prize": ("0.3*cos(t/(210*ms))", lambda t: 0.3 * np.cos(t / 0.21)),
}
_DA_5HT = {"level_DA": "DA", "level_5HT": "serotonin"}
# time constants so short that STEPS are many epochs; weights move by some tenths
RULES: dict[str, Plasticity] = {
    "r_stdp": plasticity_rule(
        "r_stdp",
        w_max=4,
        tau_eligibility=80 * ms,
        signals={"level_DA": "DA"},
        learning_rate=0.3,
        options={"pairing": "all_to_all"},
    ),
    "r_nearest": plasticity_rule(
        "r_stdp",
        w_max=4,
        tau_eligibility=80 * ms,
        signals={"level_DA": "DA"},
        learning_rate=0.3,
        options={"pairing": "nearest"},
    ),
    "actor": plasticity_rule("td_stdp", w_max=4, signals={"td_error": "error"}, learning_rate=30.0),
    "critic": plasticity_rule(
        "td_stdp",
        w_max=4,
        signals={"td_error": "error"},
        learning_rate=5.0,
        tau_kappa=60 * ms,
        upsilon_kappa=20 * ms,
        options={"part": "critic"},
    ),
    "da_5ht": plasticity_rule(
        "da_5ht",
        set="cwc",
        w_max=4,
        signals=_DA_5HT,
        tau_eligibility_DA=50 * ms,
        tau_eligibility_5HT=120 * ms,
        A_5HT=0.5,
        learning_rate=30.0,
    ),
    "da_5ht_pre_post": plasticity_rule(
        "da_5ht",
        set="cwc",
        w_max=4,
        signals=_DA_5HT,
        tau_eligibility_DA=50 * ms,
        tau_eligibility_5HT=120 * ms,
        A_5HT=0.5,
        learning_rate=30.0,
        options={"window_5HT": "pre_post"},
    ),
    "exploratory": plasticity_rule(
        "exploratory_hebbian",
        w_max=4,
        tau_eligibility=60 * ms,
        tau_activity=40 * ms,
        tau_reward=300 * ms,
        gain=20 * Hz,
        signals={"activity": "voltage", "reward": "prize"},
    ),
}
# a few hundred changes of some tenths, each with the rounding of fadings down to exp(-9)
ROUNDING = 1e-11


def by_clock(rule: Plasticity) -> Plasticity:
    return replace(rule, options={**rule.options, "update": "clock"})


def network(
    pre: list[Array], post: list[Array], rules: dict[str, Plasticity], extra: str = "", **given: Any
) -> Network:
    """One neuron for each pair of trains, which fires when it is told, and learns by every rule."""
    # what a synapse reads at a spike is a state variable: GeNN's synapses have a later time
    signals = "\n".join(
        f"d{name}/dt = ({text} - {name})/dt : 1" if name == "voltage" else f"{name} = {text} : 1"
        for name, (text, _) in SIGNALS.items()
    )
    cells = df.Population(
        "cells",
        len(pre),
        f"v : 1\ng : 1\n{signals}\n{extra}",
        threshold="v > 0.5",
        reset="v = 0",
        **given,
    )
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    learn = (
        df.Projection(
            "pre", "cells", "g += w", name=name, weight=W, pairs="one_to_one", plasticity=rule
        )
        for name, rule in rules.items()
    )
    inputs = (_input("pre", pre), _input("told", [steps - 1 for steps in post]))
    return Network((cells,), inputs, (told, *learn))


def _input(name: str, trains: list[Array]) -> df.SpikeInput:
    index = np.concatenate([np.full(len(own), k) for k, own in enumerate(trains)]).astype(int)
    times = np.concatenate(trains)
    order = np.lexsort((index, times))
    return df.SpikeInput(name, len(trains), index[order], times[order] * DT * second)


def trains(seed: int = 2) -> tuple[list[Array], list[Array]]:
    """Eight spikes a second on both sides, some in one step, and a synapse that is quiet between.

    A told neuron needs a step to be told again: post spikes have two steps or more between them.
    """
    rng = np.random.default_rng(seed)
    pre, post = [], []
    for _ in range(N):
        post.append(2 * np.unique(rng.integers(5, STEPS // 2 - 5, 24)))
        pre.append(np.unique(np.append(rng.integers(10, STEPS - 10, 24), post[-1][3])))
    pre[0], post[0] = np.array([30, 2900]), np.array([36])  # silent for many epochs of every rule
    return pre, post


def found(run: Callable[..., df.Results], net: Network, steps: int = STEPS) -> dict[str, Array]:
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = run(net, steps * DT * second, seed=1, dt=DT * second, record=record)
    return {name: table["weight"].to_numpy() for name, table in done.weights.items()}


def runtime(*arguments: Any, **options: Any) -> df.Results:
    return df.run(*arguments, target="runtime", progress=False, **options)


# ---------------------------------------------------------------- the reference


def value(name: str, steps: Any) -> Any:
    return SIGNALS[name][1](np.asarray(steps) * DT)


def earned(jumps: dict[int, float], tau: float, drive: Array) -> float:
    """Integral of an eligibility that jumps, times its drive (per second), over all steps."""
    m = np.arange(len(drive))
    return sum(
        amount * DT * float((np.exp(-(m[n + 1 :] - n - 1) * DT / tau) * drive[n + 1 :]).sum())
        for n, amount in jumps.items()
    )


def decayed(spikes: Array, now: int, tau: Any, nearest: bool = False) -> float:
    spikes = spikes[-1:] if nearest else spikes
    return float(np.exp(-(now - spikes) * DT / float(tau)).sum())


def pairs(pre: Array, post: Array, after: Any, before: Any) -> dict[int, float]:
    """Jumps at spikes: ``after(n)`` at post spikes, ``before(n)`` at pre spikes, both in a step."""
    jumps: dict[int, float] = {}
    for n in pre:
        jumps[int(n)] = jumps.get(int(n), 0.0) + before(n, post[post < n])
    for n in post:
        jumps[int(n)] = jumps.get(int(n), 0.0) + after(n, pre[pre <= n])
    return jumps


def reference(rule: Plasticity, pre: Array, post: Array, steps: int = STEPS) -> float:
    return W + rule.learning_rate * _REFERENCES[rule.rule](rule, pre, post, np.arange(steps))


def _r_stdp(rule: Plasticity, pre: Array, post: Array, m: Array) -> float:
    n, nearest = rule.numbers, rule.options["pairing"] == "nearest"
    jumps = pairs(
        pre,
        post,
        lambda now, earlier: n["A_plus"] * decayed(earlier, now, n["tau_plus"], nearest),
        lambda now, earlier: -n["A_minus"] * decayed(earlier, now, n["tau_minus"], nearest),
    )
    drive = float(n["gain"]) * (n["baseline"] + value("DA", m))
    return earned(jumps, float(n["tau_eligibility"]), drive)


def _td_stdp(rule: Plasticity, pre: Array, post: Array, m: Array) -> float:
    n = rule.numbers
    tau_m, tau_s = float(n["tau_m"]), float(n["tau_s"])
    slow, fast = float(n["tau_kappa"]), float(n["upsilon_kappa"])
    jumps = {}
    for before, now in zip(np.append(-1, post[:-1]), post, strict=True):
        since = pre[(pre > before) & (pre <= now)]
        epsp = decayed(since, now, tau_m) - decayed(since, now, tau_s)
        jumps[int(now)] = float(n["eps0"] / mV) / (tau_m - tau_s) * epsp
    drive = n[f"eta_{rule.options['part']}"] * value("error", m) / float(n["tau_r"])
    return (earned(jumps, slow, drive) - earned(jumps, fast, drive)) / (slow - fast)


def _da_5ht(rule: Plasticity, pre: Array, post: Array, m: Array) -> float:
    n = rule.numbers
    both = rule.options["window_5HT"] == "both"

    def window(now: int, earlier: Array) -> float:
        return decayed(earlier, now, n["tau"])

    dopamine = pairs(pre, post, window, window)
    serotonin = pairs(pre, post, window, window if both else lambda now, earlier: 0.0)
    gain = float(n["gain"]) * n["eta"]
    reward, level = value("DA", m), value("serotonin", m)
    up = earned(dopamine, float(n["tau_eligibility_DA"]), gain * n["R_D"] * reward)
    down = earned(serotonin, float(n["tau_eligibility_5HT"]), gain * (1 - reward) * level)
    return n["A_DA"] * up - n["A_5HT"] * down


def _exploratory(rule: Plasticity, pre: Array, post: Array, m: Array) -> float:
    n = rule.numbers

    def means(values: Array, tau: Any) -> Array:
        """Running means before each step's value."""
        found = [0.0]
        for x in values[:-1]:
            found.append(found[-1] + (x - found[-1]) * (1 - np.exp(-DT / float(tau))))
        return np.array(found)

    # the mean of a step has the activity that the neuron had before the step
    voltage = value("voltage", m)
    activity = voltage - means(voltage, n["tau_activity"])
    prize = value("prize", m)
    reward = prize - means(prize, n["tau_reward"])
    jumps = {int(k): activity[int(k)] for k in pre}
    return earned(jumps, float(n["tau_eligibility"]), float(n["gain"]) * reward)


_REFERENCES = {
    "r_stdp": _r_stdp,
    "td_stdp": _td_stdp,
    "da_5ht": _da_5ht,
    "exploratory_hebbian": _exploratory,
}


# ---------------------------------------------------------------- the formulas


def test_every_rule_and_form_follows_its_formula(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    pre, post = trains()
    rules = dict(RULES)
    if target != "genn":
        rules |= {f"{name}_by_clock": by_clock(rule) for name, rule in RULES.items()}
    weights = found(run_on_target, network(pre, post, rules))
    # GeNN does not visit quiet synapses
    first = 1 if target == "genn" else 0
    for name, rule in rules.items():
        by_formula = np.array([reference(rule, *pair) for pair in zip(pre, post, strict=True)])
        assert np.abs(by_formula - W).min() > 1e-3, name  # every synapse learns
        assert np.ptp(by_formula) > 0.05, name  # and the trains tell the rule's numbers
        assert 0 < by_formula.min() <= by_formula.max() < 4, name  # no bound is met
        np.testing.assert_allclose(
            weights[name][first:], by_formula[first:], rtol=0, atol=ROUNDING, err_msg=name
        )


def test_quiet_synapses_need_their_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them, as on GeNN, what came after the last spike is lost: the test above can fail."""
    pre, post = trains()
    net = network(pre, post, {"r_stdp": RULES["r_stdp"], "actor": RULES["actor"]})
    monkeypatch.setattr(
        runtime_target,
        "make_brian_objects",
        lambda lowered: make_brian_objects(lowered.without_visits),
    )
    weights = found(runtime, net)
    for name, of_name in weights.items():
        exact = reference(RULES[name], pre[0], post[0])
        assert abs(of_name[0] - exact) > 0.01 * abs(exact - W)


# ---------------------------------------------------------------- windows

DIFFERENCES = np.concatenate([np.arange(-60, 0, 12), np.arange(0, 61, 12)])


@pytest.mark.parametrize("form", ["event", "clock"])
def test_windows_are_what_a_constant_third_factor_makes_of_pairs(form: str) -> None:
    """A pair leaves its window; a third factor of one turns it into weight for T steps.

    td_stdp has its EPSP for a window, and nothing for post before pre.
    """
    first, steps = 100, 700
    pre = [np.array([first])] * len(DIFFERENCES)
    post = [np.array([first + int(d)]) for d in DIFFERENCES]
    rules = {
        "r_stdp": plasticity_rule(
            "r_stdp",
            w_max=4,
            tau_eligibility=100 * ms,
            gain=1 * Hz,
            baseline=0.0,
            signals={"level_DA": "1"},
        ),
        "td_stdp": plasticity_rule("td_stdp", w_max=4, signals={"td_error": "1"}),
        "dopamine": plasticity_rule(
            "da_5ht",
            set="cwc",
            w_max=4,
            tau_eligibility_DA=100 * ms,
            signals={"level_DA": "1", "level_5HT": "1"},
        ),
        "serotonin": plasticity_rule(
            "da_5ht",
            set="cwc",
            w_max=4,
            tau_eligibility_5HT=100 * ms,
            A_5HT=1.0,
            signals={"level_DA": "0", "level_5HT": "1"},
        ),
    }
    rules = {name: replace(r, options={**r.options, "update": form}) for name, r in rules.items()}
    weights = found(runtime, network(pre, post, rules), steps)
    t = DIFFERENCES * DT
    left = steps - 1 - np.maximum(first, first + DIFFERENCES)

    def whole(tau: float) -> Array:  # of the eligibility, over the steps that are left
        return DT * (1 - np.exp(-left * DT / tau)) / (1 - np.exp(-DT / tau))

    later, earlier = np.exp(-np.abs(t) / 0.02), np.exp(-np.abs(t) / 0.01)
    pair = np.where(t >= 0, 0.1 * later, -0.15 * later)
    epsp = np.where(t >= 0, 20 / 15 * (np.exp(-t / 0.02) - np.exp(-t / 0.005)), 0.0)  # mV
    kappa = (whole(0.2) - whole(0.05)) / 0.15
    windows = {
        "r_stdp": pair * whole(0.1),
        "td_stdp": 0.05 / 4 * epsp * kappa,
        "dopamine": 0.1 * earlier * whole(0.1),
        "serotonin": -0.1 * earlier * whole(0.1),
    }
    for name, window in windows.items():
        np.testing.assert_allclose(weights[name] - W, window, rtol=0, atol=1e-13, err_msg=name)


# ---------------------------------------------------------------- due at the end, and on the way


def test_what_is_due_is_settled_whenever_a_run_ends() -> None:
    """The weight that is reported is the one of the last step, not of the last spike."""
    pre, post = trains()
    rules = {"event": RULES["r_stdp"], "clock": by_clock(RULES["r_stdp"])}
    for steps in (1201, 1202, 1500, 2161):  # 2161: the first step of an epoch of 720
        weights = found(runtime, network(pre, post, rules), steps)
        exact = [
            reference(RULES["r_stdp"], *cut(pair, steps), steps)
            for pair in zip(pre, post, strict=True)
        ]
        np.testing.assert_allclose(weights["event"], exact, rtol=0, atol=ROUNDING)
        np.testing.assert_allclose(weights["clock"], exact, rtol=0, atol=ROUNDING)


def cut(pair: tuple[Array, Array], steps: int) -> tuple[Array, Array]:
    return pair[0][pair[0] < steps], pair[1][pair[1] < steps]


def test_weights_are_followed_between_spikes_too(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    """Also over the starts of epochs, of 720 steps."""
    pre, post = trains()
    net = network(pre, post, {"event": RULES["r_stdp"]})
    every = 40
    record = {"event": Recording("w", neurons=[1, 3], every=every * DT * second)}
    done = run_on_target(net, STEPS * DT * second, seed=1, dt=DT * second, record=record)
    trace = done.traces["event"]
    for row, k in enumerate(trace.neurons):
        steps = np.rint(trace.t / DT).astype(int)
        for step, w in zip(steps, trace.values["w"][row], strict=True):
            n = step
            if target == "genn":  # the weight of the last spike, which synapses see a step later
                spikes = np.concatenate([pre[k], post[k]])
                n = 1 + spikes[spikes < step - 1].max(initial=-1)
            exact = reference(RULES["r_stdp"], *cut((pre[k], post[k]), n), n)
            assert w == pytest.approx(exact, rel=0, abs=ROUNDING), step


# ---------------------------------------------------------------- frozen, gated, scaled


@pytest.mark.cpp
def test_other_numbers_and_epochs_run_the_same_program() -> None:
    """Also after the first run, when only data are written and no code is generated."""
    pre, post = trains()
    net = network(pre, post, {name: RULES[name] for name in ("r_stdp", "actor")})
    for k, one in enumerate((net, other_numbers(net), freeze_learning(net), net)):
        done = df.run(
            one,
            STEPS * DT * second,
            target="cpp_standalone",
            seed=1,
            dt=DT * second,
            progress=False,
            record={"r_stdp": ["w"], "actor": ["w"]},
        )
        assert k == 0 or done.provenance["build_cache"] == "hit"
        reference_run = found(runtime, one)
        for name, table in done.weights.items():
            np.testing.assert_allclose(table["weight"], reference_run[name], atol=ROUNDING)


def test_frozen_weights_stay_to_the_last_bit_and_nothing_is_compiled() -> None:
    pre, post = trains()
    net = network(pre, post, RULES)
    for w in found(runtime, freeze_learning(net)).values():
        np.testing.assert_array_equal(w, W)
    keys = {
        plans.structure_key(
            lower_network(one, dt=1 * ms, duration=1 * second, seed=1), RunOptions()
        )
        for one in (net, freeze_learning(net), other_numbers(net))
    }
    assert len(keys) == 1


def other_numbers(net: Network) -> Network:
    """Other time constants, and so other epochs and visits."""
    changed = []
    for projection in net.projections:
        rule = projection.plasticity
        if rule is not None:
            twice = {
                k: 2 * v if k.startswith(("tau", "ups")) else v for k, v in rule.numbers.items()
            }
            projection = replace(projection, plasticity=replace(rule, numbers=twice))
        changed.append(projection)
    return replace(net, projections=tuple(changed))


def test_a_gate_lets_a_rule_act_above_an_occupancy_only() -> None:
    pre, post = trains()
    rule = replace(RULES["r_stdp"], numbers={**RULES["r_stdp"].numbers, "A_minus": 0.0})
    gate = {"gate": "int(occupancy > 0.5)"}
    rules = {
        "open": rule,
        "gated": replace(rule, signals={**rule.signals, **gate}),
        "gated_by_clock": by_clock(replace(rule, signals={**rule.signals, **gate})),
        "pair": plasticity_rule("pair_stdp", w_max=4, scale=1, signals=gate),
    }
    low, high = (
        found(runtime, network(pre, post, rules, "occupancy : 1", initial={"occupancy": level}))
        for level in (0.4, 0.6)
    )
    for name in ("gated", "gated_by_clock", "pair"):
        np.testing.assert_array_equal(low[name], W)
    np.testing.assert_allclose(high["gated"], high["open"], rtol=1e-13)
    np.testing.assert_allclose(high["gated_by_clock"], high["open"], atol=ROUNDING)
    assert np.all(high["pair"] != W)


def test_a_negative_factor_turns_a_side_of_the_window_around() -> None:
    pre, post = trains()
    depressing = {**RULES["r_stdp"].numbers, "A_plus": 0.0}
    rules = {"r_stdp": replace(RULES["r_stdp"], numbers=depressing)}
    plain = found(runtime, network(pre, post, rules))["r_stdp"] - W
    factor = "ltd_factor = down : 1"
    turned = network(pre, post, rules, factor, parameters={"down": -0.5})
    off = network(pre, post, rules, factor, parameters={"down": 0.0})
    assert np.all(plain[1:] < 0)
    np.testing.assert_allclose(found(runtime, turned)["r_stdp"] - W, -0.5 * plain, atol=ROUNDING)
    np.testing.assert_array_equal(found(runtime, off)["r_stdp"], W)


def test_the_rate_factor_scales_the_third_factor_and_the_eligibility_factor_the_pairs() -> None:
    pre, post = trains()
    rules = {name: RULES[name] for name in ("r_stdp", "actor", "da_5ht", "exploratory")}
    plain = found(runtime, network(pre, post, rules))
    for factor in ("rate", "eligibility"):
        text = f"{factor}_factor = size : 1"
        scaled = found(runtime, network(pre, post, rules, text, parameters={"size": 0.25}))
        for name in rules:
            np.testing.assert_allclose(
                scaled[name] - W, 0.25 * (plain[name] - W), atol=ROUNDING, err_msg=name
            )


# ---------------------------------------------------------------- what cannot be


def test_signals_that_nobody_has() -> None:
    pre, post = trains()
    with pytest.raises(UnknownName, match="signal of rule"):
        plasticity_rule("r_stdp", w_max=1, signals={"level_NA": "NA"})
    lost = plasticity_rule("r_stdp", w_max=1, signals={"level_DA": "dopamine"})
    with pytest.raises(NetworkError, match="no variable 'dopamine'"):
        lower_network(network(pre, post, {"lost": lost}), dt=1 * ms, duration=1 * ms, seed=1)


@pytest.mark.cpp
def test_an_exported_program_leaves_the_weights_of_the_last_step(tmp_path: Path) -> None:
    pre, post = trains()
    net = network(pre, post, {name: RULES[name] for name in ("r_stdp", "da_5ht")})
    steps = 1201
    out = df.export(net, steps * DT * second, tmp_path / "project", seed=1, dt=DT * second)
    subprocess.run(["make"], cwd=out, check=True, capture_output=True)
    subprocess.run(["./main"], cwd=out, check=True, capture_output=True)
    for name in ("r_stdp", "da_5ht"):
        file = out / "results" / f"weights_{name}.w.bin"
        exact = [
            reference(RULES[name], *cut(pair, steps), steps) for pair in zip(pre, post, strict=True)
        ]
        np.testing.assert_allclose(np.fromfile(file), exact, rtol=0, atol=ROUNDING)
