"""One circuit, two builders: what they share, what they refuse, and calibrated strengths."""

from __future__ import annotations

import zlib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS, pA, um

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Background, Circuit, CircuitPopulation, CircuitProjection
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.experiments.calibration.calibrate_circuit import calibrate
from dualframe.network import Network
from dualframe.targets.target_support import TARGETS

MODELS = ("biological", "glif_current", "glif_conductance_fitted", "izhikevich_current")


def strengths(circuit: Circuit, model: str, **changes: Any) -> Calibration:
    """Weights of no meaning, with the dimension that the model needs."""
    unit = 10 * pA if "current" in model else 0.1 * nS
    made = Calibration(
        circuit.name,
        model,
        {c.name: unit for c in circuit.contacts},
        rates={b.target: 100 * Hz for b in circuit.background},
    )
    return replace(made, **changes)


def build(circuit: Circuit, model: str, **options: Any) -> Network:
    """Build either branch under the name of its calibration."""
    options = {"calibration": strengths(circuit, model), **options}
    if model == "biological":
        return df.biological.build(circuit, **options)
    form, synapses, *fitted = model.split("_")
    options = {"cells": "fitted" if fitted else "published", **options}
    return df.task_driven.build(circuit, model=form, synapses=synapses, **options)


def pair(**changes: Any) -> Circuit:
    """A pyramidal and a PV cell that contact each other."""
    parts: dict[str, Any] = {
        "name": "pair",
        "populations": (
            CircuitPopulation("pyr", "ctx_l23_pyr", 1),
            CircuitPopulation("pv", "ctx_pv", 1),
        ),
        "projections": (
            CircuitProjection(
                "pyr", "pv", "AMPA", "dend", in_degree=1, delay="1.5 ms", psp="0.5 mV"
            ),
            CircuitProjection(
                "pv", "pyr", "GABA_A", "soma", in_degree=1, delay="1 ms", psp="0.4 mV"
            ),
        ),
    }
    return Circuit(**parts | changes)


# ---------------------------------------------------------------- what both branches share

CIRCUITS = {
    "l23": df.circuit("l23").scaled(0.01),
    "ca1": df.circuit("ca1").scaled(0.1),
    "pair": pair(),
}


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("model", MODELS)
def test_network_has_the_names_and_numbers_of_the_circuit(name: str, model: str) -> None:
    circuit = CIRCUITS[name]
    network = build(circuit, model)
    assert network.name == circuit.name
    assert {p.name: p.n for p in network.populations} == circuit.sizes
    assert {p.name: p.cell_type for p in network.populations} == {
        p.name: p.cell for p in circuit.populations
    }
    for population in network.populations:
        assert population.sign == catalogue.cell(population.cell_type).sign
    made = {p.name: p for p in network.projections}
    assert set(made) == {projection.name for projection in circuit.projections}
    for given in circuit.projections:
        own = made[given.name]
        assert (own.source, own.target) == (given.source, given.target)
        assert own.delay == given.delay
        assert own.kernel == given.kernel
        assert (own.probability, own.in_degree) == (given.probability, given.in_degree)
        one = strengths(circuit, model).weights[given.name]
        assert own.weight / one == pytest.approx(given.weight_factor)
    for given in circuit.background:
        counted = network.population(given.target).parameters
        assert counted[f"rate_{given.name}"] / Hz == pytest.approx(100 * given.share)
        assert counted[f"w_{given.name}"] == strengths(circuit, model).weights[given.name]
        place = network.meta["background"][given.name]
        assert place["population"] == given.target
        assert place["variable"] in network.population(given.target).variables


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("model", MODELS)
def test_built_networks_run_on_every_target(name: str, model: str) -> None:
    network = build(CIRCUITS[name].with_modulation("ACh", level=0.5), model)
    for target in TARGETS:
        blockers = df.check(network, target=target, use_gpu=False if target == "genn" else None)
        assert not [b for b in blockers if b.where != "this machine"]


