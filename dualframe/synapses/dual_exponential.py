"""Difference of two exponentials.

::

    dr/dt = -r/tau_rise        dg/dt = (peak r - g)/tau_decay        a spike adds its weight to r

A rise time below 2 dt is taken as instantaneous; one above the decay time is
refused. Equal time constants give an alpha function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dualframe.core.errors import NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import quantity
from dualframe.synapses.exponential import Exponential
from dualframe.synapses.kinetics import (
    GatingEquations,
    Kinetics,
    SynapseKinetics,
    peak_factor,
    stable_time_constant,
)

PARAMETERS = ParameterTable(
    required={"tau_rise": "time", "tau_decay": "time"},
    equations="difference of two exponentials, tau_rise and tau_decay, that peaks at the weight",
)


@dataclass(frozen=True)
class DualExponential(Kinetics):
    """Difference of two exponentials: ``tau_rise`` and ``tau_decay`` (times)."""

    tau_rise: Any
    tau_decay: Any

    def gating_equations(self, id: str, feed: str, dt: Any) -> GatingEquations:
        """Return the equations of one channel; see `Kinetics`."""
        rise = quantity(self.tau_rise, "time", f"rise time of {id}")
        if rise > quantity(self.tau_decay, "time", f"decay time of {id}"):
            raise NetworkError(
                f"tau_rise of {id} is {rise}, longer than tau_decay, {self.tau_decay}: expected "
                f"the shorter one; exchange them."
            )
        if rise < 2 * dt * (1 - 1e-9):  # 0.2 ms is two steps
            return Exponential(self.tau_decay).gating_equations(id, feed, dt)
        g, r = f"g_{id}", f"r_{id}"
        rise = stable_time_constant(rise, dt, f"rise time of {id}")
        decay = stable_time_constant(self.tau_decay, dt, f"decay time of {id}")
        return GatingEquations(
            lines=(
                f"d{r}/dt = -{r}/tau_rise_{id}{feed} : {{unit}}",
                f"d{g}/dt = (peak_{id}*{r} - {g})/tau_decay_{id} : {{unit}}",
            ),
            output=g,
            written=r,
            states=(g, r),
            parameters={
                f"tau_rise_{id}": rise,
                f"tau_decay_{id}": decay,
                f"peak_{id}": peak_factor(rise, decay, dt),
            },
        )


DUAL_EXPONENTIAL = SynapseKinetics(
    name="dual_exponential", parameters=PARAMETERS, model=DualExponential
)
