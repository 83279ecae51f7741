"""Published parameter sets of point-neuron models: the table, `df.neuron`, and circuits."""

from __future__ import annotations

from pathlib import Path

import pytest
from brian2 import mV, nS, pA

import dualframe as df
from dualframe.catalogue.neuron_sets import neuron_entry, read_published_sets, receptor_places
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.neurons.registry import NEURON_MODELS, neuron_model

CIRCUIT = """
name = "alone"
source = "dualframe"
status = "assumed"

[[models]]
name = "published"
form = "adex"
set = "tonic spiking"
V_r = "-60 mV"

[[populations]]
name = "pyr"
cell = "ca1_pyr"
n = 3
point = "published"
"""


def test_the_table_has_every_model() -> None:
    table = df.neurons().set_index("name")
    assert list(table.index) == list(NEURON_MODELS)
    assert table.loc["adex", "fitted"]
    assert "tonic spiking" in table.loc["adex", "sets"]
    assert "threshold V_T" in table.loc["adex", "receptors_change"]
    assert table.loc["izhikevich2007", "cells"] > 20


@pytest.mark.parametrize("name", NEURON_MODELS)
def test_every_published_set_makes_a_neuron(name: str) -> None:
    entry = neuron_entry(name)
    for published in entry.sets:
        neuron = df.neuron(name, published.label)
        assert neuron.make_population("cells", 2).n == 2
        assert published.origin.source
    places = receptor_places(entry.model)
    names = set(neuron_model(name).parameters.dimensions)
    assert {changed for parameters in places.values() for changed in parameters} <= names


def test_own_numbers_replace_those_of_a_set() -> None:
    neuron = df.neuron("adex", "tonic spiking", V_r="-60 mV")
    assert neuron.parameters["V_r"] == -60 * mV
    assert neuron.parameters["g_L"] == 10 * nS
    with pytest.raises(UnknownName, match=r"set of neuron model 'adex' 'tonic'.*tonic spiking"):
        df.neuron("adex", "tonic")


def test_a_circuit_takes_a_published_set(tmp_path: Path) -> None:
    path = tmp_path / "alone.toml"
    path.write_text(CIRCUIT, encoding="utf-8")
    point = df.circuit(path).populations[0].point
    assert point.parameters["V_r"] == -60 * mV
    assert point.parameters["b"] == 0 * pA
    assert point.sources["C"].source[0] == "naud2008"
    path.write_text(CIRCUIT.replace("tonic spiking", "tonic"), encoding="utf-8")
    with pytest.raises(UnknownName, match="tonic spiking"):
        df.circuit(path)


def test_a_file_of_sets_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    row = '[[sets]]\nmodel = "adex"\nlabel = "x"\nsource = "brette2005"\nstatus = "assumed"\n'
    path.write_text(row, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"own.toml.*'C': missing"):
        read_published_sets(path)
    path.write_text(row + 'g_l = "1 nS"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match="'g_l': unknown key"):
        read_published_sets(path)


def test_a_set_may_stand_in_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    numbers = df.neuron(
        "LIF",
        C="100 pF",
        tau_m="10 ms",
        E_L="-70 mV",
        V_th="-50 mV",
        V_reset="-60 mV",
        t_ref="2 ms",
    ).parameters
    path.write_text(
        'source = "dualframe"\nstatus = "assumed"\n[[sets]]\nmodel = "LIF"\nlabel = "mine"\n'
        'C = "100 pF"\ntau_m = "10 ms"\nE_L = "-70 mV"\nV_th = "-50 mV"\nV_reset = "-60 mV"\n'
        't_ref = "2 ms"\n',
        encoding="utf-8",
    )
    assert df.neuron("LIF", "mine", file=path).parameters == numbers
    assert df.neuron("LIF", "mine", file=path, V_th="-45 mV").parameters["V_th"] == -45 * mV
    with pytest.raises(UnknownName, match=r"set of neuron model 'LIF' 'main'.*'mine'"):
        df.neuron("LIF", "main", file=path)
    with pytest.raises(CatalogueError, match="has the sets 'mine' of 'LIF': name one"):
        df.neuron("LIF", file=path)


@pytest.mark.parametrize(
    ("model", "label", "changed", "message"),
    [
        ("LIF", "Dayan and Abbott, fig. 5.5", {"tau_m": "-5 ms"}, "tau_m is .*more than zero"),
        ("LIF", "Dayan and Abbott, fig. 5.5", {"tau_m": "0 ms"}, "tau_m is .*more than zero"),
        ("LIF", "Dayan and Abbott, fig. 5.5", {"C": "-100 pF"}, "C is .*more than zero"),
        ("LIF", "Dayan and Abbott, fig. 5.5", {"t_ref": "-1 ms"}, "t_ref is .*zero or more"),
        ("LIF", "Dayan and Abbott, fig. 5.5", {"V_th": "-90 mV"}, "V_th is .*the reset V_reset"),
        ("adex", "tonic spiking", {"tau_w": "0 ms"}, "tau_w is .*more than zero"),
        ("rate_tanh", "", {"tau": "-5 ms"}, "tau is .*more than zero"),
    ],
)
def test_numbers_that_no_neuron_has_are_refused(
    model: str, label: str, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(CatalogueError, match=f"{model}: {message}"):
        df.neuron(model, label, **changed)


def test_a_threshold_of_ones_own_is_refused_by_name() -> None:
    with pytest.raises(NetworkError, match="population 'c': threshold is that of the neuron model"):
        df.neuron("rate_tanh", tau="5 ms").make_population("c", 3, threshold="x > 0.5")
