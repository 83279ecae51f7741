r"""Hypothesis testing plasticity: short- and long-term weights (HTP, Soltoggio 2015).

The eligibility of `rchp` moves a short-term weight, a hypothesis that fades. What it has confirmed
becomes long-term:

.. math::

   \dot w_s = -w_s/\tau_s + g\, m(t)\, e, \quad w_s \in [s_{min}, s_{max}], \qquad
   \dot w_l = r\, [w_s > \theta_l], \quad w_l \in [0, l_{max}], \qquad w = w_s + w_l

A baseline modulation below zero (signal ``modulation``) makes hypotheses without reward fade below
zero. w_s and w_l are parts of ``scale``.

Not as in the source: a weight is a magnitude here (Dale), so what is transmitted is ``w_s + w_l``
within the bounds of the rule. The source transmits down to -1; the short-term weight does go
there, and its share below the bound is kept (``held``), not forgotten. At the start a weight is
short-term.
Signals, targets and factors are those of `rchp`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity import rchp
from dualframe.plasticity.rule import CLOCK, Body, Rule


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    short = "(w/scale + held - long_term)"
    moved = f"{short}*exp(-dt/tau_short) + {rchp.learned(known)}"
    new_short = f"clip({moved}, short_min, short_max)"
    new_long = f"clip(long_term + conversion*dt*int({new_short} > threshold_long), 0, long_max)"
    both = f"({new_short} + {new_long})"
    new = f"clip(scale*{both}, w_min, w_max)"
    learns = "int(learning_rate > 0)"
    changes = [
        f"dlong_term/dt = {learns}*({new_long} - long_term)/dt : 1 (clock-driven)",
        f"dheld/dt = {learns}*({both} - {new}/scale - held)/dt : 1 (clock-driven)",
        f"dw/dt = {learns}*({new} - w)/dt : {unit_of(rule.w_max)} (clock-driven)",
    ]
    return Body("\n".join([rchp.eligibility(known), *changes]), "", "")


HTP = Rule(
    "htp",
    write,
    {"update": (CLOCK,)},
    ("ltp", "ltd", "rate", "eligibility"),
    rchp.SIGNALS,
    rchp.SOURCES,
)
