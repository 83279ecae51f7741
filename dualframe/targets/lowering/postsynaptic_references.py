"""What synapses read of the neuron behind them, written out in its state variables.

Brian2GeNN refuses a subexpression of the postsynaptic neuron in a synaptic statement, and does not
find the value of a constant that all its neurons share. Brian2 writes the first out when it
generates code; done here, with copies of the constants, every target gets the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.utils.stringtools import word_substitute

from dualframe.network import Population, Projection, variables
from dualframe.targets.lowering.event_free_equations import expanded_texts, parse_equations
from dualframe.targets.lowering.identifiers import identifiers_in, names_in
from dualframe.targets.lowering.lowered_network import Constant, Indices

INDEX, SIZE = "index_of_target", "N_of_target"
# In a synapse, Brian2's i is the presynaptic index and N the number of synapses
_OF_ALL = {
    "lastspike": "lastspike_post",
    "not_refractory": "not_refractory_post",
    "t_in_timesteps": "timestep(t, dt)",
    "i": INDEX,
    "N": SIZE,
}


def resolve_postsynaptic_references(projection: Projection, target: Population) -> Projection:
    """Return a projection whose statements name no subexpression or shared constant of a target.

    Parameters
    ----------
    projection
        The projection.
    target
        The postsynaptic population.
    """
    own = variables(projection.equations) | {"w"} | set(projection.parameters)
    used: set[str] = set().union(*map(names_in, projection.statements)) - own
    shared = _shared_constants(target)
    if not {name.removesuffix("_post") for name in used} & (target.variables | set(shared)):
        return projection
    full = expanded_texts(parse_equations(target.equations, f"population {target.name!r}"))
    read = {
        name: full[name.removesuffix("_post")]
        for name in used
        if name.removesuffix("_post") in full
    }
    spelled = {name: f"{name}_post" for name in target.variables | set(target.parameters)}
    spelled |= {name: f"{name}_of_target" for name in shared} | _OF_ALL
    texts = {name: f"({word_substitute(text, spelled)})" for name, text in read.items()}
    needed: set[str] = set().union(*map(names_in, read.values()))
    for name in used:
        if (bare := name.removesuffix("_post")) in shared:
            texts[name] = spelled[bare]
            needed.add(bare)
    if not texts:
        return projection
    return replace(
        projection,
        on_pre=_substitute_names(projection.on_pre, texts),
        on_post=_substitute_names(projection.on_post, texts),
        due=_substitute_names(projection.due, texts) or "",
        late=_substitute_names(projection.late, texts) or "",
        visits=_substitute_in_pairs(projection.visits, texts),
        visits_when=_substitute_in_pairs(projection.visits_when, texts),
        parameters={
            **projection.parameters,
            **{spelled[name]: value for name, value in shared.items() if name in needed},
            **({SIZE: target.n} if "N" in needed else {}),
        },
    )


def _substitute_in_pairs(
    pairs: tuple[tuple[str, Any], ...], texts: Mapping[str, str]
) -> tuple[tuple[str, Any], ...]:
    return tuple((str(word_substitute(statements, texts)), when) for statements, when in pairs)


def index_constant(projection: Projection, j: Indices) -> dict[str, Constant]:
    """Return the postsynaptic index of each synapse as a constant, if the statements read it.

    Parameters
    ----------
    projection
        A projection whose references are resolved.
    j
        The postsynaptic indices.
    """
    visits = [text for text, _ in (*projection.visits, *projection.visits_when)]
    texts = (*projection.statements, projection.due, projection.late, *visits)
    if INDEX not in identifiers_in(texts):
        return {}
    return {INDEX: Constant(np.asarray(j, dtype=float), "1")}


def _substitute_names(statement: str | None, texts: Mapping[str, str]) -> str | None:
    return None if statement is None else str(word_substitute(statement, texts))


def _shared_constants(target: Population) -> dict[str, Any]:
    """Parameters with one value for all neurons."""
    spread = {name for family in target.heterogeneity for name in target.family(family)}
    return {
        name: value
        for name, value in target.parameters.items()
        if np.ndim(value) == 0 and name not in spread
    }
