"""What no membrane has: generous bounds, outside of which a number is a slip of sign or unit.

Each is assumed, and an order of magnitude beyond what is reported: input resistances from 0.3 Mohm
(large motoneurons) to 10 Gohm (small granule cells), time constants from 0.2 ms (auditory neurons)
to some 100 ms, resting potentials from -95 to -35 mV, and thresholds of action potentials from -70
to -20 mV.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.quantity import quantity

#: Lowest and highest value by what it is.
MEMBRANE_BOUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "v_rest": ("-120 mV", "0 mV"),
        "threshold": ("-100 mV", "20 mV"),
        "reset": ("-150 mV", "20 mV"),
        "r_in": ("0.01 Mohm", "100 Gohm"),
        "tau_m": ("0.01 ms", "2 s"),
        "c_m": ("0.01 pF", "10 uF"),
        "rheobase": ("0.01 pA", "1 uA"),
    }
)


def find_impossible(name: str, value: Any) -> str:
    """Return why a membrane cannot have a value, "" if it can or nothing is known of it.

    Parameters
    ----------
    name
        One of `MEMBRANE_BOUNDS`.
    value
        The value: a quantity, or an array; of another dimension nothing is said.
    """
    if name not in MEMBRANE_BOUNDS:
        return ""
    low, high = (quantity(text) for text in MEMBRANE_BOUNDS[name])
    if get_dimensions(value) != get_dimensions(low):
        return ""
    numbers = np.asarray(value, dtype=float)
    if np.all((numbers >= float(low)) & (numbers <= float(high))):
        return ""
    return (
        f"no neuron has such a {name}: expected {' to '.join(MEMBRANE_BOUNDS[name])}. Check "
        f"{'sign and unit' if name in _POTENTIALS else 'the unit'}."
    )


_POTENTIALS = ("v_rest", "threshold", "reset")
