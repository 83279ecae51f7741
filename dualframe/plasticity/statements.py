"""Sentences that several rules use: traces, means, and changes of the weight within its bounds."""

from __future__ import annotations

from collections.abc import Collection

from dualframe.network import Plasticity
from dualframe.plasticity.rule import GATE, MULTIPLICATIVE, NEAREST, is_clock_driven


def trace_equation(name: str, tau: str, plasticity: Plasticity) -> str:
    """Return the equation of a trace that decays exponentially, exactly in either form.

    Parameters
    ----------
    name, tau
        The trace, and the number of the rule that is its time constant.
    plasticity
        The plasticity of the projection, with the form in its options.
    """
    if is_clock_driven(plasticity):
        return f"d{name}/dt = {name}*(exp(-dt/{tau}) - 1)/dt : 1 (clock-driven)"
    return f"d{name}/dt = -{name}/{tau} : 1 (event-driven)"


def spike_statement(name: str, pairing: str, size: str = "1") -> str:
    """Return what a spike does to its trace: it is added to the earlier ones, or stands alone.

    Parameters
    ----------
    name
        The trace.
    pairing
        ``"all_to_all"`` or ``"nearest"``.
    size
        What a spike adds.
    """
    return f"{name} {'=' if pairing == NEAREST else '+='} {size}"


def running_mean_equation(name: str, signal: str, tau: str) -> str:
    """Return the equation of a neuron's running mean of a signal, without this step's value.

    Parameters
    ----------
    name, signal, tau
        The mean, the variable or expression, and the time constant.
    """
    return f"d{name}/dt = ({signal} - {name})*(1 - exp(-dt/{tau}))/dt : 1"


def potentiate_weight(
    amount: str, plasticity: Plasticity, neuron_variables: Collection[str]
) -> str:
    """Return the statement that raises the weight, as far as the bounds allow.

    A factor below zero lowers it: where bounds are soft, as far as the other one allows.

    Parameters
    ----------
    amount
        Expression, in units of the rule's scale.
    plasticity
        The plasticity of the projection.
    neuron_variables
        Names that the postsynaptic neuron has; factors of modulators among them scale the change.
    """
    modulation = factor_product(neuron_variables, "ltp", "rate")
    turns = "ltp_factor" in neuron_variables
    return _bounded_change("+", f"{amount}{modulation}", plasticity, turns)


def depress_weight(amount: str, plasticity: Plasticity, neuron_variables: Collection[str]) -> str:
    """Return the statement that lowers the weight, as far as the bounds allow.

    Parameters
    ----------
    amount, plasticity, neuron_variables
        See `potentiate_weight`.
    """
    modulation = factor_product(neuron_variables, "ltd", "rate")
    turns = "ltd_factor" in neuron_variables
    return _bounded_change("-", f"{amount}{modulation}", plasticity, turns)


def weight_equation(step_change: str, unit: str) -> str:
    """Return the equation that changes the weight at every step, within its bounds.

    Parameters
    ----------
    step_change
        What a step adds to the weight.
    unit
        Of the weight.
    """
    return f"dw/dt = (clip(w + {step_change}, w_min, w_max) - w)/dt : {unit} (clock-driven)"


def bounded_weight(change: str) -> str:
    """Return the statement that changes the weight, within its bounds.

    Parameters
    ----------
    change
        What is added to the weight.
    """
    return f"w = clip(w + {change}, w_min, w_max)"


def factor_product(neuron_variables: Collection[str], *kinds: str) -> str:
    """Return the factors of modulators that the postsynaptic neuron has, as an ending.

    The gate of a rule acts where its rate does.

    Parameters
    ----------
    neuron_variables
        Names that the postsynaptic neuron has.
    *kinds
        Any of ``"ltp"``, ``"ltd"``, ``"rate"``, ``"eligibility"``.
    """
    names = [f"{kind}_factor" for kind in kinds] + ([GATE] if "rate" in kinds else [])
    return "".join(f"*{name}_post" for name in names if name in neuron_variables)


def _bounded_change(sign: str, amount: str, plasticity: Plasticity, turns: bool) -> str:
    """Return a change of the weight; ``turns``: a factor may turn its sign around."""
    step, towards, away = f"{sign} learning_rate*scale", "(w_max - w)", "(w - w_min)"
    if sign == "-":
        towards, away = away, towards
    if plasticity.options.get("bounds") != MULTIPLICATIVE:
        change = f"{step}*{amount}"
    elif turns:
        rooms = f"clip({amount}, 0, 1e30)*{towards} + clip({amount}, -1e30, 0)*{away}"
        change = f"{step}*({rooms})/(w_max - w_min)"
    else:
        change = f"{step}*{towards}/(w_max - w_min)*{amount}"
    return f"w = clip(w {change}, w_min, w_max)"
