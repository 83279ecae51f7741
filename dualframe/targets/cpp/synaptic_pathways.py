"""The loops over synapses that spikes reach, for the pathways of `synaptic_pathway.h`.

Brian2's loop reads the number of every synapse from a queue. Here it runs over places that lie one
after the other. Code of another form stays as it is: the pathway lists the synapses for it.
"""

from __future__ import annotations

import re
from importlib.resources import files
from types import SimpleNamespace

HEADER = "synaptic_pathway.h"

_QUEUE = re.compile(
    r"std::vector<int> \*_spiking_synapses = (?P<pathway>\w+)\.peek\(\);\s*"
    r"const int _num_spiking_synapses = _spiking_synapses->size\(\);"
)
_LOOP = re.compile(
    r"for\(int _spiking_synapse_idx=0;\s*"
    r"_spiking_synapse_idx<_num_spiking_synapses;\s*"
    r"_spiking_synapse_idx\+\+\)\s*\{\s*"
    r"const size_t _idx = \(\*_spiking_synapses\)\[_spiking_synapse_idx\];"
)
_RUNS = r"""const std::vector<dualframe::Run> &_due = \g<pathway>.due();
    const int32_t *const _order = \g<pathway>.order();"""
#: What becomes of Brian2's loop.
LOOP_OVER_RUNS = """for(size_t _run=0; _run<_due.size(); _run++)
        for(int32_t _place=_due[_run].first; _place<_due[_run].last; _place++)
        {
            const size_t _idx = _order ? _order[_place] : _place;"""


def loop_over_runs(source: str) -> str:
    """Return the source of a code object with its loop over synapses, if any, as one over runs.

    Parameters
    ----------
    source
        What Brian2's template gives.
    """
    if len(_QUEUE.findall(source)) != 1 or len(_LOOP.findall(source)) != 1:
        return source
    return _LOOP.sub(LOOP_OVER_RUNS, _QUEUE.sub(_RUNS, source))


def pathway_classes() -> SimpleNamespace:
    """Return the files ``synapses_classes.cpp`` and ``.h`` of a project."""
    header = files("dualframe.targets.cpp").joinpath(HEADER).read_text("utf-8")
    return SimpleNamespace(cpp_file="", h_file=header)
