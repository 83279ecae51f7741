"""GPUs, or GeNN's CPU back end, through PyGeNN 5."""

from __future__ import annotations

import time
from contextlib import suppress

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import TargetError
from dualframe.core.temporary_folders import temporary_folder
from dualframe.targets.brian.raw_results import RawResults, RunOptions
from dualframe.targets.genn.requirements import has_gpu
from dualframe.targets.genn5.assemble_model import AssembledModel, assemble_model
from dualframe.targets.genn5.compiled_models import build_model, seeded_library
from dualframe.targets.genn5.network_needs import find_needs
from dualframe.targets.genn5.neuron_code import STOPPED
from dualframe.targets.genn5.read_results import Recorder, collect_results, recording_steps
from dualframe.targets.genn5.requirements import has_cuda_backend, missing_requirements
from dualframe.targets.genn5.visits import Visit, add_visits
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.poisson_counts import count_by_uniform_numbers

_REPORT_EVERY = 0.5


@one_thread_at_a_time
def run(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    """Generate, compile and run a lowered network with PyGeNN.

    An interrupt (Ctrl-C) ends the run early and returns what was simulated until then.

    Parameters
    ----------
    lowered
        The lowered network.
    options
        How to run it.

    Raises
    ------
    TargetError
        If PyGeNN, a compiler or (for a GPU) CUDA is missing.
    BuildError
        If the code does not compile.
    """
    missing = missing_requirements(use_gpu=options.use_gpu)
    if missing:
        raise TargetError(f"target 'genn5' is not usable here: {'; '.join(missing)}")
    can_use_gpu = has_cuda_backend() and has_gpu()
    use_gpu = can_use_gpu if options.use_gpu is None else options.use_gpu
    lowered = count_by_uniform_numbers(lowered)
    started = time.perf_counter()
    with temporary_folder() as folder:
        assembled = assemble_model(
            lowered,
            find_needs(lowered),
            backend="cuda" if use_gpu else "single_threaded_cpu",
            precision=options.precision,
        )
        visits = tuple(add_visits(assembled))
        cached = build_model(assembled.model, folder, strict=options.strict, use_gpu=use_gpu)
        built = time.perf_counter()
        recorder = _load_and_run(assembled, visits, options)
        raw = collect_results(assembled, recorder)
        assembled.model.unload()
    raw.build_s, raw.run_s = built - started, time.perf_counter() - built
    raw.build_cache = cached
    raw.facts = {"use_gpu": use_gpu, "precision": options.precision}
    return raw


def _load_and_run(
    assembled: AssembledModel, visits: tuple[Visit, ...], options: RunOptions
) -> Recorder:
    """Run all steps, and take in what the events of the last one have brought."""
    lowered, phases = assembled.needs.network, assembled.needs.phases
    steps = round(lowered.duration / lowered.dt)
    with seeded_library(lowered.seed % 2**32):
        assembled.model.load(num_recording_timesteps=recording_steps(assembled, steps))
    recorder = Recorder(assembled)
    with suppress(KeyboardInterrupt):  # what was simulated until then is kept
        _run_steps(recorder, visits, options, steps)
    if phases == 1:
        for group in lowered.groups:
            assembled.populations[group.name].set_dynamic_param_value(STOPPED, 1.0)
    recorder.step_model()
    recorder.read_spikes(at_the_end=True)
    return recorder


def _run_steps(
    recorder: Recorder, visits: tuple[Visit, ...], options: RunOptions, steps: int
) -> None:
    reported, model, needs = time.monotonic(), recorder.assembled.model, recorder.assembled.needs
    for step in range(steps):
        for _ in range(needs.phases):
            recorder.step_model()
        recorder.finish_step(step)
        for visit in visits:
            if visit.is_due(step):
                visit.make(model, step * needs.network.dt)
        if step % 100 == 0 and time.monotonic() - reported > _REPORT_EVERY:
            reported = time.monotonic()
            if options.progress is not None:
                options.progress((step + 1) / steps)
