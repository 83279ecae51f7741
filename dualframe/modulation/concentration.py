r"""Concentration of a modulator at a neuron: tonic level, schedule, release by spikes.

The target concentration :math:`c_\infty(t)` follows the level or schedule, and the concentration
relaxes to it with the clearance time, :math:`dc/dt = (c_\infty - c)/\tau`; a releasing spike adds
to it. A tonic level alone is a constant: it has been there for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brian2.units import mmolar
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue import Modulator
from dualframe.circuit import Modulation


@dataclass(frozen=True)
class Concentration:
    """Equations of one modulator.

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
    fraction
        Whether a level is given as a fraction of the reference concentration.
    """

    name: str
    equations: tuple[str, ...]
    parameters: dict[str, Any]
    initial: dict[str, Any]
    start: Any
    constant: bool
    fraction: bool

    def acting(self) -> tuple[str, ...]:
        """Names of the modulator's numbers that act here."""
        fraction = ("reference_concentration",) if self.fraction else ()
        return fraction if self.constant else (*fraction, "clearance_tau")


def identifier(modulator: Modulator) -> str:
    """Return the modulator's name as it stands in equations (``5HT`` begins with a digit)."""
    return f"c_{modulator.name}"


def as_concentration(level: Any, modulator: Modulator) -> Any:
    """Return a level (a fraction of the reference concentration, or a concentration)."""
    if get_dimensions(level) is DIMENSIONLESS:
        return float(level) * modulator.numbers.value("reference_concentration")
    return level


def concentration(given: Modulation, modulator: Modulator) -> Concentration:
    """Return the equations of a modulator's concentration."""
    name = identifier(modulator)
    levels = [given.level, given.per_spike, *(level for _, level in given.schedule)]
    fraction = any(x is not None and get_dimensions(x) is DIMENSIONLESS for x in levels)
    if not given.schedule and given.released_by is None:
        level = as_concentration(given.level, modulator)
        return Concentration(name, (), {name: level}, {}, level, True, fraction)
    target, parameters, start = _target(given, modulator)
    parameters[f"tau_{name}"] = modulator.numbers.value("clearance_tau")
    line = f"d{name}/dt = ({target} - {name})/tau_{name} : mmolar"
    return Concentration(name, (line,), parameters, {name: start}, start, False, fraction)


def _target(given: Modulation, modulator: Modulator) -> tuple[str, dict[str, Any], Any]:
    name = identifier(modulator)
    if not given.schedule:
        level = 0 * mmolar if given.level is None else as_concentration(given.level, modulator)
        return f"level_{name}", {f"level_{name}": level}, level
    terms, parameters = [], {}
    for k, (time, level) in enumerate(given.schedule):
        parameters[f"level{k}_{name}"] = as_concentration(level, modulator)
        parameters[f"time{k}_{name}"] = time
        term = f"level{k}_{name}*int(t >= time{k}_{name} - 0.5*dt)"
        if k + 1 < len(given.schedule):
            term += f"*int(t < time{k + 1}_{name} - 0.5*dt)"
        terms.append(term)
    first_time, first_level = given.schedule[0]
    start = as_concentration(first_level, modulator) if first_time == 0 else 0 * mmolar
    return f"({' + '.join(terms)})", parameters, start
