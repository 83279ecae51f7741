r"""Rarely correlating Hebbian plasticity of rate units (RCHP, Soltoggio and Steil 2013).

Only correlations beyond a threshold leave an eligibility, and reward makes weights of them:

.. math::

   c = y_{pre}(t - \Delta t)\, y_{post}(t), \qquad
   \rho = \alpha\,[c > \theta_{hi}] + \beta\,[c < \theta_{lo}] \\
   e \to \mathrm{clip}(e\, e^{-\Delta t/\tau_e} + \rho,\; \beta,\; \alpha), \qquad
   \dot w = g\, m(t)\, e

at every step of the network (100 ms in the source), with modulation m (signal ``modulation``). The
thresholds are ``theta_high`` and ``theta_low``; `sliding_thresholds` keeps correlations as rare as
the source wants them, 0.1 % of the synapses per second. ``activity`` is the output of the
postsynaptic unit, ``rate`` that of the presynaptic one, of the step before in the source.

The rule reads both units at every step: clock-driven in every form, on the runtime and in C++, for
projections with a summed variable. ``ltp_factor`` acts on correlations, ``ltd_factor`` on
decorrelations, ``eligibility_factor`` on both, ``rate_factor`` on the change.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, Body, Rule, factors

SIGNALS = {
    "activity": "output of the unit",
    "modulation": "reward signal",
    "theta_high": "threshold of rare correlations",
    "theta_low": "threshold of rare decorrelations",
}
SOURCES = {"rate": "output of the presynaptic unit, of the step before"}


def eligibility(known: Collection[str]) -> str:
    """Return the equation of the eligibility."""
    both = factors(known, "eligibility")
    rare = (
        f"A_correlation*int(rate_pre*activity_post > theta_high_post){factors(known, 'ltp')}{both}"
        f" + A_decorrelation*int(rate_pre*activity_post < theta_low_post)"
        f"{factors(known, 'ltd')}{both}"
    )
    kept = "eligibility*exp(-dt/tau_eligibility)"
    new = f"clip({kept} + {rare}, A_decorrelation, A_correlation)"
    return f"deligibility/dt = ({new} - eligibility)/dt : 1 (clock-driven)"


def learned(known: Collection[str]) -> str:
    """Return the change of the weight in one step, for a scale of one."""
    return f"learning_rate*gain*modulation_post*eligibility*dt{factors(known, 'rate')}"


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    new = f"clip(w + scale*{learned(known)}, w_min, w_max)"
    change = f"dw/dt = ({new} - w)/dt : {unit_of(rule.w_max)} (clock-driven)"
    return Body(f"{eligibility(known)}\n{change}", "", "")


RCHP = Rule(
    "rchp",
    write,
    {"update": (CLOCK,)},
    ("ltp", "ltd", "rate", "eligibility"),
    SIGNALS,
    SOURCES,
)
