"""Kinds of a user's own, each one file: a receptor effect and a connection rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import ms, nS, pA
from toy_connection_rule import NEIGHBOURS
from toy_effect import STEADY_CURRENT

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.network import Network
from dualframe.network.connection_rules import CONNECTION_RULES
from dualframe.network.draw_connections import draw_pairs
from dualframe.receptor_effects import EFFECT_KINDS

RECEPTOR = "nACh_a7"
BRANCHES = ("biological", "glif")


@pytest.fixture(autouse=True)
def own_kinds() -> Iterator[None]:
    """Register both kinds, and leave the registries as they were."""
    before = [(registry, dict(registry._kinds)) for registry in (EFFECT_KINDS, CONNECTION_RULES)]
    df.register(STEADY_CURRENT)
    df.register(NEIGHBOURS)
    yield
    for registry, kinds in before:
        registry._kinds = kinds


def build(circuit: Circuit, branch: str) -> Network:
    """Build with any weights."""
    weights = {contact.name: 1 * nS for contact in circuit.contacts}
    key = branch if branch == "biological" else f"{branch}_conductance_fitted"
    calibration = Calibration(circuit.name, key, weights)
    if branch == "biological":
        return df.biological.build(circuit, calibration=calibration)
    return df.task_driven.build(circuit, model=branch, calibration=calibration)


# ---------------------------------------------------------------- a receptor effect


def alone() -> Circuit:
    """A layer 2/3 pyramidal cell."""
    return Circuit("alone", (CircuitPopulation("pyr", "ctx_l23_pyr", 1),))


def run(network: Network) -> Any:
    voltage = network.population("pyr").voltage
    record = {"pyr": [voltage]}
    results = df.run(network, 20 * ms, target="runtime", seed=1, record=record, progress=False)
    return results.traces["pyr"].values[voltage][0]


@pytest.mark.parametrize("branch", BRANCHES)
def test_an_effect_of_a_users_own_kind_acts(branch: str) -> None:
    circuit = alone().with_effect(RECEPTOR, "ctx_l23_pyr", "steady_current", current="20 pA")
    opened = circuit.with_drug("agonist", RECEPTOR)
    plain, network = build(alone(), branch), build(opened, branch)
    added = set(network.population("pyr").parameters) - set(plain.population("pyr").parameters)
    [current] = [name for name in added if name.startswith("current_")]
    assert float(network.population("pyr").parameters[current] / pA) == pytest.approx(20)
    said = "\n".join(network.meta["assumptions"])
    assert f"{RECEPTOR} on ctx_l23_pyr, steady_current: current 20 pA is set by the user" in said
    assert run(network)[-1] > run(plain)[-1] + 1e-4
    assert build(circuit, branch).populations == plain.populations  # nothing opens it
    knocked_out = opened.with_drug("knockout", RECEPTOR)
    assert build(knocked_out, branch).populations == plain.populations


def test_a_receptor_file_names_a_users_own_kind(tmp_path: Path) -> None:
    shipped = Path(catalogue.lookup.HERE) / "receptors" / f"{RECEPTOR}.toml"
    effect = """
[[effects]]
cells = ["ctx_vip"]
target = "a steady current"
description = "of a test"
direction = "excite"
kind = "steady_current"
source = "dualframe"
status = "assumed"
"""
    expressed = """
[[expressed_by]]
cells = ["ctx_vip"]
source = "dualframe"
status = "assumed"
"""
    text = shipped.read_text(encoding="utf-8") + effect
    path = tmp_path / "own.toml"
    path.write_text(f'{text}current = "20 pA"\n{expressed}', encoding="utf-8")
    receptor = catalogue.receptor(path)
    assert receptor.effects[-1].compiled
    assert receptor.effects[-1].numbers.value("current") == 20 * pA
    assert STEADY_CURRENT.equation in catalogue.describe(receptor)
    path.write_text(f'{text}current = "20 mV"\n{expressed}', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"own.toml.*current"):
        catalogue.receptor(path)
    path.write_text(f"{text}{expressed}", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"'current': missing"):
        catalogue.receptor(path)


def test_a_kind_that_nobody_registered() -> None:
    with pytest.raises(UnknownName, match=r"kind of effect 'steady_curent'.*'steady_current'"):
        alone().with_effect(RECEPTOR, "ctx_l23_pyr", "steady_curent", current="20 pA")
    with pytest.raises(UnknownName, match="number of a steady_current effect 'size'"):
        alone().with_effect(RECEPTOR, "ctx_l23_pyr", "steady_current", size=1)


# ---------------------------------------------------------------- a connection rule

RING = """
name = "ring"
title = "interneurons on a ring"
source = "dualframe"
status = "assumed"

