"""Any valid names work together; what cannot be a name is refused before code is generated."""

from __future__ import annotations

import keyword
from typing import Any

import numpy as np
import pytest
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.units import ms, nA
from hypothesis import given
from hypothesis import strategies as st

import dualframe as df
from dualframe.core.errors import DualframeError
from dualframe.network import Event
from dualframe.targets.lowering.object_names import allocate_names

DECAY = "dv/dt = -v/(10*ms) : 1"


def network(cells: str, drive: str, forward: str, back: str) -> df.Network:
    """Two cells that a source excites at 1 ms, and that excite each other after two delays."""
    population = df.Population(cells, 2, DECAY, "v > 1", "v = 0")
    source = df.SpikeInput(drive, 2, [0], [1] * ms)
    excite = df.Projection(drive, cells, "v += 2", name=forward, pairs="one_to_one")
    delays = [1, 2] * ms
    loop = df.Projection(cells, cells, "v += 1.5", name=back, pairs=([0, 1], [1, 0]), delay=delays)
    return df.Network([population], [source], [excite, loop])


PLAIN = ("cells", "drive", "forward", "back")
COLLISIONS = [
    ("cells", "cells_spikes", "cells_trace", "cells"),
    ("cells", "drive", "drive", "drive_pre"),
    ("cells", "cells_spike_thresholder", "cells_thresholder", "cells_spike_resetter"),
    ("a", "a_v", "a_spikes_t", "a_spikes"),
    ("back_delay0", "back_delay1", "back", "back_delay0"),
    ("N", "defaultclock", "magicnetwork", "network"),
    ("class", "int", "while", "lambda"),
    ("pi", "exp", "mV", "second"),
    ("i", "dt", "lastspike", "not_refractory"),
    ("t", "xi", "rand", "v"),
]


def spikes_of(names: tuple[str, str, str, str], target: str) -> Any:
    record = {names[0]: df.Recording("v")}
    results = df.run(network(*names), 12 * ms, target=target, seed=1, record=record, use_gpu=False)
    return results.spikes[["neuron", "t"]].to_numpy(), results.traces[names[0]].values["v"]


@pytest.mark.parametrize("names", COLLISIONS, ids="-".join)
def test_results_do_not_depend_on_names(names: tuple[str, str, str, str]) -> None:
    expected, found = spikes_of(PLAIN, "runtime"), spikes_of(names, "runtime")
    assert len(expected[0]) > 4
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one, other)


# the worst together, so that each target compiles one program
def test_on_every_target(target: str) -> None:
    names = ("class", "class_spikes", "class_trace", "class")
    expected, found = spikes_of(PLAIN, "runtime"), spikes_of(names, target)
    assert np.array_equal(found[0][:, 0], expected[0][:, 0])
    assert found[0][:, 1] == pytest.approx(expected[0][:, 1], abs=1e-9)


def test_objects_are_found_by_the_names_of_the_network() -> None:
    made = df.assemble(network("cells", "drive", "drive", "cells_spikes"), seed=1)
    assert made["cells"].name == "cells"
    assert made["drive"].name == "drive"
    assert made.synapses("drive").name == "drive__synapses"
    assert len({one.name for one in made.objects.values()}) == len(made.objects)


WORDS = st.sampled_from(["a", "b", "pre", "spikes", "trace", "delay0", "v", "t", "spike", "N"])
NAMES = st.lists(WORDS, min_size=1, max_size=3).map("_".join)


@given(
    groups=st.dictionaries(NAMES, st.lists(NAMES, max_size=3), min_size=1, max_size=5),
    inputs=st.sets(NAMES, max_size=4),
    synapses=st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=5),
)
def test_no_two_names_meet(
    groups: dict[str, list[str]], inputs: set[str], synapses: dict[str, list[str]]
) -> None:
    names = allocate_names(
        groups=groups,
        spikes=inputs - set(groups),
        poissons=(),
        synapses=synapses,
        visits=dict.fromkeys(synapses, 1),
    )
    arrays = [f"{names.groups[g]}_{v}" for g, vs in groups.items() for v in {*vs, "N", "t"}]
    arrays += [f"{names.synapses[s]}_{v}" for s, vs in synapses.items() for v in {*vs, "w", "N"}]
    arrays += [f"{monitor}_{v}" for monitor in names.made.values() for v in ("t", "N")]
    objects = [*names.groups.values(), *names.synapses.values(), *names.made.values()]
    for found in (arrays, objects):
        assert len(set(found)) == len(found)


