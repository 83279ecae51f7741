r"""Potentials of a membrane from its ions: Nernst, Goldman, and the passive ion circuit.

.. math::

   E = \frac{R T}{z F} \ln \frac{c_{out}}{c_{in}}, \qquad
   V = \frac{R T}{F} \ln \frac{\sum_+ P c_{out} + \sum_- P c_{in}}
                              {\sum_+ P c_{in} + \sum_- P c_{out}}, \qquad
   V = \frac{\sum g E}{\sum g}

after Hille 2001, Ion Channels of Excitable Membranes, 3rd edition, chapters 1 and 14; R and F are
CODATA's. Concentrations stand for activities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import volt
from brian2.units.fundamentalunits import have_same_dimensions
from scipy.constants import physical_constants, zero_Celsius

from dualframe.core.errors import QuantityError
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_table

BODY_TEMPERATURE = 37.0  # degrees Celsius

#: Charge numbers of the ions that `goldman` knows.
VALENCES: Mapping[str, int] = {"Na": 1, "K": 1, "Cl": -1}


def thermal_voltage(temperature: float = BODY_TEMPERATURE) -> Any:
    """Return R T/F.

    Parameters
    ----------
    temperature
        In degrees Celsius.

    Raises
    ------
    QuantityError
        If it is no number above absolute zero.
    """
    kelvin = float(quantity(temperature, "dimensionless", "temperature")) + zero_Celsius
    if not 0 < kelvin < np.inf:
        raise QuantityError(
            f"temperature is {temperature}: expected degrees Celsius, above {-zero_Celsius}."
        )
    gas, faraday = (
        physical_constants[name][0] for name in ("molar gas constant", "Faraday constant")
    )
    return gas * kelvin / faraday * volt


def nernst(
    outside: Any, inside: Any, valence: int = 1, *, temperature: float = BODY_TEMPERATURE
) -> Any:
    """Return the potential at which an ion is in equilibrium, inside against outside.

    Parameters
    ----------
    outside, inside
        Concentrations, of one dimension (numbers, texts or quantities, also arrays).
    valence
        Charge number of the ion: 1 for Na and K, -1 for Cl, 2 for Ca.
    temperature
        In degrees Celsius.

    Raises
    ------
    QuantityError
        If a concentration is not greater than zero, or the two differ in dimension; if the valence
        is zero or the temperature is not above absolute zero.
    """
    c_out, c_in = _concentrations(outside, inside, "ion")
    if isinstance(valence, bool) or not isinstance(valence, int) or valence == 0:
        raise QuantityError(f"valence is {valence!r}: expected a charge number, like 1, -1 or 2.")
    return thermal_voltage(temperature) / valence * np.log(np.asarray(c_out / c_in))


def goldman(
    permeabilities: Mapping[str, Any],
    outside: Mapping[str, Any],
    inside: Mapping[str, Any],
    *,
    temperature: float = BODY_TEMPERATURE,
) -> Any:
    """Return the potential at which monovalent ions carry no net current through a membrane.

    Parameters
    ----------
    permeabilities
        By ion (``"Na"``, ``"K"``, ``"Cl"``), relative or absolute; ions that are left out do not
        permeate.
    outside, inside
        Concentrations of these ions, of one dimension.
    temperature
        In degrees Celsius.

    Raises
    ------
    QuantityError
        For an ion that is unknown or lacks a concentration, a negative permeability, or a
        concentration as in `nernst`.
    """
    shares = as_table(permeabilities, "permeabilities")
    tables = {"outside": as_table(outside, "outside"), "inside": as_table(inside, "inside")}
    if not shares:
        raise QuantityError("permeabilities are empty: give that of one ion at least.")
    top: Any = 0.0
    bottom: Any = 0.0
    for ion, given in shares.items():
        if ion not in VALENCES:
            raise QuantityError(f"ion {ion!r} is unknown: expected {', '.join(VALENCES)}.")
        for side, table in tables.items():
            if ion not in table:
                raise QuantityError(f"{side} lacks the concentration of {ion}: add it.")
        c_out, c_in = _concentrations(tables["outside"][ion], tables["inside"][ion], ion)
        share = quantity(given, None, f"permeability of {ion}")
        if np.any(np.asarray(share) < 0):
            raise QuantityError(f"permeability of {ion} is {given}: expected zero or more.")
        positive = VALENCES[ion] > 0
        top = top + share * (c_out if positive else c_in)
        bottom = bottom + share * (c_in if positive else c_out)
    if np.any(np.asarray(bottom) <= 0):
        raise QuantityError("no ion permeates: give one a permeability above zero.")
    return thermal_voltage(temperature) * np.log(np.asarray(top / bottom))


def resting_potential(conductances: Mapping[str, Any], reversals: Mapping[str, Any]) -> Any:
    """Return the steady potential of a passive ion circuit, the conductance-weighted mean.

    Parameters
    ----------
    conductances
        By ion, of one dimension, zero or more.
    reversals
        Reversal potentials (voltage) of these ions.

    Raises
    ------
    QuantityError
        If an ion lacks its reversal potential, a conductance is negative, or all are zero.
    """
    weights = as_table(conductances, "conductances")
    potentials = as_table(reversals, "reversals")
    total: Any = 0.0
    weighted: Any = 0.0
    for ion, given in weights.items():
        if ion not in potentials:
            raise QuantityError(f"reversals lack the potential of {ion}: add it.")
        conductance = quantity(given, None, f"conductance of {ion}")
        if np.any(np.asarray(conductance) < 0):
            raise QuantityError(f"conductance of {ion} is {given}: expected zero or more.")
        total = total + conductance
        weighted = weighted + conductance * quantity(
            potentials[ion], "voltage", f"reversal of {ion}"
        )
    if not weights or np.any(np.asarray(total) <= 0):
        raise QuantityError("no ion conducts: give one a conductance above zero.")
    return weighted / total


def _concentrations(outside: Any, inside: Any, ion: str) -> tuple[Any, Any]:
    c_out = quantity(outside, None, f"concentration of {ion} outside")
    c_in = quantity(inside, None, f"concentration of {ion} inside")
    if not have_same_dimensions(c_out, c_in):
        raise QuantityError(
            f"concentrations of {ion} differ in dimension ({outside} and {inside}): give both in "
            "mmolar, or both as numbers."
        )
    for side, value in (("outside", c_out), ("inside", c_in)):
        plain = np.asarray(value, dtype=float)
        if not np.all((plain > 0) & np.isfinite(plain)):
            raise QuantityError(
                f"concentration of {ion} {side} is {value}: expected more than zero."
            )
    return c_out, c_in
