r"""Short-term plasticity of a projection: facilitation and depression of release.

With the running release probability u and the available fraction x of the resources, at a
presynaptic spike

.. math:: u \to u + U(1-u), \quad \mathrm{response} = w\,\frac{u}{U}\,x, \quad x \to x - u x,

and between spikes u decays to 0 with the time constant of facilitation, x recovers to 1 with that
of recovery (Tsodyks, Pawelzik and Markram 1998; Fuhrmann et al. 2002). This is the mean over
stochastic releases. The weight w is the *first* response, so that calibrated unitary potentials
keep their meaning.

A projection of a circuit has it as ``short_term``; a projection by hand takes `with_short_term`. It
is no `dualframe.plasticity_rule`: the weight stays, so it may stand beside one that changes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from dualframe.core.errors import NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.validation import as_positive, set_frozen_field
from dualframe.network import Projection, ValueRecord

_RESPONSE = re.compile(r"\w+\s*[+-]=\s*[\w.*]*\bw")
PARAMETERS = ParameterTable(
    required={
        "U": "dimensionless",
        "tau_recovery": "time",
        "tau_facilitation": "time",
    },
    equations="at a presynaptic spike u <- u + U (1 - u), response w u/U x, x <- x - u x; between "
    "spikes u decays to 0 with tau_facilitation, x recovers to 1 with tau_recovery",
)


@dataclass(frozen=True, eq=False)
class ShortTerm(ValueRecord):
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
        for name, dimension in PARAMETERS.required.items():
            label = f"{name} of the short-term plasticity"
            set_frozen_field(self, name, as_positive(getattr(self, name), dimension, label))
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
        return {name: getattr(self, name) for name in PARAMETERS.required}

    def on_pre(self, response: str) -> str:
        """Return the statements at a presynaptic spike; ``response`` adds a weight ``w``."""
        return f"facil += U*(1 - facil)\n{response}*facil/U*(1 - spent)\nspent += facil*(1 - spent)"


def with_short_term(projection: Projection, short_term: ShortTerm) -> Projection:
    """Return a projection whose responses facilitate and depress.

    Parameters
    ----------
    projection
        Its ``on_pre`` is one statement that adds the weight, like ``"g += w"``.
    short_term
        The numbers.

    Raises
    ------
    NetworkError
        If the projection does anything else at a presynaptic spike.

    Examples
    --------
    >>> from brian2.units import ms, nS
    >>> onto = Projection("a", "b", "g += w", weight=1 * nS, pairs="all_to_all")
    >>> with_short_term(onto, ShortTerm(0.5, 700 * ms, 20 * ms)).on_pre.splitlines()[1]
    'g += w*facil/U*(1 - spent)'
    """
    response = (projection.on_pre or "").strip()
    if not _RESPONSE.fullmatch(response):
        raise NetworkError(
            f"on_pre of projection {projection.name!r} is {projection.on_pre!r}: short-term "
            f"plasticity needs one statement that adds the weight, like 'g += w'."
        )
    return replace(
        projection,
        on_pre=short_term.on_pre(response),
        equations="\n".join(filter(None, [projection.equations, short_term.equations])),
        parameters={**projection.parameters, **short_term.parameters},
    )
