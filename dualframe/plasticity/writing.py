"""From projections with a rule to projections with equations: the first step of lowering.

Everything below sees ordinary synapses. The numbers of a rule become parameters of the synapses,
so that neither they, nor the bounds, nor freezing, recompile anything; only another rule, option
or set of modulatory factors changes equations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.distributions import DISTRIBUTIONS, Limited
from dualframe.errors import NetworkError
from dualframe.network import Network, Plasticity, Population, Projection, variables
from dualframe.plasticity.registry import rule
from dualframe.plasticity.rule import Body


def with_rules(network: Network) -> Network:
    """Return the network with every plasticity rule written out.

    Raises
    ------
    UnknownName
        If a projection names a rule that does not run.
    NetworkError
        If a projection has a variable that its rule has too, or the rule cannot know how large a
        change is.
    """
    if not any(projection.plasticity for projection in network.projections):
        return network
    return replace(
        network,
        projections=tuple(
            written_out(projection, projection.plasticity, network.population(projection.target))
            if projection.plasticity is not None
            else projection
            for projection in network.projections
        ),
    )


def written_out(projection: Projection, given: Plasticity, target: Population) -> Projection:
    """Return a projection with the equations and statements of its rule."""
    body = rule(given.rule).write(given, target.variables | set(target.parameters))
    numbers = _parameters(projection, given, body)
    _check_names(projection, given, variables(body.equations) | set(numbers))
    taken = _taken(body, numbers, target)
    body, numbers = body.renamed(taken), {taken.get(k, k): v for k, v in numbers.items()}
    weight = projection.weight
    if isinstance(weight, DISTRIBUTIONS):
        weight = Limited(weight, given.w_min, given.w_max)
    on_pre = [body.before, projection.on_pre, body.on_pre]
    return replace(
        projection,
        equations="\n".join(filter(None, [projection.equations, body.equations])),
        on_pre="\n".join(filter(None, on_pre)),
        on_post=body.on_post,
        weight=weight,
        parameters={**projection.parameters, **numbers},
        plasticity=None,
    )


def _parameters(projection: Projection, given: Plasticity, body: Body) -> dict[str, Any]:
    """Numbers that the written rule uses."""
    every = {
        **given.numbers,
        "w_min": given.w_min,
        "w_max": given.w_max,
        "scale": _scale(projection, given),
        "learning_rate": given.rate,
    }
    text = f"{body.equations} {body.before} {body.on_pre} {body.on_post}"
    used = set(re.findall(r"\b[A-Za-z_]\w*", text))
    return {name: value for name, value in every.items() if name in used}


def _scale(projection: Projection, given: Plasticity) -> Any:
    if given.scale is not None:
        return given.scale
    if given.relative_to == "w_max":
        return given.w_max
    if given.relative_to == "initial":
        if not isinstance(projection.weight, DISTRIBUTIONS) and np.ndim(projection.weight) == 0:
            return projection.weight
        what = "the weight before learning, and the weights of this projection differ"
    elif get_dimensions(given.w_max).is_dimensionless:
        return 1.0
    else:
        what = "a weight without dimension"
    raise NetworkError(
        f"projection {projection.name!r}: amplitudes of {given.rule!r} are relative to {what}. "
        f"Give scale, the change that an amplitude of one makes."
    )


def _taken(body: Body, numbers: Mapping[str, Any], target: Population) -> dict[str, str]:
    """Names of the rule that its target has too, which no synapse may have, and their stand-ins."""
    names = variables(body.equations) | set(numbers)
    clash = names & (target.variables | set(target.parameters) | set(target.durations))
    return {name: f"{name}_of_rule" for name in clash}


def _check_names(projection: Projection, given: Plasticity, names: Set[str]) -> None:
    own = variables(projection.equations) | set(projection.parameters)
    if clash := sorted(own & names):
        raise NetworkError(
            f"projection {projection.name!r} defines {clash[0]!r}, which its rule {given.rule!r} "
            f"defines too; rename it."
        )
