"""What building a program costs: Brian2's stock C++ build against dualframe's, and second runs.

    python benchmarks/build.py                 # three repetitions; writes results/build.* and
    python benchmarks/build.py --repeats 1     # results/second_run.*

Every build happens in a process of its own with an empty cache, stock and dualframe in turn. Both
start from the same Brian2 objects. Python generates the code in the process itself, the compiler is
a child of it: CPU time tells the two apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import brian2 as b
import closed_loop
from brian2 import ms, second
from measure import RESULTS, cost, save, spread

import dualframe as df
from dualframe.targets.brian.brian_objects import make_brian_objects
from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp import build as building
from dualframe.targets.cpp import run as cpp_standalone
from dualframe.targets.lowering.lower_network import lower_network

NETWORKS = ("closed_loop", "l23_biological", "l23_task_driven")


@dataclass(frozen=True)
class Job:
    """A network with its data: what a second run may change without another program."""

    network: str
    scale: float = 0.05
    duration: float = 1.0
    seed: int = 1
    level: float = 0.2
    weight: float = 0.5
    stimulus: float = 60.0

    @property
    def dt(self) -> Any:
        """Time step."""
        return (1 if self.network == "closed_loop" else 0.1) * ms

    def description(self) -> df.Network:
        """Return the network itself."""
        if self.network == "closed_loop":
            return closed_loop.network(self.weight, self.stimulus)
        circuit = df.circuit("l23").with_modulation("ACh", level=self.level).scaled(self.scale)
        biological = self.network == "l23_biological"
        return df.biological.build(circuit) if biological else df.task_driven.build(circuit)


def build(job: Job, way: str, folder: Path) -> dict[str, float]:
    """Generate and compile a program; return what it cost in seconds."""
    duration = job.duration * second
    lowered = lower_network(job.description(), dt=job.dt, duration=duration, seed=job.seed)
    with cost() as spent:
        (_stock if way == "stock" else _dualframe)(lowered, folder)
    files = len(list((folder / "code_objects").glob("*.cpp")))
    return {
        "code_objects": files,
        "generation_cpu_s": spent.own,
        "compiler_cpu_s": spent.children,
        "wall_s": spent.wall,
    }


def _stock(lowered: Any, folder: Path) -> None:
    with brian_session("cpp_standalone", {}, build_on_run=False, directory=str(folder)) as device:
        b.seed(lowered.seed)
        make_brian_objects(lowered).network.run(lowered.duration * second, namespace={})
        device.build(directory=str(folder), compile=True, run=False, with_output=False)


def _dualframe(lowered: Any, folder: Path) -> None:
    with cpp_standalone.cpp_session(folder, RunOptions()) as device:
        cpp_standalone.generate_project(lowered, device, folder)
        building.compile_project(folder)


def runs(job: Job) -> list[dict[str, Any]]:
    """Run a network, then the same structure with other data; return what each run cost."""
    changes: dict[str, dict[str, Any]] = {
        "first run": {},
        "another seed": {"seed": 2},
        "another duration": {"duration": 2 * job.duration},
        "another level of ACh": {"level": 0.8},
        "other weights and stimulus": {"weight": 0.3, "stimulus": 40.0},
    }
    skipped = "another level of ACh" if job.network == "closed_loop" else list(changes)[-1]
    return [
        _run(Job(**{**vars(job), **change}), name)
        for name, change in changes.items()
        if name != skipped
    ]


def _run(job: Job, name: str) -> dict[str, Any]:
    net = job.description()
    generate = mock.patch.object(
        cpp_standalone, "generate_project", wraps=cpp_standalone.generate_project
    )
    compiler = mock.patch.object(building, "run_compiler", wraps=building.run_compiler)
    with generate as generated, compiler as compiled, cost() as spent:
        results = df.run(
            net,
            job.duration * second,
            target="cpp_standalone",
            seed=job.seed,
            dt=job.dt,
            progress=False,
        )
    facts = results.provenance
    return {
        "run": name,
        "build_cache": facts["build_cache"],
        "code generations": generated.call_count,
        "compilations": compiled.call_count,
        "build_s": facts["build_s"],
        "run_s": facts["run_s"],
        "total_s": spent.wall,
        "total_cpu_s": spent.cpu,
    }


def in_new_process(job: Job, what: str) -> Any:
    """Return what `build` or `runs` returns in a new process with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DUALFRAME_CACHE": f"{folder}/cache"}
        command = [sys.executable, __file__, "--worker", what, json.dumps(vars(job)), folder]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def build_table(jobs: Sequence[Job], repeats: int) -> list[dict[str, Any]]:
    """Return a row per network: CPU seconds of both builds, and their ratio."""
    rows = []
    for job in jobs:
        pairs = [
            (in_new_process(job, "stock"), in_new_process(job, "dualframe")) for _ in range(repeats)
        ]
        row: dict[str, Any] = {"network": job.network, "files": pairs[0][0]["code_objects"]}
        for what in ("compiler_cpu_s", "generation_cpu_s", "wall_s"):
            row[f"stock {what}"] = spread([stock[what] for stock, _ in pairs])
            row[f"dualframe {what}"] = spread([ours[what] for _, ours in pairs])
        row["compiler ratio"] = spread([_ratio(p, "compiler_cpu_s") for p in pairs])
        whole = ("compiler_cpu_s", "generation_cpu_s")
        row["whole build ratio"] = spread([_ratio(p, *whole) for p in pairs])
        rows.append(row)
    return rows


def _ratio(pair: tuple[dict[str, float], dict[str, float]], *what: str) -> float:
    stock, ours = (sum(costs[name] for name in what) for costs in pair)
    return stock / ours


def second_run_table(jobs: Sequence[Job], repeats: int) -> list[dict[str, Any]]:
    """Return a row per network and change of its data."""
    rows = []
    for job in jobs:
        repeated = [in_new_process(job, "runs") for _ in range(repeats)]
        for same in zip(*repeated, strict=True):
            row: dict[str, Any] = {"network": job.network}
            for key, value in same[0].items():
                values = [run[key] for run in same]
                row[key] = spread(values) if isinstance(value, float) else value
            rows.append(row)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--scale", type=float, default=0.05, help="of the circuit")
    parser.add_argument("--duration", type=float, default=1.0, help="of the second runs, in s")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.worker:
        what, job, folder = given.worker
        known = Job(**json.loads(job))
        answer = runs(known) if what == "runs" else build(known, what, Path(folder) / "project")
        print(json.dumps(answer))
        return
    jobs = [Job(name, given.scale, given.duration) for name in given.networks]
    columns = "Median (lowest to highest) of the repetitions; `files` are Brian2's code objects."
    save(
        "build",
        "Building a C++ program: Brian2's stock build and dualframe's",
        build_table(jobs, given.repeats),
        [columns, _WHAT],
        given.out,
    )
    save(
        "second_run",
        "A known structure with other data",
        second_run_table(jobs, given.repeats),
        [_TOTAL],
        given.out,
    )


_WHAT = (
    "`stock` is `device.build()` with Brian2's default preferences, one compilation per code "
    "object; `dualframe` merges the same sources into one. The closed loop has 121 place cells, 40 "
    "action cells, 4840 plastic synapses and a world; `l23` are the circuit's two branches."
)
_TOTAL = (
    "`total_s` is the wall time of `df.run`, from the description to the results; code generations "
    "and compilations are counted calls."
)

if __name__ == "__main__":
    main()
