"""One circuit in both branches: what state it is in, and how modulation shifts that.

The branches are given the same circuit, seeds and conditions. They need not agree on a rate; the
question is whether they agree on whom a modulator excites or silences, and by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from brian2.units import ms, second
from matplotlib.figure import Figure

from dualframe import biological, task_driven
from dualframe.analysis.branch_agreement import (
    COLUMNS,
    DEFAULT,
    MEASURE,
    AgreementCounts,
    Tolerance,
    agreement_table,
    count_agreement,
)
from dualframe.analysis.network_state import (
    MEASURES,
    population_states,
    rank_correlation,
    state_shifts,
)
from dualframe.analysis.plots import savefig
from dualframe.building.dendritic_populations import MODEL
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.core.quantity import quantity
from dualframe.experiments.branch_comparison_plot import draw_shifts
from dualframe.experiments.branch_comparison_text import (
    ComparisonTables,
    describe_comparison,
    markdown_of_comparison,
)
from dualframe.experiments.branch_differences import (
    NetworkFacts,
    explain_differences,
    read_facts,
)
from dualframe.experiments.finished_states import FinishedStates
from dualframe.network import Network
from dualframe.simulation.run import positive_time, run

CONTROL = "control"
FORMAT = "dualframe comparison"
#: With ten seeds the smallest p of a signed-rank test is 2/2^10; it stays below 0.05 after Holm's
#: adjustment for up to 25 rows, such as four modulators in six populations.
SEEDS = range(10)
#: The files of a comparison.
FILES = ("states.csv", "shifts.csv", "agreement.csv", "ranks.csv", "agreement.md", "agreement.png")


@dataclass(frozen=True, kw_only=True)
class BranchComparison:
    """States of a circuit in several models, conditions and seeds, and whether the models agree.

    Attributes
    ----------
    circuit
        Name of the circuit.
    states
        DataFrame (model, condition, seed, population, cell_type, n, rate_Hz, cv_isi,
        correlation).
    networks
        By model and condition, what the network says of itself: what acts in it, what is assumed.
    start, duration
        Window (s) of the statistics: from ``start`` to the end of the run.
    tolerance
        When a shift counts, and when two shifts agree.
    completed
        Whether all runs were made; if interrupted, the states are those of the finished runs.
    """

    circuit: str
    states: pd.DataFrame
    networks: Mapping[str, Mapping[str, NetworkFacts]] = field(default_factory=dict)
    start: float = 0.5
    duration: float = 2.0
    tolerance: Tolerance = DEFAULT
    completed: bool = True

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in the order in which they were run; the first is the reference."""
        return tuple(self.states["model"].unique())

    @property
    def runs(self) -> int:
        """Number of runs that were finished."""
        return len(self.states[["model", "condition", "seed"]].drop_duplicates())

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return int(self.states["seed"].nunique())

    @property
    def neurons(self) -> int:
        """Number of neurons of the circuit."""
        return int(self.states.drop_duplicates("population")["n"].sum())

    @property
    def assumptions(self) -> dict[str, tuple[str, ...]]:
        """By model, the assumed numbers that the states depend on."""
        return {
            model: tuple(
                dict.fromkeys(line for x in facts.values() for line in x.meta["assumptions"])
            )
            for model, facts in self.networks.items()
        }

    @property
    def shifts(self) -> pd.DataFrame:
        """Shifts against the control, paired by seed: `dualframe.analysis.network_state`."""
        return state_shifts(self.states, CONTROL)

    @property
    def agreement(self) -> pd.DataFrame:
        """The shifts of the rate of each model beside those of the first, with a verdict.

        `dualframe.analysis.branch_agreement.COLUMNS` says what the columns are.
        """
        self._require_two_models()
        table = agreement_table(self.states, CONTROL, self.tolerance)
        rows = [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]
        return table.assign(reason=explain_differences(rows, self.networks, self.tolerance))

    @property
    def counts(self) -> tuple[AgreementCounts, ...]:
        """In how many rows each model agrees with the first, and the overall verdict."""
        return count_agreement(self.agreement, self.tolerance)

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank correlation of the shifts across populations, of each model with the first."""
        self._require_two_models()
        first, *others = self.models
        return pd.concat(
            [rank_correlation(self.shifts, first, model) for model in others], ignore_index=True
        )

    def _require_two_models(self) -> None:
        if len(self.models) < 2:
            raise DualframeError("agreement needs two models: the report has one.")

    def summary(self) -> pd.DataFrame:
        """Mean over seeds of the states, by model, condition and population."""
        keys = ["model", "condition", "population", "cell_type", "n"]
        measures = ["rate_Hz", "cv_isi", "correlation"]
        return self.states.groupby(keys, sort=False)[measures].mean().reset_index()

    @property
    def tables(self) -> ComparisonTables:
        """All tables at once, as they are shown."""
        agreement = self.agreement
        return ComparisonTables(
            circuit=f"{self.circuit} ({self.neurons} neurons)",
            seeds=self.seeds,
            start=self.start,
            duration=self.duration,
            states=self.summary(),
            agreement=agreement,
            ranks=self.ranks,
            counts=count_agreement(agreement, self.tolerance),
            tolerance=self.tolerance,
        )

    def to_records(self) -> dict[str, Any]:
        """Return all tables as lists of rows, the verdicts, and what the columns are."""
        tables = {
            "states": self.summary(),
            "shifts": self.shifts,
            "agreement": self.agreement,
            "ranks": self.ranks,
        }
        return {
            **{name: table.to_dict(orient="records") for name, table in tables.items()},
            "verdicts": {count.model: str(count) for count in self.counts},
            "columns": dict(COLUMNS),
        }

    def describe(self) -> str:
        """Return the rates, the agreement, the verdicts and what the words mean, as text."""
        return describe_comparison(self.tables)

    def plot(self, measure: str = MEASURE) -> Figure:
        """Draw the shifts of every population, model beside model; of rates with the verdicts.

        Parameters
        ----------
        measure
            ``"rate_Hz"``, ``"cv_isi"`` or ``"correlation"``.
        """
        if measure not in MEASURES:
            raise UnknownName("measure", measure, MEASURES)
        figure: Figure = draw_shifts(
            self.shifts,
            self.agreement if len(self.models) > 1 else None,
            measure=measure,
            title=f"{self.circuit}: shifts against control, {self.seeds} seeds",
            least_shift=self.tolerance.least_shift,
        )
        return figure

    def save(self, directory: str | Path, *, force: bool = False) -> Path:
        """Write the tables, the figure, ``agreement.md``, which explains them, and a manifest.

        ``states.csv``, ``shifts.csv``, and with two models or more ``agreement.csv``, ``ranks.csv``
        and ``agreement.png``. Of an interrupted comparison, ``states.csv`` alone: shifts need all
        runs.

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
                self._write_tables(stage)
            write_manifest(stage, FORMAT, {"circuit": self.circuit, "completed": self.completed})
        return folder

    def _write_tables(self, folder: Path) -> None:
        self.shifts.to_csv(folder / "shifts.csv", index=False)
        if len(self.models) > 1:
            self.agreement.to_csv(folder / "agreement.csv", index=False)
            self.ranks.to_csv(folder / "ranks.csv", index=False)
            (folder / "agreement.md").write_text(
                markdown_of_comparison(self.tables), encoding="utf-8"
            )
            savefig(self.plot(), folder / "agreement.png")


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
        cannot reach p < 0.05; ten can with all modulators and populations of a shipped circuit.
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
