"""A point-neuron model is one file and one registry line: what follows from that, for AdEx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms, nS, pA

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.experiments.current_clamp import current_clamp
from dualframe.neurons.registry import (
    NEURON_MODELS,
    fittable_models,
    model_families,
    models_named,
    neuron_model,
)

CELL = "ctx_l23_pyr"
NONE = Calibration("alone", "adex_current", {})
CIRCUIT = """
name = "alone"
source = "dualframe"
status = "assumed"

[[models]]
name = "published"
form = "adex"
C = "281 pF"
g_L = "30 nS"
E_L = "-70.6 mV"
V_T = "-50.4 mV"
Delta_T = "2 mV"
a = "4 nS"
tau_w = "144 ms"
b = "80.5 pA"
V_r = "-70.6 mV"

[[populations]]
name = "pyr"
cell = "ca1_pyr"
n = 3
point = "published"
"""


def spikes_of(network: Any, current: Any = 800 * pA) -> int:
    step = df.CurrentInput("pyr", current, 20 * ms)
    network = df.Network(populations=network.populations, inputs=(step,))
    return len(df.run(network, 200 * ms, target="runtime", seed=1, progress=False).spikes)


def test_a_circuit_of_cells_of_the_catalogue() -> None:
    circuit = Circuit("alone", (CircuitPopulation("pyr", CELL, 3),))
    network = df.task_driven.build(circuit, model="adex", calibration=NONE)
    assert network.meta["cells"] == {CELL: "adex, regular spiking"}
    assert spikes_of(network) >= 3


def test_a_circuit_that_states_its_own_neurons(tmp_path: Path) -> None:
    path = tmp_path / "alone.toml"
    path.write_text(CIRCUIT)
    network = df.task_driven.build(df.circuit(path), model="adex", calibration=NONE)
    assert network.meta["points"] == {"pyr": "adex, published"}
    assert spikes_of(network) >= 3


@pytest.mark.parametrize(
    ("kind", "name", "numbers"),
    [
        ("leak", "g_L", {"scale": 1.5}),
        ("rest", "E_L", {"shift": "2 mV"}),
        ("threshold", "V_T", {"shift": "-2 mV"}),
        ("adaptation", "b", {"scale": 0.5}),
    ],
)
def test_receptors_change_its_parameters(kind: str, name: str, numbers: dict[str, Any]) -> None:
    circuit = Circuit("alone", (CircuitPopulation("pyr", CELL, 1),))
    circuit = circuit.with_effect("M1", CELL, kind, **numbers).with_modulation("ACh", level=0.8)
    network = df.task_driven.build(circuit, model="adex", calibration=NONE)
    assert f"{name}_modulated" in network.population("pyr").equations


def test_current_clamp() -> None:
    found = current_clamp(CELL, "adex", [0, 900] * pA, target="runtime", record=False)
    assert len(found.spike_train(0)) == 0
    assert len(found.spike_train(1)) > 10


@pytest.mark.slow
@pytest.mark.cpp
def test_fit_and_validation() -> None:
    """A search of a few generations; that it finds the passive values is not left to it."""
    fit = df.fit_point("ctx_pv", "adex", generations=3)
    assert (fit.model, fit.chosen.model) == ("adex", "adex")
    found = df.validate("ctx_pv", "adex", cells={"ctx_pv": fit})
    table = found.table.set_index("measure")
    assert abs(table.loc["r_in", "difference"]) < 0.1
    assert abs(table.loc["rest", "difference"]) < 2.0
    assert table.loc["rheobase", "difference"] == pytest.approx(0, abs=0.3)


# ---------------------------------------------------------------- what holds for every model


@pytest.mark.parametrize("name", NEURON_MODELS)
def test_every_model_states_what_is_asked_of_it(name: str) -> None:
    model = neuron_model(name)
    dimensions = model.parameters.dimensions
    assert model.title
    assert model.source
    assert model.parameters.equations
    assert model.parameters.positive <= set(dimensions)
    assert {key for pair in model.rising for key in pair} <= set(dimensions)
    assert set(model.stored_as) <= set(NEURON_MODELS)
    assert set(model.varies) <= set(dimensions)


@pytest.mark.parametrize("key", [*model_families(), *NEURON_MODELS])
def test_a_search_starts_within_its_box(key: str) -> None:
    for model in fittable_models(key):
        assert model.search is not None
        start = model.search.starting_place(model.search.second_start)
        assert np.all((start >= 0) & (start <= 1)), model.name
        assert set(model.search.free) | {model.search.rest} <= {
            *model.parameters.dimensions,
        }


def test_models_are_found_by_name_and_by_family() -> None:
    assert [model.name for model in models_named("glif3")] == ["GLIF3"]
    assert len(models_named("glif")) == 5
    with pytest.raises(UnknownName, match="point neuron model 'glif6'"):
        models_named("glif6")


def test_a_cell_without_a_set_says_what_it_has() -> None:
    with pytest.raises(CatalogueError, match=r"'ctx_pv' has no adex set \(it has izh"):
        catalogue.cell("ctx_pv").choose_point_neuron("adex")


def test_neurons_without_currents_say_so() -> None:
    srm0 = neuron_model("srm0").make_neuron({})
    assert (srm0.current, srm0.weight_variables, srm0.input_equation()) == (None, ("arrived",), "")
    with pytest.raises(NetworkError, match="raise arrived by their weight"):
        srm0.input_equation(["I_AMPA"])
    euler = neuron_model("izhikevich_2003_euler").make_neuron(
        {"a": 0.02, "b": 0.2, "c": -65, "d": 8}
    )
    lines = euler.input_equation(["more"])
    assert lines == "I = (noise + g + probe + more)/unit_time : volt/second"


def test_a_missing_or_wrong_parameter_is_named() -> None:
    complete = catalogue.cell(CELL).point_neuron_set("adex").numbers.plain()
    with pytest.raises(CatalogueError, match="AdEx lacks g_L"):
        neuron_model("adex").make_neuron({k: v for k, v in complete.items() if k != "g_L"})
    with pytest.raises(UnknownName, match="parameter of AdEx 'g_l'"):
        neuron_model("adex").make_neuron({**complete, "g_l": 1 * nS})


def test_adex_cells_are_a_population_of_a_task() -> None:
    """They project to each other and learn, in place of the neurons that the task states."""
    task = df.task("navigation").with_parameters(
        environment__timeout="0.2 s", environment__grace="20 ms", protocol__trial_limit="0.2 s"
    )
    agents = df.train(
        task, model="adex", agents=2, trials=1, seed=1, target="runtime", progress=False
    )
    assert agents.network.population("action").variables >= {"V", "w_adapt"}
    assert len(agents.trials) == 2
