"""Circuits, cells and receptors of a user's own, from templates or copied, outside a checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from brian2.units import Mohm, ms, mV, pA

import dualframe as df
from dualframe import catalogue
from dualframe.building.circuit_calibrations import _kept_path
from dualframe.catalogue.fitted_models import compartments_digest, is_current, read_fit, store
from dualframe.circuit import Circuit
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, NetworkError, OutputError, UnknownName
from dualframe.experiments.calibration import calibrate_circuit
from dualframe.experiments.calibration.calibration_request import request_calibration
from dualframe.experiments.cell_survey import CellSurvey
from dualframe.experiments.stated_measures import find_unmatched, stated_measures
from dualframe.simulation.run_specification import RunSpecification


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
    return tmp_path


def alone(cell: str, n: int = 2) -> Circuit:
    """A circuit of one population, read from a file."""
    lines = ['name = "alone"', 'source = "dualframe"', 'status = "assumed"', "[[populations]]"]
    lines += ['name = "cells"', f'cell = "{cell}"', f"n = {n}"]
    Path("alone.toml").write_text("\n".join(lines), encoding="utf-8")
    return df.circuit("alone.toml")


# ---------------------------------------------------------------- templates


@pytest.mark.slow
@pytest.mark.cpp
def test_the_circuit_runs_at_once_and_is_calibrated_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["new", "circuit", "mine"]) == 0
    assert "dualframe run mine.toml" in capsys.readouterr().out
    run = ["run", "mine.toml", "--duration", "0.6s", "--seed", "1", "--json"]
    assert main(run) == 0
    first = capsys.readouterr()
    assert "finding the weights of 4 contacts for biological" in first.err
    assert "dualframe calibrate" in first.err
    rates = {row["population"]: row["mean_rate_Hz"] for row in json.loads(first.out)["rates"]}
    assert all(0 < rate < 50 for rate in rates.values())  # neither silent nor in a seizure
    text = Path("mine.toml").read_text(encoding="utf-8")
    Path("mine.toml").write_text(text.replace("n = 80", "n = 60"), encoding="utf-8")
    assert main(run) == 0  # weights do not depend on how many there are
    assert "finding the weights" not in capsys.readouterr().err


@pytest.mark.slow
def test_a_terminal_shows_how_far_a_calibration_is(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles, fractions = [], []

    @contextmanager
    def bar(shown: bool | None, title: str) -> Iterator[Any]:
        assert shown is None
        titles.append(title)
        yield fractions.append

    monkeypatch.setattr(calibrate_circuit, "progress_bar", bar)
    circuit = df.circuit(df.new_circuit("mine", own_folder))
    lines: list[str] = []
    df.calibrate(circuit, "glif", rates=False, report=lines.append)
    assert titles == []
    df.calibrate(circuit, "glif", rates=False)
    assert titles == ["mine: 4 weights for glif_conductance_fitted"]
    assert fractions == [0.25, 0.5, 0.75, 1.0]
    assert len(lines) == 4


def test_a_circuit_of_one_population_needs_no_calibration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alone("ctx_pv")
    words = ["run", "alone.toml", "--duration", "5ms", "--seed", "1", "--target", "runtime"]
    assert main(words) == 0
    assert "finding the weights" not in capsys.readouterr().err


def test_the_cell_is_like_one_of_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "cell", "mine"]) == 0
    own, other = df.cell("mine.toml"), df.cell("ctx_pv")
    assert (own.name, own.like, own.sign) == ("mine", "ctx_pv", other.sign)
    assert own.compartments == other.compartments
    assert own.passive is not None
    assert own.passive.numbers["r_in"].written == "130 Mohm"
    assert compartments_digest(own) != compartments_digest(other)  # they are matched to r_in
    assert main(["show", "mine.toml"]) == 0
    assert "like ctx_pv" in capsys.readouterr().out


def test_a_like_cell_has_the_receptors() -> None:
    df.new_cell("mine")
    builds = []
    for name in ("mine.toml", "ctx_pv"):
        modulated = alone(name).with_modulation("ACh", level=0.8)
        builds.append(df.task_driven.build(modulated, cells="published").meta["actions"])
    acted = [{row["receptor"] for row in rows if row["acted"]} for rows in builds]
    assert acted[0] == acted[1] != set()
    assert {row["cell_type"] for row in builds[0]} == {"mine"}


def test_a_fit_of_a_cell_of_ones_own_is_kept_beside_it(own_folder: Path) -> None:
    own = df.cell(df.new_cell("mine"))
    assert not is_current(own, "glif")  # it has the fit of ctx_pv, of other compartments
    fit = read_fit(df.cell("ctx_pv"), "glif")
    facts = {**fit.provenance, "compartments": compartments_digest(own)}
    path = store(own, replace(fit, cell="mine", provenance=facts))
    assert path == own_folder / "fits" / "mine.toml"
    assert is_current(df.cell("mine.toml"), "glif")
    network = df.task_driven.build(alone("mine.toml"))
    assert not any("published" in line for line in network.meta["assumptions"])


def test_a_fit_of_a_point_neuron_leaves_the_weights_of_dendrites(own_folder: Path) -> None:
    """The file of a kept calibration is named by what the weights depend on."""
    own = df.cell(df.new_cell("mine"))
    circuit = alone("mine.toml")
    models = ("biological", "glif_conductance_fitted", "izhikevich_conductance_fitted")
    before = [_kept_path(circuit, model) for model in models]
    fit = read_fit(df.cell("ctx_pv"), "glif")
    facts = {**fit.provenance, "compartments": compartments_digest(own)}
    store(own, replace(fit, cell="mine", provenance=facts))
    after = [_kept_path(df.circuit("alone.toml"), model) for model in models]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    moved = replace(fit, cell="mine", provenance=facts | {"seed": 2})
    store(own, moved)
    again = [_kept_path(df.circuit("alone.toml"), model) for model in models]
    assert [old == new for old, new in zip(after, again, strict=True)] == [True, False, True]


@pytest.mark.parametrize("branch", ["biological", "task_driven"])
def test_the_receptor_acts_in_a_circuit_that_lists_it(branch: str) -> None:
    assert main(["new", "receptor", "mine"]) == 0
    assert main(["show", "mine.toml"]) == 0
    text = 'receptors = ["mine.toml"]\n'
    alone("ctx_l23_pyr")
    path = Path("alone.toml")
    path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")
    circuit = df.circuit(path)
    assert circuit.contacts_digest == alone("ctx_l23_pyr").contacts_digest
    build = df.biological.build if branch == "biological" else df.task_driven.build
    rows = build(circuit.with_modulation("NA", level=0.8)).meta["actions"]
    acting = {row["receptor"]: row for row in rows if row["acted"]}
    assert "mine" in acting
    assert acting["mine"]["occupancy"] == pytest.approx(_occupancy(), rel=1e-6)  # Hill, hill 1
    blocked = circuit.with_modulation("NA", level=0.8).with_drug("antagonist", "mine")
    rows = build(blocked).meta["actions"]
    assert not any(
        row["acted"] and row["receptor"] == "mine" for row in rows if row["action"] == "NA"
    )


def _occupancy() -> float:
    reference = catalogue.modulator("NA").numbers.value("reference_concentration")
    ec50 = df.receptor("mine.toml").affinity.value("EC50")
    return float(1 / (1 + ec50 / (0.8 * reference)))


def test_a_receptor_of_the_catalogues_name_takes_its_place() -> None:
    df.new_receptor("M1", copy_of="M1")
    circuit = alone("ctx_l23_pyr").with_components(receptors=("M1.toml",))
    modulated = circuit.with_modulation("ACh", level=0.8)
    assert modulated.resolved.receptors["M1"].file == "M1.toml"
    assert modulated.resolved.modulators["ACh"] == catalogue.modulator("ACh")


# ---------------------------------------------------------------- copies


def test_a_copy_of_a_circuit_has_its_calibrations_until_it_changes(own_folder: Path) -> None:
    path = df.new_circuit("mine", copy_of="l23")
    assert (own_folder / "calibration" / "mine.toml").is_file()
    found = df.circuit(path)
    assert found.name == "mine"
    assert main(["check", "mine.toml", "--target", "cpp_standalone"]) == 0  # it is built
    changed = path.read_text(encoding="utf-8").replace("0.1189 mV", "0.2 mV")
    path.write_text(changed, encoding="utf-8")
    assert main(["check", "mine.toml", "--target", "cpp_standalone"]) == 2


def test_a_comparison_finds_the_weights_of_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    df.new_circuit("mine")
    keys: list[str] = []

    def record_key(specification: RunSpecification) -> None:
        keys.append(specification.model_key)
        if len(keys) == 3:
            raise OutputError("enough")

    monkeypatch.setattr("dualframe.cli.commands.calibrate_what_lacks", record_key)
    words = ["compare", "mine.toml", "--modulate", "ACh=0.8", "--model", "glif"]
    assert main([*words, "--model", "adex", "--cells", "published"]) != 0
    assert keys == ["biological", "glif_current", "adex_current"]


def test_what_cannot_be_calibrated_at_once_names_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = df.new_circuit("mine", copy_of="l23")
    path.write_text(path.read_text(encoding="utf-8").replace("0.1189 mV", "0.2 mV"), "utf-8")
    assert main(["run", "mine.toml", "--branch", "task_driven"]) == 2
    assert "mine.toml --model glif. Or give every [[background]] a rate" in capsys.readouterr().err


def test_a_circuit_that_says_nothing_of_a_rate_is_told_so() -> None:
    path = df.new_circuit("mine")
    path.write_text(path.read_text(encoding="utf-8").replace('rate = "1400 Hz"', ""), "utf-8")
    with pytest.raises(df.DualframeError, match=r"background_pyr.*states no rate"):
        request_calibration(df.circuit(path), "biological", 0.1 * ms)


def test_copies_of_cells_and_receptors_read_as_the_originals() -> None:
    cell = df.cell(df.new_cell("mine", copy_of="ctx_sst"))
    original = df.cell("ctx_sst")
    assert cell.like == "ctx_sst"
    assert replace(cell, name=original.name, like="", file="") == replace(original, file="")
    receptor = df.receptor(df.new_receptor("r", copy_of="D1"))
    assert replace(receptor, name="D1") == df.receptor("D1")
    task = df.task(df.new_task("t", copy_of="navigation"))
    assert task.name == "t"


# ---------------------------------------------------------------- what is refused


def test_what_is_refused(own_folder: Path) -> None:
    with pytest.raises(UnknownName, match=r"cell type 'ctx_pvb'.*ctx_pv"):
        df.new_cell("mine", copy_of="ctx_pvb")
    with pytest.raises(UnknownName, match="receptor 'M9'"):
        df.new_receptor("mine", copy_of="M9")
    with pytest.raises(UnknownName, match="circuit 'l24'"):
        df.new_circuit("mine", copy_of="l24")
    with pytest.raises(NetworkError, match="my-cell"):
        df.new_cell("my-cell")
    with pytest.raises(OutputError, match="leave out one"):
        df.new_task("mine", copy_of="navigation", with_environment=True)
    assert not list(own_folder.iterdir())
    assert main(["new", "cell", "mine", "--with-environment"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('like = "ctx_pv"', 'like = "ctx_pvb"', "cell type 'ctx_pvb'"),
        ('name = "mine"', 'name = "ctx_pv"', "is the name of the cell type that it is like"),
        ('tau_m = "8 ms"', "", "key 'tau_m': missing"),
        ('tau_m = "8 ms"', 'tau_m = "8 mV"', "tau_m"),
    ],
)
def test_a_cell_that_cannot_be(old: str, new: str, message: str) -> None:
    path = df.new_cell("mine")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises((CatalogueError, UnknownName), match=message):
        df.cell(path)


# ---------------------------------------------------------------- what a file states


STATED = """
[passive]
label = "mine"
source = "own"
status = "measured"
v_rest = "-62 mV"
r_in = "310 Mohm"
tau_m = "18 ms"
rheobase = "45 pA"
"""


def test_a_stated_rheobase_that_the_compartments_lack_is_told() -> None:
    """It is (threshold - v_rest)/r_in = 62.8 pA; 45 pA need -62 mV + 45 pA 310 Mohm = -48.05 mV."""
    Path("mine.toml").write_text('name = "mine"\nlike = "ctx_sst"\n' + STATED, encoding="utf-8")
    cell = df.cell("mine.toml")
    assert stated_measures(cell) == pytest.approx(
        {"rheobase": 45, "r_in": 310, "tau_m": 18, "rest": -62}
    )
    survey = CellSurvey(
        rheobase=62.8 * pA,
        resolution=0.1 * pA,
        top=70 * pA,
        rest=-62 * mV,
        r_in=310 * Mohm,
        tau=15.14 * ms,
        top_rate=40.0,
    )
    rheobase, tau = find_unmatched(cell, survey)
    assert "stated as 45 pA; its compartments have 62.8 pA" in rheobase
    assert "= -48.05 mV" in rheobase
    assert "C/g of each compartment" in tau
    matched = replace(survey, rheobase=45 * pA, tau=18 * ms)
    assert find_unmatched(cell, matched) == []
    assert find_unmatched(df.cell("ctx_sst"), survey) == []  # nobody's own


def test_adaptation_among_the_passive_values_is_refused_with_its_place() -> None:
    text = f'name = "mine"\nlike = "ctx_sst"\n{STATED}adaptation = "0.35"\n'
    Path("mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"'adaptation'.*\[compartments.soma\].*adaptive_IF"):
        df.cell("mine.toml")


def test_a_source_that_is_nowhere_is_told_with_the_remedy() -> None:
    text = f'name = "mine"\nlike = "ctx_sst"\n{STATED}'
    for source, said in (("myself2026", "bib. Add it to a"), ("teeter2081", "mean 'teeter2018'?")):
        Path("mine.toml").write_text(text.replace('"own"', f'"{source}"'), encoding="utf-8")
        with pytest.raises(CatalogueError, match="beside the file") as refused:
            df.cell("mine.toml")
        assert said in str(refused.value)


def test_the_prompt_shows_a_line() -> None:
    df.new_cell("mine")
    circuit = alone("mine.toml")
    network = df.biological.build(circuit)
    shown = [circuit, network, network.populations[0], df.cell("mine.toml"), df.task("navigation")]
    assert all(len(repr(each)) < 240 and "\n" not in repr(each) for each in shown)
    assert repr(network.populations[0]).startswith("<Population 'cells': 2 x mine, ")
