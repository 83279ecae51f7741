"""Texts that describe a record, made to fit a screen, or to be read in a notebook.

Such a text is a heading, and blocks with an empty line between them: a line that says what the
block is, and indented rows.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS, LINES = 80, 40
_SHORTEST = 3  # rows that a block keeps
_MOST_ROWS = 20


def fit_screen(text: str, more: str) -> str:
    """Return a text on one screen: long lines cut, and rows of the longest blocks left out.

    Parameters
    ----------
    text
        Of a record.
    more
        Where all of it is, in a last line if anything was left out.
    """
    blocks = [block.splitlines() for block in text.split("\n\n")]
    shown = [list(block) for block in blocks]
    while sum(map(len, shown)) + 2 * len(shown) + 1 > LINES:  # with empty lines, and "and 3 more"
        longest = max(shown, key=len)
        if len(longest) <= _SHORTEST + 1:
            break
        longest.pop()
    for block, rows in zip(blocks, shown, strict=True):
        if len(rows) < len(block):
            rows.append(f"  and {len(block) - len(rows)} more")
    lines = "\n\n".join("\n".join(map(_cut_line, block)) for block in shown)
    return lines if lines == text else f"{lines}\n\n{more}"


def _cut_line(line: str) -> str:
    return line if len(line) <= COLUMNS else f"{line[: COLUMNS - 3]}..."


def text_as_html(text: str, *opened: str) -> str:
    """Return a text as HTML: each block opens at a click. Everything of it is escaped.

    Parameters
    ----------
    text
        Of a record.
    opened
        Words with which blocks begin that are open already.
    """
    heading, *blocks = text.strip("\n").split("\n\n")
    title, *rest = heading.splitlines()
    parts = [f"<b>{escape(title)}</b>", _preformatted(rest) if rest else ""]
    for block in blocks:
        name, *rows = block.strip("\n").splitlines()
        state = " open" if opened and name.startswith(opened) else ""
        summary = f"<summary>{escape(name)}</summary>"
        parts.append(
            f"<details{state}>{summary}{_preformatted(rows)}</details>"
            if rows
            else f"<p>{escape(name)}</p>"
        )
    return f"<div>{''.join(parts)}</div>"


def _preformatted(lines: list[str]) -> str:
    text = escape("\n".join(lines))
    return f'<pre style="margin: 0 0 0 1em; white-space: pre-wrap">{text}</pre>'


def table_as_html(heading: str, table: pd.DataFrame) -> str:
    """Return a heading and the first rows of a table as HTML, everything of them escaped.

    Parameters
    ----------
    heading
        What stands above the table.
    table
        Of which there may be many rows.
    """
    left_out = len(table) - _MOST_ROWS
    rows = table.head(_MOST_ROWS).to_html(index=False, escape=True, border=0)
    more = f"<p>and {left_out} more rows</p>" if left_out > 0 else ""
    return f"<div><b>{escape(heading)}</b>{rows}{more}</div>"
