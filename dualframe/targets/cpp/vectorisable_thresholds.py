"""Thresholds in a form that a C++ compiler vectorises.

Brian2's loop asks neuron by neuron whether it spikes and writes down those that do. Spikes are
rare: here the compiler evaluates the condition for vectors of neurons, block by block, and only a
block in which one spikes is gone through for the spikes. Their order and number stay.
"""

from __future__ import annotations

from dualframe.targets.cpp.vectorisable_updates import divides_whole_numbers, without_branches

THRESHOLDS = "_thresholder_codeobject.cpp"
LOOP = "for(long _idx=_first; _idx<_end; _idx++)"

_STOCK_LOOP = "for(size_t _idx=0; _idx<N; _idx++)\n    {"
_STOCK_SPIKE = "        if(_cond) {"
_STOCK_END = "    }\n    _ptr_array_"
_BLOCKS = f"""for(long _first=0; _first<N; _first+=64)
    {{
        const long _end = _first + 64 < N ? _first + 64 : N;
        char _spikes[64], _any = 0;
{LOOP}
        {{"""
_SPIKES = """        _spikes[_idx - _first] = _cond;
        _any |= _cond;
        }
        for(long _idx=_first; _any && _idx<_end; _idx++)
        if(_spikes[_idx - _first]) {"""


def vectorisable_threshold(source: str) -> str:
    """Return the source of a threshold with its loop divided into blocks.

    A condition that divides whole numbers, or for which the loop draws, stays as it is.

    Parameters
    ----------
    source
        The text of the code object.
    """
    draws = source.count("_vectorisation_idx") > 2  # its two declarations
    before, loop, rest = source.partition(_STOCK_LOOP)
    condition, spike, rest = rest.partition(_STOCK_SPIKE)
    actions, end, after = rest.partition(_STOCK_END)
    if not (loop and spike and end) or draws or divides_whole_numbers(condition):
        return source
    return f"{before}{_BLOCKS}{without_branches(condition)}{_SPIKES}{actions}{end}{after}"
