r"""Triplet STDP of Pfister and Gerstner (2006): pairs, and triplets through slower traces.

.. math::

   \text{pre:}  &\quad w \to w - o_1 (A_2^- + A_3^- r_2), \text{ then } r_1, r_2 \to +1 \\
   \text{post:} &\quad w \to w + r_1 (A_2^+ + A_3^+ o_2), \text{ then } o_1, o_2 \to +1

with decay constants tau_plus (r1), tau_x (r2), tau_minus (o1) and tau_y (o2). ``r2`` and ``o2``
are read before the spike is added. With ``pairing="nearest"`` a spike sets its traces to one. The
minimal sets have no tau_x, and no ``r2``.
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
    pairing, slow = rule.options["pairing"], "tau_x" in rule.numbers
    equations = [
        trace("r1", "tau_plus", rule),
        trace("o1", "tau_minus", rule),
        trace("o2", "tau_y", rule),
    ]
    on_pre = [depress(f"o1*{'(A2_minus + A3_minus*r2)' if slow else 'A2_minus'}", rule, known)]
    on_pre.append(spike("r1", pairing))
    if slow:
        equations.append(trace("r2", "tau_x", rule))
        on_pre.append(spike("r2", pairing))
    on_post = [potentiate("r1*(A2_plus + A3_plus*o2)", rule, known)]
    on_post += [spike("o1", pairing), spike("o2", pairing)]
    return Body("\n".join(equations), "\n".join(on_pre), "\n".join(on_post))


TRIPLET_STDP = Rule("triplet_stdp", write, {"pairing": PAIRING, "bounds": BOUNDS, "update": UPDATE})
