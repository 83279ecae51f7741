r"""Izhikevich's 2003 neuron in the time step of his own scripts.

``daspnet.m`` (ModelDB 84167) and the script of the 2003 paper advance by 1 ms: V by two half
steps, then u with the new V,

.. math::

   V_{1/2} &= V + \tfrac12 (0.04 V^2 + 5 V + 140 - u + I), \quad
   V' = V_{1/2} + \tfrac12 (0.04 V_{1/2}^2 + 5 V_{1/2} + 140 - u + I) \\
   u' &= u + a (b V' - u)

with :math:`V \to c, u \to u + d` when :math:`V \ge 30` mV. Written as Euler steps of 1 ms these are
the same numbers. Currents are in mV/ms: a synapse of weight w writes ``g += w`` and moves V by
about w in the next step.
"""

from __future__ import annotations

from typing import Any

from brian2.units import ms, mV

from dualframe.catalogue import CellType
from dualframe.core.errors import CatalogueError

EQUATIONS = """
V_half = V + 0.5*dt*((quadratic*V + linear)*V + offset - u + I) : volt
V_next = V_half + 0.5*dt*((quadratic*V_half + linear)*V_half + offset - u + I) : volt
dV/dt = (V_next - V)/dt : volt
du/dt = a*(b*(V_next - v_b) - u) : volt/second
"""
POLYNOMIAL = {"quadratic": 0.04 / (mV * ms), "linear": 5 / ms, "offset": 140 * mV / ms}
_UNITS = {"a": 1 / ms, "b": 1 / ms, "c": mV, "d": mV / ms, "vpeak": mV}


def published_numbers(cell: CellType, label: str) -> dict[str, Any]:
    """Return a, b, c, d and vpeak of a cell's 2003 set, with the units of the equations.

    Raises
    ------
    CatalogueError
        If the cell has no set of that form and label.
    """
    for own in cell.izhikevich:
        if own.form == "izhikevich2003" and own.label == label:
            return {name: own.numbers.value(name) * unit for name, unit in _UNITS.items()}
    raise CatalogueError(
        f"{cell.name} has no izhikevich2003 set {label!r}: it has "
        + (", ".join(f"{s.form} {s.label!r}" for s in cell.izhikevich) or "none")
        + "."
    )


def start(numbers: dict[str, Any]) -> dict[str, Any]:
    """Return the scripts' start: V at -65 mV, u on its line."""
    v0 = -65 * mV
    return {"V": v0, "u": numbers["b"] * v0}
