"""What effects of receptors add to the equations of a population, and where they enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

#: What an effect on plasticity scales of a rule; the neuron's variables are ``<name>_factor``.
PLASTICITY_FACTORS = ("ltp", "ltd", "rate", "eligibility")


@dataclass(frozen=True)
class Compartment:
    """Where a modulatory current acts: names of the voltage, the leak and the rest without it."""

    name: str
    voltage: str
    leak: str
    rest: str = ""


@dataclass(frozen=True)
class ModulatableParameters:
    """Where the effects of receptors enter a model of a cell.

    Parameters
    ----------
    compartments
        Of the cell; a point neuron has one.
    parameters
        Kind of effect -> parameter of the membrane -> how the effect changes it: ``"+"`` and
        ``"-"`` a shift, ``"*"`` and ``"/"`` a factor. A kind that is missing has no place.
    """

    compartments: tuple[Compartment, ...]
    parameters: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, kw_only=True)
class EffectInModel:
    """One effect of a receptor on one population, as its kind writes it into equations.

    Parameters
    ----------
    kind
        Name of the kind.
    tag
        The ending of the names of its parameters and variables: the same in every model.
    occupancy
        Variable that is the occupancy of the receptor, from 0 to 1.
    numbers
        Quantities by name, as the kind has them.
    response
        ``"saturating"``, or ``"inverted_u"`` with its optimum at the number ``optimum``.
    synapse
        Kind of synapse that it acts on; "" is any.
    synaptic_inputs
        Names of the projections, background or releases that it acts on.
    factors
        Factors of a plasticity rule that it changes, of those that a rule asks for.
    """

    kind: str
    tag: str
    occupancy: str
    numbers: Mapping[str, Any]
    response: str = "saturating"
    synapse: str = ""
    synaptic_inputs: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()


@dataclass(kw_only=True)
class ModulationEquations:
    """Equations of the modulators at one population, as they are collected.

    Attributes
    ----------
    equations, parameters, initial
        As in a population.
    currents
        Names of the modulatory currents, by compartment.
    changes
        Parameter of the membrane -> the expression that stands for it.
    gains
        Synaptic input -> kind of synapse -> expression of a factor on its current.
    releases
        Synaptic input -> expression of a factor on the weight that each of its spikes adds.
    factors
        "ltp", "ltd", "rate", "eligibility" -> expression of a factor on a plasticity rule.
    assumptions
        One line for each assumed number that acts here, and for each effect that this model has
        no place for.
    """

    equations: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    currents: dict[str, list[str]] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    gains: dict[str, dict[str, str]] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)
    factors: dict[str, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)

    def add_parameters(self, effect: EffectInModel, **numbers: str) -> list[str]:
        """Make numbers of an effect parameters ``<name>_<tag>``, and return their names.

        Parameters
        ----------
        effect
            Whose numbers.
        numbers
            Beginning of the parameter's name -> name of the number.
        """
        names = {f"{name}_{effect.tag}": number for name, number in numbers.items()}
        self.parameters |= {name: effect.numbers[number] for name, number in names.items()}
        return list(names)

    def add_lines(self, *lines: str) -> None:
        """Add equations that are not there yet."""
        self.equations += [line for line in lines if line not in self.equations]


def multiplied_factor(factors: Mapping[str, str], key: str, factor: str) -> str:
    """Return a factor times the one that a key has already."""
    return f"{factors[key]}*{factor}" if key in factors else factor
