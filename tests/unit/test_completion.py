"""Completion in the shell: what bash answers to a TAB, after it has read the script."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from dualframe.catalogue import names
from dualframe.cli import completion_command, main
from dualframe.cli.arguments import SHELLS, command_line_parser
from dualframe.cli.command_list import COMMANDS
from dualframe.core.shipped_files import shipped_names
from dualframe.simulation.run_specification import BRANCHES

BASH = shutil.which("bash")
# With an empty PATH nothing is started, Python least of all, by a TAB.
DRIVE = """
PATH=
source {script}
completion=$(complete -p dualframe)
[[ $completion =~ -F\\ ([_a-z]+) ]]
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
"${{BASH_REMATCH[1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip(completion_command.LIBRARY)
    folder = tmp_path_factory.mktemp("scripts")
    paths = {shell: folder / f"dualframe.{shell}" for shell in SHELLS}
    for shell, path in paths.items():
        path.write_text(completion_command.completion_script(shell), encoding="utf-8")
    return paths


@pytest.fixture
def pressed(scripts: dict[str, Path], tmp_path: Path):
    """What bash proposes for the last of some words, in a folder with files."""
    if BASH is None:
        pytest.skip("no bash")
    for name in ("mine.toml", "notes.txt", "two words.toml"):
        (tmp_path / name).touch()
    (tmp_path / "results").mkdir()

    def press_tab(*words: str) -> set[str]:
        typed = " ".join(shlex.quote(word) for word in ("dualframe", *words))
        code = DRIVE.format(script=shlex.quote(str(scripts["bash"])), words=typed)
        done = subprocess.run([BASH, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return set(done.stdout.splitlines()) - {""}

    return press_tab


def test_every_command_and_each_of_its_options_is_proposed(pressed) -> None:
    assert pressed("") == set(COMMANDS)
    assert pressed("ca") == {"cache", "calibrate"}
    [commands] = [
        action
        for action in command_line_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    for name, subparser in commands.choices.items():
        options = {text for action in subparser._actions for text in action.option_strings}
        assert pressed(name, "-") == options


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["list", "c"], {"cells", "circuits"}),
        (["run", "l23", "--branch", ""], set(BRANCHES)),
        (["run", "l23", "--target", "genn"], {"genn", "genn5"}),
        (["run", "l23", "--model", "glif"], {"glif", *(f"glif{level}" for level in range(1, 6))}),
        (["run", "--seed", "1", "l23_"], {"l23_human"}),
        (["export", "l23", "--format", ""], {"cpp", "sonata"}),
        (["train", "bandit", "--modulate", ""], {*names("modulator"), "none"}),
        (["attribute", "bandit_cells", "--receptor", "M"], {"M1", "M2", "M4"}),
        (["calibrate", "l23", "--model", "bio"], {"biological"}),
        (["completion", ""], set(SHELLS)),
        (["cache", ""], set()),
    ],
)
def test_choices_are_proposed(pressed, words: list[str], proposed: set[str]) -> None:
    assert pressed(*words) == proposed


def test_names_that_ship_stand_beside_files_of_their_kind(pressed) -> None:
    files = {"mine.toml", "two words.toml", "results"}
    assert pressed("run", "") == {*shipped_names("circuits"), *files}
    assert pressed("train", "") == {*shipped_names("tasks"), *files}
    assert pressed("validate", "ctx_p") == {n for n in names("cell type") if n.startswith("ctx_p")}
    assert pressed("show", "l23") == {"l23", "l23_human", "l23_mouse"}
    assert pressed("new", "circuit", "mine", "--from", "pd") == {"pd14"}
    assert pressed("new", "circuit", "") == set()


def test_files_and_folders_are_proposed_where_they_are_taken(pressed) -> None:
    assert pressed("run", "l23", "--calibration", "n") == {"notes.txt"}
    assert pressed("run", "l23", "--out", "") == {"results"}
    assert pressed("report", "results", "") == {"results"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reads_its_script(scripts: dict[str, Path], shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    words = ["-f", "-c", f"source {scripts[shell]}"] if shell == "tcsh" else ["-n", scripts[shell]]
    done = subprocess.run([shell, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_has_commands_choices_and_names(scripts: dict[str, Path], shell: str) -> None:
    words = set(re.split(r"[^\w.-]+", scripts[shell].read_text(encoding="utf-8")))
    assert {*COMMANDS, *BRANCHES, *shipped_names("circuits"), *names("cell type")} <= words


def test_the_command_prints_the_script(
    scripts: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "bash"]) == 0
    assert capsys.readouterr().out == f"{scripts['bash'].read_text(encoding='utf-8')}\n"


def test_a_missing_library_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(completion_command, "LIBRARY", "no_such_library")
    assert main(["completion", "zsh"]) == 2
    assert "pip install no_such_library" in capsys.readouterr().err
