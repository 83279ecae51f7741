r"""Concentration of a modulator at a neuron: tonic level, schedule, pulses, release by spikes.

The level L(t) follows the tonic level or the schedule, the concentration relaxes to it by the
modulator's `clearance`, pulses and releasing spikes add to it, and with exchange it tends to that
of other regions, which are integrated in the same neuron:

.. math:: \frac{dc_a}{dt} = J_a(L_a) - J_a(c_a) + \sum_b k_{ab} (c_b - c_a)

The start is the steady state of the first levels. Tonic levels alone are a constant: they have
been there for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brian2.units import mmolar
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue import Modulator, Numbers
from dualframe.circuit import Modulation, ResolvedCircuit
from dualframe.neuromodulation.brain_regions import (
    connected_regions,
    exchange_rates,
    modulations_by_region,
    modulator_reaches,
    steady_state_concentrations,
)
from dualframe.neuromodulation.clearance import Clearance, clearance


@dataclass(frozen=True)
class Concentration:
    """Equations of one modulator in one region.

    Attributes
    ----------
    name
        The variable or constant that is the concentration.
    equations, parameters, initial
        As in a population.
    start
        The concentration at the start.
    constant
        Whether it stays that.
    acting
        The modulator's numbers that act here, and their names.
    """

    name: str
    equations: tuple[str, ...]
    parameters: dict[str, Any]
    initial: dict[str, Any]
    start: Any
    constant: bool
    acting: tuple[tuple[Numbers, tuple[str, ...]], ...]


def concentrations(circuit: ResolvedCircuit, region: str = "") -> dict[str, Concentration]:
    """Return the modulators that come into a region, by their names.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    region
        Name of a region, "" in a circuit without regions.
    """
    return {
        name: concentration(circuit, modulator, region)
        for name, modulator in sorted(circuit.modulators.items())
        if modulator_reaches(circuit, name, region)
    }


def concentration_variable(modulator: Modulator, region: str = "", here: str = "") -> str:
    """Return the variable of a modulator in a region, in equations of a neuron that lies here."""
    # `5HT` begins with a digit
    return f"c_{modulator.name}" + ("" if region == here else f"_in_{region}")


def as_concentration(level: Any, modulator: Modulator) -> Any:
    """Return a level (a fraction of the reference concentration, or a concentration)."""
    if get_dimensions(level) is DIMENSIONLESS:
        return float(level) * modulator.numbers.value("reference_concentration")
    return level


def concentration(
    circuit: ResolvedCircuit, modulator: Modulator, region: str = ""
) -> Concentration:
    """Return the equations of a modulator's concentration in a region that it comes into."""
    given, rates = (
        modulations_by_region(circuit, modulator.name),
        exchange_rates(circuit, modulator.name),
    )
    regions = connected_regions(region, rates)
    present = {name: given[name] for name in regions if name in given}
    clearances = {name: clearance(given.get(name), modulator) for name in regions}
    levels = {name: _first_level(given.get(name), modulator) for name in regions}
    balance = steady_state_concentrations(regions, levels, clearances, rates)
    start = {name: balance[name] * mmolar for name in regions}
    own = concentration_variable(modulator)
    constant = all(entry.constant for entry in present.values())
    if constant and len(regions) == 1:  # the level itself, to its last digit
        start[region] = as_concentration(present[region].level, modulator)
    acting = _acting(present, clearances, modulator, bare=constant and len(regions) == 1)
    if constant:
        return Concentration(own, (), {own: start[region]}, {}, start[region], True, acting)
    lines: list[str] = []
    parameters: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    for name in regions:
        variable = concentration_variable(modulator, name, region)
        flow = _flow(given.get(name), modulator, variable, clearances[name], parameters)
        for other in (b for a, b in rates if a == name):
            rate = f"exchange_{modulator.name}_{name}_{other}"
            parameters[rate] = rates[name, other]
            flow += f" + {rate}*({concentration_variable(modulator, other, region)} - {variable})"
        lines.append(f"d{variable}/dt = {flow} : mmolar")
        initial[variable] = start[name]
    return Concentration(own, tuple(lines), parameters, initial, start[region], False, acting)


def _acting(
    present: dict[str, Modulation],
    clearances: dict[str, Clearance],
    modulator: Modulator,
    *,
    bare: bool,
) -> tuple[tuple[Numbers, tuple[str, ...]], ...]:
    """Numbers of the modulator that act; a bare constant level is not cleared."""
    fraction = any(_fraction(entry) for entry in present.values())
    found: list[tuple[Numbers, tuple[str, ...]]] = []
    if fraction:
        found.append((modulator.numbers, ("reference_concentration",)))
    if not bare:
        found += [pair for own in clearances.values() for pair in own.acting]
    by_spikes = (entry for entry in present.values() if entry.released_by and not entry.per_spike)
    found += [(modulator.uptake(e.uptake).numbers, ("release_total",)) for e in by_spikes]
    return tuple(found)


def _fraction(given: Modulation) -> bool:
    """Whether a level is given as a fraction of the reference concentration."""
    levels = [given.level, given.per_spike, *(level for _, level in given.schedule)]
    levels += [pulses.rise for pulses in given.pulses]
    return any(x is not None and get_dimensions(x) is DIMENSIONLESS for x in levels)


def _first_level(given: Modulation | None, modulator: Modulator) -> float:
    """Level at the start, in mmolar."""
    level = None if given is None else given.level
    if given is not None and given.schedule:
        time, first = given.schedule[0]
        level = first if time == 0 else None
    return 0.0 if level is None else float(as_concentration(level, modulator) / mmolar)


def _flow(
    given: Modulation | None,
    modulator: Modulator,
    name: str,
    cleared: Clearance,
    parameters: dict[str, Any],
) -> str:
    """Text of J(L) - J(c); its parameters are added."""
    parameters |= {f"{key}_{name}": value for key, value in cleared.parameters.items()}
    if given is not None and given.schedule:
        return cleared.flow(_scheduled(given, modulator, name, parameters), name)
    level = 0 * mmolar if given is None or given.level is None else given.level
    parameters[f"level_{name}"] = as_concentration(level, modulator)
    return cleared.flow(f"level_{name}", name)


def _scheduled(
    given: Modulation, modulator: Modulator, name: str, parameters: dict[str, Any]
) -> str:
    terms = []
    for k, (time, level) in enumerate(given.schedule):
        parameters[f"level{k}_{name}"] = as_concentration(level, modulator)
        parameters[f"time{k}_{name}"] = time
        term = f"level{k}_{name}*int(t >= time{k}_{name} - 0.5*dt)"
        if k + 1 < len(given.schedule):
            term += f"*int(t < time{k + 1}_{name} - 0.5*dt)"
        terms.append(term)
    return f"({' + '.join(terms)})"
