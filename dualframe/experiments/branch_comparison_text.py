"""A comparison of branches in words: for a terminal, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from dualframe.analysis.branch_agreement import (
    AGREES,
    COLUMNS,
    AgreementCounts,
    Tolerance,
    verdict_words,
)
from dualframe.analysis.run_words import count_text
from dualframe.analysis.significance import fewest_pairs

WIDTH = 100
SIGNIFICANT = 0.05
Row = Mapping[str, Any]
_WHY = "Where they differ, and what differs between the two networks:"


@dataclass(frozen=True, kw_only=True)
class ComparisonTables:
    """What is shown of a comparison.

    Attributes
    ----------
    circuit
        Its name and size.
    seeds
        Number of seeds.
    start, duration
        Window (s) of the rates.
    states
        Means over seeds, by model, condition and population.
    out_of_range
        Populations of the control that are outside the ranges of the circuit's file.
    agreement, ranks, counts
        As those of `dualframe.experiments.branch_comparison.BranchComparison`.
    tolerance
        When a shift counts, and when two shifts agree.
    """

    circuit: str
    seeds: int
    start: float
    duration: float
    states: pd.DataFrame
    out_of_range: Sequence[str]
    agreement: pd.DataFrame
    ranks: pd.DataFrame
    counts: Sequence[AgreementCounts]
    tolerance: Tolerance

    @property
    def heading(self) -> str:
        """Circuit, models, number of seeds and window."""
        models = ", ".join(self.states["model"].unique())
        return (
            f"{self.circuit}: {models}; {count_text(self.seeds, 'seed')}, rates from "
            f"{self.start:g} to {self.duration:g} s"
        )

    def seeds_needed(self) -> str:
        """Return how many seeds a significant shift needs, where there are too few; else ""."""
        rows = max((count.rows for count in self.counts), default=1)
        needed = fewest_pairs(rows, SIGNIFICANT)
        if self.seeds >= needed:
            return ""
        return (
            f"{count_text(self.seeds, 'seed')} cannot reach p < {SIGNIFICANT:g} in "
            f"{count_text(rows, 'row')}: that needs {needed} (one row alone: "
            f"{fewest_pairs(1, SIGNIFICANT)})."
        )

    def rates(self) -> pd.DataFrame:
        """Return the mean rates, a row for each model and condition, a column per population."""
        order = {"model": None, "condition": None, "population": None}
        names = {name: list(self.states[name].unique()) for name in order}
        wide = self.states.pivot(
            index=["model", "condition"], columns="population", values="rate_Hz"
        )
        ordered = pd.MultiIndex.from_product(
            [names["model"], names["condition"]], names=wide.index.names
        )
        return wide.reindex(index=ordered, columns=names["population"])


def describe_comparison(tables: ComparisonTables) -> str:
    """Return a comparison as text of at most 100 columns.

    Parameters
    ----------
    tables
        What is shown.
    """
    parts = [
        tables.heading,
        f"Mean firing rates (Hz) over seeds\n{_aligned(_rate_rows(tables))}",
        "\n".join(tables.out_of_range),
    ]
    for count in tables.counts:
        rows = tables.agreement[tables.agreement["model"] == count.model]
        parts += [
            f"Shift of the mean rate (Hz), {count.reference} and {count.model}\n"
            f"{_aligned(_shift_rows(rows))}",
            _wrapped(str(count)),
            _reasons(rows),
        ]
    parts += [
        f"Rank correlation (rho) of the shifts of the rate\n{_aligned(_rank_rows(tables.ranks))}",
        "\n".join(["What the words mean", *_definition_lines(table_words(tables.tolerance))]),
        _wrapped(tables.seeds_needed()),
    ]
    return "\n\n".join(part for part in parts if part)


def markdown_of_comparison(tables: ComparisonTables) -> str:
    """Return a comparison as a page of Markdown, with what every column of its files means.

    Parameters
    ----------
    tables
        What is shown.
    """
    return "\n\n".join([f"# {tables.heading}", *comparison_sections(tables)]) + "\n"


def comparison_sections(tables: ComparisonTables) -> list[str]:
    """Return the blocks of `markdown_of_comparison` below its title.

    Parameters
    ----------
    tables
        What is shown.
    """
    columns = [f"| `{name}` | {text} |" for name, text in COLUMNS.items()]
    blocks = [
        "## Mean firing rates (Hz)",
        _grid(_rate_rows(tables)),
        "\n".join(f"* {line}" for line in tables.out_of_range),
        *agreement_sections(tables.agreement, tables.counts),
        "## Rank correlation (rho) of the shifts of the rate",
        _grid(_rank_rows(tables.ranks)),
        "## What the words mean",
        word_list(tables.tolerance),
        tables.seeds_needed(),
        "## Columns of the table of agreement",
        "\n".join(["| column | what it is |", "|---|---|", *columns]),
    ]
    return [block for block in blocks if block]


def agreement_sections(agreement: pd.DataFrame, counts: Sequence[AgreementCounts]) -> list[str]:
    """Return, in Markdown, the verdict, the shifts and the reasons of each model.

    Parameters
    ----------
    agreement, counts
        As those of `dualframe.experiments.branch_comparison.BranchComparison`.
    """
    blocks = []
    for count in counts:
        rows = agreement[agreement["model"] == count.model]
        heading = f"## {count.reference} and {count.model}: shift of the mean rate (Hz)"
        blocks += [heading, str(count), _grid(_shift_rows(rows)), *_reason_list(rows)]
    return blocks


def word_list(tolerance: Tolerance) -> str:
    """Return what the words of the tables mean, as a list in Markdown.

    Parameters
    ----------
    tolerance
        When a shift counts, and when two shifts agree.
    """
    return "\n".join(f"* `{word}`: {text}" for word, text in table_words(tolerance).items())


def table_words(tolerance: Tolerance) -> dict[str, str]:
    """Return what the words of the tables mean.

    Parameters
    ----------
    tolerance
        When a shift counts, and when two shifts agree.
    """
    return {
        "shift": "mean over seeds of the rate (Hz) in a condition minus that in the control with "
        "the same seed, +- half of its 95 % t interval",
        "*": "p < 0.05 of Wilcoxon's signed-rank test over seeds, two-sided, adjusted (Holm) for "
        "all rows of the same model",
        "ratio": "shift of the second model divided by that of the first [95 % interval, Fieller]; "
        "none where the first may be zero",
        "rho": "Spearman's rank correlation of the shifts of two models across populations: 1 if "
        "they order the populations alike",
        **verdict_words(tolerance),
    }


def _rate_rows(tables: ComparisonTables) -> list[list[str]]:
    wide = tables.rates()
    rows = [["model", "condition", *map(str, wide.columns)]]
    return rows + [
        [*map(str, labels), *(f"{rate:.2f}" for rate in row)]
        for labels, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]


def _shift_rows(agreement: pd.DataFrame) -> list[list[str]]:
    head = ["condition", "population", *agreement[["reference", "model"]].iloc[0]]
    rows = [[*head, "ratio", "verdict"]]
    for row in _records(agreement):
        shifts = [shift_text(row, side) for side in ("reference", "model")]
        rows.append([row["condition"], row["population"], *shifts, ratio_text(row), row["verdict"]])
    return rows


def _rank_rows(ranks: pd.DataFrame) -> list[list[str]]:
    chosen = ranks[ranks["measure"] == "rate_Hz"]
    rows = [["condition", "models", "rho", "populations"]]
    for row in _records(chosen):
        pair = f"{row['reference']}, {row['model']}"
        rows.append([row["condition"], pair, _number(row["rho"], "+.2f"), str(row["populations"])])
    return rows


def shift_text(row: Row, side: str) -> str:
    """Return a shift with half of its interval and a star if it is significant.

    Parameters
    ----------
    row
        Of an agreement.
    side
        ``"reference"`` or ``"model"``.
    """
    shift, high = row[f"{side}_shift_Hz"], row[f"{side}_high_Hz"]
    digits = 2 if abs(shift) < 10 else 1
    half = "" if high != high else f" +- {high - shift:.{digits}f}"
    star = "*" if row[f"{side}_p"] < SIGNIFICANT else ""
    return f"{shift:+.{digits}f}{half}{star}"


def ratio_text(row: Row) -> str:
    """Return the ratio of a row that counts, with its interval.

    Parameters
    ----------
    row
        Of an agreement.
    """
    if not row["counts"]:
        return "-"
    low, high = row["ratio_low"], row["ratio_high"]
    interval = "" if low != low else f" [{low:.2f}, {high:.2f}]"
    return _number(row["ratio"], ".2f") + interval


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _number(value: float, form: str) -> str:
    return "-" if value != value else f"{value:{form}}"


def _reasons(agreement: pd.DataFrame) -> str:
    """Why rows differ, wrapped."""
    lines = [_WHY]
    for label, reasons in _differing(agreement):
        lines.append(f"  {label}")
        lines += [_wrapped(reason, "    - ", "      ") for reason in reasons]
    return "\n".join(lines) if len(lines) > 1 else ""


def _reason_list(agreement: pd.DataFrame) -> Iterator[str]:
    rows = [f"* {label}: {'; '.join(reasons)}" for label, reasons in _differing(agreement)]
    if rows:
        yield _WHY
        yield "\n".join(rows)


def _differing(agreement: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows that differ with their reasons, those that all of them share first."""
    rows = [row for row in _records(agreement) if row["counts"] and row["verdict"] != AGREES]
    reasons = [row["reason"].split("; ") for row in rows]
    shared = [x for x in dict.fromkeys(chain(*reasons)) if all(x in own for own in reasons)]
    common = shared if len(rows) > 1 else []
    if common:
        yield "all of them", common
    for row, texts in zip(rows, reasons, strict=True):
        label = f"{row['condition']}, {row['population']} ({row['verdict']})"
        yield label, [text for text in texts if text not in common] or ["nothing else"]


def _definition_lines(words: Mapping[str, str]) -> list[str]:
    width = max(map(len, words))
    return [
        _wrapped(text, f"  {word:<{width}}  ", " " * (width + 4)) for word, text in words.items()
    ]


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=later)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _grid(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *rest])
