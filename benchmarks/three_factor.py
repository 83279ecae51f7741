"""A rule with eligibility and dopamine, event-driven against clock-driven, in C++.

    python benchmarks/three_factor.py          # 1e5 and 1e6 synapses; writes results/three_factor.*

The network has the statistics of the distal-reward network: Izhikevich cells, 80 % regular spiking,
100 outgoing synapses each, noise of the source (13 mV wide, 1.5 spikes a second), dopamine in
pulses of 0.5 that decay in 200 ms. A second noise lets the same cells fire five times as often.
Three ways take turns, and every ratio belongs to one turn: dualframe's event-driven form, its
clock-driven form (the same equations, every synapse at every step), and Brian2's own C++ standalone
with an ordinary script, as a user would write it. Times are those of the whole program, with
reading and writing its files; nothing is compiled in a turn that counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brian2 as b
import numpy as np
from brian2 import ms, second
from measure import RESULTS, cost, save, spread

import dualframe as df

OUT_DEGREE = 100
NOISE = (13.0, 17.5)  # widths of uniform input, mV per ms: the source's, and 7 spikes a second
CELLS = """
dv/dt = (0.04*v**2 + 5*v + 140 - u + input + g)/ms : 1
du/dt = a*(b*v - u)/ms : 1
dg/dt = -g/dt : 1
dDA/dt = -DA/tau_DA : 1
noise = rand() : 1 (constant over dt)
input = size*(noise - 0.5) : 1
"""
EVENT, CLOCK, SCRIPT = "dualframe, event-driven", "dualframe, clock-driven", "Brian2 script"
TARGETS = {100_000: 3.0, 1_000_000: 10.0}


@dataclass(frozen=True)
class Drawn:
    """Who connects to whom, and when dopamine comes (s)."""

    n: int
    pre: Any
    post: Any
    pulses: Any

    @property
    def excitatory(self) -> int:
        """Number of excitatory cells, which come first."""
        return int(0.8 * self.n)


@dataclass(frozen=True)
class Turn:
    """CPU and wall seconds of a program, spikes per cell and second, mean excitatory weight."""

    cpu: float
    wall: float
    rate: float
    weight: float


def draw(synapses: int, duration: float) -> Drawn:
    """Inhibitory cells project to excitatory ones only, as in Izhikevich 2007."""
    n = synapses // OUT_DEGREE
    rng, exc = np.random.default_rng(0), int(0.8 * n)
    post = [rng.choice(n if i < exc else exc, OUT_DEGREE, replace=False) for i in range(n)]
    pulses = np.arange(0.3, duration, 0.437)
    return Drawn(n, np.repeat(np.arange(n), OUT_DEGREE), np.concatenate(post), pulses)


def network(drawn: Drawn, update: str, noise: float) -> df.Network:
    """The network as dualframe describes it."""
    exc = drawn.excitatory
    is_exc = np.arange(drawn.n) < exc
    cells = df.Population(
        "cells",
        drawn.n,
        CELLS,
        threshold="v > 30",
        reset="v = -65; u += d",
        parameters={
            "a": np.where(is_exc, 0.02, 0.1),
            "b": 0.2,
            "d": np.where(is_exc, 8.0, 2.0),
            "tau_DA": 200 * ms,
            "size": noise,
        },
        initial={"v": -65.0, "u": -13.0},
    )
    rule = df.plasticity_rule(
        "r_stdp", w_max=4, baseline=0.0, options={"update": update}, signals={"level_DA": "DA"}
    )
    plastic = drawn.pre < exc
    pairs = [(drawn.pre[which], drawn.post[which]) for which in (plastic, ~plastic)]
    reward = df.SpikeInput("reward", 1, np.zeros(len(drawn.pulses), int), drawn.pulses * second)
    return df.Network(
        (cells,),
        (reward,),
        (
            df.Projection(
                "cells",
                "cells",
                "g += w",
                name="learn",
                weight=1.0,
                delay=1 * ms,
                pairs=pairs[0],
                plasticity=rule,
            ),
            df.Projection(
                "cells", "cells", "g -= w", name="inhibit", weight=1.0, delay=1 * ms, pairs=pairs[1]
            ),
            df.Projection("reward", "cells", "DA += 0.5", name="release", pairs="all_to_all"),
        ),
    )


def ours(drawn: Drawn, net: df.Network, duration: float) -> Turn:
    """Run dualframe's program."""
    with cost() as spent:
        done = df.run(
            net,
            duration * second,
            target="cpp_standalone",
            seed=1,
            dt=1 * ms,
            progress=False,
            record={"learn": ["w"]},
        )
    rate = len(done.spikes) / drawn.n / duration
    weight = float(done.weights["learn"]["weight"].mean())
    return Turn(spent.children, done.provenance["run_s"], rate, weight)


