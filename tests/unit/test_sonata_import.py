"""SONATA networks as `Network`: ours return, libsonata reads the same edges, and refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, ms, mV, nS, pA, pF
from hypothesis import given, settings
from hypothesis import strategies as st

import dualframe as df
from dualframe.core.errors import OutputError
from dualframe.formats.nest_equations import NEST_MODELS

libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed (extra 'test')")

CURRENTS = """dV/dt = (E_L - V)/tau_m + (g_e - g_i + I)/C : volt (unless refractory)
              dg_e/dt = -g_e/tau_e : amp
              dg_i/dt = -g_i/tau_i : amp
              I : amp"""
CONDUCTANCES = """dV/dt = (E_L - V)/tau_m + (g_e*(E_e - V) + g_i*(E_i - V) + I)/C : volt
                  dg_e/dt = -g_e/tau_e : siemens
                  dg_i/dt = -g_i/tau_i : siemens
                  I : amp"""


def two_populations(
    *, conducting: bool = False, tau_m: float = 10.0, delay: float = 1.5, weight: float = 1.0
) -> df.Network:
    """Two populations that excite and inhibit each other, spikes, Poisson spikes and a current."""
    values = {"E_L": -65 * mV, "V_th": -50 * mV, "tau_m": tau_m * ms, "C": 250 * pF}
    values |= {"tau_e": 0.5 * ms, "tau_i": 1.5 * ms}
    if conducting:
        values |= {"E_e": 0 * mV, "E_i": -80 * mV}
    e, i = (
        df.Population(
            name,
            n,
            CONDUCTANCES if conducting else CURRENTS,
            threshold="V > V_th",
            reset="V = E_L",
            refractory=2 * ms,
            parameters=values,
            initial={"V": -60 * mV},
            sign=sign,
            cell_type="",
        )
        for name, n, sign in (("e", 6, 1), ("i", 3, -1))
    )
    unit = weight * (nS if conducting else 100 * pA)
    drive = df.SpikeInput("drive", 4, [0, 3, 3], [1, 2.5, 7] * ms)
    pairs = ([0, 1, 2, 3, 3], [0, 1, 5, 5, 5])
    into = df.Projection("drive", "e", "g_e += w", weight=2 * unit, pairs=pairs, delay=1 * ms)
    forth = df.Projection(
        "e",
        "i",
        "g_e += w",
        weight=df.Uniform(0.5 * unit, unit),
        delay=df.Uniform(1 * ms, delay * ms),
        probability=0.5,
    )
    back = df.Projection(
        "i", "e", "g_i += w", weight=3 * unit, delay=delay * ms, pairs="all_to_all"
    )
    step = df.CurrentInput("e", 50 * pA, variable="I")
    poisson = df.PoissonInput("noise", 3, 500 * Hz)
    noise = df.Projection("noise", "i", "g_e += w", weight=unit, pairs="one_to_one", delay=1 * ms)
    return df.Network((e, i), (drive, step, poisson), (into, forth, back, noise))


def edges_of(folder: Path) -> dict[str, pd.DataFrame]:
    found = {}
    for file in sorted((folder / "edges").glob("*.h5")):
        with h5py.File(file) as content:
            for name, group in content["edges"].items():
                columns = {end: group[f"{end}_node_id"][()] for end in ("source", "target")}
                columns |= {key: group["0"][key][()] for key in ("syn_weight", "delay")}
                found[name] = pd.DataFrame(columns).sort_values(list(columns), ignore_index=True)
    return found


def parameters_of(folder: Path) -> dict[str, dict[str, float]]:
    return {
        file.stem: json.loads(file.read_text()) for file in (folder / "components").glob("*.json")
    }


@given(
    conducting=st.booleans(),
    tau_m=st.floats(5, 40),
    delay=st.floats(1.1, 3.0),
    weight=st.floats(0.1, 9),
    seed=st.integers(1, 99),
)
@settings(max_examples=4, deadline=None)
def test_what_was_written_returns(
    conducting: bool,
    tau_m: float,
    delay: float,
    weight: float,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("round")
    network = two_populations(conducting=conducting, tau_m=tau_m, delay=delay, weight=weight)
    df.formats.write_sonata(network, place / "first", seed=seed)
    back = df.formats.load_sonata(place / "first" / "simulation_config.json")
    assert [(p.name, p.n, p.sign) for p in back.populations] == [("e", 6, 1), ("i", 3, -1)]
    losses = df.formats.write_sonata(back, place / "second", seed=seed + 1)
    assert all("first step" in loss for loss in losses)
    for name, values in parameters_of(place / "first").items():
        assert parameters_of(place / "second")[name] == pytest.approx(values, rel=1e-9), name
    first, second = edges_of(place / "first"), edges_of(place / "second")
    assert first.keys() == second.keys()
    for name, edges in first.items():
        pd.testing.assert_frame_equal(edges, second[name], rtol=1e-9)
    spikes = next(source for source in back.inputs if source.name == "drive")
    assert spikes.indices.tolist() == [0, 3, 3]
    assert np.allclose(np.asarray(spikes.times), [1e-3, 2.5e-3, 7e-3])


# --- a network as other tools write it ----------------------------------------------------------

CELL_TYPES = """node_type_id model_type model_template dynamics_params model_name ei
100 point_neuron nest:glif_psc glif.json regular e
101 point_neuron nest:iaf_psc_delta delta.json fast i
"""
EDGE_TYPES = """edge_type_id target_query model_template syn_weight delay dynamics_params
7 NULL static_synapse -6.5 2.0 port_2.json
8 NULL static_synapse 0.5 1.0 none.json
"""
GLIF = {"V_m": -70.0, "V_th": -46.0, "g": 5.9, "E_L": -70.0, "C_m": 59.0, "t_ref": 2.6}
GLIF |= {"V_reset": -69.0, "tau_syn": [5.5, 8.5], "after_spike_currents": True}
GLIF |= {"asc_init": [1.0, 0.0], "asc_decay": [0.1, 0.3], "asc_amps": [-37.0, -65.0]}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Five nodes of two types that alternate, one group with parameters of its own, and edges."""
    folder = tmp_path / "theirs"
    (folder / "models").mkdir(parents=True)
    for name, values in (
        ("glif", GLIF),
        ("delta", {"tau_m": 20.0, "V_th": -50.0}),
        ("port_2", {"receptor_type": 2}),
        ("none", {}),
    ):
        (folder / "models" / f"{name}.json").write_text(json.dumps(values))
    (folder / "types.csv").write_text(CELL_TYPES)
    (folder / "edge_types.csv").write_text(EDGE_TYPES)
    with h5py.File(folder / "nodes.h5", "w") as file:
        group = file.create_group("nodes/v1")
        group["node_id"] = np.array([4, 3, 2, 1, 0], dtype=np.uint64)
        group["node_type_id"] = np.array([100, 101, 100, 101, 100], dtype=np.uint64)
        group["node_group_id"] = np.array([0, 1, 0, 1, 0], dtype=np.uint32)
        group["node_group_index"] = np.array([0, 0, 1, 1, 2], dtype=np.uint64)
        for axis, values in zip("xyz", np.arange(9.0).reshape(3, 3), strict=True):
            group[f"0/{axis}"] = values
        group["1/dynamics_params/V_reset"] = [-61.0, -62.0]
    with h5py.File(folder / "edges.h5", "w") as file:
        group = file.create_group("edges/v1_to_v1")
        for end, ids in (("source", [1, 0, 3, 2]), ("target", [4, 1, 0, 3])):
            group[f"{end}_node_id"] = np.array(ids, dtype=np.uint64)
            group[f"{end}_node_id"].attrs["node_population"] = "v1"
        group["edge_type_id"] = np.array([7, 8, 7, 8], dtype=np.uint32)
        group["edge_group_id"] = np.zeros(4, dtype=np.uint16)
        group["edge_group_index"] = np.arange(4, dtype=np.uint32)
        group["0/nsyns"] = np.array([1, 2, 3, 1], dtype=np.uint32)
    (folder / "config.json").write_text(
        json.dumps(
            {
                "manifest": {"$BASE": ".", "$NET": "$BASE"},
                "components": {
                    "point_neuron_models_dir": "$BASE/models",
                    "synaptic_models_dir": "$BASE/models",
                },
                "networks": {
                    "nodes": [{"nodes_file": "$NET/nodes.h5", "node_types_file": "$NET/types.csv"}],
                    "edges": [
                        {"edges_file": "$NET/edges.h5", "edge_types_file": "$NET/edge_types.csv"}
                    ],
                },
            }
        )
    )
    return folder


