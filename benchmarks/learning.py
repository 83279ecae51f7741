"""Agents that learn: every condition of the three tasks, in tables with the bars set beforehand.

    python benchmarks/learning.py distal_reward_200 --keep runs
    python benchmarks/learning.py distal_reward_1000 --keep runs
    python benchmarks/learning.py navigation --keep runs
    python benchmarks/learning.py cartpole --keep runs

Agents of a condition run side by side in one C++ program, one condition after the other. With
``--keep DIR`` each is saved as `dualframe train --out` saves it, and conditions that are there
already are read instead of run. ``--agents`` and ``--duration`` make everything smaller.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, save

import dualframe as df
from dualframe.analysis.statistics import cliffs_delta, compare_groups, median_iqr, share_interval
from dualframe.training.figures import write_figures

SEED = 1


@dataclass(frozen=True)
class Condition:
    """A label, the modulators that act, other numbers of the task, and other point neurons."""

    label: str
    modulators: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    heterogeneity: float = 0.0
    model: str | None = None
    figure: str = ""  # conditions with the same one share their figures

    def task(self, experiment: Experiment) -> Any:
        task = df.task(experiment.task).with_modulators(*self.modulators)
        if experiment.neurons is not None:
            task = task.with_neurons(experiment.neurons)
        task = task.with_parameters(**self.parameters)
        return task.with_heterogeneity(self.heterogeneity)


@dataclass(frozen=True)
class Experiment:
    """A task, its conditions, how a condition becomes a row, and what was expected."""

    task: str
    title: str
    conditions: tuple[Condition, ...]
    row: Callable[[df.TrainedAgents], dict[str, Any]]
    bars: Callable[[Mapping[str, df.TrainedAgents]], list[str]]
    neurons: int | None = None  # None: as many as the task states
    agents: int = 20
    baselines: Callable[[], list[dict[str, Any]]] = list


# --- rows ----------------------------------------------------------------------------------------


def spread(values: Any, digits: int = 0) -> str:
    middle = median_iqr(values)
    shown = [f"{v:.{digits}f}" if np.isfinite(v) else "never" for v in middle]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def share(successes: int, of: int, agents: int = 0) -> str:
    """Return a share with its interval over agents, of which each may have several trials."""
    low, high = share_interval(successes / of, agents or of)
    return f"{successes} of {of} [{low:.2f}, {high:.2f}]"


def speed(agents: df.TrainedAgents) -> str:
    facts = agents.provenance
    return f"{facts['simulated_s'] * agents.n / facts['run_s']:.0f}"


def reward_row(agents: df.TrainedAgents) -> dict[str, Any]:
    table = agents.outcomes
    times = table["time_to_criterion_s"].fillna(np.inf)
    ranks = 100 * table["rewarded_rank"] / table["plastic_synapses"]
    reached = int(table["reached"].sum())
    return {
        "reached 4 mV": share(reached, agents.n),
        "time (s)": spread(times),
        "collapsed of reached": f"{int(table['collapsed'].sum())} of {reached}",
        "final weight (mV)": spread(table["final_weight_mV"], 2),
        "largest weight (mV)": spread(table["max_weight_mV"], 2),
        "rank (% of synapses)": spread(ranks, 2),
        "in top 1 %": share(int((ranks <= 1).sum()), agents.n),
        "rewards per s": f"{table['rewards'].mean() / agents.provenance['simulated_s']:.3f}",
    }


def reward_bars(conditions: Mapping[str, df.TrainedAgents]) -> list[str]:
    def times(label: str) -> Any:
        return conditions[label].outcomes["time_to_criterion_s"].fillna(np.inf)

    lines = []
    if {"DA", "DA,NA,ACh"} <= conditions.keys():
        test = compare_groups(times("DA,NA,ACh"), times("DA"))
        lines.append(
            f"NA to ACh against DA: median {test.median_b / test.median_a:.2f} times faster, "
            f"{test.test} p = {test.p:.2g}, Cliff's delta {-test.delta:.2f}."
        )
    return lines


def last_trials(agents: df.TrainedAgents, n: int = 5) -> Any:
    """Success per agent over the last trials of the protocol, in percent."""
    end = float(agents.task["protocol"]["trials"])
    chosen = agents.trials[agents.trials["trial"] > end - n]
    return 100 * chosen.groupby("agent")["success"].mean()


def navigation_row(agents: df.TrainedAgents) -> dict[str, Any]:
    end = float(agents.task["protocol"]["trials"])
    trials = agents.trials
    last = trials[trials["trial"] > end - 5]
    before = trials[(trials["trial"] > end / 2 - 5) & (trials["trial"] <= end / 2)]
    return {
        "success 36-40 (%)": spread(last_trials(agents)),
        "mean (%)": f"{100 * last['success'].mean():.1f}",
        "trials": share(int(last["success"].sum()), len(last), agents.n),
        "success 16-20 (%)": f"{100 * before['success'].mean():.1f}",
        "duration 36-40 (s)": spread(last.groupby("agent")["duration_s"].mean(), 1),
        "old goal visited 36-40 (%)": f"{100 * last['old_goal'].mean():.1f}",
    }


def navigation_bars(conditions: Mapping[str, df.TrainedAgents]) -> list[str]:
    lines = []
    for better, worse in (
        ("DA,ACh", "DA"),
        ("DA,5-HT", "DA"),
        ("DA,ACh,5-HT", "DA"),
        ("DA", "none"),
    ):
        if {better, worse} <= conditions.keys():
            a, b = last_trials(conditions[better]), last_trials(conditions[worse])
            test = compare_groups(a, b)
            lines.append(
                f"{better} against {worse}, trials 36 to 40: {a.mean() - b.mean():+.1f} points, "
                f"{test.test} p = {test.p:.2g}, Cliff's delta {cliffs_delta(a, b):+.2f}."
            )
    return lines


_GREEDY = "greedy: mean of 100 trials"
BASELINES = {
    "random": lambda state, rng: int(rng.integers(2)),
    "sign of the angular velocity": lambda state, rng: int(state[3] > 0),
    "sign of angle + angular velocity": lambda state, rng: int(state[2] + state[3] > 0),
}
PUBLISHED = (  # quoted, not run here
    {
        "condition": "STDP-RL, Hasegan et al. 2022",
        "agents": 1,
        "greedy: mean of 100 trials": "144.7, 64.1",
    },
    {
        "condition": "EVOL, Hasegan et al. 2022",
        "agents": 1,
        "greedy: mean of 100 trials": "499.4, 499.1",
    },
)


def cartpole_row(agents: df.TrainedAgents) -> dict[str, Any]:
    """Greedy evaluation without plasticity, on another seed than training."""
    tested = df.evaluate(
        agents, trials=100, seed=SEED + 1, target=agents.provenance["target"]
    ).trials
    means = tested.groupby("agent")["reward"].mean()
    return {
        _GREEDY: spread(means),
        "range": f"{means.min():.0f} to {means.max():.0f}",
        "agents above 145": share(int((means > 145).sum()), agents.n),
        "training trials": spread(agents.trials.groupby("agent").size()),
        "last training trials": spread(agents.outcomes["last_reward"]),
    }


def cartpole_baselines() -> list[dict[str, Any]]:
    """Simple policies in Gymnasium's CartPole-v1, 100 trials each."""
    import gymnasium

    rows = []
    for label, policy in BASELINES.items():
        env, rng, returns = gymnasium.make("CartPole-v1"), np.random.default_rng(0), []
        for trial in range(100):
            state, total, over = env.reset(seed=trial)[0], 0.0, False
            while not over:
                state, reward, ended, cut, _ = env.step(policy(state, rng))
                total, over = total + float(reward), ended or cut
            returns.append(total)
        rows.append(
            {
                "condition": label,
                "agents": 1,
                "greedy: mean of 100 trials": f"{np.mean(returns):.1f}",
            }
        )
    return [*rows, *PUBLISHED]


