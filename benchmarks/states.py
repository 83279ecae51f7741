"""Is every population of every circuit and model in its range, with seeds that no calibration saw?

    python benchmarks/states.py                             # writes results/states.*
    python benchmarks/states.py --circuits l23 --models glif  # a part; what was run before stays

A circuit is built with its stored calibration at three scales: those at which it was calibrated,
and the middle of the smallest two (half of an only one). Runs are kept in ``runs/states.csv``, one
row for each circuit, model, scale, seed and population: a run that stands there is not repeated
unless the calibration has changed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from brian2 import ms, second
from measure import RESULTS, save

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration
from dualframe.building.twin_choice import choose_twin
from dualframe.core.serialisation import digest_of
from dualframe.experiments.calibration.model_cells import chosen_neurons
from dualframe.experiments.calibration.rate_runs import RateMeter, rate_ranges

CIRCUITS = ("l23", "l23_human", "striatum", "ca1")
MODELS = ("biological", "glif", "izhikevich")
SEEDS = tuple(range(101, 111))
REQUIRED = 9  # of ten seeds
RUN = ("circuit", "model", "calibration", "scale", "seed")
FIELDS = (*RUN, "population", "rate_Hz", "low_Hz", "high_Hz")


def three_scales(circuit: df.Circuit) -> tuple[float, ...]:
    """Return the scales at which a circuit is looked at, the smallest first."""
    scales = sorted(circuit.calibrated_scales)
    if len(scales) == 1:
        return (scales[0] / 2, scales[0])
    return (scales[0], round((scales[0] + scales[1]) / 2, 6), *scales[1:])


def stored_calibration(circuit: df.Circuit, model: str) -> Calibration:
    """Return the calibration that a model is built with by default."""
    key = model if model == "biological" else choose_twin(circuit, model).key
    return load_calibration(circuit, key)


def refuse_seen(calibration: Calibration, seeds: Sequence[int]) -> None:
    """Refuse seeds that the calibration was made with."""
    seen = {row["seed"] for row in calibration.provenance.get("rates", ())} & set(seeds)
    if seen:
        raise SystemExit(f"seed {min(seen)} was used for the calibration: choose other seeds.")


def rows_of(
    name: str, model: str, seeds: Sequence[int], duration: float | None, done: set[tuple[Any, ...]]
) -> Iterator[dict[str, Any]]:
    """Run what is not done; yield a row for each population of a run."""
    circuit = df.circuit(name)
    calibration = stored_calibration(circuit, model)
    refuse_seen(calibration, seeds)
    made = digest_of({"weights": calibration.weights, "rates": calibration.rates})[:12]
    meter = RateMeter(
        circuit=circuit,
        neurons=chosen_neurons(circuit, model),
        dt=0.1 * ms,
        duration=None if duration is None else duration * second,
    )
    for scale in three_scales(circuit):
        for seed in seeds:
            if (name, model, made, scale, seed) in done:
                continue
            rates = meter.measure(calibration, scale, seed).rates
            print(
                name,
                model,
                f"{scale:g}",
                seed,
                {k: round(v, 3) for k, v in rates.items()},
                flush=True,
            )
            for population, (low, high) in rate_ranges(circuit).items():
                values = (name, model, made, scale, seed, population, rates[population], low, high)
                yield dict(zip(FIELDS, values, strict=True))


def read_runs(path: Path) -> list[dict[str, Any]]:
    """Return the rows of earlier runs."""
    return pd.read_csv(path).to_dict("records") if path.exists() else []


def write_runs(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write all rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each circuit, model, scale and population, with how many seeds it is in range."""
    table = pd.DataFrame(rows)
    keys = ["circuit", "model", "scale", "population"]
    lines = []
    for values, group in table.groupby(keys, sort=False):
        inside = group.rate_Hz.between(group.low_Hz, group.high_Hz)
        enough = inside.sum() * 10 >= REQUIRED * len(group)
        lines.append(
            dict(zip(keys, values, strict=True))
            | {
                "range Hz": f"{group.low_Hz.iloc[0]:g} to {group.high_Hz.iloc[0]:g}",
                "mean Hz": f"{group.rate_Hz.mean():.3g}",
                "lowest": f"{group.rate_Hz.min():.3g}",
                "highest": f"{group.rate_Hz.max():.3g}",
                "seeds in range": f"{inside.sum()} of {len(group)}",
                "passes": "yes" if enough else "no",
            }
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, and save the runs and their summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--circuits", nargs="+", default=CIRCUITS, choices=CIRCUITS)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--duration", type=float, help="simulated time in s (default: sufficient)")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    path = options.out / "runs" / "states.csv"
    rows = read_runs(path)
    for name in options.circuits:
        for model in options.models:
            done = {tuple(row[key] for key in RUN) for row in rows}
            for row in rows_of(name, model, options.seeds, options.duration, done):
                rows.append(row)
                write_runs(path, rows)
            rows = _of_todays_calibration(rows, name, model)
    write_runs(path, rows)
    note = (
        f"Stored calibrations, seeds that they were not made with. A population passes where it is "
        f"in its range with {REQUIRED} of 10 seeds. The runs stay where they were made, in "
        f"`runs/{path.name}`."
    )
    save("states", "Populations in their ranges", summary(rows), [note], options.out)


def _of_todays_calibration(
    rows: list[dict[str, Any]], name: str, model: str
) -> list[dict[str, Any]]:
    """Return the rows without those of an earlier calibration of a circuit and model."""
    mine = [row for row in rows if (row["circuit"], row["model"]) == (name, model)]
    latest = mine[-1]["calibration"] if mine else None
    return [row for row in rows if row not in mine or row["calibration"] == latest]


if __name__ == "__main__":
    main()
