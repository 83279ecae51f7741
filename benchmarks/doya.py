"""Doya's map, sign by sign: what a low and a high level of each modulator do to agents of cells.

    python benchmarks/doya.py bandit_cells             # writes results/doya_bandit_cells.*
    python benchmarks/doya.py cued_association_cells

A row is one modulator, one measure and the sign that was predicted before it was measured (in the
task's file). Both levels have the same seed: agent k of both has the same connections and starts
from the same noise, so that agents are compared in pairs. The other modulators stay at the levels
of the file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import RESULTS, save
from numpy.typing import NDArray

import dualframe as df
from dualframe.analysis.significance import fewest_pairs, holm_adjusted
from dualframe.analysis.statistics import bootstrap_intervals, compare_groups
from dualframe.core.serialisation import digest_of

MODEL, SEED, WINDOW = "glif", 1, 20
#: Of the catalogue's reference, with the occupancy of the receptor that the rule reads, or alpha1.
LEVELS = {
    "ACh": (0.03, 1.0),  # M1 0.15 and 0.86
    "5HT": (0.005, 0.1),  # 5-HT2A 0.17 and 0.80
    "NA": (0.005, 0.3),  # alpha1 0.13 and 0.90
}
Measure = Callable[[pd.DataFrame, int], NDArray[np.float64]]


def right_before(trials: pd.DataFrame, reversal: int) -> NDArray[np.float64]:
    """Return the share of right choices in the last 20 trials before the reversal, by agent."""
    return share_right(trials, reversal - WINDOW, reversal)


def right_after(trials: pd.DataFrame, reversal: int) -> NDArray[np.float64]:
    """Return the share of right choices in the first 40 trials after the reversal, by agent."""
    return share_right(trials, reversal, reversal + 2 * WINDOW)


def right_at_end(trials: pd.DataFrame, reversal: int) -> NDArray[np.float64]:
    """Return the share of right choices in the last 20 trials of all, by agent."""
    return share_right(trials, 2 * reversal - WINDOW, 2 * reversal)


def entropy(trials: pd.DataFrame, reversal: int) -> NDArray[np.float64]:
    """Return the entropy of right and wrong choices in bits, the mean of windows of 20 trials."""
    last = int(trials["trial"].max())
    starts = range(0, max(last - WINDOW, 0) + 1, WINDOW)
    p = np.array([share_right(trials, start, start + WINDOW) for start in starts])
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -np.nan_to_num(p * np.log2(p)) - np.nan_to_num((1 - p) * np.log2(1 - p))
    return np.asarray(bits.mean(axis=0))


def share_right(trials: pd.DataFrame, after: int, until: int) -> NDArray[np.float64]:
    """Return the share of right choices in some trials, by agent.

    Runs that are too short for these trials are of use in tests only: all trials count then.
    """
    there = trials[(trials["trial"] > after) & (trials["trial"] <= until)]
    chosen = there if len(there) else trials
    return chosen.groupby("agent")["success"].mean().to_numpy(dtype=float)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A modulator, what was predicted of it, and how it is measured."""

    modulator: str
    stands_for: str
    measured: str
    measure: Measure
    sign: int
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """The predictions of a task: a title, and what lengthens its horizon and fixes its weights."""

    title: str
    lengthened: str
    delayed: Mapping[str, Any]
    fixed: Mapping[str, Any]

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """What is predicted; serotonin and noradrenaline are measured in two ways each."""
        before, horizon = "right, last 20 before the reversal", "horizon"
        return (
            _predict("DA", "error", before, right_before, 1),
            _predict("ACh", "learning rate", "right, 40 after the reversal", right_after, 1),
            _predict("5HT", horizon, f"{before}, {self.lengthened}", right_before, 1, self.delayed),
            _predict("5HT", horizon, before, right_before, 1),
            _predict("NA", "inverse temperature", "entropy of choices, bits", entropy, -1),
            _predict(
                "NA",
                "inverse temperature",
                "the same, unequal weights that do not learn",
                entropy,
                -1,
                self.fixed,
            ),
        )


def _predict(
    modulator: str,
    stands_for: str,
    measured: str,
    measure: Measure,
    sign: int,
    changes: Mapping[str, Any] | None = None,
) -> Prediction:
    return Prediction(
        modulator=modulator,
        stands_for=stands_for,
        measured=measured,
        measure=measure,
        sign=sign,
        changes=changes or {},
    )


EXPERIMENTS = {
    "bandit_cells": Experiment(
        "Doya's map in a bandit with reversal, by cells",
        "late reward",
        delayed={"environment__pays_at": 3},
        fixed={
            "context_to_arm_0__weight_factor": 1.05,
            "context_to_arm_0__plasticity__eta": 0.0,
            "context_to_arm_1__plasticity__eta": 0.0,
        },
    ),
    "cued_association_cells": Experiment(
        "Doya's map in a delayed association with reversal, by cells",
        "delay of 400 ms",
        delayed={"environment__delay_time": "400 ms"},
        fixed={
            "memory_0_to_answer_0__weight_factor": 1.05,
            "memory_1_to_answer_1__weight_factor": 1.05,
            **{f"memory_{m}_to_answer_{a}__plasticity__eta": 0.0 for m in (0, 1) for a in (0, 1)},
        },
    ),
}


