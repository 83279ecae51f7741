"""`dualframe train`: conditions, files, going on, evaluation, interrupts, refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import pandas as pd
import pytest
from small_task import AGENTS, TRIALS, small_task

import dualframe as df
from dualframe.cli import main

Capture = pytest.CaptureFixture[str]
CPP = ("--target", "cpp_standalone", "--seed", "1")


@pytest.fixture
def task(tmp_path: Path) -> str:
    return str(small_task(tmp_path))


def printed(capsys: Capture, *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    return capsys.readouterr().out


def error_of(capsys: Capture, *arguments: str) -> str:
    """Return the one line that the command line prints."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("dualframe: error: ")]
    assert len(lines) == 1
    assert "Traceback" not in captured.err
    assert not captured.out
    return lines[0]


def test_tasks_are_listed_and_shown(
    capsys: Capture, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # or titles are wrapped
    assert "distal reward problem" in printed(capsys, "list", "tasks")
    text = printed(capsys, "show", "navigation")
    assert "ASSUMED" in text
    assert "drive.current" in text
    assert "modeldb245018" in text
    assert json.loads(printed(capsys, "list", "tasks", "--json"))[0]["name"]
    assert printed(capsys, "show", task).startswith("small: ")


# --- what it writes -------------------------------------------------------------------------------


@pytest.mark.cpp
class TestOneArm:
    @pytest.fixture
    def out(self, task: str, tmp_path: Path, capsys: Capture) -> Path:
        out = tmp_path / "out"
        assert main(["train", task, *CPP, "--out", str(out)]) == 0
        text = capsys.readouterr()
        assert "last_success_rate" in text.out
        assert f"Tables, agents and figures are in {out}" in text.out
        assert "modulators: ACh, DA; seed 1, target cpp_standalone" in text.err
        assert "assumed: " in text.err
        return out

    def test_files(self, out: Path) -> None:
        files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        assert files == {
            "manifest.json",
            "trials.csv",
            "outcomes.csv",
            "curves.csv",
            "agents.h5",
            "task.json",
            "traces.h5",
            "statistics.csv",
            "figures/learning_success.png",
            "figures/learning_duration_s.png",
            "figures/learning_reward.png",
            "figures/outcomes.png",
        }
        trials = pd.read_csv(out / "trials.csv")
        assert {"agent", "trial", "success", "duration_s", "reward"} <= set(trials.columns)
        assert len(trials) == AGENTS * TRIALS
        assert len(pd.read_csv(out / "outcomes.csv")) == AGENTS
        assert pd.read_csv(out / "statistics.csv")["condition"].tolist() == ["ACh, DA"]

    def test_the_manifest_says_how(self, out: Path) -> None:
        manifest = json.loads((out / "manifest.json").read_text())
        assert manifest["command"].startswith("dualframe train ")
        assert manifest["seed"] == 1
        assert manifest["completed"] is True
        for name in ("build_s", "run_s", "simulated_s", "build_cache", "network_hash", "versions"):
            assert name in manifest

    def test_it_can_be_replayed(self, out: Path, capsys: Capture) -> None:
        assert printed(capsys, "replay", str(out / "manifest.json")).startswith("equal: ")
        facts = json.loads(printed(capsys, "replay", str(out), "--json"))
        assert facts["equal"]
        assert facts["arguments"]["agents"] == AGENTS
        weights = out / "agents.h5"
        with h5py.File(weights, "r+") as file:
            file["learned/weight"][0] += 1e-9
        text = printed(capsys, "replay", str(out), status=1)
        assert text.startswith("different: weights of 'learned'.")

    def test_agents_go_on_are_evaluated_and_replaced(self, out: Path, capsys: Capture) -> None:
        before = df.load_agents(out).weights["learned"].sort_values(["pre", "post"])
        there = str(out.parent / "evaluated")
        printed(capsys, "train", str(out), "--evaluate", *CPP, "--trials", "2", "--out", there)
        still = df.load_agents(there).weights["learned"].sort_values(["pre", "post"])
        assert (before["weight"].to_numpy() == still["weight"].to_numpy()).all()
        manifest = json.loads((Path(there) / "manifest.json").read_text())
        assert manifest["build_cache"] == "hit"
        assert "--force" in error_of(capsys, "train", str(out), *CPP, "--out", str(out))
        printed(capsys, "train", str(out), *CPP, "--out", str(out), "--force")  # in its place
        after = df.load_agents(out).weights["learned"].sort_values(["pre", "post"])
        assert (before["weight"].to_numpy() != after["weight"].to_numpy()).any()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--agents", "3"], "--agents belongs to agents that learn from the start"),
            (["--modulate", "none"], "--modulate belongs to agents"),
            (["--heterogeneity", "0.1"], "--heterogeneity belongs"),
            (["--neurons", "9"], "--neurons belongs"),
            (["--set", "action.n=9"], "--set belongs"),
            (["--model", "glif"], "--model belongs"),
        ],
    )
    def test_what_agents_that_have_learned_keep(
        self, out: Path, capsys: Capture, options: list[str], message: str
    ) -> None:
        assert message in error_of(capsys, "train", str(out), *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--record", "action"], "--record is 'action': expected a text like 'action=V'"),
        (["--record", "aktion=V"], "unknown population of the agent to record 'aktion'"),
        (["--record", "none", "--record", "action=V"], "leave out the others"),
        (["--record", "action=u", "--record", "action=V"], "'action' a second time"),
        (["--record-every", "1 ms"], "--record-every says how often"),
        (["--record-agents", "a"], "--record-agents is 'a': expected numbers"),
        (["--record-agents", "0,7"], "recorded_agents reach from 0 to 7"),
        (["--record-spikes", "aktion"], "'aktion'"),
    ],
)
def test_what_cannot_be_recorded(
    task: str, capsys: Capture, options: list[str], message: str
) -> None:
    assert message in error_of(capsys, "train", task, "--target", "runtime", *options)


