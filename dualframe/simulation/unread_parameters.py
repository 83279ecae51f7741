"""Parameters of populations and projections that nothing reads: leftovers, or misspelt names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dualframe.network import Network
from dualframe.targets.lowering.identifiers import identifiers_in
from dualframe.targets.lowering.lowered_network import LoweredNetwork

_DECLARATION = re.compile(r"^\w+ : .*constant\)$", re.MULTILINE)
#: What Dendrify gives every model, whatever channels it has.
_OF_DENDRIFY = frozenset(
    {
        *("E_AMPA", "E_NMDA", "E_GABA", "E_Na", "E_K", "E_Ca"),
        *("Mg_con", "Alpha_NMDA", "Beta_NMDA", "Gamma_NMDA"),
    }
)
#: By checks of the time step, by effects of receptors on membranes, and by those neurons of the
#: Allen Institute's files that have currents.
_READ_ELSEWHERE = frozenset({"dt_of_fit", "V_rest", "g_rest", "t_cut"})


def warn_of_unread_parameters(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which parameters occur in no equation, condition or statement that could read them.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    synapses = [(s, _words_of(vars(s))) for s in lowered.synapses]
    for group in lowered.groups:
        population = network.population(group.name)
        # as described too: what is lowered reads the numbers of one of several equal channels
        words = _words_of(vars(group)) | _words_of(vars(population)) | _words_of(population.initial)
        for item, read in synapses:
            if group.name in (item.source, item.target):
                words |= read
        unread = [n for n in _unread(population.parameters, words) if n not in _READ_ELSEWHERE]
        yield from _text(f"population {group.name!r}", unread)
    for projection in network.projections:
        parts = [read for item, read in synapses if item.projection == projection.name]
        if parts:
            unread = _unread(projection.parameters, set().union(*parts))
            yield from _text(f"projection {projection.name!r}", unread)


def _unread(parameters: Iterable[str], words: set[str]) -> list[str]:
    """Names that are no word, nor the beginning of one: synapses call a neuron's ``tau_post``."""
    return [
        name
        for name in parameters
        if name not in _OF_DENDRIFY
        and name not in words
        and not any(word.startswith(f"{name}_") for word in words)
    ]


def _text(label: str, unread: list[str]) -> Iterator[str]:
    if unread:
        names = ", ".join(map(repr, unread))
        what = "a parameter" if len(unread) == 1 else "parameters"
        yield (
            f"{label} has {what} that nothing reads: {names}. Leave out what is not needed, or "
            f"write it where it belongs (equations, threshold, reset, on_pre)."
        )


def _words_of(entries: Mapping[str, Any]) -> set[str]:
    """Names in the texts of a record or table, and in those of its sequences."""
    texts: list[str] = []
    for value in entries.values():
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            inner = part if isinstance(part, tuple) else (part,)
            texts += [text for text in inner if isinstance(text, str)]
    return identifiers_in(_DECLARATION.sub("", text) for text in texts)
