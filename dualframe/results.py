"""What a run gives back: spikes, traces and weights, with units and provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from dualframe.analysis.spikes import cv_isi, firing_rates, isi, window, within
from dualframe.errors import DualframeError, NetworkError, UnknownName
from dualframe.network import Population
from dualframe.quantity import quantity
from dualframe.serialise import freeze

Trains = Mapping[str, tuple[ArrayLike, ArrayLike]]

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
        t = np.asarray(self.t, dtype=float)
        neurons = np.atleast_1d(np.asarray(self.neurons, dtype=np.int64))
        values = {str(k): np.asarray(v, dtype=float) for k, v in self.values.items()}
        for name, array in values.items():
            if array.shape != (neurons.size, t.size):
                raise DualframeError(
                    f"trace {name!r} has shape {array.shape}: expected (neurons, times), "
                    f"({neurons.size}, {t.size})."
                )
        units = {name: str(self.units.get(name, "1")) for name in values}
        for name, value in {"t": t, "neurons": neurons, "values": values, "units": units}.items():
            object.__setattr__(self, name, freeze(value))

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
        Recorded variables by population.
    weights
        DataFrame (pre, post, weight) by projection, in base SI units.
    weight_units
        Unit of the weights by projection.
    provenance
        How the run came about: plain data, written to ``manifest.json``. The keys of
        `PROVENANCE` are always there.

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
        populations = _populations(self.populations)
        names = populations["population"].tolist()
        units = {name: str(self.weight_units.get(name, "1")) for name in self.weights}
        content = {
            "populations": populations,
            "spikes": _spikes(self.spikes, populations),
            "duration": float(self.duration),
            "dspikes": _dspikes(self.dspikes, populations),
            "traces": MappingProxyType(dict(self.traces)),
            "weights": MappingProxyType({k: _weights(v) for k, v in self.weights.items()}),
            "weight_units": MappingProxyType(units),
            "provenance": MappingProxyType(_provenance(self.provenance, float(self.duration))),
        }
        for name, value in content.items():
            object.__setattr__(self, name, value)
        for name in self.traces:
            if name not in names:
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
            NaN where there is none.
        """
        table = self.populations[["population", "cell_type", "n"]]
        rows = [self._statistics(name, start, stop) for name in table["population"]]
        return table.join(pd.DataFrame(rows, columns=["mean_rate_Hz", "sd_rate_Hz", "cv_isi"]))

    def save(self, directory: str | Path, *, figures: bool = True) -> Path:
        """Write everything into a folder; see `dualframe.archive.save`."""
        from dualframe.archive import save  # which is made of this module's classes

        return save(self, directory, figures=figures)

    @classmethod
    def load(cls, directory: str | Path) -> Results:
        """Read what `save` wrote; see `dualframe.archive.load`."""
        from dualframe.archive import load

        return load(directory)

    def _statistics(self, population: str, start: Any, stop: Any) -> tuple[float, float, float]:
        n = self.n(population)
        begin, end = window(start, self.duration if stop is None else stop)
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


def population_table(populations: Iterable[Population]) -> pd.DataFrame:
    """Return the table of populations of a network's populations."""
    rows = [(p.name, p.cell_type, p.n, p.sign or 0) for p in populations]
    return pd.DataFrame(rows, columns=["population", "cell_type", "n", "sign"])


def spike_table(populations: pd.DataFrame, trains: Trains) -> pd.DataFrame:
    """Return the table of spikes from neurons and times (seconds) by population."""
    kinds = dict(zip(populations["population"], populations["cell_type"], strict=True))
    for name in trains:
        if name not in kinds:
            raise UnknownName("population", name, kinds)
    return _stack(
        [{"population": k, "cell_type": kinds[k]} for k in trains],
        list(trains.values()),
        ["population", "cell_type"],
    )


def dspike_table(trains: Mapping[tuple[str, str], tuple[ArrayLike, ArrayLike]]) -> pd.DataFrame:
    """Return the table of dendritic spikes from neurons and times by (population, dSpike)."""
    labels = [{"population": population, "dspike": dspike} for population, dspike in trains]
    return _stack(labels, list(trains.values()), ["population", "dspike"])


