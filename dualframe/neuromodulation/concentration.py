r"""Concentration of a modulator at a neuron: tonic level, schedule, pulses, release by spikes.

The level L(t) follows the tonic level or the schedule, the concentration relaxes to it by the
modulator's `clearance`, pulses, releasing spikes and signals from outside (the releases of a task)
add to it, and with exchange it tends to that of other regions, which are integrated in the same
neuron:

.. math:: \frac{dc_a}{dt} = J_a(L_a) - J_a(c_a) + \sum_b k_{ab} (c_b - c_a)

The concentration starts at the steady state of the first levels; tonic levels alone keep it
constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brian2.units import mmolar
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue import Modulator
from dualframe.circuit import Modulation, ReleaseSignal, ResolvedCircuit
from dualframe.neuromodulation.brain_regions import (
    connected_regions,
    exchange_rates,
    modulations_by_region,
    modulator_reaches,
    steady_state_concentrations,
)
from dualframe.neuromodulation.clearance import ActingNumbers, Clearance, select_clearance


@dataclass(frozen=True, kw_only=True)
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
    acting: tuple[ActingNumbers, ...]


def concentrations(circuit: ResolvedCircuit, region: str = "") -> dict[str, Concentration]:
    """Return the concentrations of the modulators that come into a region, by their names.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    region
        Name of a region, "" in a circuit without regions.
    """
    return {
        name: concentration_in_region(circuit, modulator, region)
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


def concentration_in_region(
    circuit: ResolvedCircuit, modulator: Modulator, region: str = ""
) -> Concentration:
    """Return the equations of a modulator's concentration in a region that it comes into.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    modulator
        As the catalogue has it.
    region
        Name of a region, "" in a circuit without regions.
    """
    modulations = modulations_by_region(circuit, modulator.name)
    rates = exchange_rates(circuit, modulator.name)
    regions = connected_regions(region, rates)
    present = {name: modulations[name] for name in regions if name in modulations}
    clearances = {name: select_clearance(present.get(name), modulator) for name in regions}
    levels = {name: _first_level(present.get(name), modulator) for name in regions}
    balance = steady_state_concentrations(regions, levels, clearances, rates)
    start = {name: balance[name] * mmolar for name in regions}
    variable = concentration_variable(modulator)
    constant = all(modulation.constant for modulation in present.values())
    bare = constant and len(regions) == 1
    if bare:  # the level itself, to its last digit
        start[region] = as_concentration(present[region].level, modulator)
    concentration = Concentration(
        name=variable,
        equations=(),
        parameters={variable: start[region]},
        initial={},
        start=start[region],
        constant=constant,
        acting=_acting_numbers(present, clearances, modulator, bare=bare),
    )
    if constant:
        return concentration
    parameters: dict[str, Any] = {}
    lines: list[str] = []
    initial: dict[str, Any] = {}
    variables = {name: concentration_variable(modulator, name, region) for name in regions}
    for name in regions:
        here = variables[name]
        flow = _clearance_flow(present.get(name), modulator, here, clearances[name], parameters)
        for other in (b for a, b in rates if a == name):
            rate = f"exchange_{modulator.name}_{name}_{other}"
            parameters[rate] = rates[name, other]
            flow += f" + {rate}*({variables[other]} - {here})"
        signals = present[name].signals if name in present else ()
        lines += _concentration_equations(here, flow, signals, parameters)
        initial |= {heard_variable(signal): 0.0 for signal in signals}
        initial[here] = start[name]
    return replace(concentration, equations=tuple(lines), parameters=parameters, initial=initial)


def heard_variable(signal: ReleaseSignal) -> str:
    """Return the variable of a neuron that is the signal of a release."""
    return f"heard_{signal.name}"


def _concentration_equations(
    name: str, flow: str, signals: Iterable[ReleaseSignal], parameters: dict[str, Any]
) -> list[str]:
    """Equations of a concentration with what signals release; their sizes are parameters added."""
    terms = []
    for signal in signals:
        parameters[f"size_{signal.name}"] = signal.size
        terms.append(f"size_{signal.name}*{signal.text(heard_variable(signal))}")
    if not terms:
        return [f"d{name}/dt = {flow} : mmolar"]
    return [
        *(f"{heard_variable(signal)} : 1" for signal in signals),
        f"next_{name} = {name} + dt*({flow}) + {' + '.join(terms)} : mmolar",
        # the larger of it and zero
        f"d{name}/dt = (0.5*(next_{name} + abs(next_{name})) - {name})/dt : mmolar",
    ]


def _acting_numbers(
    present: Mapping[str, Modulation],
    clearances: Mapping[str, Clearance],
    modulator: Modulator,
    *,
    bare: bool,
) -> tuple[ActingNumbers, ...]:
    """Numbers of the modulator that act; a bare constant level is not cleared."""
    numbers: list[ActingNumbers] = []
    if any(_states_fraction(modulation) for modulation in present.values()):
        numbers.append((modulator.numbers, ("reference_concentration",)))
    if not bare:
        numbers += [pair for clearance in clearances.values() for pair in clearance.acting]
    for modulation in present.values():
        if modulation.released_by and modulation.per_spike is None:
            numbers.append((modulator.uptake(modulation.uptake).numbers, ("release_total",)))
    return tuple(numbers)


def _states_fraction(modulation: Modulation) -> bool:
    """Whether a level is stated as a fraction of the reference concentration."""
    levels = [modulation.level, modulation.per_spike, *(level for _, level in modulation.schedule)]
    levels += [pulses.rise for pulses in modulation.pulses]
    return any(x is not None and get_dimensions(x) is DIMENSIONLESS for x in levels)


def _first_level(modulation: Modulation | None, modulator: Modulator) -> float:
    """Level at the start, in mmolar."""
    level = None if modulation is None else modulation.level
    if modulation is not None and modulation.schedule:
        time, first = modulation.schedule[0]
        level = first if time == 0 else None
    return 0.0 if level is None else float(as_concentration(level, modulator) / mmolar)


def _clearance_flow(
    modulation: Modulation | None,
    modulator: Modulator,
    name: str,
    clearance: Clearance,
    parameters: dict[str, Any],
) -> str:
    """Text of J(L) - J(c); its parameters are added."""
    parameters |= {f"{key}_{name}": value for key, value in clearance.parameters.items()}
    if modulation is not None and modulation.schedule:
        return clearance.flow(_scheduled_level(modulation, modulator, name, parameters), name)
    level = 0 * mmolar if modulation is None or modulation.level is None else modulation.level
    parameters[f"level_{name}"] = as_concentration(level, modulator)
    return clearance.flow(f"level_{name}", name)


def _scheduled_level(
    modulation: Modulation, modulator: Modulator, name: str, parameters: dict[str, Any]
) -> str:
    terms = []
    for k, (time, level) in enumerate(modulation.schedule):
        parameters[f"level{k}_{name}"] = as_concentration(level, modulator)
        parameters[f"time{k}_{name}"] = time
        term = f"level{k}_{name}*int(t >= time{k}_{name} - 0.5*dt)"
        if k + 1 < len(modulation.schedule):
            term += f"*int(t < time{k + 1}_{name} - 0.5*dt)"
        terms.append(term)
    return f"({' + '.join(terms)})"
