"""States of populations and their shifts: against trains whose statistics are known."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, mV, second

import dualframe as df
from dualframe.analysis.branch_agreement import verdict_words
from dualframe.analysis.network_state import population_states, rank_correlation, state_shifts
from dualframe.core.errors import DualframeError
from dualframe.experiments.branch_comparison import FILES, BranchComparison
from dualframe.results.results import Results


def results(trains: dict[str, list[np.ndarray]], duration: float = 10.0) -> Results:
    """Results with given trains (one array of times for each neuron)."""
    populations = pd.DataFrame(
        [(name, name, len(own), 1) for name, own in trains.items()],
        columns=["population", "cell_type", "n", "sign"],
    )
    rows = [(p, p, i, t) for p, own in trains.items() for i, times in enumerate(own) for t in times]
    spikes = pd.DataFrame(rows, columns=["population", "cell_type", "neuron", "t"])
    return Results(populations=populations, spikes=spikes, duration=duration)


def test_clockwork_fires_at_its_rate_without_variation_and_fully_correlated() -> None:
    clock = np.arange(0.05, 10, 0.5)
    busy = np.concatenate([np.arange(0.01, 5, 0.1), np.arange(5.04, 10, 0.5)])
    found = population_states(results({"a": [clock] * 6, "b": [busy] * 6})).set_index("population")
    assert found.loc["a", "rate_Hz"] == pytest.approx(2.0)
    assert found.loc["a", "cv_isi"] == pytest.approx(0.0, abs=1e-9)
    assert found.loc["b", "correlation"] == pytest.approx(1.0)


def test_independent_poisson_trains_have_cv_one_and_no_correlation() -> None:
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.uniform(0, 100, rng.poisson(2000))) for _ in range(20)]
    found = population_states(results({"a": trains}, 100.0)).iloc[0]
    # s.d. of the CV of 2000 intervals is 1/sqrt(2000), of their mean over 20 trains 0.005
    assert found["cv_isi"] == pytest.approx(1.0, abs=0.02)
    # s.d. of a correlation over 2000 bins is 0.022, of the mean over 190 pairs about 0.002
    assert abs(found["correlation"]) < 0.01


def test_a_correlation_needs_five_active_neurons() -> None:
    clock = np.arange(0.05, 10, 0.5)
    found = population_states(results({"a": [clock] * 4 + [np.array([])] * 9}))
    assert np.isnan(found["correlation"].iloc[0])


def states(shift: dict[str, dict[str, float]], seeds: int = 6) -> pd.DataFrame:
    """States of two models whose rates a condition shifts by known amounts."""
    rows = [
        {
            "model": model,
            "condition": condition,
            "seed": seed,
            "population": population,
            "cell_type": population,
            "n": 5,
            "cv_isi": 1.0,
            "correlation": 0.0,
            "rate_Hz": seed + (by if condition == "ACh" else 0.0),
        }
        for model, populations in shift.items()
        for population, by in populations.items()
        for condition in ("control", "ACh")
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


SHIFTS = {
    "biological": {"pyr": 1.0, "pv": -2.0, "sst": -3.0, "vip": 5.0},
    "glif": {"pyr": 2.0, "pv": -1.0, "sst": 0.5, "vip": 9.0},
}


def test_shifts_are_paired_by_seed() -> None:
    found = state_shifts(states(SHIFTS), "control")
    rates = found[found["measure"] == "rate_Hz"].set_index(["model", "population"])
    for model, populations in SHIFTS.items():
        for population, by in populations.items():
            row = rates.loc[(model, population)]
            assert row["shift"] == pytest.approx(by)
            assert (row["low"], row["high"]) == pytest.approx((by, by))
            assert row["up"] == (by > 0)
            assert row["p"] == pytest.approx(2 / 2**6)  # all six differences of one sign
            assert row["p_holm"] == pytest.approx(4 * 2 / 2**6)  # four populations


def test_rank_correlation_follows_the_order_and_the_signs() -> None:
    found = rank_correlation(state_shifts(states(SHIFTS), "control"), "biological", "glif")
    rate = found[found["measure"] == "rate_Hz"].iloc[0]
    # orders: sst pv pyr vip against pv sst pyr vip: d = (1, 1, 0, 0), rho = 1 - 6*2/(4*15)
    assert rate["rho"] == pytest.approx(0.8)
    flat = found[found["measure"] == "cv_isi"].iloc[0]
    assert np.isnan(flat["rho"])


def comparison(table: pd.DataFrame, **more: object) -> BranchComparison:
    return BranchComparison(circuit="x", states=table, **more)


def test_a_report_needs_a_control_and_two_models(tmp_path) -> None:
    table = states(SHIFTS)
    with pytest.raises(DualframeError, match="no condition 'rest'"):
        state_shifts(table, "rest")
    with pytest.raises(DualframeError, match="two models"):
        _ = comparison(table[table["model"] == "glif"]).agreement
    folder = comparison(table).save(tmp_path / "out")
    assert {p.name for p in folder.iterdir()} == {*FILES, "manifest.json"}


def test_each_model_is_compared_with_the_first(tmp_path) -> None:
    three = SHIFTS | {"izhikevich": SHIFTS["biological"]}
    report = comparison(states(three))
    assert [(c.reference, c.model) for c in report.counts] == [
        ("biological", "glif"),
        ("biological", "izhikevich"),
    ]
    assert set(report.ranks["model"]) == {"glif", "izhikevich"}
    folder = report.save(tmp_path / "out")
    shown = (folder / "agreement.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in shown for name in report.agreement)
    for text in (shown, report.describe()):
        assert "biological and glif do not agree" in text
        assert "biological and izhikevich agree" in text
        assert all(word in text for word in ("shift", "rho", "ratio", *verdict_words()))
    assert max(map(len, report.describe().splitlines())) <= 100


def test_control_is_a_reserved_label() -> None:
    circuit = df.circuit("l23").scaled(0.01)
    with pytest.raises(DualframeError, match="another name"):
        df.compare_branches(circuit, {"control": circuit}, duration=1 * ms)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seeds": []}, "no seed"),
        ({"models": ("glif", "glif")}, "name each once"),
        ({"duration": 100 * ms}, "statistics begin at 0.5 s: give a longer"),
        ({"duration": 2 * mV}, "expected a time"),
    ],
)
def test_what_could_not_be_compared_is_refused_before_a_run(wrong, message) -> None:
    circuit = df.circuit("l23").scaled(0.01)
    with pytest.raises(DualframeError, match=message):
        df.compare_branches(circuit, {}, **wrong)


def test_an_interrupted_comparison_keeps_finished_runs_only(monkeypatch, tmp_path) -> None:
    made = []

    def run(network, duration, **_):
        done = results({"pyr": [np.array([0.6, 0.7])] * 5}, 1.0)
        made.append(done)
        interrupted = {"completed": len(made) < 3}
        return replace(done, provenance={**done.provenance, **interrupted})

    monkeypatch.setattr(importlib.import_module("dualframe.experiments.branch_runs"), "run", run)
    circuit = df.circuit("l23").scaled(0.01)
    found = df.compare_branches(
        circuit, {"ACh": circuit.with_modulation("ACh", 0.8)}, models=("glif",), seeds=range(5)
    )
    assert (found.completed, found.runs, len(made)) == (False, 2, 3)
    saved = {path.name for path in found.save(tmp_path / "out").iterdir()}
    assert saved == {"states.csv", "manifest.json"}


def test_an_interrupted_comparison_goes_on_where_it_was(monkeypatch, tmp_path) -> None:
    """With a file of finished runs, only new networks, seeds and times are run."""
    made: list[tuple[str, int]] = []

    def run(network, duration, *, seed, **_):
        made.append((network.meta["model"], seed))
        spikes = results({"NA": [np.array([0.6, 0.7 + seed / 30])] * 5}, 1.0)
        return replace(spikes, provenance={**spikes.provenance, "completed": len(made) != 3})

    monkeypatch.setattr(importlib.import_module("dualframe.experiments.branch_runs"), "run", run)
    circuit = df.circuit("l23").scaled(0.01)
    awake = {"ACh": circuit.with_modulation("ACh", 0.8)}
    common = {"models": ("glif",), "finished": tmp_path / "finished.csv"}
    assert not df.compare_branches(circuit, awake, seeds=range(3), **common).completed
    assert len(made) == 3
    report = df.compare_branches(circuit, awake, seeds=range(3), **common)
    assert report.completed
    assert len(made) == 3 + 4
    again = df.compare_branches(circuit, awake, seeds=range(3), **common)
    assert len(made) == 3 + 4
    pd.testing.assert_frame_equal(again.states, report.states, check_exact=True)
    df.compare_branches(circuit, awake, seeds=range(3), duration=3 * second, **common)
    assert len(made) == 3 + 4 + 6


def test_a_file_of_finished_runs_is_read_as_such(tmp_path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    circuit = df.circuit("l23").scaled(0.01)
    for path, message in ((other, "no table of finished"), (tmp_path / "x" / "y.csv", "no folder")):
        with pytest.raises(DualframeError, match=message):
            df.compare_branches(circuit, {}, finished=path)