def levels(prediction: Prediction, task: df.Task) -> Iterator[df.Task]:
    """Yield the task with a low and with a high level of the modulator of a prediction."""
    changed = task.with_parameters(**prediction.changes) if prediction.changes else task
    if prediction.modulator == "DA":  # what learning needs of it is its release by the error
        yield changed.with_parameters(dopamine__size="0 uM")
        yield changed
        return
    for level in LEVELS[prediction.modulator]:
        yield changed.with_modulation(prediction.modulator, level=level)


def learn(task: df.Task, options: argparse.Namespace, known: dict[str, Any]) -> df.TrainedAgents:
    """Return agents that have learned a task; the same task learns once."""
    label = digest_of(task)
    if label not in known:
        known[label] = df.train(
            task,
            model=options.model,
            agents=options.agents,
            seed=options.seed,
            trials=options.trials,
            target=options.target,
            record={},
            progress=False,
        )
    return known[label]


def row(
    prediction: Prediction, low: NDArray[np.float64], high: NDArray[np.float64]
) -> dict[str, Any]:
    """Return what a prediction came to, but for the correction for the number of tests."""
    change = high - low
    ends = bootstrap_intervals(change[:, np.newaxis])
    comparison = compare_groups(high, low, paired=True)
    return {
        "modulator": prediction.modulator,
        "stands for": prediction.stands_for,
        "measure": prediction.measured,
        "predicted": "+" if prediction.sign > 0 else "-",
        "low": f"{low.mean():.3f}",
        "high": f"{high.mean():.3f}",
        "difference [95 %]": f"{change.mean():+.3f} [{ends[0][0]:+.3f}, {ends[1][0]:+.3f}]",
        "delta": f"{comparison.delta:+.2f}",
        "p": comparison.p,
        "sign": float(np.sign(change.mean())),
    }


def judge(rows: Sequence[dict[str, Any]], predictions: Sequence[Prediction]) -> None:
    """Replace p-values by text and corrected ones, and the sign by a verdict."""
    adjusted = holm_adjusted([entry["p"] for entry in rows])
    for entry, prediction, p in zip(rows, predictions, adjusted, strict=True):
        as_predicted = entry.pop("sign") == prediction.sign
        entry["p"], entry["p, Holm"] = f"{entry['p']:.2g}", f"{p:.2g}"
        entry["verdict"] = (
            "no difference shown" if p >= 0.05 else "as predicted" if as_predicted else "opposite"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table of a task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=list(EXPERIMENTS))
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--trials", type=int, help="of each agent, instead of the task's")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--target", default="cpp_standalone")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    experiment, task, known = EXPERIMENTS[options.task], df.task(options.task), dict[str, Any]()
    reversal = round(float(task["environment"]["reversal_after"]))
    rows = []
    for prediction in experiment.predictions:
        low, high = (learn(one, options, known).trials for one in levels(prediction, task))
        rows.append(row(prediction, *(prediction.measure(t, reversal) for t in (low, high))))
        print(rows[-1], flush=True)
    judge(rows, experiment.predictions)
    as_stated = learn(task, options, known).trials
    save(f"doya_{options.task}", experiment.title, rows, notes(as_stated, reversal), options.out)


def notes(trials: pd.DataFrame, reversal: int) -> list[str]:
    """Return what the criterion came to, and what the columns are."""
    agents = trials["agent"].nunique()
    before, at_end = right_before(trials, reversal), right_at_end(trials, reversal)
    shares = f"{before.mean():.0%} before the reversal, {at_end.mean():.0%} at the end"
    met = min(before.mean(), at_end.mean()) >= 0.75
    return [
        f"Criterion: at the levels of the file at least 75 % right in the last {WINDOW} trials "
        f"before the reversal and of all. Measured with {agents} agents: {shares}; "
        f"{'met' if met else 'missed'}.",
        "`low`, `high`: means over agents at the two levels; of dopamine, without and with the "
        "release by the error, on top of its tonic level. Differences are high - low in pairs of "
        "agents, with percentile bootstrap intervals (2000 resamples); p of Wilcoxon's signed rank "
        f"test, corrected for the rows by Holm's method (it needs {fewest_pairs(6)} pairs to be "
        "able to reach 0.05); delta is Cliff's. "
        + ", ".join(f"{name} {low:g} and {high:g}" for name, (low, high) in LEVELS.items())
        + " of the catalogue's reference concentrations.",
    ]


if __name__ == "__main__":
    main()
