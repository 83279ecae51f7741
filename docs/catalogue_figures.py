"""Draw the figures of the catalogue's pages: ``docs/catalogue_figures/**.png``.

All cell types stand side by side for each model (`dualframe.experiments.batch_survey`), so that
three programs serve all figures. They are drawn again when the package or this file has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

from brian2.units import umolar
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import dualframe
from dualframe.catalogue import Modulator, Receptor
from dualframe.catalogue import lookup as read
from dualframe.experiments.batch_survey import MIDDLE, BatchSurvey
from dualframe.experiments.receptor_signs.sign_table import survey_effects

FOLDER = Path(__file__).parent / "catalogue_figures"
MODELS = {"biological": "compartments", "glif": "GLIF", "izhikevich": "Izhikevich"}
COLOURS = {"biological": "#1b4965", "glif": "#d1495b", "izhikevich": "#edae49"}
SPIKE_TOP = 20.0  # mV: where the line of a spike ends that the model does not draw itself
DPI = 110


def write_figures(folder: Path = FOLDER) -> None:
    """Draw the figures of all cell types and receptors, unless they are up to date."""
    stamp, digest = folder / "digest.txt", _digest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return
    cells = read.names("cell type")
    found = {model: survey_effects([], model, cells) for model in MODELS}
    for name in cells:
        own = {model: found[model][name] for model in MODELS}
        _save(cell_figure(own), folder / "cells" / f"{name}.png")
    for name in read.names("receptor"):
        entry = read.receptor(name)
        figure = receptor_figure(entry, read.modulator(entry.modulator))
        _save(figure, folder / "receptors" / f"{name}.png")
    stamp.write_text(digest, encoding="utf-8")


def _digest() -> str:
    package = Path(dualframe.__file__).parent
    files = [p for p in package.rglob("*") if p.suffix in (".py", ".toml")]
    found = hashlib.sha256()
    for path in sorted([*files, Path(__file__)]):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)


# --- cells --------------------------------------------------------------------------------------


def cell_figure(found: Mapping[str, BatchSurvey]) -> Figure:
    """Draw a voltage trace of each model, and the f-I curves of all."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    grid = figure.add_gridspec(len(found), 2, width_ratios=(1.5, 1))
    shared: Axes | None = None
    for k, (model, own) in enumerate(found.items()):
        axes = figure.add_subplot(grid[k, 0], sharex=shared, sharey=shared)
        shared = shared or axes
        _trace(axes, own, model)
        axes.tick_params(labelbottom=k == len(found) - 1)
    axes.set_xlabel("time (s)")
    rates = figure.add_subplot(grid[:, 1])
    for model, own in found.items():
        rates.plot(
            1e12 * own.currents, own.rates[0], "o-", ms=3, color=COLOURS[model], label=MODELS[model]
        )
        rates.plot(
            1e12 * own.middle_current,
            own.middle_rate[0],
            "o",
            ms=8,
            mfc="none",
            color=COLOURS[model],
        )
    rates.set(xlabel="current (pA)", ylabel="firing rate in 1 s (Hz)")
    figure.legend(*rates.get_legend_handles_labels(), frameon=False, loc="outside upper right",
                  ncols=3, fontsize=9)  # fmt: skip
    for side in ("top", "right"):
        rates.spines[side].set_visible(False)
    return figure


def _trace(axes: Axes, own: BatchSurvey, model: str) -> None:
    response, copy = own.response, MIDDLE
    row = int(np.flatnonzero(response.recorded == copy)[0])
    t, v = np.asarray(response.t), 1e3 * np.asarray(response.V)[row]
    shown = t > -0.1
    axes.plot(t[shown], np.minimum(v[shown], 45), lw=0.8, color=COLOURS[model])
    if np.max(v) < 0 or model != "biological":  # the model itself has no spike to draw
        spikes = response.spike_train(copy)
        axes.vlines(spikes, np.interp(spikes, t, v), SPIKE_TOP, lw=0.8, color=COLOURS[model])
    axes.set_title(
        f"{MODELS[model]}, {_three(1e12 * own.middle_current)} pA", fontsize=9, loc="left"
    )
    axes.set_ylabel("mV")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _three(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


# --- receptors ----------------------------------------------------------------------------------


def receptor_figure(entry: Receptor, modulator: Modulator) -> Figure:
    """Draw the steady occupancy by concentration, alone and against a competitive antagonist."""
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.add_subplot()
    half = float(entry.affinity.value("EC50") / umolar)
    hill = float(entry.affinity.value("hill"))
    c = np.geomspace(1e-3 * half, 1e3 * half, 300)
    for dose, style in ((0, "-"), (1, "--"), (10, ":")):
        label = "alone" if not dose else f"antagonist, {dose} K$_B$"
        axes.plot(c, _occupancy(c / half / (1 + dose), hill), style, color="#1b4965", label=label)
    if entry.desensitisation is not None:
        axes.plot(
            c, _occupancy(c / half, hill) * _sensitive(entry.desensitisation, c),
            color="#d1495b", label="desensitised, steady state",
        )  # fmt: skip
    reference = float(modulator.numbers.value("reference_concentration") / umolar)
    axes.axvline(reference, color="0.6", lw=0.8)
    axes.annotate("level 1", (reference, 1.02), xycoords=("data", "axes fraction"), fontsize=8,
                  ha="center", color="0.4")  # fmt: skip
    axes.set(xscale="log", xlabel=f"{modulator.title or modulator.name} (uM)", ylabel="occupancy",
             ylim=(0, 1))  # fmt: skip
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure


def _occupancy(ratio: Any, hill: float) -> Any:
    return ratio**hill / (1 + ratio**hill)


def _sensitive(numbers: Any, c: Any) -> Any:
    half = float(numbers.value("IC50") / umolar)
    return 1 / (1 + (c / half) ** float(numbers.value("hill")))


if __name__ == "__main__":
    write_figures()
