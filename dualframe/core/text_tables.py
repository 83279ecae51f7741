"""Tables of numbers in text files of others: a header, then a row in each line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.foreign_files import as_existing_file

MARKS = (",", ";", "\t")


@dataclass(frozen=True, eq=False)
class TextTable:
    """The rows of a text file, as text, so that errors show what stands in it.

    Parameters
    ----------
    file
        Where they were read.
    rows
        A column for each name of the header.
    """

    file: Path
    rows: pd.DataFrame

    def find_column(self, name: str) -> pd.Series[Any]:
        """Return a column.

        Parameters
        ----------
        name
            In the header.

        Raises
        ------
        UnknownName
            If the header has no such name.
        """
        if name not in self.rows:
            raise UnknownName(f"column of {str(self.file)!r}", name, list(map(str, self.rows)))
        return self.rows[name]

    def numbers(
        self, name: str, expected: str, *, least: float = -np.inf, below: float = np.inf
    ) -> NDArray[np.float64]:
        """Return the numbers of a column, exactly as Python reads their text.

        Parameters
        ----------
        name
            Of the column.
        expected
            What errors say that the numbers are.
        least, below
            Each number is at least the one and below the other.

        Raises
        ------
        OutputError
            If a row has something else: the message names file, line and column.
        UnknownName
            If the header has no such name.
        """
        column = self.find_column(name)
        parsed = pd.to_numeric(column, errors="coerce").to_numpy(float)
        good = np.isfinite(parsed) & (parsed >= least) & (parsed < below)
        if not good.all():
            self.refuse_row(name, int(np.argmin(good)), expected)
        return column.to_numpy(object).astype(float)

    def refuse_row(self, name: str, row: int, expected: str) -> None:
        """Raise the error of a row that holds something else than was expected.

        Parameters
        ----------
        name
            Of the column.
        row
            Its place among the rows.
        expected
            What was expected there.

        Raises
        ------
        OutputError
            Always.
        """
        text = self.rows[name].iloc[row]
        content = repr(text) if isinstance(text, str) and text else "empty"
        line = self._line_of(int(self.rows.index[row]))
        raise OutputError(
            f"{str(self.file)!r}, line {line}: {name!r} is {content}: expected {expected}."
        )

    def _line_of(self, row: int) -> int:
        """Return the line of a row below the header; lines that are blank are no rows."""
        with self.file.open(encoding="utf-8") as lines:
            return [number for number, line in enumerate(lines, 1) if line.strip()][row + 1]


def read_text_table(
    path: str | os.PathLike[str], content: str, separator: str | None = None
) -> TextTable:
    """Return the rows of a text file with a header.

    Parameters
    ----------
    path
        The file.
    content
        What it holds, as errors call it: ``"spikes"``.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If there is no such file, it is no table, or rows have more columns than the header.
    """
    file = as_existing_file(path, f"a text file of {content} with a header")
    _refuse_other_files(file, content)
    try:
        rows = pd.read_csv(
            file, sep=separator or _separator_of(file), dtype=str, keep_default_na=False
        )
    except (OSError, ValueError) as problem:
        raise OutputError(f"{str(file)!r} is no table of {content}: {problem}.") from problem
    if not isinstance(rows.index, pd.RangeIndex):
        raise OutputError(f"{str(file)!r} has rows with more columns than its header: name all.")
    return TextTable(file, rows)


_OTHER_FILES = {
    ".toml": "a TOML file, as circuits, cells and tasks are",
    ".json": "a JSON file",
    ".py": "a Python script",
}
_BINARY = "not text: a picture, an HDF5 or NWB file or the like"


def _refuse_other_files(file: Path, content: str) -> None:
    """Say what a file is that cannot be a table, by its name and its first bytes."""
    kind = _OTHER_FILES.get(file.suffix.casefold(), "")
    with file.open("rb") as source:
        start = source.read(4096)
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.start < len(start) - 4:  # not of a letter that was cut
            kind = kind or _BINARY
    if b"\0" in start:
        kind = kind or _BINARY
    if kind:
        raise OutputError(
            f"{str(file)!r} is {kind}: expected a text file of {content}, with a header and a row "
            f"of numbers in each line."
        )


def _separator_of(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        header = lines.readline()
    return next((mark for mark in MARKS if mark in header), r"\s+")