def test_positions_are_the_same_in_both_branches() -> None:
    circuit = CIRCUITS["l23"]
    built = [build(circuit, model) for model in MODELS]
    for population in circuit.populations:
        rng = np.random.default_rng([0, zlib.crc32(population.name.encode())])
        expected = circuit.space.draw(rng, population.n)
        for network in built:
            np.testing.assert_array_equal(network.population(population.name).positions, expected)
    moved = build(circuit, "glif_current", layout_seed=1).population("pyr")
    assert not np.array_equal(moved.positions, built[1].population("pyr").positions)
    assert np.hypot(*np.asarray(moved.positions / um).T[:2]).max() <= 400
    assert build(CIRCUITS["ca1"], "biological").population("pyr").positions is None


def test_a_contact_is_divided_among_its_compartments() -> None:
    """And collapses onto the one of a point neuron: the total is the same."""
    circuit = CIRCUITS["ca1"]
    for given in circuit.contacts:
        parts = len(given.compartments) * len(given.synapses)
        parameters = build(circuit, "biological").population(given.target).parameters
        for name, ratio in given.synapses.items():
            own = f"share_{name}_{given.name}"
            shares = [v for key, v in parameters.items() if key.startswith(own)]
            assert len(shares) == (len(given.compartments) if parts > 1 else 0)
            assert sum(shares) == pytest.approx(ratio if parts > 1 else 0)


def test_meta_says_what_was_built() -> None:
    dendritic, point = (build(CIRCUITS["ca1"], m).meta for m in ("biological", "glif_current"))
    assert (dendritic["branch"], point["branch"]) == ("biological", "task_driven")
    assert (point["model"], point["synapses"]) == ("glif", "current")
    assert dendritic["scale"] == point["scale"] == 0.1
    assert set(dendritic["cells"]) == set(point["cells"]) == set(CIRCUITS["ca1"].cells)
    # the fall-back of a cell without GLIF3 is visible
    assert point["cells"]["ca1_pyr"] == "GLIF1, derived from the passive values"
    l23 = build(pair(), "glif_current").meta
    assert l23["cells"]["ctx_pv"] == "GLIF3, Allen specimen 471087830"
    assert l23["modulation"] == ()
    level2 = df.task_driven.build(
        pair(), model="glif2", calibration=strengths(pair(), "glif2_current")
    )
    assert "ctx_pv: the published neuron, for want of a glif2 neuron" in str(level2.meta)
    assert level2.meta["cells"]["ctx_pv"] == "GLIF2, Allen specimen 481127173 (GLIF4)"


# ---------------------------------------------------------------- heterogeneity


def test_heterogeneity_goes_where_the_parameter_is() -> None:
    network = build(pair(), "biological", heterogeneity={"gL": 0.1, "g_prox_trunk": 0.2})
    assert network.population("pyr").heterogeneity == {"gL": 0.1, "g_prox_trunk": 0.2}
    assert network.population("pv").heterogeneity == {"gL": 0.1}
    network = build(pair(), "glif_current", heterogeneity={"R": 0.1, "asc_amp2": 0.2})
    for population in network.populations:
        assert population.heterogeneity == {"R": 0.1, "asc_amp2": 0.2}


