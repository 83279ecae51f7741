r"""Plasticity of inhibition towards a target rate (Vogels et al. 2011).

.. math::

   \text{pre:}  &\quad w \to w + A (y - 2 \rho_0 \tau), \; x \to x + 1 \\
   \text{post:} &\quad w \to w + A x, \; y \to y + 1

with both traces decaying with tau: near-coincident spikes in either order strengthen the synapse,
and each presynaptic spike alone weakens it, so that the postsynaptic rate settles at
:math:`\rho_0`. The weight is a magnitude. Here ``ltp_factor`` acts on what pairing adds and
``ltd_factor`` on what a presynaptic spike alone takes away.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity.rule import UPDATE, Body, Rule, factors, potentiate, spike, trace


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    pairing = f"y{factors(known, 'ltp')} - 2*target_rate*tau{factors(known, 'ltd')}"
    step = f"learning_rate*scale*A*({pairing}){factors(known, 'rate')}"
    return Body(
        equations="\n".join([trace("x", "tau", rule), trace("y", "tau", rule)]),
        on_pre="\n".join([f"w = clip(w + {step}, w_min, w_max)", spike("x", "all_to_all")]),
        on_post="\n".join([potentiate("A*x", rule, known), spike("y", "all_to_all")]),
    )


INHIBITORY_STDP = Rule("inhibitory_stdp", write, {"update": UPDATE})
