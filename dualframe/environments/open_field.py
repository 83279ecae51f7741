"""Open field, or water maze: find the rewarded place; later it moves.

The arena of Zannone et al. (2018). A square with walls; the agent starts at its centre and is moved
every millisecond by ``a0/N`` times the summed spikes of ``N`` action neurons, each pointing in its
own direction and filtered by two exponentials, in the discrete form of the source's
``convolution.m``::

    decay += -decay/tau_decay + spikes;    rise += -rise/tau_rise + spikes
    filtered = (decay - rise)/(tau_decay - tau_rise)

Filtering is linear, so the environment filters the two components that readouts deliver: a spike of
the neuron with preferred angle ``theta_k`` adds ``sin(theta_k)`` to ``spikes_x`` and
``cos(theta_k)`` to ``spikes_y``. ``push_x`` and ``push_y`` displace the agent directly, for
readouts that are no spiking neurons. (In the source's names ``tau_gamma = 50`` ms is the slower
time constant and ``v_gamma = 20`` ms the faster, whatever its comments call rise and decay.)

At a wall the agent is set back by ``bounce``, at one wall per step, in the order west, east, south,
north: the source's ``if``-``else`` ladder. A fast agent can therefore be outside for a while.

The goal is tested with the position before the move. A trial goes on for ``grace`` after the goal
with ``found`` = 1 (place cells are silent then) and ends at 15 s at the latest. From trial
``reversal_trial`` on, counted from one as in the source, the other goal is rewarded, and
``old_goal`` of a trial says whether the agent has been at the first one.

Not as in the source: its trial has one more step after ``grace``, in which place cells are on again
for 1 ms; it is left out. The first move of a trial ignores spikes, which are still those of the
trial before.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter as Parameter
from dualframe.environments.spaces import Box, Observation

SOURCE = "Zannone et al. 2018, ModelDB 245018, seq_neuromod_plasticity.m"

PARAMETERS = (
    Parameter("interval", "1 ms", "time between moves; the source's step"),
    Parameter("half_width", 2.0, "walls are at minus and plus this"),
    Parameter("goal_x", 1.5, "first goal", kind="any"),
    Parameter("goal_y", 1.5, "first goal", kind="any"),
    Parameter("goal_radius", 0.3, "radius of the first goal"),
    Parameter("other_x", -1.5, "second goal", kind="any"),
    Parameter("other_y", -1.5, "second goal", kind="any"),
    Parameter("other_radius", 0.3, "radius of the second goal"),
    Parameter(
        "reversal_trial",
        21,
        "first trial, counted from 1, in which the second goal is rewarded; None is never",
        kind="count or never",
    ),
    Parameter("timeout", "15 s", "longest trial", kind="ticks"),
    Parameter("grace", "300 ms", "time that a trial goes on after the goal", kind="ticks"),
    Parameter("bounce", 0.01, "step back from a wall"),
    Parameter("a0", 0.08, "displacement per interval at one spike per interval and action neuron"),
    Parameter("action_cells", 40, "number of action neurons", kind="count"),
    Parameter(
        "tau_decay", "50 ms", "slower time constant of the action filter (tau_gamma)", kind="ticks"
    ),
    Parameter(
        "tau_rise", "20 ms", "faster time constant of the action filter (v_gamma)", kind="ticks"
    ),
)

EQUATIONS = """
reversed = int(trial + 1 > reversal_trial - 0.5) : 1
in_goal = int((x - goal_x)**2 + (y - goal_y)**2 <= goal_radius**2) : 1
in_other = int((x - other_x)**2 + (y - other_y)**2 <= other_radius**2) : 1
finding = int(found < 0.5)*(reversed*in_other + (1 - reversed)*in_goal) : 1
found_next = found + finding : 1
found_at_next = found_at + finding*(elapsed + 1 - found_at) : 1
been_at_old_next = been_at_old + (1 - been_at_old)*reversed*in_goal : 1
listening = clip(elapsed, 0, 1) : 1
decay_x_next = decay_x - decay_x/tau_decay + listening*spikes_x : 1
decay_y_next = decay_y - decay_y/tau_decay + listening*spikes_y : 1
rise_x_next = rise_x - rise_x/tau_rise + listening*spikes_x : 1
rise_y_next = rise_y - rise_y/tau_rise + listening*spikes_y : 1
spikes_x_next = 0 : 1
spikes_y_next = 0 : 1
filtered_x = (decay_x_next - rise_x_next)/(tau_decay - tau_rise) : 1
filtered_y = (decay_y_next - rise_y_next)/(tau_decay - tau_rise) : 1
moved_x = x + a0/action_cells*filtered_x + push_x : 1
moved_y = y + a0/action_cells*filtered_y + push_y : 1
west = int(moved_x <= -half_width) : 1
east = int(moved_x >= half_width)*(1 - west) : 1
free = (1 - west)*(1 - east) : 1
south = int(moved_y <= -half_width)*free : 1
north = int(moved_y >= half_width)*(1 - south)*free : 1
x_next = moved_x + bounce*(west - east) : 1
y_next = moved_y + bounce*(south - north) : 1
terminal = int(found > 0.5 and elapsed + 1 - found_at > grace + 0.5) : 1
reward_next = finding : 1
succeeded = found_next : 1
"""

FILTERED = ("decay_x", "decay_y", "rise_x", "rise_y")
SPIKES = ("spikes_x", "spikes_y")


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    state = ("x", "y", "found", "found_at", "been_at_old", *FILTERED, *SPIKES)
    reach = values["half_width"] + values["a0"]
    return EnvironmentEquations(
        state=state,
        equations=EQUATIONS,
        start=dict.fromkeys(state, "0"),
        action=Box(("push_x", "push_y"), (-values["a0"],) * 2, (values["a0"],) * 2),
        observations=(Observation("x", -reach, reach), Observation("y", -reach, reach)),
        further_outcomes={"old_goal": "been_at_old_next"},
        spikes=SPIKES,
        position=("x", "y"),
        places={
            "goal": tuple(values[f"goal_{part}"] for part in ("x", "y", "radius")),
            "later goal": tuple(values[f"other_{part}"] for part in ("x", "y", "radius")),
        },
    )


OPEN_FIELD = EnvironmentSpec(
    name="open_field",
    title="a square arena with a rewarded place that moves",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="timeout",
)
