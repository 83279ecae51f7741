"""What a run warns of because of the rules by which its neurons spike."""

from __future__ import annotations

from collections.abc import Iterator

from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION, Equations

from dualframe.network import Network
from dualframe.targets.lowering.identifiers import DRAWS, names_in
from dualframe.targets.lowering.lowered_network import LoweredNetwork

_CHANGES_BY_ITSELF = DRAWS | {"t"}  # a condition with it ends without a reset


def warn_of_missing_resets(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which populations spike in every step for as long as their threshold is exceeded.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    for group in lowered.groups:
        if group.threshold is None or group.reset is not None or group.refractory is not None:
            continue
        equations = Equations(group.equations)
        read = _names_behind(group.threshold, equations)
        states = [n for n in sorted(read & set(equations)) if _is_state(equations, n)]
        if states and not read & _CHANGES_BY_ITSELF:
            yield (
                f"population {group.name!r} has a threshold without reset: a neuron spikes in "
                f"every step in which {group.threshold!r} holds. Give a reset of {states[0]!r}, "
                f"or refractory={group.threshold!r} for one spike at each crossing; reset='' says "
                f"that it is meant so."
            )


def _is_state(equations: Equations, name: str) -> bool:
    return bool(equations[name].type == DIFFERENTIAL_EQUATION)


def _names_behind(condition: str, equations: Equations) -> frozenset[str]:
    """Return the names that a condition reads, also through subexpressions."""
    read, waiting = set[str](), set(names_in(condition))
    while waiting:
        name = waiting.pop()
        read.add(name)
        if name in equations and equations[name].type == SUBEXPRESSION:
            waiting |= names_in(equations[name].expr.code) - read
    return frozenset(read)
