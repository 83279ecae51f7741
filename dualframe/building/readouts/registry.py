"""The readouts that a task file can name."""

from __future__ import annotations

from dualframe.building.readouts.actor_critic import ACTOR_CRITIC
from dualframe.building.readouts.counters import COUNTERS
from dualframe.building.readouts.critic import CRITIC
from dualframe.building.readouts.delayed_event import DELAYED_EVENT
from dualframe.building.readouts.linear import LINEAR
from dualframe.building.readouts.population_vector import POPULATION_VECTOR
from dualframe.building.readouts.readout import Readout
from dualframe.building.readouts.softmax_policy import SOFTMAX_POLICY
from dualframe.building.readouts.spike_pair import SPIKE_PAIR
from dualframe.building.readouts.weight_criterion import WEIGHT_CRITERION
from dualframe.building.readouts.winner_take_all import WINNER_TAKE_ALL
from dualframe.core.registry import Registry

READOUTS: Registry[Readout] = Registry(
    "readout",
    Readout,
    (
        POPULATION_VECTOR,
        WINNER_TAKE_ALL,
        SOFTMAX_POLICY,
        ACTOR_CRITIC,
        CRITIC,
        LINEAR,
        COUNTERS,
        SPIKE_PAIR,
        DELAYED_EVENT,
        WEIGHT_CRITERION,
    ),
)
