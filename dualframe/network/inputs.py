"""Inputs and recordings: spikes, Poisson sources, current steps, and what is kept of a run."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count, check_interval, check_name, check_shape
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
        indices = np.asarray(self.indices, dtype=float)
        if not np.array_equal(indices, indices.astype(np.int32)):
            raise NetworkError(f"indices of input {self.name!r} are not whole numbers.")
        times = (
            quantity(self.times, "time", f"times of input {self.name!r}")
            if np.size(self.times)
            else np.zeros(0) * ms
        )
        if indices.shape != np.shape(times):
            raise NetworkError(
                f"input {self.name!r} has {indices.size} indices and {np.size(times)} times: "
                f"expected as many of each."
            )
        if indices.size and (indices.min() < 0 or indices.max() >= self.n):
            raise NetworkError(
                f"indices of input {self.name!r} run from {int(indices.min())} to "
                f"{int(indices.max())}: expected 0 to {self.n - 1}."
            )
        if indices.size and np.min(np.asarray(times)) < 0:
            raise NetworkError(f"times of input {self.name!r} are negative: expected >= 0 s.")
        object.__setattr__(self, "indices", indices.astype(np.int32))
        object.__setattr__(self, "times", times)
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
        rate = quantity(self.rate, "rate", f"rate of input {self.name!r}")
        check_shape(rate, self.n, f"rate of input {self.name!r}")
        if np.min(np.asarray(rate)) < 0:
            raise NetworkError(f"rate of input {self.name!r} is {rate}: expected >= 0 Hz.")
        if self.drawn not in ("host", "target"):
            raise UnknownName("way to draw spikes", self.drawn, ("host", "target"))
        check_interval(self.start, self.stop, f"input {self.name!r}")
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
        check_interval(self.start, self.stop, f"current input onto {self.target!r}")
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
        names = (self.variables,) if isinstance(self.variables, str) else tuple(self.variables)
        for name in names:
            check_name(name, "recorded variable")
        object.__setattr__(self, "variables", names)
        if self.every is not None:
            quantity(self.every, "time", "recording interval")
        if self.neurons is not None:
            object.__setattr__(self, "neurons", np.atleast_1d(np.asarray(self.neurons, dtype=int)))
        self._freeze()


Input = SpikeInput | PoissonInput | CurrentInput
