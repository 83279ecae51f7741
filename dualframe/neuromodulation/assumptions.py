"""What the results of a modulated circuit depend on without a source, one line for each number.

A number is listed where it acts: the kinetics of a receptor not at a constant concentration, the
reference concentration not where levels are concentrations, nothing of a receptor that is knocked
out. Values do not matter: at level 0, or with an antagonist of any dose, the lines are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dualframe.catalogue import CellType, Effect, Numbers, Receptor
from dualframe.circuit import Drug
from dualframe.circuit.effect_overrides import USER
from dualframe.neuromodulation.concentration import Concentration
from dualframe.neuromodulation.effect_records import PLASTICITY_FACTORS, ActiveEffect
from dualframe.neuromodulation.occupancy import agonist_saturates


def receptor_lines(
    receptor: Receptor, bound: Concentration | None, drugs: Sequence[Drug]
) -> list[str]:
    """Return the assumed numbers of a receptor's occupancy and of its modulator."""
    if agonist_saturates(drugs):
        return []
    if bound is None:  # agonists alone, in units of their own affinity
        return assumed_lines(receptor.name, receptor.affinity, ("hill",))
    lines = [
        line
        for numbers, names in bound.acting
        for line in assumed_lines(receptor.modulator, numbers, names)
    ]
    lines += assumed_lines(receptor.name, receptor.affinity, ("EC50", "hill"))
    if not bound.constant:
        lines += assumed_lines(receptor.name, receptor.kinetics, ("tau_on", "tau_off"))
    table = receptor.desensitisation
    if table is not None:
        owner = f"{receptor.name}, desensitisation"
        lines += assumed_lines(owner, table, ("IC50", "hill") if bound.constant else table)
    return lines


def effect_lines(entry: ActiveEffect) -> list[str]:
    """Return the assumed numbers of an effect, and where its concentration is one."""
    acts = f"{entry.receptor.name} on {entry.cell.name}, {entry.effect.kind}"
    numbers = entry.effect.numbers
    used = [n for n in numbers if n in entry.asked or n not in PLASTICITY_FACTORS]
    lines = assumed_lines(acts, numbers, used)
    if entry.effect.kind == "release":
        lines.append(
            f"{entry.receptor.name} at the terminals of {entry.cell.name}: the concentration "
            f"there is taken to be that at the neurons they end on"
        )
    return lines


def missing_line(
    receptor: Receptor, cell: CellType, effect: Effect, lacks: Mapping[str, str]
) -> str:
    """Return what is lost of an effect in a model that has no place for it."""
    return (
        f"{receptor.name} on {cell.name}: not in this model, {lacks[effect.kind]} ({effect.target})"
    )


def assumed_lines(owner: str, numbers: Numbers, names: Iterable[str]) -> list[str]:
    """Return a line for each of the named numbers that is assumed."""
    found = [(name, numbers[name]) for name in names]
    return [
        f"{owner}: {name} {number.written} is "
        + ("set by the user" if number.source == USER else "assumed")
        + (f" ({number.note})" if number.note else "")
        for name, number in found
        if number.assumed
    ]
