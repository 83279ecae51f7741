"""Encoders, readouts and releases as kinds: what files may say of them, and what they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, second

import dualframe as df
from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.registry import ENCODERS
from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.readouts.registry import READOUTS
from dualframe.building.releases.registry import RELEASES
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.section_schema import SectionSchema

ENTRIES: dict[str, dict[str, Any]] = {
    "place_cells": {
        "observes": ("x",),
        "low": -1.0,
        "high": 1.0,
        "spacing": 0.5,
        "sigma": 0.5,
        "rate_max": 100 * Hz,
    },
    "grid_cells": {"observes": ("x", "theta"), "spacing": 1.0},
    "poisson_rate": {"observes": ("x", "theta")},
    "population_code": {"observes": ("x", "theta"), "fields": 3.0},
    "tuning_curves": {"observes": ("x", "theta"), "fields": 4.0},
    "latency_code": {"observes": ("x", "theta"), "window": 10 * ms},
    "regular_fields": {
        "observes": ("x", "theta"),
        "fields": 3.0,
        "reach_first": 2.4,
        "reach_second": 0.2,
        "rate_max": 100 * Hz,
    },
    "population_vector": {"population": "action", "into": ("action", "action")},
    "winner_take_all": {"population": "action"},
    "softmax_policy": {"population": "action", "credit": "credit"},
    "actor_critic": {
        "actors": ("action", "other"),
        "critic": "value",
        "nu": 10 * ms,
        "temperature": 20 * Hz,
        "gamma": 0.98,
        "trace": 0.9,
    },
    "critic": {"population": "value", "nu": 10 * ms, "gamma": 0.98, "trace": 0.9},
    "linear": {"populations": ("action", "other"), "weights": ("20 ms", "-20 ms")},
    "counters": {"populations": ("action", "other")},
    "spike_pair": {"population": "action", "first": 0.0, "second": 1.0, "window": 20 * ms},
    "delayed_event": {"on": "pair", "delay_min": 100 * ms, "delay_max": 300 * ms},
    "weight_criterion": {
        "population": "action",
        "neuron": 1.0,
        "watched": "probed",
        "level": 4 * mV,
        "tells": ("action",),
    },
    "signal_release": {"modulator": "DA", "signal": "reward", "size": quantity("200 nM")},
    "signal_current": {
        "population": "action",
        "signal": "reward",
        "part": "negative",
        "size": quantity("50 pA"),
        "tau": 100 * ms,
    },
    "held_level": {"modulator": "DA", "populations": ("action",)},
    "signal_pulse": {
        "modulator": "DA",
        "signal": "reward",
        "populations": ("action",),
        "tau": 200 * ms,
    },
    "delayed_pulse": {
        "modulator": "DA",
        "on": "pair",
        "populations": ("action",),
        "delay_min": 1 * second,
        "delay_max": 3 * second,
        "pulse": 0.5,
        "tau": 200 * ms,
    },
    "td_error": {"modulator": "DA", "readout": "decision"},
    "excitability_switch": {
        "populations": ("action",),
        "receptor_NA": "beta",
        "receptor_ACh": "M1",
        "NA": quantity("10 uM"),
        "ACh": quantity("30 uM"),
        "shift_c": 15 * mV,
        "shift_d": -6.0,
        "tau": 200 * ms,
    },
}  # what a file would say, as quantities
KINDS = {**ENCODERS, **READOUTS, **RELEASES}


def with_defaults(kind: str) -> dict[str, Any]:
    schema = KINDS[kind].schema
    defaults = {
        name: quantity(value) if name in schema.numbers else value
        for name, value in schema.defaults.items()
    }
    return {**defaults, **ENTRIES[kind]}


@pytest.fixture
def context() -> TaskContext:
    return TaskContext(
        task="mine",
        environment=df.environment("cartpole"),
        sizes={"action": 4, "other": 4, "value": 2},
        modulators=("DA",),
    )


@pytest.fixture
def suitable(context: TaskContext) -> Callable[[str], TaskContext]:
    """The context in which a kind can be: a linear readout needs a continuous action."""
    pendulum = replace(context, environment=df.environment("pendulum"))
    return lambda kind: pendulum if kind == "linear" else context


def test_every_kind_is_tried_here() -> None:
    assert set(ENTRIES) == set(KINDS)


@pytest.mark.parametrize("kind", ENTRIES)
def test_entries_are_those_of_the_schema(kind: str) -> None:
    schema = KINDS[kind].schema
    assert set(schema.required) <= set(ENTRIES[kind]) <= set(schema.entries)
    for name, value in ENTRIES[kind].items():
        if name in schema.numbers:
            quantity(value, schema.numbers[name], name)


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_kind_makes_a_block_that_names_what_it_makes(
    kind: str, suitable: Callable[[str], TaskContext]
) -> None:
    block = KINDS[kind].make_block("made", with_defaults(kind), suitable(kind))
    assert isinstance(block, NetworkBlock)
    names = {population.name for population in block.populations}
    if kind in ENCODERS:
        assert names == {"made"}
    assert names <= {"made", "made_clocks"}
    for projection in block.projections:
        assert {projection.source, projection.target} <= {
            *names,
            "made",
            ENVIRONMENT,
            "action",
            "other",
            "value",
            "pair",
        }


@pytest.mark.parametrize("kind", sorted(ENCODERS))
def test_an_encoder_observes_what_the_environment_shows(kind: str, context: TaskContext) -> None:
    entries = {**with_defaults(kind), "observes": ("x", "wind")}
    with pytest.raises(
        UnknownName, match=r"encoder 'made' of task 'mine', in environment 'cartpole': 'wind'"
    ):
        ENCODERS[kind].make_block("made", entries, context)


@pytest.mark.parametrize(
    "kind",
    sorted({*ENCODERS, "population_vector", "critic", "linear", "signal_pulse", "signal_release"}),
)
def test_what_needs_an_environment_says_so(kind: str, context: TaskContext) -> None:
    alone = replace(context, environment=None)
    with pytest.raises(CatalogueError, match=r"'made' needs an environment: add a table"):
        KINDS[kind].make_block("made", with_defaults(kind), alone)


@pytest.mark.parametrize(
    "kind", ["population_vector", "winner_take_all", "critic", "spike_pair", "weight_criterion"]
)
def test_a_readout_reads_a_population_of_the_task(kind: str, context: TaskContext) -> None:
    entries = {**with_defaults(kind), "population": "actoin"}
    with pytest.raises(UnknownName, match=r"'made' of task 'mine': 'actoin'.*mean 'action'"):
        READOUTS[kind].make_block("made", entries, context)


def test_a_choice_between_actions_needs_an_environment_that_has_them(context: TaskContext) -> None:
    field = replace(context, environment=df.environment("open_field"))
    for kind in ("winner_take_all", "softmax_policy", "actor_critic"):
        with pytest.raises(CatalogueError, match="'open_field' takes"):
            READOUTS[kind].make_block("made", with_defaults(kind), field)


def test_an_actor_for_each_action(context: TaskContext) -> None:
    three = replace(context, environment=df.environment("acrobot"))
    entries = with_defaults("actor_critic")
    with pytest.raises(CatalogueError, match=r"needs 3 populations .*'acrobot', not 2"):
        READOUTS["actor_critic"].make_block("made", entries, three)
    entries = {**entries, "actors": ("action", "other", "value")}
    (decision,) = READOUTS["actor_critic"].make_block("made", entries, three).populations
    assert {"credit_action_2", "td_error", "surprise"} <= decision.variables


@pytest.mark.parametrize(
    ("changes", "environment", "message"),
    [
        ({}, "cartpole", "gives a continuous action, but environment 'cartpole' takes one of 2"),
        ({}, "open_field", "takes push_x in .*say with 'into' which"),
        ({"into": "push"}, "open_field", "input of the environment.*'push'.*mean 'push_"),
        ({"weights": ("20 ms",)}, "pendulum", "2 populations and 1 weights"),
        ({"weights": ("20 ms", "20 mV")}, "pendulum", "weight of readout 'made'.*20 mV"),
        ({"populations": ("action", "othr")}, "pendulum", "'othr'.*mean 'other'"),
    ],
)
def test_a_linear_readout_that_cannot_be(
    context: TaskContext, changes: dict[str, Any], environment: str, message: str
) -> None:
    world = replace(context, environment=df.environment(environment))
    with pytest.raises(DualframeError, match=message):
        READOUTS["linear"].make_block("made", {**with_defaults("linear"), **changes}, world)


def test_grid_cells_observe_a_plane(context: TaskContext) -> None:
    entries = {**with_defaults("grid_cells"), "observes": ("x",)}
    with pytest.raises(CatalogueError, match="'made' observes 1 variables: expected two"):
        ENCODERS["grid_cells"].make_block("made", entries, context)
    entries = {**with_defaults("grid_cells"), "modules": 2.0, "phases": 3.0}
    block = ENCODERS["grid_cells"].make_block("made", entries, context)
    assert block.populations[0].n == ENCODERS["grid_cells"].count_neurons(entries) == 18


@pytest.mark.parametrize("kind", ["held_level", "signal_pulse", "delayed_pulse", "td_error"])
def test_a_modulator_that_does_not_act_has_size_zero_and_the_same_equations(
    kind: str, context: TaskContext
) -> None:
    acting, silent = (
        RELEASES[kind].make_block("made", with_defaults(kind), c)
        for c in (context, replace(context, modulators=()))
    )
    assert [c.equations for c in acting.changes] == [c.equations for c in silent.changes]
    sizes = [
        [dict(part.parameters) for part in (*block.projections, *block.changes)]
        for block in (acting, silent)
    ]
    assert [p.on_pre for p in acting.projections] == [p.on_pre for p in silent.projections]
    assert [set(numbers) for numbers in sizes[0]] == [set(numbers) for numbers in sizes[1]]
    assert sizes[0] != sizes[1]


def test_changes_are_made_to_the_population_that_they_name() -> None:
    cells = df.Population(
        "cells",
        2,
        "dV/dt = -V/(10*ms) : volt",
        threshold="V > 1*mV",
        reset="V = c",
        parameters={
            "c": 0 * mV,
            "d": 1 * mV,
        },
    )
    change = PopulationChange(
        population="cells",
        equations="bursting : 1",
        parameters={"shift": 2 * mV},
        reset_terms={"c": "shift*bursting"},
        declares=("V", "told"),
    )
    changed = NetworkBlock((cells,), changes=(change,)).network().population("cells")
    assert changed.reset == "V = (c + shift*bursting)"
    assert {"V", "bursting", "told"} <= changed.variables
    assert "V : 1" not in changed.equations
    assert changed.parameters["shift"] == 2 * mV
    with pytest.raises(UnknownName, match="population 'cell'"):
        NetworkBlock((cells,), changes=(replace(change, population="cell"),)).network()


def test_a_pair_of_spikes_is_seen_within_its_window_only(context: TaskContext) -> None:
    first = np.array([10.0, 100.0, 200.0, 300.0])
    later = np.array([15.0, 125.0, 200.0, 295.0])  # within; too late; together; before
    times = np.concatenate([first, later]) * ms
    indices = np.repeat([0, 1], 4)
    spikes = df.SpikeInput(name="in", n=4, indices=indices, times=times)
    relay = df.Population("action", 4, "g : 1", threshold="g > 0.5", reset="g = 0", voltage="g")
    drive = df.Projection("in", "action", "g += 1", pairs="one_to_one")
    block = READOUTS["spike_pair"].make_block("made", with_defaults("spike_pair"), context)
    network = (NetworkBlock((relay,), (drive,), (spikes,)) + block).network()
    seen = df.run(network, 400 * ms, dt=1 * ms, target="runtime", seed=1, progress=False).spikes
    assert len(seen[seen["population"] == "made"]) == 1


def test_an_event_follows_each_other_one_within_its_delays(context: TaskContext) -> None:
    """A spike and a step of one for each, 100 to 300 ms later and two steps on the way."""
    given = np.arange(20) * 20.0 + 5
    spikes = df.SpikeInput(name="pair", n=1, indices=[0] * 20, times=given * ms)
    block = READOUTS["delayed_event"].make_block("made", with_defaults("delayed_event"), context)
    network = (NetworkBlock(inputs=(spikes,)) + block).network()
    done = df.run(
        network,
        750 * ms,
        dt=1 * ms,
        target="runtime",
        seed=1,
        record={"made": df.Recording(("event",))},
        progress=False,
    )
    fired = done.spikes.query("population == 'made'")["t"].to_numpy() * 1e3
    events = done.traces["made"].values["event"][0]
    assert events.sum() == 20  # two at once are one spike
    assert 15 <= len(fired) == (events > 0).sum() <= 20
    assert given[0] + 100 <= fired.min()
    assert fired.max() <= given[-1] + 303
    assert np.ptp(fired) > 300


def test_a_users_encoder_is_registered_and_named(context: TaskContext) -> None:
    def make_block(name: str, entries: Any, context: TaskContext) -> NetworkBlock:
        return NetworkBlock((df.Population(name, 1, "x : 1"),))

    toy = Encoder(
        name="toy_encoder",
        title="nothing",
        schema=SectionSchema(),
        count_neurons=lambda entries: 1,
        make_block=make_block,
    )
    df.register(toy, replace=True)
    assert ENCODERS["toy_encoder"] is toy
    with pytest.raises(DualframeError, match=r"encoder 'place_cells' is one of dualframe's"):
        df.register(replace(toy, name="place_cells"))
    ENCODERS._kinds.pop("toy_encoder")
