"""Tables of data as the command line prints them: as text, or as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from dualframe.cli.printed_tables import PrintedTable, cut_text
from dualframe.results.tables import json_ready

_WIDEST = 48


def as_json(data: Any) -> str:
    """Return data as JSON, a table as a list of rows."""
    rows = data.to_dict(orient="records") if isinstance(data, pd.DataFrame) else data
    return json.dumps(json_ready(rows), indent=2)


def text_table(frame: pd.DataFrame) -> PrintedTable:
    """Return a table with its values as texts, long ones cut."""
    numeric = [str(name) for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    texts = {str(name): [_format_cell(value) for value in frame[name]] for name in frame}
    return PrintedTable(texts, numeric)


def format_table(frame: pd.DataFrame, indent: str = "") -> str:
    """Return a table as text: columns aligned, long texts cut."""
    return text_table(frame).align_columns(indent)


def _format_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.2f}"
    return cut_text(str(value), _WIDEST)
