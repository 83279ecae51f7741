"""Commands about the two models of one cell: validate and fit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

import dualframe as df
from dualframe import catalogue
from dualframe.catalogue.fitted_models import SHIPPED_FAMILIES, is_current
from dualframe.cli.data_tables import as_json, format_table
from dualframe.cli.messages import say
from dualframe.cli.output_options import chosen_folder
from dualframe.core.errors import DualframeError
from dualframe.core.output_folder import added_output, replaced_output, write_manifest
from dualframe.experiments.model_comparison import RELATIVE, Validation

_SEEDS = 2**32  # of the generators that draw a search


def validate_command(options: argparse.Namespace) -> int:
    """Compare compartmental cells with their point neurons, measure by measure.

    The status is 1 if a pair disagrees that is not listed as a known failure.
    """
    cells = [options.cell] if options.cell else dendritic_cells()
    names = [name for cell in cells for name in _pair_files(df.cell(cell).name, options.model)]
    folder = chosen_folder(options, names)
    pairs = []
    for name in cells:
        pair = df.validate(name, options.model, cells=options.cells)
        pairs.append(pair)
        if folder is not None:
            _save_pair(pair, folder, first=len(pairs) == 1, force=options.force)
        if options.cell is None and not options.json:
            say(f"{pair.cell}: {'passed' if pair.passed else pair.unfitted or 'disagrees'}")
    if options.json:
        print(as_json([pair.to_dict() for pair in pairs]))
    else:
        print(_describe_pair(pairs[0]) if options.cell else format_table(summarise_pairs(pairs)))
    return int(any(not pair.passed and not pair.reason for pair in pairs))


def dendritic_cells() -> list[str]:
    """Return the names of the cell types with compartments."""
    cells = map(catalogue.cell, catalogue.names("cell type"))
    return [cell.name for cell in cells if cell.compartments is not None]


def summarise_pairs(pairs: list[Validation]) -> pd.DataFrame:
    """Return a row for each pair: whether it agrees, how well, and what does not."""
    return pd.DataFrame([_summarise_pair(pair) for pair in pairs])


def _summarise_pair(pair: Validation) -> dict[str, Any]:
    errors = {}
    for row in pair.rows:
        percent = row["kind"] == RELATIVE
        name = row["measure"] + "_%" * percent
        errors[name] = (100 if percent else 1) * row["difference"]
    known = " (known)" if pair.reason and not pair.passed else ""
    return {
        "cell": pair.cell,
        "twin": pair.twin,
        "passed": pair.passed,
        **errors,
        "disagrees in": ", ".join(pair.failed) + known,
    }


def _describe_pair(pair: Validation) -> str:
    verdict = "passed" if pair.passed else "disagrees"
    lines = [f"{pair.cell}: compartments and {pair.model} ({pair.twin}): {verdict}", ""]
    lines.append(format_table(pair.table))
    if pair.reason:
        lines += ["", f"Known failure: {pair.reason}"]
    if pair.unfitted:
        lines += ["", f"The point neuron is {pair.unfitted}"]
    return "\n".join(lines)


def _pair_files(cell: str, model: str) -> tuple[str, ...]:
    return tuple(f"{cell}_{model}{ending}" for ending in (".csv", "_curves.csv", ".png"))


def _save_pair(pair: Validation, folder: Path, *, first: bool, force: bool) -> None:
    """Save a pair: the first in the place of an earlier output, the others beside it."""
    table, curves, figure = _pair_files(pair.cell, pair.model)
    with replaced_output(folder, force=force) if first else added_output(folder) as stage:
        pair.table.to_csv(stage / table, index=False)
        pair.curves.to_csv(stage / curves, index=False)
        df.plots.savefig(pair.plot(), stage / figure)
        if first:
            write_manifest(stage, "dualframe validation", {"model": pair.model})


def fit_command(options: argparse.Namespace) -> int:
    """Fit point neurons to the compartments of a cell type; store them with the catalogue."""
    if (options.cell is None) != options.all:
        raise DualframeError("name a cell type, or give --all for those without a current fit.")
    if not 0 <= options.seed < _SEEDS:
        raise DualframeError(f"--seed {options.seed}: expected a whole number from 0 to 2**32 - 1.")
    models = [options.model] if options.model else list(SHIPPED_FAMILIES)
    for name in dendritic_cells() if options.all else [options.cell]:
        for model in models:
            if options.all and is_current(catalogue.cell(name), model):
                continue
            fit = df.fit_point(name, model, seed=options.seed, save=True, report=say)
            verdict = f"disagrees: {fit.failure}" if fit.failure else "agrees"
            print(f"{name}, {fit.chosen.model}: {verdict}")
    return 0
