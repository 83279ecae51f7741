"""What building a network from a circuit costs, against another checkout of dualframe.

    python benchmarks/network_build.py --base ../earlier    # a folder with another version

Each version builds in processes of its own, the two in turn, and times itself in CPU seconds: the
lowest of several builds of one circuit, after a first that fills caches. ``new circuit`` scales the
circuit before every build, so that nothing is known of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from measure import RESULTS, save, spread

ROOT = Path(__file__).resolve().parents[1]
WORKER = """
import json, time
import dualframe as df

l23 = df.circuit("l23")
awake = l23.with_modulation("ACh", level=0.5)
builds = {"biological": df.biological.build, "task_driven": df.task_driven.build}

def seconds(build, repeats=7):
    times = []
    for _ in range(repeats + 1):
        start = time.process_time()
        build()
        times.append(time.process_time() - start)
    return min(times[1:])

found = {}
for branch, build in builds.items():
    for name, circuit in (("plain", l23.scaled(0.05)), ("ACh 0.5", awake.scaled(0.05))):
        found[f"{branch}, {name}"] = seconds(lambda: build(circuit))
    found[f"{branch}, new circuit"] = seconds(lambda: build(l23.scaled(0.05)))
print(json.dumps(found))
"""


def build_seconds(checkout: Path) -> dict[str, float]:
    """Return CPU seconds of builds by their names, in a process of a checkout's own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", WORKER]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def build_table(base: Path, repeats: int) -> list[dict[str, str]]:
    """Return a row per build: milliseconds of both versions, and their ratio in each repetition.

    Parameters
    ----------
    base
        The other checkout.
    repeats
        How often both are measured, in turn.
    """
    pairs = [(build_seconds(base), build_seconds(ROOT)) for _ in range(repeats)]
    return [
        {
            "build": name,
            "base_cpu_ms": spread([1e3 * before[name] for before, _ in pairs]),
            "here_cpu_ms": spread([1e3 * after[name] for _, after in pairs]),
            "ratio": spread([before[name] / after[name] for before, after in pairs]),
        }
        for name in pairs[0][1]
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and save the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True, help="folder of another checkout")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    rows = build_table(options.base.resolve(), options.repeats)
    save(
        "network_build",
        "Building networks of the layer 2/3 circuit, scaled by 0.05",
        rows,
        ["Median (lowest to highest) over repetitions, in each of which both versions ran."],
        options.out,
    )


if __name__ == "__main__":
    main()
