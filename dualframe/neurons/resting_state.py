"""The resting potential and conductance of a membrane, from its steady current."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.units import siemens, volt

_POINTS = 2001  # of the grid on which the lowest root is looked for
_STEP = 1e-6  # volt, of the numerical derivative


def resting_state(
    steady_current: Callable[..., Any], low: float, high: float, parameters: Mapping[str, Any]
) -> tuple[Any, Any]:
    """Return the lowest potential at which no current flows, and the slope conductance there.

    Parameters
    ----------
    steady_current
        A function of the potential (volt) and of the parameters by keyword (numbers in base units)
        that returns the outward current (ampere) with every gate at its steady state.
    low, high
        The potentials between which it is looked for, in volt.
    parameters
        Quantities, numbers, or arrays with one value per neuron.

    Returns
    -------
    potential, conductance
        Quantities, arrays where a parameter is one. Without a root: the potential of least current.
    """
    from scipy.optimize import brentq  # slow to import, and few neurons need it

    plain = {name: np.asarray(value, dtype=float) for name, value in parameters.items()}
    shape = np.broadcast_shapes(*(value.shape for value in plain.values()))
    columns = {name: np.broadcast_to(value, shape).ravel() for name, value in plain.items()}
    grid = np.linspace(low, high, _POINTS)
    potentials, slopes = [], []
    for k in range(int(np.prod(shape, dtype=int))):
        one = {name: float(values[k]) for name, values in columns.items()}

        def current(potential: Any, constants: Mapping[str, float] = one) -> Any:
            return steady_current(potential, **constants)

        sampled = np.asarray(current(grid))
        (crossings,) = np.nonzero(np.sign(sampled[:-1]) != np.sign(sampled[1:]))
        if len(crossings):
            root = brentq(current, grid[crossings[0]], grid[crossings[0] + 1], xtol=1e-15)
        else:
            root = grid[np.argmin(np.abs(sampled))]
        potentials.append(root)
        slopes.append((current(root + _STEP) - current(root - _STEP)) / (2 * _STEP))
    rest, slope = np.reshape(potentials, shape), np.reshape(slopes, shape)
    if not shape:
        return float(rest) * volt, float(slope) * siemens
    return rest * volt, slope * siemens
