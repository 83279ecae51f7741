"""What modulators and drugs put into the equations, for whom, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from brian2.units import Hz, mmolar, ms, nmolar, nS, pA, second, umolar

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import (
    Circuit,
    CircuitPopulation,
    Drug,
    Modulation,
    Pulses,
    Region,
)
from dualframe.core.errors import CatalogueError, NetworkError, QuantityError, UnknownName
from dualframe.network import Network, Population
from dualframe.targets.lowering.lower_network import lower_network

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
    return df.task_driven.build(
        circuit, model=model.split("_")[0], cells="published", calibration=calibration
    )


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
@pytest.mark.parametrize("cells", [None, "ctx_vip"])
def test_a_saturating_antagonist_is_a_knockout(model: str, cells: str | None) -> None:
    """The same description, with and without release, so the same network to the last spike."""
    released = alone(*L23).with_modulation("ACh", released_by="ctx_sst", per_spike=0.01)
    for circuit in (AWAKE, released):
        blocked = build(circuit.with_drug("antagonist", "M1", cells), model)
        without = build(circuit.with_drug("knockout", "M1", cells), model)
        assert blocked.populations == without.populations
        assert blocked.projections == without.projections
        assert blocked.inputs == without.inputs
        assert blocked.meta["assumptions"] == without.meta["assumptions"]
        assert blocked.populations != build(circuit, model).populations


@pytest.mark.parametrize("kinds", [("antagonist", "agonist"), ("knockout", "agonist")])
def test_no_agonist_opens_what_is_not_there(kinds: tuple[str, str]) -> None:
    circuit = alone("ctx_pv")
    for kind in kinds:
        circuit = circuit.with_drug(kind, "M1")
    plain = build(alone("ctx_pv"), "glif_current").populations
    assert build(circuit, "glif_current").populations == plain


@pytest.mark.parametrize("model", MODELS)
def test_an_agonist_needs_no_modulator(model: str) -> None:
    circuit = alone(*L23).with_drug("agonist", "M1", cells="ctx_pv", dose=0.3)
    network, plain = build(circuit, model), build(alone(*L23), model)
    pv = network.population("ctx_pv")
    assert pv.parameters["agonist_M1"] == 0.3
    assert "c_ACh" not in pv.parameters
    for other in set(L23) - {"ctx_pv"}:
        assert network.population(other) == plain.population(other)
    found = df.run(
        network, 1 * ms, target="runtime", seed=1, record={"ctx_pv": ["o_M1"]}, progress=False
    )
    assert found.traces["ctx_pv"].values["o_M1"] == pytest.approx(0.3 / 1.3)  # hill is 1


@pytest.mark.parametrize("model", MODELS)
def test_an_antagonist_without_a_modulator_has_nothing_to_block(model: str) -> None:
    blocked = build(alone(*L23).with_drug("antagonist", "M1"), model)
    assert blocked.populations == build(alone(*L23), model).populations


def test_doses_of_one_kind_add_up() -> None:
    circuit = AWAKE.with_drug("agonist", "M1", dose=0.5).with_drug("agonist", "M1", "ctx_pv", 0.25)
    circuit = circuit.with_drug("antagonist", "M1", dose="30 nM", affinity="10 nM")
    circuit = circuit.with_drug("antagonist", "M1", cells="ctx_pv", dose=0.5)
    parameters = build(circuit, "glif_current").population("ctx_pv").parameters
    assert parameters["agonist_M1"] == 0.75
    assert parameters["antagonist_M1"] == pytest.approx(3.5)


@pytest.mark.parametrize("model", MODELS)
def test_a_saturating_agonist_needs_no_concentration(model: str) -> None:
    """Nothing is left to compete for, whatever the modulator and other drugs do."""
    agonist = build(alone("ctx_pv").with_drug("agonist", "M1"), model)
    circuit = alone("ctx_pv").with_modulation("ACh", schedule=[(0 * ms, 0.1), (9 * ms, 1)])
    circuit = circuit.with_drug("agonist", "M1").with_drug("antagonist", "M1", dose=5)
    [population] = build(circuit, model).populations
    assert (population,) == agonist.populations
    assert population.parameters["saturated_M1"] == 1
    assert not [name for name in population.variables if name.startswith(("b_", "c_"))]


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
    lowered = lower_network(network, dt=0.1 * ms, duration=10 * ms, seed=1)
    groups = [
        (g.equations, g.threshold, g.reset, g.refractory, tuple(g.constants), tuple(g.initial))
        for g in lowered.groups
    ]
    return [*groups, *((s.equations, s.on_pre, s.on_post) for s in lowered.synapses)]


@pytest.mark.parametrize("model", MODELS)
def test_levels_doses_and_times_are_no_part_of_the_equations(model: str) -> None:
    pairs = []
    for first, second_ in [(0.1, 0.9), (0.0, 1.0)]:
        pairs.append(
            [
                alone(*L23).with_modulation("ACh", level=first),
                alone(*L23).with_modulation("ACh", level=second_),
            ]
        )
    pairs.append(
        [
            alone(*L23).with_modulation("ACh", schedule=[(0 * ms, x), (x * second, 0.2)])
            for x in (0.3, 0.6)
        ]
    )
    for kind in ("agonist", "antagonist"):
        pairs.append([AWAKE.with_drug(kind, "M1", dose=dose) for dose in (0.0, 30.0)])
    pairs.append(
        [
            alone("ctx_pv").with_modulation("ACh", pulses=Pulses(x, rise, interval=x, count=n))
            for x, n, rise in ((1 * ms, 2, 0.01), (2 * ms, 3, "1 uM"))
        ]
    )
    pairs.append(
        [
            alone("ctx_pv").with_modulation("ACh", released_by="ctx_pv", per_spike=x)
            for x in (0.01, 0.02)
        ]
    )
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
        small = circuit.scaled(factor, minimum=1)
        [projection] = build(small, model).projections
        assert small.sizes["ctx_pv"] == n
        assert n * projection.weight / umolar == pytest.approx(10)


@pytest.mark.parametrize("model", BRANCHES)
def test_pulses_are_one_source_for_each_height(model: str) -> None:
    pulses = [("1 ms", "1 uM"), Pulses(5 * ms, "2 uM", 10 * ms, 3), ("7 ms", 1000 * nmolar)]
    network = build(alone(*L23).with_modulation("ACh", 0.1, pulses=pulses), model)
    [source] = network.inputs
    assert (source.name, source.n) == ("pulses_ACh", 2)
    assert sorted(source.times[source.indices == 0] / ms) == pytest.approx([1, 7])
    assert sorted(source.times[source.indices == 1] / ms) == pytest.approx([5, 15, 25])
    made = {p.target: p for p in network.projections}
    assert set(made) == {"ctx_l23_pyr", "ctx_pv", "ctx_vip"}
    for projection in made.values():
        assert projection.on_pre == "c_ACh += w"
        assert projection.weight / umolar == pytest.approx([1, 2])
    [line] = network.meta["modulation"]
    assert "+2 uM 3 times from 5 ms every 10 ms" in line


def test_a_thousand_pulses_make_no_longer_equations() -> None:
    few, many = (
        build(
            alone("ctx_pv").with_modulation("ACh", pulses=Pulses(0 * ms, 0.1, 1 * ms, n)),
            "glif_current",
        )
        for n in (2, 1000)
    )
    assert few.populations == many.populations
    assert many.inputs[0].times.shape == (1000,)


def test_one_population_releases_two_modulators() -> None:
    circuit = alone(*L23).with_release("ctx_sst", {"ACh": "20 nM", "noradrenaline": "1 nM"})
    assert [(m.modulator, m.released_by) for m in circuit.modulations] == [
        ("ACh", "ctx_sst"),
        ("NA", "ctx_sst"),
    ]
    names = {p.name for p in build(circuit, "glif_current").projections}
    assert {"release_ACh_ctx_sst_ctx_pv", "release_NA_ctx_sst_ctx_pv"} <= names


def test_an_uptake_knows_how_much_is_released() -> None:
    """200 nM by all neurons of the full-size circuit, in the VTA of Dreyer's model."""
    circuit = alone("ctx_pv", n=100).with_modulation("DA", released_by="ctx_pv", clearance="VTA")
    for own, n in ((circuit, 100), (circuit.scaled(0.1), 10)):
        [projection] = build(own, "glif_current").projections
        assert n * projection.weight / nmolar == pytest.approx(200)
        parameters = build(own, "glif_current").population("ctx_pv").parameters
        assert parameters["Vmax_c_DA"] == 1500 * nmolar / second
        assert "tau_c_DA" not in parameters