# --- experiments ---------------------------------------------------------------------------------

_RS = {"inh__point": "RS"}
_AC = {"inh__point": "AC"}
REWARD_CONDITIONS = (
    Condition("none", ()),
    Condition("DA", ("DA",)),
    Condition("DA,NA,ACh", ("DA", "NA", "ACh")),
    Condition("DA,NA,ACh, DA clamped after", ("DA", "NA", "ACh"), {"reward__clamp": 1.0}),
    Condition("DA,NA (always bursting)", ("DA", "NA")),
    Condition("DA, I:RS", ("DA",), _RS),
    Condition("DA, I:AC", ("DA",), _AC),
)
_PLACES = ("none", "ACh", "DA", "DA,5-HT", "DA,ACh", "DA,ACh,5-HT")


def _modulators(label: str) -> tuple[str, ...]:
    return () if label == "none" else tuple(label.split(","))


EXPERIMENTS: Mapping[str, Experiment] = {
    "distal_reward_200": Experiment(
        "distal_reward",
        "Distal reward, 200 neurons",
        REWARD_CONDITIONS,
        reward_row,
        reward_bars,
        neurons=200,
    ),
    "distal_reward_1000": Experiment(
        "distal_reward",
        "Distal reward, 1000 neurons",
        REWARD_CONDITIONS[1:5],
        reward_row,
        reward_bars,
        agents=5,
    ),
    "navigation": Experiment(
        "navigation",
        "Navigation with reversal",
        tuple(
            Condition(
                label + (f", CV {cv:g}" if cv else ""),
                _modulators(label),
                heterogeneity=cv,
                figure="heterogeneous" if cv else "",
            )
            for cv in (0.0, 0.2)
            for label in _PLACES
        )
        + tuple(
            Condition(
                f"{label}, {cells} cells",
                _modulators(label),
                model=cells,
                figure="other_cells",
            )
            for cells in ("izhikevich", "glif")
            for label in ("none", "DA", "DA,ACh")
        ),
        navigation_row,
        navigation_bars,
    ),
    "cartpole": Experiment(
        "cartpole",
        "CartPole-v1",
        (
            Condition("none", ()),
            Condition("DA", ("DA",)),
            Condition("DA, CV 0.2", ("DA",), heterogeneity=0.2),
        ),
        cartpole_row,
        lambda conditions: [],
        baselines=cartpole_baselines,
    ),
}


