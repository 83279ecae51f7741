"""A report of one or several runs: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.analysis.pages import encode_png, html_table, provenance_rows, render_page
from dualframe.analysis.plots import compare, rates, standard_figures
from dualframe.analysis.rate_differences import compare_rates
from dualframe.analysis.run_words import describe_run
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.output_file import check_page, write_page
from dualframe.core.validation import expect_type
from dualframe.results.run_record import RunRecord

SECTIONS = ("summary", "rates", "differences", "figures", "assumptions", "provenance")
_RASTER = "Spikes, a band per population, with the rate of each population where it is drawn."
_RATES = "Mean firing rates; whiskers are standard deviations, dots are single neurons."


def report(
    results: RunRecord | Mapping[str, RunRecord],
    path: str | Path,
    *,
    title: str = "",
    text: Mapping[str, str] | None = None,
    force: bool = False,
) -> Path:
    """Write a report: rates, figures, assumptions and provenance in one HTML file.

    Parameters
    ----------
    results
        One result, or several by label; several are also compared with the first.
    path
        The file to write, for example ``"out.html"``.
    title
        The heading; the default names the command or the target.
    text
        Paragraphs of your own by section: ``summary``, ``rates``, ``differences``, ``figures``,
        ``assumptions``, ``provenance``. It is plain text: HTML in it is shown, not interpreted.
    force
        Whether a file is replaced that is not a report as dualframe wrote it.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnknownName
        If ``text`` names a section that does not exist.
    OutputError
        If the file cannot be written, or would replace another than a report and ``force`` is
        not given.
    """
    expected = "a Results, or several by label, like {'control': results}"
    expect_type(results, (RunRecord, Mapping), "results", expected)
    target = check_page(path, force=force)
    runs = {"": results} if isinstance(results, RunRecord) else dict(results)
    for label, result in runs.items():
        expect_type(result, RunRecord, f"results[{label!r}]", "a Results")
    if not runs:
        raise DualframeError("there are no results to report: give one, or several by label.")
    for section in text or {}:
        if section not in SECTIONS:
            raise UnknownName("section of a report", section, SECTIONS)
    several = len(runs) > 1
    page = render_page(
        "report.html.j2",
        title=title or _default_title(runs),
        text=dict(text or {}),
        runs=[_run_section(label, result) for label, result in runs.items()],
        reference=next(iter(runs)),
        differences=html_table(compare_rates(runs)) if several else None,
        figures=[
            {"caption": c, "png": encode_png(draw())} for c, draw in _figures_with_captions(runs)
        ],
    )
    return write_page(target, page, force=force)


def _default_title(runs: Mapping[str, RunRecord]) -> str:
    if len(runs) > 1:
        return "dualframe: " + " and ".join(runs)
    provenance = next(iter(runs.values())).provenance
    return str(provenance["command"] or f"dualframe run on {provenance['target'] or 'one target'}")


def _run_section(label: str, results: RunRecord) -> dict[str, Any]:
    provenance = results.provenance
    return {
        "label": label,
        "summary": describe_run(results),
        "incomplete": None if provenance["completed"] else _interruption_note(results),
        "rates": html_table(_rates_and_ranges(results)),
        "state": results.state_lines(),
        "actions": html_table(actions) if len(actions := results.explain()) else None,
        "assumptions": provenance["assumptions"],
        "warnings": provenance["warnings"],
        "provenance": list(provenance_rows(provenance)),
    }


def _rates_and_ranges(results: RunRecord) -> pd.DataFrame:
    table = results.rates_with_state()
    return table.drop(columns=[c for c in ("start_s", "stop_s") if c in table])


def _interruption_note(results: RunRecord) -> str:
    return f"The run was interrupted: what follows is the first {results.duration:g} s of it."


def _figures_with_captions(
    runs: Mapping[str, RunRecord],
) -> Iterator[tuple[str, Callable[[], Any]]]:
    if len(runs) == 2:
        yield f"{_RASTER} {_RATES}", partial(compare, runs)
    elif len(runs) > 2:
        yield _RATES, partial(rates, runs)
    for label, results in runs.items():
        for name, draw in standard_figures(results).items():
            if (name == "rates" and len(runs) > 1) or (name == "raster" and len(runs) == 2):
                continue  # stands above, side by side
            caption = {"raster": _RASTER, "rates": _RATES}.get(name)
            caption = caption or f"Recorded variables of {name.removeprefix('traces_')}."
            yield f"{label}: {caption}" if label else caption, draw
