"""Errors, descriptions and results cross processes: they are pickled and copied deeply."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nA
from small_task import small

import dualframe as df
from dualframe.core import errors
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.registry import _REGISTRIES


def through_pickle(item: Any) -> Any:
    return pickle.loads(pickle.dumps(item))  # noqa: S301 - our own


ROUNDS = pytest.mark.parametrize("again", [through_pickle, copy.deepcopy])


def error_classes(base: type[DualframeError] = DualframeError) -> list[type[DualframeError]]:
    below = [kind for child in base.__subclasses__() for kind in error_classes(child)]
    return [base, *(kind for kind in below if kind.__module__.startswith("dualframe."))]


def test_there_are_errors_to_guard() -> None:
    assert set(error_classes()) >= {errors.UnknownName, errors.OutputError, errors.NetworkError}


@ROUNDS
@pytest.mark.parametrize("kind", error_classes())
def test_errors_cross_processes(kind: type[DualframeError], again: Callable[[Any], Any]) -> None:
    words = ("cell", "ab", ("abc", "x")) if kind is UnknownName else ("n is -1: expected more",)
    error = kind(*words)
    error.add_note("while building")
    found = again(error)
    assert type(found) is kind
    assert (str(found), found.args, vars(found)) == (str(error), error.args, vars(error))
    assert found.__notes__ == ["while building"]


class OwnError(DualframeError):
    """A user's, whose constructor asks for other things than the message."""

    def __init__(self, n: int, *, limit: int) -> None:
        self.n = n
        super().__init__(f"{n} is above {limit}")


@ROUNDS
def test_errors_of_users_cross_processes(again: Callable[[Any], Any]) -> None:
    found = again(OwnError(3, limit=2))
    assert (type(found), str(found), found.n) == (OwnError, "3 is above 2", 3)


# --- descriptions ---------------------------------------------------------------------------------


def shipped_kinds() -> dict[str, Any]:
    return {f"{r.noun} {name}": r._kinds[name] for r in _REGISTRIES for name in r._shipped}


def catalogue_entries() -> dict[str, Any]:
    tables = {
        df.cell: df.cells()["name"],
        df.receptor: df.receptors()["name"],
        df.environment: df.environments()["name"],
        df.circuit: df.circuits()["name"],
        df.task: df.tasks()["name"],
    }
    return {f"{read.__name__} {n}": read(n) for read, names in tables.items() for n in names}


def rules() -> dict[str, Any]:
    registry = next(r for r in _REGISTRIES if r.noun == "plasticity rule")
    return {f"set of {name}": df.plasticity_rule(name, w_max=1) for name in registry}


@ROUNDS
def test_kinds_and_catalogue_entries(again: Callable[[Any], Any]) -> None:
    found = [shipped_kinds(), catalogue_entries(), rules()]
    assert [len(part) > 10 for part in found] == [True] * 3
    for part in found:
        for label, item in part.items():
            assert type(again(item)) is type(item), label
            assert again(item) == item, label


def test_a_shipped_kind_stays_the_one_of_the_registry() -> None:
    kinds = shipped_kinds()
    assert all(copy.deepcopy(kind) is kind for kind in kinds.values())


def every_part() -> df.Network:
    """A network with each sort of input, distribution and connection."""
    cells = df.Population(
        "cells",
        6,
        "dV/dt = (E - V + I*(1*Mohm))/(10*ms) : volt\nI : amp",
        threshold="V > -50*mV",
        reset="V = E",
        parameters={"E": np.linspace(-71, -69, 6) * mV},
        initial={"V": -60 * mV},
    )
    inputs = (
        df.SpikeInput("times", 2, [0, 1], [1, 2] * ms),
        df.PoissonInput("noise", 3, 20 * Hz),
        df.CurrentInput("cells", 0.5 * nA, variable="I"),
    )
    projections = (
        df.Projection("times", "cells", "V += w", weight=df.Normal(2 * mV, 0.1 * mV), in_degree=1),
        df.Projection(
            "noise",
            "cells",
            "V += w*mV",
            weight=1.0,
            probability=0.5,
            plasticity=df.plasticity_rule("pair_stdp", w_max=2.0),
        ),
        df.Projection("cells", "cells", "V += w", weight=1 * mV, pairs=([0, 1], [2, 3])),
    )
    return df.Network((cells,), inputs, projections, meta={"made": {"by": ["hand"]}})


@ROUNDS
def test_networks_and_what_they_are_made_of(again: Callable[[Any], Any]) -> None:
    network = every_part()
    circuit = df.circuit("l23").scaled(0.02)
    built = df.task_driven.build(circuit)
    parts = (*network.populations, *network.inputs, *network.projections)
    for item in (network, *parts, circuit, circuit.resolved, built, df.Recording("V", [0, 1])):
        assert again(item) == item
    assert again(network).digest == network.digest
    assert not again(network).populations[0].parameters["E"].flags.writeable


@ROUNDS
def test_results(again: Callable[[Any], Any]) -> None:
    record = {"cells": df.Recording("V"), "noise_to_cells": ["w"]}
    results = df.run(every_part(), 20 * ms, target="runtime", seed=1, record=record)
    assert len(results.traces) == len(results.weights) == 1
    assert again(results) == results
    assert not again(results).traces["cells"].values["V"].flags.writeable


@ROUNDS
def test_agents(again: Callable[[Any], Any], tmp_path: Path) -> None:
    agents = df.train(small(tmp_path), agents=1, duration=20 * ms, seed=1, target="runtime")
    found = again(agents)
    assert (found.task, found.network, found.n) == (agents.task, agents.network, agents.n)
    assert found.weights["learned"].equals(agents.weights["learned"])


# --- other processes ------------------------------------------------------------------------------


def look_up(name: str) -> Any:
    return df.cell(name)


def simulate(network: df.Network) -> df.Results:
    return df.run(network, 20 * ms, target="runtime", seed=1, progress=False)


def test_a_pool_of_new_processes(tiny: df.Network) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        with pytest.raises(UnknownName, match="Did you mean 'ctx_pv'") as caught:
            pool.apply_async(look_up, ("ctx_pvb",)).get(timeout=120)
        assert caught.value.name == "ctx_pvb"
        assert pool.apply_async(look_up, ("ctx_pv",)).get(timeout=120) == df.cell("ctx_pv")
        found = pool.apply_async(simulate, (tiny,)).get(timeout=120)
    assert found.spikes.equals(simulate(tiny).spikes)
