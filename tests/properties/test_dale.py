"""Dale's law: no update, import or change of a rule turns a synapse's sign around."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, nS
from hypothesis import given, settings
from hypothesis import strategies as st

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError
from dualframe.network.distributions import LogNormal, Normal
from dualframe.plasticity import PLASTICITY_RULES, with_weights
from dualframe.targets.lowering.lower_network import lower_network

N = 6
few = settings(max_examples=3, deadline=None, derandomize=True, database=None)
every_rule = pytest.mark.parametrize("rule", sorted(PLASTICITY_RULES))
# far beyond what a source has: every update may reach a bound
amplitudes = st.floats(-3, 3).filter(lambda a: abs(a) > 1e-3)
bounds = st.tuples(st.floats(0, 0.4), st.floats(0.6, 3)).map(lambda b: (b[0] * nS, b[1] * nS))


# what neurons tell a rule; what is not here swings between negative and positive
TOLD = {
    "trial": "floor(t/(40*ms))",
    "rewarded": "int(sin(t/(50*ms)) > 0)",
    "over": "int(timestep(t, dt) % 40 == 39)",
    "tick": "int(timestep(t, dt) % 20 == 0)",
    "keep": "0.9",
    "spiked": "0",
}


def learner(rule: str, amplitude: float, limits: Any, **given: Any) -> Any:
    usual = plasticity_rule(rule, w_max=1, set="cwc" if rule == "da_5ht" else "")
    numbers = {n: amplitude for n in usual.numbers if n.startswith("A")}
    fast = {} if numbers else {"learning_rate": 1e4 * abs(amplitude)}
    options = {"set": "cwc"} if rule == "da_5ht" else {}
    return plasticity_rule(
        rule, w_min=limits[0], w_max=limits[1], scale=1 * nS, **numbers, **fast, **options, **given
    )


def network(plasticity: Any, weight: Any, factors: tuple[float, float] = (1, 1)) -> df.Network:
    told = PLASTICITY_RULES[plasticity.rule].readable_signals
    signals = [f"{name} = {TOLD.get(name, '2*sin(t/(30*ms) + i)')} : 1" for name in told]
    cells = df.Population(
        "cells",
        N,
        "\n".join(["v : 1\ng : siemens\nltp_factor = up : 1\nltd_factor = down : 1", *signals]),
        threshold="v > 0.5",
        reset="v = 0",
        parameters={"up": factors[0], "down": factors[1]},
    )
    rng = np.random.default_rng(1)
    inputs = [
        df.SpikeInput(name, N, rng.integers(0, N, 60), np.sort(rng.integers(1, 195, 60)) * ms)
        for name in ("pre", "told")
    ]
    inputs = [replace(i, **_once(i)) for i in inputs]
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    if PLASTICITY_RULES[plasticity.rule].presynaptic_signals:  # rate units, seen at every step
        how: Any = {"source": "cells", "equations": "g_post = w*rate_pre : siemens (summed)"}
    else:
        how = {"source": "pre", "on_pre": "g += w"}
    learn = df.Projection(
        target="cells",
        name="learn",
        weight=weight,
        pairs="all_to_all",
        autapses=True,
        plasticity=plasticity,
        **how,
    )
    return df.Network((cells,), tuple(inputs), (told, learn))


def _once(spikes: df.SpikeInput) -> dict[str, Any]:
    """A source spikes at most once in a step."""
    table = pd.DataFrame({"i": spikes.indices, "t": np.asarray(spikes.times)}).drop_duplicates()
    return {"indices": table["i"].to_numpy(), "times": table["t"].to_numpy() * 1000 * ms}


@every_rule
@few
@given(amplitudes, bounds, st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_no_update_leaves_the_bounds(
    rule: str, amplitude: float, limits: Any, factors: tuple[float, float]
) -> None:
    net = network(learner(rule, amplitude, limits), 0.5 * nS, factors)
    done = df.run(
        net, 200 * ms, target="runtime", seed=1, dt=1 * ms, progress=False, record={"learn": ["w"]}
    )
    w = done.weights["learn"]["weight"].to_numpy()
    assert np.isfinite(w).all()
    assert float(limits[0]) <= w.min()
    assert w.max() <= float(limits[1])
    assert w.min() >= 0


@every_rule
@few
@given(bounds, st.integers(0, 2**31 - 1), st.floats(0.1, 3))
def test_no_draw_leaves_the_bounds(rule: str, limits: Any, seed: int, cv: float) -> None:
    for weight in (LogNormal(0.5 * nS, cv), Normal(0.5 * nS, cv * nS)):
        net = network(learner(rule, 1.0, limits), weight)
        lowered = lower_network(net, dt=1 * ms, duration=1 * ms, seed=seed)
        (w,) = [s.initial["w"] for s in lowered.synapses if s.projection == "learn"]
        assert float(limits[0]) <= w.min()
        assert w.max() <= float(limits[1])


@every_rule
@few
@given(bounds, st.floats(-5, 5))
def test_no_import_leaves_the_bounds(rule: str, limits: Any, w: float) -> None:
    net = network(learner(rule, 1.0, limits), 0.5 * nS)
    table = pd.DataFrame({"pre": [0, 1], "post": [1, 2], "weight": [0.5e-9, w * 1e-9]})
    if float(limits[0]) <= w * 1e-9 <= float(limits[1]):
        assert with_weights(net, {"learn": table}).projections[1].weight[1] == w * nS
    else:
        with pytest.raises(NetworkError, match="keeps them between"):
            with_weights(net, {"learn": table})


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (1, 1), (2, 1), (-2, -1)])
def test_bounds_are_those_of_a_magnitude(low: float, high: float) -> None:
    with pytest.raises(NetworkError, match="magnitude"):
        plasticity_rule("pair_stdp", w_min=low * nS, w_max=high * nS)
    with pytest.raises(NetworkError, match="magnitude"):
        replace(plasticity_rule("pair_stdp", w_max=1 * nS), w_min=low * nS, w_max=high * nS)
