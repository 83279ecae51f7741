"""Training and evaluation: agents side by side in one network, on any target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from brian2.units import second

from dualframe.building.task_agents import with_population_parameter
from dualframe.building.task_builder import make_environment
from dualframe.core.errors import NetworkError
from dualframe.core.serialisation import digest_of
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import check_count, expect_type
from dualframe.network import Network, Recording, replicate
from dualframe.plasticity import freeze_learning, with_weights
from dualframe.simulation.run import positive_time, resolve_seed, run
from dualframe.targets.target_support import resolve_target
from dualframe.task import Task
from dualframe.training.agents import TrainedAgents
from dualframe.training.outcomes import TrainingSetup, outcome_of
from dualframe.training.recordings import RecordingPlan, check_recordings, request_recordings
from dualframe.training.training_specification import (
    TrainingSpecification,
    build_counted_agent,
    with_trials,
)
from dualframe.training.trial_warnings import describe_impossible_trials, describe_missing_trials

_LAST = 1 * second  # in which the environment's account of the last trial is sampled


def train(
    task: Task | TrainedAgents,
    *,
    branch: str = "task_driven",
    model: str | None = None,
    agents: int | None = None,
    seed: int | None = None,
    target: str = "auto",
    trials: int | None = None,
    duration: Any = None,
    threads: int = 1,
    use_gpu: bool | None = None,
    record: Mapping[str, Sequence[str] | Recording] | None = None,
    spikes: Sequence[str] = (),
    recorded_agents: Sequence[int] | None = None,
    progress: bool | None = None,
) -> TrainedAgents:
    """Let agents learn a task.

    Parameters
    ----------
    task
        From `dualframe.task`; or agents that have learned before, who go on with the cells,
        connections and weights that they have (activity and traces start anew).
    branch
        ``"task_driven"`` (point neurons) or ``"biological"`` (compartments), where the task's
        cells can be both.
    model
        Point neurons of the task's cells, such as ``"glif"``; None for those that the task states.
    agents
        How many, side by side in one network; they differ in connectivity, start and noise. The
        default is the task's.
    seed
        Of everything that is drawn. Two conditions with one seed have the same connectivity. On
        ``cpp_standalone`` an agent draws while it runs by the seed and its number: neither the
        other agents nor blocks and cores change it. Connectivity, delays and parameters that
        differ are drawn for all agents together: they depend on how many there are.
    target, use_gpu, progress
        As in `dualframe.run`.
    threads
        How many blocks of agents run at a time, each on a core (``cpp_standalone`` only).
    trials
        Trials of each agent, instead of the task's (and of its duration, if it has one).
    duration
        Simulated time, instead of the task's; in tasks with trials it is by default long enough
        for the longest ones.
    record
        Per population, encoder, readout, or ``"environment"``: variable names, which are sampled
        as often as the task's protocol says (``sampling``), or a `Recording`, whose ``neurons`` are
        those of one agent and whose ``every`` is its own. None keeps the positions of the first
        three agents, where the environment has positions; ``{}`` keeps nothing.
    spikes
        Populations whose spikes are kept; by default none.
    recorded_agents
        Numbers of the agents that are recorded; None for all of them.

    Returns
    -------
    TrainedAgents
        Tables of trials and outcomes, weights, recordings and provenance. If it is interrupted
        (Ctrl-C), of what was simulated until then.

    Raises
    ------
    NetworkError
        If it is no task, or a count is not one.
    CatalogueError
        If the task cannot be built in the branch, or with the model.
    UnknownName, TargetError
        As in `dualframe.run`.
    """
    options = {"seed": seed, "target": target, "threads": threads, "use_gpu": use_gpu}
    kept: dict[str, Any] = {"record": record, "spikes": spikes, "recorded_agents": recorded_agents}
    if isinstance(task, TrainedAgents):
        _check_same_agents(task, branch, model, agents)
        specification = _specify_going_on(task, trials, duration, options | kept)
        return train_as_specified(specification, progress, task)
    remedy = "a Task, as of dualframe.task('navigation'), whose network train builds itself"
    expect_type(task, Task, "task", remedy)
    count = task["protocol"].count("agents") if agents is None else agents
    specification = _specify(task, count, trials, duration, options | kept)
    return train_as_specified(replace(specification, branch=branch, model=model), progress)


def evaluate(
    agents: TrainedAgents,
    *,
    trials: int | None = None,
    duration: Any = None,
    seed: int | None = None,
    target: str = "auto",
    threads: int = 1,
    use_gpu: bool | None = None,
    record: Mapping[str, Sequence[str] | Recording] | None = None,
    spikes: Sequence[str] = (),
    recorded_agents: Sequence[int] | None = None,
    progress: bool | None = None,
) -> TrainedAgents:
    """Let agents do their task without learning or exploring.

    Learning rates are zero, the weights stay to the last bit, and no other program is compiled than
    for training.

    Parameters
    ----------
    agents
        Agents that have learned.
    trials, duration, seed, target, threads, use_gpu, record, spikes, recorded_agents, progress
        As in `train`.
    """
    expect_type(agents, TrainedAgents, "agents", "TrainedAgents, as dualframe.train returns them")
    options = {"seed": seed, "target": target, "threads": threads, "use_gpu": use_gpu}
    kept: dict[str, Any] = {"record": record, "spikes": spikes, "recorded_agents": recorded_agents}
    specification = _specify_going_on(agents, trials, duration, options | kept)
    return train_as_specified(replace(specification, frozen=True), progress, agents)


def train_as_specified(
    specification: TrainingSpecification,
    progress: bool | None = None,
    earlier: TrainedAgents | None = None,
) -> TrainedAgents:
    """Train agents, or evaluate them, as a specification says.

    Parameters
    ----------
    specification
        From `train`, or from a manifest.
    progress
        As in `dualframe.run`.
    earlier
        The agents that go on; None for agents that start.
    """
    return _simulate({} if earlier is None else earlier.weights, specification, progress)


def digest_weights(weights: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of learned weights and their synapses.

    Parameters
    ----------
    weights
        Tables (pre, post, weight) by projection.
    """
    columns = ("pre", "post", "weight")
    return digest_of(
        {name: {c: table[c].to_numpy() for c in columns} for name, table in weights.items()}
    )


