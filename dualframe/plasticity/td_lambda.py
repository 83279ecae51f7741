r"""TD(lambda) by spikes: R-STDP eligibility, a policy gradient and a temporal-difference error.

For agents that decide at ticks. Between two ticks a synapse collects pairs, pre before post: at a
postsynaptic spike the trace x of the presynaptic ones (decay tau_plus). At a tick

.. math::

   w \to w + \eta\, \delta\, E, \qquad E \to k E + m C, \qquad C \to 0,

in this order. C is what was collected, E the eligibility, k what it keeps from tick to tick
(:math:`\gamma\lambda`, zero at the first tick of a trial), :math:`\delta` the temporal-difference
error, broadcast to all neurons, and m what the tick makes of the pairs: one in a critic; in an
actor ``chosen - policy`` of the action that the neuron stands for, the gradient of the log policy
(Williams 1992, REINFORCE; Sutton 1988, TD(lambda)). Without (m, k) this is the R-STDP of Izhikevich
(2007) in discrete time, with pairs of one order only.

The rule reads of the postsynaptic neuron: ``tick``, one in a step with a tick and zero otherwise,
``td_error``, ``credit`` (m), ``keep`` (k), and ``spiked``, one in the step after its own spike.

With ``tau_mean`` the error is what the signal is above its own mean over that time (over all time,
as long as that is shorter): so the occupancy of a receptor of which tonic release binds a part can
be an error of either sign. With ``tonic`` it is what the signal is above that number.

Event-driven, a synapse changes at its spikes only: every synapse of a neuron is visited at the
neuron's spikes, so what happened since is the same for all of them, and the neuron keeps it: the
sums of :math:`\delta` over ticks that E and C are worth, and what they have faded to. The synapses
of a neuron are brought up to date too before a tick that may turn their weights around: the error
has another sign than at the tick before, or C has come to E in between. This is the clock-driven
rule to rounding, also at the bounds. GeNN has no such visits: there a weight that a bound would
have held back before it turned around is off by that, and the run warns.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.reversals import REVERSAL
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations, is_clock_driven
from dualframe.plasticity.statements import bounded_weight, factor_product, trace_equation

PARAMETERS = ParameterTable(
    required={"eta": "dimensionless", "tau_plus": "time"},
    optional={
        "tau_mean": "time",
        **dict.fromkeys(("w_init", "w_min", "w_max", "tonic"), "dimensionless"),
    },
    equations="between ticks C <- C + x at a post spike (x: trace of pre spikes, tau_plus); at one "
    "w <- w + eta delta E, E <- keep E + credit C, C <- 0; delta: the error, or what it is above "
    "tonic or its mean over tau_mean",
)
_SIGNALS = {
    "tick": "one in a step with a tick, else zero",
    "td_error": "the temporal-difference error of the tick",
    "credit": "what the tick makes of the pairs that were collected",
    "keep": "what eligibility keeps at the tick, between zero and one",
    "spiked": "one in the step after the neuron's own spike, else zero",
}

# Since the neuron's last spike: `gained_...` is the sum of errors over ticks that an eligibility or
# a collection, of one is worth, and `faded_...` what it has become.
_NEURON = """
open_eligibility = spiked + (1 - spiked)*faded_eligibility : 1
open_collected = (1 - spiked)*faded_collected : 1
seen_tick = (1 - spiked)*folded : 1
error = tick*td_error : 1
dgained_eligibility/dt = (error*open_eligibility - spiked*gained_eligibility)/dt : 1
dgained_collected/dt = (error*open_collected - spiked*gained_collected)/dt : 1
retained = clip(keep, 0, 1) : 1
dfaded_eligibility/dt = (open_eligibility*(1 - tick*(1 - retained)) - faded_eligibility)/dt : 1
first_tick = tick*(1 - seen_tick) : 1
kept_collected = open_collected*(1 - tick*(1 - seen_tick*retained)) : 1
dfaded_collected/dt = (kept_collected + first_tick*credit - faded_collected)/dt : 1
dfolded/dt = (seen_tick + tick*(1 - seen_tick) - folded)/dt : 1
""".strip()
# the mean of the signal over tau_mean, or over the time since the start
_MEAN = "dmean_error/dt = (td_error - mean_error)/clip(t + dt, dt, tau_mean) : 1"
# two errors move all synapses the same way if they have one sign, and E has been one sum at both
_DIRECTION = """
sense = clip(1e30*error, -1, 1)*(1 + seen_tick) : 1
moving = clip(sense*sense, 0, 1) : 1
ddirection/dt = (moving*sense + (1 - moving)*(1 - spiked)*direction - direction)/dt : 1
other = clip((sense - direction)*(sense - direction), 0, 1) : 1
reversal = (1 - spiked)*moving*clip(direction*direction, 0, 1)*other : 1
""".strip()

_SYNAPSE = "eligibility : 1\ncollected : 1\nseen_eligibility : 1\nseen_collected : 1\n"
_GAIN = "learning_rate*scale*eta"
_SINCE = (
    "eligibility*(gained_eligibility_post - seen_eligibility)"
    " + collected*(gained_collected_post - seen_collected)"
)
_DUE = f"{_GAIN}*({_SINCE})"
_SEEN = """
seen_eligibility = gained_eligibility_post
seen_collected = gained_collected_post
""".strip()
_ON_POST = """
eligibility = eligibility*faded_eligibility_post + collected*faded_collected_post
collected = collected*(1 - folded_post) + x{eligible}
seen_eligibility = 0
seen_collected = 0
""".strip()


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    eligible = factor_product(neuron_variables, "ltp", "eligibility")
    drive = factor_product(neuron_variables, "rate")
    x = trace_equation("x", "tau_plus", plasticity)
    mean, above = ("", "td_error")
    if "tau_mean" in plasticity.numbers:
        mean, above = (_MEAN, "(td_error - mean_error)")
    if "tonic" in plasticity.numbers:
        above = f"({above} - tonic)"
    if is_clock_driven(plasticity):
        seen = above.replace("_error", "_error_post")
        change = f"tick_post*{_GAIN}*{seen}{drive}*eligibility"
        lines = [
            "deligibility/dt = tick_post*(clip(keep_post, 0, 1)*eligibility + credit_post*collected"
            " - eligibility)/dt : 1 (clock-driven)",
            "dcollected/dt = -tick_post*collected/dt : 1 (clock-driven)",
            x,
        ]
        return RuleEquations(
            equations="\n".join(lines),
            step_change=change,
            on_pre="x += 1",
            on_post=f"collected += x{eligible}",
            neuron_equations=mean,
        )
    error = f"tick*{above}{drive.replace('_post', '')}"
    return RuleEquations(
        equations=_SYNAPSE + x,
        on_pre="x += 1",
        on_post=_ON_POST.format(eligible=eligible),
        due_change=_DUE,
        bring_up_to_date=_SEEN,
        conditional_updates=((f"{bounded_weight(_DUE)}\n{_SEEN}", f"{REVERSAL}_post"),),
        neuron_equations="\n".join(
            filter(None, [mean, _NEURON.replace("tick*td_error", error), _DIRECTION])
        ),
        neuron_initial={"faded_eligibility": 1.0},
    )


TD_LAMBDA = PlasticityRule(
    name="td_lambda",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    factors=("ltp", "rate", "eligibility"),
    postsynaptic_signals=_SIGNALS,
    source="Sutton 1988; Williams 1992; Izhikevich 2007",
)
