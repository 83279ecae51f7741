"""Compare spike trains step for step, and say where two runs part.

`Trains` maps ``(population, kind)``, where the kind is ``"spike"`` or the name of a dendritic
spike, to neurons and whole time steps. Nothing here has a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.network import Network
from dualframe.results.results import Results

Key = tuple[str, str]
Train = tuple[NDArray[np.int64], NDArray[np.int64]]
Trains = Mapping[Key, Train]
SPIKE = "spike"

# A dendritic spike of step n changes a variable that a recording sees in step n + 2.
UNSEEN_STEPS = 2


@dataclass(frozen=True, order=True)
class Difference:
    """The first thing that only one of two runs has, in order of time."""

    step: int
    population: str
    kind: str
    neuron: int
    only_in: str

    def __str__(self) -> str:
        return (
            f"only {self.only_in} has a {self.kind} of neuron {self.neuron} of "
            f"{self.population!r} in step {self.step}"
        )


def first_difference(
    left: Trains, right: Trains, names: tuple[str, str] = ("left", "right")
) -> Difference | None:
    """Return the earliest event that one run has more often than the other, or None."""
    if unknown := set(left) ^ set(right):
        side = names[0] if min(unknown) in left else names[1]
        raise AssertionError(f"only {side} has a train {min(unknown)}")
    found = [
        difference
        for key in left
        if (difference := _first_of_train(key, left[key], right[key], names)) is not None
    ]
    return min(found, default=None)


def assert_same(left: Trains, right: Trains, names: tuple[str, str] = ("left", "right")) -> None:
    """Raise an AssertionError that names the first difference, if there is one."""
    difference = first_difference(left, right, names)
    assert difference is None, f"{difference}; counts: {counts(left)} and {counts(right)}"


def counts(trains: Trains) -> dict[str, int]:
    """Events per train."""
    return {" ".join(key): len(neurons) for key, (neurons, _) in trains.items()}


def train(neurons: Any, times: Any, dt: float) -> Train:
    """Return neurons and steps of times in seconds.

    Raises
    ------
    AssertionError
        If a time is not a whole number of steps.
    """
    exact = np.asarray(times, dtype=float) / dt
    steps = np.rint(exact).astype(np.int64)
    assert np.all(np.abs(exact - steps) < 1e-3), "a time is not a whole number of steps"
    return np.asarray(neurons, dtype=np.int64), steps


def trains_of(results: Results, network: Network, dt: float, only: Iterable[str] = ()) -> Trains:
    """Return the trains of a run of dualframe, of all populations or of some."""
    chosen = [p for p in network.populations if not only or p.name in only]
    found: dict[Key, Train] = {}
    for population in chosen:
        found[population.name, SPIKE] = train(*results.spike_trains(population.name), dt)
        table = results.dspikes[results.dspikes["population"] == population.name]
        for event in population.events:
            own = table[table["dspike"] == event.name]
            found[population.name, event.name] = train(own["neuron"], own["t"], dt)
    return found


def before(trains: Trains, step: int) -> Trains:
    """Return what happens before a step."""
    return {
        key: (neurons[steps < step], steps[steps < step])
        for key, (neurons, steps) in trains.items()
    }


def _first_of_train(
    key: Key, left: Train, right: Train, names: tuple[str, str]
) -> Difference | None:
    one, other = _in_order(left), _in_order(right)
    for a, b in zip(one, other, strict=False):
        if a != b:
            # both are in order, so the smaller of the two is missing on the other side
            return _difference(key, min(a, b), names[0] if a < b else names[1])
    if len(one) == len(other):
        return None
    longer, name = (one, names[0]) if len(one) > len(other) else (other, names[1])
    return _difference(key, longer[min(len(one), len(other))], name)


def _in_order(train: Train) -> list[tuple[int, int]]:
    neurons, steps = train
    return sorted(zip(steps.tolist(), neurons.tolist(), strict=True))


def _difference(key: Key, event: tuple[int, int], only_in: str) -> Difference:
    step, neuron = event
    return Difference(step, *key, neuron, only_in)
