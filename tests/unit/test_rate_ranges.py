"""Rates of a circuit against the ranges of its file: in results, files, texts and reports."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, ms, nS

import dualframe as df
from dualframe.building.calibrated_weights import (
    Calibration,
    load_calibration,
    save_calibration,
)
from dualframe.circuit import Circuit
from dualframe.cli import main
from dualframe.core.errors import DualframeWarning
from dualframe.results.results import Results

RANGES = {"slow": [1.0, 3.0], "fast": [5.0, 10.0], "idle": [0.1, 1.0], "few": [2.0, 4.0]}


def regular(rate: float, n: int, duration: float) -> list[tuple[int, float]]:
    times = np.arange(0.5 / rate, duration, 1 / rate) if rate else ()
    return [(i, t) for i in range(n) for t in times]


def results(rates: dict[str, float], duration: float = 4.5, n: int = 20, **more: Any) -> Results:
    """Regular trains, after a volley of every neuron at 0.1 s, which is no part of the state."""
    names = list(rates)
    sizes = [1 if name == "few" else n for name in names]
    populations = pd.DataFrame({"population": names, "cell_type": "", "n": sizes, "sign": 1})
    rows = [
        (name, "", i, t)
        for (name, rate), size in zip(rates.items(), sizes, strict=True)
        for i, t in [*regular(rate, size, duration), *((i, 0.1) for i in range(size))]
    ]
    spikes = pd.DataFrame(rows, columns=["population", "cell_type", "neuron", "t"])
    provenance = {"rate_ranges_Hz": RANGES, "circuit": "toy", **more}
    provenance.setdefault("warmup_s", min(0.5, duration / 2))
    return Results(populations=populations, spikes=spikes, duration=duration, provenance=provenance)


def test_each_population_is_compared_with_its_range_without_the_onset() -> None:
    state = results({"slow": 2, "fast": 20, "idle": 0, "few": 1.5, "other": 5}).state()
    states = dict(zip(state["population"], state["state"], strict=True))
    assert states == {
        "slow": "in range",
        "fast": "above",
        "idle": "below",
        "few": "unclear",  # 6 spikes where 8 were due
        "other": "no range",
    }
    assert state.set_index("population").loc["idle", "mean_rate_Hz"] == 0  # the volley is left out
    assert state.set_index("population").loc["fast", "rate_high_Hz"] == 10


def test_a_short_window_is_no_state() -> None:
    state = results({"fast": 100.0}, duration=0.3).state()
    assert state["state"].tolist() == ["unclear"]


def test_rates_leave_out_the_warm_up_unless_told() -> None:
    found = results({"slow": 2})
    assert found.warmup == 0.5
    assert found.rates()["mean_rate_Hz"].tolist() == [2.0]
    assert found.rates(0)["mean_rate_Hz"].tolist() == pytest.approx([10 / 4.5])
    assert found.neuron_rates("slow").tolist() == [2.0] * 20


def test_networks_by_hand_have_no_warm_up() -> None:
    cells = df.Population("cells", 2, "dv/dt = (2 - v)/(5*ms) : 1", "v > 1", "v = 0")
    found = df.run(df.Network(populations=[cells]), 50 * ms, target="runtime", seed=1)
    assert found.warmup == 0
    assert "warmup_s" not in found.provenance
    assert found.rates()["mean_rate_Hz"][0] == pytest.approx(len(found.spikes) / 2 / 0.05)
    assert found.state()["state"].tolist() == ["no range"]


def test_files_say_ranges_states_and_window(tmp_path: Path) -> None:
    results({"slow": 2, "fast": 20}).save(tmp_path, figures=False)
    table = pd.read_csv(tmp_path / "rates.csv")
    assert table["state"].tolist() == ["in range", "above"]
    assert table[["rate_low_Hz", "rate_high_Hz"]].values.tolist() == [[1, 3], [5, 10]]
    assert set(table["start_s"]) == {0.5}
    assert set(table["stop_s"]) == {4.5}
    assert json.loads((tmp_path / "manifest.json").read_text())["warmup_s"] == 0.5
    assert Results.load(tmp_path).state()["state"].tolist() == ["in range", "above"]


def test_the_report_says_them(tmp_path: Path) -> None:
    page = df.report(results({"slow": 2, "fast": 20}), tmp_path / "r.html").read_text("utf-8")
    assert "Rates leave out the first 0.5 s." in page
    assert "fast 20.00 Hz (5 to 10)" in page
    assert "against the range" in page


@pytest.fixture
def hot(mini: Path) -> Path:
    """The circuit of the tests in a file whose ranges say that it fires at 800 Hz."""
    text = mini.read_text(encoding="utf-8")
    ranges = 'rate_low = "800 Hz"\nrate_high = "900 Hz"\n'
    file = mini.parent / "hot.toml"
    file.write_text(re.sub(r'(name = "pyr"\n)', rf"\1{ranges}", text, count=1), encoding="utf-8")
    circuit = df.circuit(file)
    contacts = [contact.name for contact in circuit.contacts]
    calibration = Calibration(
        circuit.name,
        "glif_conductance_fitted",
        dict.fromkeys(contacts, 3 * nS),
        rates={"pyr": 2000 * Hz},
        provenance={"contacts": circuit.contacts_digest},
    )
    save_calibration(calibration, mini.parent / "calibration" / "hot.toml")
    return file


def of_state(texts: list[str]) -> list[str]:
    return [text for text in texts if "is not in the state" in text]


def built(circuit: Circuit, file: Path) -> df.Network:
    path = file.parent / "calibration" / "hot.toml"
    strengths = load_calibration(circuit, "glif_conductance_fitted", path)
    return df.task_driven.build(circuit, calibration=strengths)


def test_a_run_of_a_circuit_warns_and_one_with_modulators_says_whose_the_ranges_are(
    hot: Path,
) -> None:
    circuit = df.circuit(hot)
    with pytest.warns(DualframeWarning, match=r"is not in the state .* pyr .*\(800 to 900\)"):
        plain = df.run(built(circuit, hot), 600 * ms, target="runtime", seed=1)
    assert plain.warmup == 0.3
    assert plain.state()["state"].tolist() == ["below", "no range"]
    (text,) = of_state(plain.provenance["warnings"])
    assert "calibrate" in text
    modulated = built(circuit.with_modulation("ACh", level=0.8), hot)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shifted = df.run(modulated, 600 * ms, target="runtime", seed=1)
    assert of_state(shifted.provenance["warnings"]) == []
    assert shifted.state()["state"].tolist() == ["below", "no range"]
    assert any("without modulation; here act: ACh" in line for line in shifted.state_lines())


def test_the_command_line_says_it(hot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", str(hot), "--branch", "task_driven", "--scale", "1", "--target", "runtime"]
    run += ["--seed", "3", "--duration", "600ms"]
    assert main(run) == 0
    printed = capsys.readouterr()
    assert re.search(r"^pyr .* 800 to 900 +below$", printed.out, re.MULTILINE)
    assert "Rates leave out the first 0.3 s." in printed.out
    assert printed.err.count("warning: circuit") == 1
    assert main([*run, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["warmup_s"] == 0.3
    assert facts["rates"][0]["state"] == "below"
    assert facts["rates"][0]["start_s"] == 0.3
    assert len(of_state(facts["warnings"])) == 1