# ---------------------------------------------------------------- regions


def two_regions(**modulation: Any) -> Circuit:
    """PV cells near the release, VIP cells elsewhere."""
    circuit = alone("ctx_pv", "ctx_vip").with_regions(
        {"near": "ctx_pv", "far": ["ctx_vip"]}, {"near": "1 mm**3", "far": "4 mm**3"}
    )
    return circuit.with_modulation("ACh", **({"level": 0.5, "region": "near"} | modulation))


@pytest.mark.parametrize("model", BRANCHES)
def test_without_exchange_a_region_is_alone(model: str) -> None:
    network, plain = build(two_regions(), model), build(alone("ctx_pv", "ctx_vip"), model)
    everywhere = build(alone("ctx_pv", "ctx_vip").with_modulation("ACh", 0.5), model)
    assert network.population("ctx_vip") == plain.population("ctx_vip")
    assert network.population("ctx_pv") == everywhere.population("ctx_pv")
    assert build(two_regions(region=""), model).populations == everywhere.populations


@pytest.mark.parametrize("model", BRANCHES)
def test_with_exchange_each_neuron_integrates_every_region(model: str) -> None:
    circuit = two_regions(
        exchange={"far": "2 /s"}, released_by="ctx_pv", per_spike="1 uM", pulses=[("1 ms", 0.1)]
    )
    network = build(circuit, model)
    near, far = (network.population(name) for name in ("ctx_pv", "ctx_vip"))
    assert {"c_ACh", "c_ACh_in_far"} <= near.variables
    assert {"c_ACh", "c_ACh_in_near"} <= far.variables
    for own in (near, far):  # the amount is conserved: 1 mm^3 * 2 /s = 4 mm^3 * 0.5 /s
        assert own.parameters["exchange_ACh_near_far"] == 2 / second
        assert own.parameters["exchange_ACh_far_near"] == 0.5 / second
    written = {(p.source, p.target): p.on_pre for p in network.projections}
    assert written["ctx_pv", "ctx_pv"] == "c_ACh += w"
    assert written["ctx_pv", "ctx_vip"] == "c_ACh_in_near += w"
    assert written["pulses_ACh_in_near", "ctx_vip"] == "c_ACh_in_near += w"


