"""What a rule is: a name, the numbers it needs, its choices, and how it is written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from dualframe.network import Plasticity

ALL_TO_ALL, NEAREST = "all_to_all", "nearest"
ADDITIVE, MULTIPLICATIVE = "additive", "multiplicative"
PAIRING = (ALL_TO_ALL, NEAREST)
BOUNDS = (ADDITIVE, MULTIPLICATIVE)


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
    """

    equations: str
    on_pre: str
    on_post: str
    before: str = ""

    def renamed(self, names: Mapping[str, str]) -> Body:
        """Return the same rule with other names for its variables and numbers."""
        texts = (self.equations, self.on_pre, self.on_post, self.before)
        return Body(*(_renamed(text, names) for text in texts))


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
    """

    name: str
    write: Callable[[Plasticity, Collection[str]], Body]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factors: tuple[str, ...] = ("ltp", "ltd", "rate")


def trace(name: str, tau: str) -> str:
    """Return the equation of a trace that decays with ``tau``, updated at events, exactly."""
    return f"d{name}/dt = -{name}/{tau} : 1 (event-driven)"


def spike(name: str, pairing: str) -> str:
    """Return what a spike does to its trace: it is added to the earlier ones, or stands alone."""
    return f"{name} = 1" if pairing == NEAREST else f"{name} += 1"


def potentiate(amount: str, rule: Plasticity, known: Collection[str]) -> str:
    """Return the statement that raises the weight by ``amount``, as far as the bounds allow."""
    return _change(f"+ {_scaled(rule, 'w_max - w')}*{amount}{factors(known, 'ltp', 'rate')}")


def depress(amount: str, rule: Plasticity, known: Collection[str]) -> str:
    """Return the statement that lowers the weight by ``amount``, as far as the bounds allow."""
    return _change(f"- {_scaled(rule, 'w - w_min')}*{amount}{factors(known, 'ltd', 'rate')}")


def factors(known: Collection[str], *kinds: str) -> str:
    """Return the factors of some kinds that the postsynaptic neuron has, as an ending."""
    return "".join(f"*{kind}_factor_post" for kind in kinds if f"{kind}_factor" in known)


def _renamed(text: str, names: Mapping[str, str]) -> str:
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
