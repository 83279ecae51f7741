"""The template of a task: written where nothing stands, read as it is, and trained at once."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

import dualframe as df
from dualframe.building.task_builder import build_task
from dualframe.cli import main
from dualframe.cli.arguments import NEW_KINDS
from dualframe.core.errors import NetworkError, OutputError
from dualframe.environments.registry import ENVIRONMENTS

TEMPLATES = Path(df.__file__).parent / "templates"


def test_each_kind_of_the_command_line_has_a_template() -> None:
    assert {path.name.split(".")[0] for path in TEMPLATES.iterdir()} == set(NEW_KINDS)


@pytest.mark.cpp
def test_the_template_trains_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "task", "mine"]) == 0
    assert "dualframe train mine.toml" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
    small = ["--agents", "2", "--trials", "3", "--seed", "1", "--json"]
    assert main(["train", "mine.toml", *small]) == 0
    (condition,) = json.loads(capsys.readouterr().out)["conditions"].values()
    assert len(condition["outcomes"]) == 2


def test_the_template_has_what_a_task_is_made_of(tmp_path: Path) -> None:
    task = df.task(df.new_task("mine", tmp_path))
    assert task.name == "mine"
    assert task.encoders
    assert task.readouts
    assert task.releases
    (learned,) = task.circuit.projections
    assert learned.plasticity is not None


def test_the_script_registers_the_environment_of_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ENVIRONMENTS, "_kinds", dict(ENVIRONMENTS._kinds))
    path = df.new_task("levers", tmp_path, with_environment=True)
    names = runpy.run_path(str(path.with_suffix(".py")))  # not as __main__: nothing is trained
    assert "main" in names
    assert df.task(path).environment.kind == "levers"
    assert "levers" in set(df.environments()["name"])


def test_nothing_of_the_users_is_replaced(tmp_path: Path) -> None:
    path = df.new_task("mine", tmp_path)
    template = path.read_text(encoding="utf-8")
    df.new_task("mine", tmp_path)  # it stands there as it would be written
    path.write_text(template + "# mine\n", encoding="utf-8")
    with pytest.raises(OutputError, match="is there already"):
        df.new_task("mine", tmp_path, with_environment=True)
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert [found.name for found in tmp_path.iterdir()] == ["mine.toml"]
    df.new_task("mine", tmp_path, force=True)
    assert path.read_text(encoding="utf-8") == template


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("my-task", NetworkError, "task name 'my-task'"),
        ("../mine", NetworkError, "task name"),
        ("random", OutputError, "Python has a module 'random'"),
        ("numpy", OutputError, "Python has a module 'numpy'"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, name: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        df.new_task(name, tmp_path, with_environment=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Name another one"):
        df.new_task("mine", tmp_path / "file")


def test_dopamine_acts_in_the_template_through_the_receptor_that_its_rule_reads(
    tmp_path: Path,
) -> None:
    actions = build_task(df.task(df.new_task("mine", tmp_path))).meta["actions"]
    by_receptor = {row["receptor"]: row for row in actions if row["action"] == "DA"}
    assert by_receptor["D1"]["acted"]
    assert by_receptor["D1"]["effects"] == "read by a rule"