def test_a_region_may_be_replaced_alone() -> None:
    circuit = two_regions().with_modulation("ACh", 0.2, region="far")
    assert [(m.region, m.level) for m in circuit.modulations] == [("near", 0.5), ("far", 0.2)]
    circuit = circuit.with_modulation("ACh", 0.3, region="near")
    assert [(m.region, m.level) for m in circuit.modulations] == [("far", 0.2), ("near", 0.3)]
    assert [m.level for m in circuit.with_modulation("ACh", 0.1).modulations] == [0.1]


def test_regions_are_no_part_of_a_calibration_where_there_are_none() -> None:
    plain = alone("ctx_pv", "ctx_vip")
    assert (
        two_regions().with_components(regions=(), modulations=(), populations=plain.populations)
        == plain
    )
    assert replace(two_regions(), modulations=()).digest != plain.digest


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
    with pytest.raises(UnknownName, match="'far'"):
        two_regions(region="farr")
    with pytest.raises(UnknownName, match="'far'"):
        two_regions(exchange={"fra": "1 /s"})
    with pytest.raises(UnknownName, match=r"uptake of DA 'vta'.*'VTA'"):
        alone("ctx_pv").with_modulation("DA", released_by="ctx_pv", clearance="vta")
    unknown = replace(alone("ctx_pv"), modulations=(Modulation("histamine", 0.5),))
    with pytest.raises(UnknownName, match="unknown modulator 'histamine'"):
        build(unknown, "glif_current")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: alone("ctx_pv").with_drug("antagonist", "M1", dose=-1), "zero or more"),
        (lambda: alone("ctx_pv").with_drug("agonist", "M1", dose="1 uM"), "needs affinity"),
        (lambda: alone("ctx_pv").with_drug("agonist", "M1", dose=2, affinity="1 uM"), "leave out"),
        (lambda: alone("ctx_pv").with_drug("knockout", "M1", dose=2), "a knockout has no dose"),
        (lambda: Pulses(0 * ms, 0.1, count=2), "give the time from one to the next"),
        (lambda: Modulation("DA", released_by="a", clearance="1 s"), "needs per_spike"),
        (lambda: Modulation("DA", per_spike=0.1), "needs released_by"),
        (lambda: Modulation("DA"), "give level, schedule, pulses or released_by"),
        (lambda: Modulation("DA", pulses=[("1 ms", 0.1, 2)]), r"\(time, rise\) pairs"),
        (lambda: Modulation("DA", 0.1, exchange={"a": "1 /s"}), "name the region"),
        (lambda: two_regions(exchange={"near": "1 /s"}), "'near' is the region itself"),
        (lambda: two_regions(exchange={"far": "-1 /s"}), "zero or more"),
        (lambda: Region("a", "1 mm"), "volume of region 'a'"),
        (lambda: alone("ctx_pv", "ctx_vip").with_regions({"a": "ctx_pv"}), "lies in no region"),
        (lambda: alone("ctx_pv").with_regions({"a": "ctx_pv", "b": "ctx_pv"}), "already"),
        (
            lambda: alone("ctx_pv").with_regions({"a": "ctx_pv", "b": []}, {"a": "1 mm**3"}),
            "every volume as a volume",
        ),
        (
            lambda: replace(AWAKE, modulations=(Modulation("ACh", 0.1), Modulation("ACh", 0.2))),
            "given twice",
        ),
        (
            lambda: replace(
                AWAKE, modulations=(Modulation("5HT", 0.1), Modulation("serotonin", 0.2))
            ).check(),
            "'5HT' is given twice",
        ),
        (
            lambda: two_regions(exchange={"far": "1 /s"}).with_modulation(
                "ACh", 0.1, region="far", exchange={"near": "1 /s"}
            ),
            "between 'far' and 'near' is given twice",
        ),
    ],
)
def test_what_cannot_be(make: Any, message: str) -> None:
    with pytest.raises((NetworkError, QuantityError), match=message):
        make()


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
        if "_s_" in name:
            kind, _, receptor = name.partition("_s_")
            number = catalogue.receptor(receptor).desensitisation[kind]
            label = f"{receptor}, desensitisation: {kind}"
        elif name.startswith("tau_c_"):
            own = catalogue.modulator(rest)
            number, label = own.numbers["clearance_tau"], f"{own.name}: clearance_tau"
        elif name.startswith(("size_", "E_", "scale_")):
            kind, receptor, index = name.split("_", 1)[0], name.split("_", 1)[1][:-2], rest
            effects = [
                e
                for e in catalogue.receptor(receptor).effects_on(population.cell_type)
                if e.compiled and not e.conflict
            ]
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
    "agonist with a dose": alone(*L23).with_drug("agonist", "M1", dose=2),
    "agonist at a level": AWAKE.with_drug("agonist", "nACh_a4b2").with_drug(
        "agonist", "M1", dose=1
    ),
    "pulses": alone(*L23).with_modulation("ACh", pulses=[(1 * ms, "1 uM")]),
    "own clearance": alone(*L23).with_modulation(
        "ACh", "1 uM", pulses=[(1 * ms, "1 uM")], clearance="50 ms"
    ),
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
    fractions = {
        "tonic": ["ACh"],
        "schedule": ["ACh"],
        "two": ["ACh", "NA"],
        "CA1": ["ACh", "NA"],
        "knock-out": ["ACh"],
        "knock-out of one": ["ACh"],
        "agonist at a level": ["ACh"],
    }
    for modulator in fractions.get(name, []):
        written = catalogue.modulator(modulator).numbers["reference_concentration"].written
        expected.add(f"{modulator}: reference_concentration {written} is assumed")
    if name == "own clearance":  # the user's own number is no assumption
        expected = {line for line in expected if "clearance_tau" not in line}
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
        circuit,
        model="izhikevich",
        cells="published",
        calibration=Calibration("l23", "izhikevich_current", weights, rates=rates),
    ).meta["assumptions"]
    psp = (
        "circuit l23: psp of background_pyr, background_pv, background_sst, background_vip are "
        "assumed"
    )
    assert psp in dendritic
    assert psp in point
    assert any(line.startswith("circuit l23: compartments of pyr_to_pyr, ") for line in dendritic)
    assert not any("compartments" in line for line in point)
    [pv] = [
        line
        for line in dendritic
        if line.startswith("ctx_pv: ") and line.endswith("of the compartments are assumed")
    ]
    split = catalogue.cell("ctx_pv").compartments.split
    assert [n for n in split if split[n].assumed] == [n for n in split if f"{n} " in pv] != []
    assert "ctx_pv: the compartments are a stand-in, not published for this cell type" in dendritic
    vip = "ctx_vip: vpeak 30 mV, a 0.03 /ms, b 0 nS, c -55 mV, d 20 pA of izhikevich2007"
    assert any(line.startswith(vip) for line in point)


