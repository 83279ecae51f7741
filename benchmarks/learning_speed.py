"""How fast agents learn: simulated seconds of all agents per second of the program, by task.

    python benchmarks/learning_speed.py
    GENN_PATH=/path/to/genn python benchmarks/learning_speed.py   # with brian2genn: its CPU too

Programs are built before they are timed. On GeNN every run builds, so that only its own report of
the run is counted there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import RESULTS, cost, save

import dualframe as df
from dualframe.targets.capability import missing

TASKS = {
    "distal_reward, 200 neurons": ("distal_reward", {"network__neurons": 200.0}),
    "distal_reward, 1000 neurons": ("distal_reward", {}),
    "navigation": ("navigation", {}),
    "cartpole": ("cartpole", {}),
}


def measured(label: str, agents: int, target: str, seconds: float) -> dict[str, object]:
    name, having = TASKS[label]
    task = df.task(name).having(**having)
    network = df.task_driven.build(task)
    options = {"agents": agents, "seed": 1, "target": target, "progress": False}
    if target == "genn":
        options["use_gpu"] = False
    else:
        df.train(network, task, duration=f"{0.1} s", **options)  # builds
    with cost() as spent:
        done = df.train(network, task, duration=f"{seconds} s", **options)
    run = done.provenance["run_s"] if target == "genn" else spent.wall
    cpu = "" if target == "genn" else f"{agents * seconds / spent.cpu:.0f}"
    return {
        "task": label, "agents": agents, "target": target, "simulated s": seconds,
        "agent s per wall s": f"{agents * seconds / run:.0f}", "agent s per CPU s": cpu,
        "build s": f"{done.provenance['build_s']:.0f}" if target == "genn" else "",
    }  # fmt: skip


def main(options: argparse.Namespace) -> None:
    targets = [t for t in ("cpp_standalone", "genn") if not missing(t, use_gpu=False)]
    rows = []
    for label in TASKS:
        for target in targets:
            for agents in options.agents:
                rows.append(measured(label, agents, target, options.seconds))
                print(rows[-1], flush=True)
    notes = ["Whole runs, plasticity and worlds included; one core. C++: all of the process."]
    name = "learning_speed" + ("_genn" if "genn" in targets else "")
    save(name, "Speed of learning", rows, notes, Path(options.out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", default=str(RESULTS))
    main(parser.parse_args())
