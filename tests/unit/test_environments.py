"""Environments: the table, their numbers and what is refused."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from brian2.units import Hz, ms

from dualframe.core.errors import NetworkError, QuantityError, UnknownName
from dualframe.environments import Environment, environment, environments
from dualframe.environments.definition_checks import check_definitions
from dualframe.environments.expression_evaluator import compile_expression, ordered_subexpressions
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.network import Network
from dualframe.targets.target_support import check

# --- tables -------------------------------------------------------------------------------------


def test_table() -> None:
    table = environments().set_index("name")
    assert list(table.index) == list(ENVIRONMENTS)
    assert table.loc["cartpole", "action"] == "one of 2"
    assert table.loc["open_field", "limit"] == 15000
    assert table.loc["open_field", "interval"] == "1. ms"
    assert table.source.str.len().min() > 10


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_number_has_meaning_source_and_status(name: str) -> None:
    table = environment(name).parameter_table()
    assert len(table)
    for column in ("meaning", "source", "status"):
        assert table[column].str.len().min() > 0
    assert set(table.status) <= {"measured", "published model", "derived", "assumed"}


def test_a_given_number_is_the_callers() -> None:
    table = environment("cartpole", masspole="200 g").parameter_table().set_index("name")
    assert table.loc["masspole", "source"] == "given by the caller"
    assert table.loc["masscart", "status"] == "published model"
    assert environment("cartpole", masspole="200 g").values["masspole"] == pytest.approx(0.2)


def test_times_become_ticks() -> None:
    made = environment("open_field", timeout="2 s", grace=100 * ms)
    assert made.limit == 2000
    assert made.values["grace"] == 100
    assert made.values["tau_decay"] == 50
    assert environment("open_field", reversal_trial=None).values["reversal_trial"] > 1e12


def test_environments_are_values() -> None:
    assert environment("cartpole") == environment("cartpole")
    assert environment("cartpole") != environment("cartpole", limit=200)
    assert "cartpole" in str(environment("cartpole"))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ({"gravty": 9.8}, UnknownName, "Did you mean 'gravity'"),
        ({"gravity": 9.8}, QuantityError, "gravity of environment 'cartpole'"),
        ({"gravity": "9.8 m"}, QuantityError, "gravity of environment 'cartpole'"),
        ({"length": "0 m"}, NetworkError, "more than zero"),
        ({"length": float("nan")}, QuantityError, "length"),
        ({"start_range": float("nan")}, NetworkError, "one finite number"),
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
        environment("cartpole", **numbers)


def test_unknown_environment() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'cartpole'"):
        environment("cart_pole")


def test_times_that_are_no_whole_ticks() -> None:
    with pytest.raises(NetworkError, match="grace of environment 'open_field'"):
        environment("open_field", grace="0.5 ms")


def test_probabilities() -> None:
    with pytest.raises(NetworkError, match="between 0 and 1"):
        environment("bandit", p_best=1.5)
    with pytest.raises(NetworkError, match="pays_at of environment 'bandit' is 3: expected one"):
        environment("bandit", ticks=2, pays_at=3)


def test_start_names_state_variables() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'theta'"):
        environment("cartpole").population(start={"thet": 0.1})


def test_an_environment_that_leaves_something_open() -> None:
    made = environment("linear_track")
    short = "\n".join(line for line in made.equations.splitlines() if "succeeded" not in line)
    with pytest.raises(NetworkError, match="does not define 'succeeded'"):
        check_definitions(replace(made, equations=short))


@pytest.mark.parametrize(
    ("name", "expression", "problem"),
    [
        (
            "succeeded",
            "x_next > 1",
            r"'succeeded' is a number, .*: write int\(x_next > 1\)",
        ),
        ("succeeded", "2*(x_next > 1)", "'x_next > 1' is true or false"),
        ("reward_next", "int(x > 0) + (not x < 1)", "'not x < 1' is true or false"),
        ("reward_next", "int((x > 0)*1 > 0)", "'x > 0' is true or false"),
        ("reward_next", "int(x > 0 and not x > 1)", ""),
        ("succeeded", "reward_net", "'reward_net', of which 'succeeded' is made, .*'reward_next'"),
        ("best", "nothing + 1", "'nothing', of which 'best' is made"),
        ("best", "x > 0", "'best' is a number"),
    ],
)
def test_what_reward_success_and_outcomes_are_made_of(
    name: str, expression: str, problem: str
) -> None:
    written = environment("linear_track")
    lines = [f"{name} = {expression} : 1"] if name != "best" else []
    kept = [line for line in written.equations.splitlines() if not line.startswith(f"{name} =")]
    further = {"best": expression if name == "best" else "0"}
    changed = replace(written, equations="\n".join([*kept, *lines]), further_outcomes=further)
    with pytest.raises(NetworkError, match=problem) if problem else nullcontext():
        check_definitions(changed)


# --- populations --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_population_is_portable(name: str) -> None:
    """No construct keeps any target from running it: checked without running."""
    population = environment(name).population()
    assert population.n == 1
    assert check(Network([population]), "runtime") == []
    assert {"trial", "elapsed", "reward", "ended", "success", "timed_out"} <= population.variables


def test_draw_start() -> None:
    made = environment("cartpole")
    assert made.draw_start() == {"x": 0, "x_dot": 0, "theta": 0, "theta_dot": 0}
    drawn = made.draw_start(np.random.default_rng(1), n=1000)
    assert drawn["x"].shape == (1000,)
    assert np.abs(drawn["theta"]).max() <= 0.05
    # the standard deviation of a uniform number, 0.1/sqrt(12), to four standard errors
    assert drawn["theta"].std() == pytest.approx(0.0289, rel=0.06)
    given = made.population(start=made.draw_start(np.random.default_rng(1)))
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
    assert compile_expression(text, lambda: 0.25)({"x": 3.0}) == value


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x.real", "x[0]", "x % 2", "1 < x < 2", "'a'", "exp(x=1)", "+x"]
)
def test_expressions_that_are_refused(text: str) -> None:
    with pytest.raises(NetworkError, match="in an environment's equations"):
        compile_expression(text, lambda: 0.5)


def test_subexpressions_come_in_order() -> None:
    assert [name for name, _ in ordered_subexpressions("b = a + 1 : 1\na = 2 : 1\n")] == ["a", "b"]


def test_environment_is_inert() -> None:
    made: Environment = environment("pendulum")
    with pytest.raises(AttributeError):
        made.limit = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.values["mass"] = 2.0  # type: ignore[index]
