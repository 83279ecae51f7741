"""What is changed about a task's circuit, as data: drugs, effects of receptors, rules, levels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from math import isinf
from typing import Any, Self

from dualframe.circuit import Circuit
from dualframe.core.errors import UnknownName
from dualframe.network import Plasticity, ValueRecord

#: Methods of `Circuit` that a task has too.
METHODS = (
    "with_drug",
    "with_effect",
    "without_effect",
    "with_modulation",
    "with_release",
    "with_plasticity",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Perturbation(ValueRecord):
    """One change of a circuit: a method of `Circuit`, and its arguments.

    Attributes
    ----------
    method
        One of `METHODS`.
    arguments
        By name.
    """

    method: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UnknownName("change of a circuit", self.method, METHODS)
        self._freeze()

    @classmethod
    def of_call(cls, method: str, *arguments: Any, **options: Any) -> Self:
        """Return the change that a call of a method makes.

        Parameters
        ----------
        method
            One of `METHODS`.
        arguments, options
            Those of the call.
        """
        parameters = signature(getattr(Circuit, method)).bind(None, *arguments, **options).arguments
        named = {name: value for name, value in parameters.items() if name != "self"}
        for several in ("numbers", "more"):  # of effects, and of releases
            named |= named.pop(several, {})
        return cls(method=method, arguments={k: _as_data(v) for k, v in named.items()})

    def change(self, circuit: Circuit) -> Circuit:
        """Return the changed circuit.

        Parameters
        ----------
        circuit
            That of a task.
        """
        changed: Circuit = getattr(circuit, self.method)(**self.arguments)
        return changed

    def __str__(self) -> str:
        shown = (str(value) for value in self.arguments.values() if value is not None)
        return f"{self.method.replace('_', ' ')} {', '.join(shown)}"


def _as_data(value: Any) -> Any:
    """Return an argument as a manifest can hold it; an infinite dose is a word there."""
    if isinstance(value, (str, Mapping, Plasticity)) or value is None:
        return value
    if isinstance(value, float) and isinf(value):
        return "inf"
    return tuple(value) if isinstance(value, (list, tuple, set)) else value


class CircuitChanges(ABC):
    """The methods of `Circuit` that change what acts on it, for a task that keeps them as data."""

    @abstractmethod
    def _perturbed(self, perturbation: Perturbation) -> Self:
        """Return the task with one change more."""

    def with_drug(self, *arguments: Any, **options: Any) -> Self:
        """Return the task with a drug, or without a receptor, on all or some of its cells.

        Parameters
        ----------
        arguments, options
            As of `Circuit.with_drug`: ``("knockout", "D1", "ctx_pv")``.
        """
        return self._perturbed(Perturbation.of_call("with_drug", *arguments, **options))

    def with_effect(self, *arguments: Any, **options: Any) -> Self:
        """Return the task with other numbers of an effect, or an effect the catalogue lacks.

        Parameters
        ----------
        arguments, options
            As of `Circuit.with_effect`.
        """
        return self._perturbed(Perturbation.of_call("with_effect", *arguments, **options))

    def without_effect(self, *arguments: Any, **options: Any) -> Self:
        """Return the task without an effect of a receptor, which keeps its others.

        Parameters
        ----------
        arguments, options
            As of `Circuit.without_effect`: ``("D1", "ctx_l5_et", "plasticity")``.
        """
        return self._perturbed(Perturbation.of_call("without_effect", *arguments, **options))

    def with_modulation(self, *arguments: Any, **options: Any) -> Self:
        """Return the task with another level, clearance or release of a modulator by a population.

        What its releases add stays. Without any where the task offers the modulator, and it does
        not act.

        Parameters
        ----------
        arguments, options
            As of `Circuit.with_modulation`.
        """
        return self._perturbed(Perturbation.of_call("with_modulation", *arguments, **options))

    def with_release(self, *arguments: Any, **options: Any) -> Self:
        """Return the task with a population that releases several modulators.

        Parameters
        ----------
        arguments, options
            As of `Circuit.with_release`.
        """
        return self._perturbed(Perturbation.of_call("with_release", *arguments, **options))

    def with_plasticity(self, *arguments: Any, **options: Any) -> Self:
        """Return the task in which the synapses of a projection learn by another rule, or by none.

        Parameters
        ----------
        arguments, options
            As of `Circuit.with_plasticity`.
        """
        return self._perturbed(Perturbation.of_call("with_plasticity", *arguments, **options))
