"""What the list of systems names, looked up; and networks of all neurons and rules that it names.

An example that is gone is an `AssertionError` that says what is missing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units import ms

import dualframe as df
from dualframe import catalogue
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.catalogue.system_list import Example
from dualframe.core.shipped_files import shipped_names
from dualframe.network import Plasticity
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.plasticity import PLASTICITY_RULES

ROOT = Path(__file__).parents[2]
#: It trains every shipped task, and runs every shipped circuit.
RUNS_SHIPPED = "tests/unit/test_second_calls.py::test_the_second_call_generates_no_code"
RUNS_SCRIPTS = "tests/examples/test_scripts.py::test_a_script_runs_and_writes_its_figures"


# --- looking up ---------------------------------------------------------------------------------


def check_example(example: Example) -> None:
    """Fail where what a row names is gone."""
    LOOK_UPS[example.kind](example.name)


def _check_neuron(name: str) -> None:
    assert name in NEURON_MODELS, f"no neuron model {name!r} is registered"


def _check_rule(name: str) -> None:
    assert name in PLASTICITY_RULES, f"no plasticity rule {name!r} is registered"


def _check_shipped(folder: str) -> Callable[[str], None]:
    def check(name: str) -> None:
        assert name in shipped_names(folder), f"no file {folder}/{name}.toml"
        _check_test(RUNS_SHIPPED)

    return check


def _check_call(name: str) -> None:
    assert name in df.__all__, f"df.{name} is no name of the API"


def _check_script(name: str) -> None:
    assert (ROOT / name).is_file(), f"no file {name}"
    assert re.fullmatch(r"(circuits|tasks)/figures/plot_\w+\.py", name), f"{name} is run by no test"
    _check_test(RUNS_SCRIPTS)


def _check_page(name: str) -> None:
    path, _, heading = name.partition("#")
    assert (ROOT / path).is_file(), f"no page {path}"
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}$", text, re.MULTILINE)
    assert not heading or found, f"{path} has no heading {heading!r}"


def _check_test(node: str) -> None:
    path, *names = node.split("::")
    assert (ROOT / path).is_file(), f"no file {path}"
    assert names, f"{node} names no test"
    assert re.fullmatch(r"tests/(\w+/)*test_\w+\.py", path), f"{path} is not collected"
    assert names[-1].startswith("test_"), f"{names[-1]} is no test"
    body: list[ast.stmt] = syntax_of(path).body
    for name in names:
        found = [x for x in body if isinstance(x, DEFINITIONS) and x.name == name]
        assert found, f"{path} has no {name}"
        body = found[-1].body


DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
LOOK_UPS: Mapping[str, Callable[[str], None]] = {
    "neuron": _check_neuron,
    "rule": _check_rule,
    "task": _check_shipped("tasks"),
    "circuit": _check_shipped("circuits"),
    "call": _check_call,
    "script": _check_script,
    "page": _check_page,
    "test": _check_test,
}


@lru_cache(maxsize=64)
def syntax_of(path: str) -> ast.Module:
    """Return the syntax of a file of tests."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


# --- running ------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def parameters_of_circuits() -> dict[str, Mapping[str, Any]]:
    """Return numbers of each neuron model that cells, circuits or tasks have a set of."""
    sets: dict[str, Mapping[str, Any]] = {}
    for cell in map(catalogue.cell, catalogue.names("cell type")):
        for stored in cell.point_neurons:
            sets.setdefault(stored.model, stored.numbers.plain())
    circuits = [df.circuit(name) for name in shipped_names("circuits")]
    circuits += [df.task(name).circuit for name in shipped_names("tasks")]
    for circuit in circuits:
        for population in circuit.populations:
            if population.point is not None:
                sets.setdefault(population.point.form, population.point.parameters)
    return sets


def neuron_of(name: str) -> PointNeuron:
    """Return a neuron of the first published set of its model, or with the numbers of a cell."""
    entry = neuron_entry(name)
    if entry.sets:
        return df.neuron(name, entry.sets[0].label)
    for stored in (name, *entry.model.stored_as):
        if stored in parameters_of_circuits():
            numbers = parameters_of_circuits()[stored]
            wanted = entry.model.parameters.dimensions
            return entry.model.make_neuron({k: v for k, v in numbers.items() if k in wanted})
    raise AssertionError(f"no set, cell, circuit or task has numbers of the neuron model {name!r}")


def network_of_neurons(names: Iterable[str]) -> df.Network:
    """Return a network with two neurons of each model, in populations of their names."""
    return df.Network(tuple(neuron_of(name).make_population(name, 2) for name in names))


def plasticity_of(name: str) -> Plasticity:
    """Return a rule with the catalogue's numbers, whose signals are constant."""
    rule = PLASTICITY_RULES[name]
    signals = dict.fromkeys((*rule.postsynaptic_signals, *rule.presynaptic_signals), "1.5")
    return df.plasticity_rule(name, w_max=1, scale=1, signals=signals)


def network_of_rules(names: Iterable[str]) -> df.Network:
    """Return a pair of neurons that fire in turns, with a projection for each rule."""
    names = tuple(names)
    told = [
        df.SpikeInput(f"to_{side}", 1, [0, 0, 0], np.array(times) * ms)
        for side, times in (("pre", (2, 8, 14)), ("post", (4, 9, 17)))
    ]
    cells = [
        df.Population(side, 1, "v : 1\nunused : 1", threshold="v > 0.5", reset="v = 0")
        for side in ("pre", "post")
    ]
    drives = [
        df.Projection(f"to_{side}", side, "v += 1", pairs="one_to_one") for side in ("pre", "post")
    ]
    learning = [
        df.Projection(
            "pre",
            "post",
            "unused += 0*w",
            name=name,
            weight=0.5,
            pairs="one_to_one",
            plasticity=plasticity_of(name),
        )
        for name in names
    ]
    return df.Network(tuple(cells), tuple(told), (*drives, *learning))
