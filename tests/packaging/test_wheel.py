"""What a user gets who installs the wheel, away from the checkout."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LOOKUP = """
import sys
from pathlib import Path
import dualframe
from dualframe.core import shipped_files as library
assert Path(dualframe.__file__).is_relative_to(sys.prefix), dualframe.__file__
for kind in ("circuits", "tasks"):
    assert library.shipped_folder(kind).is_relative_to(sys.prefix), library.shipped_folder(kind)
    for name in library.shipped_names(kind):
        print(kind, library.find_shipped_file(kind, name).name)
"""

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a clean copy: a stale build/ folder must not leak into it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / path).is_file():
            copy = source / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / path).read_bytes())
    run(sys.executable, "-m", "dualframe.cli.shipped_pages", cwd=source)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
        *("--wheel-dir", target, source),
        cwd=target,
    )
    (built,) = target.glob("dualframe-*.whl")
    return built


@pytest.fixture(scope="module")
def content(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_package_folder_is_listed() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {path.parent.relative_to(ROOT) for path in ROOT.glob("dualframe/**/__init__.py")}
    found = {".".join(folder.parts) for folder in folders}
    assert listed == found | {"dualframe.circuits", "dualframe.tasks"}


@pytest.mark.parametrize("kind", ["circuits", "tasks"])
def test_shipped_data_are_inside(content: set[str], kind: str) -> None:
    data = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / kind).rglob("*")
        if path.suffix in {".toml", ".bib"}
    }
    assert {f"dualframe/{path}" for path in data} <= content
    assert data


def test_every_file_of_the_package_is_inside(content: set[str]) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dualframe").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {"dualframe/catalogue/references.bib", "dualframe/py.typed"} <= files
    assert files <= content


def test_only_dualframe_is_installed_at_the_top(content: set[str]) -> None:
    assert {path.split("/")[0].split("-")[0] for path in content} == {"dualframe"}


@pytest.mark.parametrize("kind", ["circuits", "tasks"])
def test_model_scripts_are_not_modules(content: set[str], kind: str) -> None:
    assert not [path for path in content if path.startswith(f"dualframe/{kind}/") and ".py" in path]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel an environment that sees this one's dependencies, but not the checkout."""
    root = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", root, cwd=root)
    python = root / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=root)
    folder = run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))", cwd=root)
    # addsitedir, because setuptools provides Python 3.12's distutils through a .pth file.
    sites = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})\n" for path in sites]
    Path(folder.strip(), "dependencies.pth").write_text("".join(lines))
    return root


def test_an_installed_wheel_finds_its_library(installed: Path) -> None:
    found = run(installed / "bin" / "python", "-c", LOOKUP, cwd=installed).splitlines()
    for kind in ("circuits", "tasks"):
        names = {path.name for path in (ROOT / kind).glob("*.toml")}
        assert {line.split()[1] for line in found if line.startswith(kind)} == names


def test_the_command_is_installed(installed: Path) -> None:
    assert "doctor" in run(installed / "bin" / "dualframe", "--help", cwd=installed)


@pytest.mark.parametrize("words", [("list", "cells"), ("show", "l23"), ("show", "navigation")])
def test_the_first_page_is_printed_without_brian2(
    words: tuple[str, str], installed: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from dualframe.cli import main; main(sys.argv[1:]); "
        "assert not {'brian2', 'numpy', 'pandas'} & set(sys.modules)"
    )
    environment = ("env", f"DUALFRAME_CACHE={tmp_path}")
    printed = run(*environment, installed / "bin" / "python", "-c", code, *words, cwd=tmp_path)
    assert words[1] in printed or "ctx_pv" in printed
    assert not list(tmp_path.iterdir())


def test_a_new_task_with_an_environment_of_its_own_trains_where_it_was_written(
    installed: Path, tmp_path: Path
) -> None:
    """What the template says is followed to the letter, but for fewer agents and trials."""
    said = run(
        installed / "bin" / "dualframe", "new", "task", "mine", "--with-environment", cwd=tmp_path
    )
    assert "python mine.py" in said
    assert {path.name for path in tmp_path.iterdir()} == {"mine.toml", "mine.py"}
    script = tmp_path / "mine.py"
    text = script.read_text(encoding="utf-8")
    assert text.count("main(seed=1)") == 1
    script.write_text(text.replace("main(seed=1)", "main(seed=1, agents=2, trials=3)"))
    printed = run(installed / "bin" / "python", "mine.py", cwd=tmp_path)
    assert "median" in printed  # the learning curve
