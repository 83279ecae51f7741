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
between spikes is exact (`eligibility_traces`). Only pre before post counts; a presynaptic spike in
the step of a postsynaptic one is forgotten with it.

Units: like the sources, the rule counts time in seconds and voltage in millivolts, so that
:math:`\epsilon` is in mV, :math:`\kappa` and :math:`\delta` per second, and :math:`\eta` is the
change of the weight per second for a product of one. ``part`` chooses the learning rate of the
actor or of the critic; a set without learning rates has one, and ``learning_rate`` says the rest.
``ltp_factor`` and ``eligibility_factor`` act on the eligibility, ``rate_factor`` on the drive.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable, dimension_of_unit
from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import (
    Eligibility,
    PresynapticTrace,
    add_to_eligibility,
    eligibility_equations,
)
from dualframe.plasticity.rule import ALL_TO_ALL, UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product

PARAMETERS = ParameterTable(
    required={
        "tau_kappa": "time",
        "upsilon_kappa": "time",
        "tau_r": "time",
        "tau_m": "time",
        "tau_s": "time",
        "eps0": dimension_of_unit("mV*ms"),
    },
    optional=dict.fromkeys(("eta_actor", "eta_critic", "w_min", "w_max"), "dimensionless"),
    equations="dw/dt = eta delta ((Y_post (X_pre * eps since the last post spike)) * kappa)/tau_r; "
    "delta = V' - V/tau_r + r; kappa(s) = (exp(-s/tau_kappa) - exp(-s/upsilon_kappa))/"
    "(tau_kappa - upsilon_kappa), eps(s) = eps0 (exp(-s/tau_m) - exp(-s/tau_s))/"
    "(tau_m - tau_s); seconds and mV",
)
_SLOW, _FAST = "slow", "fast"
# The slow part of an eligibility outweighs the fast one, so a synapse moves with the error: unless
# a factor has been positive at one spike and negative at another.
_SIGNS = """
factor = {factor} : 1
seen_positive = clip(was_positive + 1e30*factor, was_positive, 1) : 1
seen_negative = clip(was_negative - 1e30*factor, was_negative, 1) : 1
dwas_positive/dt = (seen_positive - was_positive)/dt : 1
dwas_negative/dt = (seen_negative - was_negative)/dt : 1
both_signs = seen_positive*seen_negative : 1
""".strip()


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    eta = f"eta_{plasticity.options['part']}"
    gain = f"{eta}*td_error" if eta in plasticity.numbers else "td_error"
    drive = f"{gain}*second/(tau_r*(tau_kappa - upsilon_kappa))"
    x = PresynapticTrace("x", "tau_m", plasticity)
    x_rise = PresynapticTrace("x_rise", "tau_s", plasticity)
    modulation = factor_product(neuron_variables, "ltp", "eligibility")
    epsp = f"eps0/(tau_m - tau_s)/mV*({x.value} - {x_rise.value}){modulation}"
    return eligibility_equations(
        plasticity,
        neuron_variables,
        traces=[x, x_rise],
        on_pre=[x.spike_statement(ALL_TO_ALL), x_rise.spike_statement(ALL_TO_ALL)],
        on_post=[add_to_eligibility(epsp, plasticity, _SLOW, _FAST), "x = 0", "x_rise = 0"],
        eligibilities=[
            Eligibility("tau_kappa", drive, _SLOW),
            Eligibility("upsilon_kappa", f"-{drive}", _FAST),
        ],
        signals=("td_error",),
        one_way=[f"({drive})*second", *([f"({drive})*second*both_signs"] if modulation else [])],
        neuron_equations=_SIGNS.format(factor=modulation[1:].replace("_post", ""))
        * bool(modulation),
    )


TD_STDP = PlasticityRule(
    name="td_stdp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"part": ("actor", "critic"), "update": UPDATE},
    factors=("ltp", "rate", "eligibility"),
    postsynaptic_signals={"td_error": "TD error, value or reward per second"},
    source="Fremaux, Sprekeler and Gerstner 2013, PLoS Computational Biology 9:e1003024",
)