[[populations]]
name = "pv"
cell = "ctx_pv"
n = 24

[[projections]]
pre = "pv"
post = "pv"
synapse = "GABA_A"
compartment = "soma"
connect = { rule = "neighbours", reach = "3", probability = "0.5" }
delay = "1 ms"
psp = "0.5 mV"
"""


def ring(folder: Path, **changes: str) -> Circuit:
    text = RING
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "ring.toml"
    path.write_text(text, encoding="utf-8")
    return df.circuit(path)


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_circuit_file_names_a_users_own_rule(tmp_path: Path, branch: str) -> None:
    circuit = ring(tmp_path)
    [projection] = circuit.projections
    assert dict(projection.connect) == {"rule": "neighbours", "reach": 3, "probability": 0.5}
    assert "neighbours within 3 on a ring" in circuit.describe()
    assert "connect.reach" in set(circuit.numbers()["number"])
    network = build(circuit, branch)
    cells = network.population("pv")
    i, j = draw_pairs(network.projections[0], cells, cells, np.random.default_rng(1))
    steps = np.abs(i - j)
    assert set(np.minimum(steps, 24 - steps)) == {1, 2, 3}
    assert 24 * 6 * 0.25 < len(i) < 24 * 6 * 0.75
    assert Network.from_dict(network.to_dict()) == network
    lowered = df.run(network, 1 * ms, target="runtime", seed=1, progress=False)
    assert lowered.spikes is not None


def test_a_rule_says_what_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"'neighbors'.*Did you mean 'neighbours'"):
        ring(tmp_path, neighbours="neighbors")
    with pytest.raises(CatalogueError, match=r"ring.toml.*'reach': 0.5 is not a whole number"):
        ring(tmp_path, **{'"3"': '"0.5"'})
    with pytest.raises(CatalogueError, match=r"ring.toml.*'reach': missing"):
        ring(tmp_path, **{'reach = "3", ': ""})
    with pytest.raises(CatalogueError, match=r"'width': unknown key"):
        ring(tmp_path, reach="width")


def test_a_rule_of_a_circuit_is_kept_at_another_scale(tmp_path: Path) -> None:
    small = ring(tmp_path).scaled(0.5)
    assert small.projections[0].connect == ring(tmp_path).projections[0].connect
    assert small.projections[0].weight_factor == 1


def test_a_projection_by_hand_names_any_rule() -> None:
    def projection(**rule: Any) -> df.Projection:
        return df.Projection("a", "b", "v += 1", **rule)

    named = projection(connect={"rule": "in_degree", "in_degree": 3})
    assert named == projection(in_degree=3)
    assert projection(connect={"rule": "all_to_all"}) == projection(pairs="all_to_all")
    own = projection(connect={"rule": "neighbours", "reach": 1, "probability": 1})
    assert own.connection.rule is NEIGHBOURS
    for rule, error in (
        ({"rule": "neighbours", "reach": 1}, "needs reach, probability: probability is missing"),
        ({"rule": "neighbours", "reach": 1, "probability": 2}, "probability of .* is 2"),
        ({"rule": "neighbours", "far": 1}, "parameter of connection rule 'neighbours' 'far'"),
        ({"reach": 1}, "expected the name of a rule"),
        ({"rule": "neighbour"}, "connection rule 'neighbour'. Did you mean 'neighbours'"),
    ):
        with pytest.raises((NetworkError, UnknownName), match=error):
            projection(connect=rule)
    with pytest.raises(NetworkError, match="gives in_degree and connect: expected exactly one"):
        projection(in_degree=3, connect={"rule": "all_to_all"})