@given(groups=st.sets(st.sampled_from(["pyr", "pv", "sst"]), min_size=1))
def test_a_name_stays_where_nothing_has_it(groups: set[str]) -> None:
    joined = {f"{a}_to_{b}": ("w",) for a in groups for b in groups}
    names = allocate_names(
        groups=dict.fromkeys(groups, ("v", "g_AMPA")),
        spikes=["drive"],
        poissons=["noise"],
        synapses=joined,
        visits=dict.fromkeys(joined, 0),
    )
    assert all(key == value for key, value in names.groups.items())
    assert all(key == value for key, value in names.synapses.items())
    assert all(value == "_".join(key) for key, value in names.made.items())


NO_VARIABLES = sorted(
    {"i", "N", "t", "dt", "xi", "lastspike", "not_refractory", "t_in_timesteps", "xi_1"}
    | {"int", "double", "template", "this", "NULL", "errno", "stdin", "EOF", "SIGINT", "EIO"}
    | {*keyword.kwlist, *{"e", "inf", "pi"} & set(DEFAULT_CONSTANTS), *list(DEFAULT_FUNCTIONS)[::4]}
    | set(list(DEFAULT_UNITS)[::150])
    | {"mV", "second", "exp", "pi"}
)


@pytest.mark.parametrize("name", NO_VARIABLES)
def test_names_that_no_variable_can_have(name: str) -> None:
    as_variable = df.Network([df.Population("cells", 1, f"{DECAY}\n{name} : 1")])
    as_parameter = df.Network([df.Population("cells", 1, DECAY, parameters={name: 1})])
    assert name in refusal(as_variable)
    assert name in refusal(as_parameter)


@pytest.mark.parametrize("name", ["i", "pi", "class", "int", "mV", "exp", "j", "delay", "v_post"])
def test_names_that_no_synaptic_variable_can_have(name: str) -> None:
    cells = df.Population("cells", 1, DECAY, "v > 1", "v = 0")
    for given_names in ({"equations": f"{name} : 1"}, {"parameters": {name: 1}}):
        loop = df.Projection("cells", "cells", "v += 1", pairs=([0], [0]), **given_names)
        assert name in refusal(df.Network([cells], (), [loop]))


def refusal(net: df.Network) -> str:
    """What keeps a network from running, in one line, before anything is generated."""
    features = df.check(net, "runtime")
    assert features
    return str(features[0])


@pytest.mark.parametrize("name", ["refractory_period", "I_now", "fire_spike_up", "this_step"])
def test_a_variable_that_dualframe_adds_is_not_overwritten(name: str) -> None:
    event = Event("spike_up", "I > 1", "I = 0")
    cells = df.Population(
        "cells",
        1,
        "dv/dt = (I - v)/(10*ms) : 1\nI : 1",
        "v > 1",
        "v = 0",
        refractory=2 * ms,
        events=(event,),
        parameters={name: 7},
    )
    assert name in refusal(df.Network([cells]))


def test_current_steps_with_and_without_names_add_up() -> None:
    cells = df.Population("cells", 1, "dv/dt = I/nA/ms : 1\nI : amp\nI_step1_size : 1")
    steps = [
        df.CurrentInput("cells", 1 * nA, variable="I"),
        df.CurrentInput("cells", 2 * nA, variable="I"),
        df.CurrentInput("cells", 4 * nA, variable="I", name="step0"),
    ]
    results = df.run(df.Network([cells], steps), 1 * ms, target="runtime", record={"cells": ["v"]})
    assert results.traces["cells"].values["v"][0, -1] == pytest.approx(7 * 0.9)


def test_a_bad_object_name_is_refused() -> None:
    with pytest.raises(DualframeError, match="expected a letter"):
        df.Population("1st", 1, DECAY)
