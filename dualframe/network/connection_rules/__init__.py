"""Connection rules, one file each: parameters, pairs, words, and what scaling does to them."""

from dualframe.network.connection_rules.connection import (
    RULE_FIELDS,
    Connection,
    check_connection,
    connection_of,
)
from dualframe.network.connection_rules.connection_rule import (
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    RuleParameter,
)
from dualframe.network.connection_rules.registry import CONNECTION_RULES

__all__ = [
    "CONNECTION_RULES",
    "RULE_FIELDS",
    "Connection",
    "ConnectionEnds",
    "ConnectionRule",
    "Pairs",
    "RuleParameter",
    "check_connection",
    "connection_of",
]
