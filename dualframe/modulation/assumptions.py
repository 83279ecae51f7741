"""What the results of a modulated circuit depend on without a source, one line for each number.

A number is listed where it acts: the kinetics of a receptor not at a constant concentration, the
reference concentration not where levels are concentrations, nothing of a receptor that is knocked
out. Values do not matter: at level 0, or with an antagonist of dose 1, the lines are the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from dualframe import catalogue
from dualframe.catalogue import CellType, Effect, Numbers, Receptor
from dualframe.modulation.concentration import Concentration


def receptor_lines(receptor: Receptor, bound: Concentration | None) -> list[str]:
    """Return the assumed numbers of a receptor's occupancy and of its modulator."""
    if bound is None:  # an agonist alone: its dose is the occupancy
        return []
    modulator = catalogue.modulator(receptor.modulator)
    lines = assumed_lines(modulator.name, modulator.numbers, bound.acting())
    lines += assumed_lines(receptor.name, receptor.affinity, ("EC50", "hill"))
    if not bound.constant:
        lines += assumed_lines(receptor.name, receptor.kinetics, ("tau_on", "tau_off"))
    return lines


def effect_lines(receptor: Receptor, cell: CellType, effect: Effect) -> list[str]:
    """Return the assumed numbers of an effect."""
    return assumed_lines(f"{receptor.name} on {cell.name}", effect.numbers, effect.numbers)


def missing_line(receptor: Receptor, cell: CellType, effect: Effect) -> str:
    """Return what is lost of an effect on adaptation in a model that does not adapt."""
    return (
        f"{receptor.name} on {cell.name}: not in this model, which does not adapt ({effect.target})"
    )


def assumed_lines(owner: str, numbers: Numbers, names: Iterable[str]) -> list[str]:
    """Return a line for each of the named numbers that is assumed."""
    found = [(name, numbers[name]) for name in names]
    return [
        f"{owner}: {name} {number.written} is assumed"
        + (f" ({number.note})" if number.note else "")
        for name, number in found
        if number.assumed
    ]
