"""Worlds: the table, their numbers and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2.units import Hz, ms

from dualframe.core.errors import NetworkError, QuantityError, UnknownName
from dualframe.environments import World, world, worlds
from dualframe.environments.environment import check_world
from dualframe.environments.expression_evaluator import compiled, subexpressions
from dualframe.environments.registry import WORLDS
from dualframe.network import Network
from dualframe.targets.target_support import check

# --- tables -------------------------------------------------------------------------------------


def test_table() -> None:
    table = worlds().set_index("name")
    assert list(table.index) == list(WORLDS)
    assert table.loc["cartpole", "action"] == "one of 2"
    assert table.loc["open_field", "limit"] == 15000
    assert table.loc["open_field", "interval"] == "1. ms"
    assert table.source.str.len().min() > 10


@pytest.mark.parametrize("name", WORLDS)
def test_every_number_has_meaning_source_and_status(name: str) -> None:
    table = world(name).table()
    assert len(table)
    for column in ("meaning", "source", "status"):
        assert table[column].str.len().min() > 0
    assert set(table.status) <= {"measured", "published model", "derived", "assumed"}


def test_a_given_number_is_the_callers() -> None:
    table = world("cartpole", masspole="200 g").table().set_index("name")
    assert table.loc["masspole", "source"] == "given by the caller"
    assert table.loc["masscart", "status"] == "published model"
    assert world("cartpole", masspole="200 g").parameters["masspole"] == pytest.approx(0.2)


def test_times_become_ticks() -> None:
    made = world("open_field", timeout="2 s", grace=100 * ms)
    assert made.limit == 2000
    assert made.parameters["grace"] == 100
    assert made.parameters["tau_decay"] == 50
    assert world("open_field", reversal_trial=None).parameters["reversal_trial"] > 1e12


def test_worlds_are_values() -> None:
    assert world("cartpole") == world("cartpole")
    assert world("cartpole") != world("cartpole", limit=200)
    assert "cartpole" in str(world("cartpole"))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ({"gravty": 9.8}, UnknownName, "Did you mean 'gravity'"),
        ({"gravity": 9.8}, QuantityError, "gravity of world 'cartpole'"),
        ({"gravity": "9.8 m"}, QuantityError, "gravity of world 'cartpole'"),
        ({"length": "0 m"}, NetworkError, "more than zero"),
        ({"length": float("nan")}, QuantityError, "length"),
        ({"start_range": float("nan")}, NetworkError, "not finite"),
        ({"limit": 2.5}, NetworkError, "whole number"),
        ({"limit": None}, NetworkError, "whole number"),
        ({"interval": 20}, QuantityError, "interval"),
        ({"interval": "0.3 ms"}, NetworkError, "whole multiple of 1. ms"),
        ({"interval": 50 * Hz}, QuantityError, "interval"),
    ],
)
def test_numbers_that_are_refused(
    numbers: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        world("cartpole", **numbers)


def test_unknown_world() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'cartpole'"):
        world("cart_pole")


def test_times_that_are_no_whole_ticks() -> None:
    with pytest.raises(NetworkError, match="grace of world 'open_field'"):
        world("open_field", grace="0.5 ms")


def test_probabilities() -> None:
    with pytest.raises(NetworkError, match="between 0 and 1"):
        world("bandit", p_best=1.5)


def test_start_names_state_variables() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'theta'"):
        world("cartpole").population(start={"thet": 0.1})


def test_a_world_that_leaves_something_open() -> None:
    made = world("linear_track")
    short = "\n".join(line for line in made.equations.splitlines() if "succeeded" not in line)
    with pytest.raises(NetworkError, match="does not define 'succeeded'"):
        check_world(replace(made, equations=short))


# --- populations --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_population_is_portable(name: str) -> None:
    """No construct keeps any target from running it: checked without running."""
    population = world(name).population()
    assert population.n == 1
    assert check(Network([population]), "runtime") == []
    assert {"trial", "elapsed", "reward", "ended", "success", "timed_out"} <= population.variables


def test_begin() -> None:
    made = world("cartpole")
    assert made.begin() == {"x": 0, "x_dot": 0, "theta": 0, "theta_dot": 0}
    drawn = made.begin(np.random.default_rng(1), n=1000)
    assert drawn["x"].shape == (1000,)
    assert np.abs(drawn["theta"]).max() <= 0.05
    # the standard deviation of a uniform number, 0.1/sqrt(12), to four standard errors
    assert drawn["theta"].std() == pytest.approx(0.0289, rel=0.06)
    given = made.population(start=made.begin(np.random.default_rng(1)))
    assert given.initial["x"] == drawn["x"][0] or abs(float(given.initial["x"])) <= 0.05


# --- expressions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2*x - 1", 5.0),
        ("-x**2", -9.0),
        ("int(x > 2 and x < 4)", 1.0),
        ("int(x > 4 or x <= 3)", 1.0),
        ("int(-1.5)", -1.0),
        ("clip(x, 0, 2) + floor(2.7) + ceil(2.2)", 7.0),
        ("cos(pi)", -1.0),
        ("rand()", 0.25),
    ],
)
def test_expressions(text: str, value: float) -> None:
    assert compiled(text, lambda: 0.25)({"x": 3.0}) == value


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x.real", "x[0]", "x % 2", "1 < x < 2", "'a'", "exp(x=1)", "+x"]
)
def test_expressions_that_are_refused(text: str) -> None:
    with pytest.raises(NetworkError, match="in a world's equations"):
        compiled(text, lambda: 0.5)


def test_subexpressions_come_in_order() -> None:
    assert [name for name, _ in subexpressions("b = a + 1 : 1\na = 2 : 1\n")] == ["a", "b"]


def test_world_is_inert() -> None:
    made: World = world("pendulum")
    with pytest.raises(AttributeError):
        made.limit = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.parameters["mass"] = 2.0  # type: ignore[index]
