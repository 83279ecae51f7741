r"""Sequentially neuromodulated plasticity: what acetylcholine depresses, reward turns around.

Within a trial the window W of a pair (symmetric in the source) depresses the synapse in proportion
to acetylcholine, and leaves an eligibility; at the end of the trial dopamine or serotonin decide
(Brzosko et al. 2017, Zannone et al. 2018; serotonin: Wert-Carvajal et al. 2022, sequential rule):

.. math::

   \text{online:}     &\quad w \to w - \eta_{ACh}\, [ACh]\, W, \qquad \dot E = -E/\tau_E + W \\
   \text{rewarded:}   &\quad w \to w_{start} + \eta_{DA} E \\
   \text{unrewarded:} &\quad w \to w_{start} - \eta_{5HT} E_{5HT}

A pair leaves :math:`A_{pre,post} e^{-\Delta t/\tau_{pre,post}}` for pre before post and
:math:`A_{post,pre} e^{\Delta t/\tau_{post,pre}}` for post before pre; the eligibility of serotonin
counts pre before post only. Traces and eligibilities start every trial at zero.

The rule reads of the postsynaptic neuron the index of the trial, whether the trial that has just
ended was ``rewarded``, and the levels of the modulators: zero is absent, one is the source's
amount, and what lies between weighs the change. Without dopamine (serotonin) a rewarded
(unrewarded) trial leaves the online changes as they are.

Numbers without ``eta_5HT`` leave serotonin out.

The event-driven form updates a synapse at the end of a trial, and at its first spike after it on
GeNN, which visits no synapses. There the neuron keeps what the last two ends of trials need, so a
synapse that was silent on both sides for two trials in a row misses what was due before.

Not as in the source: its traces decay by :math:`1 - 1/\tau` per ms, here by
:math:`e^{-1/\tau}`. A pair of spikes in one step leaves the source's
:math:`(A_{pre,post} + A_{post,pre})/2` only where both amplitudes are one number, as there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations, is_clock_driven
from dualframe.plasticity.statements import bounded_weight, factor_product, trace_equation

PARAMETERS = ParameterTable(
    required={
        "A_pre_post": "dimensionless",
        "A_post_pre": "dimensionless",
        "eta_DA": "dimensionless",
        "eta_ACh": "dimensionless",
        "tau_pre_post": "time",
        "tau_post_pre": "time",
        "tau_eligibility": "time",
    },
    optional={
        "w_init": "dimensionless",
        "w_min": "dimensionless",
        "w_max": "dimensionless",
        "A_5HT": "dimensionless",
        "eta_5HT": "dimensionless",
        "tau_eligibility_5HT": "time",
    },
    equations="online w <- w - eta_ACh [ACh] W; at the end of a rewarded trial w <- w at its start "
    "+ eta_DA E, of an unrewarded one w at its start - eta_5HT E_5HT (with serotonin), else "
    "the online change is kept; W is the window, E the eligibility",
)

_SIGNALS = {
    "trial": "index of the running trial",
    "rewarded": "whether the trial that has just ended was rewarded",
    "level_ACh": "level of acetylcholine",
    "level_DA": "level of dopamine at a reward",
    "level_5HT": "level of serotonin without reward",
}
_ENDS = 2  # ends of trials that the neuron remembers


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    serotonin = "eta_5HT" in plasticity.numbers
    taus = {"DA": "tau_eligibility"} | ({"5HT": "tau_eligibility_5HT"} if serotonin else {})
    if is_clock_driven(plasticity):
        return _clock_driven_equations(plasticity, neuron_variables, taus)
    on_pre, on_post = _spike_statements(neuron_variables, taus, "/fade_{}_post")
    equations = [
        *(f"eligibility_{name} : 1" for name in taus),
        f"online : {unit_of(plasticity.w_max)}",
        "since : 1",
        trace_equation("x", "tau_pre_post", plasticity),
        trace_equation("y", "tau_post_pre", plasticity),
    ]
    return RuleEquations(
        equations="\n".join(equations),
        on_pre=on_pre,
        on_post=on_post,
        due_change=_change_at_trial_ends(taus),
        bring_up_to_date=_forget_trials(taus),
        conditional_updates=(
            (
                f"{bounded_weight(_change_at_trial_ends(taus))}\n{_forget_trials(taus)}",
                "ended_post",
            ),
        ),
        neuron_equations="\n".join([_NEW, _ENDED, _memory_of_trials(taus)]),
        neuron_initial={f"fade_{name}": 1.0 for name in taus},
    )


SN_PLAST = PlasticityRule(
    name="sn_plast",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    factors=("ltp", "ltd", "rate", "eligibility"),
    postsynaptic_signals=_SIGNALS,
    source="Brzosko et al. 2017, eLife 6:e27756; Zannone et al. 2018; Wert-Carvajal et al. 2022",
)


def _spike_statements(
    neuron_variables: Collection[str], taus: Collection[str], fading: str
) -> tuple[str, str]:
    """Return what spikes of either side do: online change, eligibility, trace."""
    online = factor_product(neuron_variables, "ltd", "rate")
    eligible = factor_product(neuron_variables, "eligibility")
    statements = []
    for window, trace in (("A_post_pre*y", "x"), ("A_pre_post*x", "y")):
        change = f"learning_rate*scale*eta_ACh*level_ACh_post*{window}{online}"
        lines = [
            f"online = online + clip(w - {change}, w_min, w_max) - w",
            f"w = clip(w - {change}, w_min, w_max)",
            f"eligibility_DA += {window}{eligible}{fading.format('DA')}",
        ]
        if "5HT" in taus and trace == "y":
            lines.append(f"eligibility_5HT += A_5HT*x{eligible}{fading.format('5HT')}")
        statements.append("\n".join([*lines, f"{trace} += 1"]))
    return statements[0], statements[1]


_NEW = """
new = int(trial - trial_before > 0.5) : 1
dtrial_before/dt = (trial - trial_before)/dt : 1
ending_DA = rewarded*level_DA : 1
ending_5HT = (1 - rewarded)*level_5HT : 1
""".strip()


_ENDED = "dended/dt = (new - ended)/dt : 1"  # in the step after, with what the end has left


def _memory_of_trials(taus: Mapping[str, str]) -> str:
    """What the neuron remembers of the last trials: fading at their end, and the modulators."""
    lines = ["depoch/dt = new/dt : 1"]
    for name, tau in taus.items():
        faded = f"fade_{name}*(1 - new) + new"
        lines.append(f"dfade_{name}/dt = (({faded})*exp(-dt/{tau}) - fade_{name})/dt : 1")
        lines += _shift_register(f"faded_{name}", f"fade_{name}")
        lines += _shift_register(f"level_{name}", f"ending_{name}")
    return "\n".join(lines)


def _shift_register(name: str, source: str) -> list[str]:
    """Return the value at the last end of a trial, and at those before."""
    values = [source, *(f"{name}_{k}" for k in range(1, _ENDS + 1))]
    return [f"d{new}/dt = new*({old} - {new})/dt : 1" for old, new in pairwise(values)]


_AGO = [f"int(abs(epoch_post - since - {k}) < 0.5)" for k in range(_ENDS + 1)]


def _change_at_trial_ends(taus: Collection[str]) -> str:
    """Return what the ends of trials since the trial of its last spike make of a synapse."""
    ends = range(1, _ENDS + 1)
    changes = []
    for name, sign in zip(taus, ("", "-"), strict=False):
        level = " + ".join(f"{_AGO[k]}*level_{name}_{k}_post" for k in ends)
        faded = " + ".join(f"{_AGO[k]}*faded_{name}_{k}_post" for k in ends)
        size = f"{sign}learning_rate*scale*eta_{name}*eligibility_{name}*({faded})"
        changes.append(f"({level})*({size} - online)")
    return " + ".join(changes)


def _forget_trials(taus: Collection[str]) -> str:
    """Return what brings the rest of a synapse to the present trial."""
    kept = ("online", *(f"eligibility_{name}" for name in taus), "x", "y")
    return "\n".join([*(f"{name} = {name}*{_AGO[0]}" for name in kept), "since = epoch_post"])


def _clock_driven_equations(
    plasticity: Plasticity, neuron_variables: Collection[str], taus: Mapping[str, str]
) -> RuleEquations:
    """Every synapse at every step, as the source does it."""
    unit = unit_of(plasticity.w_max)
    changes = [
        f"new_post*ending_{name}_post"
        f"*({sign}learning_rate*scale*eta_{name}*eligibility_{name} - online)"
        for name, sign in zip(taus, ("", "-"), strict=False)
    ]
    lines = [
        f"donline/dt = -new_post*online/dt : {unit} (clock-driven)",
    ]
    decaying = {f"eligibility_{name}": tau for name, tau in taus.items()}
    for name, tau in {**decaying, "x": "tau_pre_post", "y": "tau_post_pre"}.items():
        faded = f"{name}*exp(-dt/{tau})*(1 - new_post)"
        lines.append(f"d{name}/dt = ({faded} - {name})/dt : 1 (clock-driven)")
    on_pre, on_post = _spike_statements(neuron_variables, taus, "")
    return RuleEquations(
        equations="\n".join(lines),
        step_change=" + ".join(changes),
        on_pre=on_pre,
        on_post=on_post,
        neuron_equations=_NEW,
    )
