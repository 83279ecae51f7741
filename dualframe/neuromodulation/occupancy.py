r"""Occupancy of a receptor: binding, drugs, onset and decay, desensitisation.

The modulator (concentration c), agonists (dose A in units of their EC50) and competitive
antagonists (dose B in units of their K_B) bind at one site (Gaddum; Schild):

.. math:: r = \frac{c/EC_{50} + A}{1 + B}, \qquad b_\infty = \frac{r^n}{1 + r^n},
          \qquad \frac{db}{dt} = \frac{b_\infty - b}{\tau},
          \quad \tau = \tau_{on} \text{ if } b_\infty > b \text{ else } \tau_{off}

The time constants are those of the response, so they are the same for every ligand. Drug
concentrations are constant; at a constant concentration of the modulator too, the occupancy is at
its steady state.

Of an ionotropic receptor that desensitises, the fraction s is sensitive, and the occupancy is
:math:`o = b s` instead of b:

.. math:: s_\infty = \frac{1}{1 + (c/IC_{50})^m}, \quad \frac{ds}{dt} = \frac{s_\infty - s}{\tau_s},
          \quad \tau_s = \tau_{fast} + \frac{\tau_{slow}}{1 + (c/K)^k}

The modulator desensitises, drugs do not: an agonist stands for a brief application. A knock-out,
and an antagonist of infinite dose, leave no receptor and no equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualframe.catalogue import Receptor
from dualframe.circuit import Drug
from dualframe.neuromodulation.concentration import Concentration


@dataclass(frozen=True)
class Occupancy:
    """Equations of one receptor's occupancy, a number between 0 and 1 called ``name``."""

    name: str
    equations: tuple[str, ...]
    parameters: dict[str, Any]
    initial: dict[str, Any]


def hill_equation(ratio: str, exponent: str, *, one_power: bool = False) -> str:
    """Return the text of the fraction r^n/(1 + r^n) of receptors that are bound.

    Parameters
    ----------
    ratio
        Text of r, such as ``"DA/EC50"``.
    exponent
        Text of n.
    one_power
        Whether to write 1 - 1/(1 + r^n): the power stands once, because it costs more than the
        rest of a neuron's step. The last digit differs.
    """
    power = f"({ratio})**{exponent}"
    return f"1 - 1/(1 + {power})" if one_power else f"{power}/(1 + {power})"


def hill_fraction(ratio: float, exponent: float) -> float:
    """Return the number r^n/(1 + r^n)."""
    power = ratio**exponent
    return float(power / (1 + power))


def has_bindable_receptor(concentration: Concentration | None, drugs: Sequence[Drug]) -> bool:
    """Return whether there are receptors, and something that opens them."""
    kinds = {drug.kind for drug in drugs}
    blocked = any(drug.kind == "antagonist" and drug.saturating for drug in drugs)
    opened = concentration is not None or "agonist" in kinds
    return not blocked and "knockout" not in kinds and opened


def agonist_saturates(drugs: Sequence[Drug]) -> bool:
    """Return whether an agonist occupies every receptor."""
    return any(drug.kind == "agonist" and drug.saturating for drug in drugs)


def sensitive_fraction(receptor: Receptor, concentration: float) -> float:
    """Return the steady fraction of a receptor that a concentration has not desensitised.

    Parameters
    ----------
    receptor
        Its desensitisation.
    concentration
        Of its modulator, in mM.
    """
    table = receptor.desensitisation
    if table is None:
        return 1.0
    ratio = concentration / float(np.asarray(table.value("IC50")))
    return float(1 / (1 + ratio ** float(table.value("hill"))))


def steady_occupancy(
    receptor: Receptor,
    concentration: float | None,
    drugs: Sequence[Drug],
    *,
    sensitive: float = 1.0,
) -> float:
    """Return the occupancy of a receptor in the steady state, as its equations have it.

    Parameters
    ----------
    receptor
        Its affinity.
    concentration
        Of its modulator, in mM; None if there is none of it.
    drugs
        Agonists, antagonists and knock-outs at it.
    sensitive
        The fraction that is not desensitised.
    """
    kinds = {drug.kind for drug in drugs}
    blocked = any(drug.kind == "antagonist" and drug.saturating for drug in drugs)
    if blocked or "knockout" in kinds or (concentration is None and "agonist" not in kinds):
        return 0.0
    if agonist_saturates(drugs):
        return 1.0
    affinity = receptor.affinity
    ratio = (concentration or 0.0) / float(np.asarray(affinity.value("EC50")))
    ratio = (ratio + (_total_dose("agonist", drugs) or 0.0)) / (
        1 + (_total_dose("antagonist", drugs) or 0.0)
    )
    return hill_fraction(ratio, float(affinity.value("hill"))) * sensitive


