"""Navigation against Zannone et al. (2018): dopamine teaches the way within ten trials.

Twelve agents and ten trials of the reference network (SRM0 action cells); one program
for all conditions, and another one with GLIF action cells.
Their figure 3 has untrained agents find the goal in about a third of the trials, by diffusion, and
trained ones in nearly all after some five trials.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dualframe as df

pytestmark = [pytest.mark.slow, pytest.mark.cpp]
AGENTS, TRIALS = 12, 10
CONDITIONS: dict[str, tuple[str, ...]] = {"none": (), "DA": ("DA",), "DA, ACh": ("DA", "ACh")}


@pytest.fixture(scope="module")
def conditions() -> dict[str, df.TrainedAgents]:
    made = {}
    for name, modulators in CONDITIONS.items():
        task = df.task("navigation").with_modulators(*modulators)
        made[name] = df.train(
            task,
            agents=AGENTS,
            trials=TRIALS,
            seed=1,
            target="cpp_standalone",
            progress=False,
        )
    return made


def successes(agents: df.TrainedAgents, first: int, last: int) -> int:
    trials = agents.trials
    return int(trials["success"][trials["trial"].between(first, last)].sum())


def test_conditions_share_one_program(conditions: dict[str, df.TrainedAgents]) -> None:
    caches = [agents.provenance["build_cache"] for agents in conditions.values()]
    assert caches[1:] == ["hit", "hit"]
    assert all(len(agents.trials) == AGENTS * TRIALS for agents in conditions.values())


def test_without_modulators_agents_diffuse_and_learn_nothing(
    conditions: dict[str, df.TrainedAgents],
) -> None:
    """Trials are independent, with a success rate near a third.

    Of 120 trials 40 are expected, with a standard deviation of 5; three of them on either side.
    """
    agents = conditions["none"]
    assert 25 <= successes(agents, 1, TRIALS) <= 55
    assert (agents.weights["learned"]["weight"] == 2).all()


def test_fitted_cells_of_the_catalogue_explore_too() -> None:
    """The goal is found in 22 % of trials by fitted GLIF cells (179 of 800), as by diffusion.

    Of 120 trials 27 are expected, with a standard deviation of 4.6. Published GLIF cells adapt, so
    that the bump turns round and agents circle about the start: they found it in 3 of 800.
    """
    agents = df.train(
        df.task("navigation").with_modulators(),
        model="glif",
        agents=AGENTS,
        trials=TRIALS,
        seed=1,
        target="cpp_standalone",
        progress=False,
    )
    assert agents.network.meta["cells"] == {"ctx_l23_pyr": "GLIF3, fitted to the compartments"}
    assert 13 <= successes(agents, 1, TRIALS) <= 41


@pytest.mark.parametrize("condition", ["DA", "DA, ACh"])
def test_with_dopamine_they_find_the_goal(
    conditions: dict[str, df.TrainedAgents], condition: str
) -> None:
    """In 60 trials (6 to 10) of each: some 20 of the untrained agents, some 48 of the trained.

    Over 16 seeds of four agents each 20 such trials had 6.4 (standard deviation 1.9) without
    modulators, 16.5 (3.0) with dopamine and 18.4 (2.0) with both: of twelve agents three
    standard deviations below the least expected are 33, and of the difference 11.
    """
    trained, untrained = (successes(conditions[name], 6, 10) for name in (condition, "none"))
    assert trained >= 33
    assert trained - untrained >= 11
    found = conditions[condition].trials
    late = found["duration_s"][found["trial"] > 5]
    others = conditions["none"].trials
    assert late.median() < 0.8 * others["duration_s"][others["trial"] > 5].median()


def test_weights_say_which_modulators_acted(conditions: dict[str, df.TrainedAgents]) -> None:
    """Dopamine alone only potentiates, acetylcholine depresses too; both within the bounds."""
    weight = {
        name: agents.weights["learned"]["weight"].to_numpy() for name, agents in conditions.items()
    }
    assert weight["DA"].min() == 2
    assert (weight["DA"] > 2).mean() > 0.05
    assert weight["DA, ACh"].min() < 2 < weight["DA, ACh"].max()
    assert all(np.all((w >= 1) & (w <= 3)) for w in weight.values())


def test_the_table_of_conditions_says_so(conditions: dict[str, df.TrainedAgents]) -> None:
    table: Any = df.compare_conditions(conditions)
    assert isinstance(table, pd.DataFrame)
    table = table.set_index("condition")
    assert table["of"].tolist() == [5 * AGENTS] * 3
    assert (table["cliffs_delta"][["DA", "DA, ACh"]] > 0).all()
    assert table["p"][["DA", "DA, ACh"]].max() < 0.05
