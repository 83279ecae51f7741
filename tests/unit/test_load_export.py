"""The results of an exported program come back as those of a run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2.units import Hz, ms, mV

import dualframe as df
from dualframe.core.errors import DualframeWarning, OutputError
from dualframe.simulation.export import describe_export
from dualframe.targets.lowering.lower_network import lower_network

pytestmark = pytest.mark.cpp
DURATION, SEED = 60 * ms, 4
RECORD = {
    "cells": df.Recording("V", neurons=[0, 3], every=0.5 * ms),
    "drive_to_cells": df.Recording(("w",)),
}


def network() -> df.Network:
    cells = df.Population(
        "cells",
        6,
        "dV/dt = (EL - V)/tau : volt",
        threshold="V > -50*mV",
        reset="V = EL",
        parameters={"EL": -70 * mV, "tau": 15 * ms},
        initial={"V": -60 * mV},
    )
    drive = df.SpikeInput("drive", 2, np.arange(20) % 2, (5 + 2 * np.arange(20)) * ms)
    learning = df.plasticity_rule("pair_stdp", w_max=40 * mV)
    onto = df.Projection(
        "drive",
        "cells",
        "V += w",
        weight=df.Uniform(20 * mV, 30 * mV),
        delay=df.Uniform(1 * ms, 3 * ms),
        probability=0.8,
        plasticity=learning,
    )
    return df.Network((cells,), (drive,), (onto,), name="small")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a program that has run, and what it printed."""
    out = df.export(
        network(), DURATION, tmp_path_factory.mktemp("e") / "out", seed=SEED, record=RECORD
    )
    subprocess.run(["make", "-C", str(out)], check=True, capture_output=True)
    done = subprocess.run(["./main"], cwd=out, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return out, done.stdout


def test_they_are_those_of_run(exported: tuple[Path, str]) -> None:
    ours = df.load_export(exported[0])
    theirs = df.run(network(), DURATION, target="cpp_standalone", seed=SEED, record=RECORD)
    assert len(ours.spikes) > 0
    assert ours.spikes.equals(theirs.spikes)
    assert ours.populations.equals(theirs.populations)
    for name, trace in theirs.traces.items():
        assert np.array_equal(ours.traces[name].t, trace.t)
        assert np.array_equal(ours.traces[name].values["V"], trace.values["V"])
        assert ours.traces[name].units == trace.units
    final = ours.weights["drive_to_cells"]
    assert final[["pre", "post"]].equals(theirs.weights["drive_to_cells"][["pre", "post"]])
    expected = theirs.weights["drive_to_cells"]["weight"]
    assert np.allclose(final["weight"], expected, rtol=1e-12)  # exp of C++ and of NumPy
    for fact in ("seed", "network_hash", "target", "dt_s", "completed", "simulated_s"):
        assert ours.provenance[fact] == theirs.provenance[fact]
    assert "edited" not in ours.provenance


def test_it_says_in_one_line_what_it_did(exported: tuple[Path, str]) -> None:
    folder, text = exported
    count = len(df.load_export(folder).spikes)
    pattern = rf"0\.06 s simulated in \S+ s, {count} spikes; results in results/\n"
    assert re.fullmatch(pattern, text)


def test_files_have_plain_names(exported: tuple[Path, str]) -> None:
    names = {path.name for path in (exported[0] / "results").iterdir()}
    assert {"spikes_cells.bin", "trace_cells.V.bin", "state_cells.V.bin"} <= names
    texts = {"last_run_info.txt", "run_record.txt"}
    assert all(re.fullmatch(r"[a-z]+_\w+(\.\w+)?\.bin", n) for n in names - texts)
    assert texts <= names


def test_an_edited_program_says_how_far_it_is(exported: tuple[Path, str], tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(exported[0], folder)
    parameters = folder / "parameters.txt"
    text = parameters.read_text().replace("duration = 0.06", "duration = 200")
    parameters.write_text(text)
    command = ["./main", "--results_dir", "longer"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    assert re.search(r"^\d0 % of 200 s$", done.stderr, re.MULTILINE), "it took no half a second"
    results = df.load_export(folder, "longer")
    assert results.duration == 200
    assert results.provenance["edited"] == ["parameters.txt"]
    assert results.provenance["warnings"] == []
    with pytest.warns(DualframeWarning, match="computed with duration = 0.06, and .* has 200 now"):
        before = df.load_export(folder)
    assert before.duration == 0.06


def test_what_has_not_run(exported: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="holds no results"):
        df.load_export(exported[0], "never")
    with pytest.raises(OutputError, match="is no export"):
        df.load_export(tmp_path)


@pytest.mark.parametrize("name", ["spikes_cells.bin", "trace_cells.V.bin"])
def test_results_that_are_cut_off(exported: tuple[Path, str], tmp_path: Path, name: str) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(exported[0], folder)
    path = folder / "results" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(OutputError, match=rf"{name}' is cut off: run ./main again"):
        df.load_export(folder)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("results/last_run_info.txt", "", "expected two numbers"),
        ("results/last_run_info.txt", "1.2 one", "expected two numbers"),
        ("parameters.txt", "duration\n", "expected lines of the form `name = value`"),
        ("parameters.txt", "duration = 1\nseed = 1.5\n", "a whole number for seed"),
        ("parameters.txt", "duration = 1\n", "a whole number for seed"),
        ("parameters.txt", None, "is missing: export the network again"),
    ],
)
def test_damaged_texts(
    exported: tuple[Path, str], tmp_path: Path, name: str, text: str | None, match: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(exported[0], folder)
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(OutputError, match=match):
        df.load_export(folder)


@pytest.mark.parametrize("spikes", [0, 1, 4])
def test_spikes_that_are_not_those_of_the_run(
    exported: tuple[Path, str], tmp_path: Path, spikes: int
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(exported[0], folder)
    path = folder / "results/spikes_cells.bin"
    written = len(path.read_bytes()) // 12
    assert written > 4
    path.write_bytes(path.read_bytes()[: 12 * spikes])
    with pytest.raises(OutputError, match=rf"{spikes} spikes, and the run wrote {written} of"):
        df.load_export(folder)
    (folder / "results/run_record.txt").unlink()
    with pytest.raises(OutputError, match=r"run_record\.txt' is missing: run \./main again"):
        df.load_export(folder)


def test_results_of_another_export_are_told(exported: tuple[Path, str], tmp_path: Path) -> None:
    folder = df.export(network(), DURATION, tmp_path / "out", seed=SEED, record=RECORD)
    shutil.copytree(exported[0] / "results", folder / "results")
    assert df.load_export(folder).provenance["warnings"] == []  # the same export
    df.export(network(), DURATION, folder, seed=SEED + 1, record=RECORD, force=True)
    with pytest.warns(DualframeWarning, match="results of another export than"):
        (said,) = df.load_export(folder).provenance["warnings"]
    assert "run `make && ./main` again" in said


def test_a_damaged_manifest(exported: tuple[Path, str], tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(exported[0], folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["results"].pop("populations")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(OutputError, match="'populations' is missing"):
        df.load_export(folder)


def poisson_driven(drawn: str) -> df.Network:
    cells = df.Population("cells", 2, "dv/dt = -v/(10*ms) : 1", "v > 0.5", "v = 0")
    drive = df.PoissonInput("drive", 50, 40 * Hz, drawn=drawn)
    onto = df.Projection("drive", "cells", "v += w", weight=1.0, probability=1.0)
    return df.Network((cells,), (drive,), (onto,))


@pytest.mark.parametrize("drawn", ["host", "target"])
def test_a_longer_program_with_another_seed(drawn: str, tmp_path: Path) -> None:
    """What was drawn before is said to end, and to be of the first seed; what is drawn goes on."""
    out = df.export(poisson_driven(drawn), 50 * ms, tmp_path / "out", seed=SEED)
    text = (out / "parameters.txt").read_text()
    text = text.replace("duration = 0.05", "duration = 0.2").replace(f"seed = {SEED}", "seed = 5")
    (out / "parameters.txt").write_text(text)
    subprocess.run(["make", "-C", str(out)], check=True, capture_output=True)
    subprocess.run(["./main"], cwd=out, check=True, capture_output=True)
    results = df.load_export(out)
    network_seed, texts = results.provenance["network_seed"], results.provenance["warnings"]
    assert (results.provenance["seed"], network_seed, results.duration) == (5, SEED, 0.2)
    last = results.spikes["t"].max()
    if drawn == "host":
        assert last <= 0.05
        assert (
            "the run lasted 0.2 s, and the spikes of 'drive' were drawn for the 0.05 s" in texts[0]
        )
        assert "seed of the run is 5, and the spikes of 'drive' are those that" in texts[1]
        assert "the spikes of `drive` up to the duration" in (out / "README.md").read_text()
    else:
        assert last > 0.19
        assert texts == []
        assert "when drive ends, second" in text
        again = df.run(
            poisson_driven(drawn),
            200 * ms,
            target="cpp_standalone",
            seed=5,
            network_seed=SEED,
            progress=False,
        )
        assert again.spikes.equals(results.spikes)


def test_the_lines_of_one_modulator_are_said_to_belong_together() -> None:
    awake = df.circuit("l23").scaled(0.02)
    words = {}
    for name, circuit in {"none": awake, "ACh": awake.with_modulation("ACh", 0.8)}.items():
        network = df.task_driven.build(circuit)
        lowered = lower_network(network, dt=0.1 * ms, duration=10 * ms, seed=1, record={})
        words[name] = describe_export(network, lowered)
    text = next(x for x in words["ACh"].introduction.splitlines() if x.startswith("* ACh: `pyr"))
    lines = text.removeprefix("* ACh: ").replace("`", "").split(", ")
    assert {"pyr_c_ACh", "pv_c_ACh", "pv_to_pyr_c_ACh_of_target"} <= set(lines)
    meanings = words["ACh"].parameters
    assert {name for name, text in meanings.items() if "concentration of ACh, mmolar" in text} == (
        set(lines)
    )
    assert "belong together" not in words["none"].introduction
