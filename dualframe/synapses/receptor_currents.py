"""The current of one kind of receptor on one compartment: a gating variable and a driving force.

Both branches share it. With the gating variable g of its kinetics the current is
``I = g (E - V)``, times the open fraction of a magnesium block, or ``I = sign g`` in current mode.
One spike writes exactly one variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brian2.units import ms, mV, siemens

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.synapses.kinetics import Kinetics
from dualframe.synapses.magnesium_block import MagnesiumBlock


@dataclass(frozen=True, kw_only=True)
class ReceptorCurrent:
    """The equations of a receptor current.

    Attributes
    ----------
    id
        Its name; every variable and parameter ends with it.
    equations
        Brian2 text: the gating equations and the subexpression `current`. Constants are not
        declared.
    current
        Name of the current (amp, positive inward).
    written
        The variable that a spike increments by its weight.
    weight_unit
        ``"siemens"`` or ``"amp"``: the dimension of `written`, and so of a weight.
    parameters
        Name -> quantity or float.
    initial
        Name -> initial value of a state variable (all zero).
    """

    id: str
    equations: str
    current: str
    written: str
    weight_unit: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]


def receptor_current(
    id: str,
    kinetics: Kinetics,
    *,
    reversal: Any = None,
    current: bool = False,
    sign: float = 1.0,
    voltage: str = "V",
    magnesium: MagnesiumBlock | None = None,
    feed: str = "",
    gain: str = "",
    dt: Any = 0.1 * ms,
) -> ReceptorCurrent:
    """Return the current of one kind of receptor on one compartment.

    Parameters
    ----------
    id
        An identifier, unique in the neuron, such as ``"AMPA_dend"``.
    kinetics
        Such as `Exponential`, `DualExponential` or `DoubleAlpha`.
    reversal
        Reversal potential (voltage): conductance mode.
    current
        True for current mode: no reversal; the current is ``sign`` times the gating variable.
    sign
        Current mode: +1 excitatory (inward), -1 inhibitory. Becomes the parameter ``sign_<id>``.
    voltage
        The membrane potential of the compartment, such as ``"V_dend"``.
    magnesium
        Adds a magnesium block (conductance mode).
    feed
        Expression, in units of the weight per time, that drives the current besides spikes: how
        several receptors of one synapse share a mailbox (`synapse_equations`).
    gain
        Expression of a factor on the current; empty leaves no trace in the text.
    dt
        The time step for which the peak is exact (time).

    Raises
    ------
    NetworkError
        If neither or both of ``reversal`` and ``current`` are given, if a magnesium block is asked
        of a current, or if a time constant is too short for an Euler step.
    QuantityError
        If a quantity has another dimension.
    """
    if not id.isidentifier():
        raise NetworkError(f"channel id {id!r} is not an identifier, like 'AMPA_dend'.")
    if current == (reversal is not None):
        raise NetworkError(f"channel {id!r}: give either a reversal potential or current=True.")
    if current and magnesium is not None:
        raise NetworkError(f"channel {id!r}: a magnesium block needs a reversal potential.")
    gating = kinetics.gating_equations(id, feed and f" + {feed}", quantity(dt, "time", "dt"))
    drive, constants = f"*sign_{id}", {f"sign_{id}": float(sign)}
    if not current:
        drive, constants = _driving_force(id, reversal, voltage, magnesium)
    factor = f"*{gain}" if gain else ""
    unit = "amp" if current else "siemens"
    lines = [line.format(unit=unit) for line in gating.lines]
    zero = 0 * (siemens * mV if current else siemens)
    return ReceptorCurrent(
        id=id,
        equations="\n".join([*lines, f"I_{id} = {gating.output}{drive}{factor} : amp"]),
        current=f"I_{id}",
        written=gating.written,
        weight_unit=unit,
        parameters={**gating.parameters, **constants},
        initial=dict.fromkeys(gating.states, zero),
    )


def _driving_force(
    id: str, reversal: Any, voltage: str, magnesium: MagnesiumBlock | None
) -> tuple[str, dict[str, Any]]:
    force = f"*(E_{id} - {voltage})"
    constants = {f"E_{id}": quantity(reversal, "voltage", f"reversal of {id}")}
    if magnesium is None:
        return force, constants
    block, block_constants = magnesium.open_fraction(id, voltage)
    return force + block, constants | block_constants
