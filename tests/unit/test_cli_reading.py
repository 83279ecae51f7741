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
from dualframe.cli.arguments import KINDS
from dualframe.cli.catalogue_commands import COLUMNS
from dualframe.cli.terminal_output import fit_table, format_table
from dualframe.core.quantity import quantity, quantity_text


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


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
        lines = fit_table(table, width).splitlines()
        assert max(map(len, lines)) <= width
        assert [line.split()[0] for line in lines[1 : len(table) + 1]] == list(first)


def test_a_table_that_fits_is_as_it_was() -> None:
    table = pd.DataFrame({"name": ["one", "two"], "n": [1, np.nan], "text": ["x" * 20, "y" * 40]})
    assert fit_table(table, None) == fit_table(table, 80) == format_table(table)
    cut = fit_table(table, 40).splitlines()
    assert cut[1].endswith("x" * 20)
    assert cut[2].endswith("y...")
    assert "Not shown: text." in fit_table(table, 18)


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
