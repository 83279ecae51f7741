"""Errors of dualframe in scripts and notebooks: the user's lines and our message, not Brian2's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dualframe as df


def run_script(folder: Path, text: str, *options: str) -> str:
    """Run a script that fails and return what it says."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    paths = os.pathsep.join([str(Path(df.__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, *options, str(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert not done.stdout
    return done.stderr


def test_a_script_shows_our_message_alone(tmp_path: Path) -> None:
    text = "import dualframe as df\n\ndef look(name):\n    df.cell(name)\n\nlook('ctx_pvb')\n"
    lines = run_script(tmp_path, text).splitlines()
    assert lines[-1].startswith("dualframe.core.errors.UnknownName: unknown cell type 'ctx_pvb'.")
    script = tmp_path / "script.py"
    assert lines[:-1] == [
        *(f'  File "{script}", line 6, in <module>', "    look('ctx_pvb')"),
        *(f'  File "{script}", line 4, in look', "    df.cell(name)"),
    ]


def test_the_whole_traceback_is_there_in_development_mode(tmp_path: Path) -> None:
    said = run_script(tmp_path, "import dualframe as df\ndf.cell('ctx_pvb')\n", "-X", "dev")
    assert "Traceback" in said
    assert "catalogue" in said


def test_other_errors_are_shown_as_brian2_shows_them(tmp_path: Path) -> None:
    said = run_script(tmp_path, "import dualframe\nimport brian2\nbrian2.NeuronGroup(1, 'x ~ 1')\n")
    assert "Brian 2 encountered an unexpected error" in said


def test_a_notebook_shows_our_message_alone() -> None:
    with pytest.raises(df.DualframeError) as caught:
        df.cell("ctx_pvb")
    render = caught.value._render_traceback_  # type: ignore[attr-defined]  # what IPython asks for
    assert render()[-1].startswith("dualframe.core.errors.UnknownName: unknown cell type 'ctx_pvb'")
    assert not any("catalogue" in line and "File" in line for line in render())


# --- what Brian2 would evaluate in the current folder --------------------------------------------

EVALUATED = "core.default_float_dtype = __import__('pathlib').Path('evaluated').touch()\n"


def test_preferences_in_the_current_folder_are_not_evaluated(tmp_path: Path) -> None:
    (tmp_path / "brian_preferences").write_text(EVALUATED)
    run_script(tmp_path, "import dualframe\nraise SystemExit(1)\n")
    assert not (tmp_path / "evaluated").exists()


@pytest.mark.parametrize("before", ["import brian2\n", "import dualframe, brian2\nbrian2.prefs."])
def test_a_script_may_read_them_itself(tmp_path: Path, before: str) -> None:
    (tmp_path / "brian_preferences").write_text("codegen.target = 'numpy'\n")
    read = before + ("read_preference_file('brian_preferences')\n" if before[-1] == "." else "")
    script = f"{read}import dualframe\nraise SystemExit(brian2.prefs.codegen.target == 'numpy')\n"
    run_script(tmp_path, script)


def test_the_users_own_preferences_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".brian").mkdir()
    (tmp_path / ".brian" / "user_preferences").write_text("codegen.target = 'numpy'\n")
    script = "import dualframe, brian2\nraise SystemExit(brian2.prefs.codegen.target == 'numpy')\n"
    run_script(tmp_path, script)
