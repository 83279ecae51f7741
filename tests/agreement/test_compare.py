"""The comparator finds every kind of difference, and nothing in equal runs."""

from __future__ import annotations

import numpy as np
import pytest
from compare import SPIKE, assert_same, before, first_difference, train

KEY = ("cells", SPIKE)
DSPIKE = ("cells", "Na_dend")
RUN = {
    KEY: (np.array([0, 1, 2, 0, 2]), np.array([10, 10, 37, 51, 90])),
    DSPIKE: (np.array([1, 1]), np.array([9, 60])),
    ("silent", SPIKE): (np.array([], dtype=int), np.array([], dtype=int)),
}


def changed(key: tuple[str, str], neurons: list[int], steps: list[int]) -> dict:
    return RUN | {key: (np.array(neurons), np.array(steps))}


def test_equal_runs_have_no_difference() -> None:
    assert first_difference(RUN, RUN) is None
    assert_same(RUN, RUN)


def test_the_order_of_simultaneous_spikes_does_not_count() -> None:
    shuffled = changed(KEY, [2, 0, 1, 2, 0], [90, 51, 10, 37, 10])
    assert first_difference(RUN, shuffled) is None


def test_a_spike_moved_by_one_step_is_a_difference() -> None:
    later = changed(KEY, [0, 1, 2, 0, 2], [10, 10, 38, 51, 90])
    found = first_difference(RUN, later, ("runtime", "C++"))
    assert str(found) == "only runtime has a spike of neuron 2 of 'cells' in step 37"
    earlier = changed(KEY, [0, 1, 2, 0, 2], [10, 10, 36, 51, 90])
    found = first_difference(RUN, earlier, ("runtime", "C++"))
    assert str(found) == "only C++ has a spike of neuron 2 of 'cells' in step 36"
    with pytest.raises(AssertionError, match="only C\\+\\+ has a spike of neuron 2"):
        assert_same(RUN, earlier, ("runtime", "C++"))


@pytest.mark.parametrize("gone", range(5))
def test_a_missing_spike_is_a_difference(gone: int) -> None:
    neurons, steps = (np.delete(part, gone) for part in RUN[KEY])
    fewer = RUN | {KEY: (neurons, steps)}
    for left, right, side in ((RUN, fewer, "a"), (fewer, RUN, "b")):
        found = first_difference(left, right, ("a", "b"))
        assert found is not None
        assert (found.neuron, found.step) == (RUN[KEY][0][gone], RUN[KEY][1][gone])
        assert found.only_in == side


def test_another_neuron_is_a_difference() -> None:
    other = changed(KEY, [0, 1, 1, 0, 2], [10, 10, 37, 51, 90])
    found = first_difference(RUN, other)
    assert found is not None
    assert (found.population, found.step) == ("cells", 37)


def test_a_spike_counted_twice_is_a_difference() -> None:
    twice = changed(KEY, [0, 1, 2, 0, 2, 2], [10, 10, 37, 51, 90, 90])
    found = first_difference(RUN, twice)
    assert found is not None
    assert (found.step, found.only_in) == (90, "right")


def test_dendritic_spikes_count_and_the_earliest_difference_is_named() -> None:
    both = changed(KEY, [0, 1, 2, 0, 2], [10, 10, 37, 51, 91])
    both[DSPIKE] = (np.array([1, 1]), np.array([9, 61]))
    found = first_difference(RUN, both)
    assert found is not None
    assert (found.kind, found.step) == ("Na_dend", 60)


def test_a_train_that_one_side_lacks_is_an_error() -> None:
    lacking = {key: value for key, value in RUN.items() if key != DSPIKE}
    with pytest.raises(AssertionError, match="only left has a train"):
        first_difference(RUN, lacking)


def test_times_become_whole_steps_or_fail() -> None:
    times = np.arange(100000) * 1e-4
    assert np.array_equal(train(np.zeros(100000), times, 1e-4)[1], np.arange(100000))
    with pytest.raises(AssertionError, match="whole number of steps"):
        train([0], [0.00015], 1e-4)


def test_before_cuts_every_train() -> None:
    cut = before(RUN, 51)
    assert cut[KEY][1].tolist() == [10, 10, 37]
    assert cut[DSPIKE][1].tolist() == [9]
