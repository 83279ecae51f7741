"""TD(lambda) by spikes against a loop over steps, in both forms, on every target.

Neurons that are told to fire do so one step later. Ticks, errors, credits and what eligibility
keeps are functions of the step that neurons compute themselves, so that nothing is left to chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2.units import ms
from numpy.typing import NDArray

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.plasticity import freeze_learning

Array = NDArray[np.float64]
STEPS, EVERY, N, M = 3000, 20, 6, 4
ETA, TAU = 0.3, 20.0
EQUATIONS = """
step = timestep(t, dt) : 1
tick = int(step - every*floor(step/every) < 0.5) : 1
count = floor(step/every) : 1
td_error = sin(1.3*count) : 1
credit = cos(0.7*count + phase) : 1
keep = 0.88*int(abs(count - 37*floor(count/37)) > 0.5) : 1
dsince/dt = 1 : second
v : 1
g : 1
"""


def trains(seed: int = 3) -> tuple[Array, Array]:
    """Spikes (neuron by step): some of both sides in one step, one post neuron nearly silent."""
    rng = np.random.default_rng(seed)
    pre, post = rng.random((N, STEPS)) < 0.03, rng.random((M, STEPS)) < 0.04
    post[0, 200:1800] = False
    post[:, 1:] &= ~post[:, :-1]  # a neuron that is reset does not hear what told it to spike
    pre[:, :2], post[:, :2] = False, False
    return pre, post


def network(
    update: str, w_max: float = 50.0, equations: str = EQUATIONS, **given: Any
) -> df.Network:
    pre, post = trains()
    cells = df.Population(
        "cells",
        M,
        equations,
        threshold="v > 0.5",
        reset="v = 0\nsince = 0*second",
        parameters={"every": float(EVERY), "phase": np.linspace(0, 1, M)},
        initial={"since": 1e4 * ms},
    )
    rule = df.plasticity_rule(
        "td_lambda",
        w_min=0,
        w_max=w_max,
        eta=ETA,
        tau_plus=TAU * ms,
        options={"update": update},
        signals={"spiked": "int(since < 0.5*dt)"},
        **given,
    )
    learn = df.Projection(
        "pre", "cells", "g += w", name="learn", weight=25.0, pairs="all_to_all", plasticity=rule
    )
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    inputs = (_input("pre", pre, 0), _input("told", post, 1))
    return df.Network((cells,), inputs, (told, learn))


def _input(name: str, spikes: Array, early: int) -> df.SpikeInput:
    step, neuron = np.nonzero(spikes.T)
    return df.SpikeInput(name, len(spikes), neuron, (step - early) * ms)


def expected(w_max: float = 50.0, tau_mean: float = np.inf) -> Array:
    """The source of the rule, step by step: ticks first, then presynaptic, then postsynaptic.

    With a finite ``tau_mean`` (in steps) the error is what it is above its mean until this step.
    """
    pre, post = trains()
    mean = 0.0
    w, e, c = np.full((N, M), 25.0), np.zeros((N, M)), np.zeros((N, M))
    x = np.zeros(N)
    for step in range(STEPS):
        x *= np.exp(-1 / TAU)
        count = step // EVERY
        if step % EVERY == 0:
            w = np.clip(w + ETA * (np.sin(1.3 * count) - mean) * e, 0, w_max)
            credit = np.cos(0.7 * count + np.linspace(0, 1, M))
            e = 0.88 * (count % 37 > 0) * e + credit * c
            c[:] = 0
        x += pre[:, step]
        c += x[:, None] * post[None, :, step]
        if np.isfinite(tau_mean):
            mean += (np.sin(1.3 * count) - mean) / min(step + 1, tau_mean)
    return w.ravel()


def weights(run: Callable[..., df.Results], net: df.Network) -> Array:
    done = run(net, STEPS * ms, seed=1, dt=1 * ms, record={"learn": ["w"]}, strict=True)
    table = done.weights["learn"].sort_values(["pre", "post"])
    return table["weight"].to_numpy(dtype=float)


@pytest.mark.parametrize("update", ["event", "clock"])
def test_the_rule_follows_its_equations(
    update: str, run_on_target: Callable[..., df.Results], target: str
) -> None:
    if (update, target) == ("clock", "genn"):
        with pytest.raises(TargetError, match="take the rule's event-driven form"):
            run_on_target(network(update), 1 * ms)
        return
    found, wanted = weights(run_on_target, network(update)), expected()
    assert np.ptp(wanted) > 1.0  # it learns
    assert wanted.min() > 0.5  # and meets no bound, where the two forms may differ
    assert wanted.max() < 49.5
    # a few thousand additions, each rounded at the size of the weight
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3000 * 50 * np.finfo(float).eps)


@pytest.mark.parametrize("update", ["event", "clock"])
def test_an_error_above_its_mean_is_of_either_sign(update: str) -> None:
    """The mean over all time first, over 400 steps then."""
    net = network(update, tau_mean=400 * ms)
    found, wanted = weights(run_here, net), expected(tau_mean=400)
    assert np.abs(wanted - expected()).max() > 0.1  # it matters
    assert wanted.min() > 0.5
    assert wanted.max() < 49.5
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


def run_here(net: df.Network, duration: Any, **options: Any) -> df.Results:
    return df.run(net, duration, target="runtime", progress=False, **options)


def test_bounds_are_met_at_every_tick_by_the_clock() -> None:
    low = 25.5
    np.testing.assert_allclose(
        weights(run_here, network("clock", low)), expected(low), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("update", ["event", "clock"])
def test_the_error_is_what_exceeds_the_tonic_level(update: str) -> None:
    above = EQUATIONS.replace("sin(1.3*count)", "0.4 + sin(1.3*count)")
    found = weights(run_here, network(update, equations=above, tonic=0.4))
    # 0.4 + sin - 0.4 rounds once more: a few thousand additions at the size of the weight
    np.testing.assert_allclose(found, expected(), rtol=0, atol=6000 * 50 * np.finfo(float).eps)
    unshifted = weights(run_here, network(update, equations=above))
    assert np.abs(unshifted - expected()).max() > 0.1


def test_frozen_synapses_stay() -> None:
    assert (weights(run_here, freeze_learning(network("event"))) == 25.0).all()
