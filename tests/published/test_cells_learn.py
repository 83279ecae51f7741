"""Agents made of cells learn, and do not where the rule is switched off: CartPole, small and short.

The full measurement (20 agents, 300 s) is in the note of ``tasks/cartpole_cells.toml``.
"""

from __future__ import annotations

import numpy as np
import pytest

import dualframe as df
from dualframe.targets.cpp.compiler import has_compiler

pytestmark = [
    pytest.mark.slow,
    pytest.mark.cpp,
    pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler"),
]
AGENTS, DURATION, LAST = 4, "150 s", 20
#: Learning rates of all rules of the task.
RATES = [
    f"{fields}_to_{cells}__plasticity__learning_rate"
    for fields in ("pole_fields", "cart_fields")
    for cells in ("action_0", "action_1", "value")
]


def last_rewards(seed: int, **changes: float) -> np.ndarray:
    """Mean reward of the last twenty trials of each agent."""
    agents = df.train(
        df.task("cartpole_cells").with_parameters(**changes),
        model="glif",
        agents=AGENTS,
        duration=DURATION,
        seed=seed,
        target="cpp_standalone",
        progress=False,
    )
    trials = agents.trials.groupby("agent").tail(LAST)
    return trials.groupby("agent")["reward"].mean().to_numpy()


def test_cells_learn_to_balance_a_pole_by_dopamine_at_d1() -> None:
    """Every agent gets twice the reward of the best agent of which the rule is off.

    The same release acts on the cells' excitability in both. Random pushes last 22 decisions with a
    deviation of about 12, so the mean of 20 trials strays by 11 in four standard errors.
    """
    learned, still = last_rewards(5), last_rewards(5, **dict.fromkeys(RATES, 0.0))
    assert still.max() < 1.5 * 22
    assert learned.min() > 2 * still.max()
