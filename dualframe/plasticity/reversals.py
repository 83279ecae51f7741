r"""When synapses turn around: where a bound must act before their next spike.

A synapse that is brought up to date at its spikes only is cut to its bounds there. This is what
bounds at every step would do, as long as the weight moves one way in between: a weight at its bound
stays there. When it turns around, it starts from the bound, and not from where it would have been
without one. So all synapses of a neuron are brought up to date just before the third factors that
they share turn around.

With one third factor every synapse moves one way as long as its sign stays. With several, at work
at the same time, a synapse may turn around at any step, depending on what its eligibilities are:
then all synapses are brought up to date at every step while this lasts. A third factor that keeps
its sign costs a comparison per neuron and step, and no visit.
"""

from __future__ import annotations

from collections.abc import Sequence

REVERSAL = "reversal"  # one in a step whose change of the weights turns around
# Signs by clip(): sympy, through which Brian2 reads equations, cannot compare what int() or abs()
# return. A drive below 1e-30 counts as none.
_SIGN = "clip(1e30*({}), -1, 1)"
_DIRECTION = """
sense = {sense} : 1
ways = {ways} : 1
ddirection/dt = clip(ways, 0, 1)*(sense - direction)/dt : 1
reversal = {turned}{once} : 1
""".strip()
_TURNED = "clip(-1e30*sense*direction, 0, 1)"
_TURNED_OR_MIXED = (
    "clip(1e30*ways*direction*direction, 0, 1)"
    "*clip((sense - direction)*(sense - direction) + clip(ways - 1, 0, 1), 0, 1)"
)


def reversal_equations(drives: Sequence[str], visited: Sequence[str] = ()) -> str:
    """Return the equations of a neuron that tell when its synapses turn around.

    Parameters
    ----------
    drives
        What moves the weights, as expressions of the neuron without dimension: a synapse moves one
        way as long as one of them acts and keeps its sign.
    visited
        Variables that are one in a step before which all synapses are brought up to date anyway.
    """
    signs = [_SIGN.format(drive) for drive in drives]
    return _DIRECTION.format(
        # a number for each combination of signs
        sense=" + ".join(f"{3**k}*{sign}" for k, sign in enumerate(signs)),
        ways=" + ".join(f"{sign}*{sign}" for sign in signs),
        turned=_TURNED_OR_MIXED if drives[1:] else _TURNED,
        once="".join(f"*(1 - {variable})" for variable in visited),
    )
