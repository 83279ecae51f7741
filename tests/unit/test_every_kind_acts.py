"""A task whose action cells are of each kind of neuron: built, checked and trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from brian2 import Equations, ms, volt
from system_examples import parameters_of_circuits

import dualframe as df
from dualframe import catalogue
from dualframe.building.task_builder import build_task
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.core.errors import CatalogueError
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.task import Task

TASK = """
name = "kinds"
title = "place cells onto neurons of a kind"
source = "dualframe"
status = "assumed"

[protocol]
trials = "1"
trial_limit = "0.02 s"
dt = "{dt}"
sampling = "10 ms"
agents = "1"

[environment]
kind = "open_field"
goal_x = "0"
goal_y = "0"
timeout = "0.02 s"
grace = "0.01 s"

[outcome]
kind = "trials"
main = "last_success_rate"

[[encoders]]
name = "place"
kind = "place_cells"
observes = ["x", "y"]
low = "-2"
high = "2"
spacing = "2"
sigma = "2"
rate_max = "900 Hz"
"""
CELLS = """
[[models]]
name = "{label}"
form = "{form}"
{numbers}

[[populations]]
name = "{label}"
cell = "ctx_pv"
n = "2"
point = "{label}"

[[projections]]
name = "onto_{label}"
pre = "place"
post = "{label}"
into = "{into}"
weight = "{weight}"
pairs = "all_to_all"
plasticity = {{ rule = "pair_stdp", w_max = "{w_max}", A_plus = "0.1" }}

[[readouts]]
name = "velocity_{label}"
kind = "population_vector"
population = "{label}"
"""
#: Kinds that the catalogue, the circuits and the tasks have no numbers of.
NUMBERS = {
    name: {"tau": "10 ms"} for name in ("rate_logistic", "rate_tanh", "rate_rectified", "rate_step")
}


def numbers_of(name: str) -> dict[str, str]:
    """Numbers of the first set of a model in the catalogue, the circuits or the tasks."""
    entry = neuron_entry(name)
    if entry.sets:
        return {key: value.written for key, value in entry.sets[0].numbers.items()}
    for stored in map(catalogue.cell, catalogue.names("cell type")):
        for one in stored.point_neurons:
            if one.model in (name, *entry.model.stored_as):
                known = entry.model.parameters.dimensions
                return {key: v.written for key, v in one.numbers.items() if key in known}
    stated = parameters_of_circuits().get(name, NUMBERS.get(name, {}))
    return {key: str(value) for key, value in stated.items()}


def neuron_of(name: str) -> PointNeuron:
    return NEURON_MODELS[name].make_neuron(numbers_of(name))


MACHINE = "this machine"  # what is not installed here is no matter of the kind
SILENT = tuple(name for name in NEURON_MODELS if neuron_of(name).threshold is None)
SPIKING = tuple(name for name in NEURON_MODELS if name not in SILENT)
#: Each needs a time step of its own, which the others do not have.
OF_ONE_STEP = tuple(name for name in SPIKING if neuron_of(name).time_step is not None)

#: Membranes whose spike is a crossing, and CIF: 20 ms of this input need not make them fire.
SLOW_TO_FIRE = (
    *("fitzhugh_nagumo", "morris_lecar", "hodgkin_huxley", "hindmarsh_rose", "wilson"),
    *("mixed_feedback", "continuous_integrate_fire"),
)


def cells_of(name: str) -> str:
    """Action cells of a kind, onto whose voltage or weight variable place cells learn."""
    neuron = neuron_of(name)
    into = (*neuron.weight_variables, neuron.voltage)[0]
    equations = Equations(neuron.equations)
    in_volt = into in equations and equations[into].dim is volt.dim
    return CELLS.format(
        label=name.casefold(),
        form=name,
        numbers="\n".join(f'{key} = "{value}"' for key, value in numbers_of(name).items()),
        into=into,
        weight="20 mV" if in_volt else "1",
        w_max="40 mV" if in_volt else "2",
    )


def task_of(names: tuple[str, ...], folder: Path) -> Task:
    steps = [step for name in names if (step := neuron_of(name).time_step) is not None]
    dt = f"{float(steps[0] / ms)} ms" if steps else "0.1 ms"
    path = folder / "kinds.toml"
    path.write_text(TASK.format(dt=dt) + "".join(map(cells_of, names)), encoding="utf-8")
    return df.task(path)


@pytest.mark.parametrize("name", SPIKING)
def test_a_task_has_action_cells_of_every_kind_with_spikes(name: str, tmp_path: Path) -> None:
    network = build_task(task_of((name,), tmp_path))
    assert network.population(name.casefold()).n == 2
    for target in ("runtime", "cpp_standalone", "genn"):
        reasons = [found for found in df.check(network, target=target) if found.where != MACHINE]
        assert not reasons, target


@pytest.mark.parametrize("name", SILENT)
def test_a_kind_without_spikes_is_refused_as_action_cells(name: str, tmp_path: Path) -> None:
    reason = f"readout 'velocity_{name}' reads the spikes of '{name}', but {name} neurons have none"
    with pytest.raises(CatalogueError, match=reason):
        build_task(task_of((name,), tmp_path))


def test_which_kinds_have_no_spikes() -> None:
    """Rates, gates and an astrocyte; all others act in tasks."""
    assert set(SILENT) == {
        *("rate_logistic", "rate_tanh", "rate_rectified", "rate_step", "compartmental_rate"),
        *("mcculloch_pitts", "perceptron_logistic", "perceptron_tanh", "perceptron_rectified"),
        "leaky_integrate_modulate",
    }


@pytest.mark.slow
@pytest.mark.cpp
def test_agents_of_all_kinds_are_trained(tmp_path: Path) -> None:
    """Weights onto each kind that resets change, which takes spikes of it."""
    names = tuple(name for name in SPIKING if name not in OF_ONE_STEP)
    task = task_of(names, tmp_path)
    agents = df.train(task, target="cpp_standalone", seed=1, progress=False)
    assert len(agents.trials) == 1
    for name in (name for name in names if name not in SLOW_TO_FIRE):
        learned = f"onto_{name.casefold()}"
        (projection,) = (p for p in agents.network.projections if p.name == learned)
        assert (agents.weights[learned].weight != float(projection.weight)).any(), name
