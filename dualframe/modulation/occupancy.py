r"""Occupancy of a receptor: Hill binding, onset and decay, and drugs.

.. math:: o_\infty = \frac{c^n}{c^n + EC_{50}^n}, \qquad
          \frac{do}{dt} = \frac{o_\infty - o}{\tau},
          \quad \tau = \tau_{on} \text{ if } o_\infty > o \text{ else } \tau_{off}

An agonist alone occupies the fraction ``dose`` and leaves the rest to the modulator; an antagonist
takes the fraction ``dose`` away from both; a knock-out leaves no receptor, and no equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualframe.catalogue import Receptor
from dualframe.circuit import Drug
from dualframe.modulation.concentration import Concentration


@dataclass(frozen=True)
class Occupancy:
    """Equations of one receptor's occupancy, a number between 0 and 1 called ``name``."""

    name: str
    equations: tuple[str, ...]
    parameters: dict[str, Any]
    initial: dict[str, Any]


def occupancy(receptor: Receptor, bound: Concentration | None, drugs: Sequence[Drug]) -> Occupancy:
    """Return the occupancy of a receptor.

    Parameters
    ----------
    receptor
        Its affinity and kinetics.
    bound
        Concentration of its modulator, or None if the circuit has none of it.
    drugs
        Agonists and antagonists that act on it in this cell type.
    """
    name = f"o_{receptor.name}"
    equations: list[str] = []
    parameters: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    by_modulator = "0"
    if bound is not None:
        by_modulator = f"b_{receptor.name}"
        parameters[f"EC50_{receptor.name}"] = receptor.affinity.value("EC50")
        parameters[f"hill_{receptor.name}"] = receptor.affinity.value("hill")
        steady = _hill(receptor.name, bound.name)
        if bound.constant:
            equations.append(f"{by_modulator} = {steady} : 1")
        else:
            equations += _dynamic(receptor, by_modulator, steady, parameters)
            initial[by_modulator] = _hill_value(receptor, bound.start)
    equations.append(f"{name} = {_with_drugs(receptor, by_modulator, drugs, parameters)} : 1")
    return Occupancy(name, tuple(equations), parameters, initial)


def _hill(receptor: str, concentration: str) -> str:
    # The ratio is dimensionless, so that any Hill coefficient can be its exponent; it stands
    # once, because a power costs more than the rest of a neuron's step.
    return f"1 - 1/(1 + ({concentration}/EC50_{receptor})**hill_{receptor})"


def _hill_value(receptor: Receptor, concentration: Any) -> float:
    ratio = float(np.asarray(concentration / receptor.affinity.value("EC50")))
    power = ratio ** float(receptor.affinity.value("hill"))
    return float(power / (1 + power))


def _dynamic(receptor: Receptor, name: str, steady: str, parameters: dict[str, Any]) -> list[str]:
    for which in ("tau_on", "tau_off"):
        parameters[f"{which}_{receptor.name}"] = receptor.kinetics.value(which)
    target = f"steady_{receptor.name}"
    on, off = f"1/tau_on_{receptor.name}", f"1/tau_off_{receptor.name}"
    rate = f"({off} + int({target} > {name})*({on} - {off}))"
    return [f"{target} = {steady} : 1", f"d{name}/dt = ({target} - {name})*{rate} : 1"]


def _with_drugs(
    receptor: Receptor, bound: str, drugs: Sequence[Drug], parameters: dict[str, Any]
) -> str:
    expression = bound
    for kind in ("agonist", "antagonist"):
        for k, drug in enumerate(d for d in drugs if d.kind == kind):
            dose = f"{kind}{k}_{receptor.name}"
            parameters[dose] = drug.dose
            expression = (
                f"({dose} + (1 - {dose})*({expression}))"
                if kind == "agonist"
                else f"(1 - {dose})*({expression})"
            )
    return expression
