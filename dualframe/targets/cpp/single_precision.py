"""Which networks may have variables of single precision, and which may not.

Times (the clock, spikes, delays in steps, steps of a schedule) are of double precision always.
"""

from __future__ import annotations

from dualframe.core.errors import TargetError
from dualframe.targets.lowering.lowered_network import LoweredNetwork

MOST_STEPS = 2**22  # whole numbers of steps, kept in variables, are exact a little longer than this


def refuse_single_precision(lowered: LoweredNetwork) -> None:
    """Refuse a network that single precision would get wrong.

    Parameters
    ----------
    lowered
        The lowered network.

    Raises
    ------
    TargetError
        If a rule of plasticity takes differences of sums that grow over time, or variables count
        more time steps than single precision tells apart.
    """
    for synapses in lowered.synapses:
        if synapses.due or synapses.visits or synapses.visits_when:
            raise TargetError(
                f"projection {synapses.projection!r}: its plasticity takes differences of sums "
                f"that grow over time, which single precision loses: use precision='float64'."
            )
    steps = lowered.duration / lowered.dt
    for group in lowered.groups:
        if steps > MOST_STEPS and "timestep(" in group.equations:
            raise TargetError(
                f"population {group.name!r} counts time steps, {steps:.3g} in this run, of which "
                f"single precision holds {MOST_STEPS}: use precision='float64', or run for at "
                f"most {MOST_STEPS * lowered.dt:.0f} s."
            )
