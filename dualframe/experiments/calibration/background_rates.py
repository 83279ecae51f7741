"""The event rates of the background at which every population fires as its source reports.

They are changed, population by population, in the scaled circuit with all its recurrent
connections (`broyden_rate_search`): first in runs of one seed at the smallest scale, until all
populations are inside their ranges; then in runs of every scale and seed together, until their
means are near the middle of the ranges. Other seeds then verify the result at every scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Literal

from brian2.units import Hz

from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.broyden_rate_search import (
    RateSearch,
    distance_from_middle,
)
from dualframe.experiments.calibration.rate_runs import (
    SEARCH,
    VERIFICATION,
    Ranges,
    RateMeter,
    RateProtocol,
    RateRun,
    pooled_rates,
    rate_ranges,
)

Accept = Literal["verified", "unverified"]
Report = Callable[[str], None]

_FIRST_RATE = 300 * Hz


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """A part of the search: its runs, and when it is over.

    Distances from the middle of a range are in halves of it, on a logarithmic scale: 1 is an end.
    """

    scales: Sequence[float]
    seeds: Sequence[int]
    mean_within: float
    each_within: float
    steps: int

    def excess(self, mean: Mapping[str, float], runs: Sequence[RateRun], ranges: Ranges) -> float:
        """Return how far the farthest rate is, relative to what ends the stage (at 1)."""
        each = _farthest([run.rates for run in runs], ranges)
        return max(_farthest([mean], ranges) / self.mean_within, each / self.each_within)


def find_background_rates(
    circuit: Circuit,
    start: Calibration,
    protocol: RateProtocol,
    meter: RateMeter,
    report: Report,
    *,
    accept: Accept = "verified",
) -> Calibration:
    """Change the background rates until each population fires within its range, and verify it.

    Parameters
    ----------
    circuit
        The circuit, with the ranges.
    start
        Weights, and rates to start from.
    protocol, meter
        Which runs, and what makes them.
    report
        Called with a line of progress.
    accept
        ``"unverified"`` returns the best rates although populations leave their ranges; which,
        and by how much, stands in the provenance.

    Raises
    ------
    DualframeError
        If a population leaves its range with a seed of the verification.
    """
    ranges = rate_ranges(circuit)
    found, runs = _search(circuit, start, ranges, protocol, meter, report)
    checks = meter.measure_all(found, protocol.scales, protocol.verification_seeds)
    failures = [text for check in checks for text in check.failures(ranges)]
    asked = len(checks) * len(ranges)
    for text in failures:
        report(f"verification: population {text}")
    report(f"verification: {asked - len(failures)} of {asked} rates are in their ranges")
    if failures and accept == "verified":
        raise DualframeError(
            f"circuit {circuit.name!r}, {start.model!r}: population {failures[0]} leaves its range "
            f"({len(failures)} of {asked} rates do, with seeds that the search did not see). Give "
            f"other events to start from, more seeds, or accept='unverified', which every run of "
            f"it then says."
        )
    rows = [x.row(SEARCH) for x in runs] + [x.row(VERIFICATION) for x in checks]
    facts: dict[str, Any] = {"rates_protocol": protocol.describe(), "rates": rows}
    facts |= {"failures": failures, "checked_rates": asked} if failures else {}
    return replace(found, provenance={**found.provenance, **facts})


def _search(
    circuit: Circuit,
    start: Calibration,
    ranges: Ranges,
    protocol: RateProtocol,
    meter: RateMeter,
    report: Report,
) -> tuple[Calibration, list[RateRun]]:
    """Return the best calibration of the last stage, and its runs."""
    driven = dict.fromkeys(c.target for c in circuit.background if c.events is None)
    events = {name: float(start.rates.get(name, _FIRST_RATE)) for name in driven}
    searched = {name: rate for name, rate in events.items() if name in ranges}
    search = RateSearch({name: ranges[name] for name in searched}, searched)
    stages = (
        _Stage(
            scales=protocol.scales[:1],
            seeds=protocol.seeds[:1],
            mean_within=0.7,
            each_within=0.7,
            steps=40,
        ),
        _Stage(
            scales=protocol.scales,
            seeds=protocol.seeds,
            mean_within=0.35,
            each_within=0.9,
            steps=10,
        ),
    )
    found, runs = start, list[RateRun]()
    for number, stage in enumerate(stages, 1):
        excess = inf
        for step in range(stage.steps):
            events |= search.inputs
            current = replace(start, rates={name: rate * Hz for name, rate in events.items()})
            measured = meter.measure_all(current, stage.scales, stage.seeds)
            rates = pooled_rates(measured)
            report(f"stage {number}, step {step}: {_progress(rates, events)}")
            if (now := stage.excess(rates, measured, search.ranges)) < excess:
                excess, found, runs = now, current, measured
            if excess <= 1 or not searched:
                break
            search.next_inputs(rates)
        search = search.restart({name: float(found.rates[name]) for name in searched})
    return found, runs


def _farthest(measured: Sequence[Mapping[str, float]], ranges: Ranges) -> float:
    """Return the largest distance of a rate from the middle of its range, in halves of it."""
    return max(
        (
            distance_from_middle(rates[name], low, high)
            for rates in measured
            for name, (low, high) in ranges.items()
        ),
        default=0.0,
    )


def _progress(rates: Mapping[str, float], events: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} {rates[n]:.2f} Hz at {events.get(n, 0):.0f} Hz" for n in rates)
