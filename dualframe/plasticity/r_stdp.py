r"""Reward-modulated STDP with an eligibility trace (Izhikevich 2007).

.. math::

   \text{pre:}  &\quad e \to e - A_- y, \; x \to x + 1 \\
   \text{post:} &\quad e \to e + A_+ x, \; y \to y + 1 \\
   \dot e &= -e/\tau_e, \qquad \dot w = g\, (b + D)\, e

Traces x and y decay with tau_plus and tau_minus; D is the level of dopamine at the postsynaptic
neuron (signal ``level_DA``), b its baseline. A pair of spikes alone leaves an eligibility whose
window is that of pair STDP.

The source's spikes set a trace instead of adding to it (``pairing="nearest"``, the default of its
set). It updates e and w every 10 ms, here they change in continuous time; the gain g is that of
its updates, 1 per 10 ms. Without dopamine (``level_DA`` zero) the baseline alone drives the
weight. ``ltp_factor`` and ``ltd_factor`` act on the two sides of the window,
``eligibility_factor`` on both, ``rate_factor`` on the drive.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity import eligibility_traces as three_factor
from dualframe.plasticity.rule import PAIRING, UPDATE, Body, Rule, factors


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    pairing = rule.options["pairing"]
    x = three_factor.Trace("x", "tau_plus", rule)
    y, spiked = three_factor.post_trace("y", "tau_minus", pairing)
    depress = f"-A_minus*y_post{factors(known, 'ltd', 'eligibility')}"
    potentiate = f"A_plus*{x.now}{factors(known, 'ltp', 'eligibility')}"
    dopamine = three_factor.Eligibility("tau_eligibility", "gain*(baseline + level_DA)")
    return three_factor.body(
        [x],
        [three_factor.eligible(depress, rule), x.spike(pairing)],
        [three_factor.eligible(potentiate, rule)],
        rule,
        [dopamine],
        signals=("level_DA",),
        known=known,
        neuron=y,
        reset=spiked,
    )


R_STDP = Rule(
    "r_stdp",
    write,
    {"pairing": PAIRING, "update": UPDATE},
    ("ltp", "ltd", "rate", "eligibility"),
    {"level_DA": "level of dopamine"},
)
