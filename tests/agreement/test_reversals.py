"""Dendritic spikes of one name in two dendrites: each keeps its own reversal potentials.

Stock Dendrify has one ``E_rise_Na`` for all dendrites, and the last one set wins; it is right where
the names differ, and that is the reference here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF
from compare import UNSEEN_STEPS, Trains, before, first_difference
from dendrify import Dendrite, NeuronModel, Soma
from models import DT, NA, PLAIN, Case, Step
from ours import network, run_ours
from stock import run_stock

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import NetworkError

DURATION = 150 * ms
REVERSAL = {"first": (70 * mV, -89 * mV), "second": (20 * mV, -70 * mV)}


def model(first: str, second: str, **changes: Any) -> NeuronModel:
    """Two dendrites with dendritic spikes of these names."""
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    edges = []
    for name, kind in (("first", first), ("second", second)):
        dendrite = Dendrite(name, cm_abs=50 * pF, gl_abs=2.5 * nS)
        rise, fall = REVERSAL[name]
        own = NA | {"reversal_rise": rise, "reversal_fall": fall} | changes
        dendrite.dspikes(kind, g_rise=30 * nS, g_fall=14 * nS, **own)
        edges.append((soma, dendrite, 15 * nS))
    return NeuronModel(edges, v_rest=-62 * mV)


def case(first: str, second: str) -> Case:
    currents = np.array([250.0, 320.0, 400.0]) * pA
    steps = (Step("I_ext_first", currents), Step("I_ext_second", currents[::-1]))
    return Case("cells", lambda: model(first, second), PLAIN, steps=steps, n=3)


def renamed(trains: Trains) -> Trains:
    """Trains under the names of the dendrites alone."""
    last = round(float(DURATION / DT)) - UNSEEN_STEPS
    return before({(p, k.split("_")[-1]): train for (p, k), train in trains.items()}, last)


def test_each_dendrite_has_its_own_reversal_potentials() -> None:
    ours = renamed(run_ours(network([case("Na", "Na")]), "runtime", duration=DURATION))
    right = renamed(run_stock(case("Na", "Nb"), duration=DURATION))
    assert first_difference(ours, right) is None
    assert all(len(neurons) > 10 for neurons, _ in right.values())


def test_stock_dendrify_takes_the_last_one_for_both() -> None:
    """The difference is there, and it shows in the spikes."""
    shared = renamed(run_stock(case("Na", "Na"), duration=DURATION))
    right = renamed(run_stock(case("Na", "Nb"), duration=DURATION))
    assert first_difference(shared, right) is not None


@pytest.mark.parametrize("missing", ["threshold", "duration_fall", "reversal_rise"])
def test_a_dendritic_spike_without_a_value_is_named(missing: str) -> None:
    with pytest.raises(NetworkError, match=r"no value for .*Na_first.*config_dspikes"):
        df.biological.from_dendrify(model("Na", "Na", **{missing: None}), 3, **PLAIN)


ZEROS = {"reversal_rise": "E_rise_Na_first", "offset_fall": "offset_fall_Na_first"}


@pytest.mark.parametrize("name", ZEROS)
def test_what_is_exactly_zero_is_stated(name: str) -> None:
    """Dendrify takes zero for none; a tenth of a picovolt, or of a step, is as good as zero."""
    zero, tiny = (0 * mV, 1e-10 * mV) if "reversal" in name else (0 * ms, 0.1 * DT)
    net = network([case("Na", "Na")])
    spikes = []
    for value in (zero, tiny):
        made = model("Na", "Na", **{name: value})
        keys = [ZEROS[name], ZEROS[name].replace("first", "second")]
        stated = dict.fromkeys(keys, zero) if value is zero else {}
        population = df.biological.from_dendrify(made, 3, parameters=stated, **PLAIN)
        alone = replace(net, populations=[population])
        spikes.append(renamed(run_ours(alone, "runtime", duration=DURATION)))
    assert first_difference(*spikes) is None
    assert any(len(neurons) for neurons, _ in spikes[0].values())


def test_the_reversal_potential_of_a_cell_may_be_zero(tmp_path: Path) -> None:
    file = tmp_path / "cell.toml"
    packaged = Path(df.catalogue.__file__).parent / "cells" / "ca1_pyr.toml"
    file.write_text(packaged.read_text().replace('E_K = "-90 mV"', 'E_K = "0 mV"'))
    circuit = Circuit(name="one", populations=(CircuitPopulation(name="pyr", cell=str(file), n=1),))
    (population,) = df.biological.build(
        circuit, calibration=Calibration("one", "biological", {})
    ).populations
    falls = [key for key in population.parameters if key.startswith("E_fall_")]
    assert falls
    assert all(float(population.parameters[key]) == 0 for key in falls)
