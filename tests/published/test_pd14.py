"""The column of Potjans and Diesmann against NEST, which was given the same description.

At full size the source reports rates; smaller columns with every in-degree share more input, are
more synchronous and fire more (`benchmarks/results/pd14.md` has 0.05 to 0.2 of the size). Here a
very small one is compared with runs of NEST of the same size, saved in
`benchmarks/results/pd14_small.csv`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from brian2 import second

import dualframe as df

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
SCALE, DURATION = 0.02, 2.0


def saved(simulator: str, table: str = "pd14_small", scale: float = SCALE) -> dict[str, np.ndarray]:
    """Rates (Hz) by population, one for each seed."""
    with (RESULTS / f"{table}.csv").open(encoding="utf-8") as stream:
        rows = [
            row
            for row in csv.DictReader(stream)
            if row["simulator"] == simulator and float(row["scale"]) == scale
        ]
    names = [population.name for population in df.circuit("pd14").populations]
    return {name: np.array([float(row[name]) for row in rows]) for name in names}


def test_saved_runs_agree_with_nest() -> None:
    """Means of eight realisations of either, to four standard errors of their difference.

    Of eight populations, one exceeds four standard errors (14 degrees of freedom) by chance in 1 %
    of such comparisons.
    """
    here, there = saved("dualframe"), saved("nest")
    for name in here:
        a, b = here[name], there[name]
        error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        assert abs(a.mean() - b.mean()) < 4 * error, (name, a.mean(), b.mean(), error)


@pytest.mark.parametrize("simulator", ["dualframe", "nest"])
def test_rates_of_smaller_columns_extrapolate_to_the_published_ones(simulator: str) -> None:
    """Correlations of the input, and what they do to rates, go with 1/N (van Albada et al. 2015).

    A line in 1/scale through a tenth and a fifth of the size is taken to full size. Tolerance: four
    standard errors of that value over three realisations of either (four degrees of freedom).
    """
    tenth, fifth = (saved(simulator, "pd14", scale) for scale in (0.1, 0.2))
    for population in df.circuit("pd14").populations:
        a, b = tenth[population.name], fifth[population.name]
        slope, share = (a.mean() - b.mean()) / (10 - 5), (5 - 1) / (10 - 5)
        full = b.mean() - 4 * slope
        variance = (share**2 * a.var(ddof=1) + (1 + share) ** 2 * b.var(ddof=1)) / len(a)
        assert abs(full - float(population.rate)) < 4 * np.sqrt(variance), (population.name, full)


@pytest.mark.slow
@pytest.mark.cpp
def test_a_small_column_fires_like_in_nest() -> None:
    """One realisation within the scatter of NEST's eight, widened as for a ninth of them.

    4.5 standard deviations: with seven degrees of freedom and eight populations a realisation of
    the same model fails in 2 % of cases.
    """
    net = df.task_driven.build(df.circuit("pd14").scaled(SCALE))
    done = df.run(net, DURATION * second, target="cpp_standalone", seed=1, progress=False)
    table = done.rates(start=0.5)
    found = dict(zip(table.population, table.mean_rate_Hz, strict=True))
    for name, rates in saved("nest").items():
        spread = rates.std(ddof=1) * np.sqrt(1 + 1 / len(rates))
        assert abs(found[name] - rates.mean()) < 4.5 * spread, (name, found[name], rates)
