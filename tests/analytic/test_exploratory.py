"""Rules of rate units against their recursions, and what targets refuse.

Synapses that change at every step see the units as they were before the step, so with
``r_before``, which is a step old, a rule has what its source takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError
from dualframe.network import Network
from dualframe.plasticity import freeze_learning, with_sliding_thresholds
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp import known_programs as plans
from dualframe.targets.lowering.lower_network import lower_network

DT = 0.1
STEPS = 280
N_PRE, N_POST = 3, 2
UNITS = """
r = 0.6 + 0.5*sin(t/(1.3*second) + i) : 1
dr_before/dt = (r - r_before)/dt : 1
"""
POST = """
y = 0.5 + 0.5*cos(t/(0.7*second) + 2*i) : 1
m = 0.4*sin(t/(2.1*second)) : 1
end = int(timestep(t, dt) % 25 == 24) : 1
theta_high : 1
theta_low : 1
rare_high : 1
rare_low : 1
in_linear : 1
in_rchp : 1
in_htp : 1
"""
_RARE = {"activity": "y", "modulation": "m", "rate": "r_before"}
RULES = {
    "linear": plasticity_rule(
        "supralinear_hebbian",
        w_max=2,
        tau_activity=200 * ms,
        max_change=0.05,
        eta=1.0,
        signals={"activity": "y", "modulation": "m", "over": "end", "rate": "r_before"},
    ),
    "rchp": plasticity_rule("rchp", w_max=1, gain=0.3 * Hz, signals=_RARE),
    "htp": plasticity_rule(
        "htp",
        w_max=2,
        gain=3 * Hz,
        tau_short=8 * second,
        conversion=0.05 * Hz,
        threshold_long=0.8,
        signals=_RARE,
    ),
}
W = 0.5


def network(rules: dict[str, Any]) -> Network:
    units = df.Population("units", N_PRE, UNITS)
    post = df.Population("post", N_POST, POST, initial={"theta_high": 0.7, "theta_low": 0.1})
    learn = tuple(
        df.Projection(
            "units",
            "post",
            name=name,
            equations=f"in_{name}_post = w*r_pre : 1 (summed)",
            weight=W,
            pairs="all_to_all",
            plasticity=rule,
        )
        for name, rule in rules.items()
    )
    return Network((units, post), (), learn)


def weights(net: Network, target: str = "runtime") -> dict[str, Any]:
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = df.run(
        net,
        STEPS * DT * second,
        seed=1,
        dt=DT * second,
        record=record,
        target=target,
        progress=False,
    )
    return {
        name: table.sort_values(["pre", "post"])["weight"].to_numpy().reshape(N_PRE, N_POST)
        for name, table in done.weights.items()
    }


def units(step: int) -> tuple[Any, Any, float, float]:
    """Rates of the step before, activity, modulation and the end of a trial."""
    t = step * DT
    before = 0.6 + 0.5 * np.sin((t - DT) / 1.3 + np.arange(N_PRE)) if step else np.zeros(N_PRE)
    y = 0.5 + 0.5 * np.cos(t / 0.7 + 2 * np.arange(N_POST))
    return before[:, None], y[None], 0.4 * np.sin(t / 2.1), float(step % 25 == 24)


def linear(n: Any) -> Any:
    w, hebb = np.full((N_PRE, N_POST), W), np.zeros((N_PRE, N_POST))
    mean = np.zeros((1, N_POST))
    for step in range(STEPS):
        before, y, m, over = units(step)
        w = w + over * np.clip(n["eta"] * m * hebb, -n["max_change"], n["max_change"])
        hebb = (1 - over) * hebb + (before * (y - mean)) ** 3
        mean = mean + (y - mean) * (1 - np.exp(-DT / float(n["tau_activity"])))
    return w


def eligibility(e: Any, before: Any, y: Any, n: Any) -> Any:
    c = before * y
    rare = n["A_correlation"] * (c > 0.7) + n["A_decorrelation"] * (c < 0.1)
    kept = e * np.exp(-DT / float(n["tau_eligibility"]))
    return np.clip(kept + rare, n["A_decorrelation"], n["A_correlation"])


def rchp(n: Any) -> Any:
    w, e = np.full((N_PRE, N_POST), W), np.zeros((N_PRE, N_POST))
    for step in range(STEPS):
        before, y, m, _ = units(step)
        w = np.clip(w + float(n["gain"]) * m * e * DT, 0, 1)
        e = eligibility(e, before, y, n)
    return w


def htp(n: Any) -> Any:
    """As the source has it, with the weight that is transmitted cut at the bounds."""
    short, long, e = np.full((N_PRE, N_POST), W), np.zeros((N_PRE, N_POST)), 0.0
    for step in range(STEPS):
        before, y, m, _ = units(step)
        short = short * np.exp(-DT / float(n["tau_short"])) + float(n["gain"]) * m * e * DT
        short = np.clip(short, n["short_min"], n["short_max"])
        grown = long + float(n["conversion"]) * DT * (short > n["threshold_long"])
        long = np.clip(grown, 0, n["long_max"])
        e = eligibility(e, before, y, n)
    assert long.max() > 0  # something was confirmed,
    assert short.min() < 0  # and something is held below the bound
    return np.clip(short + long, 0, 2)


EXPECTED = {"linear": linear, "rchp": rchp, "htp": htp}


@pytest.mark.parametrize(
    "target", ["runtime", pytest.param("cpp_standalone", marks=pytest.mark.cpp)]
)
def test_rules_of_rate_units_follow_their_recursions(target: str) -> None:
    found = weights(network(RULES), target)
    for name, rule in RULES.items():
        by_formula = EXPECTED[name](rule.numbers)
        assert np.ptp(by_formula) > 0.02, name
        # some hundred steps, each rounded at the size of a weight
        np.testing.assert_allclose(found[name], by_formula, rtol=0, atol=1e-12, err_msg=name)


def test_frozen_rate_units_keep_their_weights_and_their_program() -> None:
    net = network(RULES)
    for w in weights(freeze_learning(net)).values():
        np.testing.assert_array_equal(w, W)
    keys = {
        plans.structure_key(lower_network(n, dt=1 * ms, duration=1 * second, seed=1), RunOptions())
        for n in (net, freeze_learning(net))
    }
    assert len(keys) == 1


def test_an_inhibitory_projection_says_so() -> None:
    """A magnitude that is subtracted sees its presynaptic unit with the other sign."""
    turned = replace(RULES["linear"], signals={**RULES["linear"].signals, "rate": "-r_before"})
    plain, other = (weights(network({"linear": r}))["linear"] for r in (RULES["linear"], turned))
    np.testing.assert_allclose(other - W, -(plain - W), atol=1e-14)


def test_thresholds_slide_until_correlations_are_as_rare_as_wanted() -> None:
    rule = replace(
        RULES["rchp"], numbers={**RULES["rchp"].numbers, "rare_percent": 40 * Hz, "slide": 0.5 * Hz}
    )
    net = with_sliding_thresholds(network({"rchp": rule}), "rchp")
    assert df.check(net, target="runtime") == []
    done = df.run(
        net,
        60 * second,
        seed=1,
        dt=DT * second,
        target="runtime",
        progress=False,
        record={"rarity_of_rchp": ["theta_high", "percent_high"], "post": ["theta_high"]},
    )
    monitor = done.traces["rarity_of_rchp"].values
    # every post unit has the thresholds of the monitor, one or two steps later
    post = done.traces["post"].values["theta_high"]
    np.testing.assert_array_equal(post[0, 2:], post[1, 2:])
    behind = [np.array_equal(post[0, 10:], monitor["theta_high"][0, 10 - k : -k]) for k in (1, 2)]
    assert any(behind)
    # a threshold moves by the same step up or down, or not at all
    steps = np.diff(monitor["theta_high"][0])
    assert set(np.round(steps / 0.05, 9)) <= {-1.0, 0.0, 1.0}
    # the band that the source tolerates, and what it overshoots by in a window
    assert 20 < monitor["percent_high"][0, 300:].mean() < 80
    assert np.ptp(monitor["theta_high"]) > 0.2


def test_what_rate_units_cannot_do() -> None:
    blockers = df.check(network({"rchp": RULES["rchp"]}), target="genn")
    assert any("presynaptic neuron, at every step" in str(blocker) for blocker in blockers)
    assert df.check(network(RULES), target="runtime") == []
    spiking = df.Projection(
        "in",
        "post",
        "in_rchp += w",
        weight=W,
        pairs="all_to_all",
        plasticity=RULES["rchp"],
        name="spiking",
    )
    net = Network(
        (df.Population("post", N_POST, POST),), (df.SpikeInput("in", 1, [0], [1] * ms),), (spiking,)
    )
    with pytest.raises(NetworkError, match="is an input"):
        lower_network(net, dt=1 * ms, duration=1 * ms, seed=1)
    with pytest.raises(NetworkError, match="no projection"):
        with_sliding_thresholds(network({"linear": RULES["linear"]}), "linear")


def test_genn_is_refused_what_it_cannot_see_at_every_step() -> None:
    cells = df.Population("cells", 1, "v : 1\nDA = sin(t/second) : 1", threshold="v > 1")
    clock = plasticity_rule(
        "r_stdp", w_max=1, options={"update": "clock"}, signals={"level_DA": "DA"}
    )
    for rule, refused in (
        (clock, True),
        (replace(clock, options={**clock.options, "update": "event"}), False),
    ):
        onto = df.Projection(
            "pre", "cells", "v += w", weight=0.5, pairs="all_to_all", plasticity=rule
        )
        net = Network((cells,), (df.SpikeInput("pre", 1, [0], [1] * ms),), (onto,))
        found = [str(b) for b in df.check(net, target="genn") if "subexpression" in str(b)]
        assert bool(found) == refused
