"""Text to physics and back: the only place where ``"-70 mV"`` becomes a quantity.

A quantity is a number and a product of units: ``"10 nS"``, ``"1 uF/cm**2"``, ``"40 uS cm^-2"``,
``"30 uM"``. Nothing is evaluated as code: the text is split into a number, unit names and integer
exponents, and anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import allunits
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    Quantity,
    Unit,
    get_dimensions,
    get_unit,
)

from dualframe.core.errors import QuantityError, suggest_name


def _table_of_units() -> dict[str, Unit]:
    named = {str(unit): unit for unit in vars(allunits).values() if isinstance(unit, Unit)}
    named |= {name: unit for name, unit in vars(allunits).items() if isinstance(unit, Unit)}
    molar = {"M": "molar", "mM": "mmolar", "uM": "umolar", "nM": "nmolar"}
    ohms = {"kOhm": "kohm", "MOhm": "Mohm", "GOhm": "Gohm", "Ohm": "ohm"}
    named |= {alias: named[name] for alias, name in (molar | ohms).items()}
    return {name: unit for name, unit in named.items() if re.fullmatch(r"[A-Za-z]+\d?", name)}


UNITS: Mapping[str, Unit] = MappingProxyType(_table_of_units())

DIMENSIONS: Mapping[str, Dimension] = MappingProxyType(
    {
        name: get_dimensions(UNITS[unit])
        for name, unit in {
            "voltage": "mV",
            "current": "pA",
            "conductance": "nS",
            "capacitance": "pF",
            "resistance": "Mohm",
            "time": "ms",
            "rate": "Hz",
            "length": "um",
            "concentration": "umolar",
        }.items()
    }
    | {
        "dimensionless": DIMENSIONLESS,
        "specific capacitance": get_dimensions(UNITS["uF"] / UNITS["cm"] ** 2),
        "specific conductance": get_dimensions(UNITS["uS"] / UNITS["cm"] ** 2),
        "volume": get_dimensions(UNITS["um"] ** 3),
        "resistivity": get_dimensions(UNITS["ohm"] * UNITS["cm"]),
    }
)

_BASE_UNITS: Mapping[Dimension, str] = {
    get_dimensions(UNITS[name]): name
    for name in ("volt", "amp", "siemens", "second", "hertz", "farad", "ohm", "metre", "mmolar")
} | {DIMENSIONLESS: "1"}

LONGEST_TEXT = 200  # characters
LARGEST_POWER = 9
MOST_SHOWN = 80  # characters of a value in an error

_PARSED = (str, Quantity, list, tuple)

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*(?P<number>{_NUMBER})\s*(?P<unit>.*?)\s*")
_FACTOR = re.compile(
    r"\s*(?P<operator>[*/]?)\s*(?P<name>[A-Za-z]+\d?)\s*(?:(?:\*\*|\^)\s*(?P<exponent>-?\d+))?"
)


def quantity(value: Any, expected: str | Dimension | None = None, name: str = "value") -> Any:
    """Return ``value`` as a Brian2 quantity, or a float where it has no dimension.

    Parameters
    ----------
    value
        A text such as ``"-70 mV"``, a quantity, a number, or an array or list of either.
    expected
        The dimension it must have: a name of `DIMENSIONS` or a Brian2 dimension.
        ``None`` accepts any.
    name
        How an error calls the value.

    Raises
    ------
    QuantityError
        If the text is not a number with units, or the dimension is not the expected one.
    """
    result = _parse_value(value, name)
    if isinstance(result, bool) or not _is_numeric(result):
        raise QuantityError(
            f"{name} is {show_value(value)}: expected a number with a unit, like '10 ms'."
        )
    if expected is not None:
        _check_dimension(result, expected, name, value)
    return result


def is_quantity_text(text: str) -> bool:
    """Return whether a text is a number with or without a unit, and no expression.

    Parameters
    ----------
    text
        For example ``"3 ms"``; ``"3*ms"`` and ``"2*tau"`` are expressions.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    return match is not None and not match["unit"].startswith(("*", "/"))


def show_value(value: Any) -> str:
    """Return a value as an error shows it: on one line, and cut where it is long.

    Parameters
    ----------
    value
        Anything.
    """
    text = " ".join(repr(value).split())
    if " at 0x" in text or is_dataclass(value):
        return f"a {type(value).__name__}"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def quantity_text(value: Any, digits: int = 6) -> str:
    """Return a quantity as a text that `quantity` reads back, in a unit of readable size.

    Parameters
    ----------
    value
        The value.
    digits
        Significant digits.
    """
    if get_dimensions(value) is DIMENSIONLESS:
        return f"{float(value):.{digits}g}"
    shown = value.in_best_unit(precision=digits) if hasattr(value, "in_best_unit") else str(value)
    return re.sub(r"/\(([^()]*)\)", _without_brackets, str(shown).replace("^", "**"))


