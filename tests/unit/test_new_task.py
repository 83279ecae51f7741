"""The template of a task: written where nothing stands, read as it is, and trained at once."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

import dualframe as df
from dualframe.building.task_builder import build_task, neurons_of_task
from dualframe.building.task_calibrations import find_calibration, task_calibration_path
from dualframe.cli import main
from dualframe.cli.arguments import NEW_KINDS
from dualframe.core.errors import CatalogueError, NetworkError, OutputError, UnknownName
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


@pytest.mark.parametrize("name", ["bandit_cells", "navigation_cells"])
def test_a_copy_of_a_task_has_its_calibrations(name: str, tmp_path: Path) -> None:
    copied = df.task(df.new_task("mine", tmp_path, copy_of=name))
    for branch in ("task_driven", "biological"):
        neurons = neurons_of_task(copied, branch, None)
        found = find_calibration(copied, neurons, copied.time_step(branch))
        shipped = find_calibration(df.task(name), neurons, copied.time_step(branch))
        assert found is not None
        assert found.weights == shipped.weights
        assert found.weights
    assert task_calibration_path(copied).parent == tmp_path / "calibration"


def test_a_name_that_is_too_long_for_a_file(tmp_path: Path) -> None:
    for longer in (252, 300):
        with pytest.raises(OutputError, match=rf"has {longer + 5} characters.*a shorter name"):
            df.new_task(longer * "a", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_circuit_is_no_task() -> None:
    with pytest.raises(UnknownName, match=r"It is a circuit: df\.circuit\('l23'\) in Python"):
        df.task("l23")
    with pytest.raises(UnknownName, match=r"It is a task: .*, dualframe train navigation"):
        df.circuit("navigation")


def test_a_component_that_cannot_be_is_named_with_its_file() -> None:
    task = df.task("navigation").with_parameters(place__rate_max="-5 Hz")
    place = r"^task 'navigation' \(navigation\.toml\), \[encoders\.place\]: rate_max"
    with pytest.raises(NetworkError, match=place):
        build_task(task)


@pytest.mark.parametrize("rate", ["-5 Hz", "0 Hz"])
def test_an_escape_rate_is_above_zero(rate: str) -> None:
    with pytest.raises(
        CatalogueError, match=r"navigation\.toml, table .*'rho0'.*greater than zero"
    ):
        df.task("navigation").with_parameters(zannone__rho0=rate)
    with pytest.raises(CatalogueError, match=r"srm0: rho0 is .* expected more than zero"):
        df.neuron("srm0", rho0=rate)