def _specify(
    task: Task, agents: int, trials: int | None, duration: Any, options: Mapping[str, Any]
) -> TrainingSpecification:
    check_count(agents, "number of agents")
    counted = task if trials is None else with_trials(task, trials)
    return TrainingSpecification(
        task=task,
        agents=agents,
        trials=trials,
        duration_s=float(_training_duration(counted, trials, duration)),
        seed=resolve_seed(options["seed"]),
        target=resolve_target(options["target"]),
        threads=options["threads"],
        use_gpu=options["use_gpu"],
        recordings=request_recordings(
            options["record"],
            options["spikes"],
            options["recorded_agents"],
            agents=agents,
            sampling=task["protocol"]["sampling"],
            position=world.position if (world := make_environment(task)) else (),
        ),
    )


def _specify_going_on(
    agents: TrainedAgents, trials: int | None, duration: Any, options: Mapping[str, Any]
) -> TrainingSpecification:
    provenance = agents.provenance
    return replace(
        _specify(agents.task, agents.n, trials, duration, options),
        branch=provenance["branch"],
        model=provenance.get("model"),
        network_seed=provenance.get("network_seed", provenance["seed"]),
        earlier_agents=agents.folder,
        earlier_weights=digest_weights(agents.weights),
    )


def _check_same_agents(
    trained: TrainedAgents, branch: str, model: str | None, agents: int | None
) -> None:
    """Refuse another number or other cells of agents that have learned."""
    if agents is not None:
        check_count(agents, "number of agents")
    if agents not in (None, trained.n):
        raise NetworkError(f"{trained.n} agents have learned: {agents} cannot go on.")
    facts = trained.provenance
    if branch not in ("task_driven", facts["branch"]) or model not in (None, facts.get("model")):
        raise NetworkError(
            "agents that have learned go on with their own cells: give no branch or model."
        )


def _simulate(
    weights: Mapping[str, pd.DataFrame],
    specification: TrainingSpecification,
    progress: bool | None,
) -> TrainedAgents:
    """Put agents side by side, simulate them, and measure the outcome of their task."""
    task = specification.counted_task
    agent = build_counted_agent(task, specification.branch, specification.model)
    network = _without_learning(agent) if specification.frozen else agent
    outcome, entries = outcome_of(task)
    protocol = task["protocol"]
    setup = TrainingSetup(
        network=network,
        agents=specification.agents,
        entries=entries,
        sampling=protocol["sampling"],
        trials=float(protocol["trials"]) if "trials" in protocol else None,
    )
    plan = RecordingPlan(
        request=specification.recordings,
        needed=outcome.make_recordings(setup),
        agent=network,
        agents=specification.agents,
        dt=float(protocol["dt"]),
    )
    check_recordings(plan.request, network, protocol["dt"])
    together = with_weights(replicate(network, specification.agents), weights)
    results = run(
        together,
        specification.duration_s * second,
        target=specification.target,
        seed=specification.seed,
        network_seed=specification.network_seed,
        dt=task.time_step(specification.branch),
        record=plan.recordings(),
        spikes=plan.populations_with_spikes(outcome.populations_with_spikes(setup)),
        threads=specification.threads,
        use_gpu=specification.use_gpu,
        progress=progress,
    )
    needed = plan.select_needed(results)
    tables = outcome.make_tables(setup, needed)
    texts = list(describe_impossible_trials(needed, tables, specification))
    if results.provenance["completed"]:
        texts += describe_missing_trials(setup, tables, specification)
    warnings = [*results.provenance["warnings"], *warn_user(texts)]
    return TrainedAgents(
        task=task,
        n=specification.agents,
        trials=tables.trials,
        outcomes=tables.outcomes,
        curves=tables.curves,
        weights=results.weights,
        weight_units=results.weight_units,
        recorded=plan.select_requested(results),
        provenance={
            **results.provenance,
            "warnings": warnings,
            "agent_hash": agent.digest,
            "arguments": specification.to_dict(),
        },
    )


def _without_learning(network: Network) -> Network:
    """Return the network of agents that neither learn nor explore."""
    return with_population_parameter(freeze_learning(network), "greedy", 1.0)


def _training_duration(task: Task, trials: int | None, duration: Any) -> Any:
    protocol = task["protocol"]
    if duration is not None:
        return positive_time(duration, "duration")
    if "duration" in protocol and trials is None:
        return protocol["duration"]
    return float(protocol["trials"]) * float(protocol["trial_limit"]) * second + _LAST