class Script:
    """The ordinary Brian2 script, built once in a process of its own: devices are global."""

    def __init__(self, synapses: int, duration: float, noise: float, folder: Path) -> None:
        self.duration, self.folder = duration, folder
        command = [sys.executable, __file__, "--script", str(folder)]
        command += [f"--synapses={synapses}", f"--durations={duration}", f"--noise={noise}"]
        subprocess.run(command, check=True, capture_output=True)
        self.about = json.loads((folder / "about.json").read_text())

    def turn(self) -> Turn:
        """Run the program that it has built."""
        with cost() as spent:
            subprocess.run(["./main"], cwd=self.folder, check=True, capture_output=True)
        results = self.folder / "results"
        count = np.fromfile(results / self.about["count"], dtype=np.int32).sum()
        weights = np.fromfile(results / self.about["w"])[: self.about["plastic"]]
        rate = count / self.about["n"] / self.duration
        return Turn(spent.children, spent.wall, float(rate), float(weights.mean()))


def brian_objects(drawn: Drawn, noise: float) -> dict[str, Any]:
    """Return the network as a user of Brian2 would write it: objects by what they are."""
    cells = brian_cells(drawn, noise)
    learn = brian_synapses(drawn, cells)
    reward = b.SpikeGeneratorGroup(1, np.zeros(len(drawn.pulses), int), drawn.pulses * second)
    release = b.Synapses(reward, cells, on_pre="DA_post += 0.5")
    release.connect()
    spikes = b.SpikeMonitor(cells)
    return {"cells": cells, "learn": learn, "reward": reward, "release": release, "spikes": spikes}


def brian_cells(drawn: Drawn, noise: float) -> b.NeuronGroup:
    """Return the cells, with their noise."""
    equations = CELLS.replace("noise = rand() : 1 (constant over dt)\n", "")
    equations = equations.replace("input = size*(noise - 0.5) : 1", "input : 1\na : 1\nd : 1")
    cells = b.NeuronGroup(
        drawn.n,
        equations,
        threshold="v > 30",
        reset="v = -65; u += d",
        method="euler",
        namespace={"b": 0.2, "tau_DA": 200 * ms, "size": noise},
    )
    cells.run_regularly("input = size*(rand() - 0.5)")
    is_exc = np.arange(drawn.n) < drawn.excitatory
    cells.v, cells.u = -65, -13
    cells.a, cells.d = np.where(is_exc, 0.02, 0.1), np.where(is_exc, 8.0, 2.0)
    return cells


def brian_synapses(drawn: Drawn, cells: b.NeuronGroup) -> b.Synapses:
    """Return the synapses, of which every one is visited at every step."""
    learn = b.Synapses(
        cells,
        cells,
        """plastic : 1 (constant)
        dc/dt = -c/(1*second) : 1 (clock-driven)
        dw/dt = 100*Hz*plastic*c*DA_post : 1 (clock-driven)
        dx/dt = -x/(20*ms) : 1 (event-driven)
        dy/dt = -y/(20*ms) : 1 (event-driven)""",
        on_pre="w = clip(w, plastic - 1, 4)\ng_post += w\nx += 1\nc -= 0.15*y",
        on_post="y += 1\nc += 0.1*x",
        method="euler",
        delay=1 * ms,
    )
    learn.connect(i=drawn.pre, j=drawn.post)
    exc = drawn.pre < drawn.excitatory
    learn.w, learn.plastic = np.where(exc, 1.0, -1.0), np.where(exc, 1.0, 0.0)
    return learn


