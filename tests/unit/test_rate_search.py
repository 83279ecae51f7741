"""The search for input rates: on rates that are known functions of the inputs."""

from __future__ import annotations

import numpy as np
import pytest

from dualframe.experiments.calibration.broyden_rate_search import (
    RateSearch,
    distance_from_middle,
)

RANGES = {"exc": (0.5, 2.0), "inh": (5.0, 20.0)}


def steps(search: RateSearch, response, limit: int = 30) -> int:
    """Step until both rates are inside; return how many it took."""
    for step in range(limit):
        found = response(search.inputs)
        if all(distance_from_middle(found[name], *RANGES[name]) <= 0.8 for name in RANGES):
            return step
        search.next_inputs(found)
    pytest.fail(f"no end after {limit} steps at {search.inputs}")


def test_populations_that_move_each_other() -> None:
    """Steep rates, and inhibition that grows with excitation and reduces it."""

    def response(inputs):
        x, y = (np.log(inputs[name] / 300) for name in RANGES)
        return {"exc": np.exp(4 * x - 3 * y - 2), "inh": 10 * np.exp(3 * y + 1.5 * x + 2)}

    assert steps(RateSearch(RANGES, {"exc": 300.0, "inh": 300.0}), response) < 15


def test_silent_populations_get_more_input() -> None:
    search = RateSearch(RANGES, {"exc": 300.0, "inh": 300.0})
    after = search.next_inputs({"exc": 0.0, "inh": 10.0})
    assert after["exc"] == pytest.approx(300 * np.exp(0.4))


def test_a_jump_is_taken_back() -> None:
    search = RateSearch(RANGES, {"exc": 300.0, "inh": 300.0})
    first = search.next_inputs({"exc": 0.4, "inh": 10.0})
    back = search.next_inputs({"exc": 300.0, "inh": 300.0})
    assert 300 < back["exc"] < first["exc"]


def test_the_same_result_twice_teaches_nothing() -> None:
    search = RateSearch(RANGES, {"exc": 300.0, "inh": 300.0})
    for _ in range(6):
        after = search.next_inputs({"exc": 90.0, "inh": 10.0})
        assert all(np.isfinite(list(after.values())))


def test_inside() -> None:
    assert distance_from_middle(1.0, 0.5, 2.0) == pytest.approx(0)
    assert distance_from_middle(0.5, 0.5, 2.0) == pytest.approx(1)
    assert distance_from_middle(4.0, 0.5, 2.0) == pytest.approx(2)
    assert distance_from_middle(0.0, 0.5, 2.0) > 5
