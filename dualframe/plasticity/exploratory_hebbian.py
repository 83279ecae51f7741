r"""Exploratory Hebbian learning of spiking neurons (Legenstein et al. 2010).

The source's rule for rates, :math:`\Delta w = \eta\, x\, (a - \bar a)(R - \bar R)`, correlates what
the presynaptic neuron did with the postsynaptic neuron's deviation from what it usually does, and
with the reward's from what it usually is. Here x is the presynaptic spike train and a trace bridges
the time until the reward:

.. math::

   \text{pre:} \quad e \to e + (a - \bar a), \qquad \dot e = -e/\tau_e, \qquad
   \dot w = g\, e\, (R - \bar R)

The postsynaptic activity a (signal ``activity``, for example ``V/mV`` or a filtered spike train)
and the reward R (``reward``) are read of the postsynaptic neuron, which keeps their running means
with tau_activity and tau_reward. Only what deviates is learned, so the exploration may come from
any noise of the neuron. Exact at events, in the sense of `three_factor`. Rate units: see
`supralinear_hebbian`. ``eligibility_factor`` acts on the deviation, ``rate_factor`` on the drive.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import Eligibility, body, eligible
from dualframe.plasticity.rule import UPDATE, Body, Rule, factors, running_mean


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    deviation = f"(activity_post - mean_activity_post){factors(known, 'eligibility')}"
    return body(
        [],
        [eligible(deviation, rule)],
        [],
        rule,
        [Eligibility("tau_eligibility", "gain*(reward - mean_reward)")],
        signals=("activity", "reward"),
        known=known,
        neuron="\n".join(
            [
                running_mean("mean_activity", "activity", "tau_activity"),
                running_mean("mean_reward", "reward", "tau_reward"),
            ]
        ),
    )


EXPLORATORY_HEBBIAN = Rule(
    "exploratory_hebbian",
    write,
    {"update": UPDATE},
    ("rate", "eligibility"),
    {"activity": "activity of the neuron, a plain number", "reward": "reward"},
)
