r"""Eligibility and a third factor, exact at events: what a visit to every synapse would give.

A synapse has one eligibility or several. Each decays with its own :math:`\tau_k`, changes at
spikes, and moves the weight by its product with a signal of the postsynaptic neuron, its third
factor :math:`D_k`:

.. math:: \dot e_k = -e_k/\tau_k, \qquad \dot w = \sum_k e_k\, D_k(t)

Between two spikes of the synapse at :math:`t_0` and :math:`t_1` nothing but the D change, so

.. math:: w(t_1) - w(t_0) = \sum_k E_k \int_{t_0}^{t_1} f_k(s) D_k(s)\, ds,
          \quad f_k(s) = e^{-(s - T_k)/\tau_k}, \quad E_k = e_k(t_0) / f_k(t_0)

with any origin T. The neuron keeps the integrals, a synapse keeps E and the values of the integrals
when it was last up to date. The origin moves on in *epochs*, so that f neither under- nor
overflows; the integrals of the last two complete epochs are kept.

Exactness: equal to a sum over the time steps (`update="clock"`) to rounding, which grows by
:math:`e^{L/\tau}`, with the epoch used here, :math:`L = 9 \tau`, to about :math:`10^{-12}` of the
change. A synapse without spikes would need the integrals of ever older epochs, so every synapse is
brought up to date once per epoch (the shortest of a rule), which costs one visit per :math:`L` and
not one per step. GeNN cannot do that: there a synapse that is silent on *both* sides for more than
two epochs loses all that its eligibility would have earned since its last spike, up to
:math:`e(t_0)\, \tau \max|D|`. Where eligibilities are shorter than such silences, ask for
``update="clock"`` on GeNN.

The bounds are applied when a synapse is brought up to date: exact while the weight moves one way
between two spikes of a synapse, that is while the sum keeps its sign. A weight that would have
been held at a bound before it turned is off by what it was held back, until it meets a bound again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from brian2.utils.stringtools import word_substitute

from dualframe.network import Plasticity, variables
from dualframe.plasticity.rule import CLOCK, GATE, Body, factors, renamed
from dualframe.quantity import unit_of

_FACTORS = ("rate_factor", GATE)
EPOCHS = 9.0  # length of an epoch in time constants of the eligibility


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
        """Return a text in which the variables of `_NEURON` and `_SYNAPSE` are this one's."""
        if not self.kind:
            return text
        names = {name: f"{name}_{self.kind}" for name in _NAMES}
        return renamed(text, names | {f"{k}_post": f"{v}_post" for k, v in names.items()})


# `fade` is, after a step's update, the fading at the next step: what a spike of this step changes
# counts from the next step on
_NEURON = """
turn = int(timestep(t, dt) % epoch_length < 0.5) : 1
fade_now = turn + (1 - turn)*fade : 1
dfade/dt = (fade_now*exp(-dt/{tau}) - fade)/dt : 1
dcarry/dt = turn*(fade - carry)/dt : 1
dintegral/dt = ({drive})*fade_now - turn*integral/dt : 1
dintegral_1/dt = turn*(integral - integral_1)/dt : 1
dintegral_2/dt = turn*(integral_1 - integral_2)/dt : 1
depoch/dt = turn/dt : 1
""".strip()
# `eligibility` is E of above: the eligibility as it was at the origin of epoch `since`
_SYNAPSE = "eligibility : 1\nseen : 1\nsince : 1"
_NAMES = variables(_NEURON) | variables(_SYNAPSE) | {"epoch_length"}

_IN_0, _IN_1, _IN_2 = (f"int(abs(epoch_post - since - {k}) < 0.5)" for k in range(3))
_SHARE = (
    f"eligibility*({_IN_0}*(integral_post - seen)"
    f" + {_IN_1}*(integral_1_post - seen + carry_post*integral_post)"
    f" + {_IN_2}*(integral_2_post - seen"
    f" + carry_post*(integral_1_post + carry_post*integral_post)))"
)
_MOVE = f"""
eligibility = eligibility*({_IN_0} + {_IN_1}*carry_post + {_IN_2}*carry_post*carry_post)
since = epoch_post
seen = integral_post
""".strip()


def by_clock(rule: Plasticity) -> bool:
    """Whether a rule is asked to visit every synapse at every step."""
    return rule.options.get("update") == CLOCK


def eligible(amount: str, rule: Plasticity, *kinds: str) -> str:
    """Return the statements that add ``amount`` to eligibilities at a spike, by their kinds."""
    fading = "" if by_clock(rule) else "/fade_post"
    text = f"eligibility += ({amount}){fading}"
    return "\n".join(Eligibility("", "", kind).own(text) for kind in kinds or ("",))


def body(
    traces: Sequence[str],
    on_pre: Sequence[str],
    on_post: Sequence[str],
    rule: Plasticity,
    eligibilities: Sequence[Eligibility],
    *,
    signals: Collection[str],
    known: Collection[str],
    neuron: str = "",
) -> Body:
    """Return a rule with eligibilities and their third factors, in the form that is asked for.

    Parameters
    ----------
    traces
        Equations of what its spikes leave behind.
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
    neuron
        Equations of the neuron that the drives and statements need.
    """
    factor = factors(known, "rate").replace("_post", "")
    drives = [f"({one.drive}){factor}" for one in eligibilities]
    statements = ("\n".join(on_pre), "\n".join(on_post))
    if by_clock(rule):
        read = {name: f"{name}_post" for name in (*signals, *variables(neuron), *_FACTORS)}
        seen = [str(word_substitute(drive, read)) for drive in drives]
        equations = "\n".join([_by_steps(eligibilities, seen, rule), *traces])
        return Body(equations, *statements, neuron=neuron)
    shares = " + ".join(one.own(_SHARE) for one in eligibilities)
    due = [f"w = clip(w + learning_rate*scale*({shares}), w_min, w_max)"]
    return Body(
        "\n".join([*(one.own(_SYNAPSE) for one in eligibilities), *traces]),
        *statements,
        due="\n".join(due + [one.own(_MOVE) for one in eligibilities]),
        due_within=EPOCHS * min(rule.numbers[one.tau] for one in eligibilities),
        neuron="\n".join([*filter(None, [neuron]), *map(_integrals, eligibilities, drives)]),
        neuron_initial={one.own("fade"): 1.0 for one in eligibilities},
        durations={
            one.own("epoch_length"): EPOCHS * rule.numbers[one.tau] for one in eligibilities
        },
    )


def _integrals(one: Eligibility, drive: str) -> str:
    """Return the integral of a drive times the fading of an eligibility, in epochs."""
    return one.own(_NEURON).format(tau=one.tau, drive=drive)


def _by_steps(eligibilities: Sequence[Eligibility], drives: Sequence[str], rule: Plasticity) -> str:
    """Return eligibilities and weight as equations of every step."""
    decay = "deligibility/dt = eligibility*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)"
    lines = [one.own(decay).format(tau=one.tau) for one in eligibilities]
    pairs = zip(eligibilities, drives, strict=True)
    sums = " + ".join(f"{one.own('eligibility')}*({drive})" for one, drive in pairs)
    new = f"clip(w + learning_rate*scale*({sums})*dt, w_min, w_max)"
    lines.append(f"dw/dt = ({new} - w)/dt : {unit_of(rule.w_max)} (clock-driven)")
    return "\n".join(lines)
