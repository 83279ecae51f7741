"""``objects.cpp`` and ``objects.h``, derived from those that Brian2's template gives.

Kept are the declarations, the initial values and what is written besides arrays. Replaced are the
reading and writing of arrays, by checked calls of `values.h` (they compile in a third of the time),
and the setting of variables by arguments of the program, for which there are files here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dualframe.targets.cpp.external_values import ExternalValues

_LOAD, _WRITE, _END = "void _load_arrays()", "void _write_arrays()", "void _dealloc_arrays()"
_SETTERS, _AFTER_SETTERS = "void set_variable_from_value(", "//////////////// arrays ////"
_QUEUES, _AFTER_QUEUES = "// Write spike queue states", "// Write random generator state"
_NO_SETTER = "void set_variable_by_name(std::string, std::string) {}\n\n"
_RESULTS_FOLDER = "std::string results_dir"


class UnknownTemplate(Exception):
    """Brian2's template has another form than the versions that are supported (internal)."""


def derive_objects_source(
    stock: str,
    external: ExternalValues,
    reads: Iterable[str],
    results: Iterable[Mapping[str, Any]],
) -> str:
    """Return ``objects.cpp`` with named lengths, checked files and no arguments of the program.

    Parameters
    ----------
    stock
        What Brian2's template gives.
    external
        The lengths that it names.
    reads
        The statements that read an array from a file each.
    results
        The arrays that are written: ``file``, ``cpp_name``, ``layout`` and ``size``; of spikes
        the names of two arrays.

    Raises
    ------
    UnknownTemplate
        If the functions that are replaced are not found.
    """
    before, after = _split_once(stock, _LOAD)
    _, after = _split_once(after, _WRITE)
    writing, rest = _split_once(after, _END)
    _, other_results = _split_once(writing, "// Write ")  # arrays come first, without a comment
    other_results = other_results.replace('.open("results/', '.open(results_dir + "')
    other_results = _without_queues(other_results)
    lengths = [
        f'const int {name} = dualframe::length("{array}");'
        for array, name in external.lengths.items()
    ]
    folder = [] if _RESULTS_FOLDER in stock else [f'{_RESULTS_FOLDER} = "results/";']
    return "\n".join(
        [
            '#include "objects.h"\n#include "values.h"',
            *_namespace_lines([*lengths, *folder]),
            _without_setters(before),
            *_function_lines(_LOAD, list(reads)),
            *_function_lines(_WRITE, [_write_call(result) for result in results])[:-1],
            f"    // Write {other_results}",
            f"{_END}{rest}",
        ]
    )


def derive_objects_header(stock: str, external: ExternalValues) -> str:
    """Return ``objects.h`` with declarations of the named lengths.

    Parameters
    ----------
    stock
        What Brian2's template gives.
    external
        The lengths that are named.

    Raises
    ------
    UnknownTemplate
        If it does not end an include guard.
    """
    before, after = _split_once(stock, "void _init_arrays();")
    lengths = [f"extern const int {name};" for name in external.lengths.values()]
    folder = [] if _RESULTS_FOLDER in stock else [f"extern {_RESULTS_FOLDER};"]
    return "\n".join(
        [before, *_namespace_lines([*lengths, *folder]), "void _init_arrays();" + after]
    )


def _split_once(text: str, mark: str) -> tuple[str, str]:
    parts = text.split(mark)
    if len(parts) < 2 or (mark != "// Write " and len(parts) > 2):
        raise UnknownTemplate(f"objects.cpp holds {mark!r} {len(parts) - 1} times")
    return parts[0], mark.join(parts[1:])


def _without_queues(results: str) -> str:
    """Leave out the queues of synapses, which Brian2 writes from 2.10 on to restore them."""
    before, queues, after = results.partition(_QUEUES)
    _, generator, rest = after.partition(_AFTER_QUEUES)
    return f"{before}{generator}{rest}" if queues and generator else results


def _without_setters(source: str) -> str:
    if _SETTERS not in source:  # Brian2 before 2.6
        return source
    before, _, after = source.partition(_SETTERS)
    _, after = _split_once(after, _AFTER_SETTERS)
    return f"{before}{_NO_SETTER}{_AFTER_SETTERS}{after}"


def _write_call(result: Mapping[str, Any]) -> str:
    size = f", {result['size']}" if result["layout"] == "array" else ""
    return (
        f'dualframe::write_{result["layout"]}(results_dir, "{result["file"]}", '
        f"{result['cpp_name']}{size});"
    )


def _namespace_lines(lines: list[str]) -> list[str]:
    return ["namespace brian {", *lines, "}"] if lines else []


def _function_lines(signature: str, lines: list[str]) -> list[str]:
    body = ["using namespace brian;", *lines]
    return [signature, "{", *(f"    {line}" for line in body), "}"]
