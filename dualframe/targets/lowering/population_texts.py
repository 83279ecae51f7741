"""The texts of a population without its numbers: the same texts are lowered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from dualframe.network import Event, Population, variables


@dataclass(frozen=True, kw_only=True)
class PopulationTexts:
    """The texts and names of a population; two that differ in their numbers only are equal.

    Attributes
    ----------
    name, equations, threshold, reset, second_reset, events, method, late
        As of `dualframe.network.Population`.
    refractory
        The expression, or None where it is a time or absent.
    parameters, durations
        Names.
    has_period, has_width
        Whether there is a refractory time, and a width of spikes.
    """

    name: str
    equations: str
    threshold: str | None
    reset: str | None
    second_reset: str | None
    events: tuple[Event, ...]
    method: str
    late: str
    refractory: str | None
    parameters: frozenset[str]
    durations: frozenset[str]
    has_period: bool
    has_width: bool

    @classmethod
    def of(cls, population: Population) -> Self:
        """Return those of a population."""
        period = population.refractory
        return cls(
            name=population.name,
            equations=population.equations,
            threshold=population.threshold,
            reset=population.reset,
            second_reset=population.second_reset,
            events=population.events,
            method=population.method,
            late=population.late,
            refractory=period if isinstance(period, str) else None,
            parameters=frozenset(population.parameters),
            durations=frozenset(population.durations),
            has_period=period is not None and not isinstance(period, str),
            has_width=population.spike_width is not None,
        )

    @property
    def variables(self) -> frozenset[str]:
        """Names that the equations define."""
        return variables(self.equations)
