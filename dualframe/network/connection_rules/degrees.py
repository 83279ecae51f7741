"""Every neuron has the same number of partners, drawn without replacement."""

from __future__ import annotations

import numpy as np

from dualframe.network.connection_rules.connection_rule import (
    COUNT_VALUE,
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    Values,
)


def _draw_partners(
    degree: int, n_partners: int, n: int, ends: ConnectionEnds, rng: np.random.Generator
) -> Pairs:
    """Draw the partners of each of ``n`` neurons; return them, and the neurons."""
    partners = []
    for neuron in range(n):
        pool = n_partners - int(ends.without_autapses)
        chosen = rng.choice(pool, min(degree, pool), replace=False)
        partners.append(chosen + (chosen >= neuron) if ends.without_autapses else chosen)
    drawn = np.concatenate(partners).astype(np.int32)
    return drawn, np.repeat(np.arange(n, dtype=np.int32), [len(p) for p in partners])


def _draw_in_degree(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    return _draw_partners(values["in_degree"], ends.n_source, ends.n_target, ends, rng)


def _draw_out_degree(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    j, i = _draw_partners(values["out_degree"], ends.n_target, ends.n_source, ends, rng)
    return i, j


def _find_problem(name: str, degree: int, members: int, end: str) -> str:
    if degree <= members:
        return ""
    return f"has an {name} of {degree}, but {end!r} has only {members} possible partners."


def _mean_in_degree(values: Values, ends: ConnectionEnds) -> float:
    return float(values["out_degree"] * ends.n_source / ends.n_target)


def _scale_out_degree(values: Values, full: ConnectionEnds, scaled: ConnectionEnds) -> Values:
    """Keep the mean in-degree, as far as there are targets."""
    targets = scaled.n_target - int(scaled.without_autapses)
    kept = round(_mean_in_degree(values, full) * scaled.n_target / scaled.n_source)
    return {"out_degree": max(1, min(kept, targets))}


IN_DEGREE = ConnectionRule(
    name="in_degree",
    projection_field="in_degree",
    parameters={"in_degree": COUNT_VALUE},
    draw_pairs=_draw_in_degree,
    describe=lambda values: f"{values['in_degree']} partners",
    find_problem=lambda values, ends: _find_problem(
        "in_degree", values["in_degree"], ends.n_source, ends.source
    ),
    mean_in_degree=lambda values, ends: float(min(values["in_degree"], ends.partners)),
    scale_values=lambda values, full, scaled: {
        "in_degree": min(values["in_degree"], scaled.partners)
    },
)

OUT_DEGREE = ConnectionRule(
    name="out_degree",
    projection_field="out_degree",
    parameters={"out_degree": COUNT_VALUE},
    draw_pairs=_draw_out_degree,
    describe=lambda values: f"{values['out_degree']} targets",
    find_problem=lambda values, ends: _find_problem(
        "out_degree", values["out_degree"], ends.n_target, ends.target
    ),
    mean_in_degree=_mean_in_degree,
    scale_values=_scale_out_degree,
)
