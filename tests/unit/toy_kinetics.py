"""A user's synaptic kinetics in one file: a conductance that a spike sets going, at half strength.

::

    dg/dt = -g/tau        g_output = g/2
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

PARAMETERS = ParameterTable(required={"tau": "time"}, equations="dg/dt = -g/tau, halved")


@dataclass(frozen=True)
class HalvedDecay(Kinetics):
    """Exponential decay with time constant ``tau`` (time), at half strength."""

    tau: Any

    def gating_equations(self, id: str, feed: str, dt: Any) -> GatingEquations:
        """Return the equations of one channel."""
        return GatingEquations(
            lines=(
                f"dg_{id}/dt = -g_{id}/tau_{id}{feed} : {{unit}}",
                f"half_{id} = g_{id}/2 : {{unit}}",
            ),
            output=f"half_{id}",
            written=f"g_{id}",
            states=(f"g_{id}",),
            parameters={f"tau_{id}": stable_time_constant(self.tau, dt, f"decay time of {id}")},
        )


HALVED_DECAY = SynapseKinetics(name="toy_halved_decay", parameters=PARAMETERS, model=HalvedDecay)
