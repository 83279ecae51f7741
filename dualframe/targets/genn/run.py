"""GPUs, or GeNN's CPU back end, through Brian2GeNN and GeNN 4.9."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from importlib.resources import as_file, files
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import BrianLogger
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.units import second

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import BuildError, TargetError
from dualframe.core.own_garbage import collects_own_garbage
from dualframe.core.temporary_folders import temporary_folder
from dualframe.network import variables
from dualframe.plasticity.reversals import REVERSAL
from dualframe.targets.brian.brian_objects import make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RawResults, RunOptions, collect_results
from dualframe.targets.genn.build_log import find_cause, output_into
from dualframe.targets.genn.compiled_networks import reuse_compilations
from dualframe.targets.genn.order_of_resets import deliver_before_resets
from dualframe.targets.genn.requirements import (
    cuda_path,
    cuda_version,
    has_gpu,
    missing_requirements,
)
from dualframe.targets.genn.unsupported_features import refuse_draws
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses
from dualframe.targets.lowering.poisson_counts import count_by_uniform_numbers


@one_thread_at_a_time
@collects_own_garbage
def run(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    """Generate, compile and run a lowered network with Brian2GeNN.

    Parameters
    ----------
    lowered
        The lowered network.
    options
        How to run it.

    Raises
    ------
    TargetError
        If Brian2GeNN, GeNN or (for a GPU) CUDA is missing, or Poisson counts are too large.
    BuildError
        If the program does not compile or stops with an error.
    """
    missing = missing_requirements(use_gpu=options.use_gpu)
    if missing:
        raise TargetError(f"target 'genn' is not usable here: {'; '.join(missing)}")
    lowered = count_by_uniform_numbers(lowered)
    refuse_draws(lowered)
    use_gpu = has_gpu() if options.use_gpu is None else options.use_gpu
    import brian2genn  # noqa: F401  (registers the device)

    # it announces the preferences that it changes; the session gives them back
    BrianLogger.suppress_hierarchy("brian2.devices.genn", filter_log_file=False)
    with (
        temporary_folder() as folder,
        _compiler_environment(use_gpu),
        _exact_clip(),
        _postsynaptic_reads(),
        reuse_compilations() as compilation,
        _genn_session(folder, options, use_gpu) as device,
    ):
        started = time.perf_counter()
        counted = _count_reversals(lowered)
        lowered = _for_genn(counted)
        assembled = make_brian_objects(lowered, thin=False)
        _build_and_run(assembled.network, lowered, Path(folder) / "build.log")
        total = time.perf_counter() - started
        raw = collect_results(assembled, lowered)
        raw.warnings += _missed_reversals(counted, assembled)
        raw.run_s = float(device._last_run_time or 0.0)
        raw.build_s = total - raw.run_s
        raw.build_cache = compilation.build_cache
        raw.facts = {"use_gpu": use_gpu, "precision": options.precision}
        return _thin_traces(raw, lowered)


def _genn_session(folder: Path, options: RunOptions, use_gpu: bool) -> Any:
    preferences: dict[str, Any] = {"devices.genn.path": os.environ["GENN_PATH"]}
    if options.precision == "float32":
        preferences["core.default_float_dtype"] = np.float32
    if use_gpu:
        preferences["devices.genn.cuda_backend.cuda_path"] = str(cuda_path())
    if options.strict:
        preferences["codegen.cpp.extra_compile_args_gcc"] = ["-O3", "-w", "-ffp-contract=off"]
        preferences["devices.genn.cuda_backend.extra_compile_args_nvcc"] = ["-fmad=false"]
    return brian_session(
        "genn",
        preferences,
        directory=str(folder / "project"),
        use_GPU=use_gpu,
        with_output=False,
    )


@contextmanager
def _compiler_environment(use_gpu: bool) -> Iterator[None]:
    """Compiler flags that GeNN 4.9 needs, for the time of a build."""
    version = cuda_version() if use_gpu else None
    if version is None or version < (13, 0):
        yield
        return
    # CUDA 13 changed the signature of cuCtxCreate: the header maps it to the former one
    with as_file(files("dualframe.targets.genn") / "cuda13_compat.h") as header:
        before = os.environ.get("CXXFLAGS")
        os.environ["CXXFLAGS"] = f"{before or ''} {cuda13_flags(header, cuda_path())}".strip()
        try:
            yield
        finally:
            if before is None:
                del os.environ["CXXFLAGS"]
            else:
                os.environ["CXXFLAGS"] = before


def cuda13_flags(header: Path, toolkit: Path | None) -> str:
    """Return the flags with which code for the host includes a header that needs the toolkit's.

    Parameters
    ----------
    header
        The header that is included first.
    toolkit
        Folder of the CUDA toolkit.
    """
    include = "" if toolkit is None else f"-I{shlex.quote(str(toolkit / 'include'))} "
    return f"{include}-include {shlex.quote(str(header))}"


def _for_genn(lowered: LoweredNetwork) -> LoweredNetwork:
    """Return the same network without visits to synapses and subtractions, resets in order."""
    lowered = lowered.without_visits
    added = tuple(map(_with_additions, lowered.synapses))
    return deliver_before_resets(replace(lowered, synapses=added))


def _count_reversals(lowered: LoweredNetwork) -> LoweredNetwork:
    """Let neurons count when their synapses turn around: nobody visits them here."""
    variables_of: dict[str, set[str]] = {}
    for synapses in lowered.synapses:
        names = {name for _, name in synapses.visits_when if name.startswith(REVERSAL)}
        variables_of.setdefault(synapses.target, set()).update(names)
    return replace(
        lowered,
        groups=tuple(
            replace(
                group,
                equations="\n".join(
                    [
                        group.equations,
                        *(
                            f"d{_count_of(name)}/dt = {name}/dt : 1"
                            for name in sorted(variables_of.get(group.name, ()))
                        ),
                    ]
                ),
            )
            for group in lowered.groups
        ),
    )


def _count_of(variable: str) -> str:
    return f"count_of_{variable}"


def _missed_reversals(lowered: LoweredNetwork, assembled: Any) -> list[str]:
    """Return what may be wrong of weights that have met a bound, for each projection."""
    texts = {}
    for synapses in lowered.synapses:
        for _, name in synapses.visits_when:
            if not name.startswith(REVERSAL) or not len(synapses.i):
                continue
            count = assembled[synapses.target].variables[_count_of(name)].get_value()
            if neurons := int(np.count_nonzero(count)):
                texts[synapses.projection] = (
                    f"projection {synapses.projection!r}: what moves its weights turned around in "
                    f"{neurons} neurons of {synapses.target!r}, and on GeNN bounds act at spikes "
                    f"only: a weight that met its bound in between may be off. Exact: "
                    f"target='cpp_standalone', or bounds that no weight meets."
                )
    return list(texts.values())


def _with_additions(synapses: LoweredSynapses) -> LoweredSynapses:
    """Write ``x -= y`` onto neurons as ``x += -(y)``, which GeNN takes; no bit differs."""
    own = variables(synapses.equations)

    def addition(match: re.Match[str]) -> str:
        bare = match["name"].removesuffix("_post")
        return match[0] if bare in own else f"{match['name']} += -({match['what']})"

    if not synapses.on_pre:
        return synapses
    return replace(synapses, on_pre=_SUBTRACTION.sub(addition, synapses.on_pre))


_SUBTRACTION = re.compile(r"\b(?P<name>\w+)\s*-=\s*(?P<what>[^;\n]+)")

_CLIP = """
SUPPORT_CODE_FUNC double _clip(const double value, const double a_min, const double a_max)
{
    return value < a_min ? a_min : (value > a_max ? a_max : value);
}
"""


@contextmanager
def _exact_clip() -> Iterator[None]:
    """Give ``clip`` the precision of its argument: that of Brian2GeNN 1.7 rounds to float32."""
    from brian2genn.genn_generator import GeNNCodeGenerator

    implementations = DEFAULT_FUNCTIONS["clip"].implementations
    before = implementations._implementations[GeNNCodeGenerator]
    implementations.add_implementation(GeNNCodeGenerator, code=_CLIP, name="_clip")
    try:
        yield
    finally:
        implementations._implementations[GeNNCodeGenerator] = before


@contextmanager
def _postsynaptic_reads() -> Iterator[None]:
    """Let ``on_post`` read the postsynaptic neuron: GeNN 4.9 can, Brian2GeNN 1.7 refuses it."""
    from brian2genn.device import GeNNDevice

    before = GeNNDevice.collect_synapses_variables

    def collect_variables(self: Any, model: Any, pathway: str, codeobj: Any) -> None:
        # the pathway's name serves that refusal only
        before(self, model, "dynamics" if pathway == "post" else pathway, codeobj)

    GeNNDevice.collect_synapses_variables = collect_variables
    try:
        yield
    finally:
        GeNNDevice.collect_synapses_variables = before


def _build_and_run(network: Any, lowered: LoweredNetwork, log: Path) -> None:
    try:
        # Brian2GeNN prints the stages of its build, and compilers what they do not like
        with output_into(log), redirect_stdout(StringIO()):
            network.run(lowered.duration * second, namespace={})
    except RuntimeError as error:
        cause = find_cause(log.read_text(encoding="utf-8", errors="replace"))
        raise BuildError(f"GeNN could not build or run the network: {cause}") from error


def _thin_traces(raw: RawResults, lowered: LoweredNetwork) -> RawResults:
    """Sample traces as coarsely as was asked for: GeNN records every step."""
    for name, trace in raw.traces.items():
        every = lowered.recordings[name].every
        if every is not None:
            stride = max(1, round(float(np.asarray(every)) / lowered.dt))
            trace.times = trace.times[::stride]
            trace.values = {key: value[:, ::stride] for key, value in trace.values.items()}
    return raw
