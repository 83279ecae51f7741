"""Neurons outside a circuit that fire as Poisson processes onto several of its populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from brian2.units import ms

from dualframe.catalogue.sourced_value import Sourced
from dualframe.core.validation import (
    as_interval,
    as_not_negative,
    check_count,
    check_name,
    set_frozen_field,
)
from dualframe.network import ValueRecord


@dataclass(frozen=True, eq=False)
class CircuitInput(ValueRecord):
    """A population of Poisson neurons outside the circuit, such as a thalamic nucleus.

    Unlike background input, a neuron of it contacts many neurons, which share its spikes.
    Projections name it as their source. Its size is not scaled.

    Parameters
    ----------
    name
        Identifier, unique among populations and inputs.
    n
        Number of neurons.
    rate
        Firing rate of each while it is active; None where an encoder of a task makes the spikes.
    start, stop
        When it is active; ``stop`` None is the end of the run.
    on
        Whether it is built at all; see `Circuit.with_input`.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by field.
    """

    name: str
    n: int
    rate: Any = None
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    _: KW_ONLY
    on: bool = True
    note: str = ""
    sources: Mapping[str, Sourced] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_count(self.n, f"number of neurons of input {self.name!r}")
        if self.rate is not None:
            set_frozen_field(
                self, "rate", as_not_negative(self.rate, "rate", f"rate of input {self.name!r}")
            )
        start, stop = as_interval(self.start, self.stop, f"input {self.name!r}")
        set_frozen_field(self, "start", start)
        set_frozen_field(self, "stop", stop)
        self._freeze()
