"""One point neuron as data: its equations, spike rule, parameters and start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from brian2.units.fundamentalunits import Dimension

from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity


@dataclass(frozen=True)
class Membrane:
    """A point neuron without its inputs, ready to become a population.

    The equations use the total input current ``I`` (`current`) and leave it undefined: the
    builder appends ``I = <sum of terms> : amp``. Constants are not declared either; every name
    in `parameters` is a shared or per-neuron constant. The equations are meant for Euler steps.

    Attributes
    ----------
    equations
        Brian2 text: differential equations and subexpressions.
    threshold, reset
        The spike condition and the statements at a spike.
    refractory
        How long the neuron is held after a spike (an expression in `parameters`), or None.
    parameters
        Name -> quantity, float, or array with one value per neuron.
    initial
        Name -> initial value of a state variable.
    leak
        Expression (siemens) of the resting conductance, in `parameters`: what a modulator's
        conductance is measured in.
    rest
        Expression (volt) of the resting potential, in `parameters`.
    places
        What effects of receptors change: kind of effect -> parameter -> how, as of
        `dualframe.neuromodulation.ModulatableParameters`. A kind that is missing has no place in
        the model.
    voltage, current
        The names of the membrane potential and of the input current hook.
    """

    equations: str
    threshold: str
    reset: str
    refractory: str | None
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    leak: str
    rest: str
    places: Mapping[str, Mapping[str, str]]
    voltage: str = "V"
    current: str = "I"

    @property
    def adapts(self) -> tuple[str, ...]:
        """Names of the parameters that an effect on adaptation scales; empty without adaptation."""
        return tuple(self.places.get("adaptation", ()))


def checked(
    owner: str,
    given: Mapping[str, Any],
    dimensions: Mapping[str, Dimension],
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the parameters a model needs, each with its dimension checked.

    Parameters
    ----------
    owner
        The model, as an error calls it.
    given
        Name -> quantity, text with a unit, float, or array of these.
    dimensions
        Every name the model knows, with its dimension.
    defaults
        Values of the names that may be left out.

    Raises
    ------
    UnknownName
        For a name that the model does not have.
    CatalogueError
        For a name that is missing.
    QuantityError
        For a value of another dimension.
    """
    for name in given:
        if name not in dimensions:
            raise UnknownName(f"parameter of {owner}", name, dimensions)
    values = {**(defaults or {}), **given}
    require(owner, values, dimensions)
    return {
        name: quantity(values[name], wanted, f"{owner}: {name}")
        for name, wanted in dimensions.items()
    }


def require(owner: str, given: Mapping[str, Any], needed: Iterable[str]) -> None:
    """Raise a `CatalogueError` that lists what is missing, if anything is."""
    needed = tuple(needed)
    missing = [name for name in needed if name not in given]
    if missing:
        raise CatalogueError(
            f"{owner} lacks {', '.join(missing)}: its parameters are {', '.join(needed)}."
        )
