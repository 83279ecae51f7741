"""Warnings of neurons that fire faster than any neuron does.

A fitted point neuron need not have a refractory period worth the name (0.5 ms in the GLIF set of
``ctx_l23_pyr``), and nothing bounds its rate. That matters only where a neuron gets there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dualframe.network import Network
from dualframe.results.results import Results
from dualframe.targets.brian.raw_results import RawResults
from dualframe.targets.lowering.lowered_network import LoweredNetwork

#: Hz. The highest instantaneous rate of fast-spiking cells, mean over cells of macaque association
#: cortex in slices, the fastest of the groups recorded by Wang et al. 2016, Front Cell Neurosci
#: 10:239 (sustained: 450 Hz). A rate over a second is compared with it, so that no cell is blamed
#: for a burst.
HIGHEST_RATE = 611.0
_WINDOW = 1.0  # s: the end of the run
_LEAST = 0.2  # s: over less, a burst is no rate


def warn_of_impossible_rates(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> Iterator[str]:
    """Yield the populations of cells of which a neuron fired above `HIGHEST_RATE` at the end.

    Only populations of cell types whose spikes were kept are looked at.

    Parameters
    ----------
    network, lowered, raw, results
        As in `dualframe.simulation.run_warnings.warnings_after_run`.
    """
    window = min(_WINDOW, results.duration)
    if window < _LEAST:
        return
    unknown = results.provenance.get("without_spikes", ())
    for population in network.populations:
        if not population.cell_type or population.name in unknown:
            continue
        neurons, times = results.spike_trains(population.name)
        late = neurons[times >= results.duration - window]
        rates = np.bincount(late, minlength=population.n) / window
        if fast := int((rates > HIGHEST_RATE).sum()):
            yield (
                f"{population.name!r} ({population.cell_type}): {fast} of {population.n} neurons "
                f"fired at up to {rates.max():.0f} Hz in the last "
                f"{window:g} s, above the {HIGHEST_RATE:g} Hz of the fastest cortical cells: "
                f"excitation runs away, or the refractory period of its point neuron is too short. "
                f"Weaken its input, strengthen inhibition, or take another model."
            )
