r"""Temporal-difference plasticity of an actor and a critic (TD-LTP, Fremaux et al. 2013).

.. math::

   \dot w = \eta\, \delta(t)\, \frac{1}{\tau_r}
            \bigl( Y_{post} \cdot (X_{pre} * \epsilon)\ \text{since the last}\ Y_{post} \bigr)
            * \kappa

At a postsynaptic spike the eligibility receives the EPSP that the presynaptic spikes since the
last postsynaptic one have left, with :math:`\epsilon(s) = \frac{\epsilon_0}{\tau_m - \tau_s}
(e^{-s/\tau_m} - e^{-s/\tau_s})`; :math:`\kappa(s) = (e^{-s/\tau_\kappa} -
e^{-s/\upsilon_\kappa})/(\tau_\kappa - \upsilon_\kappa)` filters it. The third factor is the TD
error :math:`\delta = V' - V/\tau_r + r` (signal ``td_error``), a plain number: value or reward per
second. The filtered eligibility is the difference of two that decay exponentially, so the change
between spikes is exact (`three_factor`). Only pre before post counts; a presynaptic spike in the
step of a postsynaptic one is forgotten with it.

Units: like the sources, the rule counts time in seconds and voltage in millivolts, so that
:math:`\epsilon` is in mV, :math:`\kappa` and :math:`\delta` per second, and :math:`\eta` is the
change of the weight per second for a product of one. ``part`` chooses the learning rate of the
actor or of the critic; a set without learning rates has one, and ``learning_rate`` says the rest.
``ltp_factor`` and ``eligibility_factor`` act on the eligibility, ``rate_factor`` on the drive.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import Eligibility, Trace, body, eligible
from dualframe.plasticity.rule import ALL_TO_ALL, UPDATE, Body, Rule, factors

_SLOW, _FAST = "slow", "fast"


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    eta = f"eta_{rule.options['part']}"
    gain = f"{eta}*td_error" if eta in rule.numbers else "td_error"
    drive = f"{gain}*second/(tau_r*(tau_kappa - upsilon_kappa))"
    x, x_rise = Trace("x", "tau_m", rule), Trace("x_rise", "tau_s", rule)
    epsp = f"eps0/(tau_m - tau_s)/mV*({x.now} - {x_rise.now}){factors(known, 'ltp', 'eligibility')}"
    return body(
        [x, x_rise],
        [x.spike(ALL_TO_ALL), x_rise.spike(ALL_TO_ALL)],
        [eligible(epsp, rule, _SLOW, _FAST), "x = 0", "x_rise = 0"],
        rule,
        [Eligibility("tau_kappa", drive, _SLOW), Eligibility("upsilon_kappa", f"-{drive}", _FAST)],
        signals=("td_error",),
        known=known,
    )


TD_STDP = Rule(
    "td_stdp",
    write,
    {"part": ("actor", "critic"), "update": UPDATE},
    ("ltp", "rate", "eligibility"),
    {"td_error": "TD error, value or reward per second"},
)
