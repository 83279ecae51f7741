"""Integrate-and-fire neurons of published sets: the same spikes on every target, to the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, pA
from compare import SPIKE, Trains
from ours import COMPILED, assert_runtime_equals, run_ours
from system_examples import neuron_of

import dualframe as df
from dualframe.network import CurrentInput, Network
from dualframe.neurons.point_neuron import PointNeuron

DURATION = 200 * ms
N = 4


@dataclass(frozen=True)
class Cells:
    """A published neuron, and the currents (pA) of the least and the most driven copy."""

    label: str
    low: float
    high: float
    changed: Mapping[str, Any] = field(default_factory=dict)


#: Between them lies the rheobase or a multiple of it. The noise of ``srm`` is too small to matter.
CELLS = {
    "LIF": Cells("Dayan and Abbott, fig. 5.5", 1600, 3000),
    "alif": Cells("evidence accumulation", 1, 4),
    "plif": Cells("tau = 2", 1.3, 3.1),
    "iterative_lif": Cells("MNIST", 0.41, 0.63),
    "if_adaptation": Cells("Dayan and Abbott, fig. 5.6", 1700, 3000),
    "qif": Cells("cortical", 80, 300),
    "eif": Cells("Wang-Buzsaki", 40, 300),
    "resonate_and_fire": Cells("b = -1, omega = 10", 6, 15),
    "if_or_burst": Cells("relay cell", 80, 400),
    "srm": Cells("leaky integrate-and-fire", 1610, 2900, {"Delta_u": 1e-9 * mV}),
    "threshold_function": Cells("absolute and relative refractoriness", 400, 3000),
    "adex": Cells("tonic spiking", 300, 700),
    "eglif": Cells("Golgi", 100, 400, {"tau_V": 0 * mV}),
}
#: Kinds whose sets stand with cell types. Not the fast-spiking form of Izhikevich 2007: it
#: multiplies each rounding of a power tenfold per spike, and NumPy's power is not the C library's.
OF_CELL_TYPES = {
    "GLIF1": (100, 800),
    "GLIF2": (100, 800),
    "GLIF3": (100, 800),
    "GLIF4": (100, 800),
    "GLIF5": (100, 800),
    "izhikevich2007": (100, 800),
    "izhikevich2007_LTS": (150, 800),
    "izhikevich2007_TC": (150, 800),
    "izhikevich2007_RTN": (150, 800),
    "izhikevich_skinner": (100, 800),
}


def neurons_and_currents() -> dict[str, tuple[PointNeuron, tuple[float, float]]]:
    published = {
        name: (df.neuron(name, cells.label, **cells.changed), (cells.low, cells.high))
        for name, cells in CELLS.items()
    }
    return published | {name: (neuron_of(name), ends) for name, ends in OF_CELL_TYPES.items()}


@pytest.fixture(scope="module")
def network() -> Network:
    """One population of each model, so that a target compiles once."""
    driven = neurons_and_currents()
    populations = tuple(
        neuron.make_population(name.lower(), N) for name, (neuron, _) in driven.items()
    )
    steps = tuple(
        CurrentInput(
            name.lower(),
            np.linspace(low, high, N) * pA,
            10 * ms,
            150 * ms,
            name=f"into_{name.lower()}",
        )
        for name, (_, (low, high)) in driven.items()
    )
    return Network(populations, steps, name="neuron_models")


@pytest.fixture(scope="module")
def reference(network: Network) -> Trains:
    return run_ours(network, "runtime", strict=True, duration=DURATION)


def test_every_model_spikes(network: Network, reference: Trains) -> None:
    for population in network.populations:
        neurons, _ = reference[population.name, SPIKE]
        assert len(np.unique(neurons)) >= 2, population.name


@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(network: Network, reference: Trains, target: str) -> None:
    assert_runtime_equals(reference, network, target, duration=DURATION)
