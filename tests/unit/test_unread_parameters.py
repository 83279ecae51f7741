"""Parameters that nothing reads are said to be; those that anything reads are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import ms, mV

import dualframe as df
from dualframe.core.shipped_files import shipped_names
from dualframe.simulation.unread_parameters import warn_of_unread_parameters
from dualframe.targets.lowering.lower_network import lower_network

CELL = {"equations": "dV/dt = (EL - V)/tau : volt", "threshold": "V > Vt", "reset": "V = Vr"}
READ = {"EL": -60 * mV, "tau": 10 * ms, "Vt": -50 * mV, "Vr": -60 * mV}


def said(network: df.Network, *, merged: bool = True) -> list[str]:
    """What is said of a network as `df.run` lowers it, or as it does with ``strict=True``."""
    lowered = lower_network(network, dt=0.1 * ms, duration=1 * ms, seed=1, merged=merged)
    return list(warn_of_unread_parameters(network, lowered))


def cells(**parameters: Any) -> df.Population:
    return df.Population("cells", 3, **CELL, parameters={**READ, **parameters})


def test_what_equations_conditions_and_statements_read_is_read() -> None:
    assert said(df.Network([cells()])) == []


@pytest.mark.parametrize("value", [3 * ms, np.arange(3) * ms])
def test_a_leftover_of_a_population_is_named(value: Any) -> None:
    (text,) = said(df.Network([cells(tau_old=value)]))
    assert "population 'cells' has a parameter that nothing reads: 'tau_old'" in text


def test_synapses_read_parameters_of_both_of_their_neurons_and_their_own() -> None:
    drive = df.Projection(
        "cells",
        "cells",
        "V_post += gain*boost_pre*w",
        weight=1 * mV,
        pairs=([0], [1]),
        parameters={"gain": 2, "foo": 3 * ms, "bar": 1},
    )
    (text,) = said(df.Network([cells(boost=1)], (), [drive]))
    assert "projection 'cells_to_cells' has parameters that nothing reads: 'foo', 'bar'" in text


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("branch", [df.biological, df.task_driven])
@pytest.mark.parametrize("name", ["l23", "l23_human", "ca1", "striatum"])
def test_networks_of_the_catalogue_have_none(name: str, branch: Any, *, merged: bool) -> None:
    network = branch.build(df.circuit(name).scaled(0.02))
    assert said(network, merged=merged) == []


def test_a_leftover_is_named_beside_channels_that_are_merged() -> None:
    network = df.biological.build(df.circuit("l23_human").scaled(0.02))
    first, *others = network.populations
    changed = replace(first, parameters={**first.parameters, "tau_old": 3 * ms})
    (text,) = said(replace(network, populations=(changed, *others)))
    assert f"population {first.name!r} has a parameter that nothing reads: 'tau_old'" in text


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("name", shipped_names("tasks"))
def test_agents_have_none(name: str, *, merged: bool) -> None:
    assert said(df.task_driven.build(df.task(name), agents=1), merged=merged) == []
