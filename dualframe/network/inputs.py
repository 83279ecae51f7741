"""Inputs and recordings: spikes, Poisson sources, current steps, and what is kept of a run."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import (
    as_indices,
    as_interval,
    as_names,
    as_positive,
    as_times,
    as_values,
    check_count,
    check_name,
    set_frozen_field,
)
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
        check_count(self.n, f"number of sources of input {self.name!r}")
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
        A scalar or an array of shape ``(n,)``.
    start, stop
        When the sources are active; the default is the whole run.
    drawn
        ``"host"`` draws the spikes from the run's seed before the run, so that every target
        sees the same spikes; ``"target"`` draws them while running (less memory in long runs;
        targets then agree in distribution only).
    """

    name: str
    n: int
    rate: Any
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    _: KW_ONLY
    drawn: str = "host"

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_count(self.n, f"number of sources of input {self.name!r}")
        rate = as_values(self.rate, self.n, f"rate of input {self.name!r}", "rate")
        if np.min(np.asarray(rate)) < 0:
            raise NetworkError(f"rate of input {self.name!r} is {rate}: expected >= 0 Hz.")
        set_frozen_field(self, "rate", rate)
        if self.drawn not in ("host", "target"):
            raise UnknownName("way to draw spikes", self.drawn, ("host", "target"))
        _set_interval(self, f"input {self.name!r}")
        self._freeze()


@dataclass(frozen=True, eq=False)
class CurrentInput(ValueRecord):
    """A current step into a variable of a population, for example ``I_ext_soma``.

    Parameters
    ----------
    target
        Name of the population.
    amplitude
        A scalar or an array of shape ``(n,)``, with the variable's dimension.
    start, stop
        The step; the default is the whole run. Several steps onto one variable add up.
    variable
        The input variable: one that the equations declare without defining it.
    """

    target: str
    amplitude: Any
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    variable: str = "I_ext"
    _: KW_ONLY
    name: str = ""

    def __post_init__(self) -> None:
        check_name(self.name or self.variable, "input")
        check_name(self.variable, "input variable")
        label = f"current input onto {self.target!r}"
        check_name(self.target, f"target of the {label}:")
        amplitude = quantity(self.amplitude, None, f"amplitude of the {label}")
        set_frozen_field(self, "amplitude", amplitude)
        _set_interval(self, label)
        self._freeze()


@dataclass(frozen=True, eq=False)
class Recording(ValueRecord):
    """What to record of a population.

    Parameters
    ----------
    variables
        Names; ``"dspikes"`` stands for the dendritic spikes.
    neurons
        Indices; ``None`` records every neuron.
    every
        Sampling interval; ``None`` is every time step.
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


def _set_interval(record: Any, label: str) -> None:
    start, stop = as_interval(record.start, record.stop, label)
    set_frozen_field(record, "start", start)
    set_frozen_field(record, "stop", stop)


Input = SpikeInput | PoissonInput | CurrentInput
