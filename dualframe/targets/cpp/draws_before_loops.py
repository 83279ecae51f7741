"""Random numbers that a loop over neurons reads, drawn for all of them before it.

A draw changes the state of a stream, so that a compiler executes a loop with draws neuron by
neuron. Drawn before it, the numbers come from vectors (`random_streams.h`), and the loop is one
over arrays, which `vectorisable_updates` and `vectorisable_thresholds` prepare. Each replica's
numbers come from its own stream, draw by draw and neuron by neuron, so that they do not depend on
the other replicas.

A draw behind a condition is made for all neurons. A Poisson count whose mean differs between
neurons is drawn in the loop, and so are all numbers of a program for several threads.
"""

from __future__ import annotations

import re

_LOOP = re.compile(r"\n *for\((?:int _idx=0; _idx<_N|size_t _idx=0; _idx<N); _idx\+\+\)")
_DRAW = re.compile(
    r"\b_(?P<function>rand|randn|poisson)\((?:(?P<mean>_lio_\d+), )?_vectorisation_idx\)"
)


def draw_before_loop(source: str) -> str:
    """Return the source of a code object that draws before its loop over all neurons.

    Parameters
    ----------
    source
        What Brian2's template gives for one thread; another one stays as it is.
    """
    loops = list(_LOOP.finditer(source))
    if len(loops) != 1:
        return source
    before, loop = source[: loops[0].start()], source[loops[0].start() :]
    neurons = "_N" if "_idx<_N" in loops[0][0] else "N"
    draws: list[str] = []

    def number_drawn(draw: re.Match[str]) -> str:
        numbers = f"_numbers_{len(draws)}"
        mean = f"{draw['mean']}, " if draw["mean"] else ""
        draws.append(
            f"\n    static dualframe::NumbersOfNeurons {numbers};"
            f"\n    const double* const _drawn_{len(draws)} ="
            f" _{draw['function']}_of_all({mean}{numbers}, {neurons});"
        )
        return f"_drawn_{len(draws) - 1}[_idx]"

    loop = _DRAW.sub(number_drawn, loop)
    return f"{before}{''.join(draws)}{loop}"
