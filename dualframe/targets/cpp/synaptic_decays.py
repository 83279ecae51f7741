"""Decays of synapses since their last event, computed for blocks of the synapses of a spike.

Traces of plasticity decay by ``exp(-(t - lastupdate)/tau)`` before a spike changes them. Brian2's
loop calls ``exp`` synapse by synapse, between statements that a compiler cannot vectorise. An
exponential of the last event, and of what all synapses share, depends on nothing that the loop has
changed before: here a loop of its own computes it for a block of synapses, and is vectorised.
"""

from __future__ import annotations

import re

from dualframe.targets.cpp.synaptic_pathways import LOOP_OVER_RUNS

_BLOCK = 64  # synapses
_LANES = 8  # doubles of the longest vector; a block is filled up to whole vectors
_LAST_EVENT = "lastupdate"
_LOADED = re.compile(rf"\bdouble {_LAST_EVENT} = (?P<array>\w+)\[_idx\];")
_CHANGED = re.compile(rf"(?m)^ *{_LAST_EVENT} = ")
_DECLARED = re.compile(r"(?m)^ *(?:const )?\w+ (\w+) = ")
_NAME = re.compile(r"\b[A-Za-z_]\w*")
_CALL = re.compile(r"\b_exp\(")
_LOOP_OVER_BLOCKS = f"""for(size_t _run=0; _run<_due.size(); _run++)
        for(int32_t _first=_due[_run].first; _first<_due[_run].last; _first+={_BLOCK})
        {{
        const int32_t _end = std::min<int32_t>(_first + {_BLOCK}, _due[_run].last);
        const int32_t _filled = (_end - _first + {_LANES - 1}) / {_LANES} * {_LANES};
        for(int32_t _place=_first; _place<_end; _place++)
            _last_events[_place - _first] = ARRAY[_order ? _order[_place] : _place];
        for(int32_t _k=_end - _first; _k<_filled; _k++) _last_events[_k] = _last_events[0];
        for(int32_t _k=0; _k<_filled; _k++)
        {{
            const double {_LAST_EVENT} = _last_events[_k];
            DECAYS
        }}
        for(int32_t _place=_first; _place<_end; _place++)
        {{
            const size_t _idx = _order ? _order[_place] : _place;"""


def decays_in_blocks(source: str) -> str:
    """Return the source of a code object whose exponentials of last events have their own loop.

    Code that has none, or that is no loop over runs of synapses, stays as it is.

    Parameters
    ----------
    source
        What `dualframe.targets.cpp.synaptic_pathways.loop_over_runs` gives.
    """
    before, loop, rest = source.partition(LOOP_OVER_RUNS)
    changed = _CHANGED.search(rest)
    loaded = _LOADED.search(rest, 0, changed.start()) if changed else None
    if not loop or changed is None or loaded is None:
        return source
    statements, unchanged = rest[: changed.start()], rest[changed.start() :]
    arguments = _arguments_of_last_events(statements)
    if not arguments:
        return source
    names = [f"_decay_{k}" for k in range(len(arguments))]
    for name, argument in zip(names, arguments, strict=True):
        statements = statements.replace(f"_exp({argument})", f"{name}[_place - _first]")
    decays = [f"{name}[_k] = _exp({a});" for name, a in zip(names, arguments, strict=True)]
    buffers = ", ".join(f"{name}[{_BLOCK}]" for name in ["_last_events", *names])
    blocks = _LOOP_OVER_BLOCKS.replace("ARRAY", loaded["array"])
    blocks = blocks.replace("DECAYS", "\n            ".join(decays))
    return f"{before}double {buffers};\n        {blocks}{_closed_once_more(statements + unchanged)}"


def _arguments_of_last_events(statements: str) -> list[str]:
    """Return the arguments of ``exp`` in which the last event is all that synapses do not share."""
    of_one_synapse = set(_DECLARED.findall(statements)) - {_LAST_EVENT}
    arguments: dict[str, None] = {}
    for call in _CALL.finditer(statements):
        argument = statements[call.end() : _end_of(statements, call.end(), "()")]
        names = set(_NAME.findall(argument))
        if _LAST_EVENT in names and not names & of_one_synapse:
            arguments[argument] = None
    return list(arguments)


def _closed_once_more(loop: str) -> str:
    """Return the rest of a loop with the end of another around it."""
    end = _end_of(loop, 0, "{}") + 1
    return f"{loop[:end]}\n        }}{loop[end:]}"


def _end_of(code: str, start: int, brackets: str) -> int:
    """Return where the bracket closes that has been opened before a place."""
    depth = 1
    for place in range(start, len(code)):
        depth += {brackets[0]: 1, brackets[1]: -1}.get(code[place], 0)
        if depth == 0:
            return place
    return len(code)
