"""Two models of one cell: validation can fail in every measure, and fits find what they should."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Mohm, ms, mV, nS, pA, pF

import dualframe as df
from dualframe import catalogue
from dualframe.catalogue import fitted_models as fits
from dualframe.catalogue.point_neuron_set import PointNeuronSet
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.experiments import current_clamp
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.clamp_summary import summarise_clamp
from dualframe.experiments.model_comparison import TOLERANCES, Validation, compare_cells
from dualframe.experiments.model_fitting.evolution_search import (
    EvolutionSearch,
    clamp_candidates,
    make_single_neuron,
    measure_target,
    smooth_rates,
)
from dualframe.neurons.izhikevich import charging_time
from dualframe.neurons.registry import fittable_families, fittable_models, neuron_model

pytestmark = pytest.mark.cpp

TWIN = {
    "C": 100 * pF,
    "R": 200 * Mohm,
    "E_L": -70 * mV,
    "th_inf": 20 * mV,
    "t_ref": 3 * ms,
    "asc_amp1": 30 * pA,
    "asc_tau1": 10 * ms,
    "asc_amp2": -12 * pA,
    "asc_tau2": 100 * ms,
}

GLIF3 = neuron_model("GLIF3")
SHIPPED_FITS = ("glif", "izhikevich")


def glif(**changes: Any) -> Any:
    """Clamp a GLIF neuron of level 3 with some parameters changed."""
    return partial(current_clamp, make_single_neuron(GLIF3, {**TWIN, **changes}), "")


@pytest.fixture(scope="module")
def cell() -> Any:
    return summarise_clamp(glif())


def versus(cell: Any, **changes: Any) -> Validation:
    """Compare the cell with one whose parameters differ."""
    return compare_cells(cell, glif(**changes), ("cell", "glif3", "given"))


def failed(found: Validation) -> set[str]:
    return set(found.table["measure"][~found.table["passed"]])


# ---------------------------------------------------------------- validation


def test_a_cell_is_the_same_as_itself(cell: Any) -> None:
    found = versus(cell)
    assert found.passed
    assert found.table["measure"].tolist() == list(TOLERANCES)
    np.testing.assert_allclose(found.table["difference"], 0, atol=1e-12)
    assert list(found.table) == [
        "measure",
        "unit",
        "stated",
        "compartments",
        "point",
        "difference",
        "tolerance",
        "kind",
        "passed",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"th_inf": 23 * mV}, "rheobase"),  # 15 % more
        ({"t_ref": 12 * ms}, "f_I"),
        ({"asc_amp2": -40 * pA, "asc_tau2": 300 * ms}, "adaptation_index"),
        ({"C": 140 * pF}, "latency"),
        ({"R": 230 * Mohm}, "r_in"),
        ({"C": 125 * pF}, "tau_m"),
        ({"E_L": -67 * mV}, "rest"),
    ],
)
def test_every_measure_can_fail(cell: Any, changes: dict[str, Any], expected: str) -> None:
    found = versus(cell, **changes)
    assert expected in failed(found)
    assert not found.passed


def test_a_rest_that_differs_alone_fails_alone(cell: Any) -> None:
    """All other measures are relative to rest."""
    assert failed(versus(cell, E_L=-67 * mV)) == {"rest"}


def test_a_small_difference_is_tolerated(cell: Any) -> None:
    found = versus(cell, t_ref=3.3 * ms, C=102 * pF)
    assert found.passed
    table = found.table.set_index("measure")
    assert table.loc["tau_m", "difference"] == pytest.approx(0.02, abs=0.002)
    assert table.loc["tau_m", "compartments"] == pytest.approx(20, rel=0.01)
    assert table.loc["rheobase", "compartments"] == pytest.approx(100, abs=0.05)


def test_curves_and_figure(cell: Any) -> None:
    found = versus(cell, t_ref=12 * ms)
    below = found.curves["current_pA"] < 100
    assert 8 < below.sum() < 14  # a fifth of the range lies below rheobase
    assert (found.curves["rate_compartments_Hz"][below] == 0).all()
    assert found.curves["rate_compartments_Hz"].iloc[-1] == pytest.approx(40, abs=1)
    figure = found.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert "Firing rate (Hz)" in titles
    assert "not the same cell" in figure.get_suptitle()


def test_what_the_file_states_stands_in_table_and_figure(cell: Any) -> None:
    """Also where the point neuron is not fitted and is silent at these currents."""
    silent = glif(th_inf=60 * mV)
    found = compare_cells(cell, silent, ("mine", "glif", "published"), "", {"rheobase": 45.0})
    assert found.table.set_index("measure")["stated"].dropna().to_dict() == {"rheobase": 45.0}
    figure = replace(found, unfitted=fits.how_to_fit("mine.toml", "glif")).plot()
    assert figure.get_suptitle() == "mine: not fitted: run dualframe fit mine.toml --model glif"
    words = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert {"stated", "45", "none"} <= set(words)
    assert not any("nan" in word for word in words)


def test_validate_takes_the_stored_fit_unless_told_otherwise() -> None:
    found = df.validate("ctx_sst", "glif")
    assert (found.twin, found.passed) == ("fitted", True)
    published = df.validate("ctx_sst", "glif", cells="published")
    assert published.twin == "published"
    assert not published.passed  # another cell: an Allen specimen, and median values
    with pytest.raises(UnknownName, match="fitted"):
        df.validate("ctx_sst", "glif", cells="fited")


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "ctx_sst", "--json", "--out", str(tmp_path)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["cell"], entry["passed"]) == ("ctx_sst", True)
    assert {row["measure"] for row in entry["measures"]} == set(TOLERANCES)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".png", ".json"}
    assert main(["validate", "ctx_sst", "--out", str(tmp_path)]) == 2
    assert "holds dualframe validation already" in capsys.readouterr().err
    assert main(["validate", "ctx_sst", "--cells", "published"]) == 1
    assert "disagrees" in capsys.readouterr().out
    assert main(["fit"]) == 2


# ---------------------------------------------------------------- fits


def test_a_search_finds_a_neuron_from_its_own_behaviour(
    cell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GLIF neuron is fitted to a GLIF neuron: it must behave the same afterwards."""
    search = EvolutionSearch(
        space=GLIF3.search,
        survey=cell.survey,
        goal=measure_target(glif(), cell.survey),
        clamp=partial(clamp_candidates, GLIF3, target="auto"),
    )
    values, facts = search.search_parameters(GLIF3.search.starting_place(), seed=1, generations=40)
    found = compare_cells(
        cell, partial(current_clamp, make_single_neuron(GLIF3, values), ""), ("", "", "")
    )
    assert found.passed
    assert found.table.set_index("measure").loc["f_I", "difference"] < 0.03
    assert facts["evaluations"] <= 40 * 16
    assert facts["optimiser"].startswith("cma")


