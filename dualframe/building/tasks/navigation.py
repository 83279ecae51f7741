r"""Navigation to a hidden goal that moves: place cells teach action cells where to go.

The arena, place cells, action cells and winner-take-all connections of Zannone et al. (2018,
ModelDB 245018); acetylcholine, dopamine and serotonin act on the synapses between them
(`dualframe.plasticity`, rule ``sn_plast``). Action cells lie on a ring of directions: each excites
its neighbours and inhibits all, so that a bump of activity chooses a direction, and every spike
pushes the agent.

Action cells are SRM0 neurons (the reference), or Izhikevich or GLIF neurons of a catalogue's cell,
which an arriving weight w gives a current ``drive w`` that decays with ``tau_drive``. They have
uniform current noise in place of escape noise: without it all cells of an untrained ring fire
together. Both numbers are assumed, set once so that untrained cells fire in the range of the SRM0
neurons (GLIF 18 Hz, Izhikevich 23 Hz, SRM0 16 Hz).

Not as in the source: a spike acts one step (1 ms) later, since all arrive after the neurons'
update; trials follow each other without the source's padding to 15 s. Where dopamine is combined
with serotonin and acetylcholine, an unrewarded trial's depression starts from the weights at its
start, as in the code of Wert-Carvajal et al. (2022).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dualframe import catalogue
from dualframe.building.encoders.place_cells import grid_points, place_cells
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.population_vector import population_vector, preferred_directions
from dualframe.building.tasks.trial_limit import check_trial_limit
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import CatalogueError
from dualframe.environments import environment
from dualframe.network import Network, Population, Projection
from dualframe.neurons.srm0 import SRM0
from dualframe.task import Section, Task

#: What is measured of every trial, as variables of the world.
TRIALS = ("success", "timed_out", "duration", "total_reward", "old_goal")
_LEVELS = ("ACh", "DA", "5HT")
ENDLESS = 1e9  # trials; training sets how many count, and later ones teach nothing
_SIGNALS = {"level_ACh": "level_ACh*int(trial < trials - 0.5)"} | {
    f"level_{name}": f"level_{name}*int(trial < trials + 0.5)" for name in ("DA", "5HT")
}


def build(task: Task) -> Network:
    """Return the network of one agent."""
    arena = environment(task["world"]["kind"], **task["world"].plain())
    check_trial_limit(task, arena)
    side = float(arena.values["half_width"])
    encoder = task["encoder"]
    centres = np.round(
        np.asarray(grid_points((-side, side), (-side, side), spacing=encoder["spacing"])), 9
    )
    cells = place_cells(
        centres=centres, sigma=encoder["sigma"], rate_max=encoder["rate_max"], gate="found"
    )
    actor = task["actor"]
    n = actor.count("n")
    block = (
        NetworkBlock((arena.population(),))
        + cells
        + NetworkBlock((_actors(task, n),), (_learned(task, centres, side, n), *_ring(actor, n)))
        + NetworkBlock((), _signals())
        + population_vector("action", n)
    )
    network = block.network(task.name)
    return replace(network, meta={"trials": list(TRIALS), "interval_s": float(arena.interval)})


def _actors(task: Task, n: int) -> Population:
    kind = task["actor"]["cells"]
    cells = _srm0(task, n) if kind == "srm0" else _catalogued(task, n, kind)
    levels = {f"level_{name}": float(name in task.modulators) for name in _LEVELS}
    return replace(
        cells,
        equations=f"{cells.equations.rstrip()}\nrewarded : 1",
        parameters={**cells.parameters, **levels, "trials": ENDLESS},
    )


def _srm0(task: Task, n: int) -> Population:
    names = ("eps0", "tau_m", "tau_s", "chi", "rho0", "theta", "delta_u")
    varied = dict.fromkeys(SRM0.varies, task.heterogeneity)
    neuron = SRM0.make_neuron({name: task["actor"][name] for name in names})
    return neuron.make_population("action", n, heterogeneity=varied if task.heterogeneity else {})


_CURRENT = """
trial : 1
new_trial = int(trial - trial_known > 0.5) : 1
dtrial_known/dt = (trial - trial_known)/dt : 1
ddriven/dt = ((1 - new_trial)*driven*exp(-dt/tau_drive) + arrived - driven)/dt : 1
darrived/dt = -arrived/dt : 1
background = noise*(2*rand() - 1) : amp (constant over dt)
I = drive*driven + background : amp
"""


def _catalogued(task: Task, n: int, kind: str) -> Population:
    numbers = task["actor"]
    cell = catalogue.cell(numbers["cell"])
    if cell.sign != 1:
        raise CatalogueError(f"action cells excite their neighbours: {cell.name} is inhibitory.")
    model = cell.choose_point_neuron(kind).make_neuron()
    varied = {
        name: task.heterogeneity
        for name in ("C", "k", "R", "a")
        if task.heterogeneity and name in model.parameters
    }
    return Population(
        "action",
        n,
        f"{model.equations.rstrip()}\n{_CURRENT.strip()}",
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        parameters={
            **model.parameters,
            **{name: numbers[name] for name in ("drive", "noise", "tau_drive")},
        },
        initial=model.initial,
        heterogeneity=varied,
        cell_type=cell.name,
        sign=1,
        voltage=model.voltage,
    )


def _learned(task: Task, centres: Any, side: float, n: int) -> Projection:
    """Place cells to action cells, without actions that lead out of the arena."""
    own = task["plasticity"]
    rule = plasticity_rule(own["rule"], set=own["set"], signals=_SIGNALS, **own.plain())
    return Projection(
        "place",
        "action",
        "arrived += w",
        name="learned",
        pairs=np.nonzero(~leaves_arena(centres, side, n)),
        weight=float(task["actor"]["w_init"]),
        plasticity=rule,
    )


def leaves_arena(centres: Any, side: float, n: int) -> Any:
    """Return which pairs of a place at a wall and a direction lead out, shape ``(places, n)``.

    At a wall these are the directions whose component into it is positive, as of the source's lists
    of forbidden actions.
    """
    theta = preferred_directions(n)
    push = np.stack([np.sin(theta), np.cos(theta)], axis=1)
    at_wall = np.where(np.abs(np.abs(centres) - side) < 1e-9, np.sign(centres), 0.0)
    return (at_wall[:, None, :] * push[None, :, :] > 1e-9).any(axis=2)


def _ring(actor: Section, n: int) -> tuple[Projection, ...]:
    """Lateral connections: w_minus/n to all, w_plus exp(psi cos dtheta)/Z to the others."""
    theta = preferred_directions(n)
    near = np.exp(float(actor["psi"]) * np.cos(theta[:, None] - theta[None, :]))
    np.fill_diagonal(near, 0.0)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    weights = float(actor["w_plus"]) * near[i, j] / near.sum(axis=0)[0]
    inhibition = -float(actor["w_minus"]) / n
    return (
        Projection(
            "action", "action", "arrived += w", name="ring_excites", pairs=(i, j), weight=weights
        ),
        Projection(
            "action",
            "action",
            "arrived -= w",
            name="ring_inhibits",
            pairs="all_to_all",
            autapses=True,
            weight=inhibition,
        ),
    )


def _signals() -> tuple[Projection, ...]:
    return (
        copy_variable("world", "trial", "action", "trial"),
        copy_variable("world", "success", "action", "rewarded"),
    )
