"""What a point-neuron model states of itself, in its one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.search_space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class NeuronModel:
    """A point-neuron model, from which circuits, protocols and fits make neurons.

    Attributes
    ----------
    name
        How the catalogue, circuit files and users call it.
    title, source
        What it is; where its equations and defaults come from.
    parameters
        Its parameters with their dimensions and the equations as text. Those that may be left out
        are optional.
    make_neuron
        A function of the parameters' values (quantities, texts with units, or arrays with a value
        per neuron) that returns the neuron.
    family
        The word that stands for this model and others of its kind in ``model=``, such as
        ``"glif"``; a cell type's first set of a family is its default. Without, the model's name.
    stored_as
        Names of other models whose parameter sets hold what this one needs.
    rising
        Pairs of parameters of which the first must be smaller.
    varies
        Parameters that differ between neurons where a spread is asked for without naming any.
    search
        What a fit may vary; None where the model is not fitted.
    """

    name: str
    title: str
    source: str
    parameters: ParameterTable
    make_neuron: Callable[[Mapping[str, Any]], PointNeuron]
    family: str = ""
    stored_as: tuple[str, ...] = ()
    rising: tuple[tuple[str, str], ...] = ()
    varies: tuple[str, ...] = ()
    search: SearchSpace | None = None

    def __post_init__(self) -> None:
        if not self.family:
            object.__setattr__(self, "family", self.name.casefold())

    def answers_to(self, key: str) -> bool:
        """Return whether ``model=key`` asks for this model: by its name or its family."""
        return key.casefold() in (self.name.casefold(), self.family)
