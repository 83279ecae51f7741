"""How far four networks are from what the machine could do: bytes and operations, counted.

    python benchmarks/ceiling.py               # writes results/ceiling.*

``machine_limits.cpp`` measures bandwidths, exp, arithmetic and random adding on one core. From the
equations of the lowered network follows what a neuron needs in a step (state variables are read
and written, constants of each neuron are read; operations and calls of exp, each distinct term
once), and from the statements what an event needs at a synapse. The bound of a step is the larger
of the time for its bytes and that for its operations, of an event the larger of the time for its
bytes and that of its random accesses. Measured is the CPU time of the program: without projections
for the step, the rest of the whole network's over its events.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspike_network
import numpy as np
import three_factor
from brian2 import Equations, ms, second
from measure import RESULTS, cost, save

import dualframe as df
from dualframe.targets.cpp.compiler import find_compiler
from dualframe.targets.lowering.lower_network import lower_network

SOURCE = Path(__file__).with_name("machine_limits.cpp")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-std=c++17")
CACHES = {"L1": 32e3, "L2": 1e6, "L3": 32e6, "memory": np.inf}  # bytes that each holds
DRAWS = frozenset({"rand", "poisson"})
LONG, SHORT = 4, 1  # durations whose difference has no start and no files


@dataclass(frozen=True)
class Flagship:
    """A network, its time step (ms), and how long it is run (s)."""

    network: df.Network
    dt: float
    duration: float


def flagships(size: float) -> Iterator[tuple[str, Flagship]]:
    """Yield the four networks; ``size`` scales them."""
    cells = round(1000 * size)
    drawn = dspike_network.draw(cells, 2.0 * second, seed=1)
    yield f"{cells} dSpike cells", Flagship(dspike_network.ours(drawn), 0.1, 0.5)
    l23 = df.biological.build(df.circuit("l23").scaled(0.05 * size))
    yield "layer 2/3 with dendrites", Flagship(l23, 0.1, 0.25)
    column = df.task_driven.build(df.circuit("pd14").scaled(0.05 * size))
    yield "Potjans and Diesmann", Flagship(column, 0.1, 0.1)
    drawn = three_factor.draw(round(100_000 * size), 10.0)
    yield "DA-STDP", Flagship(three_factor.network(drawn, "event", 13.0), 1.0, 2.5)


def limits(folder: Path) -> dict[str, float]:
    """Compile and run the measurement of the machine."""
    program = folder / "machine_limits"
    compiler = find_compiler().command
    subprocess.run([*compiler, *FLAGS, str(SOURCE), "-o", str(program)], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in map(str.split, lines.splitlines())}


# --- counting -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """Operations, calls of exp, and random numbers."""

    operations: int = 0
    exps: int = 0
    draws: int = 0

    def nanoseconds(self, machine: dict[str, float]) -> float:
        """Return the least time; a random number counts as ten operations (xoshiro256+)."""
        operations = self.operations + 10 * self.draws
        return operations * machine["operation_ns"] + self.exps * machine["exp_vector_ns"]


def count_terms(expressions: Sequence[str]) -> Count:
    """Count in expressions what is computed, each distinct term once."""
    operations, exps, draws = set(), set(), set()
    for text in expressions:
        for node in ast.walk(ast.parse(text.strip(), mode="eval")):
            term = ast.unparse(node)
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                (exps if name == "exp" else draws if name in DRAWS else operations).add(term)
            elif isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp)):
                operations.add(term)
    varying = {term for term in exps if not re.fullmatch(r"exp\(-?dt ?/ ?\w+\)", term)}
    return Count(len(operations), len(varying), len(draws))


def step_of_group(group: Any) -> tuple[int, Count]:
    """Return bytes and operations of a neuron in a step."""
    equations = Equations(group.equations)
    written = sum(16 for _ in equations.diff_eq_names)
    n = group.n
    read = sum(8 for value in group.constants.values() if np.size(value) == n > 1)
    refractory = 10 if group.refractory else 0  # lastspike, and whether it may move: both ways
    texts = [str(expression.code) for _, expression in equations.eq_expressions]
    texts += [group.threshold] if group.threshold else []
    return written + read + refractory, count_terms([text for text in texts if text])


def event_of_synapses(synapses: Any) -> tuple[int, int]:
    """Return bytes and random accesses of an event: index, own variables, those of the neuron."""
    statements = " ; ".join(filter(None, (synapses.on_pre, synapses.on_post)))
    equations = Equations(synapses.equations or "")
    own = [name for name in equations.names if "shared" not in equations[name].flags]
    used = [name for name in own if re.search(rf"\b{name}\b", statements)]
    changed = [name for name in used if re.search(rf"\b{name} *[-+*]?= ", statements)]
    raised = re.findall(r"^(\w+) [-+]=", synapses.on_pre or "", re.MULTILINE)
    of_neuron = set(re.findall(r"\b\w+_post\b", statements)) | set(raised) - set(own)
    return 4 + 8 * (len(used) + len(changed)) + 16 * len(of_neuron), len(of_neuron)


# --- measuring ------------------------------------------------------------------------------------


def program_seconds(flagship: Flagship, network: df.Network) -> tuple[float, int]:
    """Return CPU seconds and spikes of the difference of a long and a short run of a program."""
    seconds, spikes = dict.fromkeys((SHORT, LONG), np.inf), {}
    for length in (SHORT, LONG, SHORT, LONG):
        with cost() as spent:
            done = df.run(
                network,
                length * flagship.duration * second,
                dt=flagship.dt * ms,
                seed=1,
                target="cpp_standalone",
                progress=False,
            )
        seconds[length] = min(seconds[length], spent.children)  # the first may compile
        spikes[length] = done.spikes
    return seconds[LONG] - seconds[SHORT], len(spikes[LONG]) - len(spikes[SHORT])


def without_projections(network: df.Network) -> df.Network:
    return df.Network(network.populations, (), (), name=network.name)


def smallest_cache(size: float) -> str:
    """Return the smallest cache that holds a number of bytes."""
    return next(name for name, holds in CACHES.items() if size <= holds)


def row(name: str, flagship: Flagship, machine: dict[str, float]) -> dict[str, Any]:
    """Count, measure, compare."""
    duration = (LONG - SHORT) * flagship.duration
    lowered = lower_network(
        flagship.network, dt=flagship.dt * ms, duration=duration * second, seed=1
    )
    n = sum(group.n for group in lowered.groups)
    steps = [(group.n, *step_of_group(group)) for group in lowered.groups]
    of_state = sum(k * bytes_ for k, bytes_, _ in steps)
    cache = smallest_cache(of_state)
    bandwidth = machine[f"{'L2' if cache == 'L1' else cache}_GBps"]
    bound = sum(
        k * max(bytes_ / bandwidth, count.nanoseconds(machine)) for k, bytes_, count in steps
    )
    synapses = sum(len(s.i) for s in lowered.synapses)
    events = [(len(s.i), *event_of_synapses(s)) for s in lowered.synapses]
    bytes_ = sum(k * b for k, b, _ in events) / synapses
    accesses = sum(k * a for k, _, a in events) / synapses
    add = machine[f"add_{cache}_ns"]
    stream = machine[f"{'memory' if synapses * 12 > CACHES['L3'] else 'L3'}_GBps"]
    event_bound = max(bytes_ / stream, accesses * add)
    alone, _ = program_seconds(flagship, without_projections(flagship.network))
    whole, spikes = program_seconds(flagship, flagship.network)
    step = 1e9 * alone / (n * duration / flagship.dt * 1e3)
    visits = spikes * synapses / n + input_events(flagship, duration)
    event = 1e9 * (whole - alone) / visits
    counted = [sum(k * getattr(c, what) for k, _, c in steps) / n for what in Count.__annotations__]
    return {
        "network": name,
        "neurons": n,
        "bytes per neuron-step": f"{of_state / n:.0f}",
        "operations, exp, random numbers": ", ".join(f"{value:.0f}" for value in counted),
        "state in": cache,
        "bound ns": f"{bound / n:.3g}",
        "measured ns": f"{step:.3g}",
        "distance of a step": f"{step * n / bound:.2g}",
        "events": f"{visits:.3g}",
        "bytes per event": f"{bytes_:.0f}",
        "random accesses": f"{accesses:.2g}",
        "bound of an event ns": f"{event_bound:.3g}",
        "measured of an event ns": f"{event:.3g}",
        "distance of an event": f"{event / event_bound:.2g}",
    }


def input_events(flagship: Flagship, duration: float) -> float:
    """Return the events of spike inputs in the part that is timed."""
    total = 0.0
    for given in flagship.network.inputs:
        if isinstance(given, df.SpikeInput):
            targets = [p for p in flagship.network.projections if p.source == given.name]
            fan_out = sum(len(p.pairs[0]) for p in targets if not isinstance(p.pairs, str))
            rate = len(given.times) / float(np.max(given.times)) if len(given.times) else 0.0
            total += rate * duration * fan_out / given.n
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=1.0, help="of the networks")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        machine = limits(Path(folder))
    table = [row(name, flagship, machine) for name, flagship in flagships(options.size)]
    measured = ", ".join(f"{name} {value:g}" for name, value in machine.items())
    notes = [
        f"Limits of this machine, one core: {measured}.",
        "Bounds: the larger of bytes over bandwidth and operations over their rate; of an event, "
        "of bytes over bandwidth and random accesses. Differences of a long and a short run of the "
        "program; steps of the network without projections, whose cells are at rest.",
    ]
    save("ceiling", "Distance from the machine's limits", table, notes, options.out)


if __name__ == "__main__":
    main()
