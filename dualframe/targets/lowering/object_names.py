"""Names of a network's Brian2 objects: those of the user, and such that no two can meet.

Populations and inputs have one space of names and projections another, and what records them is
named after them; Brian2 has one space for all, and makes names and C++ arrays of its own from them
(``cells_thresholder``, ``_array_cells_v``). An object keeps the user's name unless it, or a name
made from it, is taken; then its kind is added after two underscores. Who comes first: populations,
inputs, projections, what is made for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

_CLOCK = ("t", "dt", "timestep")
_OF_ALL = ("t", "dt", "t_in_timesteps", "i", "N", "_spikespace", "clock", "codeobject")
_RUNNERS = ("stateupdater", "subexpression_update", "run_regularly")
_GROUP = (
    *_OF_ALL,
    *("lastspike", "not_refractory", "spike", "spike_thresholder", "spike_resetter"),
    *("thresholder", "resetter", *_RUNNERS),
)
_SPIKES = (
    *_OF_ALL,
    *("neuron_index", "spike_time", "spike_number", "period"),
    *("_lastindex", "_timebins", "_period_bins"),
)
_POISSON = (*_GROUP, "rate", "onset", "end")
_SYNAPSES = (
    *_OF_ALL,
    *("pre", "post", "j", "delay", "w", "w_now", "sources", "targets", "lastupdate", *_RUNNERS),
    *("N_pre", "N_post", "N_incoming", "N_outgoing", "_synaptic_pre", "_synaptic_post"),
    *("pre_delay", "post_delay", "pre_spikes", "post_spikes", "synapses_create"),
)
_MONITOR = (*_OF_ALL, *(f"clock_{name}" for name in _CLOCK), "count", "_source_idx", "_indices")
_TAKEN = ("magicnetwork", "defaultclock", *(f"defaultclock_{name}" for name in _CLOCK))


@dataclass(frozen=True)
class ObjectNames:
    """Brian2's names by those of the network.

    Attributes
    ----------
    groups
        Of populations and inputs.
    synapses
        Of the synapses of projections, one or several each.
    made
        Of what records or updates an object, by Brian2's name of the object and by kind.
    """

    groups: Mapping[str, str]
    synapses: Mapping[str, str]
    made: Mapping[tuple[str, str], str]

    def find(self, name: str) -> str:
        """Return Brian2's name of a population, an input or, if there is none, synapses.

        Parameters
        ----------
        name
            The name in the network.
        """
        return self.groups.get(name) or self.synapses.get(name, name)


class _Allocation:
    """Names that are given out so far, with those that Brian2 makes from them."""

    def __init__(self) -> None:
        self._taken = set(_TAKEN)

    def claim(self, name: str, kind: str, parts: Iterable[str]) -> str:
        """Return a name for an object, whose variables and helpers are called ``parts``."""
        parts = tuple(parts)
        for chosen in self._candidates(name, kind):
            everything = {chosen, *(f"{chosen}_{part}" for part in parts)}
            if everything.isdisjoint(self._taken):
                self._taken |= everything
                return chosen
        raise AssertionError  # there is always another number

    def _candidates(self, name: str, kind: str) -> Iterator[str]:
        yield name
        yield f"{name}__{kind}"
        yield from (f"{name}__{kind}{k}" for k in count(2))


def allocate_names(
    *,
    groups: Mapping[str, Iterable[str]],
    spikes: Iterable[str],
    poissons: Iterable[str],
    synapses: Mapping[str, Iterable[str]],
    visits: Mapping[str, int],
) -> ObjectNames:
    """Return the names of the objects of a network.

    Parameters
    ----------
    groups
        Variables by population.
    spikes, poissons
        Names of the inputs.
    synapses
        Variables by synapses.
    visits
        Number of visits by synapses.
    """
    allocation = _Allocation()
    found = {n: allocation.claim(n, "population", (*_GROUP, *vs)) for n, vs in groups.items()}
    found |= {n: allocation.claim(n, "input", _SPIKES) for n in spikes}
    found |= {n: allocation.claim(n, "input", _POISSON) for n in poissons}
    joined = {n: allocation.claim(n, "synapses", (*_SYNAPSES, *vs)) for n, vs in synapses.items()}
    made: dict[tuple[str, str], str] = {}

    def add(owner: str, plain: str, kind: str, parts: Iterable[str]) -> None:
        made[owner, kind] = allocation.claim(f"{plain}_{kind}", "made", parts)

    for name, variables in groups.items():
        for kind in ("spikes", "trace", "dspikes"):
            add(found[name], name, kind, (*_MONITOR, *variables))
    for name in synapses:
        add(joined[name], name, "trace", (*_MONITOR, "w", "w_now"))
        for kind in ("settling", *(f"visit{k}" for k in range(visits[name]))):
            add(joined[name], name, kind, _MONITOR)
    return ObjectNames(found, joined, made)
