"""What encoders with Poisson spikes share: how they fire, and the gate that silences them."""

from __future__ import annotations

from dataclasses import dataclass

from dualframe.building.network_block import copy_variable
from dualframe.network import Projection

FIRES = "rand() < rate_now*dt"


@dataclass(frozen=True)
class Gate:
    """A declaration of the gate's copy and the projection that makes it; empty without a gate."""

    declaration: str = ""
    projections: tuple[Projection, ...] = ()


def gate_of(world: str, name: str, variable: str | None) -> tuple[str, Gate]:
    """Return the factor that a gate puts on a rate, and what it needs.

    The rate is zero while the world's ``variable`` is above one half.
    """
    if variable is None:
        return "", Gate()
    copy = f"seen_{variable}"
    return f"*int({copy} < 0.5)", Gate(f"{copy} : 1", (copy_variable(world, variable, name, copy),))
