"""Sum of two alpha functions, a fast and a slow one.

::

    dk/dt = -k/dt        a spike adds its weight to the mailbox k, which one Euler step empties into
                         two alpha functions: dr/dt = -r/tau + k/dt, da/dt = (peak r - a)/tau
    g = a_fast + slow_ratio a_slow
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import quantity
from dualframe.synapses.kinetics import (
    GatingEquations,
    Kinetics,
    SynapseKinetics,
    peak_factor,
    stable_time_constant,
)

PARAMETERS = ParameterTable(
    required={"tau_fast": "time", "tau_slow": "time", "slow_ratio": "dimensionless"},
    equations="two alpha functions that peak after tau_fast at the weight, and after tau_slow at "
    "slow_ratio times it",
)


@dataclass(frozen=True)
class DoubleAlpha(Kinetics):
    """Sum of two alpha functions that peak at ``tau_fast`` and ``tau_slow`` (times).

    The fast one peaks at the weight, the slow one at ``slow_ratio`` (dimensionless) times it.
    """

    tau_fast: Any
    tau_slow: Any
    slow_ratio: float

    def gating_equations(self, id: str, feed: str, dt: Any) -> GatingEquations:
        """Return the equations of one channel; see `Kinetics`."""
        mailbox = f"k_{id}"
        lines = [f"d{mailbox}/dt = -{mailbox}/dt : {{unit}}"]
        if feed:  # another mailbox does its work
            lines, mailbox = [], ""
        drive = feed or f" + {mailbox}/dt"
        parameters: dict[str, Any] = {}
        for speed, tau in (("fast", self.tau_fast), ("slow", self.tau_slow)):
            alpha = f"{speed}_{id}"
            parameters[f"tau_{alpha}"] = stable_time_constant(tau, dt, f"{speed} time of {id}")
            parameters[f"peak_{alpha}"] = peak_factor(tau, tau, dt)
            lines += [
                f"dr_{alpha}/dt = -r_{alpha}/tau_{alpha}{drive} : {{unit}}",
                f"dg_{alpha}/dt = (peak_{alpha}*r_{alpha} - g_{alpha})/tau_{alpha} : {{unit}}",
            ]
        ratio = quantity(self.slow_ratio, "dimensionless", "slow_ratio")
        parameters[f"slow_ratio_{id}"] = float(ratio)
        lines.append(f"g_{id} = g_fast_{id} + slow_ratio_{id}*g_slow_{id} : {{unit}}")
        states = tuple(f"{kind}_{speed}_{id}" for speed in ("fast", "slow") for kind in "rg")
        return GatingEquations(
            lines=tuple(lines),
            output=f"g_{id}",
            written=mailbox,
            states=states + ((mailbox,) if mailbox else ()),
            parameters=parameters,
        )


DOUBLE_ALPHA = SynapseKinetics(name="double_alpha", parameters=PARAMETERS, model=DoubleAlpha)
