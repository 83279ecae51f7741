"""What README and the documentation show works as it stands, for who has no checkout.

The Python blocks of a page run in one process, in order, in a folder outside the repository, and
print what stands below them; the commands of a page run in such a folder too. A block that cannot
run stands below a comment ``<!-- not run: reason -->``, and is listed here.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import dualframe as df
from dualframe.cli import main
from dualframe.cli.arguments import command_line_parser
from dualframe.targets.cpp.compiler import has_compiler

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *(ROOT / name / "README.md" for name in ("benchmarks", "tasks")),
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs" / "guides").glob("*.md")),
        *sorted((ROOT / "docs" / "design_notes").glob("*.md")),
    )
}
# How many blocks of Python of a page are not run; the page says why above each.
UNRUN = {"README.md": 1, "docs/pairs.md": 1}
# Commands that take longer than 20 s, or whose command starts others; the parser reads them.
PARSED_ONLY: dict[str, str] = {
    "dualframe run mine.toml --duration 1s": "tests/unit/test_new_files.py runs the template",
    "dualframe compare l23 --modulate ACh=0.8 --modulate NA=0.8": "90 runs of nine programs",
}
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
NOT_RUN = re.compile(r"<!-- not run: .+ -->\n\s*\Z")


class Block(NamedTuple):
    """A block of code of a page; ``line`` is that of its first line of code."""

    language: str
    line: int
    code: str
    runs: bool


def blocks(page: str, *languages: str) -> Iterator[Block]:
    """Yield the blocks of a page that are in one of the languages."""
    text = PAGES[page].read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        before = text[: match.start()]
        if match["language"].strip() in languages:
            yield Block(
                match["language"].strip(),
                before.count("\n") + 2,
                textwrap.dedent(match["code"]),
                NOT_RUN.search(before) is None,
            )


def outputs(page: str) -> Iterator[str]:
    """Yield what a page says that it prints: text below a block of Python that runs.

    A line ``...`` stands for what the page leaves out.
    """
    text, end_of_python = PAGES[page].read_text(encoding="utf-8"), 0
    for match in BLOCK.finditer(text):
        language, between = match["language"].strip(), text[end_of_python : match.start()]
        if language == "text" and end_of_python and not between.strip():
            yield from re.split(r"^\.\.\.$", textwrap.dedent(match["code"]), flags=re.MULTILINE)
        is_run = language == "python" and NOT_RUN.search(text[: match.start()]) is None
        end_of_python = match.end() if is_run else 0


def commands(page: str) -> list[str]:
    """Return the lines of a page that call the command line."""
    lines = [line for block in blocks(page, "", "sh", "bash") for line in block.code.splitlines()]
    return [line.strip() for line in lines if line.strip().startswith("dualframe ")]


def runs(line: str) -> bool:
    return not any(re.match(rf"{re.escape(words)}\b", line) for words in PARSED_ONLY)


def environment() -> dict[str, str]:
    """Return the environment of a process: the package of these tests, figures to files only."""
    folders = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "MPLBACKEND": "Agg"}


# --- what is written -----------------------------------------------------------------------------


def test_blocks_that_are_not_run_are_listed() -> None:
    unrun = {page: sum(not b.runs for b in blocks(page, "python")) for page in PAGES}
    assert {page: number for page, number in unrun.items() if number} == UNRUN


def test_every_fence_has_a_known_language() -> None:
    known = {"python", "", "sh", "bash", "text", "toml", "{toctree}", "{eval-rst}"}
    for page, path in PAGES.items():
        for match in BLOCK.finditer(path.read_text(encoding="utf-8")):
            assert match["language"].strip() in known, (page, match["language"])


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_the_command_line_has_what_a_page_types(page: str) -> None:
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        command_line_parser().parse_args(words)  # SystemExit names the culprit on stderr


def test_make_has_the_targets_that_pages_name() -> None:
    if not (ROOT / "Makefile").is_file():
        pytest.skip("not a checkout")
    makefile = (ROOT / "Makefile").read_text()
    for page, path in PAGES.items():
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.MULTILINE):
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), (page, name)


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str) -> None:
    text = PAGES[page].read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:dualframe|circuits|tasks|docs|tests|benchmarks|\.ci)/[\w./*-]*)`", text
    )
    built = ("docs/_build", "docs/catalogue/")
    missing = [p for p in named if not p.startswith(built) and not list(ROOT.glob(p.rstrip("/")))]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_local_links_lead_somewhere(page: str) -> None:
    text = BLOCK.sub("", PAGES[page].read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" in link or link.split("/")[0] in ("catalogue", "gallery"):
            continue  # elsewhere, or written when the documentation is built, which checks it
        if "../catalogue/" in link:
            continue
        assert (PAGES[page].parent / link).exists(), link


ROW = re.compile(
    r"^\| (?P<question>[^|]+) \| `(?P<file>[^`]+)`[^|]* \| `(?P<content>[^`]+)` \|$", re.MULTILINE
)


def test_the_layout_says_where_things_are() -> None:
    rows = list(ROW.finditer(PAGES["docs/design_notes/layout.md"].read_text(encoding="utf-8")))
    assert len(rows) >= 10
    for row in rows:
        assert row["content"] in (ROOT / row["file"]).read_text(encoding="utf-8"), row["question"]


def test_the_reference_lists_every_public_name() -> None:
    listed = re.findall(r"^   (\w+)$", PAGES["docs/api.md"].read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(df.__all__)


# --- what runs -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler")
@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page, "python"))])
def test_the_python_of_a_page_runs(page: str, tmp_path: Path) -> None:
    lines: list[str] = []  # as in the page, so that a traceback names the page's line
    for block in blocks(page, "python"):
        if block.runs:
            lines += [""] * (block.line - 1 - len(lines)) + block.code.splitlines()
    script = tmp_path / Path(page).with_suffix(".py").name
    script.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page}\n{done.stderr[-3000:]}"
    printed = " ".join(done.stdout.split())  # tables may be set otherwise
    for output in outputs(page):
        assert " ".join(output.split()) in printed, f"{page} does not print:\n{output}"


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler")
@pytest.mark.parametrize("page", [page for page in PAGES if any(map(runs, commands(page)))])
def test_the_commands_of_a_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in filter(runs, commands(page)):
        assert main(shlex.split(line, comments=True)[1:]) == 0, line


def test_the_readme_counts_the_catalogue() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    counted = re.search(r"(\d+) cell types, (\d+) receptors and (\d+) plasticity rules", text)
    assert counted is not None
    rules = df.plasticity_rules()
    assert list(map(int, counted.groups())) == [
        len(df.cells()),
        len(df.receptors()),
        int(rules["runs"].sum()),  # the others are numbers that a rule of another name takes
    ]
