"""What other formats say of synapses and currents: a weight that is added at a spike, a constant.

Formats of networks know synapses that add a fixed weight to a variable of their target, and
currents that never change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.network import CurrentInput, Network
from dualframe.targets.lowering.lowered_network import LoweredSynapses

_ADDS_WEIGHT = re.compile(r"^\s*(?P<variable>\w+?)(?:_post)?\s*\+=\s*w\s*$")


def raised_variable(synapses: LoweredSynapses) -> str | None:
    """Return the variable of the target to which a spike adds the weight, None if it does else.

    Parameters
    ----------
    synapses
        Of a projection.
    """
    match = _ADDS_WEIGHT.match(synapses.on_pre or "")
    return match["variable"] if match else None


def synaptic_weights(synapses: LoweredSynapses) -> NDArray[np.float64]:
    """Return the weight of each synapse, in SI units; one without a weight counts as 1.

    Parameters
    ----------
    synapses
        Of a projection.
    """
    weight = synapses.constants["w"].value if "w" in synapses.constants else None
    values = synapses.initial.get("w", 1.0) if weight is None else weight
    return np.broadcast_to(np.asarray(values, dtype=float), (len(synapses.i),))


def constant_current(
    network: Network, population: str, drive: Mapping[str, float]
) -> tuple[float, list[str]]:
    """Return the current (A) that flows into all neurons of a population all the time, and losses.

    Parameters
    ----------
    network
        With its inputs.
    population
        Name of the target.
    drive
        How the input variables enter: A of current for each unit of theirs.
    """
    total, losses = 0.0, []
    for current in network.inputs:
        if not isinstance(current, CurrentInput) or current.target != population:
            continue
        start = float(np.asarray(current.start))
        size: Any = np.nan if current.is_waveform else current.amplitude
        values = np.unique(np.asarray(size, dtype=float))
        if current.stop is None and not current.is_waveform and not start and values.size == 1:
            total += drive[current.variable] * float(values[0])
        else:
            losses.append(
                f"The current onto {population} that has a beginning or an end, or "
                f"differs between neurons, is left out."
            )
    return total, losses
