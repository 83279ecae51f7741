r"""Actor and critic of spiking neurons that balance a pole.

Cells with receptive fields spike regularly, at the rate of their field (perfect integrators).
SRM0 neurons of one exponential potential, which no spike resets, stand for the two actions (actor)
or for the value of the state (critic):

.. math:: \tau_m \dot u = -u, \quad u \to u + w \text{ at an input spike}, \quad
          p(\text{spike in } dt) = 1 - e^{-\rho\, dt}, \quad \rho = \rho_0 e^{(u - \theta)/\Delta u}

A *decision* neuron counts their spikes between two ticks of the world. One step before a tick

.. math:: V = \nu R_{critic}, \quad \pi_1 = \frac{1}{1 + e^{-(R_1 - R_0)/T}}, \quad
          \delta = (1 - \gamma) r + \gamma V - V_{before}

with rates R in Hz, averaged over the cells of a group, and it draws the action. At the first tick
of a trial :math:`\delta` is that of the trial that has just ended, whose last state is worth
nothing if the task ended it; where the time limit did, nothing is learned (truncation is not
termination). Synapses learn by ``td_lambda`` (`dualframe.plasticity`), which receives the error and
the credit, ``chosen - policy`` in the actor and one in the critic, without dopamine an error of
zero. A greedy agent (``decision.greedy`` = 1, or `dualframe.evaluate`) takes the action of the
larger rate.

In evaluation plasticity is frozen and the agent is greedy. Numbers are dualframe's, found by a
search on other seeds than those of the tables, and are so marked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dualframe.building.encoders.place_cells import grid_points
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.tasks.trial_limit import check_trial_limit
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import CatalogueError
from dualframe.environments import Discrete, Environment, environment
from dualframe.network import Network, Population, Projection
from dualframe.task import Section, Task

TRIALS = ("success", "timed_out", "duration", "total_reward")
GROUPS = ("action_0", "action_1", "value")


def build(task: Task) -> Network:
    """Return the network of one agent.

    Raises
    ------
    CatalogueError
        If the environment has not two actions.
    """
    plant = environment(task["world"]["kind"], **task["world"].plain())
    check_trial_limit(task, plant)
    if not isinstance(plant.action, Discrete) or plant.action.n != 2:
        raise CatalogueError(
            f"environment {plant.name!r} takes {plant.action}: the actor of this task chooses one "
            f"of 2 actions, like that of 'cartpole'."
        )
    block = NetworkBlock((plant.population(),)) + _encoder(task) + _decision(task, plant)
    for group in GROUPS:
        block += _neurons(task, group)
    network = block.network(task.name)
    return replace(network, meta={"trials": list(TRIALS), "interval_s": float(plant.interval)})


# --- receptive fields ----------------------------------------------------------------------------

_FIELDS = """
{declared}
distance_2 = {squares} : 1
rate_now = rate_max*exp(-distance_2/2) : Hz
dphase/dt = rate_now : 1
"""


def _encoder(task: Task) -> NetworkBlock:
    """Two maps: pole angle with its velocity, cart position with its velocity."""
    numbers = task["encoder"]
    block = NetworkBlock()
    for name, variables in (("pole", ("theta", "theta_dot")), ("cart", ("x", "x_dot"))):
        block += _map(numbers, name, variables)
    return block


def _map(numbers: Section, name: str, variables: tuple[str, str]) -> NetworkBlock:
    side = numbers.count(f"{name}_fields")
    reach = [float(numbers[f"{name}_range"]), float(numbers[f"{name}_velocity_range"])]
    spacing = 2 / (side - 1)
    centres = np.asarray(grid_points((-1, 1), (-1, 1), spacing=spacing))
    clip = float(numbers["clip"])
    squares = " + ".join(
        f"((clip(seen_{k}/reach_{k}, -cut, cut) - centre_{k})/width)**2" for k in range(2)
    )
    cells = Population(
        f"{name}_fields",
        len(centres),
        _FIELDS.format(declared="seen_0 : 1\nseen_1 : 1", squares=squares),
        threshold="phase >= 1",
        reset="phase -= 1",
        parameters={
            **{f"reach_{k}": reach[k] for k in range(2)},
            **{f"centre_{k}": centres[:, k] for k in range(2)},
            "width": float(numbers["width"]) * spacing,
            "cut": clip,
            "rate_max": numbers["rate_max"],
        },
        # cells of one rate need not spike together
        initial={"phase": _spread(len(centres))},
        sign=1,
        voltage="phase",
    )
    seen = (copy_variable("world", v, cells.name, f"seen_{k}") for k, v in enumerate(variables))
    return NetworkBlock((cells,), tuple(seen))


def _spread(n: int) -> Any:
    return (np.arange(n) * 0.6180339887498949) % 1.0


# --- actor and critic ----------------------------------------------------------------------------

_NEURONS = """
du/dt = u*(exp(-dt/tau_m) - 1)/dt : 1
rate_now = rho0*exp((u - theta)/delta_u) : Hz
dsince/dt = 1 : second
tick : 1
td_error : 1
credit : 1
keep : 1
"""


def _neurons(task: Task, group: str) -> NetworkBlock:
    numbers = task["critic" if group == "value" else "actor"]
    n = numbers.count("n")
    names = ("tau_m", "rho0", "theta", "delta_u")
    varied = dict.fromkeys(("tau_m", "theta"), task.heterogeneity) if task.heterogeneity else {}
    cells = Population(
        group,
        n,
        _NEURONS,
        threshold="rand() < 1 - exp(-rate_now*dt)",
        reset="since = 0*second",
        parameters={name: task["neurons"][name] for name in names},
        initial={"since": 1e3 * task["neurons"]["tau_m"]},
        heterogeneity=varied,
        sign=1,
        voltage="u",
    )
    rule = plasticity_rule(
        task["plasticity"]["rule"],
        set=task["plasticity"]["set"],
        eta=float(numbers["eta"]),
        signals={"spiked": "int(since < 0.5*dt)"},
        **task["plasticity"].plain(),
    )
    learned = tuple(
        Projection(
            source,
            group,
            "u += w",
            name=f"{source}_to_{group}",
            pairs="all_to_all",
            weight=float(task["neurons"]["w_init"]),
            plasticity=rule,
        )
        for source in ("pole_fields", "cart_fields")
    )
    told = [copy_variable("decision", name, group, name) for name in ("tick", "td_error", "keep")]
    told.append(copy_variable("decision", f"credit_{group}", group, "credit"))
    counts = Projection(
        group,
        "decision",
        f"count_{group} += w",
        weight=1.0 / n,
        pairs="all_to_all",
    )
    return NetworkBlock((cells,), (*learned, *told, counts))


# --- the decision --------------------------------------------------------------------------------

_DECISION = """
ahead = timestep(t, dt) + 1 : 1
decides = int(ahead - interval_steps*floor(ahead/interval_steps) < 0.5) : 1
trial : 1
timed_out : 1
first = int(trial - trial_known > 0.5) : 1
value = nu*count_value/interval : 1
preference = (count_action_1 - count_action_0)/interval/temperature : 1
policy = 1/(1 + exp(-clip(preference, -50, 50))) : 1
coin = rand() : 1 (constant over dt)
level = int(abs(preference) < 1e-9) : 1
best = int(preference > 1e-9) + level*int(coin < 0.5) : 1
drawn = (1 - greedy)*int(coin < policy) + greedy*best : 1
last_error = (1 - timed_out)*((1 - gamma) - value_known) : 1
next_error = (1 - gamma) + gamma*value - value_known : 1
dtick/dt = (decides - tick)/dt : 1
dtd_error/dt = (decides*learns*(first*last_error + (1 - first)*next_error) - td_error)/dt : 1
dkeep/dt = (decides*(1 - first)*gamma*lambda_ - keep)/dt : 1
dcredit_action_0/dt = (decides*(policy - drawn) - credit_action_0)/dt : 1
dcredit_action_1/dt = (decides*(drawn - policy) - credit_action_1)/dt : 1
dcredit_value/dt = (decides - credit_value)/dt : 1
daction/dt = decides*(drawn - action)/dt : 1
dvalue_known/dt = decides*(value - value_known)/dt : 1
dtrial_known/dt = decides*(trial - trial_known)/dt : 1
dcount_action_0/dt = -decides*count_action_0/dt : 1
dcount_action_1/dt = -decides*count_action_1/dt : 1
dcount_value/dt = -decides*count_value/dt : 1
"""


def _decision(task: Task, plant: Environment) -> NetworkBlock:
    numbers = task["decision"]
    neuron = Population(
        "decision",
        1,
        _DECISION,
        parameters={
            "nu": numbers["nu"],
            "temperature": numbers["temperature"],
            "gamma": numbers["gamma"],
            "lambda_": numbers["lambda"],
            "interval": plant.interval,
            "greedy": float(numbers["greedy"]),
            "learns": float("DA" in task.modulators),
        },
        durations={"interval_steps": plant.interval},
        voltage="value_known",
    )
    return NetworkBlock(
        (neuron,),
        (
            copy_variable("decision", "action", "world", "action"),
            copy_variable("world", "trial", "decision", "trial"),
            copy_variable("world", "timed_out", "decision", "timed_out"),
        ),
    )
