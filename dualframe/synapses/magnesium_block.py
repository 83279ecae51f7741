"""The magnesium block of NMDA channels.

The open fraction is ``1/(1 + (Mg/beta) exp(-alpha (V - gamma)))``, with the concentration Mg.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brian2.units import mmolar, mV

from dualframe.core.parameter_table import ParameterTable, dimension_of_unit
from dualframe.core.quantity import quantity

PARAMETERS = ParameterTable(
    required={
        "Mg": "concentration",
        "alpha": dimension_of_unit("/mV"),
        "beta": "concentration",
        "gamma": "voltage",
    },
    equations="open fraction 1/(1 + Mg/beta exp(-alpha (V - gamma)))",
)


@dataclass(frozen=True)
class MagnesiumBlock:
    """The magnesium block of NMDA channels.

    The defaults for ``alpha`` (1/voltage), ``beta`` (concentration) and ``gamma`` (voltage) are
    those of Jahr and Stevens 1990, J Neurosci 10:3178.
    """

    Mg: Any = field(default_factory=lambda: 1 * mmolar)
    alpha: Any = field(default_factory=lambda: 0.062 / mV)
    beta: Any = field(default_factory=lambda: 3.57 * mmolar)
    gamma: Any = field(default_factory=lambda: 0 * mV)

    def open_fraction(self, id: str, voltage: str) -> tuple[str, dict[str, Any]]:
        """Return the factor on a current as an ending, ``"/(...)"``, and its constants.

        Parameters
        ----------
        id
            The channel's name; every constant ends with it.
        voltage
            The membrane potential.

        Raises
        ------
        QuantityError
            If a constant has another dimension.
        """
        block = f"/(1 + Mg_{id}/beta_{id}*exp(-alpha_{id}*({voltage} - gamma_{id})))"
        constants = {
            f"{name}_{id}": quantity(getattr(self, name), dimension, f"{name} of {id}")
            for name, dimension in PARAMETERS.required.items()
        }
        return block, constants
