"""``network.cpp``, whose loop over time steps is that of every program, without what slows it."""

from __future__ import annotations

import re

from dualframe.targets.cpp.external_values import HEADER

# what Brian2 writes at the end of every step, where no time is set at which a run has to end
_TIME_OF_STEP = re.compile(
    r"\n *current = std::clock\(\);\n *elapsed_realtime = [^;\n]*;(?=\s*}\n)"
)
_TIME_OF_RUN = "    _last_run_time = elapsed_realtime;"


def take_time_at_end(source: str) -> str:
    """Ask the system once how long a run took, not in every step, where it takes half a µs.

    Parameters
    ----------
    source
        ``network.cpp`` of Brian2; another one stays as it is.
    """
    took = _TIME_OF_STEP.search(source)
    if took is None or source.count(_TIME_OF_RUN) != 1:
        return source
    rest = source.replace(took[0], "")
    return rest.replace(_TIME_OF_RUN, f"{took[0]}\n{_TIME_OF_RUN}")


def end_at_interrupt(source: str) -> str:
    """Let an interrupt end the run with its results written, as Brian2 does from 2.6 on.

    Parameters
    ----------
    source
        ``network.cpp`` of an earlier Brian2.
    """
    loop, end = "clock->running())", "if(!did_break_early) t = t_end;"
    stop = "if(dualframe::stopped() && clock) { did_break_early = true; t = clock->t[0]; }"
    stoppable = source.replace(loop, "clock->running() && !dualframe::stopped())")
    return f'#include "{HEADER}"\n' + stoppable.replace(end, f"{stop}\n    {end}")
