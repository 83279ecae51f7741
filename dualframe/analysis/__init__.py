"""Pure functions from spikes and traces to numbers, figures and reports."""

from dualframe.analysis.traces import (
    ExponentialFit,
    fit_exponential,
    psp_amplitude,
)
from dualframe.results.spike_trains import (
    cv_isi,
    firing_rates,
    inter_spike_intervals,
    mean_pairwise_correlation,
    pairwise_correlation,
    population_rate,
    spike_counts,
)

__all__ = [
    "ExponentialFit",
    "cv_isi",
    "firing_rates",
    "fit_exponential",
    "inter_spike_intervals",
    "mean_pairwise_correlation",
    "pairwise_correlation",
    "population_rate",
    "psp_amplitude",
    "spike_counts",
]