def test_base_unit_of_concentrations_is_mmolar() -> None:
    """Levels in either form are concentrations in the equations."""
    population = build(AWAKE, "glif_current").population("ctx_pv")
    assert float(population.parameters["c_ACh"] / mmolar) == pytest.approx(0.024)


def test_a_modulator_that_reaches_no_receptor_is_refused() -> None:
    circuit = alone("ctx_pv", "ctx_sst").with_regions({"a": "ctx_pv", "b": "ctx_sst"})
    with pytest.raises(CatalogueError, match="ACh has no compiled effect"):
        build(circuit.with_modulation("ACh", 0.5, region="b"), "glif_current")
    joined = circuit.with_modulation("ACh", 0.5, region="b", exchange={"a": "1 /s"})
    assert "o_M1" in build(joined, "glif_current").population("ctx_pv").variables


# ---------------------------------------------------------------- what the catalogue says


def test_dopamine_has_the_uptakes_of_its_source() -> None:
    """Jakob Dreyer's tool: 15, 40 and 2 nM/s for each of 100 neurons; 2, 4 and 0.2 nM a spike."""
    expected = {"VTA": (1500, 200), "SNc": (4000, 400), "soma": (200, 20)}
    found = catalogue.modulator("DA")
    assert [uptake.name for uptake in found.uptakes] == list(expected)
    for uptake in found.uptakes:
        values = uptake.numbers.plain()
        assert values["Vmax"] / (nmolar / second) == pytest.approx(expected[uptake.name][0])
        assert values["release_total"] / nmolar == pytest.approx(expected[uptake.name][1])
        assert values["Km"] / nmolar == pytest.approx(160)
        assert values["k_other"] * second == pytest.approx(0.04)
        assert all(not number.assumed for number in uptake.numbers.values())
    assert not any(catalogue.modulator(name).uptakes for name in ("ACh", "5HT", "NA"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DA", ["uptake VTA", "Vmax c/(Km + c)", "not used: prescribed transient", "0.04 /s"]),
        ("nACh_a4b2", ["desensitisation by the modulator", "tau_slow  600 s", "6.003 s"]),
    ],
)
def test_delivery_is_shown(name: str, words: list[str]) -> None:
    read = catalogue.modulator if name == "DA" else catalogue.receptor
    text = catalogue.describe(read(name))
    assert all(word in text for word in words)
    assert "ASSUMED" in text
