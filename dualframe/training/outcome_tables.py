"""What is recorded of agents while they learn, and the tables that come of it.

Every kind of task has tables ``trials`` (a row per agent and trial), ``outcomes`` (a row per agent)
and ``curves`` (a row per agent and time), empty where the task has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from dualframe.building.tasks.distal_reward import TAGGED
from dualframe.network import Network, Recording
from dualframe.results.results import Results
from dualframe.task import Task

LAST_TRIALS = 5  # outcomes are means of so many trials at the end, as in targets of the literature


@dataclass(frozen=True)
class Tables:
    """What a run says of its agents."""

    trials: pd.DataFrame
    outcomes: pd.DataFrame
    curves: pd.DataFrame


@dataclass(frozen=True)
class Measure:
    """How a kind of task is measured.

    Parameters
    ----------
    spikes
        Populations whose spikes are kept.
    record
        From the task, its network of one agent and the number of agents to what is recorded.
    tables
        From the task, the network, the results and the number of agents to the tables.
    main
        The outcome that conditions are compared by, and whether less is better.
    """

    spikes: tuple[str, ...]
    record: Callable[[Task, Network, int], dict[str, Recording]]
    tables: Callable[[Task, Network, Results, int], Tables]
    main: tuple[str, bool]


def measure(task: Task) -> Measure:
    """Return how a task is measured."""
    return MEASURES[task.builder]


# --- tasks with trials: a world that ends them ---------------------------------------------------


def _record_trials(task: Task, network: Network, agents: int) -> dict[str, Recording]:
    variables = tuple(network.meta["trials"])
    learned = {p.name: Recording(("w",)) for p in network.projections if p.plasticity}
    world = Recording(variables, every=task["protocol"]["sampling"])
    return {"world": world, **learned}


def _trial_tables(task: Task, network: Network, results: Results, agents: int) -> Tables:
    trials = trials_of(task, network, results)
    return Tables(trials, outcomes_of_trials(trials, agents), pd.DataFrame())


def trials_of(task: Task, network: Network, results: Results) -> pd.DataFrame:
    """Return a row for each trial that has ended: the world's account of it, sampled after it."""
    trace = results.traces["world"]
    agent, end = results.spike_trains("world")
    order = np.lexsort((end, agent))
    agent, end = agent[order], end[order]
    first = np.searchsorted(agent, np.arange(agent.max() + 1 if agent.size else 0))
    trial = np.arange(agent.size) - first[agent] + 1
    # the account of a trial stands from the step after its end until the next one's
    sample = np.searchsorted(trace.t, end + results.provenance["dt_s"] / 2)
    known = sample < trace.t.size
    agent, end, trial, sample = agent[known], end[known], trial[known], sample[known]
    found = {name: trace.values[name][agent, sample] for name in network.meta["trials"]}
    table = pd.DataFrame({"agent": agent, "trial": trial, **found, "end_s": end})
    table["duration"] *= network.meta["interval_s"]
    table = table.rename(columns={"duration": "duration_s", "total_reward": "reward"})
    whole = [c for c in ("success", "timed_out", "old_goal") if c in table]
    table[whole] = table[whole].round().astype(int)
    return table[table["trial"] <= float(task["protocol"]["trials"])].reset_index(drop=True)


def outcomes_of_trials(trials: pd.DataFrame, agents: int) -> pd.DataFrame:
    """Return a row per agent: trials done, and means of the last five and of all of them."""
    rows = []
    for agent in range(agents):
        own = trials[trials["agent"] == agent]
        last = own.tail(LAST_TRIALS)
        rows.append(
            {
                "agent": agent,
                "trials": len(own),
                "successes": int(own["success"].sum()),
                # without a trial that ended there is no success
                "last_success_rate": last["success"].sum() / max(len(last), 1),
                "last_duration_s": last["duration_s"].mean(),
                "last_reward": last["reward"].sum() / max(len(last), 1),
                "mean_reward": own["reward"].mean(),
                **({"last_old_goal_rate": last["old_goal"].mean()} if "old_goal" in own else {}),
            }
        )
    return pd.DataFrame(rows)


# --- distal reward: one synapse among many -------------------------------------------------------


def _record_synapse(task: Task, network: Network, agents: int) -> dict[str, Recording]:
    return {
        TAGGED: Recording(("w",), every=task["protocol"]["sampling"]),
        "exc_to_exc": Recording(("w",)),
        "exc_to_inh": Recording(("w",)),
    }


def _synapse_tables(task: Task, network: Network, results: Results, agents: int) -> Tables:
    reached = dict(zip(*results.spike_trains("criterion"), strict=True))
    rewards = np.bincount(
        results.spike_trains("reward")[0] // network.population("reward").n, minlength=agents
    )
    final = results.weights[TAGGED]["weight"].to_numpy()
    trace = results.traces[TAGGED]
    largest = trace.values["w"].max(axis=1) if trace.t.size else final
    ranks = [_rank(network, results, agent, w) for agent, w in enumerate(final)]
    w_max = float(task["network"]["w_max"])
    lost = float(task["reward"]["collapse"]) * w_max
    outcomes = pd.DataFrame(
        {
            "agent": np.arange(agents),
            "reached": [agent in reached for agent in range(agents)],
            "time_to_criterion_s": [reached.get(agent, np.nan) for agent in range(agents)],
            "final_weight_mV": 1e3 * final,
            "max_weight_mV": 1e3 * np.maximum(largest, final),
            "collapsed": [a in reached and w < lost for a, w in enumerate(final)],
            "rewarded_rank": [rank for rank, _ in ranks],
            "plastic_synapses": [count for _, count in ranks],
            "rewards": rewards,
        }
    )
    t = np.tile(trace.t, agents)
    curves = pd.DataFrame(
        {
            "agent": np.repeat(np.arange(agents), trace.t.size),
            "t_s": t,
            "weight_mV": 1e3 * trace.values["w"].ravel(),
        }
    )
    return Tables(pd.DataFrame(columns=["agent", "trial"]), outcomes, curves)


def _rank(network: Network, results: Results, agent: int, weight: float) -> tuple[int, int]:
    """Rank of the rewarded synapse among the agent's plastic ones (1 is the largest), their number.

    Synapses at the same weight share the best rank.
    """
    n = network.population("exc").n
    larger, count = 0, 1
    for name in ("exc_to_exc", "exc_to_inh"):
        table = results.weights[name]
        own = table["weight"].to_numpy()[table["pre"].to_numpy() // n == agent]
        larger, count = larger + int((own > weight).sum()), count + own.size
    return larger + 1, count


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "distal_reward": Measure(
            ("criterion", "reward"),
            _record_synapse,
            _synapse_tables,
            ("time_to_criterion_s", True),
        ),
        "navigation": Measure(
            ("world",), _record_trials, _trial_tables, ("last_success_rate", False)
        ),
        "actor_critic": Measure(("world",), _record_trials, _trial_tables, ("last_reward", False)),
    }
)


def plain(value: Any) -> Any:
    """Return a number of NumPy's as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value
