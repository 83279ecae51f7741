"""Neurons outside a circuit that fire as Poisson processes onto several of its populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units import hertz, ms

from dualframe.catalogue.sourced_value import Sourced
from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.core.serialisation import WHERE_GIVEN
from dualframe.core.validation import (
    as_interval,
    as_not_negative,
    check_count,
    check_name,
    set_frozen_field,
)
from dualframe.network import PoissonInput, ValueRecord


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
    times, rates
        Of a time course, instead of a rate, as of `dualframe.PoissonInput`: rates of the shape
        ``(times,)``, or ``(times, n)``. The rate is then the largest of them.
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
    times: Any = field(default=None, metadata=WHERE_GIVEN)
    rates: Any = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_count(self.n, f"number of neurons of input {self.name!r}")
        if self.has_time_course:
            self._set_time_course()
        elif self.rate is not None:
            set_frozen_field(
                self, "rate", as_not_negative(self.rate, "rate", f"rate of input {self.name!r}")
            )
        start, stop = as_interval(self.start, self.stop, f"input {self.name!r}")
        set_frozen_field(self, "start", start)
        set_frozen_field(self, "stop", stop)
        self._freeze()

    @property
    def has_time_course(self) -> bool:
        """Whether its rates change with time."""
        return self.times is not None or self.rates is not None

    def with_fields(self, changes: Mapping[str, Any]) -> CircuitInput:
        """Return the input with other values of fields; a new time course replaces its rate.

        Parameters
        ----------
        changes
            The values by the names of the fields.
        """
        has_new_course = any(changes.get(name) is not None for name in ("times", "rates"))
        replaced: dict[str, Any] = {"rate": None} if has_new_course else {}
        return replace(self, **{**replaced, **changes})

    def _set_time_course(self) -> None:
        course = PoissonInput(self.name, self.n, times=self.times, rates=self.rates)
        largest = np.max(np.asarray(course.rates)) * hertz
        if self.rate is not None and float(quantity(self.rate, "rate")) != float(largest):
            raise NetworkError(f"input {self.name!r} has a rate and a time course: give one.")
        for name, value in (("times", course.times), ("rates", course.rates), ("rate", largest)):
            set_frozen_field(self, name, value)
