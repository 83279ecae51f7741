"""One circuit in both branches: what state it is in, and how modulation shifts that.

The branches are given the same circuit, seeds and conditions. They need not agree on a rate; the
question is whether they agree on *whom* a modulator excites or silences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from brian2.units import ms, second
from matplotlib.figure import Figure

from dualframe import biological, task_driven
from dualframe.analysis.network_state import population_states, rank_correlation, state_shifts
from dualframe.analysis.plots import savefig
from dualframe.building.dendritic_circuit import MODEL
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.core.quantity import quantity
from dualframe.experiments.branch_comparison_plot import draw
from dualframe.network import Network
from dualframe.results.archive import write_text_file
from dualframe.simulation.run import positive_time, run

CONTROL = "control"


@dataclass(frozen=True)
class DualReport:
    """States of a circuit in several models, conditions and seeds.

    Attributes
    ----------
    circuit
        Name of the circuit.
    states
        DataFrame (model, condition, seed, population, cell_type, n, rate_Hz, cv_isi,
        correlation).
    assumptions
        By model, the assumed numbers that the states depend on.
    completed
        Whether all runs were made; if interrupted, the states are those of the finished runs.
    """

    circuit: str
    states: pd.DataFrame
    assumptions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    completed: bool = True

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in the order in which they were run."""
        return tuple(self.states["model"].unique())

    @property
    def runs(self) -> int:
        """Number of runs that were finished."""
        return len(self.states[["model", "condition", "seed"]].drop_duplicates())

    @property
    def shifts(self) -> pd.DataFrame:
        """Shifts against the control, paired by seed: `dualframe.analysis.network_state`."""
        return state_shifts(self.states, CONTROL)

    @property
    def agreement(self) -> pd.DataFrame:
        """Rank correlation of the shifts across populations, between the first two models."""
        if len(self.models) < 2:
            raise DualframeError("agreement needs two models: the report has one.")
        return rank_correlation(self.shifts, *self.models[:2])

    def summary(self) -> pd.DataFrame:
        """Median over seeds of the states, by model, condition and population."""
        keys = ["model", "condition", "population", "cell_type", "n"]
        measures = ["rate_Hz", "cv_isi", "correlation"]
        return self.states.groupby(keys, sort=False)[measures].median().reset_index()

    def plot(self) -> Figure:
        """Draw the shifts of every population, model beside model."""
        figure: Figure = draw(self.shifts, self.circuit)
        return figure

    def save(self, directory: str | Path) -> Path:
        """Write ``states.csv``, ``shifts.csv``, ``agreement.csv`` and ``shifts.png``.

        Of an interrupted comparison, ``states.csv`` alone: shifts need all runs.
        """
        folder = Path(directory).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        if not self.completed:
            write_text_file(folder / "states.csv", self.states.to_csv(index=False))
            return folder
        tables = {"states": self.states, "shifts": self.shifts}
        if len(self.models) > 1:
            tables["agreement"] = self.agreement
        for name, table in tables.items():
            write_text_file(folder / f"{name}.csv", table.to_csv(index=False))
        savefig(self.plot(), folder / "shifts.png")
        return folder


def compare_branches(
    circuit: Circuit,
    conditions: Mapping[str, Circuit],
    *,
    models: Sequence[str] = (MODEL, "glif"),
    seeds: Iterable[int] = range(5),
    duration: Any = 2 * second,
    start: Any = 500 * ms,
    target: str = "auto",
    builders: Mapping[str, Callable[[Circuit], Network]] | None = None,
    progress: bool | None = None,
) -> DualReport:
    """Run a circuit and conditions of it in both branches, with several seeds.

    Parameters
    ----------
    circuit
        The control.
    conditions
        Changed circuits by label, for example
        ``{"ACh": circuit.with_modulation("ACh", level=0.8)}``.
    models
        ``"biological"`` and point neuron models (see `dualframe.building.circuit_builder`).
    seeds
        Each seed draws connectivity and input anew, the same for all conditions.
    duration, start
        Simulated time, and where the window of the statistics begins.
    target
        As in `dualframe.run`.
    builders
        How a model is built where the default does not do, by model.
    progress
        As in `dualframe.run`.

    Returns
    -------
    DualReport
        If interrupted (Ctrl-C), of the runs that were finished.

    Raises
    ------
    DualframeError
        If a condition is called ``"control"``, there is no seed, a model is named twice, or nothing
        is left of the duration after ``start``; or if it was interrupted before a run was finished.
    """
    drawn = list(seeds)
    length, begin = positive_time(duration, "duration"), quantity(start, "time", "start")
    _check(conditions, drawn, models, length, begin)
    rows: list[pd.DataFrame] = []
    completed = True
    assumptions: dict[str, dict[str, None]] = {model: {} for model in models}
    for model, label, changed in _plan(models, {CONTROL: circuit, **conditions}):
        network = ((builders or {}).get(model) or builder(model))(changed)
        assumptions[model] |= dict.fromkeys(network.meta["assumptions"])
        for seed in drawn if completed else ():
            done = run(network, length, target=target, seed=seed, progress=progress)
            completed = bool(done.provenance["completed"])
            if not completed:
                break
            found = population_states(done, start=begin)
            rows.append(found.assign(model=model, condition=label, seed=seed))
    if not rows:
        raise DualframeError("interrupted before the first run was finished: nothing to compare.")
    states = pd.concat(rows, ignore_index=True)
    first = ["model", "condition", "seed"]
    return DualReport(
        circuit.name,
        states[first + [column for column in states if column not in first]],
        {model: tuple(lines) for model, lines in assumptions.items()},
        completed,
    )


def _plan(
    models: Sequence[str], circuits: Mapping[str, Circuit]
) -> Iterator[tuple[str, str, Circuit]]:
    for model in models:
        for label, circuit in circuits.items():
            yield model, label, circuit


def _check(
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
        raise DualframeError("there is no seed: give one or more, such as range(5).")
    if len(set(models)) < len(models):
        raise DualframeError(f"models are {', '.join(models)}: name each once.")
    if not length > begin:
        raise DualframeError(
            f"duration is {length}, but the statistics begin at {begin}: give a longer duration."
        )


def builder(model: str) -> Callable[[Circuit], Network]:
    """Return what builds a circuit in a model: ``"biological"`` or a point neuron model."""
    if model == MODEL:
        return biological.build
    return lambda circuit: task_driven.build(circuit, model=model)
