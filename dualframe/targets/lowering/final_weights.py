"""Weights at the end of a run and on the way, brought up to date.

A rule with a third factor changes a synapse between its spikes too, and writes the change when the
next spike comes. What is due is computed here, from the same statements.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from brian2.parsing.sympytools import str_to_sympy
from brian2.utils.stringtools import get_identifiers

from dualframe.targets.lowering.event_free_equations import parse_assignments
from dualframe.targets.lowering.lowered_network import Array, LoweredSynapses

_FUNCTIONS = {
    "int": lambda x: np.asarray(x, dtype=float),
    "clip": np.clip,
    "exp": np.exp,
    "Abs": np.abs,
}
Reader = Callable[[str], Array]
NOW = "w_now"  # a weight that is followed in time, where a rule changes it between spikes


def final_weights(synapses: LoweredSynapses, of_synapses: Reader, of_target: Reader) -> Array:
    """Return the weights of synapses, as they are after the last step.

    Parameters
    ----------
    synapses
        The synapses; ``due`` are the statements of their rule.
    of_synapses, of_target
        Return a variable of the synapses (or of the postsynaptic neurons) after the run.
    """
    weights = np.broadcast_to(of_synapses("w"), (len(synapses.i),))
    if not synapses.due:
        return weights
    function, names = _compile_weight(synapses.due)
    values = [_value_of(name, synapses, of_synapses, of_target) for name in names]
    return np.broadcast_to(np.asarray(function(*values), dtype=float), weights.shape)


def weight_expression(due: str) -> str:
    """Return the weight that statements of a rule assign, as an expression.

    Parameters
    ----------
    due
        Statements of a rule that bring ``w`` up to date.
    """
    return dict(parse_assignments(due, "plasticity"))["w"]


def variables_needed(synapses: LoweredSynapses) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the variables of the synapses, and of their targets, that `final_weights` reads.

    Parameters
    ----------
    synapses
        The synapses.
    """
    if not synapses.due:
        return ("w",), ()
    names = _compile_weight(synapses.due)[1]
    of_synapses = [n for n in names if not n.endswith("_post") and n not in synapses.constants]
    read = tuple(n.removesuffix("_post") for n in names if n.endswith("_post"))
    return tuple(dict.fromkeys(("w", *of_synapses))), read


def _value_of(name: str, synapses: LoweredSynapses, of_synapses: Reader, of_target: Reader) -> Any:
    if name in synapses.constants:
        return synapses.constants[name].value
    if name.endswith("_post"):
        return of_target(name.removesuffix("_post"))[synapses.j]
    return of_synapses(name)


@lru_cache(maxsize=32)
def _compile_weight(due: str) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The weight that statements of a rule assign, as a function of the names that it reads."""
    text = weight_expression(due)
    names = tuple(sorted(get_identifiers(text) - {"int", "clip", "exp", "abs"}))
    expression = str_to_sympy(text)
    arguments = [symbol for name in names for symbol in [_symbol_named(expression, name)]]
    return sympy.lambdify(arguments, expression, modules=[_FUNCTIONS, "numpy"]), names


def _symbol_named(expression: Any, name: str) -> Any:
    found = [s for s in expression.free_symbols if str(s) == name]
    return found[0] if found else sympy.Symbol(name)
