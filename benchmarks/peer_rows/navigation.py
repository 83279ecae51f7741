"""Agents that learn to navigate: one program for all, against a loop of Brian2 and Gymnasium.

The task is ``navigation`` with dopamine and acetylcholine. The peer is what users write: Brian2 on
Cython with place cells, action cells and their plastic synapses, and a network operation of each
millisecond that steps a Gymnasium environment in plain Python (`peer_rows.arena`). It has one
agent; what is compared is CPU time per agent and step.
"""

from __future__ import annotations

import brian2 as b
import numpy as np
from brian2 import ms, second

import dualframe as df
from dualframe.building.task_builder import build_task
from peer_rows.arena import Arena
from peer_rows.row import OURS, Row, Side, Turn, run_dualframe, within

PLACES, ACTIONS = 121, 40
SPACING, WIDTH = 0.4, 0.4
ANGLES = 2 * np.pi * np.arange(1, ACTIONS + 1) / ACTIONS
DIRECTIONS = np.sin(ANGLES), np.cos(ANGLES)
PLACE = """
distance_2 = ((x - centre_x)**2 + (y - centre_y)**2)/width**2 : 1
rate = 400*Hz*exp(-distance_2)*(1 - found) : Hz
x : 1 (shared)
y : 1 (shared)
found : 1 (shared)
centre_x : 1 (constant)
centre_y : 1 (constant)
"""
ACTION = """
dslow/dt = -slow/(20*ms) : 1
dfast/dt = -fast/(5*ms) : 1
potential = 20.0/15*(slow - fast) - 5*exp((last - t)/(20*ms)) : 1
last : second
"""
FIRES = "rand() < 60*Hz*dt*exp((potential - 16)/2)"
LEARNED = """
w : 1
start : 1
deligibility/dt = -eligibility/(2*second) : 1 (event-driven)
dpre/dt = -pre/(10*ms) : 1 (event-driven)
dpost/dt = -post/(10*ms) : 1 (event-driven)
"""
ARRIVES = "slow_post += w\nfast_post += w\n"
ON_PRE = ARRIVES + "w = clip(w - 0.002*post, 1, 3)\neligibility += post\npre += 1"
ON_POST = "w = clip(w - 0.002*pre, 1, 3)\neligibility += pre\npost += 1"


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        agent = build_task(df.task("navigation").with_modulators("DA", "ACh"))
        net = df.replicate(agent, turn["agents"])
    spikes = ("place", "action")
    done = run_dualframe(turn, net, turn["duration"], dt=1 * ms, spikes=spikes)
    counts = done.spikes["population"].value_counts()
    return outcome(turn, turn["agents"], counts["place"], counts["action"])


def outcome(turn: Turn, agents: int, place: int, action: int) -> dict[str, float]:
    """Return rates (Hz), and how many agent steps were made."""
    seconds = agents * turn["duration"]
    return {
        "place Hz": place / PLACES / seconds,
        "action Hz": action / ACTIONS / seconds,
        "units": 1e3 * seconds,
    }


class Loop:
    """One agent, in Brian2 and Gymnasium."""

    def __init__(self) -> None:
        b.defaultclock.dt = 1 * ms
        self.arena = Arena()
        self.place, self.action = place_cells(), action_cells()
        self.learned = learned_synapses(self.place, self.action)
        self.counts = [b.SpikeMonitor(group, record=False) for group in (self.place, self.action)]
        step = b.NetworkOperation(self.step, when="end")
        rings = ring_synapses(self.action)
        self.network = b.Network(self.place, self.action, self.learned, *rings, *self.counts, step)
        self.show(0.0, 0.0)

    def step(self) -> None:
        """Push the agent by the spikes of this step, and show the cells where it is."""
        push = [parts[self.action.spikes].sum() for parts in DIRECTIONS]
        (x, y), _, terminated, truncated, _ = self.arena.step(push)
        if terminated or truncated:
            self.end_trial(rewarded=terminated)
            (x, y), _ = self.arena.reset()
        self.show(x, y)

    def show(self, x: float, y: float) -> None:
        """Set what place cells see, without Brian2's checks of units, which take far longer."""
        for name, value in (("x", x), ("y", y), ("found", self.arena.found)):
            self.place.variables[name].set_value(value)

    def end_trial(self, rewarded: bool) -> None:
        """Dopamine turns the eligibility of a rewarded trial into weights; traces start anew."""
        synapses = self.learned
        if rewarded:
            left = np.exp(-(float(self.network.t) - np.asarray(synapses.lastupdate[:])) / 2.0)
            synapses.w = np.clip(synapses.start[:] + 0.01 * synapses.eligibility[:] * left, 1, 3)
        synapses.start = synapses.w[:]
        synapses.eligibility, synapses.pre, synapses.post = 0, 0, 0
        self.action.slow, self.action.fast = 0, 0


