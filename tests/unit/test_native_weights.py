"""Weights that a circuit states onto the variables of its own point neurons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV

import dualframe as df
from dualframe.circuit import CircuitProjection, circuit
from dualframe.core.errors import CatalogueError, NetworkError, QuantityError, UnknownName

REFERENCE = """
name = "reference"
source = "dualframe"
status = "assumed"

[[models]]
name = "fast"
form = "izhikevich2003"
a = "0.1"
b = "0.2"
c = "-65"
d = "2"

[[populations]]
name = "exc"
cell = "ctx_l23_pyr"
n = 40
point = "fast"

[[populations]]
name = "inh"
cell = "ctx_pv"
n = 10
point = "fast"

[[inputs]]
name = "drive"
n = 10
rate = "200 Hz"

[[projections]]
name = "driven"
pre = "drive"
post = "exc"
pairs = "all_to_all"
weight = "3 mV"
into = "V"
delay = "1 ms"

[[projections]]
name = "excite"
pre = "exc"
post = "inh"
out_degree = 4
weight = "2 mV"
into = "V"
delay = "1 ms"
plasticity = { rule = "pair_stdp", w_max = "4 mV" }

[[projections]]
name = "inhibit"
pre = "inh"
post = "exc"
probability = 0.5
weight = "1 mV"
into = "V"
delay = "1 ms"

[[projections]]
name = "each"
pre = "drive"
post = "inh"
pairs = "one_to_one"
weight = "5 mV"
into = "V"
delay = "1 ms"
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "reference.toml"
    file.write_text(REFERENCE, encoding="utf-8")
    return file


@pytest.fixture
def reference(path):
    return circuit(path)


def test_weights_go_into_the_variable_as_they_stand(reference) -> None:
    net = df.task_driven.build(reference, model="izhikevich")
    found = {p.name: p for p in net.projections}
    assert found["driven"].on_pre == "V += w"
    assert found["inhibit"].on_pre == "V -= w"  # the sign is that of the cells
    assert found["driven"].weight == 3 * mV
    assert found["driven"].pairs == "all_to_all"
    assert found["each"].pairs == "one_to_one"
    assert found["excite"].out_degree == 4
    excitatory = net.populations[0]
    assert "I_ext" in excitatory.equations
    assert "g_" not in excitatory.equations  # no channels


def test_bounds_of_a_native_weight_are_absolute(reference) -> None:
    [excite] = [p for p in reference.projections if p.name == "excite"]
    assert excite.plasticity.w_max == 4 * mV
    assert "to 4 mV)" in reference.describe()
    net = df.task_driven.build(reference, model="izhikevich")
    [built] = [p for p in net.projections if p.name == "excite"]
    assert built.plasticity == excite.plasticity
    with pytest.raises(NetworkError, match="expected the dimension of its weight"):
        replace(excite, plasticity=df.plasticity_rule("pair_stdp", w_max=2))
    learned = reference.with_plasticity("inhibit", df.plasticity_rule("pair_stdp", w_max=2 * mV))
    assert learned.projection("inhibit").plasticity.w_max == 2 * mV


def test_the_neurons_are_those_that_are_stated_whatever_model_is_asked_for(reference) -> None:
    nets = [df.task_driven.build(reference, model=m) for m in ("glif", "izhikevich")]
    assert nets[0].populations == nets[1].populations
    assert nets[0].meta["points"] == {"exc": "izhikevich2003, fast", "inh": "izhikevich2003, fast"}


def test_a_spike_moves_the_potential_by_the_weight(reference) -> None:
    alone = reference.with_components(
        projections=(replace(reference.projection("each"), delay=0 * ms),)
    )
    net = df.task_driven.build(alone)
    results = df.run(
        net,
        30 * ms,
        dt=0.1 * ms,
        seed=1,
        target="runtime",
        record={"inh": df.Recording("V")},
        progress=False,
    )
    jumps = np.diff(np.asarray(results.traces["inh"].values["V"]), axis=1)
    assert jumps.max() == pytest.approx(5e-3, abs=3e-4)  # the membrane moves too


def test_scaled_weights_keep_the_mean_drive(reference) -> None:
    # one input neuron for each target is a number of targets that cannot change
    reference = reference.with_components(projections=reference.projections[:-1])
    table = reference.scaled(0.5, minimum=1).scaling().set_index("projection")
    assert table.in_degree_full["excite"] == 16  # 40 sources with 4 targets of 10 each
    assert table.in_degree_scaled["excite"] == 16
    assert reference.scaled(0.5, minimum=1).projection("excite").out_degree == 4
    assert table.weight_factor["driven"] == 1  # inputs keep their size
    small = reference.with_components(inputs=(), projections=(reference.projection("excite"),))
    scaled = small.scaled(0.1, minimum=1)  # one target is left, and four sources
    projection = scaled.projection("excite")
    assert projection.out_degree == 1
    assert projection.weight_factor == 4
    [built] = df.task_driven.build(scaled).projections
    assert built.weight == 8 * mV
    assert built.plasticity.w_max == 16 * mV


def test_what_cannot_have_native_weights(reference) -> None:
    first = reference.projection("driven")
    with pytest.raises(NetworkError, match="states no point neuron that has this variable"):
        reference.with_components(
            populations=tuple(replace(p, point=None) for p in reference.populations)
        )
    with pytest.raises(NetworkError, match="which has no psp"):
        replace(first, psp=1 * mV)
    with pytest.raises(NetworkError, match="which has no synapses"):
        replace(first, synapses="AMPA")
    with pytest.raises(NetworkError, match="into which variable"):
        replace(first, into=None)
    with pytest.raises(CatalogueError, match=r"branch of point neurons, dualframe\.task_driven"):
        df.biological.build(reference)
    for change, error in (({"into": "g"}, UnknownName), ({"weight": 2.0}, CatalogueError)):
        changed = reference.with_components(projections=(replace(first, **change),))
        with pytest.raises(error, match="driven"):
            df.task_driven.build(changed)


def test_weights_are_positive_magnitudes() -> None:
    with pytest.raises((NetworkError, QuantityError), match="weight of projection 'a_to_b'"):
        CircuitProjection("a", "b", weight=-1 * mV, into="V", pairs="all_to_all")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('into = "V"', 'synapse = "AMPA"\ninto = "V"', "goes with a receptor's channels"),
        ('weight = "3 mV"\ninto = "V"', 'weight = "3 mV"', "into"),
        ('pairs = "all_to_all"', 'pairs = "all"', "all_to_all"),
        ('w_max = "4 mV"', 'w_max = "4"', "w_max"),
    ],
)
def test_errors_of_a_file_name_table_and_remedy(path, old: str, new: str, match: str) -> None:
    path.write_text(REFERENCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=match):
        circuit(path)


def test_receptors_at_terminals_scale_native_release(reference) -> None:
    released = reference.with_effect(
        "M1", "ctx_l23_pyr", "release", scale=0.5, synapse=""
    ).with_modulation("ACh", level=1)
    found = {p.name: p.on_pre for p in df.task_driven.build(released).projections}
    assert found["excite"] == "V += w*release_excite"


def test_a_native_weight_is_part_of_what_a_circuit_is(reference) -> None:
    first, *rest = reference.projections
    other = reference.with_components(projections=(replace(first, weight=4 * mV), *rest))
    assert other.digest != reference.digest
    assert other != reference
