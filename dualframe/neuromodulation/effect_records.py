"""Where effects enter a model of a cell, which act there, and what they add to its equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dualframe.catalogue import CellType, Effect, Numbers, Receptor

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

    Attributes
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


@dataclass(frozen=True)
class ActiveEffect:
    """One effect of a receptor that acts on a population.

    Attributes
    ----------
    receptor
        As the catalogue has it.
    effect
        As the catalogue has it, with numbers that the user set.
    cell
        The cell type that has the receptor: the population's own, or one that projects to it.
    own
        Whether it is the population's own.
    tag
        The ending of the names of its parameters: the same in every model and circuit.
    contacts
        Names of the contacts that it acts on; kinds "release" and "gain" only.
    asked
        Factors that a plasticity rule asks for; kind "plasticity" only.
    autoreceptor
        Whether it scales the volume release of a modulator; ``contacts`` then names the release.
    """

    receptor: Receptor
    effect: Effect
    cell: CellType
    own: bool
    tag: str
    contacts: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    autoreceptor: bool = False

    @property
    def site(self) -> str:
        """The receptor as variables are named after it: ``D1``, or ``M4_ca3_pyr`` elsewhere."""
        if self.own and not self.binds_apart:
            return self.receptor.name
        ending = "_terminals" if self.binds_apart else ""
        return f"{self.receptor.name}_{self.cell.name}{ending}"

    @property
    def binds_apart(self) -> bool:
        """Whether the receptor binds otherwise here than elsewhere."""
        return any(name in self.effect.numbers for name in ("EC50", "tau_on", "tau_off"))

    @property
    def bound(self) -> Receptor:
        """The receptor, with the affinity and kinetics that it has here."""
        return replace(
            self.receptor,
            affinity=_updated(self.receptor.affinity, self.effect.numbers),
            kinetics=_updated(self.receptor.kinetics, self.effect.numbers),
        )


@dataclass
class ModulationEquations:
    """Equations of the modulators at one population.

    Attributes
    ----------
    equations, parameters, initial
        As in a population.
    currents
        Names of the modulatory currents, by compartment.
    changes
        Parameter of the membrane -> the expression that stands for it.
    gains
        Contact -> kind of synapse -> expression of a factor on its current.
    releases
        Contact -> expression of a factor on the weight that each of its spikes adds.
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

    def put(self, entry: ActiveEffect, **names: str) -> list[str]:
        """Make numbers of an effect parameters ``<name>_<tag>``, and return their names."""
        made = {f"{name}_{entry.tag}": number for name, number in names.items()}
        self.parameters |= {
            name: entry.effect.numbers.value(number) for name, number in made.items()
        }
        return list(made)

    def define(self, *lines: str) -> None:
        """Add equations that are not there yet."""
        self.equations += [line for line in lines if line not in self.equations]


def _updated(table: Numbers, changes: Numbers) -> Numbers:
    pairs = ((name, changes[name] if name in changes else table[name]) for name in table)
    return replace(table, pairs=tuple(pairs))


def multiplied_factor(known: Mapping[str, str], key: str, factor: str) -> str:
    """Return a factor times the one that a key has already."""
    return f"{known[key]}*{factor}" if key in known else factor
