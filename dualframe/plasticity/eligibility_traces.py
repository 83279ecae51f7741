r"""Eligibility and a third factor, exact at events: what a visit to every synapse would give.

A synapse has one eligibility or several. Each decays with its own :math:`\tau_k`, changes at
spikes, and moves the weight by its product with a signal of the postsynaptic neuron, its third
factor :math:`D_k`:

.. math:: \dot e_k = -e_k/\tau_k, \qquad \dot w = \sum_k e_k\, D_k(t)

Between two spikes of the synapse nothing but the D change, so with any origin T

.. math:: w(t) = w_0 + \sum_k E_k I_k(t), \quad E_k = e_k(t)/f_k(t),
          \quad f_k(t) = e^{-(t - T)/\tau_k}, \quad I_k(t) = \int_T^t f_k(s) D_k(s)\, ds.

The neuron keeps f and I, a synapse keeps E and, between its spikes, :math:`w_0` in the place of w.
A spike puts the weight itself there, acts, and takes :math:`\sum_k E_k I_k` off again: three
numbers of a synapse are all that a postsynaptic spike touches. Traces of presynaptic spikes are
kept in the same way, :math:`X = x/f_x`; those of postsynaptic spikes are the neuron's own.

The origin moves on in *epochs*, so that f neither under- nor overflows. Every synapse is visited
once per epoch, just before the neuron starts the next one, which costs one visit per :math:`L` and
not one per step.

Exactness: equal to a sum over the time steps (`update="clock"`) to rounding, which grows by
:math:`e^{L/\tau}`, with the epoch used here, :math:`L = 9 \tau`, to about :math:`10^{-12}` of the
change. GeNN cannot visit synapses: there a spike finds out how many epochs have passed, from the
integrals of the last two that the neuron remembers. A synapse that is silent on *both* sides for
more than two epochs loses all that its eligibility would have earned since its last spike, up to
:math:`e(t_0)\, \tau \max|D|`. Where eligibilities are shorter than such silences, ask for
``update="clock"`` on GeNN.

The bounds are applied at spikes and visits, and all synapses of a neuron are visited when what
moves them turns around (`reversals`): a bound at every step would do the same. GeNN cannot visit:
there a weight that a bound would have held back before it turned around is off by that, until it
meets a bound again, and a run in which third factors have turned around warns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from brian2.utils.stringtools import word_substitute

from dualframe.network import Plasticity, variables
from dualframe.plasticity.reversals import REVERSAL, reversal_equations
from dualframe.plasticity.rule import (
    GATE,
    NEAREST,
    RuleEquations,
    is_clock_driven,
    rename_variables,
)
from dualframe.plasticity.statements import (
    bounded_weight,
    factor_product,
    spike_statement,
    trace_equation,
)

_FACTORS = ("rate_factor", GATE)
EPOCHS = 9.0  # length of an epoch in time constants of its eligibility
_LONGEST = 300.0  # and at most in those of a trace: exp(300) is a number, exp(710) is none


@dataclass(frozen=True)
class Eligibility:
    """One eligibility of a rule.

    Parameters
    ----------
    tau
        The number of the rule that is its time constant.
    drive
        Its third factor with the gain, a rate, in names of the neuron and numbers of the rule.
    kind
        Tells it from others of the same rule, such as ``"DA"``.
    """

    tau: str
    drive: str
    kind: str = ""

    def with_its_variables(self, text: str) -> str:
        """Return a text in which the variables of a neuron and a synapse are this one's.

        Parameters
        ----------
        text
            Equations or statements.
        """
        return _add_suffix(text, self.kind, _NAMES)


@dataclass(frozen=True)
class PresynapticTrace:
    """A trace of the presynaptic spikes of a synapse.

    Parameters
    ----------
    name
        Its name.
    tau
        The number of the rule that is its time constant.
    plasticity
        The plasticity of the projection.
    """

    name: str
    tau: str
    plasticity: Plasticity

    @property
    def value(self) -> str:
        """Its value, for the statements of a spike."""
        if is_clock_driven(self.plasticity):
            return self.name
        return f"{self.name}*fade_{self.name}_post"

    def spike_statement(self, pairing: str) -> str:
        """Return what a presynaptic spike does to it: it is added, or stands alone.

        Parameters
        ----------
        pairing
            ``"all_to_all"`` or ``"nearest"``.
        """
        one = "1" if is_clock_driven(self.plasticity) else f"1/fade_{self.name}_post"
        return spike_statement(self.name, pairing, one)

    def with_its_fading(self, text: str) -> str:
        """Return a text in which the fading of an epoch is the one of this trace.

        Parameters
        ----------
        text
            Equations or statements.
        """
        return _add_suffix(text, self.name, _FADING_NAMES)


def postsynaptic_trace(name: str, tau: str, pairing: str) -> tuple[str, str]:
    """Return the equations and the reset of a trace that the neuron has of its own spikes.

    A spike counts from the next step on, for all of the same step and on every target.

    Parameters
    ----------
    name, tau
        The trace, and the number of the rule that is its time constant.
    pairing
        ``"all_to_all"`` or ``"nearest"``.
    """
    before_spike = f"{name}*(1 - spiked_{name})" if pairing == NEAREST else name
    equations = (
        f"d{name}/dt = (({before_spike} + spiked_{name})*exp(-dt/{tau}) - {name})/dt : 1\n"
        f"dspiked_{name}/dt = -spiked_{name}/dt : 1"
    )
    return equations, f"spiked_{name} = 1"


# `fade` is, after a step's update, the fading at the next step: what a spike of this step changes
# counts from the next step on. It starts at zero, so that `carry` is never the difference of
# numbers much larger than itself.
_EPOCH = """
turn = int(timestep(t, dt) % epoch_length < 0.5) : 1
depoch/dt = turn/dt : 1
""".strip()
_FADING = """
fade_now = {turn} + (1 - {turn})*fade : 1
dfade/dt = (fade_now*exp(-dt/{tau}) - fade)/dt : 1
""".strip()
_INTEGRAL = """
dintegral/dt = ({drive})*fade_now - turn*integral/dt : 1
""".strip()
# what a target without visits remembers of the last epochs
_CARRY = "dcarry/dt = {turn}*(fade - carry)/dt : 1"
_PAST_INTEGRALS = """
dintegral_1/dt = turn*(integral - integral_1)/dt : 1
dintegral_2/dt = turn*(integral_1 - integral_2)/dt : 1
""".strip()
# `eligibility` is E of above, with the origin of epoch `since`, which matters on GeNN only
_SYNAPSE = "eligibility : 1\nsince : 1"
_FADING_NAMES = variables(f"{_FADING}\n{_CARRY}")
_NAMES = {"epoch_length"}.union(
    *map(variables, (_EPOCH, _FADING, _INTEGRAL, _PAST_INTEGRALS, _SYNAPSE, _CARRY))
)

_MOVED = "learning_rate*scale*({})"
_EARNED = "eligibility*integral_post"
_IN_0, _IN_1, _IN_2 = (f"int(abs(epoch_post - since - {k}) < 0.5)" for k in range(3))
_MISSED = (
    f"eligibility*({_IN_1}*integral_1_post"
    f" + {_IN_2}*(integral_2_post + carry_post*integral_1_post))"
)


def add_to_eligibility(amount: str, plasticity: Plasticity, *kinds: str) -> str:
    """Return the statements that change eligibilities at a spike.

    Parameters
    ----------
    amount
        Expression that is added.
    plasticity
        The plasticity of the projection.
    *kinds
        Dimensions of the eligibilities; without, it is the only one.
    """
    fading = "" if is_clock_driven(plasticity) else "/fade_post"
    text = f"eligibility += ({amount}){fading}"
    return "\n".join(_add_suffix(text, kind, _NAMES) for kind in kinds or ("",))


def eligibility_equations(
    plasticity: Plasticity,
    neuron_variables: Collection[str],
    *,
    traces: Sequence[PresynapticTrace] = (),
    on_pre: Sequence[str] = (),
    on_post: Sequence[str] = (),
    eligibilities: Sequence[Eligibility],
    signals: Collection[str],
    one_way: Sequence[str] = (),
    neuron_equations: str = "",
    neuron_reset: str = "",
) -> RuleEquations:
    """Return a rule with eligibilities and their third factors, in the form that is asked for.

    Parameters
    ----------
    plasticity
        The plasticity of the projection, with the form in its options.
    neuron_variables
        Names that the postsynaptic neuron has; a ``rate_factor`` and the gate among them scale
        every drive.
    traces
        What presynaptic spikes leave behind.
    on_pre, on_post
        Statements, in which `add_to_eligibility` changes the eligibilities.
    eligibilities
        The eligibilities, each with its time constant and drive.
    signals
        The names of the neuron in the drives.
    one_way
        Expressions of the neuron without dimension, where not the drives themselves: a synapse
        moves one way as long as one of them acts and keeps its sign.
    neuron_equations, neuron_reset
        Equations of the neuron that the drives and statements need, and what its spikes do to them.
    """
    modulation = factor_product(neuron_variables, "rate").replace("_post", "")
    drives = {one: f"({one.drive}){modulation}" for one in eligibilities}
    if is_clock_driven(plasticity):
        names = (*signals, *variables(neuron_equations), *_FACTORS)
        read = {name: f"{name}_post" for name in names}
        drives = {one: str(word_substitute(drive, read)) for one, drive in drives.items()}
        written = _clock_driven_equations(traces, drives, plasticity)
    else:
        one_way = one_way or [f"({drive})*second" for drive in drives.values()]
        written = _event_driven_equations(traces, drives, one_way, plasticity)
    return replace(
        written,
        on_pre="\n".join(on_pre),
        on_post="\n".join(on_post),
        neuron_equations="\n".join(filter(None, [neuron_equations, written.neuron_equations])),
        neuron_reset=neuron_reset,
    )


def _event_driven_equations(
    traces: Sequence[PresynapticTrace],
    drives: Mapping[Eligibility, str],
    one_way: Sequence[str],
    plasticity: Plasticity,
) -> RuleEquations:
    """Return eligibilities and weight with the neuron's integrals of the drives."""
    eligibilities = tuple(drives)
    first = min(eligibilities, key=lambda one: float(plasticity.numbers[one.tau]))
    lengths = {one: _epoch_length(one, traces, plasticity) for one in eligibilities}
    moved = {one: tuple(traces) if one is first else () for one in eligibilities}
    equations = [one.with_its_variables(_SYNAPSE) for one in eligibilities]
    neuron_equations = [_drive_integral(one, drive) for one, drive in drives.items()]
    neuron_equations += [_trace_fading(trace, first) for trace in traces]
    epoch_starts = [one.with_its_variables("turn") for one in eligibilities]
    earned, later = _earned_change(eligibilities), _take_off(eligibilities)
    return RuleEquations(
        equations="\n".join([*equations, *(f"{trace.name} : 1" for trace in traces)]),
        due_change=earned,
        defer_to_next_spike=later,
        conditional_updates=((f"{bounded_weight(earned)}\n{later}", f"{REVERSAL}_post"),),
        periodic_updates=tuple(
            (_origin_shift(one, moved[one], eligibilities), lengths[one]) for one in eligibilities
        ),
        catch_up="\n".join(_missed_shifts(one, moved[one]) for one in eligibilities),
        neuron_equations="\n".join([*neuron_equations, reversal_equations(one_way, epoch_starts)]),
        neuron_memory="\n".join(
            [
                *(one.with_its_variables(_PAST_INTEGRALS) for one in eligibilities),
                *(one.with_its_variables(_CARRY.format(turn="turn")) for one in eligibilities),
                *(_trace_memory(trace, first) for trace in traces),
            ]
        ),
        neuron_durations={
            one.with_its_variables("epoch_length"): length for one, length in lengths.items()
        },
    )


