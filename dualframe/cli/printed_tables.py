"""Tables of texts: columns aligned, and cut where a screen is narrow; they need no pandas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

_LEAST = 14  # characters of a column in a narrow table
_GAP = "  "


@dataclass(frozen=True)
class PrintedTable:
    """A table as it is printed, in a line or on a screen of any width.

    Parameters
    ----------
    columns
        Texts of each column, by its name.
    numeric
        Names of the columns of numbers, which stand to the right and are never cut.
    """

    columns: Mapping[str, Sequence[str]]
    numeric: Collection[str] = ()

    def align_columns(self, indent: str = "") -> str:
        """Return the table as text, as wide as it is.

        Parameters
        ----------
        indent
            What every line begins with.
        """
        blocks = []
        for name, texts in self.columns.items():
            cells = [name, *texts]
            width = max(map(len, cells))
            right = name in self.numeric
            blocks.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
        rows = zip(*blocks, strict=True)
        return "\n".join((indent + _GAP.join(row)).rstrip() for row in rows)

    def fit_columns(self, width: int | None) -> str:
        """Return the table as text that is not wider than a screen.

        Columns for which there is no room are named below it; texts in the widest of the others
        are cut, but for those of the first column.

        Parameters
        ----------
        width
            Characters of a line; None is as wide as the table.
        """
        if width is None:
            return self.align_columns()
        widths = self._fit_widths(width)
        shown = {
            name: texts
            if name in self.numeric
            else [cut_text(text, widths[name]) for text in texts]
            for name, texts in self.columns.items()
            if name in widths
        }
        lines = [PrintedTable(shown, self.numeric).align_columns()]
        left_out = [name for name in self.columns if name not in shown]
        if left_out:
            remark = f"Not shown: {', '.join(left_out)}. --json has everything."
            lines += ["", *wrap(remark, width)]
        return "\n".join(lines)

    def _fit_widths(self, width: int) -> dict[str, int]:
        """Return the widths of the columns for which there is room."""
        widths = {name: max(map(len, [name, *texts])) for name, texts in self.columns.items()}
        least = {name: max(min(wide, _LEAST), len(name)) for name, wide in widths.items()}
        first, *others = widths
        room = width - widths[first]
        while others and sum(least[name] + len(_GAP) for name in others) > room:
            others.pop()
        while sum(widths[name] + len(_GAP) for name in others) > room:
            widths[max(others, key=lambda name: widths[name] - least[name])] -= 1
        return {name: widths[name] for name in (first, *others)}


def cut_text(text: str, width: int) -> str:
    """Return a text that is no longer than a width; dots say that it was cut.

    Parameters
    ----------
    text, width
        The text, and the characters that there is room for.
    """
    return text if len(text) <= width else f"{text[: width - 3]}..."
