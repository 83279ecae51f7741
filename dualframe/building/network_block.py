"""A piece of a network: what an encoder or a readout adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from brian2.utils.stringtools import word_substitute

from dualframe.circuit import Modulation
from dualframe.core.errors import UnknownName
from dualframe.network import Input, Network, Population, Projection, copy_variable

__all__ = ["NetworkBlock", "PopulationChange", "copy_variable"]


@dataclass(frozen=True, kw_only=True)
class PopulationChange:
    """What a component of a task adds to a population that another one makes.

    Attributes
    ----------
    population
        Its name.
    equations
        Brian2 text that is appended.
    parameters, initial
        Constants and initial values that are added, or replace those of the same name.
    reset_terms
        Parameter -> expression of its dimension that is added to it wherever the reset reads it.
    reset
        Statements that are appended to the reset.
    levels
        Modulator -> expression of its level in this population, for rules of plasticity.
    declares
        Variables without dimension that the population needs, where it has none of that name.
    """

    population: str
    equations: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    reset_terms: Mapping[str, str] = field(default_factory=dict)
    reset: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    declares: tuple[str, ...] = ()

    def apply(self, population: Population) -> Population:
        """Return the changed population.

        Parameters
        ----------
        population
            The one that the change names.
        """
        terms = {name: f"({name} + {term})" for name, term in self.reset_terms.items()}
        reset = population.reset
        reset = word_substitute(reset, terms) if reset and terms else reset
        declared = (f"{name} : 1" for name in self.declares if name not in population.variables)
        return replace(
            population,
            equations="\n".join(
                text
                for text in (population.equations.strip(), self.equations.strip(), *declared)
                if text
            ),
            reset="\n".join(filter(None, (reset, self.reset))) or reset,
            parameters={**population.parameters, **self.parameters},
            initial={**population.initial, **self.initial},
        )


@dataclass(frozen=True)
class NetworkBlock:
    """Populations, projections and inputs of one agent; blocks add up.

    ``Network(...)`` checks that they fit together, since a block may refer to populations of
    another, such as the environment. ``changes`` are made to populations of any block, and
    ``modulations`` are added to those of the circuit that the block surrounds.
    """

    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    inputs: tuple[Input, ...] = ()
    changes: tuple[PopulationChange, ...] = ()
    modulations: tuple[Modulation, ...] = ()

    def __add__(self, other: NetworkBlock) -> NetworkBlock:
        return NetworkBlock(
            self.populations + other.populations,
            self.projections + other.projections,
            self.inputs + other.inputs,
            self.changes + other.changes,
            self.modulations + other.modulations,
        )

    def network(self, name: str = "network") -> Network:
        """Return the block as a network of its own.

        Parameters
        ----------
        name
            Of the network.

        Raises
        ------
        UnknownName
            If a change is to a population that no block makes.
        """
        populations = {population.name: population for population in self.populations}
        for change in self.changes:
            if change.population not in populations:
                raise UnknownName("population", change.population, populations)
            populations[change.population] = change.apply(populations[change.population])
        return Network(tuple(populations.values()), self.inputs, self.projections, name=name)
