"""Input currents of a population in its equations: sums of steps, whose sizes are constants."""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import unit_of
from dualframe.network import CurrentInput, Population
from dualframe.targets.lowering.event_free_equations import (
    PARAMETER,
    SUBEXPRESSION,
    EquationLine,
)
from dualframe.targets.lowering.waveforms import waveform_variable


def insert_current_inputs(
    population: Population, currents: list[CurrentInput], lines: list[EquationLine]
) -> tuple[list[EquationLine], dict[str, object]]:
    """Turn input variables into sums of current steps; return the lines and the constants."""
    constants: dict[str, object] = {}
    sums: dict[str, list[str]] = {}
    for index, current in enumerate(currents):
        if current.is_waveform:
            _check_unit(population, current.variable, current.values, lines)
            sums.setdefault(current.variable, []).append(waveform_variable(current, index))
            continue
        names = _step_names(population, current, index, constants)
        constants[names["size"]] = current.amplitude
        constants[names["start"]] = current.start
        pulse = f"{names['size']}*int(t >= {names['start']} - 0.5*dt)"
        if current.stop is not None:
            constants[names["stop"]] = current.stop
            pulse += f"*int(t < {names['stop']} - 0.5*dt)"
        sums.setdefault(current.variable, []).append(pulse)
    return [_sum_currents(population, line, sums, constants) for line in lines], constants


def _check_unit(
    population: Population, variable: str, values: object, lines: list[EquationLine]
) -> None:
    """Refuse a waveform of another dimension than its variable."""
    expected = next(line.unit for line in lines if line.name == variable)
    if unit_of(values) != expected:
        raise NetworkError(
            f"values of the input onto {variable!r} of population {population.name!r} have the "
            f"unit {unit_of(values)}: expected {expected}."
        )


def _step_names(
    population: Population, current: CurrentInput, index: int, taken: Mapping[str, object]
) -> dict[str, str]:
    """Names of the constants of a current step, which nothing else of the population has."""
    others = {*taken, *population.variables, *population.parameters, *population.durations}
    tag = current.name or f"step{index}"
    while True:
        names = {part: f"{current.variable}_{tag}_{part}" for part in ("size", "start", "stop")}
        if others.isdisjoint(names.values()):
            return names
        tag += "_"


def _sum_currents(
    population: Population,
    line: EquationLine,
    sums: Mapping[str, list[str]],
    constants: Mapping[str, object],
) -> EquationLine:
    if line.name not in sums:
        return line
    if line.kind != PARAMETER:
        raise NetworkError(
            f"{line.name!r} of population {population.name!r} is defined by the equations and "
            f"cannot take a current input: name one that they only declare, like 'I_ext : amp'."
        )
    for name, value in constants.items():
        size = name.startswith(f"{line.name}_") and name.endswith("_size")
        if size and unit_of(value) != line.unit:
            raise NetworkError(
                f"amplitude of the input onto {line.name!r} of population {population.name!r} has "
                f"the unit {unit_of(value)}: expected {line.unit}."
            )
    return EquationLine(SUBEXPRESSION, line.name, " + ".join(sums[line.name]), line.unit)
