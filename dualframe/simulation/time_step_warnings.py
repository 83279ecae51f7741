"""What a run warns of because of its time step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2 import defaultclock
from brian2.core.functions import timestep
from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from dualframe.network import Network, Population
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.time_steps import nearest_steps

_CLOSE = 0.05  # of a time: closer than any duration of the catalogue is known
_BRIAN2_DT = 1e-4  # second, of a clock that nobody has set


def warn_of_calibration(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say that the strengths of a circuit were found at another time step.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    calibrated = network.meta.get("calibration_dt_ms")
    dt = lowered.dt * 1e3
    if calibrated is None or math.isclose(calibrated, dt, rel_tol=1e-6):
        return
    yield (
        f"circuit {network.meta.get('circuit', network.name)!r} was calibrated at a time step of "
        f"{calibrated:g} ms and runs at {dt:g} ms: its rates may be others. Run it at "
        f"{calibrated:g} ms, or calibrate it at {dt:g} ms (df.calibrate with dt=)."
    )


def warn_of_presumed_steps(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which populations run at another time step than their equations presume.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    for population in network.populations:
        if population.time_step is None:
            continue
        presumed = float(np.asarray(population.time_step))
        if not math.isclose(presumed, lowered.dt, rel_tol=1e-6):
            yield (
                f"population {population.name!r} is meant for a time step of {presumed * 1e3:g} "
                f"ms and runs at {lowered.dt * 1e3:g} ms: its cells are others than published. Run "
                f"it with dt={presumed * 1e3:g}*ms."
            )


def warn_of_rounded_times(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which durations are far from a whole number of time steps.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    for population in network.populations:
        rounded = dict(_rounded_times(population, lowered.dt))
        if not rounded:
            continue
        worst = max(rounded, key=lambda name: abs(rounded[name][1] / rounded[name][0] - 1))
        time, counted = rounded[worst]
        others = f" (and {len(rounded) - 1} more)" if len(rounded) > 1 else ""
        yield (
            f"population {population.name!r}: {worst} of {time * 1e3:g} ms{others} becomes "
            f"{counted * 1e3:g} ms, a whole number of time steps of {lowered.dt * 1e3:g} ms. "
            f"Choose a time step of which it is a multiple."
        )


def warn_of_unused_clock(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say that a time step which the script has set in Brian2 is not that of the run.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    step = float(defaultclock.dt)
    if not any(math.isclose(step, other, rel_tol=1e-9) for other in (_BRIAN2_DT, lowered.dt)):
        yield (
            f"brian2.defaultclock.dt is {defaultclock.dt}, and is not used: the time step of this "
            f"run is {lowered.dt * second}. Give dt={1e3 * step:g}*ms."
        )


def _rounded_times(population: Population, dt: float) -> Iterator[tuple[str, tuple[float, float]]]:
    """Times (s) of a population that the time step changes, by name: as stated, as counted."""
    for name, time, steps in _times_in_steps(population, dt):
        if abs(steps * dt - time) > _CLOSE * time:
            yield name, (time, steps * dt)


def _times_in_steps(population: Population, dt: float) -> Iterator[tuple[str, float, int]]:
    times: dict[str, Any] = dict(population.durations)
    if population.spike_width is not None:
        times["spike_width"] = population.spike_width
    for name, time in times.items():
        yield name, float(np.asarray(time)), nearest_steps(time, dt)
    if isinstance(population.refractory, Quantity) and np.ndim(population.refractory) == 0:
        time = population.refractory
        # Brian2 counts whole steps of a refractory period, without rounding up
        yield "the refractory period", float(np.asarray(time)), int(timestep(time, dt * second))
