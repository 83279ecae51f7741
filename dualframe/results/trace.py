"""Variables that were recorded over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.quantity import quantity


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """Recorded variables of some neurons of one population.

    Attributes
    ----------
    t
        Sample times in seconds, shape ``(n_times,)``.
    neurons
        Indices of the recorded neurons, shape ``(n_neurons,)``.
    values
        Per variable an array of shape ``(n_neurons, n_times)`` in base SI units.
    units
        Per variable the unit of its values, such as ``"volt"``; ``"1"`` has no dimension.
    """

    t: NDArray[np.float64]
    neurons: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]

    def __post_init__(self) -> None:
        t = _read_only(np.asarray(self.t, dtype=float))
        neurons = _read_only(np.atleast_1d(np.asarray(self.neurons, dtype=np.int64)))
        values = {str(k): _read_only(np.asarray(v, dtype=float)) for k, v in self.values.items()}
        for name, array in values.items():
            if array.shape != (neurons.size, t.size):
                raise DualframeError(
                    f"trace {name!r} has shape {array.shape}: expected (neurons, times), "
                    f"({neurons.size}, {t.size})."
                )
        units = {name: str(self.units.get(name, "1")) for name in values}
        object.__setattr__(self, "t", t)
        object.__setattr__(self, "neurons", neurons)
        object.__setattr__(self, "values", MappingProxyType(values))
        object.__setattr__(self, "units", MappingProxyType(units))

    def __repr__(self) -> str:
        return f"<Trace: {trace_text(self.values, len(self.neurons), self.t)}>"

    def __setstate__(self, content: Mapping[str, Any]) -> None:
        self.__init__(**content)  # type: ignore[misc]  # a pickled array, or a copied one, is writable

    def quantity(self, variable: str) -> Any:
        """Return a variable as a quantity of shape ``(n_neurons, n_times)``."""
        if variable not in self.values:
            raise UnknownName("recorded variable", variable, self.values)
        unit = self.units[variable]
        if unit == "1":
            return self.values[variable]
        return Quantity(self.values[variable] * quantity(f"1 {unit}", name=f"unit of {variable}"))

    def row(self, neuron: int) -> int:
        """Return the row of a neuron in the arrays of `values`."""
        rows = np.flatnonzero(self.neurons == neuron)
        if not rows.size:
            raise UnknownName("recorded neuron", neuron, [str(i) for i in self.neurons])
        return int(rows[0])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Trace)
            and dict(self.units) == dict(other.units)
            and np.array_equal(self.t, other.t)
            and np.array_equal(self.neurons, other.neurons)
            and self.values.keys() == other.values.keys()
            and all(np.array_equal(a, other.values[k], True) for k, a in self.values.items())
        )

    __hash__ = None  # type: ignore[assignment]


def trace_text(values: Mapping[str, Any], neurons: int, t: NDArray[np.float64]) -> str:
    """Return in words what was recorded.

    Parameters
    ----------
    values
        By variable.
    neurons
        How many were recorded.
    t
        Sample times in seconds.
    """
    times = f" from {t[0]:g} to {t[-1]:g} s" if t.size else ""
    return f"{', '.join(values)} of {neurons} neurons, {t.size} samples{times}"


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()  # no copy: traces can fill most of the memory
    view.flags.writeable = False
    return view
