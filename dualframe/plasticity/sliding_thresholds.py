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
    rules = learning.plasticity.rules if learning and learning.plasticity else ()
    plasticity = next((rule for rule in rules if rule.rule in ("rchp", "htp")), None)
    if learning is None or plasticity is None:
        raise NetworkError(f"no projection {projection!r} learns by 'rchp' or 'htp'.")
    if learning.pairs is None:
        raise NetworkError(f"projection {projection!r} draws its synapses: give it pairs.")
    name = f"rarity_of_{projection}"
    monitor = _rarity_monitor(name, _synapse_count(network, learning), plasticity)
    links: list[Projection] = []
    for side, sign in (("high", ">"), ("low", "<")):
        links.append(_correlation_count(learning, plasticity, side, sign))
        links.append(_sum_variable(f"rare_{side}", learning.target, f"found_{side}", name, side))
        links.append(_sum_variable(f"theta_{side}", name, f"theta_{side}", learning.target, side))
    return replace(
        network,
        populations=(*network.populations, monitor),
        projections=(*network.projections, *links),
    )


def _synapse_count(network: Network, learning: Projection) -> int:
    n = (network.source(learning.source).n, network.population(learning.target).n)
    if learning.pairs == "all_to_all":
        same = learning.source == learning.target and not learning.autapses
        return n[0] * n[1] - same * n[0]
    return n[0] if learning.pairs == "one_to_one" else len(learning.pairs[0])


def _rarity_monitor(name: str, synapses: int, plasticity: Plasticity) -> Population:
    n: Mapping[str, Any] = plasticity.numbers
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


def _correlation_count(
    learning: Projection, plasticity: Plasticity, side: str, sign: str
) -> Projection:
    """Count the correlations beyond a threshold, for each postsynaptic unit."""
    rate, activity = (plasticity.signals.get(name, name) for name in ("rate", "activity"))
    product = f"({_as_seen(rate, 'pre')})*({_as_seen(activity, 'post')})"
    count = f"int({product} {sign} theta_{side}_post)"
    return replace(
        learning,
        name=f"{learning.name}_{side}",
        equations=f"rare_{side}_post = {count} : 1 (summed)",
        weight=None,
        plasticity=None,
    )


def _sum_variable(variable: str, source: str, into: str, target: str, side: str) -> Projection:
    """Sum a variable of all units of one population in another."""
    return Projection(
        source,
        target,
        equations=f"{into}_post = {variable}_pre : 1 (summed)",
        pairs="all_to_all",
        name=f"{side}_from_{source}_to_{target}",
    )


def _as_seen(text: str, end: str) -> str:
    """Return an expression of a unit's variables as a synapse reads it."""
    names = get_identifiers(text) - {"int", "exp", "clip", "abs"}
    return str(word_substitute(text, {n: f"{n}_{end}" for n in names}))
