"""A connection rule as a user writes one: neighbours on a ring, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dualframe.network.connection_rules import (
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    RuleParameter,
)


def _draw_neighbours(
    values: Mapping[str, Any], ends: ConnectionEnds, rng: np.random.Generator
) -> Pairs:
    """Try every pair, of which both ends lie within ``reach`` of each other on the ring."""
    i, j = np.indices((ends.n_source, ends.n_target)).reshape(2, -1)
    steps = np.abs(i / ends.n_source - j / ends.n_target) * ends.n_source
    near = np.minimum(steps, ends.n_source - steps) <= values["reach"]
    drawn = near & (rng.random(i.size) < values["probability"])
    drawn &= ~((i == j) & ends.without_autapses)
    return i[drawn].astype(np.int32), j[drawn].astype(np.int32)


NEIGHBOURS = ConnectionRule(
    name="neighbours",
    parameters={
        "reach": RuleParameter(sense="count"),
        "probability": RuleParameter(sense="probability"),
    },
    draw_pairs=_draw_neighbours,
    describe=lambda values: f"neighbours within {values['reach']} on a ring",
)
