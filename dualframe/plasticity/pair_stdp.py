r"""Pair-based STDP: every presynaptic spike pairs with postsynaptic ones, and the reverse.

.. math::

   \text{pre:}  &\quad w \to w - A_- y, \; x \to x + 1 \\
   \text{post:} &\quad w \to w + A_+ x, \; y \to y + 1 \\
   \dot x &= -x/\tau_+, \quad \dot y = -y/\tau_-

so that a single pair changes the weight by :math:`A_+ e^{-\Delta t/\tau_+}` for
:math:`\Delta t = t_{post} - t_{pre} \ge 0` and by :math:`-A_- e^{\Delta t/\tau_-}` for
:math:`\Delta t < 0`. With ``pairing="nearest"`` a trace is set to one, so that only the last spike
of the other side counts. With ``bounds="multiplicative"`` potentiation is proportional to
:math:`w_{max} - w` and depression to :math:`w - w_{min}`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity.rule import (
    BOUNDS,
    PAIRING,
    UPDATE,
    Body,
    Rule,
    depress,
    potentiate,
    spike,
    trace,
)


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    pairing = rule.options["pairing"]
    return Body(
        equations="\n".join([trace("x", "tau_plus", rule), trace("y", "tau_minus", rule)]),
        on_pre="\n".join([depress("A_minus*y", rule, known), spike("x", pairing)]),
        on_post="\n".join([potentiate("A_plus*x", rule, known), spike("y", pairing)]),
    )


PAIR_STDP = Rule("pair_stdp", write, {"pairing": PAIRING, "bounds": BOUNDS, "update": UPDATE})
