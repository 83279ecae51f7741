"""Pages of `list` and `show` that are kept: the same as fresh ones, quick, and never stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dualframe.cli import kept_pages
from dualframe.cli.arguments import command_line_parser
from dualframe.cli.catalogue_commands import list_command
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


def test_a_kept_page_is_the_fresh_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")  # a page is kept for each width
    first, slow = call(tmp_path, "list", "receptors")
    second, imported = call(tmp_path, "list", "receptors")
    assert slow
    assert not imported  # so that it takes a tenth of a second
    options = command_line_parser().parse_args(["list", "receptors"])
    options.width = 100
    list_command(options)
    assert first == second == capsys.readouterr().out
    [kept] = (tmp_path / "pages").iterdir()
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path))
    page = json.loads(kept.read_text(encoding="utf-8"))
    assert kept_pages.read_page(kept, page["stamp"]) == first
    assert kept_pages.read_page(kept, "of another version") is None
    for damage in ("", "{", "[]", "{}", kept.read_text().replace("nACh", "nACH")):
        kept.write_text(damage, encoding="utf-8")
        assert kept_pages.read_page(kept, page["stamp"]) is None
    assert kept_pages.read_page(tmp_path, page["stamp"]) is None  # a folder


def test_the_stamp_changes_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "dualframe" / "cli"
    package.mkdir(parents=True)
    cells = tmp_path / "dualframe" / "cells.toml"
    cells.write_text("one")
    monkeypatch.setattr(kept_pages, "__file__", str(package / "kept_pages.py"))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "installed")])
    stamps = [kept_pages.package_stamp()]
    assert kept_pages.package_stamp() == stamps[0]
    cells.write_text("another")
    stamps.append(kept_pages.package_stamp())
    (tmp_path / "installed").mkdir()
    stamps.append(kept_pages.package_stamp())
    assert len(set(stamps)) == 3


@pytest.mark.parametrize("words", [("list", "targets"), ("show", "mine.toml")])
def test_what_is_not_shipped_is_not_kept(
    words: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text('name = "mine"\nlike = "ctx_pv"\n', encoding="utf-8")
    monkeypatch.setattr(kept_pages, "imported_brian", lambda: False)  # as in a new process
    options = command_line_parser().parse_args(list(words))
    command = kept_pages.list_command if words[0] == "list" else kept_pages.show_command
    assert command(options) == 0
    assert not (tmp_path / "cache" / "pages").exists()


def test_packages_of_others_are_announced_in_one_group() -> None:
    assert kept_pages.PLUG_INS == ENTRY_POINTS
