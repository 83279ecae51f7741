"""A number of synapses in all, both ends of each drawn independently: multapses are allowed."""

from __future__ import annotations

import numpy as np

from dualframe.network.connection_rules.connection_rule import (
    COUNT_VALUE,
    ConnectionEnds,
    ConnectionRule,
    Indices,
    Pairs,
    Values,
)


def synapses_for_probability(probability: float, pairs: int) -> int:
    """Return how many synapses, drawn with replacement, connect pairs with a probability.

    It is ln(1 - p)/ln(1 - 1/(n_pre n_post)), at least 1.

    Parameters
    ----------
    probability
        That an ordered pair has at least one synapse, above 0 and below 1.
    pairs
        Number of ordered pairs, n_pre n_post.
    """
    return max(1, round(float(np.log1p(-probability) / np.log1p(-1 / pairs))))


def _draw_pairs(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    """Draw sources in order, so that a spike reads its weights in one stretch."""
    number = values["number"]
    i = np.sort(_draw_members(ends.n_source, number, rng))
    if not ends.without_autapses:
        return i, _draw_members(ends.n_target, number, rng)
    other = _draw_members(ends.n_target - 1, number, rng)
    return i, other + (other >= i).astype(np.int32)


def _draw_members(n: int, number: int, rng: np.random.Generator) -> Indices:
    return np.asarray(rng.integers(n, size=number, dtype=np.int32))


def _find_problem(values: Values, ends: ConnectionEnds) -> str:
    if ends.without_autapses and ends.n_target == 1:
        return (
            f"cannot be drawn: the only neuron of {ends.target!r} has no partner; allow autapses, "
            f"or drop the projection."
        )
    return ""


def _scale_number(values: Values, full: ConnectionEnds, scaled: ConnectionEnds) -> Values:
    per_neuron = values["number"] / full.n_target
    return {"number": max(1, round(per_neuron * scaled.n_target))}


NUMBER = ConnectionRule(
    name="number",
    projection_field="number",
    parameters={"number": COUNT_VALUE},
    draw_pairs=_draw_pairs,
    describe=lambda values: f"{values['number']} synapses, multapses",
    multapses=True,
    find_problem=_find_problem,
    mean_in_degree=lambda values, ends: values["number"] / ends.n_target,
    scale_values=_scale_number,
)