def run_condition(
    experiment: Experiment, condition: Condition, options: argparse.Namespace
) -> df.TrainedAgents:
    place = (
        Path(options.keep) / options.experiment / _file(condition.label) if options.keep else None
    )
    if place is not None and (place / "manifest.json").exists():
        return df.load_agents(place)
    task = condition.task(experiment)
    agents = df.train(
        task,
        model=condition.model,
        agents=options.agents or experiment.agents,
        seed=options.seed,
        target=options.target,
        duration=options.duration,
    )
    if place is not None:
        agents.save(place, figures=False)
    return agents


def _file(label: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in label)


def main(options: argparse.Namespace) -> None:
    experiment = EXPERIMENTS[options.experiment]
    chosen = [
        a for a in experiment.conditions if not options.condition or a.label in options.condition
    ]
    conditions, found = {}, {}
    for condition in chosen:
        conditions[condition.label] = run_condition(experiment, condition, options)
        found[condition.label] = experiment.row(conditions[condition.label])
        print(condition.label, found[condition.label], flush=True)
    rows = [
        {"condition": label, "agents": own.n, **found[label], "agent s per s": speed(own)}
        for label, own in conditions.items()
    ] + experiment.baselines()
    notes = [
        *experiment.bars(conditions),
        "Medians and quartiles over agents; shares with Wilson's interval at 95 %.",
    ]
    other = "" if options.target == "cpp_standalone" else f"_{options.target}"
    name = f"learning_{options.experiment}{other}"
    save(name, experiment.title, rows, notes, Path(options.out))
    for figure in dict.fromkeys(condition.figure for condition in chosen):
        shown = {
            condition.label: conditions[condition.label]
            for condition in chosen
            if condition.figure == figure
        }
        write_figures(shown, Path(options.out) / name / figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=list(EXPERIMENTS))
    parser.add_argument("--condition", action="append", help="only this condition; repeatable")
    parser.add_argument("--agents", type=int)
    parser.add_argument("--duration", help="simulated time, like '600 s'")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--target", default="cpp_standalone")
    parser.add_argument("--keep", help="folder in which every condition is kept")
    parser.add_argument("--out", default=str(RESULTS))
    main(parser.parse_args())
