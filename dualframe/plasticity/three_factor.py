r"""Eligibility and a third factor, exact at events: what a visit to every synapse would give.

A synapse has an eligibility that decays with :math:`\tau` and that pairs of spikes change; its
weight follows the product with a signal of the postsynaptic neuron, the third factor D:

.. math:: \dot e = -e/\tau, \qquad \dot w = e\, D(t)

Between two spikes of the synapse at :math:`t_0` and :math:`t_1` nothing but D changes, so

.. math:: w(t_1) - w(t_0) = E \int_{t_0}^{t_1} f(s) D(s)\, ds,
          \quad f(s) = e^{-(s - T)/\tau}, \quad E = e(t_0) / f(t_0)

with any origin T. The neuron keeps the integral (`neuron_equations`), a synapse keeps E and the
value of the integral when it was last up to date (`DUE`). The origin moves on in *epochs*, so that
f neither under- nor overflows; the integrals of the last two complete epochs are kept.

Exactness: equal to a sum over the time steps (`clock_equations`) to rounding, while a synapse
spikes on either side at least once in two epochs. One that was silent for longer loses what the
oldest epoch would have given it: at most :math:`e(t_0)\, e^{-2 L/\tau} \tau \max|D|`, which for the
epoch used here, :math:`L = 9 \tau`, is :math:`1.5 \cdot 10^{-8}` of
:math:`e(t_0)\, \tau \max|D|`. Rounding grows by :math:`e^{L/\tau}`, to about :math:`10^{-12}`.
The bounds are applied when a synapse is brought up to date: exact while D keeps its sign between
two spikes of a synapse, since the weight then moves one way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from brian2.utils.stringtools import word_substitute

from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, Body
from dualframe.quantity import unit_of

EPOCHS = 9.0  # length of an epoch in time constants of the eligibility


def by_clock(rule: Plasticity) -> bool:
    """Whether a rule is asked to visit every synapse at every step."""
    return rule.options.get("update") == CLOCK


def neuron_equations(drive: str, tau: str) -> str:
    """Return the integral of ``drive`` (a rate) times the fading of eligibility, in epochs.

    ``fade`` is, after a step's update, the fading at the next step: what a spike of this step
    changes counts from the next step on.
    """
    return f"""
turn = int(timestep(t, dt) % epoch_length < 0.5) : 1
fade_now = turn + (1 - turn)*fade : 1
dfade/dt = (fade_now*exp(-dt/{tau}) - fade)/dt : 1
dcarry/dt = turn*(fade - carry)/dt : 1
dintegral/dt = ({drive})*fade_now - turn*integral/dt : 1
dintegral_1/dt = turn*(integral - integral_1)/dt : 1
dintegral_2/dt = turn*(integral_1 - integral_2)/dt : 1
depoch/dt = turn/dt : 1
""".strip()


NEURON_INITIAL = {"fade": 1.0}


def durations(tau: Any) -> dict[str, Any]:
    """Return the length of an epoch."""
    return {"epoch_length": EPOCHS * tau}


# `eligibility` is E of above: the eligibility as it was at the origin of epoch `since`
SYNAPSE = "eligibility : 1\nseen : 1\nsince : 1"

_IN_0, _IN_1, _IN_2 = (f"int(abs(epoch_post - since - {k}) < 0.5)" for k in range(3))
_SHARE = (
    f"({_IN_0}*(integral_post - seen)"
    f" + {_IN_1}*(integral_1_post - seen + carry_post*integral_post)"
    f" + {_IN_2}*(integral_2_post - seen"
    f" + carry_post*(integral_1_post + carry_post*integral_post)))"
)
DUE = f"""
w = clip(w + learning_rate*scale*eligibility*{_SHARE}, w_min, w_max)
eligibility = eligibility*({_IN_0} + {_IN_1}*carry_post + {_IN_2}*carry_post*carry_post)
since = epoch_post
seen = integral_post
""".strip()


def eligible(amount: str, rule: Plasticity) -> str:
    """Return the statement that adds ``amount`` to the eligibility at a spike."""
    if by_clock(rule):
        return f"eligibility += {amount}"
    return f"eligibility += ({amount})/fade_post"


def clock_equations(drive: str, tau: str, rule: Plasticity) -> str:
    """Return eligibility and weight as equations of every step; ``drive`` in terms of ``_post``."""
    change = f"learning_rate*scale*eligibility*({drive})*dt"
    return (
        f"deligibility/dt = eligibility*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)\n"
        f"dw/dt = (clip(w + {change}, w_min, w_max) - w)/dt : {unit_of(rule.w_max)}"
        f" (clock-driven)"
    )


def body(
    traces: Sequence[str],
    on_pre: Sequence[str],
    on_post: Sequence[str],
    rule: Plasticity,
    *,
    drive: str,
    signals: Collection[str],
    tau: str,
    known: Collection[str],
) -> Body:
    """Return a rule with one eligibility and one third factor, in the form that is asked for.

    Parameters
    ----------
    traces
        Equations of what its spikes leave behind.
    on_pre, on_post
        Statements, in which `eligible` changes the eligibility.
    rule
        The plasticity, with the form in its options.
    drive
        The third factor with its gain, a rate, in names of the neuron and numbers of the rule.
    signals
        The names of the neuron in it.
    tau
        The number that is the time constant of eligibility.
    known
        Variables of the neuron; a ``rate_factor`` among them scales the drive.
    """
    drive = f"({drive})*rate_factor" if "rate_factor" in known else drive
    statements = ("\n".join(on_pre), "\n".join(on_post))
    if by_clock(rule):
        read = {name: f"{name}_post" for name in (*signals, "rate_factor")}
        equations = clock_equations(str(word_substitute(drive, read)), tau, rule)
        return Body("\n".join([equations, *traces]), *statements)
    return Body(
        "\n".join([SYNAPSE, *traces]),
        *statements,
        due=DUE,
        neuron=neuron_equations(drive, tau),
        neuron_initial=NEURON_INITIAL,
        durations=durations(rule.numbers[tau]),
    )