def test_the_objective_is_zero_for_the_cell_itself(cell: Any) -> None:
    """And grows with the distance from it."""
    wanted = measure_target(glif(), cell.survey)
    rates = []
    for t_ref in (3, 4, 6):
        response = glif(t_ref=t_ref * ms)(wanted.currents, record=False)
        rates.append(np.abs(smooth_rates(response) - wanted.rates).sum())
    assert rates[0] < rates[1] < rates[2]
    assert rates[0] == pytest.approx(0, abs=1e-6)


def test_a_fit_is_stored_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "_shipped_file", lambda cell: tmp_path / f"{cell}.toml")
    entry = catalogue.cell("ctx_pv")
    with pytest.raises(CatalogueError, match="dualframe fit ctx_pv --model glif"):
        fits.stored(entry, "glif")
    assert not fits.has_fit(entry, "glif")
    numbers = fits.numbers_of(TWIN, "ctx_pv GLIF3")
    origin = catalogue.Origin(("dualframe",), "derived")
    chosen = PointNeuronSet(
        model="GLIF3",
        label="fitted to the compartments",
        numbers=numbers,
        origin=origin,
        adaptation=("asc_amp1",),
    )
    digest = fits.compartments_digest(entry)
    fit = fits.Fit(
        cell="ctx_pv",
        model="glif",
        chosen=chosen,
        errors={"f_I": 0.05},
        provenance={"compartments": digest, "seed": 1},
        reference={"current_pA": [1.0], "rate_Hz": [2.0]},
    )
    fits.store(entry, fit)
    again = fits.stored(entry, "glif")
    assert again.chosen.numbers.plain() == chosen.numbers.plain()
    assert again.chosen.adaptation == ("asc_amp1",)
    scaled = fits.with_fit(entry, again).choose_point_neuron("glif").make_neuron().places
    assert scaled["adaptation"] == {"asc_amp1": "*"}
    assert {number.status for number in again.chosen.numbers.values()} == {"derived"}
    assert (again.errors, again.reference) == (fit.errors, fit.reference)
    assert fits.has_fit(entry, "glif3")
    assert not fits.has_fit(entry, "glif4")
    assert fits.is_current(entry, "glif")
    fits.store(entry, replace(fit, provenance={"compartments": "of another day"}))
    assert not fits.is_current(entry, "glif")
    with pytest.raises(CatalogueError, match=r"another version .* dualframe fit ctx_pv"):
        fits.stored(entry, "glif")
    with pytest.raises(CatalogueError, match="another version"):
        df.validate("ctx_pv", "glif")


