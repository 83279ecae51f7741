"""The Brian2 runtime: no compiler needed, and the reference for the other targets."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
from brian2 import seed as seed_brian
from brian2.units import second

from dualframe.targets.brian.brian_objects import make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RawResults, RunOptions, collect_results
from dualframe.targets.lowering.lowered_network import LoweredNetwork

_REPORT_EVERY = 0.5


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
        with suppress(KeyboardInterrupt):  # what was simulated until then is kept
            network.run(
                lowered.duration * second,
                report=_progress_reporter(options),
                report_period=_REPORT_EVERY * second,
                namespace={},
            )
        raw = collect_results(assembled, lowered)
        raw.simulated_s = np.asarray(network.t_).item()  # a view of the clock if interrupted
        raw.build_s, raw.run_s = built - started, time.perf_counter() - built
        return raw


def _progress_reporter(options: RunOptions) -> Any:
    progress = options.progress
    if progress is None:
        return None

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        progress(float(completed))

    return report
