"""What a training warns of in its trials: missing ones, rewards and successes that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dualframe.building.task_context import ENVIRONMENT
from dualframe.core.quantity import quantity_text
from dualframe.results.results import Results
from dualframe.training.outcomes import OutcomeTables, TrainingSetup
from dualframe.training.training_specification import TrainingSpecification


def describe_missing_trials(
    setup: TrainingSetup, tables: OutcomeTables, specification: TrainingSpecification
) -> list[str]:
    """Return a sentence where agents did not end the trials that were asked for.

    Parameters
    ----------
    setup, tables, specification
        In what agents learned, what came of it, and what was asked for.
    """
    if setup.trials is None or "trials" not in tables.outcomes:
        return []
    asked, done = round(setup.trials), tables.outcomes["trials"]
    protocol = specification.task["protocol"]
    longest = float(protocol["trial_limit"]) if "trial_limit" in protocol else 0.0
    is_shorter = specification.duration_s < asked * longest  # as whoever chose it wanted
    if not (done < (1 if is_shorter else asked)).any():
        return []
    fewest, most = int(done.min()), int(done.max())
    finished = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    limit = quantity_text(protocol["trial_limit"]) if "trial_limit" in protocol else "none"
    return [
        f"task {specification.task.name!r}: agents finished {finished} of {asked} trials in "
        f"{specification.duration_s:g} s: raise protocol.trial_limit ({limit}), duration or "
        f"--duration, or ask for fewer trials."
    ]


def describe_impossible_trials(
    results: Results, tables: OutcomeTables, specification: TrainingSpecification
) -> Iterator[str]:
    """Yield sentences on rewards that are not finite, and successes that are neither 0 nor 1.

    Parameters
    ----------
    results
        With the environment's account of trials, where the task has one.
    tables, specification
        What came of the training, and what was asked for.
    """
    environment = specification.task.environment
    trace = results.traces.get(ENVIRONMENT)
    if environment is None or trace is None:
        return
    name, agents = f"environment {environment.kind!r}", specification.agents
    if "reward" in tables.trials:
        wrong = tables.trials[~np.isfinite(tables.trials["reward"])]
        if len(wrong):
            yield (
                f"{name}: the reward of {wrong['agent'].nunique()} of {agents} agents is not "
                f"finite, from trial {wrong['trial'].min()} on: their weights and outcomes mean "
                f"nothing. Look in its equations for what divides by zero, or takes the root or "
                f"logarithm of a negative number (reward_next)."
            )
    successes = np.asarray(trace.values.get("success", np.zeros((agents, 0))))
    unclear = ~((successes == 0) | (successes == 1))
    if unclear.any():
        value = successes[unclear][0]
        yield (
            f"{name}: succeeded is {value:g} at the end of trials of {unclear.any(axis=1).sum()} "
            f"of {agents} agents: expected 0 or 1. A trial counts as a success where it is 0.5 "
            f"or more; let the equations say so (succeeded = int(... > 0.5))."
        )
