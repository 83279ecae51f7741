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

The bounds are applied at spikes and visits: exact while the weight moves one way between two of
them, that is while the sum keeps its sign. A weight that would have been held at a bound before it
turned is off by what it was held back, until it meets a bound again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from brian2.utils.stringtools import word_substitute

from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity, variables
from dualframe.plasticity.rule import CLOCK, GATE, NEAREST, Body, factors, renamed, spike, trace

_FACTORS = ("rate_factor", GATE)
EPOCHS = 9.0  # length of an epoch in time constants of its eligibility
_LONGEST = 300.0  # and at most in those of a trace: exp(300) is a number, exp(710) is none


def by_clock(rule: Plasticity) -> bool:
    """Whether a rule is asked to visit every synapse at every step."""
    return rule.options.get("update") == CLOCK


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

    def own(self, text: str) -> str:
        """Return a text in which the variables of a neuron and a synapse are this one's."""
        return _own(text, self.kind, _NAMES)


@dataclass(frozen=True)
class Trace:
    """A trace of the presynaptic spikes of a synapse.

    Parameters
    ----------
    name
        Its name.
    tau
        The number of the rule that is its time constant.
    rule
        The plasticity.
    """

    name: str
    tau: str
    rule: Plasticity

    @property
    def now(self) -> str:
        """Its value, for the statements of a spike."""
        return self.name if by_clock(self.rule) else f"{self.name}*fade_{self.name}_post"

    def spike(self, pairing: str) -> str:
        """Return what a presynaptic spike does to it: it is added, or stands alone."""
        one = "1" if by_clock(self.rule) else f"1/fade_{self.name}_post"
        return spike(self.name, pairing, one)

    def own(self, text: str) -> str:
        """Return a text in which the fading of an epoch is the one of this trace."""
        return _own(text, self.name, _FADING_NAMES)


