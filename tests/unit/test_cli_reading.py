"""Reading on a terminal: pages of environments, tables as wide as the screen, and the pager."""

from __future__ import annotations

import io
import os
import pydoc

import numpy as np
import pandas as pd
import pytest

import dualframe as df
from dualframe.cli import main, screen
from dualframe.cli.arguments import KINDS, command_line_parser
from dualframe.cli.catalogue_pages import COLUMNS
from dualframe.cli.command_list import COMMANDS, EXAMPLES
from dualframe.cli.data_tables import format_table, text_table
from dualframe.core.quantity import quantity, quantity_text
from dualframe.simulation.run_specification import BRANCHES
from dualframe.targets.target_support import TARGETS


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example_that_can_be_called(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert f"example: {EXAMPLES[name]}" in shown.replace("\n", " ").replace("  ", " ")
    program, *words = EXAMPLES[name].split()
    assert program == "dualframe"
    assert command_line_parser().parse_args(words).command == name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list"], "missing. Kinds: cells, circuits, "),
        (["list", "cell"], "unknown kind 'cell'. Did you mean 'cells'? Kinds: cells, "),
        (["list", "xyzzy"], "unknown kind 'xyzzy'. Kinds: cells, "),
        (["schema", "--out", "x.json"], "missing. Kinds: circuit, task, "),
    ],
)
def test_a_kind_that_is_none_is_answered_with_the_kinds(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    said = capsys.readouterr().err
    assert f"argument KIND: {message}" in said
    assert "[KIND]" not in said


def test_help_shows_what_options_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    for choices in (BRANCHES, [*TARGETS, "auto"], ("float64", "float32")):
        assert f"{{{','.join(choices)}}}" in shown
    assert tuple(EXAMPLES) == tuple(COMMANDS)


@pytest.mark.parametrize("name", df.environments()["name"])
def test_a_page_of_an_environment_has_each_parameter_with_its_unit(name: str) -> None:
    world = df.environment(name)
    page = world.describe()
    for parameter in world.parameters:
        [line] = [x for x in page.splitlines() if x.startswith(f"  {parameter.name} ")]
        if parameter.value is not None:
            assert f"  {quantity_text(quantity(parameter.value))} " in line
        assert parameter.meaning in line
    assert world.equations.strip().splitlines()[-1].strip() in page


def test_show_has_a_task_and_the_environment_of_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["show", "bandit"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("protocol") < shown.index("bandit: several arms")
    assert main(["show", "t_maze"]) == 0
    assert "a corridor with a cue" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("systems", "neurons")])
def test_tables_fit_the_screen(kind: str) -> None:
    table = getattr(df, {"plasticity": "plasticity_rules"}.get(kind, kind))()
    table = table[list(COLUMNS.get(kind, table.columns))]
    first = table[table.columns[0]]
    for width in (60, 80, 200):
        lines = text_table(table).fit_columns(width).splitlines()
        assert max(map(len, lines)) <= width
        assert [line.split()[0] for line in lines[1 : len(table) + 1]] == list(first)


def test_a_table_that_fits_is_as_it_was() -> None:
    table = pd.DataFrame({"name": ["one", "two"], "n": [1, np.nan], "text": ["x" * 20, "y" * 40]})
    printed = text_table(table)
    assert printed.fit_columns(None) == printed.fit_columns(80) == format_table(table)
    cut = printed.fit_columns(40).splitlines()
    assert cut[1].endswith("x" * 20)
    assert cut[2].endswith("y...")
    assert "Not shown: text." in printed.fit_columns(18)


def test_columns_count_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert screen.screen_width() is None
    monkeypatch.setenv("COLUMNS", "72")
    assert screen.screen_width() == 72
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("sys.stdout", Terminal())
    assert screen.screen_width() == os.get_terminal_size().columns if os.isatty(1) else 80


def test_long_pages_go_through_a_pager_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    paged: list[str] = []
    monkeypatch.setattr(pydoc, "pager", paged.append)
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("LESS", "")
    long, short = "line\n" * 100, "line\n"
    for output, expected in ((io.StringIO(), []), (Terminal(), [long])):
        paged.clear()
        monkeypatch.setattr("sys.stdout", output)
        screen.print_page(short)
        screen.print_page(long)
        assert paged == expected
        assert output.getvalue() == short + ("" if expected else long)
