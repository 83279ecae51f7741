r"""Opponent dopamine and serotonin, competing online (CWC, Wert-Carvajal et al. 2022).

.. math::

   \dot w = g\, \eta \bigl( R_D\, D\, E_{DA} - (1 - D)\, S\, E_{5HT} \bigr), \qquad
   \dot E_k = -E_k/\tau_k + A_k W

Every pair of spikes leaves both eligibilities with a symmetric window :math:`W =
e^{-|\Delta t|/\tau}`. Dopamine (signal ``level_DA``, one while the reward is there, else zero)
potentiates what it finds, and without it serotonin (``level_5HT``, one in the source, 1.5 where it
is activated, zero where it is inhibited) depresses. The source changes weights once per step, so
the gain g is 1 per ms.

``window_5HT="pre_post"`` leaves serotonin pairs with the presynaptic spike first, as in the
source's rate-based file. In the source activation scales the pairs, here it weighs the change: the
same for an activation that lasts longer than the eligibility. The bounds are those of every rule;
where dopamine comes or goes between two spikes of a synapse at a bound, see `three_factor`.
``ltp_factor`` acts on the eligibility of dopamine, ``ltd_factor`` on that of serotonin,
``eligibility_factor`` on both, ``rate_factor`` on the drives.

The *sequential* set of the source changes weights at the ends of trials: see `sn_plast`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.errors import NetworkError
from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import Eligibility, Trace, body, eligible, post_trace
from dualframe.plasticity.rule import ALL_TO_ALL, UPDATE, Body, Rule, factors

BOTH, PRE_POST = "both", "pre_post"


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    if "eta" not in rule.numbers:
        raise NetworkError(
            f"{rule.origin or 'da_5ht'} changes weights at the ends of trials: take "
            f"set='cwc', or the rule sn_plast for the sequential one."
        )
    dopamine = f"A_DA*{{}}{factors(known, 'ltp', 'eligibility')}"
    serotonin = f"A_5HT*{{}}{factors(known, 'ltd', 'eligibility')}"
    x = Trace("x", "tau", rule)
    y, spiked = post_trace("y", "tau", ALL_TO_ALL)
    on_pre = [eligible(dopamine.format("y_post"), rule, "DA")]
    if rule.options["window_5HT"] == BOTH:
        on_pre.append(eligible(serotonin.format("y_post"), rule, "5HT"))
    on_post = [
        eligible(dopamine.format(x.now), rule, "DA"),
        eligible(serotonin.format(x.now), rule, "5HT"),
    ]
    reward = "*R_D" if "R_D" in rule.numbers else ""
    return body(
        [x],
        [*on_pre, x.spike(ALL_TO_ALL)],
        on_post,
        rule,
        [
            Eligibility("tau_eligibility_DA", f"gain*eta{reward}*level_DA", "DA"),
            Eligibility("tau_eligibility_5HT", "-gain*eta*(1 - level_DA)*level_5HT", "5HT"),
        ],
        signals=("level_DA", "level_5HT"),
        known=known,
        neuron=y,
        reset=spiked,
    )


DA_5HT = Rule(
    "da_5ht",
    write,
    {"window_5HT": (BOTH, PRE_POST), "update": UPDATE},
    ("ltp", "ltd", "rate", "eligibility"),
    {"level_DA": "whether there is a reward, 0 to 1", "level_5HT": "level of serotonin"},
)
