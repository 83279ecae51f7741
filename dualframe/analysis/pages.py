"""What the pages of reports are made of: a template, tables, figures as text, provenance."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined
from matplotlib.figure import Figure

_ELSEWHERE = (
    "assumptions",
    "warnings",
    "completed",
    "actions",
)  # provenance that has its own section


HEADINGS: Mapping[str, str] = {
    "population": "population",
    "cell_type": "cell type",
    "n": "neurons",
    "label": "result",
    "mean_rate_Hz": "mean (Hz)",
    "sd_rate_Hz": "s.d. (Hz)",
    "cv_isi": "CV ISI",
    "rate_low_Hz": "lowest (Hz)",
    "rate_high_Hz": "highest (Hz)",
    "state": "against the range",
    "action": "action",
    "receptor": "receptor",
    "effects": "effects",
    "occupancy": "occupancy",
    "without": "without it",
    "acted": "acted",
    "why": "why not",
    "rate_Hz": "rate (Hz)",
    "reference_Hz": "reference (Hz)",
    "difference_Hz": "difference (Hz)",
    "ratio": "ratio",
    "difference_sd": "difference (s.d.)",
    "agent": "agent",
    "condition": "condition",
    "agents": "agents",
    "outcome": "outcome",
    "q25": "lower quartile",
    "q75": "upper quartile",
    "of": "of",
    "rate": "share",
    "rate_low": "share, low",
    "rate_high": "share, high",
    "p_holm": "p, Holm",
    "smallest_p": "smallest p",
    "cliffs_delta": "Cliff's delta",
    "last_success_rate": "success rate, last trials",
    "last_duration_s": "duration, last trials (s)",
    "last_reward": "reward, last trials",
    "last_old_goal_rate": "at the old goal, last trials",
    "mean_reward": "mean reward",
    "time_to_criterion_s": "time to the criterion (s)",
    "rewarded_rank": "rank of the rewarded synapse",
    "plastic_synapses": "plastic synapses",
}


def render_page(template: str, **content: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template
        Name of a template in this folder.
    **content
        What it shows; texts are escaped.
    """
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        loader=FunctionLoader(_read_template),
    )
    return environment.get_template(template).render(**content)


def _read_template(name: str) -> str:
    return files("dualframe.analysis").joinpath(name).read_text(encoding="utf-8")


def provenance_rows(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the provenance that has no section of its own.

    Parameters
    ----------
    provenance
        Of a run.
    """
    for name, value in provenance.items():
        if name in _ELSEWHERE or value is None:
            continue
        if isinstance(value, Mapping) and not any(isinstance(x, dict) for x in value.values()):
            yield name, ", ".join(f"{key} {item}" for key, item in value.items())
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)


def html_table(table: pd.DataFrame) -> dict[str, Any]:
    """Return what a page needs of a table: headings, which are numbers, and rows of texts.

    Columns of whole numbers have no decimals, also where a value is missing or infinite.

    Parameters
    ----------
    table
        Columns that `HEADINGS` does not know keep their names.
    """
    columns = [str(column) for column in table]
    names = [HEADINGS.get(column, column) for column in columns]
    numeric = [HEADINGS.get(c, c) for c in columns if pd.api.types.is_numeric_dtype(table[c])]
    whole = [_is_whole(table[column]) for column in table]
    body = [
        list(zip(names, map(_format_cell, row, whole), strict=True))
        for row in table.itertuples(index=False)
    ]
    return {"head": names, "numeric": numeric, "body": body}


def _is_whole(column: pd.Series[Any]) -> bool:
    """Whether a column of floating-point numbers has whole ones above one only."""
    if not pd.api.types.is_float_dtype(column):
        return False
    finite = column[np.isfinite(column)]
    return bool(len(finite)) and bool((finite % 1 == 0).all()) and bool((finite > 1).any())


def _format_cell(value: Any, whole: bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value != value:
            return "–"
        if whole:
            return f"{value:.0f}"
        return f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.2f}"
    return str(value)


def encode_png(figure: Figure) -> str:
    """Return a figure as text that a page holds.

    Parameters
    ----------
    figure
        The figure.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
