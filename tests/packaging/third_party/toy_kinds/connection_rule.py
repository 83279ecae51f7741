"""Every neuron contacts those that are at most a number of places away from its own."""

import numpy as np

from dualframe.network.connection_rules.connection_rule import ConnectionRule, RuleParameter


def draw_pairs(values, ends, rng):
    """Return the pairs; both ends are lined up from first to last."""
    i, j = np.meshgrid(np.arange(ends.n_source), np.arange(ends.n_target), indexing="ij")
    places = i * (ends.n_target - 1) / max(ends.n_source - 1, 1)
    near = np.abs(places - j) <= values["reach"]
    return i[near].astype(np.int32), j[near].astype(np.int32)


TOY_NEIGHBOURS = ConnectionRule(
    name="toy_neighbours",
    parameters={"reach": RuleParameter(sense="count")},
    draw_pairs=draw_pairs,
)