def _add_suffix(text: str, suffix: str, names: Collection[str]) -> str:
    if not suffix:
        return text
    new = {name: f"{name}_{suffix}" for name in names}
    return rename_variables(text, new | {f"{k}_post": f"{v}_post" for k, v in new.items()})


def _epoch_length(
    one: Eligibility, traces: Sequence[PresynapticTrace], plasticity: Plasticity
) -> Any:
    shortest = [_LONGEST * plasticity.numbers[trace.tau] for trace in traces]
    return min([EPOCHS * plasticity.numbers[one.tau], *shortest], key=float)


def _drive_integral(one: Eligibility, drive: str) -> str:
    """Return the integral of a drive times the fading of an eligibility, in epochs."""
    text = f"{_EPOCH}\n{_FADING}\n{_INTEGRAL}"
    return one.with_its_variables(text.format(tau=one.tau, drive=drive, turn="turn"))


def _trace_fading(trace: PresynapticTrace, one: Eligibility) -> str:
    """Return the fading of a trace in the epochs of an eligibility."""
    turn = one.with_its_variables("turn")
    return trace.with_its_fading(_FADING).format(tau=trace.tau, turn=turn)


def _trace_memory(trace: PresynapticTrace, one: Eligibility) -> str:
    return trace.with_its_fading(_CARRY).format(turn=one.with_its_variables("turn"))


