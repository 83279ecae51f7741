"""What a rule is: a name, the numbers it needs, its choices, and how it is written out.

A rule is written in one of two forms. ``update="event"`` (the default) changes a synapse at its
spikes only; ``update="clock"`` visits every synapse at every step. They are the same rule: the
second is what tests compare the first with, and what a reader may find easier to follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dualframe.network import Plasticity

ALL_TO_ALL, NEAREST = "all_to_all", "nearest"
ADDITIVE, MULTIPLICATIVE = "additive", "multiplicative"
PAIRING = (ALL_TO_ALL, NEAREST)
BOUNDS = (ADDITIVE, MULTIPLICATIVE)
EVENT, CLOCK = "event", "clock"
UPDATE = (EVENT, CLOCK)
GATE = "gate"
_SYNAPTIC = ("equations", "due", "before", "on_pre", "on_post", "ahead", "late")


@dataclass(frozen=True)
class Body:
    """A rule written out: text of the portable subset.

    Parameters
    ----------
    equations
        Synaptic variables other than ``w``.
    on_pre, on_post
        Statements after the transmission of a presynaptic spike, and at a postsynaptic one.
    before
        Statements before the transmission of a presynaptic spike.
    due
        Statements that bring a synapse up to date, executed before everything else at a spike of
        either side, and for the weights that a run reports.
    ahead
        Statements after everything else at a spike of either side.
    visits
        Statements that every synapse needs at the start of a step, with or without spikes, and how
        often.
    late
        Statements that make up for visits, before everything else at a spike, where a target has
        none.
    neuron
        Equations that the rule adds to the postsynaptic neuron. The synapses read their variables
        with ``_post``; every rule gets variables of its own.
    neuron_initial
        Values of these variables at the start, zero where none is given.
    reset
        Statements at a spike of the postsynaptic neuron that change these variables.
    durations
        Times that these equations count in steps.
    """

    equations: str
    on_pre: str
    on_post: str
    before: str = ""
    due: str = ""
    ahead: str = ""
    visits: tuple[tuple[str, Any], ...] = ()
    late: str = ""
    neuron: str = ""
    neuron_initial: Mapping[str, float] = field(default_factory=dict)
    reset: str = ""
    durations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def synapse(self) -> str:
        """Everything that stands in the synapses."""
        return "\n".join([*(getattr(self, text) for text in _SYNAPTIC), *dict(self.visits)])

    def renamed(self, names: Mapping[str, str]) -> Body:
        """Return the same rule with other names in its synapses."""
        texts: dict[str, Any] = {text: renamed(getattr(self, text), names) for text in _SYNAPTIC}
        texts["visits"] = tuple((renamed(text, names), every) for text, every in self.visits)
        return replace(self, **texts)


@dataclass(frozen=True)
class Rule:
    """A plasticity rule that can run.

    Parameters
    ----------
    name
        Its name, and the name of its form in the catalogue.
    write
        From the plasticity of a projection and the variables of the postsynaptic neuron to text.
    options
        Choices by name; the first is the default.
    factors
        What modulators may scale.
    signals
        What the postsynaptic neuron must tell: names of the rule and what they are, such as the
        level of a modulator.
    sources
        What the presynaptic neuron must tell, likewise, at every step. A rule that has any runs on
        the runtime and in C++ only.
    """

    name: str
    write: Callable[[Plasticity, Collection[str]], Body]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factors: tuple[str, ...] = ("ltp", "ltd", "rate")
    signals: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, str]:
        """Everything that neurons may tell; ``gate`` is asked for by whoever wants it."""
        return {**self.signals, **self.sources, GATE: "whether the rule acts, zero or one"}


def trace(name: str, tau: str, rule: Plasticity) -> str:
    """Return the equation of a trace that decays with ``tau``, exactly in either form."""
    if rule.options.get("update") == CLOCK:
        return f"d{name}/dt = {name}*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)"
    return f"d{name}/dt = -{name}/{tau} : 1 (event-driven)"


def running_mean(name: str, of: str, tau: str) -> str:
    """Return the equation of a running mean of what the neuron tells, before this step's value."""
    return f"d{name}/dt = ({of} - {name})*(1 - exp(-dt/{tau}))/dt : 1"


def spike(name: str, pairing: str, size: str = "1") -> str:
    """Return what a spike does to its trace: it is added to the earlier ones, or stands alone."""
    return f"{name} {'=' if pairing == NEAREST else '+='} {size}"


def potentiate(amount: str, rule: Plasticity, known: Collection[str]) -> str:
    """Return the statement that raises the weight by ``amount``, as far as the bounds allow."""
    return _change(f"+ {_scaled(rule, 'w_max - w')}*{amount}{factors(known, 'ltp', 'rate')}")


def depress(amount: str, rule: Plasticity, known: Collection[str]) -> str:
    """Return the statement that lowers the weight by ``amount``, as far as the bounds allow."""
    return _change(f"- {_scaled(rule, 'w - w_min')}*{amount}{factors(known, 'ltd', 'rate')}")


def factors(known: Collection[str], *kinds: str) -> str:
    """Return the factors of some kinds that the postsynaptic neuron has, as an ending.

    The gate of a rule acts where its rate does.
    """
    names = [f"{kind}_factor" for kind in kinds] + ([GATE] if "rate" in kinds else [])
    return "".join(f"*{name}_post" for name in names if name in known)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return equations or statements with other names."""
    # the d of dx/dt stands before the name
    return re.sub(
        r"\b(d?)([A-Za-z_]\w*)\b",
        lambda m: f"{m[1]}{names[m[2]]}" if m[2] in names else names.get(m[0], m[0]),
        text,
    )


def _change(amount: str) -> str:
    return f"w = clip(w {amount}, w_min, w_max)"


def _scaled(rule: Plasticity, room: str) -> str:
    soft = rule.options.get("bounds") == MULTIPLICATIVE
    return "learning_rate*scale" + (f"*({room})/(w_max - w_min)" if soft else "")
