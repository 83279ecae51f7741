"""The parameters of an environment: each with a unit, a meaning and a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity, quantity_text
from dualframe.core.validation import as_finite, as_fraction, check_count
from dualframe.network import ValueRecord


@dataclass(frozen=True, eq=False)
class EnvironmentParameter(ValueRecord):
    """A number that the equations of an environment use.

    Parameters
    ----------
    name
        Its name in the equations.
    value
        A text with a unit, or a plain number where the source gives none. ``None`` is "never".
    meaning
        What it is.
    source
        Where it comes from, if not from the source of the environment.
    status
        As in the catalogue: "measured", "published model", "derived" or "assumed".
    kind
        "positive", "any", "probability", "count" (a whole number of at least one), "count or
        never", or "ticks" (a time that is a whole number of ticks; the equations count it in
        ticks).
    """

    name: str
    value: Any
    meaning: str
    _: KW_ONLY
    source: str = ""
    status: str = "published model"
    kind: str = "positive"

    def check_value(self, value: Any, environment: str) -> Any:
        """Return a value for this parameter as a quantity.

        Parameters
        ----------
        value
            Text with a unit, quantity or number.
        environment
            Name of the environment, for errors.

        Raises
        ------
        QuantityError, NetworkError
            If it has another dimension, or is not a value that this parameter can have.
        """
        label = f"{self.name} of environment {environment!r}"
        if self.kind == "count or never" and value is None:
            return None
        if self.kind.startswith("count"):
            check_count(value, label)
            return int(value)
        dimension = get_dimensions(quantity(self.value))
        checked = as_finite(value, dimension, label)
        if self.kind in ("positive", "ticks") and np.asarray(checked) <= 0:
            raise NetworkError(f"{label} is {value}: expected more than zero.")
        if self.kind == "probability":
            return as_fraction(checked, label)
        return checked


def assumed_parameter(
    name: str, value: Any, meaning: str, kind: str = "positive"
) -> EnvironmentParameter:
    """Return a parameter whose value dualframe chose.

    Parameters
    ----------
    name, value, meaning, kind
        As of `EnvironmentParameter`.
    """
    return EnvironmentParameter(name, value, meaning, status="assumed", kind=kind)


def replace_values(
    parameters: Iterable[EnvironmentParameter], values: Mapping[str, Any], environment: str
) -> tuple[EnvironmentParameter, ...]:
    """Return the parameters with the values that the caller gives in their place.

    Parameters
    ----------
    parameters
        Those of the environment.
    values
        The caller's, by name.
    environment
        Name of the environment, for errors.

    Raises
    ------
    UnknownName
        If the environment has no parameter of that name.
    QuantityError, NetworkError
        If a value is not one that the parameter can have.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in by_name:
            raise UnknownName(f"parameter of environment {environment!r}", name, by_name)
    return tuple(
        replace(
            parameter,
            value=parameter.check_value(values[name], environment),
            source="given by the caller",
            status="assumed",
        )
        if name in values
        else parameter
        for name, parameter in by_name.items()
    )


NEVER = 2.0**53
"""The count that stands for "never" in equations, where a number must be finite."""


def values_in_si(
    parameters: Iterable[EnvironmentParameter], interval: Any, environment: str
) -> dict[str, float]:
    """Return the values as the equations use them: in SI units, or counted in ticks.

    Parameters
    ----------
    parameters
        Those of the environment.
    interval
        Time between ticks.
    environment
        Name of the environment, for errors.

    Raises
    ------
    NetworkError
        If a time that is counted in ticks is not a whole number of them.
    """
    values = {}
    for parameter in parameters:
        if parameter.kind == "ticks":
            label = f"{parameter.name} of environment {environment!r}"
            values[parameter.name] = float(count_ticks(parameter.value, interval, label))
        elif parameter.value is None:
            values[parameter.name] = NEVER
        else:
            values[parameter.name] = float(np.asarray(quantity(parameter.value)))
    return values


def count_ticks(time: Any, interval: Any, label: str) -> int:
    """Return a time as a whole number of intervals.

    Parameters
    ----------
    time, interval
        Two times.
    label
        What an error calls the time.

    Raises
    ------
    NetworkError
        If it is not a whole number of at least one.
    """
    ratio = float(np.asarray(quantity(time, "time", label)) / np.asarray(interval))
    # a ratio of two rounded times is off by a few rounding errors
    if ratio < 0.5 or abs(ratio - round(ratio)) > 1e-9 * ratio:
        raise NetworkError(
            f"{label} is {time}: expected a whole multiple of {quantity_text(interval)}."
        )
    return round(ratio)
