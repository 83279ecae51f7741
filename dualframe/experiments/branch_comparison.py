"""One circuit in both branches: what state it is in, and how modulation shifts that.

The branches are given the same circuit, seeds and conditions. They need not agree on a rate; the
question is whether they agree on whom a modulator excites or silences, and by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

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
    rank_correlation,
    state_shifts,
)
from dualframe.analysis.plots import savefig
from dualframe.analysis.run_words import count_text
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.experiments.branch_comparison_plot import draw_shifts
from dualframe.experiments.branch_comparison_text import (
    ComparisonTables,
    describe_comparison,
    markdown_of_comparison,
)
from dualframe.experiments.branch_differences import (
    NetworkFacts,
    explain_differences,
)

CONTROL = "control"
FORMAT = "dualframe comparison"
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

    @property
    def out_of_range(self) -> list[str]:
        """Populations of the control whose mean rate is outside the range of the circuit's file."""
        control = self.summary().query("condition == @CONTROL")
        rates = control.set_index(["model", "population"])["rate_Hz"]
        lines = []
        for model, facts in self.networks.items():
            ranges = facts[CONTROL].meta.get("rate_ranges_Hz", {}) if CONTROL in facts else {}
            for name, (low, high) in ranges.items():
                if not low <= rates[model, name] <= high:
                    rate = f"{model}, {name}: {rates[model, name]:.2f} Hz"
                    lines.append(f"{rate} in the control, outside {low:g} to {high:g} Hz")
        return lines

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
            out_of_range=self.out_of_range,
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
            title=f"{self.circuit}: shifts against control, {count_text(self.seeds, 'seed')}",
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