def _stack(
    labels: list[dict[str, str]], trains: list[tuple[ArrayLike, ArrayLike]], columns: list[str]
) -> pd.DataFrame:
    parts = [(np.asarray(i, dtype=np.int64), np.asarray(t, dtype=float)) for i, t in trains]
    sizes = [len(neuron) for neuron, _ in parts]
    table: dict[str, Any] = {}
    for column in columns:
        words = [label[column] for label in labels]
        known = list(dict.fromkeys(words))
        codes = np.repeat([known.index(word) for word in words], sizes).astype(int)
        table[column] = pd.Categorical.from_codes(codes, categories=pd.Index(known, dtype=object))
    table["neuron"] = np.concatenate([np.empty(0, np.int64), *(neuron for neuron, _ in parts)])
    table["t"] = np.concatenate([np.empty(0), *(t for _, t in parts)])
    return pd.DataFrame(table)


# --- one form for every table, so that equal results compare equal ------------------------------


def _populations(table: pd.DataFrame) -> pd.DataFrame:
    names = [str(x) for x in table["population"]]
    sign = table["sign"] if "sign" in table else np.zeros(len(names))
    return pd.DataFrame(
        {
            "population": pd.Series(names, dtype=object),
            "cell_type": pd.Series([str(x) for x in table["cell_type"]], dtype=object),
            "n": np.asarray(table["n"], dtype=np.int64),
            "sign": np.asarray(sign, dtype=np.int64),
        }
    )


def _spikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    codes = _codes(table, populations)
    kinds = populations["cell_type"].tolist()
    known = list(dict.fromkeys(kinds))
    kind_codes = np.array([known.index(kind) for kind in kinds], dtype=int)[codes]
    names = _words(populations["population"])
    columns = {
        "population": pd.Categorical.from_codes(codes, categories=names),
        "cell_type": pd.Categorical.from_codes(kind_codes, categories=_words(known)),
    }
    return _in_order(table, codes, columns, [codes])


def _dspikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    codes = _codes(table, populations)
    dspike = pd.Categorical(table["dspike"].astype(object))
    known = sorted(str(x) for x in dspike.categories)
    dspike = pd.Categorical(table["dspike"].astype(object), categories=_words(known))
    names = _words(populations["population"])
    columns = {
        "population": pd.Categorical.from_codes(codes, categories=names),
        "dspike": dspike,
    }
    return _in_order(table, codes, columns, [np.asarray(dspike.codes), codes])


def _codes(table: pd.DataFrame, populations: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row of the table of populations for each spike, and check the neurons."""
    names = populations["population"].tolist()
    given = pd.Categorical(table["population"])
    for name in given.categories:
        if name not in names:
            raise UnknownName("population", name, names)
    lookup = np.array([names.index(name) for name in given.categories], dtype=np.int64)
    codes = lookup[given.codes] if len(table) else np.empty(0, np.int64)
    neuron = table["neuron"].to_numpy()
    wrong = (neuron < 0) | (neuron >= populations["n"].to_numpy()[codes])
    if wrong.any():
        first = int(np.argmax(wrong))
        name, n = populations["population"][codes[first]], populations["n"][codes[first]]
        raise NetworkError(
            f"a spike is of neuron {neuron[first]} of population {name!r}: expected 0 to {n - 1}."
        )
    return codes


def _in_order(
    table: pd.DataFrame, codes: Any, columns: dict[str, Any], ties: list[Any]
) -> pd.DataFrame:
    neuron, t = table["neuron"].to_numpy(np.int64), table["t"].to_numpy(float)
    order = np.lexsort((neuron, *ties, t))
    return pd.DataFrame({k: v[order] for k, v in {**columns, "neuron": neuron, "t": t}.items()})


def _words(words: Iterable[str]) -> pd.Index[Any]:
    return pd.Index(list(words), dtype=object)  # the same in pandas 2 and 3


def _weights(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {"pre": np.int64, "post": np.int64, "weight": np.float64}
    return pd.DataFrame({name: np.asarray(table[name], dtype=kind) for name, kind in kinds.items()})


def _provenance(given: Mapping[str, Any], duration: float) -> dict[str, Any]:
    for name in RESERVED:
        if name in given:
            raise DualframeError(f"the provenance must not have the key {name!r}: rename it.")
    everything = {**PROVENANCE, "simulated_s": duration, **given}
    return {str(key): _plain(item) for key, item in everything.items()}


def _plain(value: Any) -> Any:
    """Return JSON-ready data; what JSON does not know becomes text, and NaN becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)
