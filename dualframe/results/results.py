"""What a run gives back: spikes, traces and weights, with units and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dualframe.core.user_paths import expand_user
from dualframe.results.archive import write_results
from dualframe.results.run_record import PROVENANCE, RunRecord
from dualframe.results.saved_results import read_fields, reporting_damage
from dualframe.results.tables import dspike_table, population_table, spike_table
from dualframe.results.trace import Trace

__all__ = ["PROVENANCE", "Results", "Trace", "dspike_table", "population_table", "spike_table"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Results(RunRecord):
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

    def save(self, directory: str | Path, *, figures: bool = True, force: bool = False) -> Path:
        """Write everything into a folder; see `dualframe.results.archive.write_results`."""
        return write_results(self, directory, figures=figures, force=force)

    @classmethod
    def load(cls, directory: str | Path) -> Results:
        """Read what `save` wrote; see `dualframe.results.saved_results.read_fields`."""
        fields = read_fields(directory)
        with reporting_damage(expand_user(directory)):
            return cls(**fields)
