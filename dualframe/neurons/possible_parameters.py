"""Parameters that no neuron can have: they are refused, since a run of them shows nothing amiss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.errors import CatalogueError
from dualframe.core.membrane_bounds import find_impossible
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import named_dimension, quantity, show_value
from dualframe.neurons.neuron_model import NeuronModel

#: Parameters of models that are a membrane's own, as `dualframe.core.membrane_bounds` calls them.
#: Potentials are not among them: some models count theirs from rest.
_MEMBRANE_NAMES = {"tau_m": "tau_m", "R": "r_in", "C": "c_m"}
_RESETS = frozenset({"V_reset", "V_r", "v_reset", "c"})


def check_possible(
    model: NeuronModel, parameters: Mapping[str, Any], complete: Mapping[str, Any]
) -> None:
    """Refuse numbers that no membrane has, negative times, and inverted resets.

    A reset must be below the threshold or peak. Conductances are not checked: those that stand for
    an adaptation may be negative.

    Parameters
    ----------
    model
        The model.
    parameters
        Those that were given: quantities, texts with units, or arrays.
    complete
        All of the neuron, with the model's defaults: with these a reset or peak is compared.

    Raises
    ------
    CatalogueError
        It names the parameter.
    """
    values = {name: quantity(value, None, name) for name, value in parameters.items()}
    for name, value in values.items():
        smallest = float(np.min(np.asarray(value)))
        if _is_positive(model.parameters, name) and smallest <= 0:
            raise CatalogueError(
                f"{model.name}: {name} is {show_value(value)}: expected more than zero."
            )
        if reason := find_impossible(_MEMBRANE_NAMES.get(name, ""), value):
            raise CatalogueError(f"{model.name}: {name} is {show_value(value)}: {reason}")
        if get_dimensions(value) == named_dimension("time") and smallest < 0:
            raise CatalogueError(
                f"{model.name}: {name} is {show_value(value)}: expected zero or more."
            )
    for low, high in model.rising:
        if low in _RESETS and {low, high} <= set(complete):
            _check_reset(model.name, {name: complete[name] for name in (low, high)}, parameters)


def _is_positive(table: ParameterTable, name: str) -> bool:
    dimension = table.dimensions[name]
    constant = dimension == "time" and ("tau" in name or name == "t_unit")
    return name in table.positive or dimension == "capacitance" or constant


def _check_reset(model: str, pair: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    (reset, below), (threshold, above) = pair.items()
    if get_dimensions(below) == get_dimensions(above) and np.any(
        np.asarray(below) >= np.asarray(above)
    ):
        shown = {name: show_value(parameters.get(name, value)) for name, value in pair.items()}
        raise CatalogueError(
            f"{model}: {threshold} is {shown[threshold]}, not above the reset {reset} of "
            f"{shown[reset]}, so that the neuron would fire at every step: give a higher "
            f"{threshold} or a lower {reset}."
        )
