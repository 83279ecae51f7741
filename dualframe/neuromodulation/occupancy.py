r"""Occupancy of a receptor: binding, drugs, onset and decay, desensitisation.

The modulator (concentration c), agonists (dose A in units of their EC50) and competitive
antagonists (dose B in units of their K_B) bind at one site (Gaddum; Schild):

.. math:: r = \frac{c/EC_{50} + A}{1 + B}, \qquad b_\infty = \frac{r^n}{1 + r^n},
          \qquad \frac{db}{dt} = \frac{b_\infty - b}{\tau},
          \quad \tau = \tau_{on} \text{ if } b_\infty > b \text{ else } \tau_{off}

The time constants are those of the response, so they are the same for every ligand. A drug has
been there for ever; at a constant concentration the receptor is in its steady state.

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


def has_bindable_receptor(bound: Concentration | None, drugs: Sequence[Drug]) -> bool:
    """Return whether there are receptors, and something that opens them."""
    kinds = {drug.kind for drug in drugs}
    blocked = any(drug.kind == "antagonist" and drug.saturating for drug in drugs)
    return not blocked and "knockout" not in kinds and (bound is not None or "agonist" in kinds)


def agonist_saturates(drugs: Sequence[Drug]) -> bool:
    """Return whether an agonist occupies every receptor."""
    return any(drug.kind == "agonist" and drug.saturating for drug in drugs)


def receptor_occupancy(
    receptor: Receptor, bound: Concentration | None, drugs: Sequence[Drug], site: str = ""
) -> Occupancy:
    """Return the occupancy of a receptor.

    Parameters
    ----------
    receptor
        Its affinity, kinetics and desensitisation.
    bound
        Concentration of its modulator, or None if there is none of it.
    drugs
        Agonists and antagonists that act on it in this cell type; see `occupied`.
    site
        What variables are named after; the default is the name of the receptor.
    """
    r = site or receptor.name
    if agonist_saturates(drugs):  # by a parameter, so that it can be recorded like any other
        return Occupancy(f"o_{r}", (f"o_{r} = saturated_{r} : 1",), {f"saturated_{r}": 1.0}, {})
    own = _Equations(receptor, r)
    own.bind(bound, drugs)
    desensitises = bound is not None and receptor.desensitisation is not None
    if bound is not None and desensitises:
        own.desensitise(bound)
    own.lines.append(f"o_{r} = b_{r}" + (f"*s_{r}" if desensitises else "") + " : 1")
    return Occupancy(f"o_{r}", tuple(own.lines), own.parameters, own.initial)


class _Equations:
    """The equations of one receptor as they are collected."""

    def __init__(self, receptor: Receptor, site: str) -> None:
        self.receptor = receptor
        self.site = site
        self.lines: list[str] = []
        self.parameters: dict[str, Any] = {}
        self.initial: dict[str, Any] = {}

    def bind(self, bound: Concentration | None, drugs: Sequence[Drug]) -> None:
        """Add the bound fraction b."""
        r, affinity = self.site, self.receptor.affinity
        doses = {kind: _total(kind, drugs) for kind in ("agonist", "antagonist")}
        self.parameters |= {f"{k}_{r}": dose for k, dose in doses.items() if dose is not None}
        ligands = [] if bound is None else [f"{bound.name}/EC50_{r}"]
        ligands += [] if doses["agonist"] is None else [f"agonist_{r}"]
        ratio = " + ".join(ligands)
        if doses["antagonist"] is not None:
            ratio = f"({ratio})/(1 + antagonist_{r})"
        if bound is not None:
            self.parameters[f"EC50_{r}"] = affinity.value("EC50")
        self.parameters[f"hill_{r}"] = affinity.value("hill")
        # the power stands once, because it costs more than the rest of a neuron's step
        steady = f"1 - 1/(1 + ({ratio})**hill_{r})"
        if bound is None or bound.constant:
            self.lines.append(f"b_{r} = {steady} : 1")
            return
        start = float(np.asarray(bound.start / affinity.value("EC50"))) + (doses["agonist"] or 0.0)
        power = (start / (1 + (doses["antagonist"] or 0.0))) ** float(affinity.value("hill"))
        self.initial[f"b_{r}"] = power / (1 + power)
        self._relax(steady)

    def _relax(self, steady: str) -> None:
        r = self.site
        for which in ("tau_on", "tau_off"):
            self.parameters[f"{which}_{r}"] = self.receptor.kinetics.value(which)
        on, off = f"1/tau_on_{r}", f"1/tau_off_{r}"
        rate = f"({off} + int(steady_{r} > b_{r})*({on} - {off}))"
        self.lines += [f"steady_{r} = {steady} : 1", f"db_{r}/dt = (steady_{r} - b_{r})*{rate} : 1"]

    def desensitise(self, bound: Concentration) -> None:
        """Add the sensitive fraction s."""
        r, table = self.site, self.receptor.desensitisation
        assert table is not None  # the caller has looked
        names = ("IC50", "hill") if bound.constant else tuple(table)
        self.parameters |= {f"{name}_s_{r}": table.value(name) for name in names}
        steady = f"1/(1 + ({bound.name}/IC50_s_{r})**hill_s_{r})"
        if bound.constant:
            self.lines.append(f"s_{r} = {steady} : 1")
            return
        ratio = float(np.asarray(bound.start / table.value("IC50")))
        self.initial[f"s_{r}"] = 1 / (1 + ratio ** float(table.value("hill")))
        slow = f"tau_slow_s_{r}/(1 + ({bound.name}/tau_K_s_{r})**tau_hill_s_{r})"
        self.lines.append(f"ds_{r}/dt = ({steady} - s_{r})/(tau_fast_s_{r} + {slow}) : 1")


def _total(kind: str, drugs: Sequence[Drug]) -> float | None:
    """Return the sum of the relative doses of a kind, which bind at one site; None if none."""
    doses = [drug.relative for drug in drugs if drug.kind == kind]
    return sum(doses) if doses else None
