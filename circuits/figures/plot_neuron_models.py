"""
What a neuron model costs, and what it shows
============================================

The framework's paper compares neuron models by complexity and bio-inspiration (Rodriguez-Garcia,
Mei and Ramaswamy 2024, figure 1), by judgement. Here both axes are measured: CPU time for a
simulated second, and how many of the twenty features of Izhikevich (2004) a model shows; beside it
the f-I curves of all models.
"""

# %%
# The models
# ----------
# Every model that has a published set, takes a current and has no noise; not those of which a step
# of the recurrence is a step of the simulation. GLIF has the sets of two cells of the catalogue.
# What one of its sets shows, a model shows. It may show more with other numbers or other currents:
# a count is what was found, not what is possible. And a criterion may be met for other reasons: the
# after-potential of a leaky integrate-and-fire neuron is what remains of the pulse. Models without
# dimensions keep the unit of time of their sets. Sets that spike without a current have no rheobase
# and are left out: that of mixed feedback, the normal form of QIF and one of Izhikevich's seven.

from __future__ import annotations

import argparse
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from brian2 import ms, second
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import dualframe as df
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.experiments.neuron_features import CRITERIA, PANELS
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import NEURON_MODELS

TABLES = Path(__file__).resolve().parents[2] / "docs" / "figures"
LEFT_OUT = ("srm", "srm0", "escape_rate", "plif", "iterative_lif", "izhikevich_2003_euler")
GLIF_CELLS = ("ctx_l23_pyr", "ctx_pv")
DT = 0.1 * ms
PIECES = max(len(panel.pieces) for panel in PANELS)
SWEEP = 16  # copies for each panel
COPIES = SWEEP * len(PANELS)
LOWEST, HIGHEST = 0.1, 1e5  # pA, of the currents among which a rheobase is looked for


class Candidate(NamedTuple):
    """A neuron of one published set."""

    model: str
    label: str
    neuron: PointNeuron

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def name(self) -> str:
        """Of its population."""
        return "".join(x if x.isalnum() else "_" for x in f"{self.model}_{self.label}")


def candidates(models=None) -> Iterator[Candidate]:
    """Yield a neuron of every published set of the models, by default of all that qualify."""
    for model in models or [name for name in NEURON_MODELS if name not in LEFT_OUT]:
        for cell in GLIF_CELLS if model.startswith("GLIF") else ():
            yield Candidate(model, cell, df.cell(cell).choose_point_neuron(model).make_neuron())
        for published in neuron_entry(model).sets:
            neuron = df.neuron(model, published.label)
            if neuron.current is not None and neuron.threshold is not None:
                yield Candidate(model, published.label, neuron)


# %%
# Stimulated copies
# -----------------
# The current of a copy is a bias and pieces, as in the panels of 2004, in pA. All sets stand in one
# network, each with as many copies, so that one program is compiled for all that is asked of them.


def stimulated(candidate, rows) -> df.Population:
    """Return a copy for each row: bias, then amplitude, slope, start and end of each piece."""
    rows = np.asarray(rows, dtype=float)
    parameters, terms = {"bias": rows[:, 0]}, ["bias"]
    for k in range(PIECES):
        names = (f"size{k}", f"ramp{k}", f"on{k}", f"off{k}")
        parameters |= dict(zip(names, rows[:, 1 + 4 * k : 5 + 4 * k].T, strict=True))
        inside = f"int(t/ms > on{k} + 0.01)*int(t/ms < off{k} - 0.01)"
        terms.append(f"{inside}*(size{k} + ramp{k}*(t/ms - on{k}))")
    neuron = candidate.neuron
    given = f"I_panel = ({' + '.join(terms)})*pA : amp"
    return df.Population(
        candidate.name,
        len(rows),
        f"{neuron.equations}\n{neuron.input_equation(('I_panel',))}\n{given}",
        threshold=neuron.threshold,
        reset=neuron.reset,
        refractory=neuron.refractory,
        parameters={**neuron.parameters, **parameters},
        initial=neuron.initial,
        voltage=neuron.voltage,
        time_step=neuron.time_step,
    )


def steady(currents):
    """Return rows of steady currents."""
    rows = np.zeros((len(currents), 1 + 4 * PIECES))
    rows[:, 0] = currents
    return rows


def run_copies(rows, length, target) -> df.Results:
    """Run copies of candidates, ``rows`` by candidate, and record what they do."""
    populations = tuple(stimulated(candidate, given) for candidate, given in rows.items())
    record = {p.name: df.Recording((p.voltage,), every=0.5 * ms) for p in populations}
    network = df.Network(populations=populations, name="neuron_models")
    return df.run(network, length, dt=DT, target=target, seed=1, record=record, progress=False)


