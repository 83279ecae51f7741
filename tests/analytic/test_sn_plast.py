"""Sequentially neuromodulated plasticity against the source's loop over trials, written again.

The reference visits every synapse at every millisecond, as ``seq_neuromod_plasticity.m`` and
``weights_update_stdp.m`` (ModelDB 245018) do, with the three differences that the rule documents:
exponential decays are exact, spikes of one step count as pre before post for serotonin, and an
unrewarded trial with serotonin starts from the weights at its start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from brian2.units import ms, second
from numpy.typing import NDArray

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.network import Network, Plasticity
from dualframe.plasticity import freeze_learning
from dualframe.targets.brian import run as runtime_target
from dualframe.targets.brian.brian_objects import make_brian_objects

ON_NUMPY = partial(df.run, target="runtime", progress=False)
Array = NDArray[np.float64]
DT = 1 * ms
TRIALS = (120, 90, 100, 80, 110, 60, 90, 3, 100)  # steps; one is shorter than a spike's trace
REWARDED = (1, 0, 1, 0, 0, 1, 0, 1, 0)
STEPS = sum(TRIALS)
STARTS = np.cumsum((0, *TRIALS))
ARMS = tuple(product((0, 1), repeat=3))  # levels of ACh, DA, 5HT
N_PRE, N_POST = 4, 3
# large enough for weights to reach their bounds in these few trials
NUMBERS = {"eta_ACh": 0.05, "eta_DA": 0.08, "eta_5HT": 0.05}
#: neuron -> trials in which it is silent
SILENT_PRE = {1: (2,), 2: (2,), 3: (3, 4, 5)}
SILENT_POST = {1: (2,), 2: (3, 4, 5)}
# A few hundred updates of weights near one; traces are rebased by exp(T/tau), T of one trial,
# which is below exp(120/2000)
ROUNDING = 500 * np.finfo(float).eps


def trains(silent: Mapping[int, tuple[int, ...]], n: int, seed: int) -> NDArray[np.bool_]:
    """Spikes by step and neuron, 60 a second, none in the first step; some trials are silent."""
    spikes = np.random.default_rng(seed).random((STEPS, n)) < 0.06
    spikes[0] = False
    for neuron, quiet in silent.items():
        for trial in quiet:
            spikes[STARTS[trial] : STARTS[trial + 1], neuron] = False
    return spikes


PRE, POST = trains(SILENT_PRE, N_PRE, 1), trains(SILENT_POST, N_POST, 2)
POST[40, 0] = PRE[40, 0] = True  # a pair in one step


def rule(update: str, **changes: Any) -> Plasticity:
    return plasticity_rule(
        "sn_plast",
        set="with_serotonin",
        w_min=1,
        w_max=3,
        options={"update": update},
        **{**NUMBERS, **changes},
    )


def network(learners: Mapping[str, Plasticity], arms: Any = ARMS) -> Network:
    """For every arm three neurons that fire when they are told, and their synapses."""
    n = len(arms) * N_POST
    begun = [f"int(t/dt > {start - 0.5})" for start in STARTS[1:]]
    trial = " + ".join(begun[:-1])
    after = zip(pairwise(begun), REWARDED, strict=False)  # the trial after a rewarded one
    rewards = " + ".join(f"{start} - {end}" for (start, end), rewarded in after if rewarded)
    levels = np.repeat(np.array(arms, dtype=float), N_POST, axis=0).T
    cells = df.Population(
        "cells",
        n,
        f"v : 1\ng : 1\ntrial = {trial} : 1\nrewarded = {rewards} : 1",
        threshold="v > 0.5",
        reset="v -= 1",  # it may be told at the next step again
        parameters={f"level_{m}": own for m, own in zip(("ACh", "DA", "5HT"), levels, strict=True)},
    )
    told = df.Projection(
        "told", "cells", "v += 1", pairs=(np.tile(np.arange(N_POST), len(arms)), np.arange(n))
    )
    learn = (
        df.Projection(
            "pre", "cells", "g += w", name=name, weight=2.0, pairs="all_to_all", plasticity=own
        )
        for name, own in learners.items()
    )
    return Network((cells,), (_input("pre", PRE), _input("told", POST[1:])), (told, *learn))


def _input(name: str, spikes: NDArray[np.bool_]) -> df.SpikeInput:
    step, neuron = np.nonzero(spikes)
    return df.SpikeInput(name, spikes.shape[1], neuron, step * DT)


def weights(
    run: Callable[..., df.Results], net: Network, duration: Any = STEPS * DT
) -> dict[str, Array]:
    """Return weights by projection, shape (arms, post, pre)."""
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = run(net, duration, seed=1, dt=DT, record=record, strict=True)
    found = {}
    for name, table in done.weights.items():
        order = np.lexsort((table["pre"], table["post"]))
        found[name] = table["weight"].to_numpy()[order].reshape(-1, N_POST, N_PRE)
    return found


def reference(
    ach: float, da: float, ht: float, n: Mapping[str, float], trials: int = len(TRIALS)
) -> Array:
    """Weights after some trials, shape (post, pre): the source's loop."""
    w = np.full((N_POST, N_PRE), 2.0)
    for k in range(trials):
        w_old = w.copy()
        x, e_da, e_5ht = np.zeros((N_POST, N_PRE)), np.zeros((N_POST, N_PRE)), np.zeros_like(w)
        y = np.zeros_like(w)
        for step in range(STARTS[k], STARTS[k + 1]):
            pre, post = PRE[step][None, :].astype(float), POST[step][:, None].astype(float)
            x, y = x * np.exp(-1 / n["tau_pre_post"]), y * np.exp(-1 / n["tau_post_pre"])
            both = pre * post
            window = n["A_pre_post"] * x * post + n["A_post_pre"] * y * pre
            window = window + both * (n["A_pre_post"] + n["A_post_pre"]) / 2
            only_5ht = n["A_5HT"] * (x + pre) * post
            x, y = x + pre, y + post
            e_da = e_da * np.exp(-1 / n["tau_eligibility"]) + window
            e_5ht = e_5ht * np.exp(-1 / n["tau_eligibility_5HT"]) + only_5ht
            w = np.clip(w - n["eta_ACh"] * ach * window, 1, 3)
        if k == trials - 1:
            break  # the last trial has not ended
        if REWARDED[k]:
            w = w + da * (w_old + n["eta_DA"] * e_da - w)
        else:
            w = w + ht * (w_old - n["eta_5HT"] * e_5ht - w)
        w = np.clip(w, 1, 3)
    return w


