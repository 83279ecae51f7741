"""Inputs and recordings: spikes, Poisson sources, current steps, and what is kept of a run."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity, show_value
from dualframe.core.serialisation import WHERE_GIVEN
from dualframe.core.validation import (
    as_indices,
    as_interval,
    as_names,
    as_positive,
    as_times,
    as_values,
    check_name,
    set_frozen_field,
)
from dualframe.network.member_counts import check_members
from dualframe.network.value_record import ValueRecord


@dataclass(frozen=True, eq=False)
class SpikeInput(ValueRecord):
    """Spikes at given times: ``indices[k]`` of ``n`` sources fires at ``times[k]``."""

    name: str
    n: int
    indices: Any
    times: Any

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_members(self.n, f"number of sources of input {self.name!r}")
        label = f"of input {self.name!r}"
        indices = as_indices(self.indices, f"indices {label}", self.n)
        times = self.times if np.size(self.times) else np.zeros(0) * ms
        if indices.shape != np.shape(times):
            raise NetworkError(
                f"input {self.name!r} has {indices.size} indices and times of shape "
                f"{np.shape(times)}: expected as many of each."
            )
        set_frozen_field(self, "indices", indices)
        set_frozen_field(self, "times", as_times(times, indices.size, f"times {label}"))
        self._freeze()


@dataclass(frozen=True, eq=False)
class PoissonInput(ValueRecord):
    """``n`` independent Poisson sources.

    Parameters
    ----------
    rate
        A scalar or an array of shape ``(n,)``. With a time course, its largest values.
    start, stop
        When the sources are active; the default is the whole run.
    times, rates
        Of a time course, instead of a rate: each rate holds from its time, rounded to a time step,
        until the next one, the last until the end. Times increase; rates have the shape
        ``(times,)``, or ``(times, n)`` for a course of each source. Before the first time there
        are no spikes. They are drawn on the host.
    drawn
        ``"host"`` draws the spikes from the run's seed before the run, so that every target
        sees the same spikes; ``"target"`` draws them while running (less memory in long runs;
        targets then agree in distribution only).
    """

    name: str
    n: int
    rate: Any = None
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    _: KW_ONLY
    drawn: str = "host"
    times: Any = field(default=None, metadata=WHERE_GIVEN)
    rates: Any = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_members(self.n, f"number of sources of input {self.name!r}")
        if self.has_time_course:
            self._set_time_course(f"input {self.name!r}")
        if self.rate is None:
            raise NetworkError(f"input {self.name!r} has no rate: give one, or times and rates.")
        rate = as_values(self.rate, self.n, f"rate of input {self.name!r}", "rate")
        if np.min(np.asarray(rate)) < 0:
            raise NetworkError(f"rate of input {self.name!r} is {rate}: expected >= 0 Hz.")
        set_frozen_field(self, "rate", rate)
        if self.drawn not in ("host", "target"):
            raise UnknownName("way to draw spikes", self.drawn, ("host", "target"))
        _set_interval(self, f"input {self.name!r}")
        self._freeze()

    @property
    def has_time_course(self) -> bool:
        """Whether its rates change with time."""
        return self.times is not None or self.rates is not None

    def _set_time_course(self, label: str) -> None:
        if self.drawn != "host":
            raise NetworkError(
                f"{label} has a time course, which is drawn before the run: let drawn be 'host'."
            )
        times, rates = _time_course(self.times, self.rates, "rates", "rate", label)
        if np.ndim(rates) == 2 and np.shape(rates)[1] != self.n:
            raise NetworkError(
                f"rates of {label} have the shape {np.shape(rates)}: expected a column for each of "
                f"{self.n} sources."
            )
        if float(np.min(np.asarray(rates))) < 0:
            raise NetworkError(f"a rate of {label} is below 0 Hz: expected >= 0 Hz.")
        largest = rates.max(axis=0)
        if self.rate is not None and not np.array_equal(np.asarray(self.rate), np.asarray(largest)):
            raise NetworkError(f"{label} has a rate and a time course: give one of them.")
        for name, value in (("times", times), ("rates", rates), ("rate", largest)):
            set_frozen_field(self, name, value)


@dataclass(frozen=True, eq=False)
class CurrentInput(ValueRecord):
    """A current step, or a waveform, into a variable of a population, such as ``I_ext_soma``.

    Parameters
    ----------
    target
        Name of the population.
    amplitude
        Of a step: a scalar or an array of shape ``(n,)``, with the variable's dimension.
    start, stop
        The step; the default is the whole run. Several currents onto one variable add up.
    variable
        The input variable: one that the equations declare without defining it.
    times, values
        Of a waveform, instead of an amplitude: each value holds from its time, rounded to a time
        step, until the next one, the last until the end. Times increase; values have the shape
        ``(times,)``, or ``(times, n)`` for a waveform of each neuron. Before the first time the
        current is zero. A run holds a synapse for each time and neuron.
    """

    target: str
    amplitude: Any = None
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    variable: str = "I_ext"
    _: KW_ONLY
    name: str = ""
    times: Any = field(default=None, metadata=WHERE_GIVEN)
    values: Any = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        check_name(self.name or self.variable, "input")
        check_name(self.variable, "input variable")
        label = f"current input onto {self.target!r}"
        check_name(self.target, f"target of the {label}:")
        _set_interval(self, label)
        if self.is_waveform:
            self._set_waveform(label)
        elif self.amplitude is None:
            raise NetworkError(f"{label} has no size: give amplitude, or times and values.")
        else:
            amplitude = quantity(self.amplitude, None, f"amplitude of the {label}")
            set_frozen_field(self, "amplitude", amplitude)
        self._freeze()

    @property
    def is_waveform(self) -> bool:
        """Whether it is a waveform, and no step."""
        return self.times is not None or self.values is not None

    def _set_waveform(self, label: str) -> None:
        if self.amplitude is not None or self.stop is not None or float(np.asarray(self.start)):
            raise NetworkError(f"{label} is a waveform: give no amplitude, start or stop.")
        times, values = _time_course(self.times, self.values, "values", None, f"the {label}")
        set_frozen_field(self, "times", times)
        set_frozen_field(self, "values", values)


@dataclass(frozen=True, eq=False)
class Recording(ValueRecord):
    """What to record of a population: of which neurons, and how often.

    Variables that `dualframe.run` is given by name alone are those of the first three neurons.

    Parameters
    ----------
    variables
        Names; ``"dspikes"`` stands for the dendritic spikes.
    neurons
        Indices; ``None`` records every neuron.
    every
        Sampling interval; ``None`` is every time step. A thousand neurons at every step of 0.1 ms
        are 0.08 GB for each variable and second.
    """

    variables: tuple[str, ...]
    neurons: Any = None
    every: Any = None

    def __post_init__(self) -> None:
        names = as_names(self.variables, "recorded variables")
        for name in names:
            check_name(name, "recorded variable")
        if not names:
            raise NetworkError("a recording needs at least one variable: give names.")
        set_frozen_field(self, "variables", names)
        if self.every is not None:
            every = as_positive(self.every, "time", "every (interval) of a recording")
            set_frozen_field(self, "every", every)
        if self.neurons is not None:
            one = isinstance(self.neurons, (int, np.integer)) and not isinstance(self.neurons, bool)
            neurons = as_indices([self.neurons] if one else self.neurons, "neurons of a recording")
            if not neurons.size:
                raise NetworkError(
                    "neurons of a recording: give at least one index, or None for all."
                )
            set_frozen_field(self, "neurons", neurons)
        self._freeze()


def _time_course(
    times: Any, values: Any, noun: str, dimension: str | None, label: str
) -> tuple[Any, Any]:
    """Return times and what holds from each, checked; ``noun`` is what errors call the latter."""
    if times is None or values is None:
        raise NetworkError(f"{label} changes with time: give times and {noun}.")
    count = np.size(times)
    if np.ndim(times) != 1:
        raise NetworkError(f"times of {label} are {show_value(times)}: expected a list of times.")
    if not count:
        raise NetworkError(f"times of {label} are empty: expected a list of at least one time.")
    times = as_times(times, count, f"times of {label}")
    values = quantity(values, dimension, f"{noun} of {label}")
    if np.any(np.diff(np.asarray(times)) <= 0):
        raise NetworkError(f"times of {label} do not increase from one to the next.")
    if np.ndim(values) not in (1, 2) or len(values) != count:
        raise NetworkError(
            f"{noun} of {label} have the shape {np.shape(values)}: expected ({count},) or "
            f"({count}, n), a value or a row for each time."
        )
    if not np.isfinite(np.asarray(values)).all():
        raise NetworkError(f"{noun} of {label} are not all finite.")
    return times, values


def _set_interval(record: Any, label: str) -> None:
    start, stop = as_interval(record.start, record.stop, label)
    set_frozen_field(record, "start", start)
    set_frozen_field(record, "stop", stop)


Input = SpikeInput | PoissonInput | CurrentInput
