"""What a run warns of: sentences that name the culprit and a number, and say what to try.

They stand in ``results.provenance["warnings"]``, are issued as `DualframeWarning` once per run, and
are shown by the command line and by reports.

To add one: what the builder of a network knows is a text in ``network.meta["warnings"]``; what is
computed from a network is a function in `BEFORE`; what the results show is one in `AFTER`; what a
target meets while it runs is a text in ``RawResults.warnings``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dualframe.network import Network
from dualframe.results.rate_ranges import outside_warnings
from dualframe.results.results import Results
from dualframe.simulation.time_step_warnings import (
    warn_of_calibration,
    warn_of_presumed_steps,
    warn_of_rounded_times,
)
from dualframe.targets.brian.raw_results import RawResults
from dualframe.targets.lowering.lower_spike_inputs import counts_below_poisson
from dualframe.targets.lowering.lowered_network import LoweredNetwork


def warnings_before_run(network: Network, lowered: LoweredNetwork) -> list[str]:
    """Return what there is to warn of before a network runs; nothing has been compiled.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    texts = list(network.meta.get("warnings", ()))
    return [*texts, *(text for check in BEFORE for text in check(network, lowered))]


def warnings_after_run(network: Network, raw: RawResults, results: Results) -> list[str]:
    """Return what the results of a run give reason to warn of.

    Parameters
    ----------
    network
        The network.
    raw
        What the target gave back.
    results
        The results.
    """
    return [*raw.warnings, *(text for check in AFTER for text in check(network, raw, results))]


def _other_steps_than_fitted(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Yield populations whose neurons were fitted with another time step."""
    for population in network.populations:
        fitted = np.unique(np.asarray(population.parameters.get("dt_of_fit", lowered.dt)))
        if not np.allclose(fitted, lowered.dt, rtol=1e-9, atol=0):
            steps = ", ".join(f"{1e3 * dt:g}" for dt in fitted)
            yield (
                f"population {population.name!r}: its files were fitted with a time step of "
                f"{steps} ms, and the run's is {1e3 * lowered.dt:g} ms, so that its intervals are "
                f"not those of the fit: run with dt={1e3 * fitted.min():g}*ms."
            )


def _warn_of_rates_outside_ranges(
    network: Network, raw: RawResults, results: Results
) -> Iterator[str]:
    """Say which populations of a circuit fire outside the ranges of its file."""
    if network.meta.get("rate_ranges_Hz") and results.duration:
        yield from outside_warnings(results.state(), results.provenance)


BEFORE: tuple[Callable[[Network, LoweredNetwork], Iterable[str]], ...] = (
    _other_steps_than_fitted,
    warn_of_calibration,
    warn_of_presumed_steps,
    warn_of_rounded_times,
    counts_below_poisson,
)
AFTER: tuple[Callable[[Network, RawResults, Results], Iterable[str]], ...] = (
    _warn_of_rates_outside_ranges,
)