def plain(own: Plasticity) -> dict[str, float]:
    """Numbers of a rule, times in milliseconds."""
    return {k: float(v / ms) if k.startswith("tau") else float(v) for k, v in own.numbers.items()}


EXPECTED = {arm: reference(*arm, plain(rule("event"))) for arm in ARMS}
# silent on both sides for more than two ends of trials
FORGOTTEN = (2, 3)


# --- the rule ------------------------------------------------------------------------------------


def test_the_trains_tell_the_arms_apart() -> None:
    """The reference moves weights in every arm that learns, to bounds and in between."""
    for arm, other in product(ARMS, ARMS):
        same = not any(arm) and not any(other)
        assert arm >= other or same or not np.allclose(EXPECTED[arm], EXPECTED[other])
    everything = np.stack(list(EXPECTED.values()))
    assert (everything == 1).any()
    assert (everything == 3).any()
    assert ((everything > 1) & (everything < 3) & (everything != 2)).mean() > 0.3
    np.testing.assert_array_equal(EXPECTED[0, 0, 0], 2)


def test_every_arm_follows_the_source(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    """Both forms (GeNN refuses one), all eight sets of modulators, one program.

    GeNN visits no synapses at the ends of trials and remembers two of them: the synapse that was
    silent for three trials is left out there.
    """
    rules = {"event": rule("event")} | ({} if target == "genn" else {"clock": rule("clock")})
    found = weights(run_on_target, network(rules))
    remembered = np.ones((N_POST, N_PRE), dtype=bool)
    remembered[FORGOTTEN] = target != "genn"
    for k, arm in enumerate(ARMS):
        if "clock" in found:
            np.testing.assert_allclose(
                found["clock"][k], EXPECTED[arm], rtol=ROUNDING, err_msg=f"clock {arm}"
            )
        np.testing.assert_allclose(
            found["event"][k][remembered],
            EXPECTED[arm][remembered],
            rtol=ROUNDING,
            err_msg=f"event {arm}",
        )


@pytest.mark.parametrize("end", [STARTS[1] + 1, STARTS[3], STARTS[5] + 1, STARTS[8]])
def test_weights_are_up_to_date_at_the_end_of_a_run(end: int) -> None:
    """What was due is reported: one step after the start of a trial, and at its end."""
    net = network({"event": rule("event"), "clock": rule("clock")})
    found = weights(ON_NUMPY, net, int(end) * DT)
    for event, clock in zip(found["event"], found["clock"], strict=True):
        np.testing.assert_allclose(event, clock, rtol=ROUNDING)


def test_without_visits_a_synapse_silent_for_long_keeps_its_online_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is documented of GeNN: eligibility of an earlier trial is lost."""
    monkeypatch.setattr(
        runtime_target,
        "make_brian_objects",
        lambda lowered: make_brian_objects(lowered.without_visits),
    )
    found = weights(ON_NUMPY, network({"event": rule("event")}, arms=((0, 1, 0),)), 520 * DT)
    first = reference(0, 1, 0, plain(rule("event")), trials=3)
    assert found["event"][0][FORGOTTEN] == pytest.approx(first[FORGOTTEN], rel=1e-12)


def test_levels_between_none_and_one_weigh_the_change() -> None:
    arm = (0.5, 0.25, 0.6)
    found = weights(ON_NUMPY, network({"clock": rule("clock"), "event": rule("event")}, (arm,)))
    expected = reference(*arm, plain(rule("clock")))
    np.testing.assert_allclose(found["clock"][0], expected, rtol=ROUNDING)
    np.testing.assert_allclose(found["event"][0], expected, rtol=ROUNDING)


def test_a_set_without_serotonin_has_no_serotonin() -> None:
    own = {
        u: plasticity_rule(
            "sn_plast",
            set="zannone2018",
            w_min=1,
            w_max=3,
            options={"update": u},
            eta_ACh=0.05,
            eta_DA=0.08,
        )
        for u in ("event", "clock")
    }
    found = weights(ON_NUMPY, network(own, arms=((1, 1, 1), (1, 1, 0))))
    for name in own:
        np.testing.assert_array_equal(found[name][0], found[name][1])
    np.testing.assert_allclose(found["clock"][1], EXPECTED[1, 1, 0], rtol=ROUNDING)


def test_frozen_synapses_keep_their_weights_to_the_last_bit() -> None:
    still = freeze_learning(network({"event": rule("event"), "clock": rule("clock")}))
    for found in weights(ON_NUMPY, still).values():
        np.testing.assert_array_equal(found, 2.0)


def test_half_the_learning_rate_is_half_of_every_rate() -> None:
    both = {
        "half": rule("event", learning_rate=0.5),
        "rates": rule("event", **{k: v / 2 for k, v in NUMBERS.items()}),
    }
    found = weights(ON_NUMPY, network(both))
    np.testing.assert_allclose(found["half"], found["rates"], rtol=ROUNDING)


# --- the window -----------------------------------------------------------------------------------


def pairs_at(differences: Array, own: Plasticity) -> Array:
    """Weight after one pair at each distance, post minus pre, and the end of a rewarded trial."""
    n = len(differences)
    cells = df.Population(
        "cells",
        n,
        "v : 1\ng : 1\ntrial = int(t/dt > 299.5) : 1\nrewarded = trial : 1",
        threshold="v > 0.5",
        reset="v = 0",
        parameters={"level_ACh": 0.0, "level_DA": 1.0, "level_5HT": 1.0},
    )
    times = 150 + differences.astype(int) - 1
    order = np.argsort(times, kind="stable")
    inputs = (
        df.SpikeInput("pre", n, np.arange(n), np.full(n, 150) * DT),
        df.SpikeInput("told", n, order, times[order] * DT),
    )
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    learn = df.Projection(
        "pre", "cells", "g += w", name="own", weight=2.0, pairs="one_to_one", plasticity=own
    )
    done = df.run(
        Network((cells,), inputs, (told, learn)),
        310 * DT,
        target="runtime",
        seed=1,
        dt=DT,
        record={"own": ["w"]},
    )
    return np.asarray(done.weights["own"]["weight"].to_numpy())


def test_the_window_is_symmetric_and_decays_with_its_time_constant() -> None:
    """A(1) e^{-|d|/10 ms}, eta_DA, and the eligibility's decay until the end of the trial."""
    differences = np.arange(-40, 41, 4)
    found = (
        pairs_at(differences, plasticity_rule("sn_plast", set="zannone2018", w_min=1, w_max=3)) - 2
    )
    later = 150 + np.maximum(differences, 0)
    expected = 0.01 * np.exp(-np.abs(differences) / 10) * np.exp(-(299 - later) / 2000)
    # a pair in one step is (1 + 1)/2, the same as the limit of the window
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_two_time_constants_and_amplitudes() -> None:
    own = plasticity_rule(
        "sn_plast",
        set="zannone2018",
        w_min=1,
        w_max=3,
        A_pre_post=2,
        A_post_pre=-0.5,
        tau_pre_post=20 * ms,
        tau_post_pre=5 * ms,
        tau_eligibility=1e9 * second,
    )
    differences = np.array([-15, -3, 3, 15])
    expected = [
        -0.5 * np.exp(-15 / 5),
        -0.5 * np.exp(-3 / 5),
        2 * np.exp(-3 / 20),
        2 * np.exp(-15 / 20),
    ]
    np.testing.assert_allclose(pairs_at(differences, own) - 2, 0.01 * np.array(expected), rtol=1e-9)
