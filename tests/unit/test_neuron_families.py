"""Every model with a published set in circuits, with every effect that it has a place for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from brian2 import ms, mV, pA

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.catalogue.neuron_sets import neuron_entry, receptor_places
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.neurons.registry import NEURON_MODELS, neuron_model

#: Of those that take currents: what has no membrane is no cell of a circuit.
PUBLISHED = [
    name
    for name in NEURON_MODELS
    if (sets := neuron_entry(name).sets) and df.neuron(name, sets[0].label).current is not None
]
NUMBERS: dict[str, dict[str, Any]] = {
    "leak": {"scale": 1.5},
    "rest": {"shift": "2 mV"},
    "threshold": {"shift": "-2 mV"},
    "adaptation": {"scale": 0.5},
}
PLACES = [
    (name, kind, parameter)
    for name in PUBLISHED
    for kind, parameters in receptor_places(neuron_model(name)).items()
    for parameter in parameters[:1]
]
CIRCUIT = """
name = "alone"
source = "dualframe"
status = "assumed"

[[models]]
name = "published"
form = "{name}"
set = "{label}"

[[populations]]
name = "pyr"
cell = "ctx_l23_pyr"
n = 3
point = "published"

[[projections]]
pre = "pyr"
post = "pyr"
synapse = "AMPA"
compartment = "soma"
probability = "0.5"
delay = "1 ms"
psp = "0.5 mV"
"""


def circuit_of(name: str, folder: Path) -> df.circuit:
    path = folder / "alone.toml"
    label = neuron_entry(name).sets[0].label
    path.write_text(CIRCUIT.format(name=name, label=label), encoding="utf-8")
    return df.circuit(path)


def build(circuit: Any, name: str) -> df.Network:
    weights = {contact.name: 1 * pA for contact in circuit.contacts}
    calibration = Calibration(circuit.name, f"{name.casefold()}_current", weights)
    return df.task_driven.build(
        circuit, model=name, synapses="current", cells="published", calibration=calibration
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_circuit_of_a_published_neuron(name: str, tmp_path: Path) -> None:
    network = build(circuit_of(name, tmp_path), name)
    assert network.meta["points"] == {"pyr": f"{name}, published"}
    for target in ("runtime", "cpp_standalone"):
        assert not df.check(network, target)


@pytest.mark.parametrize("model", ["hodgkin_huxley", "morris_lecar"])
def test_cells_of_the_catalogue_have_no_membrane_model(model: str) -> None:
    """No cell type has a set; the error says so before it asks for a calibration."""
    remedy = rf"has no {model} set \(it has .*\): choose another .*state a neuron in the circuit"
    with pytest.raises(CatalogueError, match=rf"cell type 'ctx_\w+' {remedy}"):
        df.task_driven.build(df.circuit("l23"), model=model)


def test_a_missing_calibration_names_a_model_of_several_words(tmp_path: Path) -> None:
    asked = r"calibrate\(circuit, 'hodgkin_huxley', synapses='current', cells='published'\)"
    with pytest.raises(CatalogueError, match=asked):
        df.task_driven.build(circuit_of("hodgkin_huxley", tmp_path), model="hodgkin_huxley")


def test_a_receptor_shifts_the_rest_of_a_membrane(tmp_path: Path) -> None:
    """V goes where a neuron of the shifted E_L rests; 30 uM over an EC50 of 5 uM occupy 6/7.

    Its subthreshold oscillation has not quite died out after 80 ms: 1 % of the change.
    """
    circuit = circuit_of("hodgkin_huxley", tmp_path)
    circuit = circuit.with_effect("M1", "ctx_l23_pyr", "rest", shift="5 mV")
    circuit = circuit.with_effect("M1", "ctx_l23_pyr", "conductance", size=0.0)
    network = build(circuit.with_modulation("ACh", level=1), "hodgkin_huxley")
    done = df.run(network, 80 * ms, target="runtime", record={"pyr": ["V"]}, seed=1, progress=False)
    before = df.neuron("hodgkin_huxley", "squid axon")
    after = df.neuron("hodgkin_huxley", "squid axon", E_L=before.parameters["E_L"] + 5 * mV * 6 / 7)
    expected = float(after.initial["V"] - before.initial["V"])
    found = done.traces["pyr"].values["V"][0, -1] - float(before.initial["V"])
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("name", "kind", "parameter"), PLACES)
def test_receptors_change_what_the_table_says(
    name: str, kind: str, parameter: str, tmp_path: Path
) -> None:
    circuit = circuit_of(name, tmp_path)
    circuit = circuit.with_effect("M1", "ctx_l23_pyr", kind, **NUMBERS[kind])
    network = build(circuit.with_modulation("ACh", level=0.8), name)
    assert f"{parameter}_modulated" in network.population("pyr").equations


# ---------------------------------------------------------------- fits


@pytest.mark.parametrize("model", ["plif", "iterative_lif", "resonate_and_fire", "srm"])
def test_a_model_that_is_not_fitted_says_so(model: str) -> None:
    with pytest.raises(CatalogueError, match=f"'{model}' is not fitted.*Fit glif, izhikevich"):
        df.fit_point("ctx_pv", model)


def test_an_unknown_model_is_not_one_that_is_not_fitted() -> None:
    with pytest.raises(UnknownName, match="point neuron model to fit 'plift'"):
        df.fit_point("ctx_pv", "plift")


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize("model", ["qif", "alif"])
def test_a_short_fit_has_the_passive_values_and_the_rheobase(model: str) -> None:
    """Passive values are not searched for, and V_th or its like follows from the rheobase.

    The bars are those of the same test of AdEx; the f-I curve is left to longer searches.
    """
    fit = df.fit_point("ctx_pv", model, generations=3)
    found = df.validate("ctx_pv", model, cells={"ctx_pv": fit})
    table = found.table.set_index("measure")
    assert abs(table.loc["r_in", "difference"]) < 0.1
    assert abs(table.loc["rest", "difference"]) < 2.0
    assert table.loc["rheobase", "difference"] == pytest.approx(0, abs=0.3)


# ---------------------------------------------------------------- tasks


@pytest.mark.parametrize(
    ("name", "into"), [("if_or_burst", "V"), ("plif", "arrived"), ("hodgkin_huxley", "V")]
)
def test_a_task_states_such_neurons_for_a_population(
    name: str, into: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spike raises V, or what arrives in a step, by a weight in mV that learns."""
    monkeypatch.chdir(tmp_path)
    df.new_task("cue")
    path = tmp_path / "cue.toml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[[models]]"), text.index("[[populations]]")
    label = neuron_entry(name).sets[0].label
    model = f'[[models]]\nname = "noisy"\nform = "{name}"\nset = "{label}"\n\n'
    text = text[:start] + model + text[end:]
    text = text.replace('into = "u"', f'into = "{into}"')
    for key, number in (("weight", "1"), ("w_min", "0"), ("w_max", "3"), ("scale", "0.2")):
        text = text.replace(f'\n{key} = "{number}"', f'\n{key} = "{number} mV"')
    path.write_text(text, encoding="utf-8")
    agents = df.train(df.task(path), agents=2, trials=2, seed=1, target="runtime", progress=False)
    assert agents.network.population("action").variables >= {"V", "I_ext"}
    assert len(agents.trials) == 4
