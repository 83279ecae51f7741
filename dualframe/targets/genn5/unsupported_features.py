"""What of a network PyGeNN 5 cannot run as Brian2 does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from brian2.utils.stringtools import get_identifiers

from dualframe.network import Network, Population, Projection, variables
from dualframe.network.distributions import DISTRIBUTIONS
from dualframe.plasticity import insert_plasticity_rules
from dualframe.targets.lowering.event_free_equations import parse_equations
from dualframe.targets.target import UnsupportedFeature

_DRAWS = frozenset({"binomial"})  # functions that this target lacks


def unsupported_features(network: Network) -> Iterator[UnsupportedFeature]:
    """Yield the constructs of a network that do not run on PyGeNN 5, each with a remedy.

    Parameters
    ----------
    network
        A network that has a portable form.
    """
    written = insert_plasticity_rules(network)
    for population in written.populations:
        yield from _unsupported_draws(population)
    for projection in written.projections:
        yield from _unsupported_delays(projection)


def _unsupported_draws(population: Population) -> Iterator[UnsupportedFeature]:
    where = f"population {population.name!r}"
    for line in parse_equations(population.equations, where):
        for name in sorted(get_identifiers(line.expression) & _DRAWS):
            yield UnsupportedFeature(
                f"{line.name!r} calls {name}()", where, "use rand(), randn() or poisson()"
            )


def _unsupported_delays(projection: Projection) -> Iterator[UnsupportedFeature]:
    where = f"projection {projection.name!r}"
    used: set[str] = set().union(*map(get_identifiers, projection.statements))
    used |= get_identifiers(projection.equations or "")
    read = sorted(name for name in used if name.endswith("_pre"))
    if read and _has_delay(projection):
        yield UnsupportedFeature(
            f"it has a delay and uses {read[0]!r}, which GeNN reads as it was a delay ago",
            where,
            "give it no delay, or keep a copy of the variable in the synapse",
        )
    is_plastic = bool(projection.on_post or variables(projection.equations))
    if projection.own_delays and is_plastic:
        yield UnsupportedFeature(
            "every synapse has a delay of its own and variables that change",
            where,
            "group the delays: delay_groups=8",
        )


def _has_delay(projection: Projection) -> bool:
    if isinstance(projection.delay, DISTRIBUTIONS):
        return True
    return bool(np.any(np.asarray(projection.delay) > 0)) and projection.on_pre is not None
