"""Outcomes of tasks with trials, which the environment ends: successes, durations, rewards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dualframe.building.task_context import ENVIRONMENT
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Recording
from dualframe.results.results import Results
from dualframe.training.outcomes.outcome import (
    LAST_TRIALS,
    MainOutcome,
    Outcome,
    OutcomeTables,
    TrainingSetup,
)

_ZERO_OR_ONE = ("success", "timed_out", "old_goal")


def record_trials(setup: TrainingSetup) -> dict[str, Recording]:
    """Return recordings of the environment's account of trials, and of the weights at the end."""
    network = setup.network
    learned = {p.name: Recording(("w",)) for p in network.projections if p.plasticity}
    account = Recording(tuple(network.meta["trials"]), every=setup.sampling)
    return {ENVIRONMENT: account, **learned}


def tabulate_trials(setup: TrainingSetup, results: Results) -> OutcomeTables:
    """Return a row for each trial that has ended, and a row per agent."""
    trials = trials_of(setup, results)
    return OutcomeTables(trials=trials, outcomes=outcomes_of_trials(trials, setup.agents))


def trials_of(setup: TrainingSetup, results: Results) -> pd.DataFrame:
    """Return a row for each trial that has ended: the environment's account, sampled after it.

    Parameters
    ----------
    setup
        ``meta`` of the network names the variables of the account (``trials``) and the interval
        between ticks of the environment in seconds (``interval_s``).
    results
        Of all agents.
    """
    trace, meta = results.traces[ENVIRONMENT], setup.network.meta
    agent, end = results.spike_trains(ENVIRONMENT)
    order = np.lexsort((end, agent))
    agent, end = agent[order], end[order]
    first = np.searchsorted(agent, np.arange(agent.max() + 1 if agent.size else 0))
    trial = np.arange(agent.size) - first[agent] + 1
    # the account of a trial stands from the step after its end until the next one's
    sample = np.searchsorted(trace.t, end + results.provenance["dt_s"] / 2)
    sampled = sample < trace.t.size
    agent, end, trial, sample = agent[sampled], end[sampled], trial[sampled], sample[sampled]
    account = {name: trace.values[name][agent, sample] for name in meta["trials"]}
    table = pd.DataFrame({"agent": agent, "trial": trial, **account, "end_s": end})
    table["duration"] *= meta["interval_s"]
    table = table.rename(columns={"duration": "duration_s", "total_reward": "reward"})
    for column in filter(table.columns.__contains__, _ZERO_OR_ONE):
        table[column] = (table[column] >= 0.5).astype(int)
    counted = np.inf if setup.trials is None else setup.trials
    return table[table["trial"] <= counted].reset_index(drop=True)


def outcomes_of_trials(trials: pd.DataFrame, agents: int) -> pd.DataFrame:
    """Return a row per agent: trials done, and means of the last five and of all of them.

    Parameters
    ----------
    trials
        Of all agents.
    agents
        Their number: agents that have ended no trial have a row too.
    """
    rows = [
        {"agent": agent, **_summarise_trials(trials[trials["agent"] == agent])}
        for agent in range(agents)
    ]
    return pd.DataFrame(rows)


def _summarise_trials(trials: pd.DataFrame) -> dict[str, Any]:
    last = trials.tail(LAST_TRIALS)
    summary = {
        "trials": len(trials),
        "successes": int(trials["success"].sum()),
        # without a trial that ended there is no success and no reward
        "last_success_rate": last["success"].sum() / max(len(last), 1),
        "last_duration_s": last["duration_s"].mean(),
        "last_reward": last["reward"].sum(skipna=False) / max(len(last), 1),
        "mean_reward": trials["reward"].sum(skipna=False) / max(len(trials), 1),
    }
    if "old_goal" in trials:
        summary["last_old_goal_rate"] = last["old_goal"].mean()
    return summary


def count_successful_trials(tables: OutcomeTables) -> tuple[int, int]:
    """Return the successes among the last five trials of every agent, and the number of these."""
    last = tables.trials.groupby("agent").tail(LAST_TRIALS)
    return int(last["success"].sum()), len(last)


TRIALS = Outcome(
    name="trials",
    title="success, duration and reward of trials",
    schema=SectionSchema(
        texts={"main": ("last_success_rate", "last_reward", "mean_reward", "last_duration_s")},
        defaults={"main": "last_success_rate"},
    ),
    populations_with_spikes=lambda setup: (ENVIRONMENT,),
    make_recordings=record_trials,
    make_tables=tabulate_trials,
    main=lambda entries: MainOutcome(
        entries["main"], less_is_better=entries["main"] == "last_duration_s"
    ),
    count_successes=count_successful_trials,
    source="dualframe",
)
