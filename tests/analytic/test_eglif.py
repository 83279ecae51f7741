"""E-GLIF neurons against the matrix exponential of their linear system and a plain loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA
from scipy.linalg import expm

import dualframe as df
from dualframe.catalogue import cell, neuron_entry
from dualframe.core.errors import CatalogueError
from dualframe.network import CurrentInput, Network, Population

SILENT = {"V_th": 1000 * mV, "tau_V": 0 * mV}
#: Nearly undamped, overdamped, undamped, and one whose oscillation grows.
LABELS = ("Golgi", "molecular layer interneuron", "inferior olive", "granule")
STEP_CURRENT = 20 * pA


def plain(label: str, **changed: Any) -> dict[str, float]:
    """Parameters of a published set in mV, ms, pA, pF and nS."""
    units = {"C": 1e12, "k_adap": 1e6, "t_ref": 1e3, "tau_m": 1e3}
    units |= dict.fromkeys(("I_e", "A1", "A2"), 1e12) | dict.fromkeys(("k_1", "k_2"), 1e-3)
    parameters = df.neuron("eglif", label, **changed).parameters
    return {name: float(value) * units.get(name, 1e3) for name, value in parameters.items()}


def system(p: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and constant of d(V - E_L, I_adap, I_dep)/dt per pA of constant input."""
    matrix = np.array(
        [[1 / p["tau_m"], -1 / p["C"], 1 / p["C"]], [p["k_adap"], -p["k_2"], 0], [0, 0, -p["k_1"]]]
    )
    return matrix, np.array([1 / p["C"], 0, 0])


def population_of(label: str, name: str, **changed: Any) -> Population:
    return df.neuron("eglif", label, **changed).make_population(name, 1)


@pytest.fixture(scope="module")
def subthreshold() -> dict[str, np.ndarray]:
    """V - E_L (mV) and I_adap (pA) of silent neurons that start with I_dep = 50 pA."""
    populations = []
    for k, label in enumerate(LABELS):
        population = population_of(label, f"p{k}", **SILENT)
        start = {**population.initial, "I_dep": 50 * pA}
        populations.append(replace(population, initial=start))
    inputs = tuple(CurrentInput(p.name, STEP_CURRENT, 0 * ms) for p in populations)
    record = {p.name: ["V", "I_adap"] for p in populations}
    network = Network(populations=tuple(populations), inputs=inputs)
    done = df.run(network, 300 * ms, target="runtime", record=record, progress=False)
    traces = {}
    for label, population in zip(LABELS, populations, strict=True):
        values = done.traces[population.name].values
        rest = float(df.neuron("eglif", label).parameters["E_L"] / mV)
        traces[label] = np.stack([1e3 * values["V"][0] - rest, 1e12 * values["I_adap"][0]])
    return traces


@pytest.mark.parametrize("label", LABELS)
def test_below_threshold_it_is_the_matrix_exponential(
    subthreshold: dict[str, np.ndarray], label: str
) -> None:
    """After a whole number of steps, to 1e-5 of the excursion.

    A step of the fourth order misses (rate dt)^5/120 of it: 2e-6 for k_1 = 1.9 /ms and 0.1 ms.
    """
    p = plain(label)
    matrix, per_current = system(p)
    inhomogeneous = np.zeros((4, 4))
    inhomogeneous[:3, :3] = matrix
    inhomogeneous[:3, 3] = per_current * (p["I_e"] + float(STEP_CURRENT / pA))
    found = subthreshold[label]
    scale = np.abs(found).max(axis=1)
    for step in (1, 10, 200, 1000, 2900):
        exact = expm(inhomogeneous * 0.1 * step) @ np.array([0.0, 0.0, 50.0, 1.0])
        np.testing.assert_allclose(found[:, step] / scale, exact[:2] / scale, atol=1e-5)


def test_a_damped_neuron_settles_at_its_steady_conductance(
    subthreshold: dict[str, np.ndarray],
) -> None:
    p = plain("molecular layer interneuron")
    conductance = p["k_adap"] / p["k_2"] - p["C"] / p["tau_m"]
    expected = (p["I_e"] + float(STEP_CURRENT / pA)) / conductance
    assert subthreshold["molecular layer interneuron"][0, -1] == pytest.approx(expected, rel=1e-2)


