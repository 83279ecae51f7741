"""Weights at their bounds: what a bound at every step makes of them, in the event-driven form too.

The reference steps through time and keeps a weight between its bounds at every step. A spike of
step n changes an eligibility that counts from step n + 1 on; spikes of one step count as pre before
post. Third factors change their signs between the spikes of a synapse, at random times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second
from numpy.typing import NDArray

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.user_warnings import DualframeWarning
from dualframe.network import Network, Plasticity

Array = NDArray[np.float64]
DT, STEPS, N = 1e-3, 1200, 12
W_MIN, W_MAX = 0.2, 1.0


@dataclass
class Drawn:
    """Trains of both sides by synapse (steps), and signals by name (a value per step)."""

    pre: list[Array]
    post: list[Array]
    signals: dict[str, Array]
    w: Array


def draw(seed: int, rate: float = 6.0) -> Drawn:
    """Signals are pieces of a constant, with either sign or none, for each neuron its own.

    Spikes at even steps, jumps at odd ones: no spike sees a signal that jumps in its step.
    """
    rng = np.random.default_rng(seed)

    def trains() -> list[Array]:
        n = rng.poisson(rate * STEPS * DT, N)
        return [2 * np.unique(rng.integers(2, STEPS // 2 - 2, k)) for k in n]

    def pieces(low: float, high: float) -> Array:
        values = np.empty((STEPS, N))
        for k in range(N):
            starts = 2 * np.unique(np.append(0, rng.integers(0, STEPS // 2, 14)))
            levels = rng.uniform(low, high, len(starts)) * (rng.random(len(starts)) < 0.8)
            values[:, k] = np.repeat(levels, np.diff(np.append(starts, STEPS)))
        return values

    signals = {
        "error": pieces(-1, 1),
        "reward": np.round(pieces(0, 1)),  # there or not
        "share": pieces(0, 1),  # both modulators at once
        "serotonin": pieces(0, 1.5),
        "credit": pieces(-1, 1),
    }
    return Drawn(trains(), trains(), signals, rng.choice([W_MIN, 0.3, 0.6, 0.95, W_MAX], N))


def rules() -> dict[str, Plasticity]:
    """Fast enough for every weight to meet its bounds."""
    common: dict[str, Any] = {"w_min": W_MIN, "w_max": W_MAX, "scale": 1}
    return {
        "r_stdp": plasticity_rule(
            "r_stdp",
            tau_eligibility=60 * ms,
            A_plus=0.5,
            A_minus=0.4,
            gain=30 * Hz,
            baseline=0.0,
            signals={"level_DA": "error"},
            options={"pairing": "all_to_all"},
            **common,
        ),
        "exploratory": plasticity_rule(
            "exploratory_hebbian",
            tau_eligibility=60 * ms,
            tau_activity=20 * ms,
            tau_reward=90 * ms,
            gain=40 * Hz,
            signals={"activity": "credit", "reward": "error"},
            **common,
        ),
        "td_stdp": plasticity_rule(
            "td_stdp",
            tau_kappa=60 * ms,
            upsilon_kappa=25 * ms,
            signals={"td_error": "error"},
            learning_rate=3000.0,
            **common,
        ),
        "da_5ht": plasticity_rule(
            "da_5ht",
            set="cwc",
            tau_eligibility_DA=60 * ms,
            tau_eligibility_5HT=25 * ms,
            A_DA=1.0,
            A_5HT=0.5,
            learning_rate=40.0,
            signals={"level_DA": "reward", "level_5HT": "serotonin"},
            **common,
        ),
        "da_5ht_mixed": plasticity_rule(
            "da_5ht",
            set="cwc",
            tau_eligibility_DA=25 * ms,
            tau_eligibility_5HT=60 * ms,
            A_DA=1.0,
            A_5HT=0.5,
            learning_rate=100.0,
            signals={"level_DA": "share", "level_5HT": "serotonin"},
            **common,
        ),
        "td_lambda": plasticity_rule(
            "td_lambda",
            eta=0.5,
            tau_plus=20 * ms,
            signals={
                "tick": "tick",
                "td_error": "error",
                "credit": "credit",
                "keep": "0.8",
                "spiked": "spiked",
            },
            **common,
        ),
        "synaptic_scaling": plasticity_rule(
            "synaptic_scaling",
            target_rate=6 * Hz,
            beta=2.0,
            gamma=1 * Hz,
            tau_activity=60 * ms,
            w_min=W_MIN,
            w_max=W_MAX,
        ),
    }


def network(drawn: Drawn, learning: dict[str, Plasticity]) -> Network:
    """One neuron per synapse, which fires when it is told; signals come as spikes with a size."""
    declared = "\n".join(f"{name} : 1" for name in drawn.signals)
    cells = df.Population(
        "cells",
        N,
        f"v : 1\ng : 1\ndspiked/dt = -spiked/dt : 1\n{declared}\n"
        "tick = int(timestep(t, dt) % 25 == 7) : 1",
        threshold="v > 0.5",
        reset="v = 0; spiked = 1",
        initial={name: values[0] for name, values in drawn.signals.items()},
    )
    inputs = [_input("pre", drawn.pre), _input("told", [post - 1 for post in drawn.post])]
    projections = [df.Projection("told", "cells", "v += 1", pairs="one_to_one")]
    for name, values in drawn.signals.items():
        steps, index = np.nonzero(np.diff(values, axis=0))
        order = np.arange(len(steps))
        inputs.append(df.SpikeInput(f"{name}_jumps", len(steps), order, steps * DT * second))
        projections.append(
            df.Projection(
                f"{name}_jumps",
                "cells",
                f"{name} += w",
                pairs=(order, index),
                weight=np.diff(values, axis=0)[steps, index],
                name=f"{name}_jump",
            )
        )
    for name, rule in learning.items():
        projections.append(
            df.Projection(
                "pre",
                "cells",
                "g += w",
                name=name,
                weight=drawn.w,
                pairs=(np.arange(N), np.arange(N)),
                plasticity=rule,
            )
        )
    return Network((cells,), tuple(inputs), tuple(projections))


def _input(name: str, trains: list[Array]) -> df.SpikeInput:
    index = np.concatenate([np.full(len(train), k) for k, train in enumerate(trains)]).astype(int)
    times = np.concatenate(trains)
    order = np.lexsort((index, times))
    return df.SpikeInput(name, N, index[order], times[order] * DT * second)


def weights(run: Callable[..., Any], drawn: Drawn, learning: dict[str, Plasticity]) -> Any:
    record = {name: ["w"] for name in learning}
    done = run(network(drawn, learning), STEPS * DT * second, seed=1, dt=DT * second, record=record)
    return {name: table["weight"].to_numpy() for name, table in done.weights.items()}, done


# ---------------------------------------------------------------- the reference


def reference(name: str, rule: Plasticity, drawn: Drawn, *, bounded: bool = True) -> Array:
    step = _STEPS_OF[rule.rule]
    return np.array([_follow(step, rule, drawn, k, bounded) for k in range(N)])


def _follow(step: Any, rule: Plasticity, drawn: Drawn, k: int, bounded: bool) -> float:
    """Step through time: the state of a synapse is a dictionary, ``step`` moves it on."""
    pre, post = set(drawn.pre[k].tolist()), set(drawn.post[k].tolist())
    state: dict[str, float] = {}
    move, spike = step(rule, state)
    w = float(drawn.w[k])
    for n in range(STEPS):
        w = move(w, n, lambda name, n=n: float(drawn.signals[_signal(rule, name)][n, k]))
        w = float(np.clip(w, W_MIN, W_MAX)) if bounded else w
        if n in pre:
            spike("pre", lambda name, n=n: float(drawn.signals[_signal(rule, name)][n, k]))
        if n in post:
            spike("post", None)
    return w


def _signal(rule: Plasticity, name: str) -> str:
    return str(rule.signals.get(name, name))


def _pair_traces(state: dict[str, float], tau_plus: float, tau_minus: float) -> Callable[[], None]:
    state |= {"x": 0.0, "y": 0.0}

    def fade() -> None:
        state["x"] *= np.exp(-DT / tau_plus)
        state["y"] *= np.exp(-DT / tau_minus)

    return fade


def _r_stdp(rule: Plasticity, state: dict[str, float]) -> Any:
    n = rule.numbers
    fade = _pair_traces(state, float(n["tau_plus"]), float(n["tau_minus"]))
    state["e"] = 0.0

    def move(w: float, step: int, signal: Any) -> float:
        w += DT * float(n["gain"]) * signal("level_DA") * state["e"]
        state["e"] *= np.exp(-DT / float(n["tau_eligibility"]))
        fade()
        return w

    def spike(side: str, signal: Any) -> None:
        if side == "pre":
            state["e"] -= n["A_minus"] * state["y"]
            state["x"] += 1
        else:
            state["e"] += n["A_plus"] * state["x"]
            state["y"] += 1

    return move, spike


def _exploratory(rule: Plasticity, state: dict[str, float]) -> Any:
    n = rule.numbers
    state |= {"e": 0.0, "activity": 0.0, "reward": 0.0}

    def move(w: float, step: int, signal: Any) -> float:
        w += DT * float(n["gain"]) * (signal("reward") - state["reward"]) * state["e"]
        state["e"] *= np.exp(-DT / float(n["tau_eligibility"]))
        for name in ("activity", "reward"):
            kept = np.exp(-DT / float(n[f"tau_{name}"]))
            state[name] += (signal(name) - state[name]) * (1 - kept)
        return w

    def spike(side: str, signal: Any) -> None:
        if side == "pre":
            state["e"] += signal("activity") - state["activity"]

    return move, spike


def _td_stdp(rule: Plasticity, state: dict[str, float]) -> Any:
    n = {name: float(value) for name, value in rule.numbers.items()}
    slow, fast = n["tau_kappa"], n["upsilon_kappa"]
    fade = _pair_traces(state, n["tau_m"], n["tau_s"])
    state |= {"slow": 0.0, "fast": 0.0}
    gain = rule.learning_rate * n["eta_actor"] / (n["tau_r"] * (slow - fast))

    def move(w: float, step: int, signal: Any) -> float:
        w += DT * gain * signal("td_error") * (state["slow"] - state["fast"])
        state["slow"] *= np.exp(-DT / slow)
        state["fast"] *= np.exp(-DT / fast)
        fade()
        return w

    def spike(side: str, signal: Any) -> None:
        if side == "pre":
            state["x"] += 1
            state["y"] += 1
            return
        epsp = 1e3 * n["eps0"] / (n["tau_m"] - n["tau_s"]) * (state["x"] - state["y"])
        state["slow"] += epsp
        state["fast"] += epsp
        state["x"] = state["y"] = 0.0

    return move, spike


def _da_5ht(rule: Plasticity, state: dict[str, float]) -> Any:
    n = {name: float(value) for name, value in rule.numbers.items()}
    fade = _pair_traces(state, n["tau"], n["tau"])
    state |= {"DA": 0.0, "5HT": 0.0}
    gain = rule.learning_rate * n["gain"] * n["eta"]

    def move(w: float, step: int, signal: Any) -> float:
        reward, serotonin = signal("level_DA"), signal("level_5HT")
        change = n["R_D"] * reward * state["DA"] - (1 - reward) * serotonin * state["5HT"]
        w += DT * gain * change
        for name in ("DA", "5HT"):
            state[name] *= np.exp(-DT / n[f"tau_eligibility_{name}"])
        fade()
        return w

    def spike(side: str, signal: Any) -> None:
        seen, left = ("y", "x") if side == "pre" else ("x", "y")
        state["DA"] += n["A_DA"] * state[seen]
        state["5HT"] += n["A_5HT"] * state[seen]
        state[left] += 1

    return move, spike


def _td_lambda(rule: Plasticity, state: dict[str, float]) -> Any:
    n = {name: float(value) for name, value in rule.numbers.items()}
    state |= {"e": 0.0, "c": 0.0, "x": 0.0}

    def move(w: float, step: int, signal: Any) -> float:
        if step % 25 == 7:
            w += n["eta"] * signal("td_error") * state["e"]
            state["e"] = 0.8 * state["e"] + signal("credit") * state["c"]
            state["c"] = 0.0
        state["x"] *= np.exp(-DT / n["tau_plus"])
        return w

    def spike(side: str, signal: Any) -> None:
        if side == "pre":
            state["x"] += 1
        else:
            state["c"] += state["x"]

    return move, spike


def _scaling(rule: Plasticity, state: dict[str, float]) -> Any:
    n = {name: float(value) for name, value in rule.numbers.items()}
    state |= {"rate": 0.0, "missed": 0.0}

    def move(w: float, step: int, signal: Any) -> float:
        error = n["target_rate"] - state["rate"]
        w *= np.exp(DT * (n["beta"] * error + n["gamma"] * state["missed"]))
        state["missed"] += DT * error
        state["rate"] *= np.exp(-DT / n["tau_activity"])
        return w

    def spike(side: str, signal: Any) -> None:
        if side == "post":
            state["rate"] += 1 / n["tau_activity"]

    return move, spike


_STEPS_OF = {
    "r_stdp": _r_stdp,
    "exploratory_hebbian": _exploratory,
    "td_stdp": _td_stdp,
    "da_5ht": _da_5ht,
    "td_lambda": _td_lambda,
    "synaptic_scaling": _scaling,
}
ROUNDING = 1e-9


def runtime(*arguments: Any, **options: Any) -> df.Results:
    return df.run(*arguments, target="runtime", progress=False, **options)


# ---------------------------------------------------------------- the tests


def check(found: dict[str, Array], learning: dict[str, Plasticity], drawn: Drawn) -> None:
    for name, rule in learning.items():
        exact = reference(name, rule, drawn)
        np.testing.assert_allclose(found[name], exact, rtol=0, atol=ROUNDING, err_msg=name)


def test_bounds_act_where_they_are_met(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    drawn, learning = draw(3), rules()
    if target == "genn":  # it visits no synapses, and says so
        with pytest.warns(DualframeWarning, match="on GeNN bounds act at spikes only"):
            _, done = weights(run_on_target, drawn, learning)
        for name in learning:
            assert any(repr(name) in text for text in done.provenance["warnings"]), name
        return
    found, _ = weights(run_on_target, drawn, learning)
    check(found, learning, drawn)
    for name, rule in learning.items():  # and the test can fail
        free = np.clip(reference(name, rule, drawn, bounded=False), W_MIN, W_MAX)
        assert np.abs(free - found[name]).max() > 0.01, name


@pytest.mark.parametrize(("seed", "rate"), [(11, 1.0), (12, 4.0), (13, 15.0)])
def test_bounds_act_where_they_are_met_by_any_trains(seed: int, rate: float) -> None:
    drawn, learning = draw(seed, rate), rules()
    found, _ = weights(runtime, drawn, learning)
    check(found, learning, drawn)


def test_third_factors_of_one_sign_warn_of_nothing_and_need_no_visit(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    """The same numbers as without visits, to the last bit."""
    drawn = draw(5)
    drawn.signals["error"] = np.abs(drawn.signals["error"])
    learning = {name: rules()[name] for name in ("r_stdp", "td_stdp")}
    found, done = weights(run_on_target, drawn, learning)
    assert not done.provenance["warnings"]
    if target != "genn":
        check(found, learning, drawn)


def test_a_signal_may_have_a_name_that_its_rule_uses(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    """The rules' own variables y, fade, error and gain are not the neuron's."""
    drawn = draw(5)
    drawn.signals = {name: np.abs(drawn.signals["error"]) for name in ("y", "fade", "gain")}
    rule = rules()["r_stdp"]
    learning = {f"by_{name}": replace(rule, signals={"level_DA": name}) for name in drawn.signals}
    found, _ = weights(run_on_target, drawn, learning)
    for name, of_name in found.items():
        np.testing.assert_array_equal(of_name, found["by_y"], err_msg=name)
        assert np.ptp(of_name) > 0.1
    if target != "genn":
        check(found, learning, drawn)