def test_types_become_populations_and_ids_their_order(theirs: Path) -> None:
    network = df.formats.load_sonata(theirs / "config.json")
    regular, fast = network.populations
    assert (regular.name, regular.n, regular.sign) == ("v1_regular", 3, 1)  # nodes 0, 2, 4
    assert (fast.name, fast.n, fast.sign) == ("v1_fast", 2, -1)  # nodes 1, 3
    # single nodes have V_reset of their own: that of node 3 stands first in the file
    assert np.allclose(np.asarray(fast.parameters["V_reset"]), [-62e-3, -61e-3])
    assert float(fast.parameters["E_L"]) == pytest.approx(-70e-3)  # NEST's default
    # a new after-spike current begins after 2.6 ms, in which it would have decayed
    assert float(regular.parameters["size_1"]) == pytest.approx(-37e-12 * np.exp(0.26))
    assert np.allclose(np.asarray(regular.positions)[:, 0], [2e-6, 1e-6, 0])


def test_libsonata_reads_the_same_edges(theirs: Path) -> None:
    network = df.formats.load_sonata(theirs / "config.json")
    edges = libsonata.EdgeStorage(str(theirs / "edges.h5")).open_population("v1_to_v1")
    everything = libsonata.Selection([(0, edges.size)])
    ids = {"v1_regular": [0, 2, 4], "v1_fast": [1, 3]}
    found = {
        (ids[p.source][i], ids[p.target][j]): (p.on_pre, float(w), float(d))
        for p in network.projections
        for i, j, w, d in zip(*p.pairs, np.ravel(p.weight), np.ravel(p.delay), strict=True)
    }
    ends = zip(edges.source_nodes(everything), edges.target_nodes(everything), strict=True)
    counts = edges.get_attribute("nsyns", everything)
    weights = {0: -6.5e-12, 1: 0.5e-3}  # pA onto GLIF, mV onto iaf_psc_delta
    for (source, target), count in zip(ends, counts, strict=True):
        kind = int(target % 2)
        statement, weight, delay = found.pop((int(source), int(target)))
        assert statement == ("y_2 -= w", "V += w")[kind]
        assert weight == pytest.approx(abs(weights[kind]) * count)
        assert delay == pytest.approx((2e-3, 1e-3)[kind])
    assert not found


