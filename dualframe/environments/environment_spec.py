"""What an environment states of itself: its parameters, and its equations as a function of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.environments.environment_record import (
    Environment,
    EnvironmentEquations,
    check_definitions,
)
from dualframe.environments.parameter import (
    EnvironmentParameter,
    replace_values,
    values_in_si,
)

EquationWriter: TypeAlias = Callable[[Mapping[str, float]], EnvironmentEquations]


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """An environment as its file states it; `make_environment` gives values to its parameters.

    Parameters
    ----------
    name, title, source
        Identifier; what it is; where equations and numbers come from.
    parameters
        Constants of the equations. One is ``interval``, the time between ticks.
    write_equations
        A function of the parameters' values (in SI units, or in ticks) that returns the equations.
    limit
        Name of the parameter after whose ticks a trial is cut off; without, none is.

    Raises
    ------
    NetworkError
        If there is no parameter ``interval``, or none of the name of the limit.
    """

    name: str
    title: str
    source: str
    parameters: tuple[EnvironmentParameter, ...]
    write_equations: EquationWriter
    limit: str = ""

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        for name in filter(None, ("interval", self.limit)):
            if name not in names:
                raise NetworkError(
                    f"environment {self.name!r} has no parameter {name!r}: add an "
                    f"EnvironmentParameter of that name."
                )

    def make_environment(self, **values: Any) -> Environment:
        """Return the environment for values of its parameters.

        Parameters
        ----------
        **values
            Values that replace those of the source, with their units.

        Raises
        ------
        UnknownName
            If it has no parameter of that name.
        QuantityError, NetworkError
            If a value has another dimension or cannot be, or the equations leave something open.
        """
        parameters = replace_values(self.parameters, values, self.name)
        value = next(item.value for item in parameters if item.name == "interval")
        interval = quantity(value, "time", "interval")
        numbers = values_in_si(parameters, interval, self.name)
        environment = Environment(
            **vars(self.write_equations(numbers)),
            name=self.name,
            title=self.title,
            source=self.source,
            parameters=parameters,
            interval=interval,
            limit=int(numbers[self.limit]) if self.limit else None,
            values={k: v for k, v in numbers.items() if k not in ("interval", self.limit)},
        )
        check_definitions(environment)
        return environment
