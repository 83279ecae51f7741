from __future__ import annotations

from pathlib import Path

import pytest

from dualframe.core import shipped_files as library
from dualframe.core.errors import NetworkError, UnknownName


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two circuits and no task beside it, as in a checkout."""
    package = tmp_path / "dualframe"
    package.mkdir()
    circuits = tmp_path / "circuits"
    circuits.mkdir()
    (tmp_path / "tasks").mkdir()
    for name in ("l23", "ca1"):
        (circuits / f"{name}.toml").write_text("")
    (circuits / "notes.txt").write_text("not a circuit")
    monkeypatch.setattr(library, "files", lambda _: package)
    return tmp_path


def test_names_are_the_toml_files_in_order(shipped: Path) -> None:
    assert library.shipped_names("circuits") == ("ca1", "l23")


def test_a_name_gives_its_file(shipped: Path) -> None:
    assert library.find_shipped_file("circuits", "l23") == shipped / "circuits" / "l23.toml"


def test_the_folder_inside_the_package_comes_first(shipped: Path) -> None:
    inside = shipped / "dualframe" / "circuits"
    inside.mkdir()
    assert library.shipped_folder("circuits") == inside


def test_a_missing_folder_is_an_incomplete_installation(shipped: Path) -> None:
    (shipped / "tasks").rmdir()
    with pytest.raises(FileNotFoundError, match="reinstall"):
        library.shipped_folder("tasks")


@pytest.mark.parametrize("wrong", ["l32", "L23"])
def test_an_unknown_name_gets_a_proposal(shipped: Path, wrong: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown circuit '{wrong}'. Did you mean 'l23'?"):
        library.find_shipped_file("circuits", wrong)


def test_a_name_unlike_any_other_gets_the_list(shipped: Path) -> None:
    with pytest.raises(UnknownName, match=r"Known: ca1, l23\."):
        library.find_shipped_file("circuits", "zzz")


def test_a_path_is_taken_as_it_is(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = shipped / "mine.toml"
    mine.write_text("")
    monkeypatch.chdir(shipped)
    assert library.find_shipped_file("circuits", mine) == mine
    assert library.find_shipped_file("circuits", "mine.toml") == Path("mine.toml")
    assert library.find_shipped_file("circuits", "./mine.toml") == Path("mine.toml")
    assert library.find_shipped_file("circuits", f"{shipped}/mine") == mine


def test_a_wrong_path_proposes_a_file_beside_it(shipped: Path) -> None:
    wrong = shipped / "circuits" / "l32.toml"
    with pytest.raises(UnknownName, match=r"unknown circuit file .*Did you mean .*l23\.toml"):
        library.find_shipped_file("circuits", wrong)


@pytest.mark.parametrize(
    "name", ["", "../l23", "..", ".", "/", "~nobody/l23", "l2\0", "circuits/../l24"]
)
def test_a_name_cannot_leave_the_library(
    shipped: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shipped)
    with pytest.raises((UnknownName, NetworkError)):
        library.find_shipped_file("circuits", name)