@pytest.mark.cpp
class TestConditions:
    def test_each_has_a_folder_and_all_have_one_table(
        self, task: str, tmp_path: Path, capsys: Capture
    ) -> None:
        out = tmp_path / "out"
        conditions = ("--modulate", "none", "--modulate", "DA,5-HT", "--modulate", "acetylcholine")
        text = printed(capsys, "train", task, *CPP, *conditions, "--out", str(out))
        assert [line.split()[0] for line in text.splitlines()[1:4]] != []
        table = pd.read_csv(out / "statistics.csv", keep_default_na=False)
        assert table["condition"].tolist() == ["none", "DA, 5HT", "ACh"]
        for folder, modulators in (("none", ()), ("DA_5HT", ("DA", "5HT")), ("ACh", ("ACh",))):
            agents = df.load_agents(out / folder)
            assert agents.task.modulators == modulators
            assert agents.provenance["completed"]
        assert (out / "figures" / "outcomes.png").exists()
        printed(capsys, "report", str(out))
        page = (out / "report.html").read_text(encoding="utf-8")
        assert all(f"<h3>{folder}</h3>" in page for folder in ("none", "DA_5HT", "ACh"))
        printed(capsys, "report", str(out / "ACh"))
        assert "2 agents trained; modulators ACh" in (out / "ACh" / "report.html").read_text()
        (out / "notes.txt").write_text("mine")
        arm = ("--modulate", "none", "--modulate", "ACh")
        assert "--force" in error_of(capsys, "train", task, *CPP, *arm, "--out", str(out))
        printed(capsys, "train", task, *CPP, *arm, "--out", str(out), "--force")
        left = {path.name for path in out.iterdir()}
        assert left == {"none", "ACh", "figures", "statistics.csv", "manifest.json", "notes.txt"}
        printed(capsys, "train", task, *CPP, "--out", str(out), "--force")
        assert {path.name for path in out.iterdir() if path.is_dir()} == {"figures"}

    def test_json_has_the_facts(self, task: str, capsys: Capture) -> None:
        conditions = ("--modulate", "none", "--modulate", "ACh", "--agents", str(AGENTS))
        found = json.loads(printed(capsys, "train", task, *CPP, *conditions, "--json"))
        assert list(found["conditions"]) == ["none", "ACh"]
        for own in found["conditions"].values():
            assert own["completed"] is True
            assert own["seed"] == 1
            assert len(own["outcomes"]) == AGENTS
            assert own["outcomes"][0]["trials"] == TRIALS
        assert [row["condition"] for row in found["statistics"]] == ["none", "ACh"]

    def test_one_condition_named_twice_is_run_once(self, task: str, capsys: Capture) -> None:
        conditions = ("--modulate", "DA,ACh", "--modulate", "ACh,DA")
        message = error_of(capsys, "train", task, *CPP, *conditions)
        assert "--modulate ACh,DA is the condition 'ACh, DA' a second time" in message


