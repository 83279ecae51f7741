"""What a kind of receptor effect is: its numbers, its equations, and where a model takes it up.

A kind is one file of this folder, or a record of a user's own that `dualframe.register` has been
given. Receptor files and `Circuit.with_effect` name it; nothing else has to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.receptor_effects.modulation_equations import (
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)

AddEquations: TypeAlias = Callable[
    [ModulationEquations, EffectInModel, ModulatableParameters], None
]
Values: TypeAlias = Mapping[str, float]
Problems: TypeAlias = Iterator[tuple[str, str]]


class ActsOn(Enum):
    """What of a cell or of its synapses an effect changes."""

    MEMBRANE = "the membrane of the cells that have the receptor"
    SYNAPSES = "currents of synapses onto the cells that have the receptor"
    TERMINALS = "what the cells that have the receptor release"
    PLASTICITY = "the plasticity rule of synapses onto the cells that have the receptor"


@dataclass(frozen=True, kw_only=True)
class SignTest:
    """How experiments find out whether an effect goes the way that its direction says.

    Parameters
    ----------
    size
        The number that says how large the effect is.
    measure
        What decides about a membrane effect: ``"rheobase"``, ``"rate"`` at a step of current, or
        ``"late rate"`` in the second half of the step.
    in_dendrite
        Whether the current is injected into the dendrite.
    moves
        What ``size``, less its neutral value, moves in its own direction: ``"conductance"`` of the
        membrane at rest, ``"rest"`` (the potential), or nothing that is known.
    """

    size: str
    measure: str = "rheobase"
    in_dendrite: bool = False
    moves: str = ""


def no_problems(values: Values) -> Problems:
    """Accept all numbers."""
    yield from ()


@dataclass(frozen=True, kw_only=True)
class EffectKind:
    """A kind of receptor effect, with f the response to the occupancy, from 0 to 1.

    Parameters
    ----------
    name
        What receptor files and `Circuit.with_effect` call it.
    required, optional
        Dimension of each number that an effect of this kind must, or may have. Every kind that
        enters a model has ``optimum`` besides, the occupancy of the optimum of an inverted U.
    equation
        What it does, as text for `dualframe show`.
    add_equations
        Adds an effect to the equations of a population; None is a kind of which there is text
        only.
    acts_on
        What it changes. Effects on synapses and terminals receive the names of the synaptic
        inputs, effects on plasticity the factors that a rule asks for.
    lacks
        Of a kind that changes a parameter of the membrane: what a model is that has none, like
        ``"which does not adapt"``. Which parameter that is, a model says by the name of the kind.
    keys
        Further keys of its table in a receptor file, out of ``"mechanism"``, ``"synapse"``,
        ``"onto"`` and ``"from"``.
    synapses
        Kinds of synapse of which an effect must name one; empty lets it name any, or none.
    find_problems
        Yields the name of each number that cannot be and what is wrong with it, from the numbers
        in base units.
    scale_leak, close_leak
        From the numbers, the factor on the leak at full response, and the fraction of the leak
        that is closed: effects together must leave some.
    neutral
        The numbers that say how large an effect is, each with the value at which nothing changes.
    sign_test
        How its sign is measured; None says that it is not.
    """

    name: str
    equation: str
    add_equations: AddEquations | None
    required: Dimensions = field(default_factory=dict)
    optional: Dimensions = field(default_factory=dict)
    acts_on: ActsOn = ActsOn.MEMBRANE
    lacks: str = ""
    keys: tuple[str, ...] = ()
    synapses: tuple[str, ...] = ()
    find_problems: Callable[[Values], Problems] = no_problems
    scale_leak: Callable[[Values], float] = lambda values: 1.0
    close_leak: Callable[[Values], float] = lambda values: 0.0
    neutral: Mapping[str, Any] = field(default_factory=dict)
    sign_test: SignTest | None = None

    @property
    def parameter_table(self) -> ParameterTable:
        """The table of its numbers."""
        optimum: Dimensions = {"optimum": "dimensionless"} if self.add_equations else {}
        return ParameterTable(self.required, {**self.optional, **optimum}, self.equation)
