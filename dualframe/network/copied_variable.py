"""A variable of one population that others read: copied at every step."""

from __future__ import annotations

from typing import Any

from dualframe.core.validation import check_name
from dualframe.network.projection import Projection


def copy_variable(
    source: str,
    variable: str,
    target: str,
    into: str,
    *,
    unit: str = "1",
    pairs: Any = "all_to_all",
) -> Projection:
    """Return a projection that copies a variable of one neuron into others, at every step.

    A *summed* variable: in step n the target's ``into`` is the sum over its sources of the value
    that ``variable`` had at the beginning of the step, with all-to-all pairs the copy of a single
    source to the last bit. The target's equations declare ``into``; neurons that ``pairs`` leaves
    out read zero.

    Parameters
    ----------
    source, variable
        Population and its variable: a state variable or parameter, because GeNN gives synapses
        no subexpressions.
    target, into
        Population and the variable that it declares.
    unit
        Base unit of the variable, as Brian2 equations spell it.
    pairs
        As of `Projection`.
    """
    for text, kind in ((variable, "variable"), (into, "variable")):
        check_name(text, kind)
    return Projection(
        source,
        target,
        name=f"{target}_gets_{into}",
        pairs=pairs,
        equations=f"{into}_post = {variable}_pre : {unit} (summed)",
    )