def test_blocked_adaptation_changes_the_twin_as_it_changes_the_compartments() -> None:
    """Acetylcholine takes most of the adaptation of this cell: it fires four times as fast."""
    cell, currents = "ca1_pyr", np.array([200, 300]) * pA
    assert fits.stored(catalogue.cell(cell), "glif").chosen.adaptation
    rates = {
        (model, level): np.asarray(
            measures.firing_rate(
                current_clamp(cell, model, currents, modulations={"ACh": level}, record=False)
            )
        )
        for model in ("biological", "glif")
        for level in (0.0, 0.8)
    }
    for level in (0.0, 0.8):  # 25 %: half of the factor of 1.5 by which circuits may differ
        ours, theirs = (rates[model, level] for model in ("glif", "biological"))
        assert ours == pytest.approx(theirs, rel=0.25)
    assert (rates["biological", 0.8] > 3 * rates["biological", 0.0]).all()


def test_the_digest_follows_the_physics_and_nothing_else() -> None:
    entry = catalogue.cell("ctx_pv")
    first = fits.compartments_digest(entry)
    layout, passive = entry.compartments, entry.passive
    assert layout is not None
    assert passive is not None
    same = replace(layout, origin=catalogue.Origin(("dualframe",), "assumed", "x"), layout="y")
    assert fits.compartments_digest(replace(entry, compartments=same)) == first
    r_in = replace(passive.numbers["r_in"], value=100 * Mohm)
    pairs = tuple((n, r_in if n == "r_in" else v) for n, v in passive.numbers.pairs)
    moved = replace(passive, numbers=replace(passive.numbers, pairs=pairs))
    assert fits.compartments_digest(replace(entry, passive=moved)) != first
    pairs = tuple(
        (n, replace(v, value=v.value + 1 * mV) if n == "threshold" else v)
        for n, v in layout.spike.pairs
    )
    other = replace(layout, spike=replace(layout.spike, pairs=pairs))
    assert fits.compartments_digest(replace(entry, compartments=other)) != first
    with pytest.raises(CatalogueError, match="no compartments"):
        fits.compartments_digest(replace(entry, compartments=None))


def test_fitted_cells_are_built_and_have_calibrations_of_their_own() -> None:
    circuit = df.circuit("l23")
    assert df.task_driven.build(circuit.scaled(0.01)).meta["synapses"] == "conductance"
    with pytest.raises(CatalogueError, match="glif_current_fitted"):
        df.task_driven.build(circuit, synapses="current")
    response = current_clamp("ctx_pv", "glif", 0 * pA, duration=1 * ms, target="runtime")
    stored = fits.stored(catalogue.cell("ctx_pv"), "glif").chosen.numbers
    assert response.V[0, 0] == stored.value("E_L")


