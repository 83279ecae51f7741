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

from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product

CORRELATION_PARAMETERS: Dimensions = {
    "gain": "rate",
    "tau_eligibility": "time",
    "A_correlation": "dimensionless",
    "A_decorrelation": "dimensionless",
}
THRESHOLD_PARAMETERS: Dimensions = {
    "theta_high": "dimensionless",
    "theta_low": "dimensionless",
    "tolerance": "dimensionless",
    "slides_low": "dimensionless",
    "tau_window": "time",
    "rare_percent": "rate",
    "slide": "rate",
}
CORRELATION_EQUATIONS = (
    "c = y_pre(t - dt) y_post(t); e <- clip(e exp(-dt/tau_eligibility) + A_correlation "
    "[c > theta_high] + A_decorrelation [c < theta_low], A_decorrelation, A_correlation); "
)
PARAMETERS = ParameterTable(
    CORRELATION_PARAMETERS, THRESHOLD_PARAMETERS, CORRELATION_EQUATIONS + "dw/dt = gain m e"
)

POSTSYNAPTIC_SIGNALS = {
    "activity": "output of the unit",
    "modulation": "reward signal",
    "theta_high": "threshold of rare correlations",
    "theta_low": "threshold of rare decorrelations",
}
PRESYNAPTIC_SIGNALS = {"rate": "output of the presynaptic unit, of the step before"}


def rare_eligibility(neuron_variables: Collection[str]) -> str:
    """Return the equation of the eligibility that rare correlations leave.

    Parameters
    ----------
    neuron_variables
        Names that the postsynaptic unit has.
    """
    both = factor_product(neuron_variables, "eligibility")
    rare = (
        f"A_correlation*int(rate_pre*activity_post > theta_high_post)"
        f"{factor_product(neuron_variables, 'ltp')}{both}"
        f" + A_decorrelation*int(rate_pre*activity_post < theta_low_post)"
        f"{factor_product(neuron_variables, 'ltd')}{both}"
    )
    faded = "eligibility*exp(-dt/tau_eligibility)"
    new = f"clip({faded} + {rare}, A_decorrelation, A_correlation)"
    return f"deligibility/dt = ({new} - eligibility)/dt : 1 (clock-driven)"


def modulated_change(neuron_variables: Collection[str]) -> str:
    """Return the change of the weight in one step, for a scale of one.

    Parameters
    ----------
    neuron_variables
        Names that the postsynaptic unit has.
    """
    rate = factor_product(neuron_variables, "rate")
    return f"learning_rate*gain*modulation_post*eligibility*dt{rate}"


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    return RuleEquations(
        equations=rare_eligibility(neuron_variables),
        step_change=f"scale*{modulated_change(neuron_variables)}",
    )


RCHP = PlasticityRule(
    name="rchp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": (CLOCK,)},
    factors=("ltp", "ltd", "rate", "eligibility"),
    postsynaptic_signals=POSTSYNAPTIC_SIGNALS,
    presynaptic_signals=PRESYNAPTIC_SIGNALS,
    source="Soltoggio and Steil 2013",
)