def spike_times(done, candidate, copies) -> list:
    """Return the spike times of every copy, in ms."""
    neurons, times = done.spike_trains(candidate.name)
    order = np.argsort(neurons, kind="stable")
    cuts = np.searchsorted(neurons[order], np.arange(1, copies))
    return np.split(1e3 * times[order], cuts)


def find_rheobases(chosen, target, length=400 * ms) -> dict:
    """Return by candidate the smallest of 320 currents, 4 % apart, that makes a spike."""
    currents = np.geomspace(LOWEST, HIGHEST, COPIES)
    done = run_copies({c: steady(currents) for c in chosen}, length, target)
    found = {}
    for candidate in chosen:
        fires = [len(times) > 0 for times in spike_times(done, candidate, COPIES)]
        found[candidate] = float(currents[int(np.argmax(fires))]) if any(fires) else np.nan
    return found


# %%
# The features
# ------------
# Panel by panel, the current's course is that of 2004; its size is swept: 16 amplitudes from 0.3 to
# 30 times the rheobase, or where the panel has a steady current, four of them (0.5 to 1.1 times the
# rheobase) with four amplitudes. A feature counts if one copy meets its criterion.


def panel_rows(panel, rheobase):
    """Return the currents of a panel's copies."""
    largest = max(abs(a + r * (min(off, panel.length) - on)) for a, r, on, off in panel.pieces)
    if panel.constant > 0:
        sweep = [(bias, size) for bias in (0.5, 0.9, 0.99, 1.1) for size in (0.3, 1, 3, 10)]
    else:
        sweep = [(0.0, size) for size in np.geomspace(0.3, 30, SWEEP)]
    rows = np.zeros((SWEEP, 1 + 4 * PIECES))
    for row, (bias, size) in zip(rows, sweep, strict=True):
        row[0] = bias * rheobase
        for k, (amplitude, ramp, on, off) in enumerate(panel.pieces):
            scale = size * rheobase / largest
            row[1 + 4 * k : 5 + 4 * k] = (amplitude * scale, ramp * scale, on, off)
    return rows


def find_features(chosen, rheobases, target, length=400 * ms) -> dict:
    """Return the names of the features that each candidate shows."""
    rows = {c: np.vstack([panel_rows(p, rheobases[c]) for p in PANELS]) for c in chosen}
    done = run_copies(rows, length, target)
    found = {}
    for candidate in chosen:
        trains = spike_times(done, candidate, COPIES)
        trace = done.traces[candidate.name]
        t, volts = 1e3 * trace.t, 1e3 * trace.values[candidate.neuron.voltage]
        found[candidate] = [
            panel.name
            for k, panel in enumerate(PANELS)
            if any(
                CRITERIA[panel.name](
                    trains[copy][trains[copy] <= panel.length],
                    volts[copy][t <= panel.length],
                    t[t <= panel.length],
                )
                for copy in range(k * SWEEP, (k + 1) * SWEEP)
            )
        ]
    return found


# %%
# Rates and cost
# --------------
# The rate is that of the second half of the time, by current from zero to four rheobases. The cost
# is the CPU time of a compiled program for a second of 1000 neurons at twice the rheobase, in steps
# of 0.1 ms: that of a long run less that of a short one, of the same program.


def find_rates(chosen, rheobases, target, length=400 * ms) -> pd.DataFrame:
    """Return the rate by current, in multiples of the rheobase."""
    multiples = np.linspace(0, 4, COPIES)
    done = run_copies({c: steady(multiples * rheobases[c]) for c in chosen}, length, target)
    half = 1e3 * float(length / second) / 2
    tables = []
    for candidate in chosen:
        trains = spike_times(done, candidate, COPIES)
        rates = [1e3 * np.sum(times > half) / half for times in trains]
        columns = {
            "name": candidate.name,
            "model": candidate.model,
            "label": candidate.label,
        }
        table = pd.DataFrame({**columns, "rheobases": multiples, "rate_Hz": rates})
        tables.append(table[::8])
    return pd.concat(tables)


def measure_cost(candidate, rheobase, target, n=1000, shorter=0.1, longer=2.1) -> float:
    """Return CPU seconds for a simulated second of n neurons."""
    population = stimulated(candidate, steady(np.full(n, 2 * rheobase)))
    network = df.Network(populations=(population,), name="cost")

    def cpu_time(length):
        who = resource.RUSAGE_SELF if target == "runtime" else resource.RUSAGE_CHILDREN
        before = resource.getrusage(who)
        df.run(network, length * second, dt=DT, target=target, seed=1, progress=False)
        after = resource.getrusage(who)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cpu_time(shorter)  # compiles
    return (cpu_time(longer) - cpu_time(shorter)) / (longer - shorter)


