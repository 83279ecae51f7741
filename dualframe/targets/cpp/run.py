"""C++ standalone: one program for the whole network, compiled once per structure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import seed as seed_brian
from brian2.units import second

from dualframe.core.brian_lock import BRIAN_LOCK
from dualframe.core.own_garbage import collects_own_garbage
from dualframe.core.temporary_folders import temporary_folder
from dualframe.targets.brian.brian_objects import BrianObjects, make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RawResults, RunOptions, collect_results
from dualframe.targets.cpp import known_programs as plans
from dualframe.targets.cpp.build import BuiltProgram, compile_project
from dualframe.targets.cpp.execute_programs import execute_programs
from dualframe.targets.cpp.exported_results import SHOWN_PROGRESS, closing_code, plain_files
from dualframe.targets.cpp.join_blocks import join_results
from dualframe.targets.cpp.literal_free_device import LiteralFreeDevice
from dualframe.targets.cpp.result_files import files_read_back
from dualframe.targets.cpp.single_precision import refuse_single_precision
from dualframe.targets.lowering.agent_blocks import AgentBlock, split_agents
from dualframe.targets.lowering.final_weights import weight_expression
from dualframe.targets.lowering.lowered_network import LoweredNetwork

# printed by a timer signal: Brian2's own report asks the clock for every object of every step. The
# timer counts processor time, so that a program that waits for its turn does not use it up.
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
        char line[256];
        int length = 0;
        %s
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
        static const bool takes_turns = std::getenv("DUALFRAME_TURNS") != nullptr;
        char turn;
        while (takes_turns && read(0, &turn, 1) < 0 && errno == EINTR) {}
        if (parent && getppid() != std::atoi(parent)) _exit(1);
    };
    action.sa_flags = SA_RESTART;
    sigaction(SIGPROF, &action, 0);
    struct itimerval every = {{0, 500000}, {0, 500000}};
    setitimer(ITIMER_PROF, &every, 0);
}
"""
_FOR_US = """static const bool with_progress = std::getenv("DUALFRAME_PROGRESS") != nullptr;
        if (with_progress) length = snprintf(line, 256, "progress %.9g\\n", now);"""
_HEADERS = [
    *("<cerrno>", "<csignal>", "<cstdint>", "<cstdio>", "<cstdlib>", "<cstring>"),
    *("<sys/time.h>", "<unistd.h>"),
]
_FIRST_STEPS = 100  # of a program of which more than one will run, to see that its plan holds


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
    blocks = split_agents(lowered, options.threads)
    together = _run_blocks(blocks, lowered, options) if blocks else None
    return _run_as_whole(lowered, options) if together is None else together


def _run_as_whole(lowered: LoweredNetwork, options: RunOptions) -> RawResults:
    key = plans.structure_key(lowered, options)
    with temporary_folder() as folder:
        started = time.perf_counter()
        ready = _prepare_known_program(key, lowered, folder)
        if ready is None:
            with BRIAN_LOCK:  # while we waited for it, another thread may have built the program
                ready = _prepare_known_program(key, lowered, folder / "built_meanwhile")
                if ready is None:
                    return _generate_and_run(lowered, options, folder / "generated", key)
        plan, build = ready
        built = time.perf_counter()
        outcome = _run_one(build, lowered, options)
        raw = plan.collect_results(lowered, build.executable.parent)
        return _finish_results(raw, lowered, build, outcome, (started, built), options)


def _run_blocks(
    blocks: Sequence[AgentBlock], lowered: LoweredNetwork, options: RunOptions
) -> RawResults | None:
    """Run agents in blocks, of which as many at a time as there may be threads.

    None if the program of a block needs code for other data.
    """
    alone = replace(options, threads=1)
    with temporary_folder() as folder:
        started = time.perf_counter()
        ready = []
        for k, block in enumerate(blocks):
            known = _prepare_block(block.lowered, alone, folder / f"block{k}")
            if known is None:
                return None
            ready.append(known)
        built = time.perf_counter()
        programs = [build.executable for _, build in ready]
        fractions, unstable = execute_programs(
            programs, blocks[0].lowered, options, cores=options.threads
        )
        raws = [
            plan.collect_results(block.lowered, program.parent)
            for block, (plan, _), program in zip(blocks, ready, programs, strict=True)
        ]
        for raw, fraction in zip(raws, fractions, strict=True):
            raw.simulated_s = fraction * lowered.duration
        joined = join_results(lowered, list(zip(blocks, raws, strict=True)))
        outcome = (joined.simulated_s / lowered.duration, unstable)
        _finish_results(joined, lowered, ready[0][1], outcome, (started, built), options)
        joined.facts["blocks_of_agents"] = len(blocks)
        return joined


def _prepare_block(
    lowered: LoweredNetwork, options: RunOptions, project: Path
) -> tuple[plans.KnownProgram, BuiltProgram] | None:
    """Prepare the program of a block; one that is not known runs a few steps first."""
    key = plans.structure_key(lowered, options)
    known = _prepare_known_program(key, lowered, project)
    if known is not None:
        return known
    short = replace(lowered, duration=min(lowered.duration, _FIRST_STEPS * lowered.dt))
    silent = replace(options, progress=None, notify=lambda text: None)
    first = _run_as_whole(short, silent)
    if first.simulated_s < short.duration:
        raise KeyboardInterrupt
    known = _prepare_known_program(key, lowered, project.with_name(f"{project.name}_built"))
    if known is None:
        return None
    plan, build = known
    return plan, replace(build, cache="miss" if first.build_cache == "miss" else "hit")


def _prepare_known_program(
    key: str, lowered: LoweredNetwork, project: Path
) -> tuple[plans.KnownProgram, BuiltProgram] | None:
    plan = plans.load_program(key)
    build = plan.prepare_project(lowered, project) if plan is not None else None
    return (plan, build) if plan is not None and build is not None else None


@collects_own_garbage
def _generate_and_run(
    lowered: LoweredNetwork, options: RunOptions, project: Path, key: str
) -> RawResults:
    started = time.perf_counter()
    with cpp_session(project, options) as device:
        assembled = generate_project(lowered, device, project)
        build = compile_project(project, threads=options.threads, strict=options.strict)
        built = time.perf_counter()
        outcome = _run_one(build, lowered, options)
        device.has_been_run = True
        raw = collect_results(assembled, lowered)
        plans.store_program(key, lowered, assembled, device, build, raw)
        return _finish_results(raw, lowered, build, outcome, (started, built), options)


def _run_one(
    build: BuiltProgram, lowered: LoweredNetwork, options: RunOptions
) -> tuple[float, set[str]]:
    fractions, unstable = execute_programs([build.executable], lowered, options)
    return fractions[0], unstable


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
        of who reads them, tells the user how far it is, and names its results plainly.
    """
    seed_brian(lowered.seed % 2**32)
    device.replicas, device.first_replica = lowered.replicas, lowered.first_replica
    assembled = make_brian_objects(lowered)
    watched = _watched_arrays(assembled, lowered, device)
    told = SHOWN_PROGRESS if exported else _FOR_US
    device.insert_code("after_start", _PROGRESS % (watched, told))
    assembled.network.run(lowered.duration * second, namespace={})
    for synapses in lowered.synapses if exported else ():
        if synapses.due and len(synapses.i):
            assembled.synapses(synapses.name).w = weight_expression(synapses.due)
    read_back = files_read_back(assembled, lowered, device, exported=exported)
    if exported:
        device.plain_files = plain_files(read_back)
        for slot, code in closing_code(assembled, device).items():
            device.insert_code(slot, code)
    device.read_back = frozenset(device.plain_files) or read_back.names
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
