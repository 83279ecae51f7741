r"""Thresholds that keep correlations rare (Soltoggio 2015), for `rchp` and `htp`.

One pair of thresholds for all synapses of a projection. A correlation is rare if it is beyond its
threshold; of :math:`n` synapses, :math:`R` percent per second are to be:

.. math::

   \dot\theta = \pm v \quad \text{where the running count is more than } f R
   \text{ (less than } R/f \text{), else } 0

The threshold of correlations moves up when there are too many, that of decorrelations down. The
source counts in a sliding window of five seconds, here the window is exponential with that time
constant, and counts and thresholds arrive a step or two late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import NetworkError
from dualframe.network import Network, Plasticity, Population, Projection
from dualframe.plasticity.registry import rule

_MONITOR = """
found_high : 1
found_low : 1
dpercent_high/dt = (100*found_high/(synapses*dt) - percent_high)*(1 - exp(-dt/window))/dt : Hz
dpercent_low/dt = (100*found_low/(synapses*dt) - percent_low)*(1 - exp(-dt/window))/dt : Hz
moves_high = int(percent_high > tolerance*wanted) - int(percent_high < wanted/tolerance) : 1
moves_low = int(percent_low > tolerance*wanted) - int(percent_low < wanted/tolerance) : 1
dtheta_high/dt = slide*moves_high : 1
dtheta_low/dt = -slide_low*moves_low : 1
""".strip()


def with_sliding_thresholds(network: Network, projection: str) -> Network:
    """Return a network whose rule of rare correlations has thresholds that slide.

    Parameters
    ----------
    network
        The postsynaptic units must leave ``theta_high``, ``theta_low``, ``rare_high`` and
        ``rare_low`` to be written: they declare them like ``rare_high : 1``.
    projection
        Name of a projection that learns by `rchp` or `htp`. Its synapses are counted, so it has
        ``pairs``: what is drawn at random would be drawn anew.

    Raises
    ------
    NetworkError
        If the projection learns by another rule, or has no pairs.
    """
    learning = next((p for p in network.projections if p.name == projection), None)
    given = learning.plasticity if learning else None
    if learning is None or given is None or given.rule not in ("rchp", "htp"):
        raise NetworkError(f"no projection {projection!r} learns by 'rchp' or 'htp'.")
    if learning.pairs is None:
        raise NetworkError(f"projection {projection!r} draws its synapses: give it pairs.")
    name = f"rarity_of_{projection}"
    return replace(
        network,
        populations=(*network.populations, _monitor(name, _count(network, learning), given)),
        projections=(*network.projections, *_links(name, learning, given)),
    )


def _count(network: Network, learning: Projection) -> int:
    n = (network.source(learning.source).n, network.population(learning.target).n)
    if learning.pairs == "all_to_all":
        same = learning.source == learning.target and not learning.autapses
        return n[0] * n[1] - same * n[0]
    return n[0] if learning.pairs == "one_to_one" else len(learning.pairs[0])


def _monitor(name: str, synapses: int, given: Plasticity) -> Population:
    n: Mapping[str, Any] = given.numbers
    slides_low = n.get("slides_low", 1.0)
    return Population(
        name,
        1,
        _MONITOR,
        parameters={
            "synapses": float(synapses),
            "window": n["tau_window"],
            "wanted": n["rare_percent"],
            "tolerance": n["tolerance"],
            "slide": n["slide"],
            "slide_low": n["slide"] * slides_low,
        },
        initial={"theta_high": n["theta_high"], "theta_low": n["theta_low"]},
    )


def _links(name: str, learning: Projection, given: Plasticity) -> list[Projection]:
    """Counts of rare correlations to the monitor, and thresholds back."""
    here = {what: given.signals.get(what, what) for what in rule(given.rule).told}
    product = f"({_ended(here['rate'], 'pre')})*({_ended(here['activity'], 'post')})"
    links = []
    for kind, sign in (("high", ">"), ("low", "<")):
        count = f"rare_{kind}_post = int({product} {sign} theta_{kind}_post) : 1 (summed)"
        links.append(
            replace(
                learning,
                name=f"{learning.name}_{kind}",
                equations=count,
                weight=None,
                plasticity=None,
            )
        )
        target = learning.target
        for source, goal, equation in (
            (target, name, f"found_{kind}_post = rare_{kind}_pre : 1 (summed)"),
            (name, target, f"theta_{kind}_post = theta_{kind}_pre : 1 (summed)"),
        ):
            links.append(
                Projection(
                    source,
                    goal,
                    equations=equation,
                    pairs="all_to_all",
                    name=f"{kind}_from_{source}_to_{goal}",
                )
            )
    return links


def _ended(text: str, end: str) -> str:
    """Return an expression of a unit's variables as a synapse reads it."""
    names = get_identifiers(text) - {"int", "exp", "clip", "abs"}
    return str(word_substitute(text, {n: f"{n}_{end}" for n in names}))
