"""The eight firing patterns of AdEx (Naud et al. 2008), classified from spike times alone.

The classes are those of the source: by the start (a delay, a burst, or neither) and by what follows
(tonic, adapting, accelerating, bursting, irregular, or silence). The numbers that part them were
chosen here. Each set gets its current as one
step from rest, in Euler steps of 0.05 ms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, get_dimensions, ms

import dualframe as df
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.experiments.current_clamp import current_clamp

SETS = {s.label: s for s in neuron_entry("adex").sets if s.current is not None}
DURATION = 1500.0  # ms


def stack(values: list[Any]) -> Quantity:
    return Quantity([float(value) for value in values], dim=get_dimensions(values[0]))


@pytest.fixture(scope="module")
def trains() -> dict[str, np.ndarray]:
    """Spike times (ms) of all sets, which are copies in one population."""
    names = list(next(iter(SETS.values())).numbers)
    values = {name: stack([s.numbers.value(name) for s in SETS.values()]) for name in names}
    first = df.neuron("adex", next(iter(SETS)))
    found = current_clamp(
        first.make_population("cell", 1),
        "",
        stack([s.current.value for s in SETS.values() if s.current]),
        parameters=values,
        initial={"V": values["E_L"]},
        duration=DURATION * ms,
        delay=1 * ms,
        dt=0.05 * ms,
        target="runtime",
        record=False,
    )
    return {label: np.asarray(found.spike_train(k)) * 1e3 for k, label in enumerate(SETS)}


def classify(times: np.ndarray) -> str:
    """Return the pattern of spike times (ms) from the onset of a step of `DURATION`.

    Intervals of the second half that differ twofold are bursts, or irregular if they do not come
    back. A burst is delayed that comes after a time like the pauses between bursts, tonic firing
    after two intervals or more. An initial burst ends with an interval of more than three times the
    one before.
    """
    if len(times) < 3 or times[-1] < DURATION / 2:
        return "transient spiking"
    intervals = np.diff(times)
    late = intervals[len(intervals) // 2 :]
    if late.max() > 2 * late.min():
        if not comes_back(late):
            return "irregular spiking"
        return "delayed regular bursting" if times[0] > 0.75 * late.max() else "regular bursting"
    if intervals[-1] < 0.9 * intervals[0]:
        return "delayed accelerating" if times[0] > 2 * late.max() else "accelerating"
    if late[-1] < 1.2 * intervals[0]:
        return "tonic spiking"
    jump = (intervals[1:8] / intervals[:7]).max()
    return "initial burst" if jump > 3 else "adaptation"


def comes_back(intervals: np.ndarray) -> bool:
    """Whether all intervals are within 5 % of those a period of at most 12 of them before."""
    return any(
        all(
            np.ptp(intervals[phase::period]) < 0.05 * intervals[phase::period].mean()
            for phase in range(period)
        )
        for period in range(1, 1 + min(12, len(intervals) // 3))
    )


@pytest.mark.parametrize("label", SETS)
def test_the_pattern_of_each_set(trains: dict[str, np.ndarray], label: str) -> None:
    assert classify(trains[label]) == label


def test_there_are_eight() -> None:
    assert len(SETS) == 8


def test_a_classifier_that_must_fail(trains: dict[str, np.ndarray]) -> None:
    """Spike times in another order of intervals are another pattern."""
    for label in ("adaptation", "delayed accelerating"):
        times = trains[label]
        turned = times[0] + np.concatenate([[0], np.cumsum(np.diff(times)[::-1])])
        assert classify(turned) != label
    shuffled = np.random.default_rng(1).permutation(np.diff(trains["regular bursting"]))
    assert classify(10 + np.cumsum(shuffled)) == "irregular spiking"
