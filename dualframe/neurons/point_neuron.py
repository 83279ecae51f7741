"""One point neuron as data: its equations, spike rule, parameters and start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.core.parameter_table import Dimensions
from dualframe.core.quantity import quantity
from dualframe.network import Population

# what `PointNeuron.make_population` gives to a population itself
_STATED = frozenset(
    {
        *("equations", "threshold", "reset", "refractory", "parameters", "initial", "voltage"),
        "time_step",
    }
)


@dataclass(frozen=True, kw_only=True)
class OwnInput:
    """The input of a neuron that takes no ampere currents.

    Attributes
    ----------
    name, unit
        The variable that the neuron's equations read and leave undefined, and its unit.
    terms
        What it holds always, in the order of the sum: variables of the neuron.
    expression
        How the sum enters, with ``{terms}`` in its place: ``"({terms})/unit_time"``.
    """

    name: str
    unit: str
    terms: tuple[str, ...]
    expression: str = "{terms}"


@dataclass(frozen=True, kw_only=True)
class PointNeuron:
    """A point neuron without its inputs, ready to become a population.

    The equations use an input and leave it undefined: the builder appends `input_equation`.
    Constants are not declared either; every name in `parameters` is a shared or per-neuron
    constant. The equations are meant for Euler steps.

    Attributes
    ----------
    equations
        Brian2 text: differential equations and subexpressions.
    threshold, reset
        The spike condition and the statements at a spike; None for neurons without spikes.
    refractory
        How long the neuron is held after a spike (an expression in `parameters`), or None.
    parameters
        Name -> quantity, float, or array with one value per neuron.
    initial
        Name -> initial value of a state variable.
    leak
        Expression (siemens) of the resting conductance, in `parameters`: what a modulator's
        conductance is measured in. None where the neuron has no conductances.
    rest
        Expression (volt) of the resting potential, in `parameters`, or None.
    places
        What effects of receptors change: kind of effect -> parameter -> how, as of
        `dualframe.neuromodulation.ModulatableParameters`. A kind that is missing has no place in
        the model.
    voltage
        Name of the membrane potential.
    current
        Name of the total input current (ampere) in the equations, or None: then no conductance
        and no ampere current can act on the neuron, only weights on `weight_variables`.
    own_input
        The input of a neuron without ampere currents, where its equations leave one undefined.
    weight_variables
        Variables that a weight may raise as such (``"arrived += w"``), for synapses without a
        receptor current. They hold what arrived in one step.
    signals
        Variables that another population may set and that are zero otherwise, such as the index
        of the running trial.
    time_step
        The time step that the equations presume, if any.
    """

    equations: str
    threshold: str | None
    reset: str | None
    refractory: str | None = None
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    leak: str | None = None
    rest: str | None = None
    places: Mapping[str, Mapping[str, str]]
    voltage: str = "V"
    current: str | None = "I"
    own_input: OwnInput | None = None
    weight_variables: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    time_step: Any = None

    def input_equation(self, terms: Sequence[str] = ()) -> str:
        """Return the line that a builder appends to define the neuron's input, or "".

        Parameters
        ----------
        terms
            Variables that add to the input: currents (ampere), or for a neuron with `own_input`
            variables of the unit of its terms.

        Raises
        ------
        NetworkError
            If the neuron has no input that terms can be added to.
        """
        if self.current is not None:
            return f"{self.current} = {' + '.join(terms)} : amp"
        if self.own_input is not None:
            total = " + ".join((*self.own_input.terms, *terms))
            written = self.own_input.expression.format(terms=total)
            return f"{self.own_input.name} = {written} : {self.own_input.unit}"
        if terms:
            remedy = (
                f"let synapses raise {' or '.join(self.weight_variables)} by their weight."
                if self.weight_variables
                else "let a projection sum into one of its variables."
            )
            raise NetworkError(f"this neuron takes no currents ({', '.join(terms)}): {remedy}")
        return ""

    def make_population(self, name: str, n: int, **settings: Any) -> Population:
        """Return a population of such neurons without synapses.

        ``I_ext`` (ampere) is a current into each of those that take currents.

        Parameters
        ----------
        name, n
            Of the population.
        **settings
            Further arguments of `dualframe.network.Population`, such as ``cell_type``; none that
            the model states.

        Raises
        ------
        NetworkError
            For a setting that the model states, such as its threshold.
        """
        if stated := sorted(_STATED & set(settings)):
            raise NetworkError(
                f"population {name!r}: {stated[0]} is that of the neuron model: "
                f"use dataclasses.replace(population, {stated[0]}=...), or a df.Population."
            )
        external = ("I_ext",) if self.current is not None else ()
        declared = ("I_ext : amp",) if external else ()
        lines = (self.equations, self.input_equation(external), *declared)
        return Population(
            name=name,
            n=n,
            equations="\n".join(line for line in lines if line),
            threshold=self.threshold,
            reset=self.reset,
            refractory=self.refractory,
            parameters=self.parameters,
            initial=self.initial,
            voltage=self.voltage,
            time_step=self.time_step,
            **settings,
        )


def check_parameters(
    owner: str,
    parameters: Mapping[str, Any],
    dimensions: Dimensions,
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the parameters a model needs, each with its dimension checked.

    Parameters
    ----------
    owner
        The model, as an error calls it.
    parameters
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
    for name in parameters:
        if name not in dimensions:
            raise UnknownName(f"parameter of {owner}", name, dimensions)
    values = {**(defaults or {}), **parameters}
    missing = [name for name in dimensions if name not in values]
    if missing:
        raise CatalogueError(
            f"{owner} lacks {', '.join(missing)}: its parameters are {', '.join(dimensions)}."
        )
    return {
        name: quantity(values[name], expected, f"{owner}: {name}")
        for name, expected in dimensions.items()
    }


def with_units(
    owner: str, parameters: Mapping[str, Any], units: Mapping[str, Any]
) -> dict[str, Any]:
    """Return parameters in which plain numbers of a dimensionless publication have units."""
    values = {name: quantity(value, None, f"{owner}: {name}") for name, value in parameters.items()}
    return {
        name: value * units[name]
        if name in units and get_dimensions(value).is_dimensionless
        else value
        for name, value in values.items()
    }
