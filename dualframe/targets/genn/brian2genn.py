"""GPUs, or GeNN's CPU back end, through Brian2GeNN and GeNN 4.9."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
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

from dualframe.core.errors import BuildError, TargetError
from dualframe.network import variables
from dualframe.targets.brian.brian_objects import assemble
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RawResults, RunOptions, collect_results
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses

GENN_VERSION = "4.9.0"


def run(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    """Generate, compile and run a lowered network with Brian2GeNN.

    Raises
    ------
    TargetError
        If Brian2GeNN, GeNN or (for a GPU) CUDA is missing.
    BuildError
        If the program does not compile or stops with an error.
    """
    missing = missing_requirements(use_gpu=options.use_gpu)
    if missing:
        raise TargetError(f"target 'genn' is not usable here: {'; '.join(missing)}")
    use_gpu = has_gpu() if options.use_gpu is None else options.use_gpu
    import brian2genn  # noqa: F401  (registers the device)

    # it announces the preferences that it changes; the session gives them back
    BrianLogger.suppress_hierarchy("brian2.devices.genn", filter_log_file=False)
    with (
        tempfile.TemporaryDirectory(prefix="dualframe_genn_") as folder,
        _compiler_environment(use_gpu),
        _exact_clip(),
        _postsynaptic_reads(),
        _genn_session(Path(folder), options, use_gpu) as device,
    ):
        started = time.perf_counter()
        lowered = _for_genn(lowered)
        assembled = assemble(lowered, thin=False)
        _build_and_run(assembled.network, lowered)
        total = time.perf_counter() - started
        raw = collect_results(assembled, lowered)
        raw.run_s = float(device._last_run_time or 0.0)
        raw.build_s = total - raw.run_s
        raw.build_cache = "miss"
        raw.facts = {"use_gpu": use_gpu, "precision": options.precision}
        return _thin_traces(raw, lowered)


def missing_requirements(use_gpu: bool | None = None) -> list[str]:
    """What keeps GeNN from running here, each with its remedy; empty if nothing does."""
    missing = [*_missing_packages(), *_missing_genn()]
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        missing.append("no C++ compiler was found (install g++)")
    if shutil.which("make") is None:
        missing.append("no make was found (install GNU make)")
    if use_gpu:
        if cuda_path() is None:
            missing.append("no CUDA toolkit was found (install it, or set CUDA_PATH)")
        elif not has_gpu():
            missing.append("no CUDA device was found (run with use_gpu=False for GeNN's CPU)")
    return missing


def _missing_packages() -> Iterator[str]:
    extra = "pip install 'dualframe[genn]' in an environment of Python 3.11"
    if importlib.util.find_spec("brian2genn") is None:
        yield f"Brian2GeNN is not installed ({extra})"
        return
    if importlib.util.find_spec("pkg_resources") is None:
        yield "Brian2GeNN needs pkg_resources (pip install 'setuptools<81')"
    if int(np.__version__.split(".")[0]) >= 2:
        yield f"Brian2GeNN does not work with NumPy {np.__version__} ({extra})"


def _missing_genn() -> Iterator[str]:
    path = os.environ.get("GENN_PATH")
    if not path:
        yield f"GENN_PATH is not set (point it to a GeNN {GENN_VERSION} tree)"
    elif not (Path(path) / "bin" / "genn-buildmodel.sh").exists():
        yield f"GENN_PATH is {path!r}, which holds no GeNN {GENN_VERSION} tree"
    elif not (genn_version() or "4.").startswith("4."):
        yield f"GENN_PATH holds GeNN {genn_version()} (point it to a GeNN {GENN_VERSION} tree)"


def genn_version() -> str | None:
    """Version of the GeNN tree that ``GENN_PATH`` names, if it says one."""
    try:
        return (Path(os.environ["GENN_PATH"]) / "version.txt").read_text().strip()
    except (KeyError, OSError):
        return None


def cuda_path() -> Path | None:
    """Folder of the CUDA toolkit, from ``CUDA_PATH`` or the place of ``nvcc``."""
    if given := os.environ.get("CUDA_PATH"):
        return Path(given) if (Path(given) / "bin" / "nvcc").exists() else None
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        return None
    answer = _command_output([nvcc, "--dryrun", "-c", "-x", "cu", os.devnull], stderr=True)
    top = re.search(r"TOP=(\S+)", answer)
    return Path(top[1]).resolve() if top else Path(nvcc).resolve().parent.parent


def cuda_version() -> tuple[int, int] | None:
    """Version of the CUDA compiler."""
    folder = cuda_path()
    if folder is None:
        return None
    found = re.search(
        r"release (\d+)\.(\d+)", _command_output([str(folder / "bin" / "nvcc"), "--version"])
    )
    return (int(found[1]), int(found[2])) if found else None


def has_gpu() -> bool:
    """Whether a CUDA toolkit and at least one device are here."""
    return cuda_path() is not None and bool(gpu_names())


def gpu_names() -> list[str]:
    """Names of the CUDA devices."""
    if shutil.which("nvidia-smi") is None:
        return []
    answer = _command_output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return [line.strip() for line in answer.splitlines() if line.strip()]


def _command_output(command: list[str], stderr: bool = False) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=not stderr)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + (done.stderr if stderr else "")


def _genn_session(folder: Path, options: RunOptions, use_gpu: bool) -> Any:
    preferences: dict[str, Any] = {"devices.genn.path": os.environ["GENN_PATH"]}
    if options.precision == "float32":
        preferences["core.default_float_dtype"] = np.float32
    if use_gpu:
        preferences["devices.genn.cuda_backend.cuda_path"] = str(cuda_path())
    if options.strict:
        preferences["codegen.cpp.extra_compile_args_gcc"] = ["-O3", "-w", "-ffp-contract=off"]
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
        os.environ["CXXFLAGS"] = f"{before or ''} -include {header}".strip()
        try:
            yield
        finally:
            if before is None:
                del os.environ["CXXFLAGS"]
            else:
                os.environ["CXXFLAGS"] = before


def _for_genn(lowered: LoweredNetwork) -> LoweredNetwork:
    """Return the same network without visits to synapses and subtractions."""
    return replace(
        lowered, synapses=tuple(_with_additions(s.without_visits) for s in lowered.synapses)
    )


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


def _build_and_run(network: Any, lowered: LoweredNetwork) -> None:
    try:
        with redirect_stdout(StringIO()):  # Brian2GeNN prints the stages of its build
            network.run(lowered.duration * second, namespace={})
    except RuntimeError as error:
        raise BuildError(f"GeNN could not build or run the network: {error}") from error


def _thin_traces(raw: RawResults, lowered: LoweredNetwork) -> RawResults:
    """Sample traces as coarsely as was asked for: GeNN records every step."""
    for name, trace in raw.traces.items():
        every = lowered.recordings[name].every
        if every is not None:
            stride = max(1, round(float(np.asarray(every)) / lowered.dt))
            trace.times = trace.times[::stride]
            trace.values = {key: value[:, ::stride] for key, value in trace.values.items()}
    return raw
