"""Synaptic scaling and threshold adaptation against their recursions, and what they are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS, second

import dualframe as df
from dualframe import catalogue
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError
from dualframe.network import Network
from dualframe.plasticity import freeze_learning, with_adaptive_threshold
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp import known_programs as plans
from dualframe.targets.lowering.lower_network import lower_network

DT = 1e-3
STEPS = 2000
RULE = plasticity_rule(
    "synaptic_scaling",
    w_max=4,
    beta=0.01,
    gamma=0.02 * Hz,
    tau_activity=300 * ms,
    target_rate=15 * Hz,
)
POST = [np.arange(20, 2000, 40), np.arange(20, 400, 10), np.array([1500])]  # told to fire
PRE = [np.array([100, 900, 901, 1700]), np.array([5]), np.array([])]


def by_clock(rule: Any) -> Any:
    return replace(rule, options={"update": "clock"})


def network(rules: dict[str, Any], weights: Any = (1.0, 0.5, 2.0), extra: str = "") -> Network:
    cells = df.Population("cells", 3, f"v : 1\ng : 1\n{extra}", threshold="v > 0.5", reset="v = 0")
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    pairs = (np.arange(3), np.arange(3))
    learn = (
        df.Projection(
            "pre", "cells", "g += w", name=name, weight=list(weights), pairs=pairs, plasticity=rule
        )
        for name, rule in rules.items()
    )
    inputs = (_input("pre", PRE), _input("told", [steps - 1 for steps in POST]))
    return Network((cells,), inputs, (told, *learn))


def _input(name: str, trains: list[Any]) -> df.SpikeInput:
    index = np.concatenate([np.full(len(own), k) for k, own in enumerate(trains)]).astype(int)
    times = np.concatenate(trains)
    order = np.lexsort((index, times))
    return df.SpikeInput(name, len(trains), index[order], times[order] * DT * second)


def weights(run: Callable[..., df.Results], net: Network) -> dict[str, Any]:
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = run(net, STEPS * DT * second, seed=1, dt=DT * second, record=record)
    return {name: table["weight"].to_numpy() for name, table in done.weights.items()}


def runtime(*arguments: Any, **options: Any) -> df.Results:
    return df.run(*arguments, target="runtime", progress=False, **options)


def expected(w: float, post: Any) -> float:
    n, spikes = RULE.numbers, set(post)
    tau, goal = float(n["tau_activity"]), float(n["target_rate"])
    activity = missed = 0.0
    for step in range(STEPS):
        w *= np.exp(DT * (n["beta"] * (goal - activity) + float(n["gamma"]) * missed))
        w = min(w, 4.0)
        missed += DT * (goal - activity)
        activity = activity * np.exp(-DT / tau) + (1 / tau if step in spikes else 0.0)
    return w


def test_scaling_follows_its_recursion_in_both_forms(
    run_on_target: Callable[..., df.Results],
) -> None:
    found = weights(run_on_target, network({"event": RULE, "clock": by_clock(RULE)}))
    by_formula = [expected(w, post) for w, post in zip((1.0, 0.5, 2.0), POST, strict=True)]
    assert np.all(np.abs(np.array(by_formula) / [1.0, 0.5, 2.0] - 1) > 0.01)
    for name in found:  # 2000 factors, each with its rounding
        np.testing.assert_allclose(found[name], by_formula, rtol=1e-12, err_msg=name)


def test_scaling_keeps_ratios_and_frozen_weights() -> None:
    one, twice = (weights(runtime, network({"s": RULE}, w))["s"] for w in ([0.4] * 3, [0.8] * 3))
    np.testing.assert_allclose(twice / one, 2.0, rtol=1e-14)
    net = network({"event": RULE, "clock": by_clock(RULE)})
    for w in weights(runtime, freeze_learning(net)).values():
        np.testing.assert_array_equal(w, [1.0, 0.5, 2.0])
    keys = {
        plans.structure_key(lower_network(n, dt=1 * ms, duration=1 * second, seed=1), RunOptions())
        for n in (net, freeze_learning(net))
    }
    assert len(keys) == 1


def test_a_neuron_comes_to_fire_at_the_target_rate() -> None:
    """It fires once for every 1/w of its 100 input spikes a second: the weight must become 0.2."""
    cell = df.Population("cell", 1, "v : 1", threshold="v >= 1", reset="v -= 1")
    times = np.arange(10, 40_000, 10) * ms
    drive = df.SpikeInput("drive", 1, np.zeros(len(times), int), times)
    rule = plasticity_rule(
        "synaptic_scaling",
        w_max=1,
        beta=0.05,
        gamma=0 * Hz,
        tau_activity=1 * second,
        target_rate=20 * Hz,
    )
    onto = df.Projection(
        "drive", "cell", "v += w", weight=0.5, pairs="one_to_one", plasticity=rule, name="onto"
    )
    net = Network((cell,), (drive,), (onto,))
    done = runtime(net, 40 * second, seed=1, dt=1 * ms, record={"onto": ["w"]})
    # the running rate ripples by a spike per second in twenty
    assert float(done.weights["onto"]["weight"].iloc[0]) == pytest.approx(0.2, rel=0.05)
    late = done.spikes["t"] > 30
    assert late.sum() / 10 == pytest.approx(20, rel=0.05)


def test_a_population_without_spikes_cannot_be_scaled() -> None:
    silent = df.Population("cells", 1, "g : 1")
    onto = df.Projection("pre", "cells", "g += w", weight=1.0, pairs="one_to_one", plasticity=RULE)
    net = Network((silent,), (df.SpikeInput("pre", 1, [0], [1] * ms),), (onto,))
    with pytest.raises(NetworkError, match="no threshold"):
        lower_network(net, dt=1 * ms, duration=1 * ms, seed=1)


# ---------------------------------------------------------------- thresholds


ADAPTATION = catalogue.rule_parameter_sets("threshold_adaptation").numbers.plain()


def adapting(**options: Any) -> df.Population:
    cells = df.Population(
        "cells",
        2,
        "dV/dt = (EL + drive - V)/tau : volt\ndrive : volt",
        threshold="V > V_th",
        reset="V = EL",
        parameters={"EL": -70 * mV, "tau": 20 * ms, "V_th": -55 * mV},
        initial={"V": -70 * mV, "drive": [20, 30] * mV},
    )
    return with_adaptive_threshold(cells, **{**ADAPTATION, **options})


def test_the_threshold_is_a_sum_over_the_spikes() -> None:
    cells = adapting(theta_plus=0.5 * mV, tau_theta=200 * ms)
    done = runtime(
        Network((cells,)), 1 * second, seed=1, dt=0.1 * ms, record={"cells": ["theta", "V"]}
    )
    theta, V = (done.traces["cells"].values[name] for name in ("theta", "V"))
    t = done.traces["cells"].t
    for k in range(2):
        spikes = done.spikes.loc[done.spikes["neuron"] == k, "t"].to_numpy()
        assert len(spikes) > 10
        gone = t[-1] - spikes[spikes < t[-1]]
        # a recording shows the start of a step, a spike comes at its end and decays from the next
        assert theta[k, -1] == pytest.approx((5e-4 * np.exp(-(gone - 1e-4) / 0.2)).sum(), rel=1e-9)
        intervals = np.diff(spikes)
        assert intervals[-1] > intervals[0]
        assert np.all(np.diff(intervals) > -2e-4)  # adaptation only lengthens them
        at = np.rint(spikes / 1e-4).astype(int)
        assert np.all(V[k, at] <= -0.055 + theta[k, at] + 1e-3)


def test_numbers_of_diehl_and_cook_and_freezing() -> None:
    cells = adapting()
    assert cells.parameters["theta_plus"] == 0.05 * mV
    assert float(cells.parameters["tau_theta"]) == pytest.approx(1e4)
    held = adapting(frozen=True)
    started = replace(held, initial={**held.initial, "theta": 3 * mV})
    done = runtime(Network((started,)), 300 * ms, seed=1, dt=0.1 * ms, record={"cells": ["theta"]})
    np.testing.assert_array_equal(done.traces["cells"].values["theta"], 3e-3)
    keys = {
        plans.structure_key(
            lower_network(Network((p,)), dt=1 * ms, duration=1 * second, seed=1), RunOptions()
        )
        for p in (cells, held)
    }
    assert len(keys) == 1


def test_populations_that_have_no_threshold_to_move() -> None:
    with pytest.raises(NetworkError, match="condition on its voltage"):
        with_adaptive_threshold(df.Population("p", 1, "V : volt"), **ADAPTATION)
    with pytest.raises(NetworkError, match="condition on its voltage"):
        with_adaptive_threshold(
            df.Population("p", 1, "x : 1", threshold="x > 1", voltage="V"), **ADAPTATION
        )
    with pytest.raises(NetworkError, match="already"):
        with_adaptive_threshold(adapting(), **ADAPTATION)
    with pytest.raises(df.DualframeError):
        adapting(tau_theta=3 * nS)