def test_options_reach_the_task(
    task: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(Exception):
        pass

    seen: dict[str, Any] = {}

    def train(task: Any, **options: Any) -> None:
        network = df.task_driven.build(task, model=options["model"])
        seen.update(task=task, network=network, **options)
        raise Stop

    monkeypatch.setattr(df, "train", train)
    options = (
        "--agents",
        "7",
        "--trials",
        "3",
        "--duration",
        "2 s",
        "--neurons",
        "20",
        "--modulate",
        "DA",
        "--heterogeneity",
        "0.1",
        "--set",
        "zannone.rho0=50 Hz",
        "--set",
        "learned.plasticity.eta_DA = 0.02",
        "--model",
        "glif",
        "--seed",
        "5",
        "--target",
        "runtime",
    )
    with pytest.raises(Stop):
        main(["train", task, *options])
    assert (seen["agents"], seen["trials"], seen["seed"], seen["target"]) == (7, 3, 5, "runtime")
    assert float(seen["duration"]) == 2
    given = seen["task"]
    assert given.condition == "DA"
    assert given.heterogeneity == 0.1
    assert given.circuit.population("action").n == seen["network"].population("action").n == 20
    assert float(given.circuit.population("action").point.parameters["rho0"]) == 50
    assert seen["model"] == seen["network"].meta["model"] == "glif"
    learned = next(p for p in seen["network"].projections if p.plasticity)
    assert learned.plasticity.numbers["eta_DA"] == 0.02


def test_neurons_of_a_task_with_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def train(task: Any, **_: Any) -> None:
        assert df.task_driven.build(task).population("exc").n == 160
        raise Stop

    monkeypatch.setattr(df, "train", train)
    with pytest.raises(Stop):
        main(["train", "distal_reward", "--neurons", "200", "--target", "runtime"])


# --- what is not accepted -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--modulate", "dopmine"], "modulator of task 'small': 'dopmine'"),
        (["--modulate", "DA,AChh"], "'AChh'. Did you mean 'ACh'?"),
        (["--modulate", "none,DA"], "none"),
        (["--modulate", ""], "--modulate names no modulator: write --modulate none"),
        (["--target", "gen"], "unknown target 'gen'. Did you mean 'genn'?"),
        (["--set", "action.n"], "--set 'action.n': expected SECTION.NAME=VALUE"),
        (["--set", "n=4"], "--set 'n=4': expected SECTION.NAME=VALUE"),
        (["--set", "actin.n=4"], "section of task 'small': 'actin'. Did you mean 'action'?"),
        (["--set", "action.m=4"], "small.toml, table [populations.1], key 'm': unknown key"),
        (["--set", "zannone.rho0=4"], "table [models.1], key 'rho0'"),
        (["--set", "zannone.rho0=4 mV"], "table [models.1], key 'rho0' is '4 mV'"),
        (["--set", "action.n=__import__('os')"], "key 'n'"),
        (["--set", "zannone.form=lif"], "key 'form': unknown form 'lif'"),
        (["--set", "learned.plasticity.w_mx=2"], "table [projections.1.plasticity], key 'w_mx'"),
        (["--model", "lif"], "'ctx_l23_pyr' has no LIF set"),
        (["--set", "action.n=-4"], "-4"),
        (["--set", "protocol.agents=0"], "'agents': is 0"),
        (["--neurons", "0"], "number of neurons is 0"),
        (["--agents", "0"], "number of agents is 0"),
        (["--agents", "-2"], "number of agents is -2"),
        (["--trials", "0"], "trials is 0: expected a whole number"),
        (["--trials", "-1"], "trials is -1"),
        (["--duration", "3"], "--duration is '3'"),
        (["--duration", "3 mV"], "--duration is '3 mV'"),
        (["--duration", "-3 s"], "duration is -3"),
        (["--heterogeneity", "-1"], "heterogeneity of task 'small'"),
        (["--heterogeneity", "nan"], "heterogeneity of task 'small'"),
        (["--seed", "-1"], "seed is -1"),
        (["--threads", "0"], "threads is 0"),
        (["--evaluate"], "--evaluate is for agents that have learned"),
    ],
)
def test_one_clear_line(capsys: Capture, task: str, options: list[str], message: str) -> None:
    target = () if "--target" in options else ("--target", "runtime")
    assert message in error_of(capsys, "train", task, *target, *options)


