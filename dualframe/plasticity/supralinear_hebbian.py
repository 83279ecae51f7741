r"""Supralinear exploratory Hebbian learning of rate units (Miconi 2017).

.. math::

   H \to H + \bigl( r_{pre}\, (x - \bar x) \bigr)^3 \ \text{at every step}, \qquad
   \Delta w = \mathrm{clip}(\eta\, M\, H, \pm \Delta_{max}) \ \text{and}\ H \to 0
   \ \text{at the end of a trial}

The cube lets the short, large deviations that a perturbation makes outweigh the slow ones that
follow, so the rule need not know the perturbation. H is what the source calls the Hebbian trace,
:math:`\bar x` the running mean of the postsynaptic activation x (signal ``activity``) with
tau_activity, M the modulation (``modulation``; in the source minus the trial's error relative to
the mean of its type, times that mean), ``over`` is one in the step at which a trial ends.
``rate`` is the presynaptic unit's rate; the source takes that of the step before.

The rule reads the presynaptic unit at every step, so it is clock-driven in every form, and runs on
the runtime and in C++. It is for units without a threshold, whose projection has a summed variable,
``"input_post = w*r_pre : 1 (summed)"``. A weight is a magnitude here (Dale): units of the source
have both signs of weight; an inhibitory projection says so with ``signals={"rate": "-r"}`` and a
summed ``-w*r_pre``. The source counts steps of 1 ms; H is a sum over steps, not over time.
``eligibility_factor`` acts on what is added to H, ``rate_factor`` on the change.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, Body, Rule, factors, running_mean


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    step = f"(rate_pre*(activity_post - mean_activity_post))**3{factors(known, 'eligibility')}"
    limited = "clip(eta*modulation_post*hebb, -max_change, max_change)"
    change = f"learning_rate*scale*over_post*{limited}{factors(known, 'rate')}"
    equations = [
        f"dhebb/dt = ({step} - over_post*hebb)/dt : 1 (clock-driven)",
        f"dw/dt = (clip(w + {change}, w_min, w_max) - w)/dt : {unit_of(rule.w_max)} (clock-driven)",
    ]
    mean = running_mean("mean_activity", "activity", "tau_activity")
    return Body("\n".join(equations), "", "", neuron=mean)


SUPRALINEAR_HEBBIAN = Rule(
    "supralinear_hebbian",
    write,
    {"update": (CLOCK,)},
    ("rate", "eligibility"),
    {
        "activity": "activation of the unit",
        "modulation": "what the change at the end of a trial is weighed with",
        "over": "one in the step at which a trial ends, else zero",
    },
    {"rate": "rate of the presynaptic unit"},
)
