"""C++ standalone: one program for the whole network, compiled once per structure."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import seed as seed_brian
from brian2.units import second

from dualframe.core.brian_lock import BRIAN_LOCK
from dualframe.core.errors import BuildError
from dualframe.core.temporary_folders import temporary_folder
from dualframe.targets.brian.brian_objects import BrianObjects, make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RawResults, RunOptions, collect_results
from dualframe.targets.cpp import known_programs as plans
from dualframe.targets.cpp.build import BuiltProgram, compile_project
from dualframe.targets.cpp.literal_free_device import LiteralFreeDevice
from dualframe.targets.cpp.result_files import files_read_back
from dualframe.targets.cpp.single_precision import refuse_single_precision
from dualframe.targets.lowering.final_weights import weight_expression
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.unstable_states import UnstableState, instability_text

# printed by a timer signal: Brian2's own report asks the clock for every object of every step.
# A value that is not finite at two signals running is no intermediate one. Its bits are looked at,
# because fast-math takes every number for finite.
_PROGRESS = """
{
    struct sigaction action = {};
    action.sa_handler = [](int) {
        struct Watched { const char* name; const void* values; int n; size_t size; };
        const Watched watched[] = {%s{"", 0, 0, 0}};
        static int seen[sizeof(watched)/sizeof(Watched)];
        static const char* parent = std::getenv("DUALFRAME_PARENT");
        if (parent && getppid() != std::atoi(parent)) _exit(1);  // nobody waits for the results
        const double now = brian::_array_defaultclock_t[0];
        static const bool with_progress = std::getenv("DUALFRAME_PROGRESS") != nullptr;
        char line[256];
        int length = with_progress ? snprintf(line, 256, "progress %%.9g\\n", now) : 0;
        if (write(2, line, length) < 0) return;
        for (int k = 0; watched[k].n; k++) {
            bool finite = true;
            for (int i = 0; i < watched[k].n && finite; i++) {
                const size_t size = watched[k].size;
                const uint64_t exponent = size == 4 ? 0x7f800000ULL : 0x7ff0000000000000ULL;
                uint32_t word = 0;
                uint64_t bits = 0;
                const char* value = (const char*)watched[k].values + i*size;
                if (size == 4) { std::memcpy(&word, value, 4); bits = word; }
                else std::memcpy(&bits, value, 8);
                finite = (bits & exponent) != exponent;
            }
            if (finite) { seen[k] = 0; continue; }
            if (++seen[k] != 2) continue;
            length = snprintf(line, 256, "not finite: %%.100s %%.9g\\n", watched[k].name, now);
            if (write(2, line, length) < 0) return;
        }
    };
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, 0);
    struct itimerval every = {{0, 500000}, {0, 500000}};
    setitimer(ITIMER_REAL, &every, 0);
}
"""
_NOT_FINITE = "not finite: "
_HEADERS = [
    *("<csignal>", "<cstdint>", "<cstdio>", "<cstdlib>", "<cstring>"),
    *("<sys/time.h>", "<unistd.h>"),
]


def run(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    """Run the program of a lowered network; generate and compile it only if it is not known.

    Parameters
    ----------
    lowered
        The lowered network.
    options
        How to run it.

    Raises
    ------
    TargetError
        If there is no C++ compiler, or single precision would not do for the network.
    BuildError
        If the program does not compile or stops with an error.
    """
    if options.precision == "float32":
        refuse_single_precision(lowered)
    key = plans.structure_key(lowered, options)
    with temporary_folder() as folder:
        started = time.perf_counter()
        ready = _prepare_known_program(key, lowered, folder / "project")
        if ready is None:
            with BRIAN_LOCK:  # while we waited for it, another thread may have built the program
                ready = _prepare_known_program(key, lowered, folder / "built_meanwhile")
                if ready is None:
                    return _generate_and_run(lowered, options, folder / "generated", key)
        plan, build = ready
        built = time.perf_counter()
        outcome = _execute_program(build, lowered, options)
        raw = plan.collect_results(lowered, build.executable.parent)
        return _finish_results(raw, lowered, build, outcome, (started, built), options)


def _prepare_known_program(
    key: str, lowered: LoweredNetwork, project: Path
) -> tuple[plans.KnownProgram, BuiltProgram] | None:
    plan = plans.load_program(key)
    build = plan.prepare_project(lowered, project) if plan is not None else None
    return (plan, build) if plan is not None and build is not None else None


def _generate_and_run(
    lowered: LoweredNetwork, options: RunOptions, project: Path, key: str
) -> RawResults:
    started = time.perf_counter()
    with cpp_session(project, options) as device:
        assembled = generate_project(lowered, device, project)
        build = compile_project(project, threads=options.threads, strict=options.strict)
        built = time.perf_counter()
        outcome = _execute_program(build, lowered, options)
        device.has_been_run = True
        raw = collect_results(assembled, lowered)
        plans.store_program(key, lowered, assembled, device, build, raw)
        return _finish_results(raw, lowered, build, outcome, (started, built), options)


def _finish_results(
    raw: RawResults,
    lowered: LoweredNetwork,
    build: BuiltProgram,
    outcome: tuple[float, set[str]],
    times: tuple[float, float],
    options: RunOptions,
) -> RawResults:
    started, built = times
    fraction, raw.unstable = outcome
    raw.simulated_s = fraction * lowered.duration
    raw.build_s, raw.run_s = built - started, time.perf_counter() - built
    raw.build_cache = build.cache
    raw.facts = {"compiler_flags": list(build.flags), "one_unit": build.is_merged}
    raw.facts["precision"] = options.precision
    return raw


def cpp_session(project: Path, options: RunOptions) -> Any:
    """Return a session in which Brian2 generates programs of named numbers into a folder.

    Parameters
    ----------
    project
        Folder of the project.
    options
        How to run it.
    """
    threads = options.threads if options.threads > 1 else 0
    preferences = {
        "devices.cpp_standalone.openmp_threads": threads,
        "codegen.cpp.headers": _HEADERS,
        "codegen.loop_invariant_optimisations": not options.strict,
        "core.default_float_dtype": np.dtype(options.precision).type,
    }
    return brian_session(
        LiteralFreeDevice(), preferences, build_on_run=False, directory=str(project)
    )


def generate_project(
    lowered: LoweredNetwork, device: Any, project: Path, *, exported: bool = False
) -> Any:
    """Write the C++ project of a lowered network into a folder; nothing is compiled.

    Parameters
    ----------
    lowered
        The lowered network.
    device
        The device of a `cpp_session`.
    project
        Folder of the project.
    exported
        Whether the program is for somebody else: it brings weights up to date at its end, instead
        of who reads them, and writes every array, not only those that are read back here.
    """
    seed_brian(lowered.seed % 2**32)
    assembled = make_brian_objects(lowered)
    device.insert_code("after_start", _PROGRESS % _watched_arrays(assembled, lowered, device))
    assembled.network.run(lowered.duration * second, namespace={})
    for synapses in lowered.synapses if exported else ():
        if synapses.due and len(synapses.i):
            assembled.synapses(synapses.name).w = weight_expression(synapses.due)
    if not exported:
        device.read_back = files_read_back(assembled, lowered, device).names
    device.build(directory=str(project), compile=False, run=False, with_output=False)
    return assembled


def _watched_arrays(assembled: BrianObjects, lowered: LoweredNetwork, device: Any) -> str:
    """Return the state variables as C++ records: population and name, array, length."""
    return "".join(
        f'{{"{group.name} {name}", {array}, {group.n}, sizeof(*{array})}}, '
        for group in lowered.groups
        for name in group.state_variables
        for array in [f"brian::{_array_name(device, assembled[group.name], name)}"]
    )


def _array_name(device: Any, neurons: Any, variable: str) -> str:
    return str(device.get_array_name(neurons.variables[variable]))


def _execute_program(
    build: BuiltProgram, lowered: LoweredNetwork, options: RunOptions
) -> tuple[float, set[str]]:
    """Run the program; return the fraction of the time that was simulated, and who is unstable."""
    folder = build.executable.parent
    # threads that spin while they wait take the cores from each other on a busy machine
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ, "LD_BIND_NOW": "1"}
    environment["DUALFRAME_PARENT"] = str(os.getpid())
    if options.progress is not None:
        environment["DUALFRAME_PROGRESS"] = "1"
    process = subprocess.Popen(
        [str(build.executable)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches us first, and we pass it on once
    )
    unstable = set[str]()
    try:
        complaints = _follow_messages(process, lowered, options, unstable)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise BuildError(
            f"the program of network stopped with code {process.returncode}: "
            + (complaints[-1] if complaints else "it gave no reason")
        )
    return _completed_fraction(folder), unstable


def _follow_messages(
    process: subprocess.Popen[str],
    lowered: LoweredNetwork,
    options: RunOptions,
    unstable: set[str],
) -> list[str]:
    """Read the program's messages until it ends.

    An interrupt ends it early, results kept; a second one does not wait for it.
    """
    complaints: list[str] = []
    interrupted = False
    while True:
        try:
            for line in process.stderr or ():
                if line.startswith("progress "):
                    if options.progress is not None:
                        options.progress(min(1.0, float(line.split()[1]) / lowered.duration))
                elif line.startswith(_NOT_FINITE):
                    _notify_of_instability(line, lowered, options, unstable)
                else:
                    complaints.append(line.strip())
            process.communicate()  # waits, and closes the pipe
            return complaints
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            process.send_signal(signal.SIGINT)


def _notify_of_instability(
    line: str, lowered: LoweredNetwork, options: RunOptions, unstable: set[str]
) -> None:
    """Warn of a population whose state is not finite while the program runs."""
    population, variable, seconds = line.removeprefix(_NOT_FINITE).split()
    if population not in unstable:
        unstable.add(population)
        state = UnstableState(population=population, variable=variable)
        options.notify(instability_text(state, f"at {float(seconds):.3g} s", lowered.dt))


def _completed_fraction(folder: Path) -> float:
    info = folder / "results" / "last_run_info.txt"
    return float(info.read_text().split()[1]) if info.exists() else 1.0
