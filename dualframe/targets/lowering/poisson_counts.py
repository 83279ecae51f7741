"""Poisson counts in the portable subset: one uniform number against the chances of a count.

GeNN has no function ``poisson``. With the mean x = rate*dt per step, a count is the number of those
k for which a uniform number u is below the chance of k or more events::

    u = rand()                                                  # one per neuron and step
    count = int(u < P(1)) + int(u < P(2)) + ...
    P(k) = 1 - exp(-x)*(1 + x + x**2/2 + ... + x**(k-1)/(k-1)!)

The sum ends where a larger count has a chance below 1e-10 per step: one event in 1e8 of them is
missed. Where all neurons have one rate, its chances are computed once per step. Brian2's own
targets keep ``poisson``, which a C++ program draws from a table (`poisson_counts.h`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import exp

import numpy as np

from dualframe.targets.lowering.event_free_equations import (
    SUBEXPRESSION,
    EquationLine,
    parse_equations,
)
from dualframe.targets.lowering.lowered_network import Constant, LoweredGroup, LoweredNetwork

_COUNTED = re.compile(r"poisson\((?P<rate>\w+) ?\* ?dt\)")
_MISSED = 1e-10  # chance per step of a count that is longer than the sum
_LENGTHS = (8, 16, 24)  # of the sum: few, so that another rate rarely means another program


def count_by_uniform_numbers(lowered: LoweredNetwork) -> LoweredNetwork:
    """Return a network whose Poisson counts of constant rates are drawn from ``rand()``.

    A count of which a step has too many for the longest sum stays ``poisson(rate*dt)``.

    Parameters
    ----------
    lowered
        The network; a count is ``n = poisson(rate*dt) : 1 (constant over dt)``.
    """
    groups = (_count_in_group(group, lowered.dt) for group in lowered.groups)
    return replace(lowered, groups=tuple(groups))


def _count_in_group(group: LoweredGroup, dt: float) -> LoweredGroup:
    if not group.counts:
        return group
    label = f"population {group.name!r}"
    lines = [
        new
        for line in parse_equations(group.equations, label)
        for new in _count_lines(line, group.constants, dt)
    ]
    return replace(group, equations="\n".join(map(str, lines)))


def poisson_rate(line: EquationLine) -> str | None:
    """Return the name of the rate of a line that counts Poisson events, or None.

    Parameters
    ----------
    line
        An equation.
    """
    counted = _COUNTED.fullmatch(line.expression)
    if counted is None or line.kind != SUBEXPRESSION or "constant over dt" not in line.flags:
        return None
    return counted["rate"]


def _count_lines(
    line: EquationLine, constants: Mapping[str, Constant], dt: float
) -> Iterator[EquationLine]:
    rate = poisson_rate(line)
    constant = None if rate is None else constants.get(rate)
    length = None if constant is None else sum_length(constant, dt)
    if length is None:
        yield line
        return
    chance = f"chance_{line.name}"
    yield EquationLine(SUBEXPRESSION, chance, "rand()", "1", ("constant over dt",))
    terms = (f"int({chance} < {_tail(f'{rate}*dt', k)})" for k in range(1, length + 1))
    yield replace(line, expression=" + ".join(terms), flags=())


def sum_length(rate: Constant, dt: float) -> int | None:
    """Return the number of terms for a rate, or None where the longest sum is too short.

    Parameters
    ----------
    rate
        One, or one for each neuron (Hz).
    dt
        Time step (s).
    """
    mean = float(np.max(rate.value)) * dt
    return next((n for n in _LENGTHS if _chance_beyond(n, mean) < _MISSED), None)


def _chance_beyond(length: int, mean: float) -> float:
    """Chance of more than ``length`` events; the series of the terms left falls geometrically."""
    if mean >= length / 2:
        return 1.0
    term = exp(-mean)
    for k in range(1, length + 2):
        term *= mean / k
    return 2 * term


def _tail(mean: str, k: int) -> str:
    """Text of the chance of ``k`` or more events."""
    series = "1"
    for n in range(k - 1, 0, -1):
        series = f"(1 + {mean}/{n}*{series})"
    return f"1 - exp(-{mean})*{series}"