def changed_text(name: str, old: str, new: str) -> Any:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def without_a_node(folder: Path) -> None:
    with h5py.File(folder / "edges.h5", "a") as file:
        file["edges/v1_to_v1/source_node_id"][0] = 99


REFUSED = {
    "model": (changed_text("types.csv", "psc_delta", "psc_gamma"), r"types.csv.*v1.*model_templ"),
    "type": (changed_text("types.csv", "101 point", "101 biophysical"), r"types.csv.*model_type"),
    "parameter": (changed_text("models/delta.json", "tau_m", "tau_k"), r"v1.*dynamics_par.*tau_m"),
    "threshold": (
        changed_text("models/glif.json", "{", '{"adapting_threshold": true, '),
        r"v1.*dynamics_params.*adapting_threshold",
    ),
    "synapse": (
        changed_text("edge_types.csv", "static_synapse 0.5", "stdp_synapse 0.5"),
        r"edge_types.csv.*v1_to_v1.*model_template.*stdp",
    ),
    "port": (changed_text("models/port_2.json", "2", "3"), r"v1_to_v1.*receptor_type 3 is no port"),
    "weight": (changed_text("edge_types.csv", "syn_weight", "other"), r"v1_to_v1.*syn_weight"),
    "node": (without_a_node, r"edges.h5.*v1_to_v1.*source_node_id.*none of the nodes"),
    "file": (lambda folder: (folder / "models" / "glif.json").unlink(), r"dynamics_params.*glif"),
    "nodes": (lambda folder: shutil.copy(folder / "types.csv", folder / "nodes.h5"), r"nodes.h5"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_refused_by_its_place(name: str, theirs: Path) -> None:
    change, message = REFUSED[name]
    change(theirs)
    with pytest.raises(OutputError, match=message):
        df.formats.load_sonata(theirs / "config.json")


def test_inputs_other_than_spikes_are_refused(theirs: Path) -> None:
    clamp = {"input_type": "current_clamp", "module": "IClamp", "node_set": "v1"}
    simulation = {"network": "config.json", "inputs": {"clamp": clamp}}
    (theirs / "simulation.json").write_text(json.dumps(simulation))
    with pytest.raises(OutputError, match=r"simulation.json.*inputs/clamp.*current_clamp"):
        df.formats.load_sonata(theirs / "simulation.json")


def test_every_model_runs(theirs: Path) -> None:
    populations = [
        NEST_MODELS[model](f"p{k}", 1, {}).population for k, model in enumerate(sorted(NEST_MODELS))
    ]
    drive = [
        df.CurrentInput(p.name, 600 * pA, variable="I", name=f"into_{p.name}") for p in populations
    ]
    results = df.run(df.Network(populations, drive), 50 * ms, target="runtime", progress=False)
    assert (results.rates()["mean_rate_Hz"] > 0).all()