@pytest.mark.parametrize("options", [["--agents", "-1"], ["--trials", "0"]])
def test_counts_are_refused_before_anything_is_said(
    capsys: Capture, task: str, options: list[str]
) -> None:
    assert main(["train", task, *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("dualframe: error: ")
    assert len(captured.err.splitlines()) == 1


@pytest.mark.cpp
def test_a_number_of_agents_that_is_given_is_not_assumed(capsys: Capture, task: str) -> None:
    assert main(["train", task, *CPP, "--trials", "1", "--agents", "2"]) == 0
    lines = [s for s in capsys.readouterr().err.splitlines() if s.startswith("assumed: protocol")]
    assert len(lines) == 1
    assert "sampling" in lines[0]
    assert "agents" not in lines[0]


def test_unknown_tasks_and_folders(capsys: Capture, tmp_path: Path, task: str) -> None:
    assert "Did you mean 'navigation'?" in error_of(capsys, "train", "navigatoin")
    assert "Did you mean" in error_of(capsys, "train", "distal-reward")
    assert "manifest.json" in error_of(capsys, "train", str(tmp_path))
    file = tmp_path / "file"
    file.write_text("x")
    assert f"cannot write into '{file}'" in error_of(capsys, "train", task, "--out", str(file))
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "manifest.json").write_text("{}")
    message = error_of(capsys, "train", task, "--out", str(foreign))
    assert "was not written by dualframe" in message
    assert (foreign / "manifest.json").read_text() == "{}"
    table = tmp_path / "folder" / "none" / "trials.csv"
    table.parent.mkdir(parents=True)
    table.write_text("mine")
    arms = ("--modulate", "none", "--modulate", "ACh", "--force")
    message = error_of(capsys, "train", task, *arms, "--out", str(tmp_path / "folder"))
    assert f"'{table}' stands where output would go" in message


def test_a_folder_of_a_run_holds_no_agents(
    capsys: Capture, tmp_path: Path, tiny: df.Network
) -> None:
    df.run(tiny, "5 ms", target="runtime", seed=1).save(tmp_path / "run", figures=False)
    assert "holds no agents" in error_of(capsys, "train", str(tmp_path / "run"))


@pytest.mark.parametrize("options", [["--agents", "x"], ["--trials", "1.5"], ["--fly"]])
def test_wrong_usage_is_argparse(capsys: Capture, task: str, options: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["train", task, *options])
    assert stop.value.code == 2
    assert "usage: dualframe" in capsys.readouterr().err


# --- interrupts -----------------------------------------------------------------------------------

# The command line, which says when the simulation has begun: progress is reported twice a second.
DRIVER = """
import contextlib, importlib, sys
module = importlib.import_module("dualframe.simulation.run")
@contextlib.contextmanager
def loud(*_):
    yield lambda fraction: print("running", fraction, file=sys.stderr, flush=True)
module.progress_bar = loud
from dualframe.cli import main
sys.exit(main(sys.argv[1:]))
"""


def listening() -> None:
    """Hear Ctrl-C: the background jobs of a shell ignore it, and so do their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(*arguments: str, after: str = "") -> tuple[int, str, str]:
    """Start the command line, send Ctrl-C while it simulates, and wait for its end.

    It is sent once a text was printed, and the simulation that follows reports its progress.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listening,
    )
    assert process.stderr is not None
    before = ""
    while after not in before or before[before.find(after) :].count("running") < 2:
        line = process.stderr.readline()
        assert line, before
        before += line
    os.kill(process.pid, signal.SIGINT)
    out, after = process.communicate(timeout=120)
    return process.returncode, out, before + after