def test_which_published_sets_are_stable() -> None:
    """Eigenvalues of the system: all decay but those of the granule cell with a rounded k_2."""
    for published in neuron_entry("eglif").sets:
        growth = np.linalg.eigvals(system(plain(published.label))[0]).real.max()
        assert (growth > 0) == (published.label == "granule"), published.label
    basal = cell("cb_granule").point_neuron_set("eglif").numbers.plain()
    assert basal["k_2"] > 1 / basal["tau_m"]


# ---------------------------------------------------------------- spikes


def spikes_by_loop(p: dict[str, float], current: float, steps: int, dt: float = 0.1) -> list[int]:
    """Exact steps; held for t_ref after a spike, in which the currents go on."""
    matrix, per_current = system(p)
    inhomogeneous = np.zeros((4, 4))
    inhomogeneous[:3, :3] = matrix
    inhomogeneous[:3, 3] = per_current * (p["I_e"] + current)
    step_of_all = expm(inhomogeneous * dt)
    state, last, spikes = np.array([0.0, 0.0, 0.0, 1.0]), -(10**6), []
    for step in range(steps):
        free = step - last >= round(p["t_ref"] / dt)
        held = state[0]
        state = step_of_all @ state
        if not free:
            state[0] = held
        elif state[0] + p["E_L"] >= p["V_th"]:
            spikes.append(step)
            last = step
            state[:3] = p["V_reset"] - p["E_L"], state[1] + p["A2"], p["A1"]
    return spikes


def trains(neurons: list[Population], current: Any, duration: Any) -> dict[str, np.ndarray]:
    inputs = tuple(CurrentInput(p.name, current, 0 * ms) for p in neurons)
    network = Network(populations=tuple(neurons), inputs=inputs)
    spikes = df.run(network, duration, target="runtime", seed=1, progress=False).spikes
    times = {p.name: spikes[spikes.population == p.name]["t"].to_numpy() for p in neurons}
    return {name: np.rint(each * 1e4).astype(int) for name, each in times.items()}


def test_without_noise_its_spikes_are_those_of_a_plain_loop() -> None:
    """To the step; and noise of a vanishing width is no noise."""
    duration, current = 300 * ms, 60 * pA
    narrow = population_of("Golgi", "narrow", tau_V=1e-9 * mV)
    cells = [
        population_of("Golgi", "golgi", tau_V=0 * mV),
        population_of("DCN, glutamatergic", "dcn", tau_V=0 * mV),
        narrow,
    ]
    found = trains(cells, current, duration)
    for name, label in (("golgi", "Golgi"), ("dcn", "DCN, glutamatergic")):
        assert len(found[name]) > 5
        np.testing.assert_array_equal(found[name], spikes_by_loop(plain(label), 60.0, 3000))
    np.testing.assert_array_equal(found["narrow"], found["golgi"])


def test_it_is_raised_to_its_smallest_potential() -> None:
    """A cell without adaptation would fall without end; it takes one step below V_min."""
    neuron = df.neuron("eglif", "inferior olive", **SILENT, k_adap=0 * nS / ms, V_min=-60 * mV)
    population = neuron.make_population("cell", 1)
    network = Network(populations=(population,), inputs=(CurrentInput("cell", -1e3 * pA, 0 * ms),))
    done = df.run(network, 20 * ms, target="runtime", record={"cell": ["V"]}, progress=False)
    V = 1e3 * done.traces["cell"].values["V"][0]
    lowest = -60 + 0.1 * (-15 / 11 - 1018.101 / 189)
    assert V.min() == pytest.approx(lowest, rel=1e-3)
    assert V[-1] == V.min()


def test_noise_is_of_all_neurons_or_of_none() -> None:
    with pytest.raises(CatalogueError, match="tau_V is less than zero, or zero in some neurons"):
        df.neuron("eglif", "Golgi", tau_V=np.array([0.0, 0.4]) * mV)


def test_receptors_change_rest_threshold_and_adaptation() -> None:
    assert set(df.neuron("eglif", "Golgi").places) == {"rest", "threshold", "adaptation"}
    assert "adaptation" not in df.neuron("eglif", "granule").places  # its A2 excites
