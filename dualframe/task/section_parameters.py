"""Sections whose numbers are those of what they name: a rule of plasticity, or an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue import rule_parameter_sets
from dualframe.core.parameter_table import AnyDimension, Dimensions
from dualframe.core.quantity import quantity
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.plasticity.registry import PLASTICITY_RULES


def open_numbers(texts: Mapping[str, str]) -> Dimensions:
    """Return names and dimensions of the numbers that an open section may have.

    Parameters
    ----------
    texts
        The section's texts, of which one names the rule or the environment.

    Raises
    ------
    UnknownName
        If there is no such rule, set of numbers, or environment.
    """
    for key, numbers in _NUMBERS.items():
        if key in texts:
            return numbers(texts)
    return {}


def _of_rule(texts: Mapping[str, str]) -> Dimensions:
    rule = PLASTICITY_RULES[texts["rule"]]
    if texts.get("set"):
        rule_parameter_sets(rule.name).set(texts["set"])  # refuses one that is not there
    return {**rule.parameters.dimensions, "learning_rate": "dimensionless"}


def _of_environment(texts: Mapping[str, str]) -> Dimensions:
    parameters = ENVIRONMENTS[texts["kind"]].parameters
    return {parameter.name: _dimension(parameter.value) for parameter in parameters}


def _dimension(value: object) -> AnyDimension:
    dimension = get_dimensions(quantity(0.0 if value is None else value))
    return "dimensionless" if dimension.is_dimensionless else dimension


_NUMBERS: Mapping[str, Callable[[Mapping[str, str]], Dimensions]] = MappingProxyType(
    {"rule": _of_rule, "kind": _of_environment}
)
