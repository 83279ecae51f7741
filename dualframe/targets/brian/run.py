"""The Brian2 runtime: no compiler needed, and the reference for the other targets."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
from brian2 import seed as seed_brian
from brian2.units import second

from dualframe.core.own_garbage import collects_own_garbage
from dualframe.targets.brian.brian_objects import BrianObjects, make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import (
    RawResults,
    RunOptions,
    collect_results,
    read_states,
)
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.unstable_states import (
    environments_among,
    find_unstable_state,
    instability_text,
)

_REPORT_EVERY = 0.5


@collects_own_garbage
def run(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    """Run a lowered network with Brian2's NumPy code generation.

    An interrupt (Ctrl-C) ends the run early and returns what was simulated until then.

    Parameters
    ----------
    lowered
        The lowered network.
    options
        How to run it.
    """
    # hoisting constant factors reorders products: bit for bit, targets agree without it only
    preferences = {
        "codegen.target": "numpy",
        "codegen.loop_invariant_optimisations": not options.strict,
    }
    with brian_session("runtime", preferences):
        seed_brian(lowered.seed % 2**32)
        started = time.perf_counter()
        assembled = make_brian_objects(lowered)
        network = assembled.network
        built = time.perf_counter()
        unstable = set[str]()
        with suppress(KeyboardInterrupt):  # what was simulated until then is kept
            network.run(
                lowered.duration * second,
                report=_reporter(assembled, lowered, options, unstable),
                report_period=_REPORT_EVERY * second,
                namespace={},
            )
        raw = collect_results(assembled, lowered)
        raw.unstable = unstable
        raw.simulated_s = np.asarray(network.t_).item()  # a view of the clock if interrupted
        raw.build_s, raw.run_s = built - started, time.perf_counter() - built
        return raw


def _reporter(
    assembled: BrianObjects, lowered: LoweredNetwork, options: RunOptions, unstable: set[str]
) -> Any:
    """Return what is called every half second of computing: it looks at the state, and says it."""

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        if options.progress is not None:
            options.progress(float(completed))
        if not 0 < completed < 1:
            return
        states = read_states(assembled, lowered)
        found = [find_unstable_state(group, states[group.name]) for group in lowered.groups]
        new = [s for s in found if s is not None and s.population not in unstable]
        unstable.update(state.population for state in new)
        environments = environments_among(lowered.groups, unstable)
        when = f"at {completed * lowered.duration:.3g} s"
        for state in new:
            options.notify(instability_text(state, when, lowered.dt, environments))

    return report
