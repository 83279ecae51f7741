"""Runs in which the firing rates of a circuit are measured: at which scales, seeds, how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from brian2.units import ms, second

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import NeuronBuilder, build_circuit
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.core.validation import as_positive
from dualframe.experiments.calibration.measurement_run import run_measurement
from dualframe.simulation.run import resolve_seed

SETTLE = 0.5 * second  # of a run, which does not count for its rates
SEARCH, VERIFICATION = "search", "verification"

_PRECISION = 6.0  # standard errors that half a range, from its middle to an end, has at least
_DISPERSION = 2.0  # variance of a population's spike count over its mean; assumed, Poisson's is 1
_SHORTEST, _LONGEST = 1.0, 6.0  # seconds that count

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class RateProtocol:
    """In which runs rates are searched for and verified.

    Parameters
    ----------
    scales
        Sizes of the circuit relative to the full one, the smallest first.
    seeds, verification_seeds
        Of connectivity and input; no seed is in both.
    duration
        Simulated time of each run, which begins with `SETTLE`; None chooses it by the size of the
        circuit.
    """

    scales: tuple[float, ...]
    seeds: tuple[int, ...]
    verification_seeds: tuple[int, ...]
    duration: Any = None

    def __post_init__(self) -> None:
        scales = sorted(float(as_positive(x, "dimensionless", "scale")) for x in self.scales)
        object.__setattr__(self, "scales", tuple(scales))
        for name in ("seeds", "verification_seeds"):
            object.__setattr__(self, name, tuple(resolve_seed(x) for x in getattr(self, name)))
        if not (self.scales and self.seeds and self.verification_seeds):
            raise DualframeError(
                "a calibration needs at least one scale, one seed and one seed for verification."
            )
        if both := sorted(set(self.seeds) & set(self.verification_seeds)):
            raise DualframeError(
                f"seed {both[0]} is for the search and for verification: choose other "
                f"verification_seeds."
            )
        if self.duration is not None:
            length = as_positive(self.duration, "time", "duration")
            if length <= SETTLE:
                raise DualframeError(
                    f"duration is {length}, but rates begin at {SETTLE}: give a longer duration."
                )
            object.__setattr__(self, "duration", length)

    def describe(self) -> str:
        """Return the protocol as one line, for the provenance."""
        return (
            f"scales {_listed(self.scales)}; searched with seeds {_listed(self.seeds)}, verified "
            f"with seeds {_listed(self.verification_seeds)}; the first {SETTLE} do not count"
        )


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


@dataclass(frozen=True, kw_only=True)
class RateRun:
    """The firing rates (Hz) of the populations in one run of ``duration`` seconds."""

    scale: float
    seed: int
    duration: float
    rates: Mapping[str, float]

    def row(self, purpose: str) -> dict[str, Any]:
        """Return a row of the table of the provenance.

        Parameters
        ----------
        purpose
            ``"search"`` or ``"verification"``.
        """
        facts = {"purpose": purpose, "scale": self.scale, "seed": self.seed}
        rates = {name: round(rate, 3) for name, rate in self.rates.items()}
        return {**facts, "duration_s": self.duration, "rates_Hz": rates}

    def failures(self, ranges: Ranges) -> list[str]:
        """Return a text for each population outside its range.

        Parameters
        ----------
        ranges
            Lowest and highest rate (Hz) by population.
        """
        return [
            f"{name!r} at {self.rates[name]:.3g} Hz ({low:g} to {high:g} Hz) at scale "
            f"{self.scale:g}, seed {self.seed}"
            for name, (low, high) in ranges.items()
            if not low <= self.rates[name] <= high
        ]


@dataclass(frozen=True, kw_only=True)
class RateMeter:
    """Builds a circuit at a scale and measures its rates.

    Parameters
    ----------
    circuit
        At full size.
    neurons
        What its populations consist of.
    dt
        Time step.
    duration
        Simulated time of a run; None chooses it (`sufficient_duration`).
    """

    circuit: Circuit
    neurons: NeuronBuilder
    dt: Any
    duration: Any = None

    def measure(self, calibration: Calibration, scale: float, seed: int) -> RateRun:
        """Run the circuit and return its rates.

        Parameters
        ----------
        calibration
            Weights and background rates.
        scale, seed
            Of the run.
        """
        scaled = self.circuit if scale == 1 else self.circuit.scaled(scale)
        duration = self.duration or sufficient_duration(scaled)
        rates = firing_rates(
            scaled,
            calibration,
            self.neurons,
            seed=seed,
            duration=duration,
            dt=self.dt,
        )
        return RateRun(scale=scale, seed=seed, duration=float(duration), rates=rates)

    def measure_all(
        self, calibration: Calibration, scales: Sequence[float], seeds: Sequence[int]
    ) -> list[RateRun]:
        """Measure every scale with every seed.

        Parameters
        ----------
        calibration, scales, seeds
            As in `measure`.
        """
        return [self.measure(calibration, *of) for of in product(scales, seeds)]


def rate_ranges(circuit: Circuit) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest rate (Hz) of each population of which they are stated.

    Parameters
    ----------
    circuit
        The circuit.
    """
    return {
        population.name: (float(population.rate_low), float(population.rate_high))
        for population in circuit.populations
        if population.rate_low is not None
    }


def sufficient_duration(circuit: Circuit) -> Any:
    """Return how long to run so that the error of a rate is small relative to its range.

    A population of n cells in the middle of its range, at rate r, makes n r T spikes in a time T;
    with a dispersion F of the count, the relative standard error is sqrt(F/(n r T)). Half the
    range, on a logarithmic scale, is to hold `_PRECISION` of them. Between `_SHORTEST` and
    `_LONGEST`, plus the time that does not count.

    Parameters
    ----------
    circuit
        As it is run, scaled.
    """
    longest = _SHORTEST
    for name, (low, high) in rate_ranges(circuit).items():
        middle, half = np.sqrt(low * high), np.log(high / low) / 2
        needed = _DISPERSION * (_PRECISION / half) ** 2 / (circuit.sizes[name] * middle)
        longest = max(longest, float(needed))
    return np.ceil(2 * min(longest, _LONGEST)) / 2 * second + SETTLE


def pooled_rates(runs: Sequence[RateRun]) -> dict[str, float]:
    """Return the rates (Hz) over runs: the means over seeds, and of these the geometric mean.

    Parameters
    ----------
    runs
        Of one calibration.
    """
    by_scale = [
        [run for run in runs if run.scale == scale] for scale in {run.scale: 0 for run in runs}
    ]
    return {
        name: float(
            np.exp(
                np.mean(
                    [np.log(np.mean([x.rates[name] for x in some]) + 1e-9) for some in by_scale]
                )
            )
        )
        for name in runs[0].rates
    }


def firing_rates(
    circuit: Circuit,
    calibration: Calibration,
    neurons: NeuronBuilder,
    *,
    seed: int,
    duration: Any = 2 * second,
    settle: Any = SETTLE,
    dt: Any = 0.1 * ms,
) -> dict[str, float]:
    """Mean firing rate (Hz) of each population after the settling time.

    Parameters
    ----------
    circuit, calibration
        The circuit, and its weights and background rates.
    neurons
        What its populations consist of.
    seed, duration, dt
        As in `dualframe.run`.
    settle
        The time that does not count.
    """
    network = build_circuit(circuit, neurons, calibration=calibration)
    results = run_measurement(network, duration, seed=seed, dt=dt)
    table = results.rates(start=settle)
    return dict(zip(table.population, table.mean_rate_Hz, strict=True))
