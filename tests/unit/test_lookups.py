"""Names are resolved once: how often a build looks something up in the catalogue."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

import dualframe as df
from dualframe.catalogue import lookup

BRANCHES = {
    "biological": df.biological.build,
    "glif": df.task_driven.build,
}


@pytest.fixture
def lookups(monkeypatch):
    """Count look-ups by kind and name; reading a modulator the first time looks up receptors."""
    modulated("l23").check()
    counted: Counter = Counter()
    look_up = lookup._read_entry

    def count(kind, name, *rest):
        counted[kind, name] += 1
        return look_up(kind, name, *rest)

    monkeypatch.setattr(lookup, "_read_entry", count)
    return counted


def modulated(name):
    circuit = df.circuit(name).with_modulation("ACh", level=0.5)
    circuit = circuit.with_modulation("5-HT", released_by="vip", per_spike="1 nM")
    return circuit.with_drug("antagonist", receptor="M1", cells="ctx_l23_pyr")


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_build_looks_each_thing_up_once(lookups: Counter, branch: str) -> None:
    circuit = modulated("l23").scaled(0.02)
    lookups.clear()
    BRANCHES[branch](replace(circuit))  # not resolved yet
    things = {name for _, name in lookups}
    assert {"ctx_l23_pyr", "ctx_pv", "AMPA", "GABA_A", "ACh", "5HT", "M1"} <= things
    assert set(lookups.values()) == {1}


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_circuit_that_is_resolved_looks_nothing_up(lookups: Counter, branch: str) -> None:
    circuit = modulated("l23").scaled(0.02).check()
    lookups.clear()
    BRANCHES[branch](circuit)
    assert not lookups