def place_cells() -> b.NeuronGroup:
    cells = b.NeuronGroup(PLACES, PLACE, threshold="rand() < rate*dt", namespace={"width": WIDTH})
    k = np.arange(PLACES)
    cells.centre_x, cells.centre_y = -2 + SPACING * (k % 11), -2 + SPACING * (k // 11)
    return cells


def action_cells() -> b.NeuronGroup:
    reset = "slow = 0\nfast = 0\nlast = t"
    cells = b.NeuronGroup(ACTIONS, ACTION, threshold=FIRES, reset=reset, method="euler")
    cells.last = -1 * second
    return cells


def learned_synapses(place: b.NeuronGroup, action: b.NeuronGroup) -> b.Synapses:
    synapses = b.Synapses(place, action, LEARNED, on_pre=ON_PRE, on_post=ON_POST, method="exact")
    centres = (np.asarray(place.centre_x), np.asarray(place.centre_y))
    moved = [c[:, None] + 1e-3 * part for c, part in zip(centres, DIRECTIONS, strict=True)]
    i, j = np.nonzero((np.abs(moved) <= 2 + 1e-9).all(axis=0))
    synapses.connect(i=i, j=j)
    synapses.w, synapses.start = 2.0, 2.0
    return synapses


def ring_synapses(action: b.NeuronGroup) -> tuple[b.Synapses, b.Synapses]:
    near = np.exp(20 * np.cos(ANGLES[:, None] - ANGLES[None, :]))
    np.fill_diagonal(near, 0.0)
    excites, inhibits = (
        b.Synapses(action, action, "w : 1", on_pre=ARRIVES, delay=1 * ms) for _ in range(2)
    )
    i, j = np.nonzero(near)
    excites.connect(i=i, j=j)
    excites.w = 100 * (near / near.sum(axis=0)[0])[i, j]
    inhibits.connect()
    inhibits.w = -7.5
    return excites, inhibits


def with_loop(turn: Turn) -> dict[str, float]:
    b.prefs.codegen.target = "cython"
    b.seed(turn.seed)
    with turn.stages.measure("build"):
        loop = Loop()
        loop.network.run(1 * ms)
    with turn.stages.measure("run"):
        loop.network.run(turn["duration"] * second - 1 * ms)
    return outcome(turn, 1, *(monitor.num_spikes for monitor in loop.counts))


def row(agents: int) -> Row:
    """Return the row of a number of agents."""
    return Row(
        name=f"navigation_{agents}",
        work=f"navigation, {agents} agent{'s' if agents > 1 else ''}, per agent and step",
        sides={
            OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
            "Brian2 + Gymnasium": Side(take_turn=with_loop, prepare=with_loop, module="gymnasium"),
        },
        # paths differ: 20 s of one agent visit other places and walls
        agreement=within(0.2),
        settings={"agents": agents, "duration": 20.0},
        short={"duration": 0.3, "agents": min(agents, 2)},
        turns=3,
        note="agent steps of 1 ms per CPU second are in the column `per CPU s`",
    )


ROWS = tuple(row(agents) for agents in (1, 20, 100))
