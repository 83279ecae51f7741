"""Every task on every target: very small versions, trained and evaluated.

Spikes are drawn by each target for itself, so what is compared is what chance leaves: worlds and
outcomes exactly, weights within bands that hold for every draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from brian2.units import second

import dualframe as df
from dualframe.targets.target_support import missing_requirements
from dualframe.task import Task

pytestmark = pytest.mark.slow
AGENTS = 8
#: changes and options of training that make a task small
SMALL: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # agents start in the goal, which moves away at the third trial
    "navigation": (
        {
            "environment__goal_x": 0,
            "environment__goal_y": 0,
            "environment__reversal_trial": 3,
            "environment__timeout": "0.3 s",
            "environment__grace": "20 ms",
            "protocol__trial_limit": "0.3 s",
            "place__spacing": 0.8,
            "place__sigma": 0.8,
        },
        {"trials": 4},
    ),
    "distal_reward": (
        {
            "exc__n": 40,
            "inh__n": 10,
            "exc_to_exc__out_degree": 16,
            "exc_to_inh__out_degree": 4,
            "inh_to_exc__out_degree": 20,
            "RS__half_noise": "13 mV",
            "FS__half_noise": "13 mV",
            "coincidence__window": "300 ms",
            "protocol__sampling": "100 ms",
            **{
                f"{name}__plasticity__{amplitude}": value
                for name in ("exc_to_exc", "exc_to_inh", "tagged")
                for amplitude, value in (("A_plus", 1), ("A_minus", 1.5))
            },
        },
        {"duration": 4 * second},
    ),
    "cartpole": ({}, {"duration": 3 * second}),
}


def small(name: str) -> tuple[Task, dict[str, Any]]:
    changes, how = SMALL[name]
    return df.task(name).with_parameters(**changes), how


@pytest.fixture(scope="module")
def trained() -> dict[tuple[str, str], df.TrainedAgents]:
    """Agents by task and target, as tests make them."""
    return {}


def train(
    made: dict[tuple[str, str], df.TrainedAgents], name: str, target: str
) -> df.TrainedAgents:
    if (name, target) not in made:
        task, how = small(name)
        gpu = {"use_gpu": False} if target.startswith("genn") else {}
        made[name, target] = df.train(
            task,
            agents=AGENTS,
            seed=3,
            target=target,
            progress=False,
            **how,
            **gpu,
        )
    return made[name, target]


Made = dict[tuple[str, str], df.TrainedAgents]


@pytest.mark.genn
@pytest.mark.parametrize("name", ["cued_association", "linear_track"])
def test_tasks_of_all_kinds_train_on_genn(name: str) -> None:
    """Between them they have every kind of encoder, readout and release that is not in `SMALL`."""
    if gaps := missing_requirements("genn", use_gpu=False):
        pytest.skip(f"genn: {'; '.join(gaps)}")
    agents = df.train(
        df.task(name), agents=2, trials=1, seed=3, target="genn", use_gpu=False, progress=False
    )
    assert agents.trials["trial"].tolist() == [1, 1]
    assert any(table["weight"].nunique() > 1 for table in agents.weights.values())


# those that learn within a tenth of a second: a trial of the bandit, and of the cue association, is
# longer, and tests/unit/test_task.py trains them
CELL_TASKS = ["navigation_cells", "distal_reward_cells", "cartpole_cells"]


@pytest.mark.parametrize("name", CELL_TASKS)
def test_tasks_of_cells_train_at_runtime(name: str) -> None:
    """On C++, and in the branch with dendrites, `tests/unit/test_second_calls.py` trains them."""
    task = df.task(name)
    agents = df.train(
        task, model="glif", agents=2, duration="0.1 s", seed=3, target="runtime", progress=False
    )
    assert any(table["weight"].nunique() > 1 for table in agents.weights.values())


@pytest.mark.slow
@pytest.mark.genn
@pytest.mark.parametrize("name", CELL_TASKS)
def test_tasks_of_cells_train_on_genn(name: str) -> None:
    if gaps := missing_requirements("genn", use_gpu=False):
        pytest.skip(f"genn: {'; '.join(gaps)}")
    agents = df.train(
        df.task(name),
        model="glif",
        agents=2,
        duration="0.2 s",
        seed=3,
        target="genn",
        use_gpu=False,
        progress=False,
    )
    assert any(table["weight"].nunique() > 1 for table in agents.weights.values())


def test_navigation(trained: Made, target: str) -> None:
    agents = train(trained, "navigation", target)
    trials = agents.trials
    assert len(trials) == AGENTS * 4
    early = trials["trial"] < 3
    assert (trials["success"] == early).all()
    assert (trials["timed_out"] == ~early).all()
    np.testing.assert_allclose(trials["duration_s"][early], 0.022)
    np.testing.assert_allclose(trials["duration_s"][~early], 0.3)
    assert (trials["old_goal"] == ~early).all()
    # acetylcholine depressed what was active; place cells are silent once the goal is found, and
    # a reward can at most meet a pair of the first step: eta_DA is 0.01
    weight = agents.weights["learned"]["weight"]
    assert weight.max() < 2.03
    assert weight.min() >= 1
    assert 0.05 < (weight < 2).mean() < 0.95


@pytest.mark.cpp
def test_navigation_is_the_same_in_the_mean(trained: Made, target: str) -> None:
    """Mean depression of eight agents, against C++: five standard errors over agents."""
    reference = depression(train(trained, "navigation", "cpp_standalone"))
    own = depression(train(trained, "navigation", target))
    error = np.hypot(reference.std(), own.std()) / np.sqrt(AGENTS - 1)
    assert abs(reference.mean() - own.mean()) <= 5 * error
    assert error < 0.5 * reference.mean()  # or the test could not fail


def depression(agents: df.TrainedAgents) -> np.ndarray:
    table = agents.weights["learned"]
    own = table["post"] // agents.network.population("action").n
    return (2 - table["weight"]).groupby(own).mean().to_numpy()


def test_distal_reward(trained: Made, target: str) -> None:
    agents = train(trained, "distal_reward", target)
    outcomes = agents.outcomes
    assert outcomes["rewards"].sum() > AGENTS
    assert (outcomes["max_weight_mV"] > 0.01).sum() > AGENTS / 2
    assert (outcomes["final_weight_mV"] <= 4).all()
    for name in ("exc_to_exc", "exc_to_inh"):
        weight = agents.weights[name]["weight"]
        assert weight.between(0, 4e-3).all()
        assert (weight != 1e-3).mean() > 0.9
    assert np.isfinite(agents.curves["weight_mV"]).all()


@pytest.mark.cpp
def test_distal_reward_is_the_same_in_the_mean(trained: Made, target: str) -> None:
    """Rewards and the mean weight of eight agents, against C++: five standard errors."""
    pairs = []
    for where in ("cpp_standalone", target):
        agents = train(trained, "distal_reward", where)
        table = agents.weights["exc_to_exc"]
        own = table["pre"] // agents.network.population("exc").n
        weight = table["weight"].groupby(own).mean().to_numpy()
        pairs.append((agents.outcomes["rewards"].to_numpy(), weight))
    for reference, own in zip(*pairs, strict=True):
        error = np.hypot(reference.std(), own.std()) / np.sqrt(AGENTS - 1)
        assert abs(reference.mean() - own.mean()) <= 5 * error
        assert error < 0.5 * reference.mean()


def test_cartpole(trained: Made, target: str) -> None:
    agents = train(trained, "cartpole", target)
    trials = agents.trials
    assert len(trials) >= AGENTS
    # a reward of one for each decision of 20 ms, as in Gymnasium
    np.testing.assert_allclose(trials["reward"], trials["duration_s"] / 0.02)
    assert trials["reward"].between(8, 500).all()
    assert any((table["weight"] != 1).any() for table in agents.weights.values())


def test_evaluation_keeps_the_weights_to_the_last_bit(trained: Made, target: str) -> None:
    if target == "genn":
        pytest.skip("a second build of GeNN; the rule is the same text as for training")
    agents = train(trained, "navigation", target)
    still = df.evaluate(agents, trials=1, seed=4, target=target, progress=False)
    key = ["pre", "post"]
    for projection, table in agents.weights.items():
        before = table.sort_values(key)["weight"].to_numpy()
        after = still.weights[projection].sort_values(key)["weight"].to_numpy()
        np.testing.assert_array_equal(before, after)


def test_the_criterion_of_distal_reward_is_seen(target: str) -> None:
    """A low one is reached wherever the weight grows at all."""
    task, how = small("distal_reward")
    task = task.with_parameters(criterion__level="0.04 mV")
    gpu = {"use_gpu": False} if target.startswith("genn") else {}
    agents = df.train(
        task,
        agents=AGENTS,
        seed=3,
        target=target,
        progress=False,
        **how,
        **gpu,
    )
    assert agents.outcomes["reached"].sum() >= AGENTS / 4  # six of eight by C++ with another seed