def script(synapses: int, duration: float, noise: float, folder: Path) -> None:
    """Write and compile what a user of Brian2 would write, with defaults throughout."""
    drawn = draw(synapses, duration)
    b.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
    b.seed(1)
    b.defaultclock.dt = 1 * ms
    objects = brian_objects(drawn, noise)
    learn, spikes = objects["learn"], objects["spikes"]
    net = b.Network(*objects.values())
    net.run(duration * second)
    b.device.build(directory=str(folder), compile=True, run=False, with_output=False)
    names = {
        key: Path(b.device.get_array_filename(owner.variables[name])).name
        for key, owner, name in (("count", spikes, "count"), ("w", learn, "w"))
    }
    about = {"n": drawn.n, "plastic": int((drawn.pre < drawn.excitatory).sum()), **names}
    (folder / "about.json").write_text(json.dumps(about))


def rows(synapses: int, duration: float, noise: float, repeats: int) -> list[dict[str, Any]]:
    """Run all ways in turn; the first turn compiles and is not counted."""
    drawn = draw(synapses, duration)
    nets = {EVENT: network(drawn, "event", noise), CLOCK: network(drawn, "clock", noise)}
    with tempfile.TemporaryDirectory(prefix="dualframe_script_") as folder:
        plain = Script(synapses, duration, noise, Path(folder))
        turns: dict[str, list[Turn]] = {way: [] for way in (EVENT, CLOCK, SCRIPT)}
        for _ in range(repeats + 1):
            for way, net in nets.items():
                turns[way].append(ours(drawn, net, duration))
            turns[SCRIPT].append(plain.turn())
    # the same programs for one step: reading, connecting and writing
    start = {way: ours(drawn, net, 1e-3).cpu for way, net in nets.items()}
    counted = {way: own[1:] for way, own in turns.items()}
    return [_row(way, synapses, duration, own, counted, start) for way, own in counted.items()]


def _row(
    way: str,
    synapses: int,
    duration: float,
    own: Sequence[Turn],
    all_: dict[str, list[Turn]],
    start: dict[str, float],
) -> dict[str, Any]:
    def ratios(of: str) -> str:
        return spread([slow.cpu / fast.cpu for slow, fast in zip(all_[of], own, strict=True)])

    def steps(which: str, turn: Turn) -> float:
        return turn.cpu - start[which]

    pairs = list(zip(all_[CLOCK], own, strict=True))
    loops = [steps(CLOCK, slow) / steps(way, fast) for slow, fast in pairs] if way in start else []
    return {
        "synapses": synapses,
        "way": way,
        "simulated s": duration,
        "rate Hz": round(own[0].rate, 2),
        "mean weight": round(own[0].weight, 4),
        "CPU s": spread([turn.cpu for turn in own]),
        "of it set-up": f"{start[way]:.3g}" if way in start else "",
        "wall s": spread([turn.wall for turn in own]),
        "clock-driven / this, CPU": ratios(CLOCK),
        "the same, steps only": spread(loops) if loops else "",
        "Brian2 script / this, CPU": ratios(SCRIPT),
        "target": TARGETS.get(synapses, "") if way == EVENT and own[0].rate < 2 else "",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synapses", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument(
        "--durations",
        type=float,
        nargs="+",
        default=[10.0, 3.0],
        help="simulated time in s, for each number of synapses",
    )
    parser.add_argument("--noise", type=float, nargs="+", default=NOISE)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.script:
        script(given.synapses[0], given.durations[0], given.noise[0], given.script)
        return
    table = [
        row
        for synapses, duration in zip(given.synapses, given.durations, strict=True)
        for noise in given.noise
        for row in rows(synapses, duration, noise, given.repeats)
    ]
    notes = [
        f"Izhikevich cells with {OUT_DEGREE} outgoing synapses each, r_stdp without baseline, "
        f"dopamine every 437 ms, 1 ms steps. Median (lowest to highest) of {given.repeats} turns "
        "after one that compiles. CPU times are those of the whole program.",
        "The target is that of the event-driven form against clock-driven Brian2 C++, at the rates "
        "of the distal-reward network.",
        "The Brian2 script is the plain one: default compiler flags of Brian2, one file per code "
        "object, weights clipped at presynaptic spikes only. Its noise is another draw.",
    ]
    save(
        "three_factor",
        "Event-driven and clock-driven three-factor plasticity",
        table,
        notes,
        given.out,
    )


if __name__ == "__main__":
    main()
