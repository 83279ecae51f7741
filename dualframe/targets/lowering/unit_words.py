"""Units as messages write them, and the one name that lacks its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from dualframe.core.quantity import DIMENSIONS, UNITS, unit_name

_NUMERATORS = ("volt", "amp", "siemens", "coulomb", "metre", "mmolar", "farad", "ohm")
_DENOMINATORS = ("second", "volt", "metre", "second**2", "metre**2")
#: A value of each dimension that a name may lack, as an example.
_EXAMPLES = {
    "time": "15 ms",
    "voltage": "-70 mV",
    "current": "100 pA",
    "conductance": "10 nS",
    "capacitance": "200 pF",
    "resistance": "100 Mohm",
    "rate": "10 Hz",
}


def unit_text(dimension: Dimension) -> str:
    """Return "no unit" or "the unit volt/second": a quotient of named units where there is one.

    Parameters
    ----------
    dimension
        The dimension.
    """
    return "no unit" if dimension is DIMENSIONLESS else f"the unit {_named_unit(dimension)}"


def _named_unit(dimension: Dimension) -> str:
    name = unit_name(dimension)
    if name in UNITS:
        return name
    for above in _NUMERATORS:
        for below in _DENOMINATORS:
            unit, _, power = below.partition("**")
            divisor = get_dimensions(UNITS[unit]) ** int(power or 1)
            if get_dimensions(UNITS[above]) / divisor is dimension:
                return f"{above}/{below}"
    return name


def find_missing_unit(names: Iterable[str], fits: Callable[[str, Dimension], bool]) -> str:
    """Return which name without a unit would have one if all were right; "" if none or several.

    Parameters
    ----------
    names
        Names without a unit.
    fits
        Whether the units fit if a name has a dimension.
    """
    found = [
        f"{name!r} has no unit: expected a {kind}, such as {example!r}"
        for name in names
        for kind, example in _EXAMPLES.items()
        if fits(name, DIMENSIONS[kind])
    ]
    return found[0] if len(found) == 1 else ""
