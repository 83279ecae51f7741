"""What an environment states of itself: its parameters, and its equations as a function of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import expect_type
from dualframe.environments.definition_checks import check_definitions
from dualframe.environments.environment_record import Environment, EnvironmentEquations
from dualframe.environments.expression_evaluator import ordered_subexpressions
from dualframe.environments.parameter import (
    EnvironmentParameter,
    replace_values,
    values_in_si,
)
from dualframe.environments.spaces import Box, Discrete

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

        Warns
        -----
        DualframeWarning
            If reward, success or the end of a trial depend on state that no trial starts anew.
        """
        parameters = replace_values(self.parameters, values, self.name)
        value = next(item.value for item in parameters if item.name == "interval")
        interval = quantity(value, "time", "interval")
        numbers = values_in_si(parameters, interval, self.name)
        equations = self.write_equations(numbers)
        label, remedy = f"environment {self.name!r}: ", "EnvironmentEquations(...)"
        expect_type(equations, EnvironmentEquations, f"{label}what write_equations returns", remedy)
        remedy = "Discrete(n) with the number of actions, or Box(inputs, low, high)"
        expect_type(equations.action, (Discrete, Box), f"{label}action", remedy)
        environment = Environment(
            **vars(equations),
            name=self.name,
            title=self.title,
            source=self.source,
            parameters=parameters,
            interval=interval,
            limit=int(numbers[self.limit]) if self.limit else None,
            values={k: v for k, v in numbers.items() if k not in ("interval", self.limit)},
        )
        check_definitions(environment)
        warn_user(_describe_carried_over(environment))
        return environment


def _describe_carried_over(environment: Environment) -> list[str]:
    """Return a sentence on state of earlier trials that makes rewards, successes or ends."""
    texts = dict(ordered_subexpressions(environment.tick_equations))
    read: set[str] = set()
    new = {"reward_next", "succeeded", "terminal"}
    while new:
        read |= new
        new = set().union(*(get_identifiers(texts.get(name, "")) for name in new)) - read
    intended = {*environment.start, *environment.carried_over}
    carried = [name for name in environment.state if name in read and name not in intended]
    if not carried:
        return []
    names = ", ".join(map(repr, carried))
    return [
        f"environment {environment.name!r}: reward, success or the end of a trial depend on "
        f"{names}, which start does not name: its value is carried over from trial to trial. Say "
        f"where it starts, like start={{{carried[0]!r}: '0'}}, or that it is meant, with "
        f"carried_over=({carried[0]!r},)."
    ]
