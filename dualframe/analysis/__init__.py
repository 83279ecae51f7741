"""Pure functions from spikes and traces to numbers, figures and reports."""

from dualframe.analysis.traces import (
    ExponentialFit,
    fit_exponential,
    input_resistance,
    psp_amplitude,
    psp_latency,
    time_constant,
)
from dualframe.results.spike_trains import (
    cv_isi,
    firing_rates,
    isi,
    mean_pairwise_correlation,
    pairwise_correlation,
    population_rate,
    spike_counts,
    spike_latency,
)

__all__ = [
    "ExponentialFit",
    "cv_isi",
    "firing_rates",
    "fit_exponential",
    "input_resistance",
    "isi",
    "mean_pairwise_correlation",
    "pairwise_correlation",
    "population_rate",
    "psp_amplitude",
    "psp_latency",
    "spike_counts",
    "spike_latency",
    "time_constant",
]
