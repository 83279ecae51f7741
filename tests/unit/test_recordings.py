"""What is recorded by default, how all of it is asked for, and what is said of very much."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, second

import dualframe as df
from dualframe.analysis.run_words import describe_run, recorded_text
from dualframe.core.errors import UnknownName
from dualframe.network import Event, Recording
from dualframe.results.results import Results, spike_table
from dualframe.simulation.recordings import (
    MUCH_MEMORY,
    RECORDED_NEURONS,
    resolve_recordings,
    warn_of_few_dendritic_spikes,
    warn_of_large_recordings,
)
from dualframe.simulation.run_specification import RunSpecification
from dualframe.targets.lowering.lower_network import lower_network

STEP = 0.1 * ms


def network(n: int = 8, few: int = 2) -> df.Network:
    equations = "dV/dt = -V/(10*ms) : volt"
    sizes = {"many": n, "few": few}
    return df.Network([df.Population(name, size, equations) for name, size in sizes.items()])


def warnings_of(record: Recording, n: int, duration: Any) -> list[str]:
    net = network(n)
    lowered = lower_network(net, dt=STEP, duration=duration, seed=1, record={"many": record})
    return list(warn_of_large_recordings(net, lowered))


# --- the default --------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["V", ["V"], ("V",)])
def test_names_are_those_of_the_first_neurons_at_every_step(names: Any) -> None:
    found = resolve_recordings(network(), {"many": names, "few": names}, STEP)
    assert found["many"] == Recording("V", neurons=range(RECORDED_NEURONS))
    assert found["few"] == Recording("V")


def test_an_unknown_variable_is_answered_with_the_nearest_of_many() -> None:
    equations = "\n".join(["dV/dt = -V/(10*ms) : volt", *[f"g_{k} : 1" for k in range(60)]])
    many = df.Network(populations=[df.Population(name="cells", n=2, equations=equations)])
    answers = {"V_soma": "Nearest: V, ", "g_6x": "Did you mean 'g_6'", "zzz": "Known: 61 names"}
    for name, near in answers.items():
        with pytest.raises(UnknownName) as caught:
            resolve_recordings(many, {"cells": name}, 0.1 * ms)
        assert near in str(caught.value)
        assert len(str(caught.value)) < 200
    assert "which sorted(network.population('cells').variables) prints" in str(caught.value)


def test_a_recording_keeps_what_it_says() -> None:
    every = Recording("V")
    assert resolve_recordings(network(), {"many": every}, STEP)["many"] is every


def test_run_and_assemble_have_one_default() -> None:
    record = {"many": ["V"], "few": df.Recording("V", neurons=[1], every=1 * ms)}
    done = df.run(network(), 2 * ms, target="runtime", seed=1, record=record, progress=False)
    assert done.traces["many"].neurons.tolist() == [0, 1, 2]
    assert done.traces["many"].t.size == 20
    assert recorded_text(done) == "V of 3 of 8 many every 0.1 ms; V of 1 of 2 few every 1 ms"
    assert "traces of many (3 recorded), few (1 recorded)" in repr(done)
    assert describe_run(done).startswith("Network network: 10 neurons in 2 populations.")
    made = df.assemble(network(), seed=1, dt=STEP, record=record)
    assert made.traces["many"]["trace"].record.tolist() == [0, 1, 2]


def test_the_number_is_said_where_it_is_looked_for() -> None:
    assert "first\n        three neurons at every time step" in str(df.run.__doc__)
    assert "first three neurons" in str(Recording.__doc__)


def test_the_words_of_a_run() -> None:
    population = pd.DataFrame({"population": ["pyr"], "cell_type": ["ctx_l23_pyr"], "n": [168]})
    facts = {
        "circuit": "l23",
        "scale": 0.01,
        "branch": "task_driven",
        "model": "glif",
        "synapses": "conductance",
        "cells": {"ctx_l23_pyr": "GLIF3"},
        "points": {},
        "modulation": ["ACh: level 0.8", "antagonist of M1"],
        "seed": 7,
        "target": "genn",
        "dt_s": 1e-4,
    }
    done = Results(
        populations=population,
        spikes=spike_table(population, {"pyr": ([0], [0.5])}),
        duration=2.0,
        provenance=facts,
    )
    assert describe_run(done) == (
        "Circuit l23 at 0.01 of its size, as point neurons (branch task_driven, model glif, "
        "conductance synapses): 168 neurons in 1 population. Cells: pyr, 168 ctx_l23_pyr (GLIF3). "
        "Modulators and drugs: ACh: level 0.8; antagonist of M1. "
        "2 s simulated in steps of 0.1 ms on genn with seed 7; 1 spike."
    )
    dendrites = {**facts, "branch": "biological", "modulation": [], "scale": 1}
    text = describe_run(replace(done, provenance=dendrites))
    assert text.startswith("Circuit l23, with dendrites (branch biological): 168 neurons")
    assert "No modulator or drug acts." in text


# --- the command line ---------------------------------------------------------------------------


def requested(**options: Any) -> dict[str, Recording]:
    specification = RunSpecification(circuit="none", **options)
    net = replace(network(), populations=[replace(p, voltage="V") for p in network().populations])
    vars(specification)["network"] = net  # nothing is built
    found = specification.requested_recordings()
    assert resolve_recordings(net, found, STEP) == found
    return found


def test_what_is_asked_for_is_that_of_python() -> None:
    found = requested(record=("many=V",))
    assert found["many"] == resolve_recordings(network(), {"many": ["V"]}, STEP)["many"]
    assert found["few"] == Recording("V", every=0.5 * ms)  # kept for the figures


def test_all_cells_and_some_cells() -> None:
    every = requested(record=("none", "many=V"), record_cells="all")
    assert every == {"many": Recording("V")}
    some = requested(record=("many=V",), record_cells="0,7", record_every="1 ms")
    assert some["many"] == Recording("V", neurons=[0, 7], every=1 * ms)
    assert some["few"] == Recording("V", neurons=[0], every=1 * ms)  # of those that there are
    with pytest.raises(df.DualframeError, match=r"--record-cells is '0-7': expected all, or"):
        requested(record=("many=V",), record_cells="0-7")


# --- very much ----------------------------------------------------------------------------------


def test_memory_is_cells_times_samples_of_eight_bytes() -> None:
    n, seconds = 1300, 10
    size = n * seconds * 10_000 * 8
    assert size > MUCH_MEMORY > size / 2
    (text,) = warnings_of(Recording("V"), n, seconds * second)
    assert f"what is recorded takes {size / 1e9:.3g} GB of memory" in text
    assert "'many' (1300 neurons)" in text
    assert warnings_of(Recording("V", every=0.2 * ms), n, seconds * second) == []
    assert warnings_of(Recording("V", neurons=np.arange(3)), n, seconds * second) == []


# --- dendritic spikes ---------------------------------------------------------------------------


def spiking_dendrites(record: Any) -> list[str]:
    spike = Event("spike_up", "v > 1", "v = 0")
    equations = "dv/dt = (I - v)/(10*ms) : 1\nI : 1"
    sizes = {"many": 8, "few": 3}
    cells = [df.Population(name, n, equations, events=(spike,)) for name, n in sizes.items()]
    found = resolve_recordings(df.Network(cells), record, STEP)
    net = df.Network(cells)
    lowered = lower_network(net, dt=STEP, duration=1 * ms, seed=1, record=found)
    return list(warn_of_few_dendritic_spikes(net, lowered))


def test_dendritic_spikes_of_the_first_neurons_are_said_to_be_those() -> None:
    (text,) = spiking_dendrites({"many": ["dspikes"], "few": ["dspikes"]})
    assert text == (
        "dendritic spikes are those of the first 3 neurons of many (of 8): "
        'Recording("dspikes") keeps those of all.'
    )
    assert spiking_dendrites({"many": df.Recording("dspikes"), "few": ["dspikes"]}) == []
    assert spiking_dendrites({"many": df.Recording("dspikes", neurons=[1, 2, 5])}) == []
    assert spiking_dendrites({"many": ["v"]}) == []


def test_documents_say_the_number() -> None:
    root = Path(__file__).parents[2]
    quickstart = (root / "docs" / "quickstart.md").read_text(encoding="utf-8")
    assert re.search(r"of the first three neurons\s+of a population", quickstart)
    assert "three cells" in (root / "README.md").read_text(encoding="utf-8")
