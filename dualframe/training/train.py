"""Training and evaluation: agents side by side in one network, on any target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from brian2.units import second

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count
from dualframe.network import Network, replicated
from dualframe.plasticity import freeze_learning, with_weights
from dualframe.simulation.run import run
from dualframe.task import Task
from dualframe.training.agents import TrainedAgents
from dualframe.training.outcome_tables import measure

_LAST = 1 * second  # in which the world's account of the last trial is sampled


def train(
    network: Network | TrainedAgents,
    task: Task | None = None,
    *,
    agents: int | None = None,
    seed: int | None = None,
    target: str = "auto",
    trials: int | None = None,
    duration: Any = None,
    threads: int = 1,
    use_gpu: bool | None = None,
    progress: bool | None = None,
) -> TrainedAgents:
    """Let agents learn a task.

    Parameters
    ----------
    network
        The network of one agent, from ``task_driven.build(task)``; or agents that have learned
        before, who go on with the cells, connections and weights they have (activity and traces
        start anew).
    task
        The task; that of the agents, if it is not given.
    agents
        How many, side by side in one network; they differ in connectivity, start and noise. The
        default is the task's.
    seed
        Of everything that is drawn. Two conditions with one seed have the same connectivity.
    target, threads, use_gpu, progress
        As in `dualframe.run`.
    trials
        Trials of each agent, instead of the task's (and of its duration, if it has one).
    duration
        Simulated time, instead of the task's; in tasks with trials it is by default long enough
        for the longest ones.

    Returns
    -------
    Agents
        Tables of trials and outcomes, weights and provenance. If it is interrupted (Ctrl-C), of
        what was simulated until then.

    Raises
    ------
    NetworkError
        If there is no task, the network is another task's, or a count is not one.
    UnknownName, TargetError
        As in `dualframe.run`.
    """
    task = _task_of(network, task)
    if trials is not None:
        task = _with_trials(task, trials)
    given = network.network if isinstance(network, TrainedAgents) else network
    given = _for_trials(given, task)
    count = _count(network, task, agents)
    together = replicated(given, count)
    if isinstance(network, TrainedAgents):
        together = with_weights(together, network.weights)
    measured = measure(task)
    results = run(
        together,
        _duration(task, trials, duration),
        target=target,
        seed=seed,
        network_seed=_network_seed(network),
        dt=task["protocol"]["dt"],
        record=measured.record(task, given, count),
        spikes=measured.spikes,
        threads=threads,
        use_gpu=use_gpu,
        progress=progress,
    )
    tables = measured.tables(task, given, results, count)
    return TrainedAgents(
        task=task,
        network=given,
        n=count,
        trials=tables.trials,
        outcomes=tables.outcomes,
        curves=tables.curves,
        weights=results.weights,
        weight_units=results.weight_units,
        provenance=results.provenance,
    )


def evaluate(
    agents: TrainedAgents,
    *,
    trials: int | None = None,
    duration: Any = None,
    seed: int | None = None,
    target: str = "auto",
    **options: Any,
) -> TrainedAgents:
    """Let agents do their task without learning or exploring; parameters as in `train`.

    Learning rates are zero, the weights stay to the last bit, and no other program is compiled than
    for training.
    """
    still = replace(agents, network=_greedy(freeze_learning(agents.network)))
    done = train(still, trials=trials, duration=duration, seed=seed, target=target, **options)
    return replace(done, network=agents.network)


def _greedy(network: Network) -> Network:
    """Let neurons that explore choose what they hold best."""
    return replace(
        network,
        populations=tuple(
            replace(p, parameters={**p.parameters, "greedy": 1.0})
            if "greedy" in p.parameters
            else p
            for p in network.populations
        ),
    )


def _task_of(network: Network | TrainedAgents, task: Task | None) -> Task:
    if task is None and isinstance(network, TrainedAgents):
        return network.task
    if not isinstance(task, Task):
        raise NetworkError(
            "training needs the task: train(task_driven.build(task), task), with "
            "task = dualframe.task('navigation')."
        )
    _check_built(network.network if isinstance(network, TrainedAgents) else network, task)
    return task


def _check_built(network: Network, task: Task) -> None:
    """Refuse a network that another task, or another condition of it, describes."""
    remedy = "build it with task_driven.build(task)."
    if not isinstance(network, Network):
        raise NetworkError(
            f"{network!r} is no network: train(task_driven.build(task), task) takes the network "
            f"first."
        )
    meta = network.meta
    if meta.get("task") != task.name:
        raise NetworkError(
            f"the network was built for task {meta.get('task')!r}, not {task.name!r}: {remedy}"
        )
    acting = ", ".join(meta["modulators"]) or "none"
    if acting != task.condition:
        raise NetworkError(
            f"the network was built with modulators {acting}, not {task.condition}: {remedy}"
        )
    if meta["heterogeneity"] != task.heterogeneity:
        raise NetworkError(
            f"the network was built with heterogeneity {meta['heterogeneity']:g}, not "
            f"{task.heterogeneity:g}: {remedy}"
        )
    if "replicas" in meta:
        raise NetworkError(
            "training takes the network of one agent and puts several side by side: give agents=."
        )


def _with_trials(task: Task, trials: int) -> Task:
    if "trials" not in task["protocol"]:
        raise NetworkError(f"task {task.name!r} has no trials: give duration=.")
    check_count(trials, "trials")
    return task.having(protocol__trials=float(trials))


def _count(network: Network | TrainedAgents, task: Task, agents: int | None) -> int:
    """Return the number of agents: as asked for, as many as have learned, or the task's."""
    learned = network.n if isinstance(network, TrainedAgents) else None
    if agents is None:
        agents = task["protocol"].count("agents") if learned is None else learned
    check_count(agents, "number of agents")
    if learned not in (None, agents):
        raise NetworkError(f"{learned} agents have learned: {agents} cannot go on.")
    return agents


def _network_seed(given: Network | TrainedAgents) -> int | None:
    """Return the seed that drew the cells and connections of agents that have learned."""
    if not isinstance(given, TrainedAgents):
        return None
    found: int = given.provenance.get("network_seed", given.provenance["seed"])
    return found


def _for_trials(network: Network, task: Task) -> Network:
    """Tell the neurons how many trials count: later ones teach nothing."""
    if "trials" not in task["protocol"]:
        return network
    number = float(task["protocol"]["trials"])
    return replace(
        network,
        populations=tuple(
            replace(p, parameters={**p.parameters, "trials": number})
            if "trials" in p.parameters
            else p
            for p in network.populations
        ),
    )


def _duration(task: Task, trials: int | None, given: Any) -> Any:
    if given is not None:
        return quantity(given, "time", "duration")
    protocol = task["protocol"]
    if "duration" in protocol and trials is None:
        return protocol["duration"]
    return float(protocol["trials"]) * float(protocol["trial_limit"]) * second + _LAST
