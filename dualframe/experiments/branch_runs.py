"""Run a circuit in both branches, in several conditions and with several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from brian2.units import ms, second

from dualframe import biological, task_driven
from dualframe.analysis.branch_agreement import DEFAULT, Tolerance
from dualframe.analysis.network_state import population_states
from dualframe.building.dendritic_populations import MODEL
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.core.quantity import quantity
from dualframe.experiments.branch_comparison import CONTROL, BranchComparison
from dualframe.experiments.branch_differences import NetworkFacts, read_facts
from dualframe.experiments.finished_states import FinishedStates
from dualframe.network import Network
from dualframe.simulation.run import positive_time, run

#: With ten seeds the smallest p of a signed-rank test is 2/2^10; it stays below 0.05 after Holm's
#: adjustment for up to 25 rows, such as four modulators in six populations.
SEEDS = range(10)


def compare_branches(
    circuit: Circuit,
    conditions: Mapping[str, Circuit],
    *,
    models: Sequence[str] = (MODEL, "glif"),
    seeds: Iterable[int] = SEEDS,
    duration: Any = 2 * second,
    start: Any = 500 * ms,
    target: str = "auto",
    builders: Mapping[str, Callable[[Circuit], Network]] | None = None,
    tolerance: Tolerance = DEFAULT,
    finished: str | Path | None = None,
    progress: bool | None = None,
) -> BranchComparison:
    """Run a circuit and conditions of it in both branches, with several seeds.

    Parameters
    ----------
    circuit
        The control.
    conditions
        Changed circuits by label, for example
        ``{"ACh": circuit.with_modulation("ACh", level=0.8)}``.
    models
        ``"biological"`` and point neuron models (see `dualframe.task_driven.build_circuit`). Each
        is compared with the first.
    seeds
        Each seed draws connectivity and input anew, the same for all conditions. Fewer than six
        cannot reach p < 0.05; ten can in 25 rows, such as four modulators in six populations.
    duration, start
        Simulated time, and where the window of the statistics begins.
    target
        As in `dualframe.run`.
    builders
        How a model is built where the default does not do, by model (`branch_builder`).
    tolerance
        When a shift counts, and when two shifts agree.
    finished
        A CSV file into which the states go after every run, and from which those of the same
        networks, seeds and durations are taken: an interrupted comparison goes on there.
    progress
        As in `dualframe.run`.

    Returns
    -------
    BranchComparison
        If interrupted (Ctrl-C), of the runs that were finished.

    Raises
    ------
    DualframeError
        If a condition is called ``"control"``, there is no seed, a model is named twice, or nothing
        is left of the duration after ``start``; or if it was interrupted before a run was finished.
    """
    seeds = list(seeds)
    length, begin = positive_time(duration, "duration"), quantity(start, "time", "start")
    _refuse_incomparable(conditions, seeds, models, length, begin)
    building = {model: branch_builder(model) for model in models} | dict(builders or {})
    variants = {CONTROL: circuit, **conditions}
    states = FinishedStates.read(finished)
    networks: dict[str, dict[str, NetworkFacts]] = {model: {} for model in models}
    tables: list[pd.DataFrame] = []
    completed = True
    for model in models:
        for label, variant in variants.items() if completed else ():
            network = building[model](variant)
            networks[model][label] = read_facts(network)
            for seed in seeds if completed else ():
                run_key = states.key_of(network, seed, length, begin, target)
                table = states.of(run_key)
                if table is None:
                    results = run(network, length, target=target, seed=seed, progress=progress)
                    completed = bool(results.provenance["completed"])
                    if not completed:
                        break
                    table = population_states(results, start=begin)
                    states.add(run_key, table)
                tables.append(_labelled(table, model=model, condition=label, seed=seed))
    if not tables:
        raise DualframeError("interrupted before the first run was finished: nothing to compare.")
    return BranchComparison(
        circuit=circuit.name,
        states=pd.concat(tables, ignore_index=True),
        networks=networks,
        start=float(begin / second),
        duration=float(length / second),
        tolerance=tolerance,
        completed=completed,
    )


def _labelled(table: pd.DataFrame, **labels: Any) -> pd.DataFrame:
    """Return a table with labels as its first columns."""
    return table.assign(**labels)[[*labels, *table.columns]]


def _refuse_incomparable(
    conditions: Mapping[str, Circuit],
    seeds: list[int],
    models: Sequence[str],
    length: Any,
    begin: Any,
) -> None:
    """Refuse, before anything is built, what could not be compared."""
    if CONTROL in conditions:
        raise DualframeError(f"{CONTROL!r} is the circuit itself: give the condition another name.")
    if not seeds:
        raise DualframeError("there is no seed: give one or more, such as range(10).")
    if len(set(models)) < len(models):
        raise DualframeError(f"models are {', '.join(models)}: name each once.")
    if not length > begin:
        raise DualframeError(
            f"duration is {length}, but the statistics begin at {begin}: give a longer duration."
        )


def branch_builder(model: str, **options: Any) -> Callable[[Circuit], Network]:
    """Return what builds a circuit in a model: ``"biological"`` or a point neuron model.

    Parameters
    ----------
    model
        The model.
    options
        Of point neurons: ``cells``, ``synapses`` and others of
        `dualframe.task_driven.build_circuit`. What is None is left to its default.
    """
    if model == MODEL:
        return biological.build
    chosen = {name: value for name, value in options.items() if value is not None}
    return lambda circuit: task_driven.build(circuit, model=model, **chosen)
