"""CPU time of a first run, a second one and a longer one, on every target that is installed.

    python benchmarks/first_runs.py               # writes results/first_runs.*
    GENN_PATH=/path/to/genn python benchmarks/first_runs.py   # with brian2genn: first_runs_genn.*

The first run finds an empty cache, so that all is generated and compiled; the second one has the
same network. GeNN runs on its CPU back end. Each cell is measured once, in a process of its own
for each network and target.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from brian2 import second
from measure import RESULTS, cost, save

import dualframe as df
from dualframe.targets.target_support import missing_requirements

TARGETS = ("cpp_standalone", "genn5", "genn")


def run_layer23(target: str, duration: float) -> df.Results:
    """Run layer 2/3 with dendrites."""
    network = df.biological.build(df.circuit("l23").scaled(0.05))
    return df.run(network, duration * second, target=target, **options_of(target))


def train_distal_reward(target: str, duration: float) -> Any:
    """Train one agent on the distal reward."""
    task = df.task("distal_reward")
    return df.train(task, agents=1, duration=duration * second, target=target, **options_of(target))


NETWORKS: dict[str, tuple[Callable[[str, float], Any], float]] = {
    "l23 with dendrites at 0.05": (run_layer23, 1.0),
    "distal_reward, one agent": (train_distal_reward, 5.0),
}


def options_of(target: str) -> dict[str, Any]:
    """Return how a target is run."""
    on_cpu = {"use_gpu": False} if target.startswith("genn") else {}
    return {"seed": 1, "progress": False, **on_cpu}


def three_runs(name: str, target: str) -> dict[str, Any]:
    """Run a network three times in this process, the last time three times as long."""
    run, duration = NETWORKS[name]
    lengths, seconds, caches = (duration, duration, 3 * duration), [], []
    for length in lengths:
        with cost() as spent:
            done = run(target, length)
        seconds.append(spent.cpu)
        caches.append(done.provenance["build_cache"])
    return {
        "first CPU s": f"{seconds[0]:.2g}",
        "second CPU s": f"{seconds[1]:.2g}",
        "CPU s per further s": f"{(seconds[2] - seconds[1]) / (2 * duration):.2g}",
        "second build": caches[1],
    }


def apart(name: str, target: str) -> dict[str, Any]:
    """Run a network in a new process with an empty cache."""
    words = [sys.executable, __file__, "--one", name, target]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "DUALFRAME_CACHE": cache}
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(three_runs(*options.one)))
        return
    here = [t for t in options.targets if not missing_requirements(t, use_gpu=False)]
    table = []
    for name, (_, duration) in NETWORKS.items():
        for target in here:
            facts = {"network": name, "simulated s": duration, "target": target}
            table.append(facts | apart(name, target))
            print(table[-1], flush=True)
    name = "first_runs" + ("_genn" if "genn" in here else "")
    notes = ["CPU seconds of Python, compilers and programs; one core, each cell measured once."]
    save(name, "A first and a second run on every target", table, notes, options.out)


if __name__ == "__main__":
    main()
