"""One circuit in both branches: what state it is in, and how modulation shifts that.

The branches are given the same circuit, seeds and conditions. They need not agree on a rate; the
question is whether they agree on *whom* a modulator excites or silences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from brian2.units import ms, second
from matplotlib.figure import Figure

from dualframe import biological, task_driven
from dualframe.analysis.network_state import population_states, rank_correlation, state_shifts
from dualframe.analysis.plots import savefig
from dualframe.building.dendritic_populations import MODEL
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.core.quantity import quantity
from dualframe.experiments.branch_comparison_plot import draw_shifts
from dualframe.network import Network
from dualframe.simulation.run import positive_time, run

CONTROL = "control"
FORMAT = "dualframe comparison"
#: The files of a comparison.
FILES = ("states.csv", "shifts.csv", "agreement.csv", "shifts.png")


@dataclass(frozen=True)
class BranchComparison:
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
        figure: Figure = draw_shifts(self.shifts, self.circuit)
        return figure

    def save(self, directory: str | Path, *, force: bool = False) -> Path:
        """Write ``states.csv``, ``shifts.csv``, ``agreement.csv``, ``shifts.png`` and a manifest.

        Of an interrupted comparison, ``states.csv`` alone: shifts need all runs.

        Parameters
        ----------
        directory
            The folder. Other files in it stay as they are.
        force
            Whether an earlier output of dualframe in it is replaced.

        Raises
        ------
        OutputError
            If it cannot be written, or holds an earlier output and ``force`` is not given.
        """
        folder = check_output(directory, FILES, force=force)
        with replaced_output(folder, force=force) as stage:
            self.states.to_csv(stage / "states.csv", index=False)
            if self.completed:
                self._write_shifts(stage)
            write_manifest(stage, FORMAT, {"circuit": self.circuit, "completed": self.completed})
        return folder

    def _write_shifts(self, folder: Path) -> None:
        self.shifts.to_csv(folder / "shifts.csv", index=False)
        if len(self.models) > 1:
            self.agreement.to_csv(folder / "agreement.csv", index=False)
        savefig(self.plot(), folder / "shifts.png")


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
        ``"biological"`` and point neuron models (see `dualframe.task_driven.build_circuit`).
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
    tables: list[pd.DataFrame] = []
    completed = True
    assumptions: dict[str, dict[str, None]] = {model: {} for model in models}
    for model, (label, variant) in product(models, {CONTROL: circuit, **conditions}.items()):
        network = ((builders or {}).get(model) or branch_builder(model))(variant)
        assumptions[model] |= dict.fromkeys(network.meta["assumptions"])
        for seed in seeds if completed else ():
            results = run(network, length, target=target, seed=seed, progress=progress)
            completed = bool(results.provenance["completed"])
            if not completed:
                break
            table = population_states(results, start=begin)
            tables.append(table.assign(model=model, condition=label, seed=seed))
    if not tables:
        raise DualframeError("interrupted before the first run was finished: nothing to compare.")
    states = pd.concat(tables, ignore_index=True)
    first = ["model", "condition", "seed"]
    return BranchComparison(
        circuit.name,
        states[first + [column for column in states if column not in first]],
        {model: tuple(lines) for model, lines in assumptions.items()},
        completed,
    )


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
        raise DualframeError("there is no seed: give one or more, such as range(5).")
    if len(set(models)) < len(models):
        raise DualframeError(f"models are {', '.join(models)}: name each once.")
    if not length > begin:
        raise DualframeError(
            f"duration is {length}, but the statistics begin at {begin}: give a longer duration."
        )


def branch_builder(model: str) -> Callable[[Circuit], Network]:
    """Return what builds a circuit in a model: ``"biological"`` or a point neuron model."""
    if model == MODEL:
        return biological.build
    return lambda circuit: task_driven.build(circuit, model=model)
