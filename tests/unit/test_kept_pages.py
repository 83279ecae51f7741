"""Pages of `list` and `show` that are kept: the same as fresh ones, quick, and never stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_lazy_imports import SLOW, loaded_modules

from dualframe.cli import catalogue_commands, kept_pages, shipped_pages
from dualframe.cli.arguments import command_line_parser
from dualframe.core.registry import ENTRY_POINTS

COMMAND = """
import sys
from dualframe.cli import main
status = main(sys.argv[1:])
print("brian2" in sys.modules, file=sys.stderr)
sys.exit(status)
"""


def call(folder: Path, *words: str) -> tuple[str, bool]:
    """Return what a command prints in a process of its own, and whether it imported Brian2."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        env={**os.environ, "DUALFRAME_CACHE": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr.split()[-1] == "True"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of shipped pages that is not there yet, for this process."""
    monkeypatch.setattr(kept_pages, "SHIPPED", tmp_path / "pages.json")
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept_pages, "imported_brian", lambda: False)  # as in a new process
    return kept_pages.SHIPPED


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(("command", "name"), [("list", "receptors"), ("show", "M1")])
def test_a_kept_page_is_the_fresh_one(
    command: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept_pages.find_page(command, name, keep=True)
    assert first == kept_pages.make_page(command, name)
    [file] = (kept_pages.default_folder() / "pages").iterdir()
    stamp = json.loads(file.read_text(encoding="utf-8"))["stamp"]
    assert kept_pages.read_page(file, stamp) == first
    assert kept_pages.read_page(file, "of another version") is None
    with monkeypatch.context() as patch:
        patch.setattr(kept_pages, "make_page", None)
        assert kept_pages.find_page(command, name, keep=True) == first
    for damage in ("", "{", "[]", "{}", file.read_text().replace("M1", "M2")):
        file.write_text(damage, encoding="utf-8")
        assert kept_pages.read_page(file, stamp) is None
    assert kept_pages.read_page(file.parent, stamp) is None  # a folder


def test_shipped_pages_are_those_of_these_sources(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_pages, "SHIPPED", shipped)
    monkeypatch.setattr(shipped_pages, "LISTS", {"receptors": "receptors", "targets": "targets"})
    monkeypatch.setattr(shipped_pages, "KINDS", {"receptor": (lambda: ("M1", "M2"), None)})
    shipped_pages.write_pages()
    stamp = kept_pages.content_stamp()
    pages = json.loads(shipped.read_text(encoding="utf-8"))["pages"]
    assert list(pages) == ["list receptors", "show M1", "show M2"]
    assert pages["show M1"] == kept_pages.make_page("show", "M1")
    assert kept_pages.read_shipped_page("show M1", stamp) == pages["show M1"]
    for words, other in (("show M3", stamp), ("show M1", "of other sources")):
        assert kept_pages.read_shipped_page(words, other) is None
    monkeypatch.setattr(kept_pages, "make_page", None)
    assert kept_pages.find_page("show", "M1", keep=True) == pages["show M1"]
    assert not kept_pages.default_folder().exists()
    whole = shipped.read_text(encoding="utf-8")
    for damaged in ("[]", whole[: len(whole) // 2], whole.replace('"text"', '"txet"')):
        shipped.write_text(damaged, encoding="utf-8")
        assert kept_pages.read_shipped_page("show M1", stamp) is None


@pytest.mark.parametrize("words", [("list", "receptors"), ("list", "cells"), ("show", "M1")])
def test_printing_a_page_imports_nothing_slow(words: tuple[str, str]) -> None:
    page = {"text": "a page", "json": "[]", "columns": {"name": ["a"]}, "numeric": [], "below": []}
    code = (
        "from dualframe.cli import kept_pages, main\n"
        f"kept_pages.read_shipped_page = lambda *_: {page!r}\n"
        f"main({list(words)!r})"
    )
    assert not loaded_modules(code) & set(SLOW)


def test_a_second_call_prints_the_same_and_imports_no_brian2(tmp_path: Path) -> None:
    assert call(tmp_path, "show", "M1")[0] == call(tmp_path, "show", "M1")[0]
    assert not call(tmp_path, "show", "M1")[1]


def test_the_stamps_change_with_files_and_installations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "dualframe" / "cli"
    package.mkdir(parents=True)
    cells = tmp_path / "dualframe" / "cells.toml"
    cells.write_text("one")
    monkeypatch.setattr(kept_pages, "__file__", str(package / "kept_pages.py"))
    stamps = [kept_pages.content_stamp()]
    os.utime(cells, (1, 1))
    assert kept_pages.content_stamp() == stamps[0]
    cells.write_text("two")
    stamps.append(kept_pages.content_stamp())
    cells.rename(cells.with_name("moved.toml"))
    stamps.append(kept_pages.content_stamp())
    assert len(set(stamps)) == 3
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "installed")])
    before = kept_pages.installation_stamp()
    assert kept_pages.installation_stamp() == before
    (tmp_path / "installed").mkdir()
    assert kept_pages.installation_stamp() != before


@pytest.mark.parametrize("words", [("list", "targets"), ("show", "mine.toml")])
def test_what_is_not_shipped_is_not_kept(
    words: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text('name = "mine"\nlike = "ctx_pv"\n', encoding="utf-8")
    monkeypatch.setattr(kept_pages, "imported_brian", lambda: False)  # as in a new process
    options = command_line_parser().parse_args(list(words))
    command = {
        "list": catalogue_commands.list_command,
        "show": catalogue_commands.show_command,
    }[words[0]]
    assert command(options) == 0
    assert not (tmp_path / "cache" / "pages").exists()


def test_packages_of_others_are_announced_in_one_group() -> None:
    assert kept_pages.PLUG_INS == ENTRY_POINTS
