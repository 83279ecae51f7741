"""The data of one run, and the tables that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.core.errors import UnknownName
from dualframe.core.text_views import table_as_html
from dualframe.results.action_tables import actions_table
from dualframe.results.rate_ranges import compare_with_ranges, state_lines
from dualframe.results.spike_trains import (
    cv_isi,
    firing_rates,
    inter_spike_intervals,
    spikes_within,
    time_window,
)
from dualframe.results.tables import (
    canonical_dspikes,
    canonical_populations,
    canonical_spikes,
    canonical_weights,
    dspike_table,
    json_ready,
)
from dualframe.results.trace import Trace

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
RESERVED = ("format", "format_version", "results", "files")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RunRecord:
    """The data of one run, from which tables, figures and files are made: see `Results`."""

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
            "provenance": MappingProxyType(
                _complete_provenance(self.provenance, float(self.duration))
            ),
        }
        for name, value in content.items():
            object.__setattr__(self, name, value)
        for name in self.traces:
            if name not in names and name not in self.weights:
                raise UnknownName("population", name, names)

    @classmethod
    def from_tables(cls, **content: Any) -> Self:
        """Return a record of tables that are in the form of `Results` already.

        Parameters
        ----------
        content
            All fields; the provenance may lack keys.
        """
        record = object.__new__(cls)
        provenance = _complete_provenance(content["provenance"], content["duration"])
        for name, value in {**content, "provenance": provenance}.items():
            frozen = MappingProxyType(value) if isinstance(value, dict) else value
            object.__setattr__(record, name, frozen)
        return record

    def with_provenance(self, **facts: Any) -> Self:
        """Return the same data, not copied, with more in their provenance.

        Parameters
        ----------
        facts
            Keys of the provenance, which replace those that are there.
        """
        record = copy(self)
        everything = {**self.provenance, **_ready_facts(facts)}
        object.__setattr__(record, "provenance", MappingProxyType(everything))
        return record

    def population_size(self, population: str) -> int:
        """Number of neurons of a population."""
        table = self.populations
        sizes = table.loc[table["population"] == population, "n"]
        if sizes.empty:
            raise UnknownName("population", population, table["population"])
        return int(sizes.iloc[0])

    def spike_trains(self, population: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Neurons and times (seconds) of the spikes of a population, in order of time."""
        self.population_size(population)
        chosen = self.spikes[self.spikes["population"] == population]
        return chosen["neuron"].to_numpy(), chosen["t"].to_numpy()

    @property
    def warmup(self) -> float:
        """Time (s) at the start that rates leave out by default.

        Of a circuit 0.5 s, or half of a run that is shorter than a second; else nothing.
        """
        return float(self.provenance.get("warmup_s") or 0.0)

    def neuron_rates(self, population: str, start: Any = None, stop: Any = None) -> Any:
        """Mean firing rate of every neuron of a population in Hz, shape ``(n,)``; as `rates`."""
        neuron, t = self.spike_trains(population)
        start = self.warmup if start is None else start
        stop = self.duration if stop is None else stop
        return firing_rates(neuron, t, self.population_size(population), start=start, stop=stop)

    def inter_spike_intervals(self, population: str) -> pd.DataFrame:
        """Inter-spike intervals of a population: DataFrame (neuron, isi), ``isi`` in seconds."""
        neuron, interval = inter_spike_intervals(*self.spike_trains(population))
        return pd.DataFrame({"neuron": neuron, "isi": interval})

    def rates(self, start: Any = None, stop: Any = None) -> pd.DataFrame:
        """Firing statistics of every population.

        Parameters
        ----------
        start, stop
            Window, half open: seconds or quantities. The default is the run without its `warmup`.

        Returns
        -------
        pandas.DataFrame
            ``population, cell_type, n, mean_rate_Hz, sd_rate_Hz, cv_isi``. The deviation is that
            of the simulated neurons (no degree of freedom subtracted). ``cv_isi`` is the mean of
            the coefficients of variation of the neurons with at least three spikes in the window,
            NaN where there is none. All three are NaN for a population whose spikes were not kept.
        """
        start = self.warmup if start is None else start
        table = self.populations[["population", "cell_type", "n"]]
        rows = [self._firing_statistics(name, start, stop) for name in table["population"]]
        return table.join(pd.DataFrame(rows, columns=["mean_rate_Hz", "sd_rate_Hz", "cv_isi"]))

    def state(self) -> pd.DataFrame:
        """Firing rates after the warm-up against the ranges that the circuit's file states.

        The ranges are those of the circuit without modulators, drugs or changed effects.

        Returns
        -------
        pandas.DataFrame
            ``population, cell_type, n, mean_rate_Hz, rate_low_Hz, rate_high_Hz, state``. The state
            is ``"in range"``, ``"below"``, ``"above"``, ``"unclear"`` (outside, but within
            the scatter of a Poisson count, or measured for less than 0.2 s), or ``"no range"``.
        """
        window = self.duration - self.warmup
        return compare_with_ranges(
            self.rates(), self.provenance.get("rate_ranges_Hz") or {}, window
        )

    def state_lines(self) -> list[str]:
        """Return what there is to say of the rates and of their ranges, a sentence each."""
        if not self.duration:
            return []
        return state_lines(self.state(), self.provenance, self.warmup)

    def explain(self) -> pd.DataFrame:
        """What each modulator and drug did to each population, and why others did nothing.

        Returns
        -------
        pandas.DataFrame
            As of `dualframe.results.action_tables.actions_table`.
        """
        return actions_table(self.provenance.get("actions") or ())

    def rates_with_state(self) -> pd.DataFrame:
        """Return `rates`; of a circuit with ranges and states, and the window that they are of."""
        table = self.rates()
        if not self.provenance.get("rate_ranges_Hz"):
            return table
        state = self.state()[["rate_low_Hz", "rate_high_Hz", "state"]]
        return table.join(state).assign(start_s=self.warmup, stop_s=self.duration)

    def _firing_statistics(
        self, population: str, start: Any, stop: Any
    ) -> tuple[float, float, float]:
        unknown = population in self.provenance.get("without_spikes", ())
        if unknown or (stop is None and self.duration == 0):  # interrupted before the first step
            return np.nan, np.nan, np.nan
        begin, end = time_window(start, self.duration if stop is None else stop)
        n = self.population_size(population)
        neuron, t = spikes_within(*self.spike_trains(population), begin, end)
        rates = firing_rates(neuron, t, n, start=begin, stop=end)
        cv = cv_isi(neuron, t, n)
        cv = cv[np.isfinite(cv)]
        return float(rates.mean()), float(rates.std()), float(cv.mean()) if cv.size else np.nan

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, RunRecord)
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
        traces = [f"{name} ({trace.neurons.size} recorded)" for name, trace in self.traces.items()]
        recorded = f", traces of {', '.join(traces)}" if traces else ""
        return f"<Results: {self.duration:g} s of {cells}; {len(self.spikes)} spikes{recorded}>"

    def _repr_html_(self) -> str:
        return table_as_html(repr(self).strip("<>"), self.rates())


def _complete_provenance(provenance: Mapping[str, Any], duration: float) -> dict[str, Any]:
    return {**json_ready(PROVENANCE), "simulated_s": duration, **_ready_facts(provenance)}


def _ready_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    # A clash with the manifest's own keys must not cost the results of a run that is over.
    renamed = {f"{key}_" if key in RESERVED else str(key): item for key, item in facts.items()}
    return {key: json_ready(item) for key, item in renamed.items()}
