"""What is recorded of agents: shapes, samples, spikes, files, replay, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from brian2.units import ms, second
from small_task import AGENTS, small

import dualframe as df
from dualframe.core.errors import DualframeError, OutputError, UnknownName
from dualframe.task import Task
from dualframe.training.recordings import AgentRecordings, request_recordings
from dualframe.training.replay_training import replay_training

RUNTIME: dict[str, Any] = {"target": "runtime", "seed": 1, "progress": False}
WHOLE = 400 * ms  # two trials of 22 ms in the goal and two of 150 ms
SHORT = 50 * ms
Pair = tuple[df.TrainedAgents, df.TrainedAgents]
#: Neurons in another order, intervals that are no multiples of the task's 10 ms.
RECORD = {
    "environment": df.Recording(("x", "y"), every=4 * ms),
    "action": df.Recording("arrived", neurons=[2, 1], every=5 * ms),
    "place": ["rate_now"],
}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return small(tmp_path_factory.mktemp("task"))


@pytest.fixture(
    scope="module", params=["runtime", pytest.param("cpp_standalone", marks=pytest.mark.cpp)]
)
def pair(request: pytest.FixtureRequest, task: Task) -> Pair:
    """The same training without a recording, and with many of agent 1."""
    how = {**RUNTIME, "target": request.param, "duration": WHOLE}
    plain = df.train(task, record={}, **how)
    return plain, df.train(task, record=RECORD, spikes="action", recorded_agents=[1], **how)


# --- what comes back ------------------------------------------------------------------------------


def test_recording_changes_nothing(pair: Pair) -> None:
    plain, recorded = pair
    assert recorded.trials.equals(plain.trials)
    assert recorded.weights["learned"].equals(plain.weights["learned"])
    assert not plain.traces
    assert plain.spikes.empty


def test_traces_show_themselves_in_a_line_as_those_of_a_run(pair: Pair) -> None:
    _, recorded = pair
    shown = repr(recorded.traces["place"])
    assert re.fullmatch(
        r"<AgentTrace: of 1 agents, rate_now of \d+ neurons, \d+ samples from 0 to \S+ s>", shown
    )
    assert repr(recorded.results(1).traces["place"]) == shown.replace(
        "<AgentTrace: of 1 agents, ", "<Trace: "
    )
    assert type(recorded.traces) is type(recorded.results(1).traces)


def test_traces_are_by_agent_neuron_and_time(pair: Pair) -> None:
    traces = pair[1].traces
    samples = round(float(WHOLE / ms))
    shapes = {(name, v): t[v].shape for name, t in traces.items() for v in t.values}
    assert shapes == {
        ("environment", "x"): (1, 1, samples // 4),
        ("environment", "y"): (1, 1, samples // 4),
        ("action", "arrived"): (1, 2, samples // 5),
        ("place", "rate_now"): (1, 25, samples // 10),
    }
    assert all(trace.agents.tolist() == [1] for trace in traces.values())
    assert traces["action"].neurons.tolist() == [1, 2]
    np.testing.assert_allclose(traces["environment"].t[:3], [0, 0.004, 0.008])
    assert traces["place"].units["rate_now"] == "hertz"
    assert traces["place"].quantity("rate_now").max() <= 400 / second
    with pytest.raises(UnknownName, match="recorded variable"):
        traces["place"]["rate"]
    with pytest.raises(UnknownName, match="recorded agent"):
        traces["place"].select_agent(0)


def test_samples_of_the_position_are_those_that_place_cells_saw(pair: Pair) -> None:
    """Two recordings of different intervals agree where their samples meet."""
    traces, agent = pair[1].traces, pair[1].network
    x, place = traces["environment"], traces["place"]
    both, in_x, in_place = np.intersect1d(
        np.round(x.t, 6), np.round(place.t, 6), return_indices=True
    )
    assert both.size == 20
    cells = agent.population("place").parameters
    squares = sum(
        (x[v][0, 0, in_x] - np.asarray(cells[f"centre_{v}"])[:, np.newaxis]) ** 2 for v in "xy"
    )
    expected = 400 * np.exp(-squares / float(cells["sigma"]) ** 2)
    rates = place["rate_now"][0][:, in_place]
    silent = rates == 0  # after the goal was found
    assert 0 < silent.mean() < 0.5
    # a copied variable is that of the step before, in which an agent moves by a hundredth at most
    same = np.isclose(rates, expected, rtol=0.2) | silent
    assert same.mean() > 0.9


def test_spikes_are_by_agent(pair: Pair) -> None:
    spikes = pair[1].spikes
    assert set(spikes["agent"]) == {1}
    assert set(spikes["population"]) == {"action"}
    assert spikes["neuron"].between(0, 39).all()
    assert len(spikes) > 100


def test_an_agent_is_the_results_of_a_run(pair: Pair) -> None:
    agents = pair[1]
    one = agents.results(1)
    assert isinstance(one, df.Results)
    assert dict(one.populations[["population", "n"]].to_numpy()) == {
        "environment": 1,
        "place": 25,
        "action": 40,
    }
    assert len(one.spikes) == len(agents.spikes)
    assert one.traces["action"].values["arrived"].shape == (2, agents.traces["action"].t.size)
    assert df.plots.traces(one, "action").axes
    assert not agents.results(0).traces
    with pytest.raises(UnknownName, match="agent"):
        agents.results(AGENTS)


def test_by_default_positions_are_kept(task: Task) -> None:
    agents = df.train(task, duration=SHORT, **RUNTIME)
    assert list(agents.traces) == ["environment"]
    assert agents.traces["environment"]["x"].shape == (AGENTS, 1, 5)
    nothing = request_recordings(None, (), None, agents=5, sampling=10 * ms)
    assert nothing == AgentRecordings()
    three = request_recordings(None, (), None, agents=5, sampling=10 * ms, position=("x",))
    assert three.agents == (0, 1, 2)


def test_agents_that_go_on_are_recorded_anew(pair: Pair) -> None:
    target = pair[1].provenance["target"]
    options: dict[str, Any] = {"record": RECORD, "spikes": "action", "recorded_agents": [0]}
    on = df.evaluate(pair[1], duration=SHORT, **{**RUNTIME, **options, "target": target})
    assert on.traces["action"]["arrived"].shape == (1, 2, 10)
    assert on.traces["action"].agents.tolist() == [0]


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(pair: Pair, tmp_path: Path) -> Path:
    return pair[1].save(tmp_path / "agents", figures=False)


def test_read_again_they_are_the_same(pair: Pair, folder: Path) -> None:
    back = df.load_agents(folder)
    assert back.recorded.traces == pair[1].recorded.traces
    assert back.spikes.equals(pair[1].spikes)
    assert {"traces.h5", "spikes.h5"} <= {path.name for path in folder.iterdir()}
    again = back.save(folder.parent / "again", figures=False)
    assert df.load_agents(again).recorded == back.recorded


def test_a_replay_records_and_compares(folder: Path) -> None:
    assert replay_training(folder, progress=False).differences == ()
    with h5py.File(folder / "traces.h5", "r+") as file:
        file["environment/x"][0, -1] += 1
        del file["action"]
    content = json.loads((folder / "manifest.json").read_text())
    del content["recorded"]["traces"]["action"]
    (folder / "manifest.json").write_text(json.dumps(content))
    differences = replay_training(folder, progress=False).differences
    assert differences == ("traces of 'action'", "traces of 'environment'")


def without_rows(folder: Path) -> None:
    with h5py.File(folder / "traces.h5", "r+") as file:
        neurons = file["place/neurons"][()]
        del file["place/neurons"]
        file["place/neurons"] = neurons + 1


def without_spikes(folder: Path) -> None:
    with h5py.File(folder / "spikes.h5", "r+") as file:
        for name in ("node_ids", "timestamps", "seconds"):
            del file[f"spikes/action/{name}"]
            kind = np.uint64 if name == "node_ids" else float
            file[f"spikes/action/{name}"] = np.empty(0, dtype=kind)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "traces.h5").unlink(), "traces.h5"),
        (lambda f: (f / "traces.h5").write_bytes(b"x" * 99), "traces.h5"),
        (lambda f: (f / "spikes.h5").unlink(), "spikes.h5"),
        (without_rows, "same neurons of each agent"),
        (without_spikes, "do not belong to the manifest"),
    ],
)
def test_damaged_recordings_are_one_clear_error(
    folder: Path, damage: Callable[[Path], Any], message: str
) -> None:
    damage(folder)
    with pytest.raises(OutputError, match=message) as caught:
        df.load_agents(folder)
    assert "\n" not in str(caught.value)


# --- refused before anything is built -------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"record": {"aktion": ["V"]}}, "Did you mean 'action'"),
        ({"record": {"world": ["x"]}}, "environment"),
        ({"record": {"action": ["arived"]}}, "Did you mean 'arrived'"),
        ({"record": {"learned": ["w"]}}, "unknown population of the agent to record"),
        ({"record": {"action": df.Recording("arrived", neurons=[40])}}, "neuron 40"),
        ({"record": {"action": df.Recording("arrived", every=1.5 * ms)}}, "whole number of time"),
        ({"record": ["action"]}, "record"),
        ({"spikes": ["aktion"]}, "Did you mean 'action'"),
        ({"recorded_agents": [AGENTS]}, "recorded_agents reach"),
        ({"recorded_agents": []}, "recorded_agents is empty"),
        (
            {
                "record": {"place": df.Recording(("rate_now", "seen_x"))},
                "duration": 1e7 * second,
            },
            "needs at least .* of memory.* recorded of 'place'",
        ),
    ],
)
def test_what_cannot_be_recorded(
    task: Task, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(
        "dualframe.simulation.run.TARGETS", {}
    )  # nothing is simulated: there is no target to do it
    with pytest.raises(DualframeError, match=message):
        df.train(task, **{**RUNTIME, **options})
