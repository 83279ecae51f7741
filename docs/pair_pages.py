"""Write the table of fitted pairs from the stored fits: ``docs/catalogue/pairs.md``.

Run by ``conf.py`` before each build.
"""

from __future__ import annotations

from pathlib import Path

from dualframe import catalogue
from dualframe.catalogue import fitted_models as fits
from dualframe.experiments.model_comparison import RELATIVE, TOLERANCES

HEAD = """\
# Fitted pairs

How far the fitted point neuron of each cell type is from its compartments: the errors that are
stored with the fits, in the measures of [Two models of one cell](../pairs.md). A bold number is
beyond its tolerance.
"""


def write_pairs(folder: Path) -> None:
    """Write the page."""
    parts = [HEAD]
    for model in fits.SHIPPED_FAMILIES:
        found = [fit for name in catalogue.names("cell type") if (fit := _fit(name, model))]
        parts += [f"\n## {model}\n", _table(found), _failures(found)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs.md").write_text("\n".join(parts), encoding="utf-8")


def _fit(name: str, model: str) -> fits.Fit | None:
    cell = catalogue.cell(name)
    return fits.stored(cell, model) if fits.has_fit(cell, model) else None


def _table(found: list[fits.Fit]) -> str:
    head = ["cell", "form", *(f"{name}{_unit(name)}" for name in TOLERANCES)]
    rows = [[f.cell, f.chosen.model, *(_error(n, f.errors[n]) for n in TOLERANCES)] for f in found]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _unit(name: str) -> str:
    own = TOLERANCES[name]
    return " (%)" if own.kind == RELATIVE else "" if own.unit == "1" else f" ({own.unit})"


def _error(name: str, value: float) -> str:
    own = TOLERANCES[name]
    shown, digits = (100 * value, 1) if own.kind == RELATIVE else (value, 3)
    text = f"{round(shown, digits) + 0.0:.{digits}f}"  # no negative zero
    return f"**{text}**" if not abs(value) <= own.value else text


def _failures(found: list[fits.Fit]) -> str:
    failed = [fit for fit in found if fit.failure]
    if not failed:
        return "\nAll pairs agree in all measures.\n"
    return "\n".join(["\nKnown failures:\n", *(f"* `{f.cell}`: {f.failure}" for f in failed), ""])