def test_heterogeneity_may_be_factors() -> None:
    network = build(pair(), "glif_current", heterogeneity={"R": [1.5]})
    soma = df.CurrentInput("pv", -1 * pA)
    ends = []
    for built in (network, build(pair(), "glif_current")):
        done = df.run(
            replace(built, inputs=(soma,)),
            150 * ms,
            target="runtime",
            seed=1,
            record={"pv": ["V"]},
            progress=False,
        )
        voltage = done.traces["pv"].values["V"][0]
        ends.append(voltage[-1] - voltage[0])
    assert ends[0] / ends[1] == pytest.approx(1.5, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_heterogeneity_of_nothing_is_refused(model: str) -> None:
    with pytest.raises(NetworkError, match="heterogeneity names 'gLeak', which is a parameter of"):
        build(pair(), model, heterogeneity={"gLeak": 0.1})
    if model == "biological":
        with pytest.raises(NetworkError, match="Did you mean 'gL'"):
            build(pair(), model, heterogeneity={"gl": 0.1})


# ---------------------------------------------------------------- circuits that do not fit


@pytest.mark.parametrize("model", MODELS)
def test_a_circuit_by_hand_is_checked_against_the_catalogue(model: str) -> None:
    wrong = CircuitProjection("pyr", "pv", "AMPA", "tuft", in_degree=1, psp="0.5 mV")
    with pytest.raises(CatalogueError, match="'pyr_to_pv' ends on compartment 'tuft'"):
        build(pair(projections=(wrong,)), model)
    wrong = CircuitProjection("pyr", "pv", "GABA_A", "dend", in_degree=1, psp="0.5 mV")
    with pytest.raises(CatalogueError, match=r"Dale's law"):
        build(pair(projections=(wrong,)), model)
    wrong = CircuitProjection("pyr", "pv", "AMPPA", "dend", in_degree=1, psp="0.5 mV")
    with pytest.raises(UnknownName, match=r"unknown synapse 'AMPPA'\. Did you mean 'AMPA'"):
        build(pair(projections=(wrong,)), model)
    with pytest.raises(UnknownName, match="unknown cell type 'ctx_pvb'"):
        build(
            Circuit("alone", (CircuitPopulation("pv", "ctx_pvb", 1),)),
            model,
            calibration=Calibration("alone", model, {}),
        )


def cell_file(folder: Path, *drop: str) -> str:
    """The catalogue's PV cell without some of its tables, in a file of the user's."""
    source = files("dualframe.catalogue").joinpath("cells", "ctx_pv.toml").read_text("utf-8")
    first, *tables = source.split("\n[")
    kept = [
        table
        for table in tables
        if not any(table.lstrip("[").startswith(w) or f'model = "{w}' in table for w in drop)
    ]
    path = folder / "mine.toml"
    path.write_text("\n[".join([first, *kept]), encoding="utf-8")
    return str(path)


def test_a_cell_without_compartments_is_a_point_neuron_only(tmp_path: Path) -> None:
    cell = cell_file(tmp_path, "compartments")
    circuit = Circuit("alone", (CircuitPopulation("pv", cell, 1),))
    with pytest.raises(CatalogueError, match=r"'ctx_pv' has no compartments .*task_driven"):
        build(circuit, "biological")
    assert build(circuit, "glif_current").population("pv").n == 1


NONE = {m: Calibration("alone", f"{m}_current", {}) for m in ("glif2", "glif3", "glif5")}


def test_a_cell_without_the_glif_level_is_refused(tmp_path: Path) -> None:
    ca1 = Circuit("alone", (CircuitPopulation("pv", "ca1_pv_basket", 1),))
    for level in ("glif2", "glif3", "glif5"):
        with pytest.raises(
            CatalogueError, match=r"'ca1_pv_basket' has no GLIF\d set \(it has .*GLI"
        ):
            df.task_driven.build(ca1, model=level, cells="published", calibration=NONE[level])
    cell = cell_file(tmp_path, "GLIF")
    without = Circuit("alone", (CircuitPopulation("pv", cell, 1),))
    with pytest.raises(CatalogueError, match=r"has no glif set \(it has izhikevich2007_FS"):
        build(without, "glif_current")


def test_a_cell_without_izhikevich_set_is_refused(tmp_path: Path) -> None:
    cell = cell_file(tmp_path, "izhikevich")
    circuit = Circuit("alone", (CircuitPopulation("pv", cell, 1),))
    with pytest.raises(CatalogueError, match="'ctx_pv' has no izhikevich set"):
        build(circuit, "izhikevich_current")


def test_unknown_models_and_modes() -> None:
    with pytest.raises(UnknownName, match="unknown point neuron model 'elif'"):
        df.task_driven.build(pair(), model="elif")
    with pytest.raises(UnknownName, match=r"unknown synapse mode 'currents'\. Did you mean 'curr"):
        df.task_driven.build(pair(), synapses="currents")


# ---------------------------------------------------------------- Izhikevich's dimensionless form


def has_izhikevich(name: str) -> bool:
    return any(s.answers_to("izhikevich") for s in catalogue.cell(name).point_neurons)


def test_every_cell_has_a_physical_izhikevich_form_first() -> None:
    """The 2003 form has no capacitance or leak of its own, so that no circuit builds it unasked."""
    for name in catalogue.names("cell type"):
        if has_izhikevich(name):
            chosen = catalogue.cell(name).point_neuron_set("izhikevich")
            assert chosen.model != "izhikevich2003"


@pytest.mark.parametrize("modulator", ["ACh", "NA", "5HT"])
def test_modulation_keeps_default_izhikevich_cells_stable_below_threshold(modulator: str) -> None:
    """Their input conductance, of which effects are fractions, is positive: a weak one settles."""
    cells = [name for name in catalogue.names("cell type") if has_izhikevich(name)]
    circuit = Circuit("alone", tuple(CircuitPopulation(c, c, 1) for c in cells))
    plain = build(circuit, "izhikevich_current")
    network = build(circuit.with_modulation(modulator, level=1e-4), "izhikevich_current")
    moved = [p for p in network.populations if p != plain.population(p.name)]
    assert moved
    network = replace(network, populations=tuple(moved))
    record = {p.name: ["V"] for p in network.populations}
    done = df.run(network, 300 * ms, target="runtime", seed=1, record=record, progress=False)
    assert done.spikes.empty
    for population in network.populations:
        shift = done.traces[population.name].values["V"][0, -1] - float(population.initial["V"])
        assert abs(shift) < 1e-3


def test_the_2003_form_is_built_with_a_conventional_unit_of_current(tmp_path: Path) -> None:
    """Currents count in picoampere, and 0.8 of it per mV is what stands for the leak."""
    cell = cell_file(tmp_path, "izhikevich2007")
    circuit = Circuit("alone", (CircuitPopulation("pv", cell, 1),))
    network = build(circuit.with_modulation("ACh", level=1), "izhikevich_current")
    population = network.population("pv")
    assert population.parameters["I_unit"] == 1 * pA
    done = df.run(network, 300 * ms, target="runtime", seed=1, record={"pv": ["V"]}, progress=False)
    fraction = -0.05 * 30 / 35  # M1 on PV cells, at 30 uM
    drive = fraction * 0.8 * (-86.7 + 70)  # in units of I_unit
    assert done.traces["pv"].values["V"][0, -1] * 1e3 > -70
    # rest: 0.04 V^2 + 5 V + 140 - b V + I = 0, with I = drive - fraction 0.8 (V + 70)
    roots = np.roots([0.04, 5 - 0.2 - fraction * 0.8, 140 + drive - fraction * 0.8 * 70])
    assert done.traces["pv"].values["V"][0, -1] * 1e3 == pytest.approx(roots.min(), abs=0.01)


# ---------------------------------------------------------------- calibrations


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        ("biological", r"dualframe.calibrate\(circuit, 'biological'\)"),
        ("glif_conductance_fitted", r"dualframe.calibrate\(circuit, 'glif'\)"),
        ("glif_current_fitted", r"dualframe.calibrate\(circuit, 'glif', synapses='current'\)"),
        ("glif_current", r"calibrate\(circuit, 'glif', synapses='current', cells='published'\)"),
    ],
)
def test_a_missing_calibration_says_how_to_make_it(model: str, remedy: str) -> None:
    with pytest.raises(CatalogueError, match=f"'pair' has no calibration for '{model}'.*{remedy}"):
        build(pair(), model, calibration=None)


