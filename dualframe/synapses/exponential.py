"""Instantaneous rise and exponential decay.

::

    dg/dt = -g/tau        a spike adds its weight to g
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.synapses.kinetics import (
    GatingEquations,
    Kinetics,
    SynapseKinetics,
    stable_time_constant,
)

PARAMETERS = ParameterTable(
    required={"tau": "time"}, equations="g jumps by the weight at a spike; dg/dt = -g/tau"
)


@dataclass(frozen=True)
class Exponential(Kinetics):
    """Instantaneous rise and exponential decay with time constant ``tau`` (time)."""

    tau: Any

    def gating_equations(self, id: str, feed: str, dt: Any) -> GatingEquations:
        """Return the equations of one channel; see `Kinetics`."""
        g = f"g_{id}"
        return GatingEquations(
            lines=(f"d{g}/dt = -{g}/tau_{id}{feed} : {{unit}}",),
            output=g,
            written=g,
            states=(g,),
            parameters={f"tau_{id}": stable_time_constant(self.tau, dt, f"decay time of {id}")},
        )


EXPONENTIAL = SynapseKinetics(name="exponential", parameters=PARAMETERS, model=Exponential)
