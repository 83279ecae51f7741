"""Verdicts on shifts that were made up: what agrees does, and a planted disagreement is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dualframe.analysis.branch_agreement import (
    AGREES,
    COLUMNS,
    NONE,
    ONE,
    SIGN,
    SIZE,
    UNKNOWN,
    Tolerance,
    agreement_table,
    count_agreement,
    shift_verdict,
)
from dualframe.analysis.significance import fewest_pairs, holm_adjusted
from dualframe.analysis.statistics import mean_interval, ratio_interval
from dualframe.experiments.branch_comparison import BranchComparison
from dualframe.experiments.branch_differences import NetworkFacts

NOISE = np.array([-1.0, 1.0, -0.5, 0.5])  # mean 0, standard error 0.456


def shifts(mean: float, noise: float = 0.2) -> np.ndarray:
    return mean + noise * NOISE


@pytest.mark.parametrize(
    ("reference", "model", "word"),
    [
        (shifts(5), shifts(7.4), AGREES),
        (shifts(-5), shifts(-3.4), AGREES),
        (shifts(1.1), shifts(0.9), AGREES),  # one above 1 Hz is enough to count
        (shifts(5), shifts(7.6), SIZE),
        (shifts(5), shifts(3.3), SIZE),
        (shifts(5), shifts(-7), SIGN),
        (shifts(-0.5), shifts(1.2), SIGN),
        (shifts(5), shifts(-0.1), ONE),
        (shifts(0.1), shifts(-5), ONE),
        (shifts(0.9), shifts(-0.9), NONE),
        (shifts(1.5, noise=4), shifts(-1.5, noise=4), NONE),  # within two standard errors
        (shifts(0), shifts(0, noise=0), NONE),
        (np.array([5.0]), np.array([-5.0]), UNKNOWN),
    ],
)
def test_a_verdict_follows_from_signs_sizes_and_errors(reference, model, word) -> None:
    assert shift_verdict(reference, model) == word


def test_a_tolerance_moves_the_verdict() -> None:
    assert shift_verdict(shifts(5), shifts(9), Tolerance(factor=2)) == AGREES
    assert shift_verdict(shifts(5), shifts(-5), Tolerance(least_shift=6)) == NONE


def made_up(shift: dict[str, dict[str, float]], seeds: int = 10) -> pd.DataFrame:
    """States of models whose rates "ACh" shifts by these amounts, with noise of 0.3 Hz."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "model": model,
            "condition": condition,
            "seed": seed,
            "population": population,
            "cell_type": f"ctx_{population}",
            "n": 5,
            "cv_isi": 1.0,
            "correlation": 0.0,
            "rate_Hz": 10 + (by if condition == "ACh" else 0.0) + 0.3 * rng.normal(),
        }
        for model, populations in shift.items()
        for condition in ("control", "ACh")
        for seed in range(seeds)
        for population, by in populations.items()
    )


ALIKE = {"pyr": 2.0, "pv": -4.0, "sst": -3.0, "vip": 9.0, "rare": 0.0}


def test_models_that_agree_are_found_to_agree() -> None:
    table = agreement_table(made_up({"a": ALIKE, "b": ALIKE}), "control")
    assert [*table.columns, "reason"] == list(COLUMNS)
    (count,) = count_agreement(table)
    assert (count.verdict, count.rows, count.counted) == ("agree", 5, 4)
    assert (count.same_sign, count.opposite, count.sized) == (4, 0, 4)
    row = table.set_index("population").loc["vip"]
    assert row["ratio_low"] < 1 < row["ratio_high"]
    assert row["model_low_Hz"] < 9 < row["model_high_Hz"]
    assert row["reference_p"] == pytest.approx(5 * 2 / 2**10)


@pytest.mark.parametrize(("population", "by"), [("pv", 4.0), ("sst", 3.0)])
def test_a_planted_disagreement_in_sign_is_found(population: str, by: float) -> None:
    """One population of four is enough, whatever the sizes of the others."""
    table = agreement_table(made_up({"a": ALIKE, "b": ALIKE | {population: by}}), "control")
    assert table.set_index("population")["verdict"][population] == SIGN
    (count,) = count_agreement(table)
    assert (count.verdict, count.same_sign, count.opposite) == ("do not agree", 3, 1)


def test_sizes_must_agree_in_four_of_five() -> None:
    larger = {name: by * 2 for name, by in ALIKE.items()}
    for doubled, word in ((["pyr"], "agree"), (["pyr", "vip"], "do not agree")):
        five = {f"{k}_{name}": by for k in "xy" for name, by in ALIKE.items()}
        other = five | {f"x_{name}": larger[name] for name in doubled}
        (count,) = count_agreement(agreement_table(made_up({"a": five, "b": other}), "control"))
        assert (count.verdict, count.counted - count.sized) == (word, len(doubled))