def measure_models(target="cpp_standalone", models=None, cost=True):
    """Measure all models; return a row for each, and the rates of their sets."""
    chosen = list(candidates(models))
    rheobases = find_rheobases(chosen, target)
    chosen = [c for c in chosen if rheobases[c] >= LOWEST]
    features = find_features(chosen, rheobases, target)
    rates = find_rates(chosen, rheobases, target)
    chosen = [c for c in chosen if rheobases[c] > LOWEST]  # silent without a current
    rates = rates[
        [pair in {c[:2] for c in chosen} for pair in zip(rates.model, rates.label, strict=True)]
    ]
    rows = []
    for model in dict.fromkeys(c.model for c in chosen):
        sets = [c for c in chosen if c.model == model]
        shown = [p.name for p in PANELS if any(p.name in features[c] for c in sets)]
        spent = measure_cost(sets[0], rheobases[sets[0]], target) if cost else np.nan
        print(f"{model:24} {len(shown):3} features of {len(sets)} sets, {spent:.3f} s", flush=True)
        rows.append(
            {
                "model": model,
                "sets": len(sets),
                "features": len(shown),
                "cpu_s": spent,
                "shown": "; ".join(shown),
            }
        )
    return pd.DataFrame(rows), rates


# %%
# The figures
# -----------
# They are drawn from the tables that ship; ``--measure`` measures anew. The open circle is twenty,
# which Izhikevich's model has in numbers and steps of each panel (``plot_neuron_features.py``).


def draw_cost(table) -> Figure:
    """Return features by cost."""
    figure, axis = plt.subplots(figsize=(8, 5))
    figure.subplots_adjust(0.07, 0.11, 0.98, 0.97)
    axis.scatter(table.cpu_s, table.features, s=18)
    own = table[table.model == "izhikevich2003"]
    axis.scatter(own.cpu_s, [20] * len(own), s=40, facecolors="none", edgecolors="C1")
    axis.set(
        xscale="log",
        xlim=(0.7 * table.cpu_s.min(), 2.5 * table.cpu_s.max()),
        ylim=(-0.5, 21),
        yticks=range(0, 21, 2),
        xlabel="CPU time of a second of 1000 neurons (s)",
        ylabel="features of 20",
    )
    places = axis.transData.transform(table[["cpu_s", "features"]])
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places]
    for row in table.sort_values("cpu_s").itertuples():
        place_label(axis, row.model, (row.cpu_s, row.features), taken)
    return figure


def place_label(axis, text, point, taken) -> None:
    """Write a label beside a point, where it covers no other one."""
    for height in sorted(range(-54, 55, 9), key=abs):
        label = axis.annotate(
            text,
            point,
            xytext=(7, height - 2),
            textcoords="offset points",
            fontsize=7,
            arrowprops={"arrowstyle": "-", "lw": 0.4, "color": "0.6"} if height else None,
        )
        label.update_positions(axis.figure.canvas.get_renderer())
        box = Text.get_window_extent(label)  # without the arrow
        if not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
        label.remove()
    axis.annotate(text, point, fontsize=7)


def draw_rates(rates) -> Figure:
    """Return the f-I curves, one panel for each model."""
    models = list(dict.fromkeys(rates.model))
    rows = -(-len(models) // 5)
    figure, axes = plt.subplots(rows, 5, figsize=(9, 1.6 * rows), sharex=True, layout="constrained")
    for axis, model in zip(axes.flat, models, strict=False):
        for _, curve in rates[rates.model == model].groupby("label", sort=False):
            axis.plot(curve.rheobases, curve.rate_Hz, lw=1)
        axis.set_title(model, fontsize=7)
        axis.tick_params(labelsize=6)
        axis.set_ylim(bottom=0)
    for axis in axes.flat[len(models) :]:
        axis.set_axis_off()
    figure.supxlabel("current (rheobases)", fontsize=8)
    figure.supylabel("rate (Hz)", fontsize=8)
    return figure


def main(duration=1 * second, target="cpp_standalone", scale=1.0, out=None, measure=False):
    """Draw both figures from the tables; ``measure`` makes these first. The rest is not used."""
    files = [TABLES / name for name in ("neuron_models.csv", "neuron_model_rates.csv")]
    if measure:
        for table, path in zip(measure_models(target), files, strict=True):
            table.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")
    table, rates = map(pd.read_csv, files)
    print(table[["model", "sets", "features", "cpu_s"]].to_string(index=False))
    figures: dict[str, Figure] = {"cost_and_features": draw_cost(table), "rates": draw_rates(rates)}
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Cost, features and rates of neuron models.")
    arguments.add_argument("--target", default="cpp_standalone")
    arguments.add_argument("--out", default=None, help="folder for the figures")
    arguments.add_argument("--measure", action="store_true", help="measure anew, for minutes")
    given = arguments.parse_args()
    figures = main(target=given.target, out=given.out, measure=given.measure)
