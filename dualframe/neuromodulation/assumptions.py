"""What the results of a modulated circuit depend on without a source, one line for each number.

A number is listed where it acts: the kinetics of a receptor not at a constant concentration, the
reference concentration not where levels are concentrations, nothing of a receptor that is knocked
out. Values do not matter: at level 0, or with an antagonist of any dose, the lines are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dualframe.catalogue import Numbers, Receptor
from dualframe.circuit import Drug
from dualframe.circuit.effect_overrides import USER
from dualframe.neuromodulation.active_effects import ActiveEffect
from dualframe.neuromodulation.concentration import Concentration
from dualframe.neuromodulation.occupancy import agonist_saturates
from dualframe.receptor_effects import PLASTICITY_FACTORS, ActsOn


def receptor_lines(
    receptor: Receptor, concentration: Concentration | None, drugs: Sequence[Drug]
) -> list[str]:
    """Return the assumed numbers of a receptor's occupancy and of its modulator.

    Parameters
    ----------
    receptor
        With the affinity and kinetics that it has where it acts.
    concentration
        Of its modulator; None if there is none of it.
    drugs
        Agonists and antagonists that act on it.
    """
    if agonist_saturates(drugs):
        return []
    named = [drug.assumption for drug in drugs if drug.assumption]
    if concentration is None:  # agonists alone, in units of their own affinity
        return named + assumed_lines(receptor.name, receptor.affinity, ("hill",))
    lines = named + [
        line
        for numbers, names in concentration.acting
        for line in assumed_lines(receptor.modulator, numbers, names)
    ]
    lines += assumed_lines(receptor.name, receptor.affinity, ("EC50", "hill"))
    if not concentration.constant:
        lines += assumed_lines(receptor.name, receptor.kinetics, ("tau_on", "tau_off"))
    table = receptor.desensitisation
    if table is not None:
        names = ("IC50", "hill") if concentration.constant else tuple(table)
        lines += assumed_lines(f"{receptor.name}, desensitisation", table, names)
    return lines


def effect_lines(active: ActiveEffect) -> list[str]:
    """Return the assumed numbers of an effect, and where its concentration is one."""
    acts = f"{active.receptor.name} on {active.cell.name}, {active.kind.name}"
    idle: tuple[str, ...] = ()
    if active.kind.acts_on is ActsOn.PLASTICITY:
        idle = tuple(name for name in PLASTICITY_FACTORS if name not in active.factors)
    numbers = active.effect.numbers
    lines = assumed_lines(acts, numbers, [name for name in numbers if name not in idle])
    if active.kind.acts_on is ActsOn.TERMINALS:
        lines.append(
            f"{active.receptor.name} at the terminals of {active.cell.name}: the concentration "
            f"there is taken to be that at the neurons they end on"
        )
    return lines


def missing_line(active: ActiveEffect) -> str:
    """Return what is lost of an effect in a model that has no place for it."""
    return (
        f"{active.receptor.name} on {active.cell.name}: not in this model, {active.kind.lacks} "
        f"({active.effect.target})"
    )


def assumed_lines(owner: str, numbers: Numbers, names: Iterable[str]) -> list[str]:
    """Return a line for each of the named numbers that is assumed.

    Parameters
    ----------
    owner
        What the lines begin with.
    numbers, names
        A table, and which of its numbers act.
    """
    return [
        f"{owner}: {name} {number.written} is "
        + ("set by the user" if number.source == USER else "assumed")
        + (f" ({number.note})" if number.note else "")
        for name, number in ((name, numbers[name]) for name in names)
        if number.assumed
    ]
