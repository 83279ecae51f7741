"""SONATA files, opened by libsonata: nodes, edges with their weights and delays, spikes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, ms, mV, nS, pA, pF, second
from hypothesis import given, settings
from hypothesis import strategies as st

import dualframe as df
from dualframe.core.errors import DualframeError, OutputError, UnknownName
from dualframe.formats.optional_packages import import_optional
from dualframe.formats.sonata_export import write_spike_file
from dualframe.targets.lowering.lower_network import lower_network

libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed (extra 'test')")

LEAKY = {"E_L": -65 * mV, "V_th": -50 * mV, "tau_m": 10 * ms, "C": 250 * pF, "tau_s": 0.5 * ms}
CURRENTS = """dV/dt = (E_L - V)/tau_m + (g_e - g_i + I)/C : volt (unless refractory)
              dg_e/dt = -g_e/tau_s : amp
              dg_i/dt = -g_i/tau_s : amp
              I : amp"""
CONDUCTANCES = """dV/dt = (E_L - V)/tau_m + (g_e*(E_e - V) + g_i*(E_i - V) + I)/C : volt
                  dg_e/dt = -g_e/tau_s : siemens
                  dg_i/dt = -g_i/tau_s : siemens
                  I : amp"""


def cells(name: str, n: int, equations: str = CURRENTS, **changes: Any) -> df.Population:
    return df.Population(
        name,
        n,
        equations,
        threshold="V > V_th",
        reset="V = E_L",
        refractory=2 * ms,
        parameters={**LEAKY, **changes},
        initial={"V": -65 * mV},
    )


def network(**changes: Any) -> df.Network:
    drive = df.PoissonInput("drive", 40, 1000 * Hz)
    step = df.CurrentInput("e", 50 * pA, variable="I")
    weights, delays = df.Normal(150 * pA, 15 * pA), df.Uniform(1 * ms, 2 * ms)
    into = df.Projection(
        "drive", "e", "g_e += w", weight=120 * pA, pairs="one_to_one", delay=1 * ms
    )
    forth = df.Projection("e", "i", "g_e += w", weight=weights, delay=delays, probability=0.3)
    back = df.Projection("i", "e", "g_i += w", weight=350 * pA, delay=0.8 * ms, probability=0.5)
    parts = {"populations": (cells("e", 40), cells("i", 10)), "inputs": (drive, step)}
    return df.Network(**{**parts, "projections": (into, forth, back), **changes}, name="two")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sonata") / "out"
    losses = df.formats.write_sonata(network(), out, duration=200 * ms, seed=3)
    assert all("first step" in loss for loss in losses)
    return out


def test_libsonata_finds_everything(folder: Path) -> None:
    circuit = libsonata.CircuitConfig.from_file(str(folder / "circuit_config.json"))
    assert circuit.node_populations == {"e", "i", "drive"}
    assert circuit.edge_populations == {"drive_to_e", "e_to_i", "i_to_e"}
    assert circuit.node_population("e").size == 40


def test_synapses_are_those_of_a_run(folder: Path) -> None:
    lowered = lower_network(network(), dt=0.1 * ms, duration=200 * ms, seed=3)
    circuit = libsonata.CircuitConfig.from_file(str(folder / "circuit_config.json"))
    for name, sign in (("e_to_i", 1), ("i_to_e", -1)):
        parts = [s for s in lowered.synapses if s.projection == name]
        edges = circuit.edge_population(name)
        everything = libsonata.Selection([(0, edges.size)])
        assert np.array_equal(edges.source_nodes(everything), np.concatenate([s.i for s in parts]))
        assert np.array_equal(edges.target_nodes(everything), np.concatenate([s.j for s in parts]))
        weights = [np.broadcast_to(s.constants["w"].value, len(s.i)) for s in parts]
        delays = [np.broadcast_to(s.delay, len(s.i)) for s in parts]
        stored = edges.get_attribute("syn_weight", everything)
        assert np.allclose(stored, sign * 1e12 * np.concatenate(weights))  # pA
        stored = edges.get_attribute("delay", everything)
        assert np.allclose(stored, 1e3 * np.concatenate(delays))  # ms
    assert len(np.unique(stored)) == 1


def test_types_are_models_of_nest(folder: Path) -> None:
    table = pd.read_csv(folder / "nodes" / "e_node_types.csv", sep=" ")
    assert table["model_template"].tolist() == ["nest:iaf_psc_exp"]
    values = json.loads((folder / "components" / "e.json").read_text())
    expected = {"C_m": 250, "tau_m": 10, "E_L": -65, "V_th": -50, "V_reset": -65, "t_ref": 2}
    expected |= {"tau_syn_ex": 0.5, "tau_syn_in": 0.5, "I_e": 50, "V_m": -65}
    assert values == pytest.approx(expected)


def test_conductances(tmp_path: Path) -> None:
    ends = [cells(name, 5, CONDUCTANCES, E_e=0 * mV, E_i=-80 * mV) for name in ("e", "i")]
    onto = df.Projection("i", "e", "g_i += w", weight=3 * nS, pairs="all_to_all", delay=1 * ms)
    assert df.formats.write_sonata(df.Network(ends, (), [onto]), tmp_path / "out", seed=1) == ()
    values = json.loads((tmp_path / "out" / "components" / "e.json").read_text())
    assert (values["g_L"], values["E_ex"], values["E_in"]) == pytest.approx((25, 0, -80))
    with h5py.File(tmp_path / "out" / "edges" / "i_to_e_edges.h5") as file:
        assert set(file["edges/i_to_e/0/syn_weight"][()]) == {-3.0}  # nS, inhibitory in NEST


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    step = df.CurrentInput("e", 50 * pA, start=10 * ms, variable="I", name="step")
    quadratic = replace(
        cells("i", 10), equations=CURRENTS.replace("(E_L - V)/", "(E_L - V)*(V/E_L)/")
    )
    rule = df.plasticity_rule("pair_stdp", w_max=400 * pA)
    learning = df.Projection(
        "e", "i", "g_e += w", weight=9 * pA, pairs="all_to_all", plasticity=rule
    )
    changed = network(
        populations=(cells("e", 40), quadratic), inputs=(step,), projections=(learning,)
    )
    losses = "\n".join(df.formats.write_sonata(changed, tmp_path / "out", seed=1))
    for part in ("e_to_i learns", "not linear", "has a beginning", "shorter than a time step"):
        assert part in losses
    assert (tmp_path / "out" / "losses.txt").read_text() == losses + "\n"
    table = pd.read_csv(tmp_path / "out" / "nodes" / "i_node_types.csv", sep=" ")
    assert table["model_template"].tolist() == ["dualframe:i"]


# --- spikes -------------------------------------------------------------------------------------

TRAINS = st.lists(
    st.tuples(st.integers(0, 9), st.floats(0, 100, allow_nan=False)), min_size=1, max_size=20
)


@given(spikes=TRAINS)
@settings(max_examples=30, deadline=None)
def test_spikes_return_from_libsonata(
    spikes: list[tuple[int, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("spikes") / "spikes.h5"
    neuron, t = np.array([i for i, _ in spikes]), np.array([x for _, x in spikes])
    write_spike_file(path, {"cells": (neuron, t)})
    back = df.formats.read_sonata_spikes(path, n=10)
    order = np.lexsort((neuron, t))
    theirs = libsonata.SpikeReader(str(path))["cells"].get_dict()
    assert np.array_equal(theirs["node_ids"], neuron[order])
    assert np.allclose(theirs["timestamps"], 1e3 * t[order], rtol=1e-15)
    assert back.name == "cells"
    assert np.array_equal(back.indices, neuron[order])
    assert np.array_equal(np.asarray(back.times), t[order])


def test_csv_of_dualframe_and_of_bmtk(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text("neuron,t\n3,0.02\n0,0.01\n")
    (tmp_path / "stated.csv").write_text("neuron,t (ms)\n3,20\n0,10\n")
    for spikes in (
        df.formats.read_csv_spikes(tmp_path / "ours.csv", "in", n=5, unit=1 * second),
        df.formats.read_csv_spikes(tmp_path / "stated.csv", "in", n=5),
    ):
        assert (spikes.n, spikes.indices.tolist()) == (5, [0, 3])
        assert np.asarray(spikes.times).tolist() == [0.01, 0.02]
    with pytest.raises(OutputError, match=r"does not say the unit of 't': .* or give unit=ms"):
        df.formats.read_csv_spikes(tmp_path / "ours.csv", "in")
    with pytest.raises(OutputError, match="stands in the header, 'ms': leave out unit"):
        df.formats.read_csv_spikes(tmp_path / "stated.csv", "in", unit="1 ms")
    (tmp_path / "twice.csv").write_text("neuron,t (s),t (ms)\n3,0.02,20\n0,0.01,10\n")
    with pytest.raises(OutputError, match=r"several columns called 't': 't \(s\)', 't \(ms\)'"):
        df.formats.read_csv_spikes(tmp_path / "twice.csv", "in")
    spikes = df.formats.read_csv_spikes(tmp_path / "twice.csv", "in", time="t (s)")
    assert np.asarray(spikes.times).tolist() == [0.01, 0.02]
    (tmp_path / "theirs.csv").write_text("timestamps population node_ids\n20 a 3\n10 b 0\n")
    columns = {"neuron": "node_ids", "time": "timestamps", "unit": "1 ms", "population": "a"}
    spikes = df.formats.read_csv_spikes(tmp_path / "theirs.csv", "in", **columns)
    assert (spikes.n, np.asarray(spikes.times).tolist()) == (4, [0.02])


def test_damaged_files_and_unknown_names(tmp_path: Path) -> None:
    path = tmp_path / "spikes.h5"
    write_spike_file(path, {"a": (np.zeros(1, int), np.ones(1)), "b": (np.zeros(0), np.zeros(0))})
    with pytest.raises(OutputError, match="the populations a, b: name one, like population='a'"):
        df.formats.read_sonata_spikes(path)
    with pytest.raises(UnknownName, match="population of the file 'c'"):
        df.formats.read_sonata_spikes(path, "c")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(OutputError, match=r"is damaged .*write it anew where it came from"):
        df.formats.read_sonata_spikes(path)
    (tmp_path / "a.csv").write_text("neuron,t\n1,0\n")
    with pytest.raises(UnknownName, match="column"):
        df.formats.read_csv_spikes(tmp_path / "a.csv", "in", time="time")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("neuron,t\n0,1\n\n1.5,0\n", "line 4: 'neuron' is '1.5': expected a whole number"),
        ("neuron,t\n-3,1\n", "line 2: 'neuron' is '-3': expected a whole number from zero"),
        ("neuron,t\n99999999999,0.1\n", "line 2: 'neuron' is '99999999999': .* 32 bit"),
        ("neuron,t\n0,1e300\n1e300,1\n", "line 3: 'neuron' is '1e300'"),
        ("neuron;t\n0;0.1\n0;0,5\n", "line 3: 't' is '0,5': expected a number"),
        ("neuron,t\n0,-1\n", "line 2: 't' is '-1': expected a number of zero or more"),
        ("neuron,t\n0,1,2\n", "more columns than its header"),
        ("population,neuron,t\nA,0,1\nB,0,2\n", "populations A, B: name one"),
    ],
)
def test_a_bad_row_of_a_text_file_is_found(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(OutputError, match=problem):
        df.formats.read_csv_spikes(tmp_path / "a.csv", "in", unit=1 * second)


@pytest.mark.parametrize("read", [df.formats.read_sonata_spikes, df.formats.read_csv_spikes])
def test_a_missing_file_is_missing_and_a_folder_is_one(read: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'.*nowhere.x' does not exist: expected .*spikes"):
        read(tmp_path / "nowhere.x", "in")
    with pytest.raises(OutputError, match=r"is a folder: expected .*spikes"):
        read(tmp_path, "in")


def test_a_missing_package_names_the_command() -> None:
    with pytest.raises(DualframeError, match=r"pip install 'dualframe\[nwb\]'"):
        import_optional("no_such_package", "nwb")
