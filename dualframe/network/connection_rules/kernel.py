"""The probability of a pair falls with distance, as a Gaussian: `GaussianKernel`."""

from __future__ import annotations

import numpy as np

from dualframe.core.quantity import quantity_text
from dualframe.network.connection_rules.connection_rule import (
    PROBABILITY_VALUE,
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    RuleParameter,
    Values,
)
from dualframe.network.connection_rules.pairs_by_distance import draw_pairs_by_distance
from dualframe.network.distributions import GaussianKernel

CELL_SIDE = 0.25  # widths: few candidates fail, and few pairs of cells hold none


def _draw_pairs(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    kernel = GaussianKernel(**values)
    side = CELL_SIDE * float(np.asarray(kernel.sigma))
    return draw_pairs_by_distance(kernel.probability, side, ends, rng)


def _mean_in_degree(values: Values, ends: ConnectionEnds) -> float:
    """The mean over uniform positions, edge effects included."""
    assert ends.space is not None  # a circuit with a kernel has a space
    return ends.space.mean_probability(GaussianKernel(**values)) * ends.partners


def _scale_kernel(values: Values, full: ConnectionEnds, scaled: ConnectionEnds) -> Values:
    ratio = full.partners / scaled.partners
    return {"p_max": values["p_max"] * ratio, "sigma": values["sigma"]}


def _kernel_text(values: Values) -> str:
    width = quantity_text(values["sigma"]).replace(". ", " ")
    return f"p(d) = {values['p_max']:.4g} exp(-d^2/2s^2), s = {width}"


KERNEL = ConnectionRule(
    name="kernel",
    projection_field="kernel",
    parameters={"p_max": PROBABILITY_VALUE, "sigma": RuleParameter("length", "positive")},
    draw_pairs=_draw_pairs,
    describe=_kernel_text,
    needs_positions=True,
    mean_in_degree=_mean_in_degree,
    scale_values=_scale_kernel,
    read_field=lambda kernel: {"p_max": kernel.p_max, "sigma": kernel.sigma},
    write_field=lambda values: GaussianKernel(**values),
)