def post_trace(name: str, tau: str, pairing: str) -> tuple[str, str]:
    """Return the equations and the reset of a trace that the neuron has of its own spikes.

    A spike counts from the next step on, for all of the same step and on every target.
    """
    kept = f"{name}*(1 - spiked_{name})" if pairing == NEAREST else name
    equations = (
        f"d{name}/dt = (({kept} + spiked_{name})*exp(-dt/{tau}) - {name})/dt : 1\n"
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
dcarry/dt = {turn}*(fade - carry)/dt : 1
""".strip()
_INTEGRAL = """
dintegral/dt = ({drive})*fade_now - turn*integral/dt : 1
dintegral_1/dt = turn*(integral - integral_1)/dt : 1
dintegral_2/dt = turn*(integral_1 - integral_2)/dt : 1
""".strip()
# `eligibility` is E of above, with the origin of epoch `since`, which matters on GeNN only
_SYNAPSE = "eligibility : 1\nsince : 1"
_FADING_NAMES = variables(_FADING)
_NAMES = variables(f"{_EPOCH}\n{_FADING}\n{_INTEGRAL}\n{_SYNAPSE}") | {"epoch_length"}

_MOVED = "learning_rate*scale*({})"
_EARNED = "eligibility*integral_post"
_IN_0, _IN_1, _IN_2 = (f"int(abs(epoch_post - since - {k}) < 0.5)" for k in range(3))
_MISSED = (
    f"eligibility*({_IN_1}*integral_1_post"
    f" + {_IN_2}*(integral_2_post + carry_post*integral_1_post))"
)


def eligible(amount: str, rule: Plasticity, *kinds: str) -> str:
    """Return the statements that add ``amount`` to eligibilities at a spike, by their kinds."""
    fading = "" if by_clock(rule) else "/fade_post"
    text = f"eligibility += ({amount}){fading}"
    return "\n".join(_own(text, kind, _NAMES) for kind in kinds or ("",))


def body(
    traces: Sequence[Trace],
    on_pre: Sequence[str],
    on_post: Sequence[str],
    rule: Plasticity,
    eligibilities: Sequence[Eligibility],
    *,
    signals: Collection[str],
    known: Collection[str],
    neuron: str = "",
    reset: str = "",
) -> Body:
    """Return a rule with eligibilities and their third factors, in the form that is asked for.

    Parameters
    ----------
    traces
        What presynaptic spikes leave behind.
    on_pre, on_post
        Statements, in which `eligible` changes the eligibilities.
    rule
        The plasticity, with the form in its options.
    eligibilities
        The eligibilities, each with its time constant and drive.
    signals
        The names of the neuron in the drives.
    known
        Variables of the neuron; a ``rate_factor`` and the gate among them scale every drive.
    neuron, reset
        Equations of the neuron that the drives and statements need, and what its spikes do to them.
    """
    factor = factors(known, "rate").replace("_post", "")
    drives = [f"({one.drive}){factor}" for one in eligibilities]
    statements = ("\n".join(on_pre), "\n".join(on_post))
    if by_clock(rule):
        read = {name: f"{name}_post" for name in (*signals, *variables(neuron), *_FACTORS)}
        seen = [str(word_substitute(drive, read)) for drive in drives]
        equations = [_by_steps(eligibilities, seen, rule)]
        equations += [trace(one.name, one.tau, rule) for one in traces]
        return Body("\n".join(equations), *statements, neuron=neuron, reset=reset)
    written = _by_events(traces, dict(zip(eligibilities, drives, strict=True)), statements, rule)
    return replace(written, neuron="\n".join(filter(None, [neuron, written.neuron])), reset=reset)


def _by_events(
    traces: Sequence[Trace],
    drives: Mapping[Eligibility, str],
    statements: tuple[str, str],
    rule: Plasticity,
) -> Body:
    """Return eligibilities and weight with the neuron's integrals of the drives."""
    eligibilities = tuple(drives)
    first = min(eligibilities, key=lambda one: float(rule.numbers[one.tau]))
    lengths = {one: _length(one, traces, rule) for one in eligibilities}
    moves = {one: tuple(traces) if one is first else () for one in eligibilities}
    kept = [*(one.own(_SYNAPSE) for one in eligibilities), *(f"{x.name} : 1" for x in traces)]
    return Body(
        "\n".join(kept),
        *statements,
        due=_clipped(_sum(eligibilities)),
        ahead=_ahead(eligibilities),
        visits=tuple(
            (_visit(one, moves[one], eligibilities), lengths[one]) for one in eligibilities
        ),
        late="\n".join(_late(one, moves[one]) for one in eligibilities),
        neuron="\n".join(
            [
                *(_integral(one, drive) for one, drive in drives.items()),
                *(_fading_of(x, first) for x in traces),
            ]
        ),
        durations={one.own("epoch_length"): length for one, length in lengths.items()},
    )


def _own(text: str, kind: str, of: Collection[str]) -> str:
    if not kind:
        return text
    names = {name: f"{name}_{kind}" for name in of}
    return renamed(text, names | {f"{k}_post": f"{v}_post" for k, v in names.items()})


def _length(one: Eligibility, traces: Sequence[Trace], rule: Plasticity) -> Any:
    """Length of the epochs of an eligibility."""
    shortest = [_LONGEST * rule.numbers[x.tau] for x in traces]
    return min([EPOCHS * rule.numbers[one.tau], *shortest], key=float)


def _integral(one: Eligibility, drive: str) -> str:
    """Return the integral of a drive times the fading of an eligibility, in epochs."""
    text = f"{_EPOCH}\n{_FADING}\n{_INTEGRAL}"
    return one.own(text.format(tau=one.tau, drive=drive, turn="turn"))


def _fading_of(x: Trace, one: Eligibility) -> str:
    """Return the fading of a trace in the epochs of an eligibility."""
    return x.own(_FADING).format(tau=x.tau, turn=one.own("turn"))


def _sum(eligibilities: Sequence[Eligibility], share: str = _EARNED) -> str:
    """Return what eligibilities have earned since the origin of their epochs."""
    return _MOVED.format(" + ".join(one.own(share) for one in eligibilities))


def _clipped(change: str) -> str:
    return f"w = clip(w + {change}, w_min, w_max)"


def _ahead(eligibilities: Sequence[Eligibility]) -> str:
    """Return the statement that takes off what will be added again when the weight is wanted."""
    return f"w = w - {_sum(eligibilities)}" if eligibilities else ""


def _visit(one: Eligibility, traces: Sequence[Trace], every: Sequence[Eligibility]) -> str:
    """Return what moves the origin of one eligibility to now, before its neuron does."""
    moved = [one.own("eligibility = eligibility*fade_post")]
    moved += [f"{x.name} = {x.now}" for x in traces]
    rest = _ahead([other for other in every if other is not one])
    return "\n".join(filter(None, [_clipped(_sum(every)), *moved, rest]))


def _late(one: Eligibility, traces: Sequence[Trace]) -> str:
    """Return what makes up for visits that have not been."""
    faded = f"({_IN_0} + {_IN_1}*{{0}} + {_IN_2}*{{0}}*{{0}})"
    lines = [f"w = w + {_MOVED.format(_MISSED)}"]
    lines.append(f"eligibility = eligibility*{faded.format('carry_post')}")
    lines += [f"{x.name} = {x.name}*{faded.format(f'carry_{x.name}_post')}" for x in traces]
    return one.own("\n".join([*lines, "since = epoch_post"]))


def _by_steps(eligibilities: Sequence[Eligibility], drives: Sequence[str], rule: Plasticity) -> str:
    """Return eligibilities and weight as equations of every step."""
    decay = "deligibility/dt = eligibility*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)"
    lines = [one.own(decay).format(tau=one.tau) for one in eligibilities]
    pairs = zip(eligibilities, drives, strict=True)
    sums = " + ".join(f"{one.own('eligibility')}*({drive})" for one, drive in pairs)
    new = f"clip(w + learning_rate*scale*({sums})*dt, w_min, w_max)"
    lines.append(f"dw/dt = ({new} - w)/dt : {unit_of(rule.w_max)} (clock-driven)")
    return "\n".join(lines)