@pytest.mark.parametrize("model", ["biological", "glif_current"])
def test_a_changed_circuit_does_not_take_the_stored_calibration(model: str) -> None:
    circuit = df.circuit("l23")
    first, *rest = circuit.projections
    changed = circuit.with_components(
        projections=(replace(first, psp=2 * first.psp), *rest)
    ).scaled(0.01)
    with pytest.raises(CatalogueError, match="belongs to another version of the circuit"):
        build(changed, model, calibration=None)
    assert build(changed, model)  # one that is given may be of an earlier version


@pytest.mark.parametrize("model", ["biological", "glif_current"])
def test_the_shipped_calibration_fits_the_shipped_circuit(model: str) -> None:
    """Scaled, modulated and drugged as well."""
    circuit = df.circuit("l23").scaled(0.01).with_modulation("ACh", level=0.5)
    network = build(circuit.with_drug("antagonist", "M1"), model, calibration=None)
    assert len(network.projections) == len(circuit.projections)
    assert len(network.meta["background"]) == len(circuit.background)


def test_a_calibration_of_another_model_is_refused() -> None:
    for model, other in (("biological", "glif_current"), ("glif_current", "izhikevich_current")):
        with pytest.raises(CatalogueError, match=f"is for '{other}', but the model is '{model}'"):
            build(pair(), model, calibration=strengths(pair(), other))


