r"""Where a modulator is, and how it passes from region to region.

Regions exchange it in both directions, so that the amount is conserved: with the volumes V,
:math:`V_a k_{ab} = V_b k_{ba}` in :math:`dc_a/dt = \ldots + \sum_b k_{ab} (c_b - c_a)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import second
from scipy.optimize import root

from dualframe import catalogue
from dualframe.circuit import Circuit, Modulation
from dualframe.circuit.regions import region_names
from dualframe.errors import NetworkError
from dualframe.modulation.clearance import Clearance

Rates = Mapping[tuple[str, str], Any]


def entries(circuit: Circuit, modulator: str) -> dict[str, Modulation]:
    """Return what a circuit says of a modulator, by region; "" without regions."""
    found: dict[str, Modulation] = {}
    for given in circuit.modulations:
        if catalogue.modulator(given.modulator).name == modulator:
            found |= dict.fromkeys([given.region] if given.region else region_names(circuit), given)
    return found


def exchange(circuit: Circuit, modulator: str) -> dict[tuple[str, str], Any]:
    """Return the rate constants k of a modulator, by (this region, the other)."""
    volumes = {region.name: region.volume for region in circuit.regions}
    rates: dict[tuple[str, str], Any] = {}
    for region, given in entries(circuit, modulator).items():
        for other, rate in given.exchange.items():
            rates[region, other] = rate
            rates[other, region] = rate * float(volumes[region] / volumes[other])
    return rates


def connected(region: str, rates: Rates) -> tuple[str, ...]:
    """Return a region and every region that exchange joins to it, this one first."""
    found = [region]
    for here in found:  # grows while it is read
        found += [b for a, b in rates if a == here and b not in found]
    return (region, *sorted(found[1:]))


def reached(circuit: Circuit, modulator: str, region: str) -> bool:
    """Return whether a modulator of the circuit comes into a region."""
    given = entries(circuit, modulator)
    return any(name in given for name in connected(region, exchange(circuit, modulator)))


def steady(
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
        Exchange, as of `exchange`.

    Raises
    ------
    NetworkError
        If no balance is found.
    """
    if len(regions) == 1 or not any(levels.values()):
        return {name: levels[name] for name in regions}
    unit = max(levels.values())

    def change(values: Any) -> list[float]:
        c = {name: unit * value for name, value in zip(regions, values, strict=True)}
        return [
            (clearances[a].rate(levels[a]) - clearances[a].rate(c[a])) / unit
            + sum(float(rates[a, b] * second) * (c[b] - c[a]) / unit for b in c if (a, b) in rates)
            for a in regions
        ]

    found = root(change, np.array([levels[name] / unit for name in regions]), tol=1e-13)
    if not found.success or np.min(found.x) < -1e-9:
        raise NetworkError(f"no steady concentrations found in {', '.join(regions)}: {found}")
    return {
        name: unit * max(0.0, float(value)) for name, value in zip(regions, found.x, strict=True)
    }
