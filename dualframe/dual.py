"""One circuit in both branches: what state it is in, and how modulation shifts that.

The branches are given the same circuit, seeds and conditions. They need not agree on a rate; the
question is whether they agree on *whom* a modulator excites or silences.
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
from dualframe.analysis.dual_plot import draw
from dualframe.analysis.states import rank_correlation, shifts, state
from dualframe.archive import write_text
from dualframe.biological.build import MODEL
from dualframe.circuit import Circuit
from dualframe.errors import DualframeError
from dualframe.network import Network
from dualframe.run import run

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
    """

    circuit: str
    states: pd.DataFrame
    assumptions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in the order in which they were run."""
        return tuple(self.states["model"].unique())

    @property
    def shifts(self) -> pd.DataFrame:
        """Shifts against the control, paired by seed; see `dualframe.analysis.states.shifts`."""
        return shifts(self.states, CONTROL)

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
        """Write ``states.csv``, ``shifts.csv``, ``agreement.csv`` and ``shifts.png``."""
        folder = Path(directory).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        tables = {"states": self.states, "shifts": self.shifts}
        if len(self.models) > 1:
            tables["agreement"] = self.agreement
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False))
        self.plot().savefig(folder / "shifts.png")
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
        ``"biological"`` and point neuron models (see `dualframe.task_driven.build`).
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

    Raises
    ------
    DualframeError
        If a condition is called ``"control"``.
    """
    if CONTROL in conditions:
        raise DualframeError(f"{CONTROL!r} is the circuit itself: give the condition another name.")
    drawn = list(seeds)
    rows: list[pd.DataFrame] = []
    assumptions: dict[str, dict[str, None]] = {model: {} for model in models}
    for model in models:
        build = (builders or {}).get(model) or builder(model)
        for label, changed in {CONTROL: circuit, **conditions}.items():
            network = build(changed)
            assumptions[model] |= dict.fromkeys(network.meta["assumptions"])
            for seed in drawn:
                done = run(network, duration, target=target, seed=seed, progress=progress)
                found = state(done, start=start)
                rows.append(found.assign(model=model, condition=label, seed=seed))
    states = pd.concat(rows, ignore_index=True)
    first = ["model", "condition", "seed"]
    return DualReport(
        circuit.name,
        states[first + [column for column in states if column not in first]],
        {model: tuple(lines) for model, lines in assumptions.items()},
    )


def builder(model: str) -> Callable[[Circuit], Network]:
    """Return what builds a circuit in a model: ``"biological"`` or a point neuron model."""
    if model == MODEL:
        return biological.build
    return lambda circuit: task_driven.build(circuit, model=model)