@pytest.mark.cpp
def test_an_interrupted_training_keeps_what_was_learned(task: str, tmp_path: Path) -> None:
    """The first condition is stopped: its trials are kept, the second is not begun."""
    out = tmp_path / "out"
    conditions = ("--modulate", "ACh", "--modulate", "none", "--trials", "100000")
    status, text, messages = interrupted("train", task, *CPP, *conditions, "--out", str(out))
    assert "Traceback" not in messages
    assert status == 130
    assert f"interrupted; what was simulated is in {out}" in messages
    assert "last_success_rate" in text
    kept = df.load_agents(out / "ACh")
    assert not kept.provenance["completed"]
    assert 0 < kept.provenance["simulated_s"] < kept.provenance["asked_s"]
    assert len(kept.trials) > 2 * AGENTS
    path = kept.traces["environment"]
    assert path["x"].shape == (AGENTS, 1, path.t.size)
    assert kept.trials["end_s"].max() <= path.t[-1] <= kept.provenance["simulated_s"]
    assert kept.trials["end_s"].max() <= kept.provenance["simulated_s"]
    assert (kept.weights["learned"]["weight"] < 2).any()
    assert not (out / "none").exists()
    assert pd.read_csv(out / "statistics.csv")["condition"].tolist() == ["ACh"]


@pytest.mark.slow
@pytest.mark.cpp
def test_interrupted_agents_of_cells_keep_finished_conditions_and_what_they_did(
    tmp_path: Path,
) -> None:
    """Ctrl-C in the second condition: the first is whole, the second as far as it came."""
    out = tmp_path / "out"
    arguments = ("navigation_cells", "--model", "glif", "--agents", "2", *CPP, "--out", str(out))
    conditions = ("--modulate", "none", "--modulate", "DA,ACh", "--duration", "100 s")
    status, text, messages = interrupted(
        "train", *arguments, *conditions, after="modulators: DA, ACh;"
    )
    assert "Traceback" not in messages
    assert status == 130
    assert f"interrupted; what was simulated is in {out}" in messages
    finished, stopped = df.load_agents(out / "none"), df.load_agents(out / "DA_ACh")
    assert finished.provenance["completed"]
    assert not stopped.provenance["completed"]
    assert 0 < stopped.provenance["simulated_s"] < finished.provenance["simulated_s"] == 100
    for agents in (finished, stopped):
        assert agents.n == 2
        assert agents.trials["end_s"].max() <= agents.provenance["simulated_s"]
    assert set(finished.trials["agent"]) == {0, 1}
    assert "none" in text
    assert "DA, ACh" in text
    assert pd.read_csv(out / "statistics.csv")["condition"].tolist() == ["none", "DA, ACh"]


def test_an_interrupt_before_the_simulation_says_so(
    capsys: Capture, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(df, "train", stop)
    assert main(["train", task, "--target", "runtime"]) == 130
    assert "interrupted before there was a result" in capsys.readouterr().err


@pytest.mark.cpp
def test_an_interrupt_between_conditions_keeps_those_that_are_done(
    capsys: Capture, task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the second condition is prepared: the first one is saved, compared and shown."""
    train = df.train

    def once(task: Any, **options: Any) -> df.TrainedAgents:
        if task.condition == "none":
            raise KeyboardInterrupt
        return train(task, **options)

    monkeypatch.setattr(df, "train", once)
    out = tmp_path / "out"
    conditions = ("--modulate", "ACh,DA", "--modulate", "none")
    text = printed(capsys, "train", task, *CPP, *conditions, "--out", str(out), status=130)
    assert "ACh, DA" in text
    assert df.load_agents(out / "ACh_DA").provenance["completed"]
    assert pd.read_csv(out / "statistics.csv")["condition"].tolist() == ["ACh, DA"]