def _earned_change(eligibilities: Sequence[Eligibility]) -> str:
    """Return what eligibilities have earned since the origin of their epochs."""
    return _MOVED.format(" + ".join(one.with_its_variables(_EARNED) for one in eligibilities))


def _take_off(eligibilities: Sequence[Eligibility]) -> str:
    """Return the statement that takes off what will be added again when the weight is needed."""
    return f"w = w - {_earned_change(eligibilities)}" if eligibilities else ""


def _origin_shift(
    one: Eligibility, traces: Sequence[PresynapticTrace], eligibilities: Sequence[Eligibility]
) -> str:
    """Return what moves the origin of one eligibility to now, before its neuron does."""
    moved = [one.with_its_variables("eligibility = eligibility*fade_post")]
    moved += [f"{trace.name} = {trace.value}" for trace in traces]
    rest = _take_off([other for other in eligibilities if other is not one])
    lines = [bounded_weight(_earned_change(eligibilities)), *moved, rest]
    return "\n".join(filter(None, lines))


def _missed_shifts(one: Eligibility, traces: Sequence[PresynapticTrace]) -> str:
    """Return what makes up for shifts of the origin that have not been."""
    faded = f"({_IN_0} + {_IN_1}*{{0}} + {_IN_2}*{{0}}*{{0}})"
    lines = [
        f"w = w + {_MOVED.format(_MISSED)}",
        f"eligibility = eligibility*{faded.format('carry_post')}",
        *(f"{x.name} = {x.name}*{faded.format(f'carry_{x.name}_post')}" for x in traces),
        "since = epoch_post",
    ]
    return one.with_its_variables("\n".join(lines))


def _clock_driven_equations(
    traces: Sequence[PresynapticTrace],
    drives: Mapping[Eligibility, str],
    plasticity: Plasticity,
) -> RuleEquations:
    """Return eligibilities and weight as equations of every step."""
    decay = "deligibility/dt = eligibility*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)"
    equations = [one.with_its_variables(decay).format(tau=one.tau) for one in drives]
    change = " + ".join(
        f"{one.with_its_variables('eligibility')}*({drive})" for one, drive in drives.items()
    )
    equations += [trace_equation(trace.name, trace.tau, plasticity) for trace in traces]
    return RuleEquations(
        equations="\n".join(equations), step_change=f"learning_rate*scale*({change})*dt"
    )
