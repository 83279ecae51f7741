"""Arrays of a program read from their files into their place, and pairs forgotten once connected.

Brian2 reads every file into an array of its own, copies it, and keeps both to the end; the pairs of
synapses are there three times. Of a network of many synapses that is most of the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dualframe.targets.cpp.checked_reads import read_call

Entry = tuple[str, Any]  # what the queue of a device holds: a function and its arguments


def files_read_in_place(device: Any) -> frozenset[str]:
    """Return the names of the files whose type is that of the array that they fill.

    Parameters
    ----------
    device
        A C++ standalone device with a queue.
    """
    return frozenset(
        arguments[1]
        for function, arguments in device.main_queue
        if function == "set_by_array" and _is_same_type(device, *arguments[:2])
    )


def pairs_of_synapses(device: Any) -> frozenset[str]:
    """Return the arrays of pairs that are of no use once their synapses are made.

    Parameters
    ----------
    device
        A C++ standalone device with a queue.
    """
    return frozenset(
        device.arrays[variable]
        for function, arguments in device.main_queue
        if function == "run_code_object"
        for variable in _pairs_connected_by(arguments[0])
    )


def read_in_place(device: Any, queue: Iterable[Entry]) -> Iterator[Entry]:
    """Yield a queue in which arrays are read where they are needed, and pairs are forgotten.

    Parameters
    ----------
    device
        A C++ standalone device.
    queue
        Its queue, or one like it.
    """
    in_place = files_read_in_place(device)
    for function, arguments in queue:
        if function == "set_by_array" and arguments[1] in in_place:
            yield "insert_code", _read_statement(device, *arguments)
            continue
        pairs = _pairs_connected_by(arguments[0]) if function == "run_code_object" else ()
        for variable in pairs:
            yield "insert_code", _reserve_statement(device, arguments[0], variable)
        yield function, arguments
        for variable in pairs:
            yield "insert_code", "delete [] {0}; {0} = 0;".format(device.arrays[variable])


def _pairs_connected_by(code_object: Any) -> tuple[Any, ...]:
    """Return the variables of the pairs that a code object makes synapses of."""
    if code_object.template_name != "synapses_create_array":
        return ()
    return tuple(code_object.variables[name] for name in ("sources", "targets"))


def _reserve_statement(device: Any, code_object: Any, variable: Any) -> str:
    name = {"sources": "_synaptic_pre", "targets": "_synaptic_post"}[variable.name]
    synaptic = device.dynamic_arrays[code_object.variables[name]]
    return f"{synaptic}.reserve(_num_{device.arrays[variable]});"


def _read_statement(device: Any, array: str, file: str, is_dynamic: bool) -> str:
    place = (f"{array}.data()", f"{array}.size()") if is_dynamic else (array, f"_num_{array}")
    return read_call(file, *place, device.variable_of(array))


def _is_same_type(device: Any, array: str, file: str) -> bool:
    variable = device.variable_of(array)
    return variable is not None and variable.dtype == device.static_arrays[file].dtype
