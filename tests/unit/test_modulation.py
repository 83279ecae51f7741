"""What modulators and drugs put into the equations, for whom, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, mmolar, ms, nS, pA, second, umolar

import dualframe as df
from dualframe import catalogue
from dualframe.circuit import Circuit, CircuitPopulation, Drug, Modulation
from dualframe.errors import CatalogueError, UnknownName
from dualframe.network import Network, Population
from dualframe.strengths import Calibration
from dualframe.targets.lowering import lower

BRANCHES = ("biological", "glif_current")
MODELS = (*BRANCHES, "izhikevich_current")
L23 = ("ctx_l23_pyr", "ctx_pv", "ctx_sst", "ctx_vip")


def alone(*cells: str, n: int = 1) -> Circuit:
    """Cells without contacts."""
    return Circuit("alone", tuple(CircuitPopulation(cell, cell, n) for cell in cells))


def build(circuit: Circuit, model: str) -> Network:
    """Build in either branch; a circuit without contacts needs no calibrated strengths."""
    calibration = Calibration(circuit.name, model, {})
    if model == "biological":
        return df.biological.build(circuit, calibration=calibration)
    return df.task_driven.build(circuit, model=model.split("_")[0], calibration=calibration)


AWAKE = alone(*L23).with_modulation("ACh", level=0.8)


# ---------------------------------------------------------------- who is affected


@pytest.mark.parametrize("model", MODELS)
def test_a_receptor_that_a_cell_does_not_express_leaves_no_trace(model: str) -> None:
    awake, plain = build(AWAKE, model), build(alone(*L23), model)
    for cell in L23:
        same = awake.population(cell) == plain.population(cell)
        assert same == (cell == "ctx_sst")  # without a compiled effect of acetylcholine
    assert awake.population("ctx_sst").equations == plain.population("ctx_sst").equations


@pytest.mark.parametrize("model", MODELS)
def test_a_knockout_removes_exactly_its_terms(model: str) -> None:
    plain, awake = build(alone(*L23), model), build(AWAKE, model)
    for cell in ("ctx_l23_pyr", "ctx_pv"):  # M1 is all that acetylcholine has there
        without = build(AWAKE.with_drug("knockout", "M1", cells=cell), model)
        assert without.population(cell) == plain.population(cell)
        for other in set(L23) - {cell}:
            assert without.population(other) == awake.population(other)


@pytest.mark.parametrize("model", MODELS)
def test_a_knockout_leaves_the_other_receptor(model: str) -> None:
    without = build(AWAKE.with_drug("knockout", "M1", cells="ctx_vip"), model)
    vip = without.population("ctx_vip")
    assert not [name for name in vip.parameters if "M1" in name]
    assert "M1" not in vip.equations
    assert "o_nACh_a4b2" in vip.variables
    awake = build(AWAKE, model).population("ctx_vip")
    kept = {name for name in awake.parameters if "M1" not in name}
    assert set(vip.parameters) == kept


@pytest.mark.parametrize("model", MODELS)
def test_a_full_antagonist_is_a_knockout(model: str) -> None:
    """Spike for spike, although the terms are there."""
    circuit = alone("ctx_vip", n=2).with_modulation("ACh", level=0.2)
    soma = "I_ext_soma" if model == "biological" else "I_ext"
    step = df.CurrentInput("ctx_vip", np.array([100, 250]) * pA, variable=soma)
    trains = []
    for kind in ("antagonist", "knockout"):
        blocked = circuit.with_drug(kind, "M1").with_drug(kind, "nACh_a4b2")
        network = replace(build(blocked, model), inputs=(step,))
        done = df.run(network, 150 * ms, target="runtime", seed=1, progress=False)
        trains.append(done.spikes[["neuron", "t"]].to_numpy())
    assert len(trains[0]) > 4
    np.testing.assert_array_equal(*trains)


@pytest.mark.parametrize("model", MODELS)
def test_an_agonist_needs_no_modulator(model: str) -> None:
    circuit = alone(*L23).with_drug("agonist", "M1", cells="ctx_pv", dose=0.3)
    network, plain = build(circuit, model), build(alone(*L23), model)
    pv = network.population("ctx_pv")
    assert pv.parameters["agonist0_M1"] == 0.3
    assert "c_ACh" not in pv.parameters
    for other in set(L23) - {"ctx_pv"}:
        assert network.population(other) == plain.population(other)
    found = df.run(
        network, 1 * ms, target="runtime", seed=1, record={"ctx_pv": ["o_M1"]}, progress=False
    )
    assert found.traces["ctx_pv"].values["o_M1"] == pytest.approx(0.3)


@pytest.mark.parametrize("model", MODELS)
def test_an_antagonist_without_a_modulator_has_nothing_to_block(model: str) -> None:
    blocked = build(alone(*L23).with_drug("antagonist", "M1"), model)
    assert blocked.populations == build(alone(*L23), model).populations


def test_drugs_with_several_doses_act_one_after_the_other() -> None:
    circuit = alone("ctx_pv").with_drug("agonist", "M1", dose=0.5)
    circuit = circuit.with_drug("antagonist", "M1", dose=0.5)
    circuit = circuit.with_drug("antagonist", "M1", cells="ctx_pv", dose=0.2)
    found = df.run(
        build(circuit, "glif_current"), 1 * ms, target="runtime", seed=1,
        record={"ctx_pv": ["o_M1"]}, progress=False,
    )  # fmt: skip
    assert found.traces["ctx_pv"].values["o_M1"] == pytest.approx(0.5 * 0.5 * 0.8)


def test_a_user_cell_file_is_drugged_by_its_path(tmp_path: Any) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(catalogue_text("ctx_pv"), encoding="utf-8")
    circuit = Circuit("alone", (CircuitPopulation("pv", str(path), 1),))
    awake = circuit.with_modulation("ACh", level=0.5)
    without = awake.with_drug("knockout", "M1", cells=str(path))
    plain = build(circuit, "glif_current").populations
    assert build(awake, "glif_current").populations != plain
    assert build(without, "glif_current").populations == plain


def catalogue_text(cell: str) -> str:
    """The file of a cell type."""
    from importlib.resources import files

    return files("dualframe.catalogue").joinpath("cells", f"{cell}.toml").read_text("utf-8")


# ---------------------------------------------------------------- structure and values


def texts(network: Network) -> list[Any]:
    """Everything of a lowered network that is compiled."""
    lowered = lower(network, dt=0.1 * ms, duration=10 * ms, seed=1)
    groups = [
        (g.equations, g.threshold, g.reset, g.refractory, tuple(g.constants), tuple(g.initial))
        for g in lowered.groups
    ]
    return [*groups, *((s.equations, s.on_pre, s.on_post) for s in lowered.synapses)]


@pytest.mark.parametrize("model", MODELS)
def test_levels_doses_and_times_are_no_part_of_the_equations(model: str) -> None:
    pairs = []
    for first, second_ in [(0.1, 0.9), (0.0, 1.0)]:
        pairs.append([
            alone(*L23).with_modulation("ACh", level=first),
            alone(*L23).with_modulation("ACh", level=second_),
        ])  # fmt: skip
    pairs.append([
        alone(*L23).with_modulation("ACh", schedule=[(0 * ms, x), (x * second, 0.2)])
        for x in (0.3, 0.6)
    ])  # fmt: skip
    pairs.append([AWAKE.with_drug("antagonist", "M1", dose=dose) for dose in (0.0, 1.0)])
    pairs.append([
        alone("ctx_pv").with_modulation("ACh", released_by="ctx_pv", per_spike=x)
        for x in (0.01, 0.02)
    ])  # fmt: skip
    for one, other in pairs:
        a, b = build(one, model), build(other, model)
        assert texts(a) == texts(b)
        assert a != b


@pytest.mark.parametrize("model", MODELS)
def test_several_modulators_combine_in_any_order(model: str) -> None:
    circuit = alone(*L23, "ca1_pyr")
    given = {"ACh": 0.8, "NA": 0.4, "5HT": 0.2}
    one, other = circuit, circuit
    for name in given:
        one = one.with_modulation(name, level=given[name])
    for name in reversed(given):
        other = other.with_modulation(name, level=given[name])
    a, b = build(one, model), build(other, model)
    assert a.populations == b.populations
    assert a.meta["assumptions"] == b.meta["assumptions"]
    assert {"o_M1", "o_alpha1", "o_5HT1A"} <= a.population("ctx_pv").variables
    # M1 and beta both scale the adaptation of CA1 pyramidal cells; their GLIF1 has none
    ca1 = set(a.population("ca1_pyr").parameters)
    assert ({"scale_M1_1", "scale_beta_0"} <= ca1) == (model != "glif_current")


@pytest.mark.parametrize("order", [("agonist", "antagonist"), ("antagonist", "agonist")])
def test_the_order_of_agonist_and_antagonist_makes_no_difference(order: tuple[str, str]) -> None:
    circuit = AWAKE
    for kind in order:
        circuit = circuit.with_drug(kind, "M1", dose=0.5)
    expected = AWAKE.with_drug("agonist", "M1", dose=0.5).with_drug("antagonist", "M1", dose=0.5)
    assert build(circuit, "glif_current").populations == build(expected, "glif_current").populations


def test_parameters_have_the_same_names_in_every_model() -> None:
    """Although the dendritic L2/3 cell has no adaptation for the second effect of M1."""
    for model in MODELS:
        found = build(AWAKE, model).population("ctx_l23_pyr").parameters
        assert {"size_M1_0", "E_M1_0"} <= set(found)
        assert ("scale_M1_1" in found) == (model != "biological")


# ---------------------------------------------------------------- release


@pytest.mark.parametrize("model", BRANCHES)
def test_release_reaches_the_cells_that_have_a_receptor(model: str) -> None:
    circuit = alone(*L23).with_modulation("ACh", released_by="ctx_sst", per_spike=0.01)
    network = build(circuit, model)
    made = {p.target: p for p in network.projections}
    assert set(made) == {"ctx_l23_pyr", "ctx_pv", "ctx_vip"}
    for projection in made.values():
        assert projection.source == "ctx_sst"
        assert projection.pairs == "all_to_all"
        assert projection.weight / umolar == pytest.approx(0.3)
    line = "ACh: +level 0.01 of the reference concentration at each spike of ctx_sst"
    assert network.meta["modulation"] == (line,)


@pytest.mark.parametrize("model", BRANCHES)
def test_a_scaled_population_releases_as_much_as_the_full_one(model: str) -> None:
    circuit = alone("ctx_pv", n=10).with_modulation("ACh", released_by="ctx_pv", per_spike="1 uM")
    for factor, n in ((0.5, 5), (0.25, 2), (2, 20)):
        small = circuit.scaled(factor)
        [projection] = build(small, model).projections
        assert small.sizes["ctx_pv"] == n
        assert n * projection.weight / umolar == pytest.approx(10)


# ---------------------------------------------------------------- errors


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="unknown modulator 'ACH2'"):
        alone("ctx_pv").with_modulation("ACH2", level=1)
    with pytest.raises(UnknownName, match="unknown receptor 'M7'"):
        alone("ctx_pv").with_drug("antagonist", "M7")
    with pytest.raises(UnknownName, match="'ctx_vip'"):
        alone("ctx_pv").with_drug("antagonist", "M1", cells="ctx_vip")
    by_hand = replace(alone("ctx_pv"), drugs=(Drug("antagonist", "M1", "ctx_vip"),))
    with pytest.raises(UnknownName, match="cell type of circuit 'alone': 'ctx_vip'"):
        build(by_hand, "glif_current")
    unknown = replace(alone("ctx_pv"), modulations=(Modulation("histamine", 0.5),))
    with pytest.raises(UnknownName, match="unknown modulator 'histamine'"):
        build(unknown, "glif_current")


@pytest.mark.parametrize("model", MODELS)
def test_a_modulator_without_effect_is_refused(model: str) -> None:
    with pytest.raises(CatalogueError, match=r"5HT has no compiled effect .*ctx_sst.*5HT1A"):
        build(alone("ctx_sst").with_modulation("5-HT", level=1), model)
    with pytest.raises(CatalogueError, match="M1 has no compiled effect on ctx_sst in"):
        build(alone("ctx_sst").with_drug("knockout", "M1"), model)
    # known elsewhere in the circuit, but not in the cells that are named
    with pytest.raises(CatalogueError, match="M1 has no compiled effect on ctx_sst in"):
        build(AWAKE.with_drug("antagonist", "M1", cells="ctx_sst"), model)


# ---------------------------------------------------------------- assumptions

# Names of parameters in the equations, and where the catalogue has their number.
_TABLES = {
    "EC50": lambda receptor: receptor.affinity["EC50"],
    "hill": lambda receptor: receptor.affinity["hill"],
    "tau_on": lambda receptor: receptor.kinetics["tau_on"],
    "tau_off": lambda receptor: receptor.kinetics["tau_off"],
}


def lines_for(population: Population, modulated: Population) -> set[str]:
    """What the parameters that a modulator added say: owner, number, value."""
    found = set()
    for name in set(modulated.parameters) - set(population.parameters):
        kind, _, rest = name.rpartition("_")
        if name.startswith("tau_c_"):
            own = catalogue.modulator(rest)
            number, label = own.numbers["clearance_tau"], f"{own.name}: clearance_tau"
        elif name.startswith(("size_", "E_", "scale_")):
            kind, receptor, index = name.split("_", 1)[0], name.split("_", 1)[1][:-2], rest
            effects = [
                e for e in catalogue.receptor(receptor).effects_on(population.cell_type)
                if e.compiled and not e.conflict
            ]  # fmt: skip
            key = {"E": "reversal"}.get(kind, kind)
            number = effects[int(index)].numbers[key]
            label = f"{receptor} on {population.cell_type}, {effects[int(index)].kind}: {key}"
        elif any(name.startswith(f"{key}_") for key in _TABLES):
            kind = next(key for key in _TABLES if name.startswith(f"{key}_"))
            receptor = name.removeprefix(f"{kind}_")
            number, label = _TABLES[kind](catalogue.receptor(receptor)), f"{receptor}: {kind}"
        else:
            continue
        if number.assumed:
            found.add(f"{label} {number.written} is assumed")
    return found


CIRCUITS = {
    "tonic": AWAKE,
    "tonic concentration": alone(*L23).with_modulation("ACh", level="2 uM"),
    "schedule": alone(*L23).with_modulation("ACh", schedule=[(0 * ms, 0.1), (1 * second, "1 uM")]),
    "released": alone(*L23).with_modulation("ACh", released_by="ctx_pv", per_spike="1 uM"),
    "two": AWAKE.with_modulation("NA", level=0.5),
    "knock-out": AWAKE.with_drug("knockout", "M1"),
    "knock-out of one": AWAKE.with_drug("knockout", "M1", cells="ctx_vip"),
    "agonist": alone(*L23).with_drug("agonist", "M1"),
    "CA1": alone("ca1_pyr", "ca1_olm").with_modulation("ACh", level=0.5).with_modulation("NA", 0.1),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_every_assumed_number_that_acts_is_named_and_no_other(model: str, name: str) -> None:
    circuit = CIRCUITS[name]
    plain = build(replace(circuit, modulations=(), drugs=()), model)
    network = build(circuit, model)
    expected = set()
    for population in plain.populations:
        expected |= lines_for(population, network.population(population.name))
    fractions = {"tonic": ["ACh"], "schedule": ["ACh"], "two": ["ACh", "NA"], "CA1": ["ACh", "NA"],
                 "knock-out": ["ACh"], "knock-out of one": ["ACh"]}  # fmt: skip
    for modulator in fractions.get(name, []):
        written = catalogue.modulator(modulator).numbers["reference_concentration"].written
        expected.add(f"{modulator}: reference_concentration {written} is assumed")
    said = set(network.meta["assumptions"]) - set(plain.meta["assumptions"])
    numbers = {line.split(" (")[0] for line in said if " is assumed" in line}
    assert numbers == expected
    assert expected
    lost = said - {line for line in said if " is assumed" in line}
    assert all("not in this model, which does not adapt" in line for line in lost)


def test_a_lost_effect_is_named_where_it_would_act() -> None:
    lost = "M1 on ctx_l23_pyr: not in this model, which does not adapt"
    assert any(line.startswith(lost) for line in build(AWAKE, "biological").meta["assumptions"])
    for circuit in (alone(*L23), AWAKE.with_drug("knockout", "M1")):
        lines = build(circuit, "biological").meta["assumptions"]
        assert not any(line.startswith(lost) for line in lines)


def test_assumptions_of_cells_and_circuit() -> None:
    """Of the published L2/3 circuit, and of what each branch makes of its cells."""
    circuit = df.circuit("l23").scaled(0.01)
    weights = {c.name: 1 * nS for c in circuit.contacts}
    rates = dict.fromkeys(circuit.sizes, 10 * Hz)
    dendritic = df.biological.build(
        circuit, calibration=Calibration("l23", "biological", weights, rates=rates)
    ).meta["assumptions"]
    weights = {c.name: 1 * pA for c in circuit.contacts}
    point = df.task_driven.build(
        circuit, model="izhikevich",
        calibration=Calibration("l23", "izhikevich_current", weights, rates=rates),
    ).meta["assumptions"]  # fmt: skip
    psp = (
        "circuit l23: psp of background_pyr, background_pv, background_sst, background_vip are "
        "assumed"
    )
    assert psp in dendritic
    assert psp in point
    assert any(line.startswith("circuit l23: compartments of pyr_to_pyr, ") for line in dendritic)
    assert not any("compartments" in line for line in point)
    pv = "ctx_pv: dendritic_share 0.5, attenuation 0.8, peak 20 mV, reset -75.26 mV, spike_width"
    assert any(line.startswith(pv) for line in dendritic)
    assert "ctx_pv: the compartments are a stand-in, not published for this cell type" in dendritic
    vip = "ctx_vip: vpeak 30 mV, a 0.03 /ms, b 0 nS, c -55 mV, d 20 pA of izhikevich2007"
    assert any(line.startswith(vip) for line in point)


def test_base_unit_of_concentrations_is_mmolar() -> None:
    """Levels in either form are concentrations in the equations."""
    population = build(AWAKE, "glif_current").population("ctx_pv")
    assert float(population.parameters["c_ACh"] / mmolar) == pytest.approx(0.024)
