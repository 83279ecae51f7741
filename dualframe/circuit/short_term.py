r"""Short-term plasticity of a projection: facilitation and depression of release.

With the running release probability u and the available fraction x of the resources, at a
presynaptic spike

.. math:: u \to u + U(1-u), \quad \mathrm{response} = w\,\frac{u}{U}\,x, \quad x \to x - u x,

and between spikes u decays to 0 with the time constant of facilitation, x recovers to 1 with that
of recovery (Tsodyks, Pawelzik and Markram 1998; Fuhrmann et al. 2002). This is the mean over
stochastic releases. The weight w is the *first* response, so that calibrated unitary potentials
keep their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.catalogue.schema import Sourced
from dualframe.catalogue.tables import Table
from dualframe.checks import positive, put
from dualframe.circuit.reading import make, values
from dualframe.errors import NetworkError
from dualframe.network import Description

NUMBERS: Mapping[str, str] = {
    "U": "dimensionless",
    "tau_recovery": "time",
    "tau_facilitation": "time",
}


@dataclass(frozen=True, eq=False)
class ShortTerm(Description):
    """Facilitation and depression of the synapses of a projection.

    Parameters
    ----------
    U
        Release probability of the first spike, above 0 and at most 1.
    tau_recovery, tau_facilitation
        Times.
    """

    U: float
    tau_recovery: Any
    tau_facilitation: Any

    def __post_init__(self) -> None:
        for name, dimension in NUMBERS.items():
            what = f"{name} of the short-term plasticity"
            put(self, name, positive(getattr(self, name), dimension, what))
        if self.U > 1:
            raise NetworkError(f"U of the short-term plasticity is {self.U}: expected at most 1.")
        self._freeze()

    @property
    def equations(self) -> str:
        """Synaptic equations: running release probability, and the spent share of resources."""
        return (
            "dfacil/dt = -facil/tau_facilitation : 1 (event-driven)\n"
            "dspent/dt = -spent/tau_recovery : 1 (event-driven)"
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """Constants of the equations and statements."""
        return {name: getattr(self, name) for name in NUMBERS}

    def on_pre(self, response: str) -> str:
        """Return the statements at a presynaptic spike; ``response`` adds a weight ``w``."""
        return f"facil += U*(1 - facil)\n{response}*facil/U*(1 - spent)\nspent += facil*(1 - spent)"


def read_short_term(table: Table, numbers: dict[str, Sourced]) -> ShortTerm | None:
    """Return the short-term plasticity of a projection's table, if it has any; add its numbers."""
    given = table.child("short_term")
    if given is None:
        return None
    given.only(NUMBERS)
    found = {name: given.number(name, dimension) for name, dimension in NUMBERS.items()}
    numbers |= {f"short_term.{name}": number for name, number in found.items()}
    return make(given, ShortTerm, **values(found))
