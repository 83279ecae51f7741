"""What a run gives back: spikes, traces and weights, with units and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.results.spike_trains import cv_isi, firing_rates, isi, window, within
from dualframe.results.tables import (
    canonical_dspikes,
    canonical_populations,
    canonical_spikes,
    canonical_weights,
    dspike_table,
    plain,
    population_table,
    spike_table,
)

__all__ = ["PROVENANCE", "Results", "Trace", "dspike_table", "population_table", "spike_table"]

# Every manifest has these keys, so that a reader need not guess; None is "not known".
PROVENANCE: Mapping[str, Any] = MappingProxyType(
    {
        "versions": {},
        "seed": None,
        "network_hash": None,
        "command": None,
        "target": None,
        "build_s": None,
        "run_s": None,
        "simulated_s": None,
        "build_cache": None,
        "dt_s": None,
        "threads": None,
        "completed": True,
        "assumptions": [],
        "warnings": [],
    }
)
RESERVED = ("format", "format_version", "results")


@dataclass(frozen=True, eq=False)
class Trace:
    """Recorded variables of some neurons of one population.

    Attributes
    ----------
    t
        Sample times in seconds, shape ``(n_times,)``.
    neurons
        Indices of the recorded neurons, shape ``(n_neurons,)``.
    values
        Per variable an array of shape ``(n_neurons, n_times)`` in base SI units.
    units
        Per variable the unit of its values, such as ``"volt"``; ``"1"`` has no dimension.
    """

    t: NDArray[np.float64]
    neurons: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]

    def __post_init__(self) -> None:
        t = _read_only(np.asarray(self.t, dtype=float))
        neurons = _read_only(np.atleast_1d(np.asarray(self.neurons, dtype=np.int64)))
        values = {str(k): _read_only(np.asarray(v, dtype=float)) for k, v in self.values.items()}
        for name, array in values.items():
            if array.shape != (neurons.size, t.size):
                raise DualframeError(
                    f"trace {name!r} has shape {array.shape}: expected (neurons, times), "
                    f"({neurons.size}, {t.size})."
                )
        units = {name: str(self.units.get(name, "1")) for name in values}
        object.__setattr__(self, "t", t)
        object.__setattr__(self, "neurons", neurons)
        object.__setattr__(self, "values", MappingProxyType(values))
        object.__setattr__(self, "units", MappingProxyType(units))

    def quantity(self, variable: str) -> Any:
        """Return a variable as a quantity of shape ``(n_neurons, n_times)``."""
        if variable not in self.values:
            raise UnknownName("recorded variable", variable, self.values)
        unit = self.units[variable]
        if unit == "1":
            return self.values[variable]
        return Quantity(self.values[variable] * quantity(f"1 {unit}", name=f"unit of {variable}"))

    def row(self, neuron: int) -> int:
        """Return the row of a neuron in the arrays of `values`."""
        found = np.flatnonzero(self.neurons == neuron)
        if not found.size:
            raise UnknownName("recorded neuron", neuron, [str(i) for i in self.neurons])
        return int(found[0])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Trace)
            and dict(self.units) == dict(other.units)
            and np.array_equal(self.t, other.t)
            and np.array_equal(self.neurons, other.neurons)
            and self.values.keys() == other.values.keys()
            and all(np.array_equal(a, other.values[k], True) for k, a in self.values.items())
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """Spikes, traces and weights of one run, with units and provenance.

    Attributes
    ----------
    populations
        DataFrame (population, cell_type, n, sign); ``sign`` is +1 for excitatory, -1 for
        inhibitory and 0 for undetermined populations.
    spikes
        DataFrame (population, cell_type, neuron, t), ``t`` in seconds, in order of time, then
        population, then neuron. The first two columns are categorical.
    duration
        Simulated time in seconds; it ends every window that is not given.
    dspikes
        Dendritic spikes: DataFrame (population, dspike, neuron, t), ordered as the spikes.
    traces
        Recorded variables by population, and weights in time by projection.
    weights
        DataFrame (pre, post, weight) by projection, in base SI units.
    weight_units
        Unit of the weights by projection.
    provenance
        How the run came about: plain data, written to ``manifest.json``. The keys of
        `PROVENANCE` are always there; keys of the manifest itself get an underscore behind.

    Raises
    ------
    NetworkError, UnknownName
        If spikes name a population or a neuron that does not exist.
    """

    populations: pd.DataFrame
    spikes: pd.DataFrame
    duration: float
    dspikes: pd.DataFrame = field(default_factory=lambda: dspike_table({}))
    traces: Mapping[str, Trace] = field(default_factory=dict)
    weights: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    weight_units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        populations = canonical_populations(self.populations)
        names = populations["population"].tolist()
        units = {name: str(self.weight_units.get(name, "1")) for name in self.weights}
        content = {
            "populations": populations,
            "spikes": canonical_spikes(self.spikes, populations),
            "duration": float(self.duration),
            "dspikes": canonical_dspikes(self.dspikes, populations),
            "traces": MappingProxyType(dict(self.traces)),
            "weights": MappingProxyType({k: canonical_weights(v) for k, v in self.weights.items()}),
            "weight_units": MappingProxyType(units),
            "provenance": MappingProxyType(_provenance(self.provenance, float(self.duration))),
        }
        for name, value in content.items():
            object.__setattr__(self, name, value)
        for name in self.traces:
            if name not in names and name not in self.weights:
                raise UnknownName("population", name, names)

    def n(self, population: str) -> int:
        """Number of neurons of a population."""
        table = self.populations
        found = table.loc[table["population"] == population, "n"]
        if found.empty:
            raise UnknownName("population", population, table["population"])
        return int(found.iloc[0])

    def trains(self, population: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Neurons and times (seconds) of the spikes of a population, in order of time."""
        self.n(population)
        chosen = self.spikes[self.spikes["population"] == population]
        return chosen["neuron"].to_numpy(), chosen["t"].to_numpy()

    def neuron_rates(self, population: str, start: Any = 0.0, stop: Any = None) -> Any:
        """Mean firing rate of every neuron of a population in Hz, shape ``(n,)``."""
        neuron, t = self.trains(population)
        stop = self.duration if stop is None else stop
        return firing_rates(neuron, t, self.n(population), start=start, stop=stop)

    def isi(self, population: str) -> pd.DataFrame:
        """Inter-spike intervals of a population: DataFrame (neuron, isi), ``isi`` in seconds."""
        neuron, interval = isi(*self.trains(population))
        return pd.DataFrame({"neuron": neuron, "isi": interval})

    def rates(self, start: Any = 0.0, stop: Any = None) -> pd.DataFrame:
        """Firing statistics of every population.

        Parameters
        ----------
        start, stop
            Window, half open: seconds or quantities. The default is the whole run.

        Returns
        -------
        pandas.DataFrame
            ``population, cell_type, n, mean_rate_Hz, sd_rate_Hz, cv_isi``. The deviation is that
            of the simulated neurons (no degree of freedom subtracted). ``cv_isi`` is the mean of
            the coefficients of variation of the neurons with at least three spikes in the window,
            NaN where there is none. All three are NaN for a population whose spikes were not kept.
        """
        table = self.populations[["population", "cell_type", "n"]]
        rows = [self._statistics(name, start, stop) for name in table["population"]]
        return table.join(pd.DataFrame(rows, columns=["mean_rate_Hz", "sd_rate_Hz", "cv_isi"]))

    def save(self, directory: str | Path, *, figures: bool = True) -> Path:
        """Write everything into a folder; see `dualframe.results.archive.save`."""
        from dualframe.results.archive import save

        return save(self, directory, figures=figures)

    @classmethod
    def load(cls, directory: str | Path) -> Results:
        """Read what `save` wrote; see `dualframe.results.archive.load`."""
        from dualframe.results.archive import load

        return load(directory)

    def _statistics(self, population: str, start: Any, stop: Any) -> tuple[float, float, float]:
        unknown = population in self.provenance.get("without_spikes", ())
        if unknown or (stop is None and self.duration == 0):  # interrupted before the first step
            return np.nan, np.nan, np.nan
        begin, end = window(start, self.duration if stop is None else stop)
        n = self.n(population)
        neuron, t = within(*self.trains(population), begin, end)
        rates = firing_rates(neuron, t, n, start=begin, stop=end)
        cv = cv_isi(neuron, t, n)
        cv = cv[np.isfinite(cv)]
        return float(rates.mean()), float(rates.std()), float(cv.mean()) if cv.size else np.nan

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Results)
            and self.duration == other.duration
            and dict(self.provenance) == dict(other.provenance)
            and dict(self.weight_units) == dict(other.weight_units)
            and dict(self.traces) == dict(other.traces)
            and self.populations.equals(other.populations)
            and self.spikes.equals(other.spikes)
            and self.dspikes.equals(other.dspikes)
            and self.weights.keys() == other.weights.keys()
            and all(table.equals(other.weights[name]) for name, table in self.weights.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        cells = ", ".join(f"{r.population} ({r.n})" for r in self.populations.itertuples())
        recorded = f", traces of {', '.join(self.traces)}" if self.traces else ""
        return f"<Results: {self.duration:g} s of {cells}; {len(self.spikes)} spikes{recorded}>"


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()  # no copy: traces can fill most of the memory
    view.flags.writeable = False
    return view


def _provenance(given: Mapping[str, Any], duration: float) -> dict[str, Any]:
    # A clash with the manifest's own keys must not cost the results of a run that is over.
    renamed = {f"{key}_" if key in RESERVED else key: item for key, item in given.items()}
    everything = {**PROVENANCE, "simulated_s": duration, **renamed}
    return {str(key): plain(item) for key, item in everything.items()}
