"""What of a network PyGeNN 5 cannot run as Brian2 does."""

from __future__ import annotations

from collections.abc import Iterator

from dualframe.network import Network, variables
from dualframe.plasticity import insert_plasticity_rules
from dualframe.targets.genn5.genn_text import parse_statements
from dualframe.targets.target import UnsupportedFeature


def unsupported_features(network: Network) -> Iterator[UnsupportedFeature]:
    """Yield the constructs of a network that do not run on PyGeNN 5, each with a remedy.

    Parameters
    ----------
    network
        A network that has a portable form.
    """
    for projection in insert_plasticity_rules(network).projections:
        of_neurons = network.population(projection.target).variables
        of_synapses = variables(projection.equations) | {"w"}
        for statement in parse_statements(projection.on_pre):
            name = statement.name.removesuffix("_post")
            adds = statement.operator in ("+=", "-=")
            if name in of_neurons and statement.name not in of_synapses and not adds:
                yield UnsupportedFeature(
                    f"its statements set {name!r} of {projection.target!r}, and on GeNN synapses "
                    f"only add",
                    f"projection {projection.name!r}",
                    f"write {name} += ...",
                )
