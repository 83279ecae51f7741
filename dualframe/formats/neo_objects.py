"""Results as objects of Neo, and back, so that Elephant and what builds on it apply.

A block has one segment. Each neuron is a `neo.SpikeTrain`, silent ones too, annotated with
``population``, ``cell_type`` and ``neuron``; each recorded variable is a `neo.AnalogSignal` of a
population, its columns the recorded neurons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import second

from dualframe.core.errors import NetworkError
from dualframe.core.validation import expect_type
from dualframe.formats.optional_packages import import_optional
from dualframe.formats.spike_files import spike_input
from dualframe.network import SpikeInput
from dualframe.results.results import Results, Trace, spike_table

# Brian2's words for units that quantities spells otherwise
_SPELT = {"1": "dimensionless", "amp": "ampere", "metre": "meter"}
_REGULAR = 1e-6  # of a sampling interval, by which regular times may differ from each other


def to_neo(results: Results) -> Any:
    """Return results as a `neo.Block`.

    Parameters
    ----------
    results
        Of a run; their spikes and traces are taken over, in SI base units.

    Raises
    ------
    DualframeError
        If ``neo`` is not installed.
    NetworkError
        If a trace was not sampled regularly.
    """
    expect_type(results, Results, "results", "Results, as df.run returns them")
    neo, quantities = (import_optional(name, "neo") for name in ("neo", "quantities"))
    block = neo.Block(name=str(results.provenance.get("network") or "dualframe"))
    segment = neo.Segment(name="run")
    block.segments.append(segment)
    for row in results.populations.to_dict(orient="records"):
        neuron, t = results.spike_trains(row["population"])
        order = np.argsort(neuron, kind="stable")
        edges = np.searchsorted(neuron[order], np.arange(row["n"] + 1))
        for index in range(row["n"]):
            segment.spiketrains.append(
                neo.SpikeTrain(
                    t[order[edges[index] : edges[index + 1]]] * quantities.s,
                    t_stop=results.duration * quantities.s,
                    name=f"{row['population']}[{index}]",
                    population=row["population"],
                    cell_type=row["cell_type"],
                    neuron=index,
                    sign=int(row["sign"]),
                )
            )
    for name, trace in results.traces.items():
        segment.analogsignals.extend(list(_signals_of(neo, quantities, name, trace)))
    return block


def _signals_of(neo: Any, quantities: Any, name: str, trace: Trace) -> Iterator[Any]:
    steps = np.diff(trace.t)
    period = float(np.mean(steps)) if steps.size else 1.0
    if steps.size and np.ptp(steps) > _REGULAR * period:
        raise NetworkError(f"the trace of {name!r} was not sampled regularly: Neo needs that.")
    for variable, values in trace.values.items():
        unit = trace.units[variable]
        yield neo.AnalogSignal(
            np.asarray(values).T,
            units=_unit_of(quantities, unit),
            sampling_period=period * quantities.s,
            t_start=(trace.t[0] if trace.t.size else 0.0) * quantities.s,
            name=f"{name}.{variable}",
            population=name,
            variable=variable,
            unit=unit,
            array_annotations={"neuron": trace.neurons},
        )


def _unit_of(quantities: Any, unit: str) -> Any:
    try:
        return quantities.Quantity(1.0, _SPELT.get(unit, unit)).units
    except LookupError:  # a unit that quantities does not know: it stands in the annotations
        return quantities.dimensionless


def from_neo(block: Any) -> Results:
    """Return a `neo.Block` with one segment, annotated as `to_neo` does, as results.

    Parameters
    ----------
    block
        The block.

    Raises
    ------
    DualframeError
        If ``neo`` is not installed.
    NetworkError
        If a spike train has no annotation ``population`` or ``neuron``.
    """
    neo = import_optional("neo", "neo")
    expect_type(block, neo.Block, "block", "a neo.Block")
    if len(block.segments) != 1:
        raise NetworkError(f"the block has {len(block.segments)} segments: expected one.")
    (segment,) = block.segments
    rows: dict[str, dict[str, Any]] = {}
    trains: dict[str, tuple[list[Any], list[Any]]] = {}
    for train in segment.spiketrains:
        notes = train.annotations
        if not {"population", "neuron"} <= set(notes):
            raise NetworkError(
                f"spike train {train.name!r} has no annotations population and neuron: take "
                f"spikes_from_neo for trains of others."
            )
        name, index = str(notes["population"]), int(notes["neuron"])
        row = rows.setdefault(name, {"population": name, "cell_type": "", "n": 0, "sign": 0})
        row |= {key: notes[key] for key in ("cell_type", "sign") if key in notes}
        row["n"] = max(row["n"], index + 1)
        neurons, times = trains.setdefault(name, ([], []))
        seconds = np.asarray(train.rescale("s").magnitude, dtype=float)
        neurons.append(np.full(seconds.size, index))
        times.append(seconds)
    populations = pd.DataFrame(list(rows.values()))
    joined = {name: (np.concatenate(i), np.concatenate(t)) for name, (i, t) in trains.items()}
    stops = [float(train.t_stop.rescale("s")) for train in segment.spiketrains]
    return Results(
        populations=populations,
        spikes=spike_table(populations, joined),
        duration=max(stops, default=0.0),
        traces=_traces_of(segment),
    )


def _traces_of(segment: Any) -> dict[str, Trace]:
    parts: dict[str, list[Any]] = {}
    for signal in segment.analogsignals:
        parts.setdefault(str(signal.annotations["population"]), []).append(signal)
    return {
        name: Trace(
            np.asarray(signals[0].times.rescale("s").magnitude, dtype=float),
            np.asarray(signals[0].array_annotations["neuron"]),
            {str(s.annotations["variable"]): np.asarray(s.magnitude).T for s in signals},
            {str(s.annotations["variable"]): str(s.annotations["unit"]) for s in signals},
        )
        for name, signals in parts.items()
    }


def spikes_from_neo(trains: Iterable[Any], name: str) -> SpikeInput:
    """Return spike trains as an input: the k-th train is the k-th source.

    Parameters
    ----------
    trains
        `neo.SpikeTrain`, such as ``segment.spiketrains``; times before zero are refused.
    name
        Of the input.
    """
    import_optional("neo", "neo")
    times = [np.asarray(train.rescale("s").magnitude, dtype=float) for train in trains]
    if not times:
        raise NetworkError("there is no spike train: expected at least one.")
    sources = np.repeat(np.arange(len(times)), [len(t) for t in times])
    return spike_input(name, len(times), sources, np.concatenate(times) * second)