def test_nothing_to_compare_is_no_agreement() -> None:
    still = dict.fromkeys(ALIKE, 0.0)
    (count,) = count_agreement(agreement_table(made_up({"a": still, "b": still}), "control"))
    assert count.verdict == "cannot be compared"
    assert "no shift" in str(count)


# --- reasons ------------------------------------------------------------------------------------


SOURCES = {"pv": ("pyr", "sst", "pv"), "sst": ("pyr", "vip", "sst")}
SIGNS = {"pyr": 1, "pv": -1, "sst": -1, "vip": -1}


def network(*, effects: str, branch: str, cell: str, **more: object) -> NetworkFacts:
    action = {
        "action": "ACh",
        "receptor": "M1",
        "cell_type": "ctx_pv",
        "population": "pv",
        "effects": effects,
        "acted": True,
        "in_inputs": False,
    }
    meta = {"actions": [action], "branch": branch, "cells": {"ctx_pv": cell}, **more}
    return NetworkFacts(meta=meta, sources=SOURCES, signs=SIGNS, dendritic_spikes={})


def test_reasons_are_what_differs_between_the_networks() -> None:
    report = BranchComparison(
        circuit="x",
        states=made_up({"a": ALIKE, "b": ALIKE | {"pv": 4.0, "sst": 3.0}}),
        networks={
            "a": {
                "ACh": network(
                    effects="conductance",
                    branch="biological",
                    cell="soma",
                    assumptions=["M1 on ctx_pv: not in this model, which does not adapt (x)"],
                )
            },
            "b": {
                "ACh": network(
                    effects="conductance, adaptation",
                    branch="task_driven",
                    cell="GLIF3, specimen 1",
                    synapses="current",
                    assumptions=[],
                )
            },
        },
    )
    reasons = report.agreement.set_index("population")["reason"]
    assert reasons["vip"] == ""
    assert reasons["pv"].split("; ") == [
        "adaptation of M1 on ctx_pv acts in b only (a has a cell which does not adapt)",
        "b has another cell: GLIF3, specimen 1, not fitted to the compartments",
        "synapses of b are currents, those of the other conductances",
        "it has input from sst (sign differs)",
    ]
    assert "pull both ways" not in reasons["pv"]  # more excitation, less inhibition
    assert "its inputs pull both ways (up: pyr, down: vip)" in reasons["sst"]
    assert "no receptor acts on its cells" in reasons["sst"]
    assert "adaptation of M1" in report.describe()


def test_a_control_outside_its_range_is_said() -> None:
    facts = network(effects="", branch="biological", cell="", rate_ranges_Hz={"pv": [9, 11]})
    other = network(effects="", branch="biological", cell="", rate_ranges_Hz={"pv": [1, 5]})
    report = BranchComparison(
        circuit="x",
        states=made_up({"a": ALIKE, "b": ALIKE}),
        networks={"a": {"control": facts}, "b": {"control": other}},
    )
    (line,) = report.out_of_range
    assert line.startswith("b, pv: ")
    assert line.endswith("in the control, outside 1 to 5 Hz")
    assert line in report.describe()


# --- statistics ---------------------------------------------------------------------------------


def test_the_interval_of_a_mean_is_students() -> None:
    # t(0.975, 3) = 3.1824, standard error sqrt(5/3)/2
    low, high = mean_interval([1, 2, 3, 4])
    assert (low, high) == pytest.approx((2.5 - 2.0542, 2.5 + 2.0542), abs=1e-3)
    assert np.isnan(mean_interval([1.0])).all()


def test_fiellers_interval_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(3)
    n, repeats, covered = 8, 2000, 0
    for _ in range(repeats):
        common = rng.normal(size=n)
        below, above = 3 + common + rng.normal(size=n), 6 + common + rng.normal(size=n)
        low, high = ratio_interval(above, below)
        covered += not low > 2 and not high < 2  # NaN: every ratio is possible
    assert covered / repeats == pytest.approx(0.95, abs=0.02)  # four standard errors
    assert np.isnan(ratio_interval([1, 2, 1], [1, -1, 0.1])).all()


def test_holm_adjusts_step_by_step() -> None:
    found = holm_adjusted([0.01, 0.04, np.nan, 0.03, 0.005])
    assert found == pytest.approx([0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True)


@pytest.mark.parametrize(("tests", "seeds"), [(1, 6), (16, 10), (25, 10), (26, 11)])
def test_as_many_seeds_as_a_significant_shift_needs(tests: int, seeds: int) -> None:
    assert fewest_pairs(tests) == seeds
    assert tests * 2 / 2**seeds <= 0.05 < tests * 2 / 2 ** (seeds - 1)
