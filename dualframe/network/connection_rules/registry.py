"""The connection rules by name; `dualframe.register` adds a user's own."""

from __future__ import annotations

from dualframe.core.registry import Registry
from dualframe.network.connection_rules.connection_rule import ConnectionRule
from dualframe.network.connection_rules.degrees import IN_DEGREE, OUT_DEGREE
from dualframe.network.connection_rules.kernel import KERNEL
from dualframe.network.connection_rules.named_pairs import ALL_TO_ALL, ONE_TO_ONE
from dualframe.network.connection_rules.number import NUMBER
from dualframe.network.connection_rules.probability import PROBABILITY
from dualframe.network.connection_rules.ring import AWAY_FROM_WALLS, RING, SINGLE_PAIR

CONNECTION_RULES = Registry(
    "connection rule",
    ConnectionRule,
    (
        PROBABILITY,
        KERNEL,
        IN_DEGREE,
        OUT_DEGREE,
        NUMBER,
        ALL_TO_ALL,
        ONE_TO_ONE,
        RING,
        AWAY_FROM_WALLS,
        SINGLE_PAIR,
    ),
)
