"""Pairwise correlation and signal to noise of layer 2/3 under acetylcholine, in both branches.

    python benchmarks/acetylcholine.py                 # writes results/acetylcholine.*
    python benchmarks/acetylcholine.py --seeds 2 --trials 4

The control, acetylcholine, and acetylcholine with an antagonist at M4, so that pyramidal cells
excite each other as in the control. Part of the background events come from sources that neurons
share, and a stimulus reaches 30 % of the pyramidal cells for the last 200 ms of each second: see
``circuits/figures/plot_l23_modulators.py``. Every seed draws connections and input anew, the same
ones for the three conditions, which are compared seed by seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from brian2 import second
from measure import RESULTS, save
from scipy import stats

import dualframe as df

sys.path.append(str(Path(__file__).resolve().parents[1] / "circuits" / "figures"))
from plot_l23_modulators import (
    DRIVEN,
    LENGTH,
    MODELS,
    PERIOD,
    SHARED,
    discriminability,
    driven,
    with_shared_input,
    with_stimulus,
)

LEVEL = 0.8
POPULATIONS = ("pyr", "pv", "sst", "vip")
MEASURES = ("correlation", "evoked correlation", "d'")
#: What each condition is compared with.
REFERENCES = {"control": (), "ACh": ("control",), "ACh, M4 blocked": ("control", "ACh")}
#: Bins of 200 ms of each second: the first follows the stimulus, which is the last.
BINS = round(PERIOD / LENGTH)
QUIET = slice(1, BINS - 1)


def conditions(circuit: df.Circuit) -> dict[str, df.Circuit]:
    """Return the control and what acetylcholine does, with and without M4: one program."""
    control, awake = (circuit.with_modulation("ACh", level=level) for level in (0.0, LEVEL))
    blocked = awake.with_effect("M4", "ctx_l23_pyr", "release", scale=1.0)
    return {"control": control, "ACh": awake, "ACh, M4 blocked": blocked}


def counts(results: df.Results, n: int, trials: int) -> np.ndarray[Any, Any]:
    """Return spike counts of pyramidal cells by neuron, second and bin of 200 ms; not the first s.

    The first bin of the first second that counts begins at 1 s.
    """
    neuron, t = results.spike_trains("pyr")
    late = t >= PERIOD
    bins = np.minimum(((t[late] - PERIOD) / LENGTH).astype(int), (trials - 1) * BINS - 1)
    table = np.zeros((n, (trials - 1) * BINS))
    np.add.at(table, (neuron[late], bins), 1)
    return table.reshape(n, trials - 1, BINS)


def mean_correlation(table: np.ndarray[Any, Any]) -> float:
    """Return the mean Pearson correlation of all pairs of rows that vary."""
    active = table[table.std(axis=1) > 0]
    if len(active) < 2:
        return np.nan
    r = np.corrcoef(active)
    return float(r[np.triu_indices(len(r), 1)].mean())


def networks(circuit: df.Circuit) -> dict[tuple[str, str], df.Network]:
    """Return the network of each model and condition."""
    return {
        (model, label): with_shared_input(build(variant))
        for model, build in MODELS.items()
        for label, variant in conditions(circuit).items()
    }


def states(
    built: dict[tuple[str, str], df.Network], seeds: Sequence[int], trials: int
) -> Iterator[dict[str, Any]]:
    """Yield the measures of every seed, model and condition."""
    for seed, ((model, label), network) in product(seeds, built.items()):
        stimulated = with_stimulus(network, trials, seed)
        length = trials * PERIOD * second
        results = df.run(stimulated, length, seed=seed, progress=False, target="cpp_standalone")
        rates = results.rates(start=PERIOD * second).set_index("population")["mean_rate_Hz"]
        yield {
            "model": model,
            "condition": label,
            "seed": seed,
            **{f"{name} Hz": rates[name] for name in POPULATIONS},
            **measures(results, network, trials),
        }


def measures(results: df.Results, network: df.Network, trials: int) -> dict[str, float]:
    """Return the correlations and d' of a run."""
    n, reached = network.population("pyr").n, driven(network)
    binned = counts(results, n, trials)
    return {
        "correlation": mean_correlation(binned[:, :, QUIET].reshape(n, -1)),
        "evoked correlation": mean_correlation(binned[:reached, :, -1]),
        "d'": discriminability(results, reached, trials)[0],
    }


def rows(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield the medians of each model and condition, with differences from the control."""
    for model, found in table.groupby("model", sort=False):
        groups = found.groupby("condition", sort=False)
        states = {label: group.set_index("seed") for label, group in groups}
        for label, state in states.items():
            row = {"model": str(model), "condition": str(label)}
            row |= {f"{name} Hz": f"{state[f'{name} Hz'].mean():.2f}" for name in POPULATIONS}
            for measure in MEASURES:
                row[measure] = f"{state[measure].median():.4g}"
                for other in REFERENCES[label]:
                    row[f"{measure}, against {other}"] = against(
                        state[measure], states[other][measure]
                    )
            yield row


def against(ours: pd.Series[float], reference: pd.Series[float]) -> str:
    """Return the median difference, the seeds with its sign and the p of Wilcoxon's test."""
    difference = (ours - reference).dropna()
    middle = difference.median()
    same = int((np.sign(difference) == np.sign(middle)).sum())
    p = stats.wilcoxon(difference).pvalue if difference.any() else 1.0
    return f"{middle:+.4f} ({same} of {len(difference)}, p = {p:.2g})"


def notes(scale: float, seeds: int, trials: int) -> list[str]:
    """Return what the columns are."""
    return [
        f"`l23` at {scale:g}, acetylcholine at {LEVEL:g}, {seeds} seed{'s' * (seeds != 1)}, "
        f"{trials} s each, of which the first is left out. {SHARED:.0%} of the background events "
        "are shared (assumed). "
        "Rates are means over seeds, with the stimulus; the other columns are medians. In "
        "brackets the seeds whose difference has the sign of the median, and p of Wilcoxon's "
        "signed rank test, not corrected for the number of tests.",
        "`correlation`: mean over all pairs of pyramidal cells of the correlation of spike counts "
        "in bins of 200 ms, without the stimulus and the 200 ms after it. `evoked correlation`: "
        f"of the counts during the stimulus, by trial, in the {DRIVEN:.0%} of pyramidal cells that "
        "it reaches. `d'`: of their counts during the stimulus and in the 200 ms before it, mean "
        "over cells.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.02)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=5, help="seconds, with a stimulus in each")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    circuit = df.circuit("l23").scaled(options.scale)
    table = pd.DataFrame(states(networks(circuit), range(options.seeds), options.trials))
    text = notes(options.scale, options.seeds, options.trials)
    save("acetylcholine", "Layer 2/3 under acetylcholine", [*rows(table)], text, options.out)


if __name__ == "__main__":
    main()
