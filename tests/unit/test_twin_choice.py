"""The default of the point branch: fitted cells and conductances where there are compartments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from brian2.units import ms, pA

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue import fitted_models as fits
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import UnknownName

CELLS = Path(catalogue.__file__).parent / "cells"


def own_file(folder: Path) -> str:
    """A cell with other compartments than the catalogue's, to which nothing was fitted."""
    path = folder / "own.toml"
    text = (CELLS / "ctx_pv.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("105.2 Mohm", "95 Mohm"), encoding="utf-8")
    return str(path)


def circuit_of(*cells: str, **changes: Any) -> Circuit:
    """A circuit of unconnected cells."""
    populations = (CircuitPopulation(f"p{k}", cell, 1) for k, cell in enumerate(cells))
    return Circuit("alone", tuple(populations), **changes)


def build(*cells: str, model: str = "glif", **options: Any) -> df.Network:
    """Build unconnected cells; a calibration of another name than the default's is refused."""
    circuit = circuit_of(*cells)
    calibration = Calibration("alone", choose_twin(circuit, model, **options).key, {})
    return df.task_driven.build(circuit, model=model, calibration=calibration, **options)


@pytest.mark.parametrize("name", ["l23", "l23_human", "striatum", "ca1"])
@pytest.mark.parametrize("model", ["glif", "izhikevich", "Izhikevich"])
def test_circuits_with_compartments_are_fitted_and_take_conductances(name: str, model: str) -> None:
    choice = choose_twin(df.circuit(name), model)
    assert choice.key == f"{model.casefold()}_conductance_fitted"
    assert not choice.unfitted


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"cells": "published"}, "glif_current"),
        ({"synapses": "current"}, "glif_current_fitted"),
        ({"cells": "published", "synapses": "conductance"}, "glif_conductance"),
        ({"cells": "fitted"}, "glif_conductance_fitted"),
    ],
)
def test_the_other_twins_are_an_argument_away(options: dict[str, str], key: str) -> None:
    assert choose_twin(df.circuit("l23"), "glif", **options).key == key


def test_a_circuit_of_point_neurons_keeps_them_and_its_currents() -> None:
    assert choose_twin(df.circuit("pd14"), "glif").key == "glif_current"
    # of another model than the circuit's: the twins of its cell types, but currents stay currents
    assert choose_twin(df.circuit("pd14"), "izhikevich").key == "izhikevich_current_fitted"


def test_a_model_without_fits_is_published_and_says_so() -> None:
    choice = choose_twin(circuit_of("ctx_pv", synapse_mode="conductance"), "glif4")
    assert (choice.key, choice.unfitted) == ("glif4_conductance", ("ctx_pv",))
    assert choose_twin(circuit_of("ctx_pv"), "glif4").key == "glif4_current"
    network = build("ctx_pv", model="glif4")
    text = "ctx_pv: the published neuron, for want of a glif4 neuron fitted to the compartments"
    assert text in network.meta["assumptions"]


def test_a_mixed_circuit_is_fitted_where_it_can_be(tmp_path: Path) -> None:
    own = own_file(tmp_path)
    network = build("ctx_pv", own)
    assert choose_twin(circuit_of("ctx_pv", own), "glif").key == "glif_conductance_fitted"
    assert network.meta["synapses"] == "conductance"
    assert network.meta["cells"]["ctx_pv"] == "GLIF3, fitted to the compartments"
    assert "fitted" not in network.meta["cells"][own]
    assert [line for line in network.meta["assumptions"] if line.startswith(f"{own}: the publi")]


def test_a_fit_that_disagrees_is_built_with_a_warning() -> None:
    network = build("ca1_pyr", model="izhikevich")
    [warning] = network.meta["warnings"]
    assert "'ca1_pyr'" in warning
    assert "rheobase" in warning
    [warning] = build("ca1_pyr").meta["warnings"]
    assert "latency" in warning
    assert "warnings" not in build("ctx_pv").meta
    published = build("ca1_pyr", model="izhikevich", cells="published")
    assert "warnings" not in published.meta


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(UnknownName, match="fitted"):
        choose_twin(df.circuit("l23"), "glif", cells="fited")
    with pytest.raises(UnknownName, match="conductance"):
        choose_twin(df.circuit("l23"), "glif", "conductances")


def fitted(name: str) -> catalogue.CellType:
    """A cell type with its fitted Izhikevich neuron."""
    return fits.chosen_cell(catalogue.cell(name), "izhikevich", "fitted")


def test_effects_enter_fitted_neurons_where_they_act() -> None:
    """A fit that spikes below vt is shifted at vpeak; one whose spikes excite does not adapt."""
    places = {
        name: fitted(name).choose_point_neuron("izhikevich").make_neuron().places
        for name in ("ctx_l23_pyr", "ca1_pyr")
    }
    assert {one["threshold"]["vpeak"] for one in places.values()} == {"+"}
    assert "adaptation" not in places["ctx_l23_pyr"]
    assert places["ca1_pyr"]["adaptation"] == {"d": "*"}
    plain = circuit_of("ctx_l23_pyr").without_effect("M1", "ctx_l23_pyr")
    changed = plain.with_effect("M1", "ctx_l23_pyr", "threshold", shift="9 mV")
    spikes = []
    for circuit in (plain, changed.with_drug("agonist", "M1", dose=1e3)):
        calibration = Calibration("alone", "izhikevich_conductance_fitted", {})
        net = df.task_driven.build(circuit, model="izhikevich", calibration=calibration)
        step = df.CurrentInput("p0", 150 * pA, 10 * ms)
        net = df.Network(populations=net.populations, inputs=(step,))
        spikes.append(len(df.run(net, 150 * ms, target="runtime", seed=1, progress=False).spikes))
    assert spikes[0] > 5
    assert spikes[1] == 0