def receptor_occupancy(
    receptor: Receptor,
    concentration: Concentration | None,
    drugs: Sequence[Drug],
    site: str = "",
) -> Occupancy:
    """Return the occupancy of a receptor.

    Parameters
    ----------
    receptor
        Its affinity, kinetics and desensitisation.
    concentration
        Of its modulator, or None if there is none of it.
    drugs
        Agonists and antagonists that act on it in this cell type; see `has_bindable_receptor`.
    site
        What variables are named after; the default is the name of the receptor.
    """
    site = site or receptor.name
    if agonist_saturates(drugs):  # by a parameter, so that it can be recorded like any other
        lines = (f"o_{site} = saturated_{site} : 1",)
        return Occupancy(f"o_{site}", lines, {f"saturated_{site}": 1.0}, {})
    equations = _OccupancyEquations(receptor, site)
    equations.add_binding(concentration, drugs)
    desensitises = concentration is not None and receptor.desensitisation is not None
    if concentration is not None and desensitises:
        equations.add_desensitisation(concentration)
    sensitive = f"*s_{site}" if desensitises else ""
    equations.lines.append(f"o_{site} = b_{site}{sensitive} : 1")
    return Occupancy(f"o_{site}", tuple(equations.lines), equations.parameters, equations.initial)


class _OccupancyEquations:
    """The equations of one receptor as they are collected."""

    def __init__(self, receptor: Receptor, site: str) -> None:
        self.receptor = receptor
        self.site = site
        self.lines: list[str] = []
        self.parameters: dict[str, Any] = {}
        self.initial: dict[str, Any] = {}

    def add_binding(self, concentration: Concentration | None, drugs: Sequence[Drug]) -> None:
        """Add the bound fraction b."""
        r, affinity = self.site, self.receptor.affinity
        doses = {kind: _total_dose(kind, drugs) for kind in ("agonist", "antagonist")}
        self.parameters |= {f"{k}_{r}": dose for k, dose in doses.items() if dose is not None}
        ligands = [] if concentration is None else [f"{concentration.name}/EC50_{r}"]
        ligands += [] if doses["agonist"] is None else [f"agonist_{r}"]
        ratio = " + ".join(ligands)
        if doses["antagonist"] is not None:
            ratio = f"({ratio})/(1 + antagonist_{r})"
        if concentration is not None:
            self.parameters[f"EC50_{r}"] = affinity.value("EC50")
        self.parameters[f"hill_{r}"] = affinity.value("hill")
        steady = hill_equation(ratio, f"hill_{r}", one_power=True)
        if concentration is None or concentration.constant:
            self.lines.append(f"b_{r} = {steady} : 1")
            return
        relative = float(np.asarray(concentration.start / affinity.value("EC50")))
        start = (relative + (doses["agonist"] or 0.0)) / (1 + (doses["antagonist"] or 0.0))
        self.initial[f"b_{r}"] = hill_fraction(start, float(affinity.value("hill")))
        self._add_relaxation(steady)

    def _add_relaxation(self, steady: str) -> None:
        r = self.site
        for name in ("tau_on", "tau_off"):
            self.parameters[f"{name}_{r}"] = self.receptor.kinetics.value(name)
        on, off = f"1/tau_on_{r}", f"1/tau_off_{r}"
        rate = f"({off} + int(steady_{r} > b_{r})*({on} - {off}))"
        self.lines += [f"steady_{r} = {steady} : 1", f"db_{r}/dt = (steady_{r} - b_{r})*{rate} : 1"]

    def add_desensitisation(self, concentration: Concentration) -> None:
        """Add the sensitive fraction s."""
        r, table = self.site, self.receptor.desensitisation
        assert table is not None  # the caller has looked
        names = ("IC50", "hill") if concentration.constant else tuple(table)
        self.parameters |= {f"{name}_s_{r}": table.value(name) for name in names}
        steady = f"1/(1 + ({concentration.name}/IC50_s_{r})**hill_s_{r})"
        if concentration.constant:
            self.lines.append(f"s_{r} = {steady} : 1")
            return
        ratio = float(np.asarray(concentration.start / table.value("IC50")))
        self.initial[f"s_{r}"] = 1 / (1 + ratio ** float(table.value("hill")))
        slow = f"tau_slow_s_{r}/(1 + ({concentration.name}/tau_K_s_{r})**tau_hill_s_{r})"
        self.lines.append(f"ds_{r}/dt = ({steady} - s_{r})/(tau_fast_s_{r} + {slow}) : 1")


def _total_dose(kind: str, drugs: Sequence[Drug]) -> float | None:
    """Return the sum of the relative doses of a kind, which bind at one site; None if none."""
    doses = [drug.relative for drug in drugs if drug.kind == kind]
    return sum(doses) if doses else None
