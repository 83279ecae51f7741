r"""Where a modulator is, and how it passes from region to region.

Regions exchange it in both directions, so that the amount is conserved: with the volumes V,
:math:`V_a k_{ab} = V_b k_{ba}` in :math:`dc_a/dt = \ldots + \sum_b k_{ab} (c_b - c_a)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import second

from dualframe.circuit import Modulation, ResolvedCircuit
from dualframe.neuromodulation.clearance import Clearance

Rates = Mapping[tuple[str, str], Any]

_MOST_STEPS, _ROUNDING = 200, 1e-15


def modulations_by_region(circuit: ResolvedCircuit, modulator: str) -> dict[str, Modulation]:
    """Return what a circuit says of a modulator, by region; "" without regions."""
    by_region: dict[str, Modulation] = {}
    for modulation in circuit.modulations:
        if modulation.modulator.name == modulator:
            entry = modulation.entry
            regions = (entry.region,) if entry.region else circuit.circuit.region_names
            by_region |= dict.fromkeys(regions, entry)
    return by_region


def exchange_rates(circuit: ResolvedCircuit, modulator: str) -> dict[tuple[str, str], Any]:
    """Return the rate constants k of a modulator, by (this region, the other)."""
    volumes = {region.name: region.volume for region in circuit.circuit.regions}
    rates: dict[tuple[str, str], Any] = {}
    for region, modulation in modulations_by_region(circuit, modulator).items():
        for other, rate in modulation.exchange.items():
            rates[region, other] = rate
            rates[other, region] = rate * float(volumes[region] / volumes[other])
    return rates


def connected_regions(region: str, rates: Rates) -> tuple[str, ...]:
    """Return a region and every region that exchange joins to it, this one first."""
    reached = [region]
    for here in reached:  # grows while it is read
        reached += [b for a, b in rates if a == here and b not in reached]
    return (region, *sorted(reached[1:]))


def modulator_reaches(circuit: ResolvedCircuit, modulator: str, region: str) -> bool:
    """Return whether a modulator of the circuit comes into a region.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    modulator
        Name in the catalogue.
    region
        Name of a region, "" in a circuit without regions.
    """
    by_region = modulations_by_region(circuit, modulator)
    connected = connected_regions(region, exchange_rates(circuit, modulator))
    return any(name in by_region for name in connected)


def steady_state_concentrations(
    regions: Sequence[str],
    levels: Mapping[str, float],
    clearances: Mapping[str, Clearance],
    rates: Rates,
) -> dict[str, float]:
    """Return the concentrations at which release, clearance and exchange balance.

    Parameters
    ----------
    regions
        Their names.
    levels
        What each region would have alone, in mmolar.
    clearances
        What removes the modulator in each.
    rates
        Exchange, as of `exchange_rates`.

    The balance is where ``J(c) - J(L) - exchange`` is zero. It is concave, and its derivative an
    M-matrix, so that Newton's method climbs to it from zero without ever passing it.
    """
    level = np.array([levels[name] for name in regions])
    if len(regions) == 1 or not level.any():
        return dict(levels)
    coupling = np.array(
        [[float(rates.get((a, b), 0 / second) * second) for b in regions] for a in regions]
    )
    passed = np.diag(coupling.sum(axis=1)) - coupling
    released = np.array([clearances[name].rate(levels[name]) for name in regions])
    c = np.zeros(len(regions))
    for _ in range(_MOST_STEPS):
        removed = np.array([clearances[a].rate(x) for a, x in zip(regions, c, strict=True)])
        slopes = [clearances[a].slope(x) for a, x in zip(regions, c, strict=True)]
        step = np.linalg.solve(np.diag(slopes) + passed, released - removed - passed @ c)
        c = np.maximum(c + step, 0)
        if np.abs(step).max() <= _ROUNDING * level.max():
            break
    return {name: float(value) for name, value in zip(regions, c, strict=True)}
