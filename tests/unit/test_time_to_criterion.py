"""The time to a criterion of weights in siemens, by samples: planted weights of three agents."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import nS, second

import dualframe as df
from dualframe.core.errors import DualframeError
from dualframe.training.figures import plot_weights
from dualframe.training.outcomes.outcome import TrainingSetup
from dualframe.training.outcomes.registry import outcome_of
from dualframe.training.outcomes.time_to_criterion import TIME_TO_CRITERION

TIMES = np.array([0.0, 2.0, 4.0, 6.0])
#: One never gets there, one gets there and stays, one is lost again; of a largest weight of 4 nS.
WEIGHTS = np.array([[0.1, 1, 2, 3.9], [0.1, 3.97, 4, 4], [0.1, 4, 3, 1]]) * 1e-9


def planted() -> tuple[Any, Any]:
    """The setting and the results of three agents with two neurons each."""
    learning = SimpleNamespace(w_max=4 * nS)
    projections = [
        SimpleNamespace(name=name, source="exc", plasticity=learning) for name in ("tagged", "rest")
    ]
    sizes = {"exc": SimpleNamespace(n=2), "reward": SimpleNamespace(n=1)}
    entries = {"criterion": "", "reward": "reward", "synapse": "tagged", "learned": ["rest"]}
    setup = SimpleNamespace(
        entries={**entries, "level": 0.99, "collapse": 0.5},
        agents=3,
        network=SimpleNamespace(projections=projections, source=sizes.__getitem__),
    )
    rest = pd.DataFrame({"pre": [0, 2, 4], "post": [1, 3, 5], "weight": [2e-9, 2e-9, 2e-9]})
    results = SimpleNamespace(
        traces={"tagged": SimpleNamespace(t=TIMES, values={"w": WEIGHTS})},
        weights={"tagged": pd.DataFrame({"weight": WEIGHTS[:, -1]}), "rest": rest},
        weight_units={"tagged": "siemens"},
        spike_trains=lambda name: (np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0])),
    )
    return setup, results


def test_samples_tell_when_the_synapse_was_found_and_lost() -> None:
    tables = TIME_TO_CRITERION.make_tables(*planted())
    outcomes = tables.outcomes
    assert outcomes["reached"].tolist() == [False, True, True]
    assert outcomes["time_to_criterion_s"].tolist() == pytest.approx([np.nan, 2, 2], nan_ok=True)
    assert outcomes["collapsed"].tolist() == [False, False, True]
    assert outcomes["final_weight_nS"].tolist() == pytest.approx([3.9, 4, 1])
    assert outcomes["max_weight_nS"].tolist() == pytest.approx([3.9, 4, 4])
    assert outcomes["rewarded_rank"].tolist() == [1, 1, 2]
    assert outcomes["rewards"].tolist() == [1, 0, 2]
    assert tables.curves["weight_nS"].max() == pytest.approx(4)


@pytest.mark.parametrize(
    ("key", "name", "message"),
    [
        ("criterion", "critrion", "criterion of the table .outcome. .*Did you mean 'criterion'"),
        ("criterion", "exc", "the criterion 'exc' of 800 neurons: expected a population of one"),
        ("reward", "nothing", "unknown reward of the table .outcome. 'nothing'"),
        ("synapse", "taged", "projection of the table .outcome. .*Did you mean 'tagged'"),
        ("synapse", "exc_to_inh", "a projection of 16000 synapses: expected one of a single pair"),
        ("learned", ["exc_to_exc", "inh_to_exc"], "'inh_to_exc', a projection that does not learn"),
    ],
)
def test_a_table_of_which_no_outcome_can_be_made_is_refused_before_a_run(
    key: str, name: Any, message: str
) -> None:
    task = df.task("distal_reward")
    _, entries = outcome_of(task)
    setup = TrainingSetup(
        network=df.task_driven.build(task), agents=1, entries=entries, sampling=10 * second
    )
    assert set(TIME_TO_CRITERION.make_recordings(setup)) == {
        entries["synapse"],
        *entries["learned"],
    }
    with pytest.raises(DualframeError, match=message):
        TIME_TO_CRITERION.make_recordings(replace(setup, entries={**entries, key: name}))


def test_the_figure_says_the_unit() -> None:
    curves = TIME_TO_CRITERION.make_tables(*planted()).curves
    agents = SimpleNamespace(curves=curves, n=3, task=SimpleNamespace(name="planted"))
    figure: Any = plot_weights({"DA": agents})  # type: ignore[dict-item]
    assert figure.axes[0].get_ylabel() == "Rewarded synapse (nS)"
