"""Calls that read a program's data files, each with the check that its content needs.

An index that no neuron has would be written beyond the end of an array, and a step out of order
would be played back at once: the program says which number of which file is wrong, and stops.
"""

from __future__ import annotations

from typing import Any

DATA_FOLDER = "static_arrays"
_OF_OWNER = frozenset({"neuron_index"})
_OF_SOURCE = frozenset({"sources", "_indices"})
_OF_TARGET = frozenset({"targets"})


def read_call(name: str, array: str, length: str, variable: Any) -> str:
    """Return the C++ statement that reads a file into an array.

    Parameters
    ----------
    name
        Name of the file.
    array
        The pointer to the array, in C++.
    length
        Its length, in C++.
    variable
        The Brian2 variable that it fills, or None.
    """
    call = f'("{DATA_FOLDER}/{name}", {array}, {length}'
    kind = getattr(variable, "name", "")
    owner: Any = getattr(variable, "owner", None)
    if kind == "_timebins":
        return f"dualframe::read_steps{call}, {len(owner)});"
    if kind == "delay":
        return f"dualframe::read_delays{call});"
    for kinds, end in ((_OF_OWNER, ""), (_OF_SOURCE, "source"), (_OF_TARGET, "target")):
        if kind in kinds:
            members = len(getattr(owner, end) if end else owner)
            return f"dualframe::read_indices{call}, {members});"
    return f"dualframe::read_array{call});"
