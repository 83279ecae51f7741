"""Rewards that are not finite and successes that are no 0 or 1: they stay so, and are said."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_environment import EQUATIONS, LAMP

import dualframe as df
from dualframe.core.errors import (
    CatalogueError,
    DualframeError,
    DualframeWarning,
    NetworkError,
    OutputError,
)
from dualframe.core.output_folder import added_output
from dualframe.environments import Discrete, EnvironmentSpec
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.training.agents import TrainedAgents
from dualframe.training.outcomes.trials import outcomes_of_trials

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture
def train_levers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainedAgents]:
    """Return what trains three agents of `dualframe new task`, with a line of it replaced."""
    monkeypatch.setattr(ENVIRONMENTS, "_kinds", dict(ENVIRONMENTS._kinds))
    df.new_task("levers", folder=tmp_path, with_environment=True)

    def train(old: str, new: str, main: str = "last_success_rate") -> TrainedAgents:
        script, file = tmp_path / "levers.py", tmp_path / "levers.toml"
        assert old in script.read_text()
        script.write_text(script.read_text().replace(old, new))
        file.write_text(file.read_text().replace("last_success_rate", main))
        spec = importlib.util.spec_from_file_location("levers_of_a_test", script)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return df.train(df.task(file), agents=3, trials=2, seed=1, target="runtime")

    return train


NO_NUMBER = ("reward_next = answers*right : 1", "reward_next = log(answers - 0.5) : 1")


def test_a_reward_that_is_not_finite_stays_so(
    train_levers: Callable[..., TrainedAgents], tmp_path: Path
) -> None:
    agents = train_levers(*NO_NUMBER, main="last_reward")
    assert agents.trials["reward"].isna().all()
    assert agents.outcomes[["last_reward", "mean_reward"]].isna().all(axis=None)
    text = "\n".join(agents.provenance["warnings"])
    assert "environment 'levers': the reward of 3 of 3 agents is not finite, from trial 1" in text
    assert "reward_next" in text
    assert "time step" not in text
    with pytest.warns(DualframeWarning, match="'a': rewards or outcomes of 3 of 3 agents"):
        table = df.compare_conditions({"a": agents, "b": agents})
    assert table[["median", "q25", "q75"]].isna().all(axis=None)
    assert table["p"].isna().all()
    agents.plot(0)
    with pytest.raises(DualframeError, match=r"'reward' .* never finite"):
        df.plots.learning_curves(agents, "reward")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        df.report(agents, tmp_path / "report.html")


def test_agents_without_finite_weights_are_saved_and_read(
    train_levers: Callable[..., TrainedAgents], tmp_path: Path
) -> None:
    agents = train_levers(*NO_NUMBER)
    assert agents.weights["learned"]["weight"].isna().all()
    folder = agents.save(tmp_path / "out")
    names = {path.stem for path in (folder / "figures").iterdir()}
    assert names == {"learning_success", "learning_duration_s", "outcomes"}
    back = df.load_agents(folder)
    pd.testing.assert_frame_equal(back.weights["learned"], agents.weights["learned"])
    pd.testing.assert_frame_equal(back.trials, agents.trials, check_dtype=False)
    pd.testing.assert_frame_equal(back.outcomes, agents.outcomes, check_dtype=False)


def test_successes_are_counted_where_they_are_no_0_or_1(
    train_levers: Callable[..., TrainedAgents],
) -> None:
    agents = train_levers("succeeded = answered_right_next", "succeeded = 5 - trial")
    assert (agents.trials["success"] == 1).all()
    (text,) = agents.provenance["warnings"]
    assert "'levers': succeeded is 5 at the end of trials of 3 of 3 agents" in text
    assert df.compare_conditions({"a": agents})["rate"].tolist() == [1.0]


def test_one_reward_that_is_no_number_makes_the_mean_none() -> None:
    rows = [(0, 1, 1, 1.0, 2.0), (0, 2, 1, 1.0, np.nan), (1, 1, 0, 1.0, 3.0)]
    columns = ["agent", "trial", "success", "duration_s", "reward"]
    table = outcomes_of_trials(pd.DataFrame(rows, columns=columns), 3)
    assert table["mean_reward"].tolist() == pytest.approx([np.nan, 3, 0], nan_ok=True)


def test_what_cannot_be_drawn_is_no_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no figure"), added_output(tmp_path):
        raise ValueError("no figure")
    with pytest.raises(OutputError, match="cannot write into"), added_output(tmp_path):
        raise OSError("disk is full")


def test_a_rule_that_reads_no_receptor_is_named(tmp_path: Path) -> None:
    df.new_task("cues", folder=tmp_path)
    file = tmp_path / "cues.toml"
    text = file.read_text()
    assert '"o_D1"' in text
    file.write_text(text.replace('"o_D1"', '"o_D7"'))
    with pytest.raises(CatalogueError, match="'learned' reads 'o_D7', the occupancy of no recep"):
        df.task_driven.build(df.task(file))


# ---------------------------------------------------------------- environments


def lamp(**changes: object) -> EnvironmentSpec:
    equations = replace(LAMP.write_equations({}), **changes)
    return replace(LAMP, write_equations=lambda values: equations)


def test_state_that_is_carried_over_is_said_where_success_depends_on_it() -> None:
    with pytest.warns(DualframeWarning, match="'toy_lamp'.* depend on 'lit', .* carried over"):
        lamp(start={}).make_environment()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"start": {}, "carried_over": ("lit",)},
        {
            "start": {"lit": "0"},
            "state": ("lit", "seen"),
            "equations": f"{EQUATIONS}\nseen_next = lit : 1",
        },
    ],
    ids=["started", "meant", "read by nothing"],
)
def test_nothing_is_said_where_that_is_meant_or_matters_not(changes: dict[str, object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DualframeWarning)
        lamp(**changes).make_environment()


def test_shipped_environments_say_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DualframeWarning)
        for name in df.environments()["name"]:
            df.environment(name)


@pytest.mark.parametrize("number", ["3", 2.5, 0, True])
def test_actions_are_counted(number: object) -> None:
    with pytest.raises(NetworkError, match=r"number of actions of Discrete is .*whole number"):
        Discrete(number)  # type: ignore[arg-type]


def test_an_environment_has_actions() -> None:
    with pytest.raises(NetworkError, match=r"'toy_lamp': action is 3: expected Discrete\(n\)"):
        lamp(action=3).make_environment()
    with pytest.raises(NetworkError, match="what write_equations returns is None"):
        replace(LAMP, write_equations=lambda values: None).make_environment()  # type: ignore