@pytest.mark.parametrize(
    ("model", "weight", "unit"),
    [
        ("biological", 10 * pA, "siemens"),
        ("glif_current", 1 * nS, "amp"),
        ("glif_conductance", 10 * pA, "siemens"),
    ],
)
def test_a_weight_of_another_dimension_is_refused(model: str, weight: Any, unit: str) -> None:
    given = strengths(pair(), model, weights={c.name: weight for c in pair().contacts})
    with pytest.raises(
        CatalogueError, match=f"'pyr_to_pv': its strength is .*channels take {unit}"
    ):
        build(pair(), model, calibration=given)


@pytest.mark.parametrize("model", ["biological", "glif_current"])
def test_a_calibration_must_have_every_contact_and_rate(model: str) -> None:
    driven = pair(background=(Background("pyr", "AMPA", "soma", psp="1 mV"),))
    whole = strengths(driven, model)
    weights = {k: v for k, v in whole.weights.items() if k != "pv_to_pyr"}
    with pytest.raises(CatalogueError, match="no contact 'pv_to_pyr'"):
        build(driven, model, calibration=replace(whole, weights=weights))
    with pytest.raises(CatalogueError, match="no background rate of 'pyr'"):
        build(driven, model, calibration=replace(whole, rates={}))


# ---------------------------------------------------------------- unitary potentials


def unitary(circuit: Circuit, network: Network, source: str, target: str) -> float:
    """Potential (mV, signed) that one spike of a built network makes; its delay is checked."""
    population = network.population(target)
    above = {network.population(source).voltage: 40 * mV}
    fired = tuple(
        replace(p, initial={**p.initial, **above}) if p.name == source else p
        for p in network.populations
    )
    done = df.run(
        replace(network, populations=fired),
        120 * ms,
        target="runtime",
        seed=1,
        record={target: [population.voltage]},
        progress=False,
    )
    [time] = done.spikes[done.spikes.population == source].t
    assert target not in set(done.spikes.population)
    trace = done.traces[target]
    voltage = trace.values[population.voltage][0] * 1e3
    change = voltage - voltage[np.searchsorted(trace.t, time)]
    onset = trace.t[np.flatnonzero(np.abs(change) > 1e-6)[0]] - time
    delay = float(circuit.projection(f"{source}_to_{target}").delay)
    # the spike acts at the end of a step, and a mailbox or a rise takes up to four more
    assert -1e-9 <= onset - delay <= 0.6e-3
    return float(change[np.abs(change).argmax()])


@pytest.mark.parametrize(
    ("model", "synapses"),
    [("biological", None), ("glif", "current"), ("izhikevich", None)],
)
def test_the_unitary_potential_at_rest_is_the_same_in_every_model(
    model: str, synapses: str | None
) -> None:
    """Measured in the built network, by a spike of the presynaptic cell."""
    circuit = pair()
    found = calibrate(circuit, model, synapses=synapses, rates=False)
    assert found.provenance["contacts"] == circuit.contacts_digest
    network = build(circuit, found.model, calibration=found)
    assert unitary(circuit, network, "pyr", "pv") == pytest.approx(0.5, rel=0.01)
    # GABA_A of -80 mV lies below the rest of every model of the pyramidal cell
    assert unitary(circuit, network, "pv", "pyr") == pytest.approx(-0.4, rel=0.01)
    for name, psp in found.psps.items():
        assert psp / mV == pytest.approx(float(circuit.projection(name).psp / mV), rel=0.01)