def _without_brackets(denominator: re.Match[str]) -> str:
    """``"/(cm**2*s)"`` as ``"/cm**2/s"``, which needs no brackets."""
    factors = re.split(r"(?<!\*)\*(?!\*)", denominator[1])
    return "".join(f"/{factor.strip()}" for factor in factors)


def unit_of(value: Any) -> str:
    """Return the base unit of a value as Brian2 equations spell it, for example ``"siemens"``.

    Parameters
    ----------
    value
        The value.
    """
    return unit_name(get_dimensions(value))


def unit_name(of: Dimension) -> str:
    """Return the base unit of a dimension as Brian2 equations spell it.

    Parameters
    ----------
    of
        The dimension.
    """
    # not Brian2's get_unit, whose answer changes with the units that were computed before
    return _BASE_UNITS.get(of, repr(of))


def named_dimension(expected: str | Dimension) -> Dimension:
    """Return a Brian2 dimension by its name in `DIMENSIONS`.

    Parameters
    ----------
    expected
        Name of a dimension, or the dimension.
    """
    if isinstance(expected, Dimension):
        return expected
    if expected not in DIMENSIONS:
        raise QuantityError(f"unknown dimension {expected!r}. {suggest_name(expected, DIMENSIONS)}")
    return DIMENSIONS[expected]


def _is_numeric(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "iuf"


def _parse_value(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return _parse_quantity(value, name)
    texts = isinstance(value, np.ndarray) and value.dtype.kind == "U"
    if texts or (isinstance(value, (list, tuple)) and any(isinstance(v, _PARSED) for v in value)):
        return _parse_list(value, name)
    return _as_array(value) if isinstance(value, (list, tuple)) else value


def _as_array(values: Any) -> Any:
    try:
        return np.asarray(values)
    except ValueError:  # lists of unequal lengths
        return np.asarray(None)


def _parse_list(values: Any, name: str) -> Any:
    """Return a list of texts, quantities or numbers as one array."""
    items = [_parse_value(value, name) for value in values]
    dimensions = {get_dimensions(item) for item in items if _is_numeric(item)}
    if len(dimensions) > 1:
        raise QuantityError(f"{name} is {show_value(values)}: expected one unit for all.")
    array = _as_array([np.asarray(item) for item in items])
    dimension = dimensions.pop() if dimensions else DIMENSIONLESS
    if dimension.is_dimensionless or array.dtype.kind not in "iuf":
        return array
    return Quantity(array, dim=dimension)


def _parse_quantity(value: str, name: str) -> Any:
    match = _QUANTITY.fullmatch(value) if len(value) <= LONGEST_TEXT else None
    if match is None:
        raise QuantityError(
            f"{name} is {show_value(value)}: expected a number with a unit, like '10 ms'."
        )
    number = float(match["number"])
    if not np.isfinite(number):
        raise QuantityError(f"{name} is {value!r}: expected a finite number.")
    return number * _parse_unit(match["unit"], value, name) if match["unit"] else number


def _parse_unit(expression: str, value: str, name: str) -> Any:
    result: Any = 1.0
    position = 0
    while position < len(expression):
        match = _FACTOR.match(expression, position)
        if match is None:
            raise QuantityError(
                f"{name} is {value!r}: {expression!r} is not a product of units, like 'uF/cm**2'."
            )
        if match["name"] == "mOhm":
            raise QuantityError(
                f"{name} is {value!r}: 'mOhm' would be milliohm: write 'Mohm' for megohm, or "
                f"'mohm' for milliohm."
            )
        if match["name"] not in UNITS:
            hint = suggest_name(match["name"], [u for u in UNITS if len(u) < 8])
            hint = hint if hint.startswith("Did") else "Units are spelled like 'mV', 'pA', 'uS'."
            raise QuantityError(f"{name} is {value!r}: unknown unit {match['name']!r}. {hint}")
        power = int(match["exponent"] or 1) * (-1 if match["operator"] == "/" else 1)
        if abs(power) > LARGEST_POWER:
            raise QuantityError(f"{name} is {value!r}: expected powers of at most {LARGEST_POWER}.")
        result = result * UNITS[match["name"]] ** power
        position = match.end()
    return Quantity(result)


def _check_dimension(result: Any, expected: str | Dimension, name: str, value: Any) -> None:
    wanted = named_dimension(expected)
    found = get_dimensions(result)
    if found is wanted:
        return
    label = expected if isinstance(expected, str) else "quantity"
    example = "a plain number" if wanted is DIMENSIONLESS else f"in units of {get_unit(wanted)}"
    given = "no unit" if found is DIMENSIONLESS else f"units of {get_unit(found)}"
    shown = show_value(value)
    raise QuantityError(f"{name} is {shown}, with {given}: expected a {label}, {example}.")