def test_a_file_of_ones_own_has_the_catalogues_fit_only_if_it_is_its_cell(tmp_path: Path) -> None:
    packaged = Path(catalogue.__file__).parent / "cells" / "ctx_pv.toml"
    own = tmp_path / "own.toml"
    text = packaged.read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    assert fits.twin_of(own, catalogue.cell(own), "glif") == "fitted"
    assert text.count("105.2 Mohm") == 1
    own.write_text(text.replace("105.2 Mohm", "95 Mohm"), encoding="utf-8")
    assert fits.twin_of(own, catalogue.cell(own), "glif") == "published"


def test_an_unknown_model_cannot_be_fitted() -> None:
    with pytest.raises(UnknownName, match="izhikevich"):
        df.fit_point("ctx_pv", "izhikevitch")
    with pytest.raises(UnknownName, match="cell type"):
        df.fit_point("ctx_pw")


def test_a_pacemaker_is_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    from dualframe.experiments.model_fitting import fit_point_neuron as fitting

    def pacing(*_: Any, **options: Any) -> Any:
        return glif(E_L=-40 * mV, th_inf=-5 * mV)(_[2], **options)

    monkeypatch.setattr(fitting, "current_clamp", pacing)
    with pytest.raises(DualframeError, match="pacemaker"):
        df.fit_point("ctx_pv", "glif")


def test_the_charging_time_of_an_izhikevich_neuron() -> None:
    """Against the area under the step response of the linearised equations."""
    values = {
        "C": 100 * pF,
        "k": 0.5 * nS / mV,
        "vt": -40 * mV,
        "vr": -60 * mV,
        "b": -2 * nS,
        "a": 30 / (1000 * ms),
    }
    c, slope, b, a = 100e-12, 10e-9, -2e-9, 30.0
    matrix = np.array([[-slope / c, -1 / c], [a * b, -a]])
    steady = -np.linalg.solve(matrix, [1 / c, 0])
    area = -np.linalg.solve(matrix, steady)
    assert float(charging_time(values)) == pytest.approx(area[0] / steady[0])


# ---------------------------------------------------------------- what is shipped


def test_fits_are_stored_of_families_that_can_be_fitted() -> None:
    """AdEx can be fitted by a user; the catalogue ships no fits of it."""
    assert set(SHIPPED_FITS) <= set(fittable_families())
    assert "adex" in fittable_families()


@pytest.mark.parametrize("model", SHIPPED_FITS)
def test_every_stored_fit_still_gives_its_curve(model: str) -> None:
    """All cells of a form side by side in one network, against the stored reference."""
    by_form: dict[str, list[fits.Fit]] = {}
    for name in catalogue.names("cell type"):
        entry = catalogue.cell(name)
        if entry.compartments is not None:
            fit = fits.stored(entry, model)  # raises if it is missing or out of date
            by_form.setdefault(fit.chosen.model, []).append(fit)
    assert sum(map(len, by_form.values())) == 36
    for form in fittable_models(model):
        _check_curves(form, by_form.get(form.name, []))


def _check_curves(form: Any, found: list[fits.Fit]) -> None:
    if not found:
        return
    sizes = [len(fit.reference["current_pA"]) for fit in found]
    index = np.repeat(np.arange(len(found)), sizes)
    names = list(found[0].chosen.numbers)
    columns = {
        name: np.array([float(np.asarray(f.chosen.numbers.value(name))) for f in found])[index]
        * _unit(found[0].chosen.numbers.value(name))
        for name in names
    }
    currents = np.concatenate([fit.reference["current_pA"] for fit in found]) * pA
    response = current_clamp(
        make_single_neuron(form, found[0].chosen.numbers.plain()),
        "",
        currents,
        parameters=columns,
        initial={"V": columns[form.search.rest]},
        record=False,
        delay=1 * ms,
    )
    rates = np.array([len(response.spike_train(k)) for k in range(response.n)], dtype=float)
    for k, fit in enumerate(found):
        wanted = np.array(fit.reference["rate_Hz"])
        error = np.abs(rates[index == k] - wanted).sum() / wanted.sum()
        assert error < 0.10 or fit.failure, f"{fit.cell}: {error:.3f}"


def _unit(value: Any) -> Any:
    from brian2.units.fundamentalunits import Quantity, get_dimensions

    return Quantity(1.0, dim=get_dimensions(value))
