"""The navigation network's cells and wiring against the source's code, ported line by line.

``neuron.m``, ``convolution.m`` and the set-up of ``seq_neuromod_plasticity.m`` (Zannone et al.
2018, ModelDB 245018). Its random numbers cannot be repeated, so the port is given the spikes that
the network drew: potentials then agree to rounding, and draws are compared with their probability.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second
from numpy.typing import NDArray

import dualframe as df
from dualframe.network import Network, Population, Projection, SpikeInput
from dualframe.network.connection_rules.ring import leaves_arena
from dualframe.network.draw_connections import draw_pairs
from dualframe.neurons.srm0 import SRM0

Array = NDArray[np.float64]
DT = 1 * ms
STEPS, N, INPUTS = 1500, 5, 6
TAU_M, TAU_S, EPS0, CHI, RHO0, THETA, DELTA_U = 20.0, 5.0, 20.0, -5.0, 0.06, 16.0, 2.0


def ported(x: Array, y: Array, w: Array, lateral: Array) -> Array:
    """Potential of every step and neuron before it spikes, shape (steps, neurons).

    ``x`` and ``y`` are input spikes and the neurons' own, by step and source (neuron).
    """
    n = y.shape[1]
    weights = np.hstack([w, lateral])  # as w_tot: post, pre
    rise, decay = np.zeros_like(weights), np.zeros_like(weights)
    last, spiked = np.full(n, -1000.0), np.zeros(n)
    potential = np.zeros(y.shape)
    for i in range(len(y)):
        kept = (1 - spiked)[:, None]  # Canc
        arriving = np.concatenate([x[i], spiked])[None, :] * kept
        decay, rise = decay * kept, rise * kept
        decay = decay - decay / TAU_M + arriving * weights
        rise = rise - rise / TAU_S + arriving * weights
        epsp = EPS0 * (decay - rise) / (TAU_M - TAU_S)
        potential[i] = epsp.sum(axis=1) + CHI * np.exp((last - i) / TAU_M)
        spiked = y[i]
        last[spiked > 0] = i
    return potential


@pytest.fixture(scope="module")
def ran() -> tuple[Array, Array, Array]:
    """Potentials as recorded, those of the port, and spikes: of a small recurrent network."""
    rng = np.random.default_rng(5)
    w, lateral = rng.uniform(1, 3, (N, INPUTS)), rng.uniform(-4, 3, (N, N))
    x = rng.random((STEPS, INPUTS)) < 0.25
    step, source = np.nonzero(x)
    drive = SpikeInput("drive", INPUTS, source, step * DT)

    def onto(name: str, source: str, weights: Array) -> Projection:
        j, i = np.indices(weights.shape)
        return Projection(
            source,
            "cells",
            "arrived += w",
            name=name,
            pairs=(i.ravel(), j.ravel()),
            weight=weights.ravel(),
            autapses=True,
        )

    network = Network(
        (SRM0.make_neuron({}).make_population("cells", N),),
        (drive,),
        (onto("feed", "drive", w), onto("side", "cells", lateral)),
    )
    found = df.run(
        network,
        STEPS * DT,
        target="runtime",
        seed=2,
        dt=DT,
        record={"cells": df.Recording("potential")},
    )
    y = np.zeros((STEPS, N))
    neuron, t = found.spike_trains("cells")
    y[np.rint(t / 1e-3).astype(int), neuron] = 1
    # the network's inputs arrive one step later than the source's: see the task's text
    later = np.vstack([np.zeros((1, INPUTS)), x[:-1]])
    return found.traces["cells"].values["potential"].T, ported(later, y, w, lateral), y


def test_potentials_are_those_of_the_source(ran: tuple[Array, Array, Array]) -> None:
    recorded, port, y = ran
    assert y.sum() > 200
    # recordings are made at the start of a step, after the resets of the one before
    comparable = y[:-1] == 0
    np.testing.assert_allclose(recorded[1:][comparable], port[:-1][comparable], rtol=0, atol=1e-10)


def test_spikes_are_drawn_with_the_probability_of_the_source(
    ran: tuple[Array, Array, Array],
) -> None:
    """In all, and in quarters of the potential; four standard deviations of a sum of draws."""
    _, port, y = ran
    p = np.minimum(RHO0 * np.exp((port - THETA) / DELTA_U), 1.0)
    edges = np.quantile(port, [0, 0.5, 0.75, 0.9, 1])
    for low, high in [(-np.inf, np.inf), *pairwise(edges)]:
        own = (port >= low) & (port <= high)
        spread = np.sqrt((p * (1 - p))[own].sum())
        assert abs(y[own].sum() - p[own].sum()) < 4 * spread + 1
    assert y[p >= 1].all()


def test_a_new_trial_starts_from_silence() -> None:
    """The source sets potentials and the time of the last spike back: chi acts no more."""
    cells = SRM0.make_neuron({**_numbers(), "rho0": 1e3 * Hz}).make_population("cells", 1)
    clock = Population("clock", 1, "now = int(t/dt > 49.5) : 1\ndtrial/dt = (now - trial)/dt : 1")
    told = Projection(
        "clock", "cells", equations="trial_post = trial_pre : 1 (summed)", pairs="all_to_all"
    )
    drive = SpikeInput("drive", 1, np.zeros(48, dtype=int), np.arange(1, 49) * DT)
    push = Projection("drive", "cells", "arrived += w", weight=8.0, pairs="all_to_all")
    found = df.run(
        Network((cells, clock), (drive,), (told, push)),
        60 * DT,
        target="runtime",
        seed=1,
        dt=DT,
        record={"cells": ["potential", "trial", "slow"]},
    )
    trace = found.traces["cells"].values
    begins = int(np.argmax(trace["trial"][0] > 0.5))
    assert 45 < begins < 55
    assert (np.abs(trace["potential"][0, begins - 4 : begins]) > 0.1).any()
    np.testing.assert_allclose(trace["slow"][0, begins + 1 :], 0, atol=1e-12)
    np.testing.assert_allclose(trace["potential"][0, begins + 1 :], 0, atol=1e-12)


def _numbers() -> dict[str, Any]:
    return dict(df.task("navigation").circuit.population("action").point.parameters)


# --- the wiring -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> Network:
    return df.task_driven.build(df.task("navigation"))


def projection(network: Network, name: str) -> Projection:
    return next(p for p in network.projections if p.name == name)


def test_the_cells_have_the_sources_numbers(network: Network) -> None:
    numbers = network.population("action").parameters
    assert network.population("action").n == 40
    assert [numbers[k] for k in ("eps0", "tau_m", "tau_s")] == [20 * ms, 20 * ms, 5 * ms]
    assert [float(numbers[k]) for k in ("chi", "theta", "delta_u")] == [CHI, THETA, DELTA_U]
    assert float(numbers["rho0"]) * 1e-3 == pytest.approx(RHO0)
    place = network.population("place")
    assert place.n == 121
    assert max(map(float, [place.parameters["rate_max"]])) == pytest.approx(400)


def test_the_ring_is_that_of_the_source(network: Network) -> None:
    """w_lateral = w_minus/N + w_plus f/Z, f = exp(psi cos) without its diagonal, Z a column."""
    n, psi, w_minus, w_plus = 40, 20, -300, 100
    theta = 2 * np.pi * np.arange(1, n + 1) / n
    f = np.exp(psi * np.cos(theta[None, :] - theta[:, None]))
    f = f - f * np.eye(n)
    expected = w_minus / n + w_plus * f / f.sum(axis=0)[0]
    found = np.zeros((n, n))
    excites, inhibits = (projection(network, k) for k in ("ring_excites", "ring_inhibits"))
    i, j = excites.pairs
    found[j, i] += excites.weight
    assert inhibits.pairs == "all_to_all"
    assert (excites.on_pre, inhibits.on_pre) == ("arrived += w", "arrived -= w")
    found -= float(inhibits.weight)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.sum(axis=1) == pytest.approx(np.full(n, -200.0))  # w_minus + w_plus


def test_actions_that_lead_out_are_those_of_the_sources_lists(network: Network) -> None:
    """forbidden_actions and sides of the source, where indices count from one."""
    axis = np.round(np.arange(-2, 2.01, 0.4), 1)
    centres = np.array([(x, y) for x in axis for y in axis])
    k = np.arange(1, 41)
    lists = (
        (centres[:, 1] == -2, (k >= 11) & (k <= 29)),
        (centres[:, 1] == 2, (k <= 9) | (k >= 31)),
        (centres[:, 0] == 2, k <= 19),
        (centres[:, 0] == -2, (k >= 21) & (k <= 39)),
    )
    expected = np.zeros((121, 40), dtype=bool)
    for side, actions in lists:
        expected |= np.outer(side, actions)
    np.testing.assert_array_equal(leaves_arena(11, 40), expected)
    ends = (network.population("place"), network.population("action"))
    i, j = draw_pairs(projection(network, "learned"), *ends, np.random.default_rng(0))
    x, y = (network.population("place").parameters[f"centre_{a}"] for a in "xy")
    kept = {
        (round(float(x[a]), 1), round(float(y[a]), 1), int(b)) for a, b in zip(i, j, strict=True)
    }
    wanted = {(*centres[a], b) for a, b in zip(*np.nonzero(~expected), strict=True)}
    assert kept == wanted
    assert len(i) == len(kept) == (~expected).sum()


def test_every_spike_pushes_by_the_sources_displacement(network: Network) -> None:
    """a0 (sin, cos) of the angle, divided among the action neurons by the world."""
    theta = 2 * np.pi * np.arange(1, 41) / 40
    found = np.zeros((2, 40))
    for p in network.projections:
        if p.source == "action" and p.target == "world":
            axis = 0 if "spikes_x" in str(p.on_pre) else 1
            i, _ = p.pairs if isinstance(p.pairs, tuple) else (np.arange(40), None)
            found[axis, i] += p.weight
    np.testing.assert_allclose(found, [np.sin(theta), np.cos(theta)], atol=1e-12)
    world = network.population("world").parameters
    assert (float(world["a0"]), float(world["action_cells"])) == (0.08, 40)


def test_all_starts_where_the_source_starts(network: Network) -> None:
    learned = projection(network, "learned")
    assert float(learned.weight) == 2
    assert (learned.plasticity.w_min, learned.plasticity.w_max) == (1, 3)
    numbers = learned.plasticity.numbers
    assert (numbers["eta_DA"], numbers["eta_ACh"]) == (0.01, 0.002)
    assert (numbers["tau_eligibility"], numbers["tau_pre_post"]) == (2 * second, 10 * ms)
    start = network.population("world").initial
    assert (start["x"], start["y"]) == (0, 0)
