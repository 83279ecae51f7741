"""How fast agents learn: simulated seconds of all agents per second of the program, by task.

    python benchmarks/learning_speed.py
    GENN_PATH=/path/to/genn python benchmarks/learning_speed.py   # with brian2genn: its CPU too

What is timed is the program itself, without building and without drawing the network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import RESULTS, save

import dualframe as df
from dualframe.targets.target_support import missing_requirements

TASKS = {
    "distal_reward, 200 neurons": ("distal_reward", 200),
    "distal_reward, 1000 neurons": ("distal_reward", 1000),
    "navigation": ("navigation", None),
    "cartpole": ("cartpole", None),
}


def measured(label: str, agents: int, target: str, seconds: float) -> dict[str, object]:
    name, neurons = TASKS[label]
    task = df.task(name) if neurons is None else df.task(name).with_neurons(neurons)
    options = {"agents": agents, "seed": 1, "target": target, "progress": False}
    if target == "genn":
        options["use_gpu"] = False
    done = df.train(task, duration=f"{seconds} s", **options)
    facts = done.provenance
    return {
        "task": label,
        "agents": agents,
        "target": target,
        "simulated s": seconds,
        "agent s per s": f"{agents * seconds / facts['run_s']:.0f}",
        "build s": f"{facts['build_s']:.0f}",
        "build": facts["build_cache"],
    }


def main(options: argparse.Namespace) -> None:
    targets = [t for t in ("cpp_standalone", "genn") if not missing_requirements(t, use_gpu=False)]
    rows = []
    for label in TASKS:
        for target in targets:
            for agents in options.agents:
                rows.append(measured(label, agents, target, options.seconds))
                print(rows[-1], flush=True)
    notes = ["Plasticity and environments included; one core."]
    name = "learning_speed" + ("_genn" if "genn" in targets else "")
    save(name, "Speed of learning", rows, notes, Path(options.out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", default=str(RESULTS))
    main(parser.parse_args())
