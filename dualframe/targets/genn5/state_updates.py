"""One step of differential equations as statements, by Brian2's own integrators."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from brian2.core.variables import Variable
from brian2.equations.equations import Equations, extract_constant_subexpressions
from brian2.equations.refractory import add_refractoriness
from brian2.stateupdaters.base import StateUpdateMethod

_INTERVAL = re.compile(r"\bdt\b")


@lru_cache(maxsize=64)
def update_statements(equations: str, method: str, *, has_refractory: bool = False) -> str:
    """Return the statements of one time step.

    Parameters
    ----------
    equations
        The equations in Brian2's syntax.
    method
        Brian2's name of the integrator.
    has_refractory
        Whether "(unless refractory)" means something.
    """
    model = Equations(equations)
    if has_refractory:
        model = add_refractoriness(model)
    model, _ = extract_constant_subexpressions(model)
    if not model.diff_eq_names:
        return ""
    return str(StateUpdateMethod.apply_stateupdater(model, _declare_variables(model), method))


@lru_cache(maxsize=64)
def event_driven_statements(lines: tuple[str, ...], constants: tuple[str, ...]) -> str:
    """Return the statements that bring event-driven variables up to date, and `lastupdate`.

    Parameters
    ----------
    lines
        The equations of the event-driven variables.
    constants
        Declarations of the constants that they read.
    """
    model = Equations("\n".join(lines))
    known = _declare_variables(Equations("\n".join((*lines, *constants))))
    update = StateUpdateMethod.apply_stateupdater(model, known, "linear")
    return _INTERVAL.sub("(t - lastupdate)", update)


def _declare_variables(equations: Equations) -> Mapping[str, Variable]:
    declared = {
        name: Variable(
            name,
            dimensions=equation.dim,
            constant="constant" in equation.flags,
            scalar="shared" in equation.flags,
        )
        for name, equation in equations.items()
    }
    declared["not_refractory"] = Variable("not_refractory", dtype=np.bool_)
    return declared
