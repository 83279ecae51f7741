"""Each kind of effect in each model: what it adds, where it cannot be, and closed forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import ms as milli
from brian2.units import mV, nS, pA

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.network import Network, Population
from dualframe.neuromodulation import Compartment, ModulatableParameters, modulation_equations
from dualframe.receptor_effects import EFFECT_KINDS
from dualframe.results.results import Results
from dualframe.targets.lowering.lower_network import lower_network

MODELS = ("biological", "glif_current", "izhikevich_current")

#: A receptor that the catalogue has no effect of on CA1 pyramidal or fast-spiking cells.
RECEPTOR = "nACh_a7"
KINDS: dict[str, dict[str, Any]] = {
    "conductance": {"size": 0.2, "reversal": "-90 mV"},
    "hcn": {
        "scale": 0.5,
        "share": 0.3,
        "v_half": "-82 mV",
        "slope": "8 mV",
        "tau": "20 ms",
        "reversal": "-30 mV",
    },
    "leak": {"scale": 0.8},
    "rest": {"shift": "2 mV"},
    "adaptation": {"scale": 0.5},
    "threshold": {"shift": "-3 mV"},
    "dspike": {"scale": 0.5},
    "gain": {"synapse": "GABA_A", "scale": 0.4},
}
LACKING = [name for name, kind in EFFECT_KINDS.items() if kind.lacks]
#: The CA1 pyramidal cell: its GLIF1 does not adapt, and point neurons have no dendritic spikes.
LOST = {
    ("dspike", "glif_current"),
    ("dspike", "izhikevich_current"),
    ("adaptation", "glif_current"),
}


def pair(n: int = 1, excitatory: str = "ca1_pyr") -> Circuit:
    """An excitatory and a fast-spiking cell that contact each other."""
    contacts = {
        "to_pyr": CircuitProjection(
            "pv",
            "pyr",
            name="to_pyr",
            synapses={"GABA_A": 1.0},
            compartments=("soma",),
            psp="1 mV",
            probability=1.0,
            delay="1 ms",
        ),
        "to_pv": CircuitProjection(
            "pyr",
            "pv",
            name="to_pv",
            synapses={"AMPA": 1.0, "NMDA": 0.5},
            compartments=("dend",),
            psp="1 mV",
            probability=1.0,
            delay="1 ms",
        ),
    }
    cells = {"pyr": excitatory, "pv": "ctx_pv"}
    populations = tuple(CircuitPopulation(name, cell, n) for name, cell in cells.items())
    return Circuit("pair", populations, tuple(contacts.values()))


def open_(circuit: Circuit, dose: float = 1.0) -> Circuit:
    """The circuit with the receptor opened by an agonist."""
    return circuit.with_drug("agonist", RECEPTOR, dose=dose)


def occupied(dose: float = 1.0) -> float:
    """Closed form of the occupancy by an agonist alone."""
    power = dose ** float(catalogue.receptor(RECEPTOR).affinity.value("hill"))
    return power / (1 + power)


def build(circuit: Circuit, model: str) -> Network:
    """Build with any weights."""
    unit = nS if model == "biological" else pA
    weights = {contact.name: 1 * unit for contact in circuit.contacts}
    calibration = Calibration(circuit.name, model, weights)
    if model == "biological":
        return df.biological.build(circuit, calibration=calibration)
    return df.task_driven.build(
        circuit, model=model.split("_")[0], cells="published", calibration=calibration
    )


def run(
    network: Network,
    duration: Any,
    record: Mapping[str, tuple[str, ...]],
    currents: Mapping[str, Any] | None = None,
) -> Results:
    """Run with currents into the somata."""
    soma = "I_ext_soma" if network.meta["branch"] == "biological" else "I_ext"
    steps = [df.CurrentInput(n, x, variable=soma) for n, x in (currents or {}).items()]
    network = replace(network, inputs=(*network.inputs, *steps))
    every = {name: df.Recording(variables) for name, variables in record.items()}
    return df.run(network, duration, target="runtime", seed=1, record=every, progress=False)


def lines(population: Population) -> set[str]:
    """Everything of a population that is text, line by line."""
    events = [text for e in population.events for text in (e.condition, e.action)]
    texts = (population.equations, population.threshold, population.reset, *events)
    return {line.strip() for text in texts for line in str(text).split("\n") if line.strip()}


def named(line: str) -> str:
    """What a line defines; a threshold without the mark of what is changed."""
    return line.split("=")[0] if "=" in line else line.replace("_modulated", "")


def with_kind(circuit: Circuit, kind: str, **more: Any) -> Circuit:
    """The circuit with an effect on the pyramidal cell."""
    return circuit.with_effect(RECEPTOR, "ca1_pyr", kind, **(KINDS[kind] | more))


# ---------------------------------------------------------------- what an effect adds


def test_every_kind_is_compiled_or_described() -> None:
    compiled = {name for name, kind in EFFECT_KINDS.items() if kind.add_equations}
    assert set(EFFECT_KINDS) == {*compiled, "described"}
    assert {*KINDS, "release", "plasticity"} == compiled


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_effect_adds_its_terms_and_nothing_else(kind: str, model: str) -> None:
    plain = build(pair(), model)
    network = build(open_(with_kind(pair(), kind)), model)
    assert network.population("pv") == plain.population("pv")
    assert network.projections == plain.projections
    before, after = plain.population("pyr"), network.population("pyr")
    said = "\n".join(network.meta["assumptions"])
    if (kind, model) in LOST:
        assert after == before
        assert f"{RECEPTOR} on ca1_pyr: not in this model, {EFFECT_KINDS[kind].lacks}" in said
        return
    assert after != before
    assert set(before.parameters) < set(after.parameters)
    ending = f"_{RECEPTOR}_0"
    own = {n for n in set(after.parameters) - set(before.parameters) if n.endswith(ending)}
    assert len(own) == len(KINDS[kind]) - ("synapse" in KINDS[kind])
    assert f"{RECEPTOR} on ca1_pyr, {kind}: " in said
    assert "is set by the user" in said
    lower_network(network, dt=0.1 * milli, duration=1 * milli, seed=1)  # portable


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_switching_one_off_removes_exactly_its_terms(kind: str, model: str) -> None:
    """With all others of the cell at work."""
    circuit = pair()
    for other in KINDS:
        circuit = with_kind(circuit, other)
    circuit = open_(circuit)
    without = circuit.without_effect(RECEPTOR, "ca1_pyr", kind)
    tag = f"{RECEPTOR}_{list(KINDS).index(kind)}"
    before, after = build(circuit, model), build(without, model)
    assert before.population("pv") == after.population("pv")
    gone = set(before.population("pyr").parameters) - set(after.population("pyr").parameters)
    assert not set(after.population("pyr").parameters) - set(before.population("pyr").parameters)
    assert all(name.endswith(tag) for name in gone)
    assert bool(gone) == ((kind, model) not in LOST)
    new = lines(after.population("pyr")) - lines(before.population("pyr"))
    text = " ".join(sorted(lines(after.population("pyr"))))
    assert tag not in text
    old = {named(line) for line in lines(before.population("pyr"))}
    # a line that lost its term, or reads the parameter itself again
    assert {named(line) for line in new} <= old


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_without_receptor_modulator_or_effect_there_is_no_trace(kind: str, model: str) -> None:
    plain = build(pair(), model).populations
    circuit = with_kind(pair(), kind)
    assert build(circuit, model).populations == plain
    assert build(open_(circuit).with_drug("knockout", RECEPTOR), model).populations == plain
    # another effect keeps the drug legitimate
    other = circuit.with_effect(RECEPTOR, "ctx_pv", "threshold", shift="1 mV")
    without = build(open_(other).without_effect(RECEPTOR, "ca1_pyr"), model)
    assert without.population("pyr") == plain[0]


@pytest.mark.parametrize("model", MODELS)
def test_values_are_no_part_of_the_equations(model: str) -> None:
    circuit = pair()
    for kind in KINDS:
        circuit = with_kind(circuit, kind)
    other = circuit.with_effect(RECEPTOR, "ca1_pyr", "leak", scale=1.5)
    other = other.with_effect(RECEPTOR, "ca1_pyr", "hcn", scale=2.0)
    a, b = (build(open_(c), model).population("pyr") for c in (circuit, other))
    assert a.parameters != b.parameters
    assert (a.equations, a.threshold, a.reset) == (b.equations, b.threshold, b.reset)


def test_a_catalogued_size_can_be_set() -> None:
    circuit = pair().with_modulation("ACh", level=1)
    changed = circuit.with_effect("M1", "ctx_pv", "conductance", size=-0.1)
    before, after = build(circuit, "glif_current"), build(changed, "glif_current")
    assert after.population("pv").parameters["size_M1_0"] == -0.1
    assert after.population("pv").equations == before.population("pv").equations
    assert after.population("pyr") == before.population("pyr")
    said = "conductance effect of M1 in ctx_pv: size -0.1, set by the user"
    assert after.meta["modulation"] == (*before.meta["modulation"], said)
    without = build(circuit.without_effect("M1", "ctx_pv"), "glif_current")
    assert without.meta["modulation"][-1] == "without every effect of M1 in ctx_pv"
    line = "M1 on ctx_pv, conductance: size -0.1 is set by the user"
    assert line in after.meta["assumptions"]
    assert line not in before.meta["assumptions"]
    again = changed.with_effect("M1", "ctx_pv", "conductance", size=-0.2)
    assert build(again, "glif_current").population("pv").parameters["size_M1_0"] == -0.2


# ---------------------------------------------------------------- synapses


@pytest.mark.parametrize("model", MODELS)
def test_release_is_scaled_at_the_synapse(model: str) -> None:
    small = pair(excitatory="ctx_l4_exc")
    circuit = open_(small.with_effect(RECEPTOR, "ctx_pv", "release", scale=0.25), dose=2.0)
    network, plain = build(circuit, model), build(small, model)
    assert network.population("pv") == plain.population("pv")
    by_name = {p.name: p.on_pre for p in network.projections}
    assert by_name["to_pyr"].endswith("+= w*release_to_pyr")
    assert by_name["to_pv"] == plain.projections[1].on_pre
    assert any("the concentration there is taken" in line for line in network.meta["assumptions"])
    drive = {"pv": 600 * pA}
    g = "g_GABA_A_to_pyr"
    after, before = (
        run(n, 40 * milli, {"pyr": (g,)}, drive).traces["pyr"].values[g] for n in (network, plain)
    )
    assert before.max() > 0
    factor = 1 + (0.25 - 1) * occupied(2.0)
    np.testing.assert_allclose(after, factor * before, rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_a_drug_reaches_terminals_by_the_cell_that_has_them(model: str) -> None:
    circuit = pair().with_effect(RECEPTOR, ("ctx_pv", "ca1_pyr"), "release", scale=0.25)
    plain = build(pair(), model)
    for cell, scaled in (("ctx_pv", "to_pv"), ("ca1_pyr", "to_pyr")):
        without = build(open_(circuit).with_drug("knockout", RECEPTOR, cells=cell), model)
        found = {p.name for p in without.projections if "release" in p.on_pre}
        assert found == {scaled}
        other = {"to_pv": "pyr", "to_pyr": "pv"}[scaled]
        assert without.population(other) == plain.population(other)


def test_release_onto_some_targets_and_of_some_synapses() -> None:
    for more, found in (
        ({"onto": "ctx_sst"}, set()),
        ({"onto": "ctx_pv"}, {"to_pv"}),
        ({"synapse": "NMDA"}, {"to_pv"}),
        ({"synapse": "GABA_A"}, set()),
    ):
        circuit = pair().with_effect(RECEPTOR, "ca1_pyr", "release", scale=0.5, **more)
        circuit = circuit.with_effect(RECEPTOR, "ca1_pyr", "rest", shift="1 mV")
        network = build(open_(circuit), "glif_current")
        assert {p.name for p in network.projections if "release" in p.on_pre} == found


@pytest.mark.parametrize("model", MODELS)
def test_gain_scales_the_current_of_one_kind(model: str) -> None:
    small = pair(excitatory="ctx_l4_exc")
    circuit = small.with_effect(RECEPTOR, "ctx_pv", "gain", synapse="NMDA", scale=3.0)
    network, plain = build(open_(circuit), model), build(small, model)
    drive, names = {"pyr": 800 * pA}, ("I_NMDA_to_pv", "I_AMPA_to_pv")
    after, before = (run(n, 20 * milli, {"pv": names}, drive) for n in (network, plain))
    first, second_ = (r.traces["pv"].values for r in (after, before))
    start = np.flatnonzero(second_[names[0]][0])[0]  # later, V differs and with it the force
    factor = 1 + (3.0 - 1) * occupied()
    ratio = first[names[0]][0, start] / second_[names[0]][0, start]
    assert ratio == pytest.approx(factor, rel=1e-12)
    assert first[names[1]][0, start] == pytest.approx(second_[names[1]][0, start], rel=1e-12)


def test_gain_of_what_comes_from_some_cells() -> None:
    for presynaptic, found in (("ca1_pyr", True), ("ctx_sst", False)):
        circuit = pair().with_effect(
            RECEPTOR, "ctx_pv", "gain", synapse="AMPA", scale=2.0, presynaptic=presynaptic
        )
        circuit = circuit.with_effect(RECEPTOR, "ctx_pv", "rest", shift="1 mV")
        text = build(open_(circuit), "glif_current").population("pv").equations
        assert (f"scale_{RECEPTOR}_0" in text) == found


def test_an_autoreceptor_scales_the_release_of_its_modulator() -> None:
    cells = (CircuitPopulation("da", "mid_da", 1), CircuitPopulation("msn", "str_d1_msn", 1))
    circuit = Circuit("loop", cells).with_modulation(
        "DA", 0.1, released_by="da", per_spike="100 nM"
    )
    network = build(circuit, "glif_current")
    assert {p.on_pre for p in network.projections} == {"c_DA += w*release_DA_da"}
    drive, record = {"da": 300 * pA}, {"msn": ("c_DA", "release_DA_da")}
    found = run(network, 60 * milli, record, drive)
    values = found.traces["msn"].values
    rises = np.diff(values["c_DA"][0])
    spikes = rises > 1e-5  # mmolar; clearance takes 1e-7 in a step
    assert spikes.sum() >= 2
    expected = 1e-4 * values["release_DA_da"][0, :-1][spikes]
    # a step of clearance comes with the rise: dt/tau = 5e-4 of the difference from the level
    np.testing.assert_allclose(rises[spikes], expected, rtol=5e-3)
    tonic = 100e-9 / (100e-9 + 100e-9)  # 100 nM at the terminals' EC50 of 100 nM
    assert values["release_DA_da"][0, 0] == pytest.approx(1 - 0.75 * tonic)
    off = build(circuit.without_effect("D2", "mid_da", "release"), "glif_current")
    assert {p.on_pre for p in off.projections} == {"c_DA += w"}


# ---------------------------------------------------------------- response and plasticity


def test_an_inverted_u_has_its_optimum() -> None:
    doses = np.array([0.01, 0.2, 0.5, 1.0, 3.0, 1e4])
    circuit = pair(n=6).with_effect(
        RECEPTOR, "ca1_pyr", "rest", shift="4 mV", response="inverted_u", optimum=0.3
    )
    network = build(open_(circuit), "glif_current")
    pyr = network.population("pyr")
    pyr = replace(pyr, parameters={**pyr.parameters, f"agonist_{RECEPTOR}": doses})
    network = replace(network, populations=(pyr, network.population("pv")))
    names = (f"f_{RECEPTOR}_0", "E_L_modulated")
    found = run(network, 0.2 * milli, {"pyr": names}).traces["pyr"].values
    o = np.array([occupied(float(dose)) for dose in doses])
    f = np.where(o <= 0.3, 1 - ((o - 0.3) / 0.3) ** 2, 1 - ((o - 0.3) / 0.7) ** 2)
    np.testing.assert_allclose(found[names[0]][:, -1], f, atol=1e-12)
    rest = float(pyr.parameters["E_L"])
    np.testing.assert_allclose(found[names[1]][:, -1], rest + 4e-3 * f, rtol=1e-12)


def test_factors_on_plasticity_are_there_when_a_rule_asks() -> None:
    circuit = pair().with_modulation("ACh", level=1)
    given = circuit.resolved.population("pyr")
    places = ModulatableParameters((Compartment("cell", "V", "1/R", "E_L"),))
    assert not modulation_equations(circuit.resolved, given, places).factors
    terms = modulation_equations(circuit.resolved, given, places, factors=("ltp", "rate"))
    assert set(terms.factors) == {"ltp"}  # M1 weakens it; nothing changes the rate
    assert f"ltp_factor = {terms.factors['ltp']} : 1" in terms.equations
    assert not [name for name in terms.parameters if name.startswith("ltd")]
    lines_ = [line for line in terms.assumptions if "plasticity" in line]
    assert [line.split(" is ")[0] for line in lines_] == ["M1 on ca1_pyr, plasticity: ltp 0.25"]
    without = circuit.without_effect("M1", "ca1_pyr", "plasticity")
    assert not modulation_equations(without.resolved, given, places, factors=("ltp",)).factors


# ---------------------------------------------------------------- closed forms


def modulated(model: str, kind: str) -> dict[str, float]:
    """Values of the parameters that an effect of a kind changes, by closed form."""
    o, number = occupied(), KINDS[kind]
    scale = 1 + (number.get("scale", 1) - 1) * o
    shift = float(str(number.get("shift", "0 mV")).split()[0]) * 1e-3 * o
    forms = {
        "leak": {
            "glif": {"R": ("/", scale)},
            "izhikevich": {"klow": ("*", scale)},
            "biological": {"gL_prox": ("*", scale)},
        },
        "rest": {
            "glif": {"E_L": ("+", shift), "th_inf": ("+", -shift)},
            "izhikevich": {"vr": ("+", shift)},
            "biological": {"EL_soma": ("+", shift)},
        },
        "threshold": {
            "glif": {"th_inf": ("+", shift)},
            "izhikevich": {"vt": ("+", shift)},
            "biological": {"V_threshold": ("+", shift)},
        },
        "adaptation": {
            "izhikevich": {"d": ("*", scale)},
            "biological": {"gAmax": ("*", scale), "delta_gA": ("*", scale)},
        },
        "dspike": {"biological": {"g_rise_max_Na_prox": ("*", scale)}},
    }
    return forms[kind][model.split("_")[0]]


@pytest.mark.parametrize(
    ("kind", "model"),
    [(k, m) for k in LACKING for m in MODELS if (k, m) not in LOST],
)
def test_parameters_are_changed_by_the_closed_form(kind: str, model: str) -> None:
    population = build(open_(with_kind(pair(), kind)), model).population("pyr")
    changes = modulated(model, kind)
    names = tuple(f"{name}_modulated" for name in changes)
    assert set(names) <= population.variables
    if model == "biological":  # the same expressions; running nine compartments takes longer
        o, tag = f"o_{RECEPTOR}", f"{RECEPTOR}_0"
        for name, (how, _) in changes.items():
            by = {"*": f"*(1 + (scale_{tag} - 1)*{o})", "+": f" + shift_{tag}*{o}"}[how]
            assert f"{name}_modulated = {name}{by} :" in population.equations
        return
    network = Network(populations=(population,), meta={"branch": "task_driven"})
    found = run(network, 0.2 * milli, {"pyr": names}).traces["pyr"].values
    for name, (how, amount) in changes.items():
        value = float(population.parameters[name])
        expected = {"+": value + amount, "*": value * amount, "/": value / amount}[how]
        assert found[f"{name}_modulated"][0, -1] == pytest.approx(expected, rel=1e-12)


def alone(
    kind: str, currents: Any, record: tuple[str, ...] = ("V",), **numbers: Any
) -> tuple[Population, Results]:
    """GLIF1 cells of one effect in a dish, 30 membrane time constants."""
    circuit = Circuit("alone", (CircuitPopulation("pyr", "ca1_pyr", len(currents)),))
    circuit = circuit.with_effect(RECEPTOR, "ca1_pyr", kind, **numbers)
    population = build(open_(circuit), "glif_current").population("pyr")
    network = Network(populations=(population,), meta={"branch": "task_driven"})
    tau = population.parameters["R"] * population.parameters["C"]
    return population, run(network, 30 * tau, {"pyr": record}, {"pyr": currents})


@pytest.mark.parametrize("kind", ["conductance", "leak", "rest", "hcn"])
def test_rest_and_input_resistance_of_a_linear_cell(kind: str) -> None:
    population, found = alone(kind, np.array([0, -1]) * pA, **KINDS[kind])
    o, given = occupied(), population.parameters
    leak, rest = float(1 / given["R"]), float(given["E_L"])
    size, reversal = 0.0, 0.0
    if kind == "conductance":
        size, reversal = 0.2 * o * leak, -90e-3
    if kind == "hcn":  # closes 15 % of the leak; h stays near 1, and below it the closure is less
        size, reversal = -0.5 * 0.3 * o * leak, -30e-3
    leak *= 1 + (0.8 - 1) * o if kind == "leak" else 1
    rest += 2e-3 * o if kind == "rest" else 0
    v = found.traces["pyr"].values["V"][:, -1]
    expected = (leak * rest + size * reversal) / (leak + size)
    # h is capped at 1 where the cell is hyperpolarised by the closure, so the form is exact
    assert v[0] == pytest.approx(expected, abs=1e-8)
    assert (v[0] - v[1]) / 1e-12 == pytest.approx(1 / (leak + size), rel=1e-4)


def test_a_threshold_moves_the_rheobase() -> None:
    """By the leak times the shift, as V comes to rest at E_L + I R."""
    shift = -3e-3 * occupied()
    plain = build(Circuit("alone", (CircuitPopulation("pyr", "ca1_pyr", 1),)), "glif_current")
    given = plain.population("pyr").parameters
    leak = float(1 / given["R"])
    rheobase = leak * float(given["th_inf"]) + leak * shift
    currents = np.array([0.995, 1.005]) * rheobase * 1e12 * pA
    _, found = alone("threshold", currents, **KINDS["threshold"])
    assert set(found.spikes.neuron) == {1}


def test_opened_hcn_follows_the_voltage() -> None:
    names = ("V", f"h_{RECEPTOR}_0", f"I_{RECEPTOR}_0")
    numbers = KINDS["hcn"] | {"scale": 1.5}
    population, found = alone("hcn", np.array([0, -60]) * pA, names, **numbers)
    tail = found.traces["pyr"].values
    v = tail["V"][:, -1]
    rest, leak = float(population.parameters["E_L"]), float(1 / population.parameters["R"])

    def activation(voltage: Any) -> Any:
        return 1 / (1 + np.exp((voltage + 82e-3) / 8e-3))

    h = activation(v) / activation(rest)
    # some 25 time constants of h after the step
    np.testing.assert_allclose(tail[f"h_{RECEPTOR}_0"][:, -1], h, rtol=1e-4)
    current = 0.5 * 0.3 * occupied() * leak * h * (-30e-3 - v)
    np.testing.assert_allclose(tail[f"I_{RECEPTOR}_0"][:, -1], current, rtol=1e-4)
    assert h[1] > h[0]  # hyperpolarised, more of it is open


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("kind", "numbers", "error", "match"),
    [
        ("conductanse", {"size": 1}, UnknownName, "Did you mean 'conductance'"),
        ("conductance", {"sise": 1}, UnknownName, "number of a conductance effect 'sise'"),
        ("conductance", {}, NetworkError, "give at least one of its numbers, size, reversal"),
        ("rest", {"shift": "3 pA"}, df.errors.QuantityError, "shift of the rest effect"),
        ("gain", {"synapse": "AMPAR", "scale": 1}, UnknownName, "Did you mean 'AMPA'"),
        ("described", {"scale": 1}, UnknownName, "kind of effect"),
    ],
)
def test_what_is_given_is_checked_at_once(
    kind: str, numbers: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        pair().with_effect(RECEPTOR, "ca1_pyr", kind, **numbers)


@pytest.mark.parametrize(
    ("kind", "numbers", "match"),
    [
        ("conductance", {"size": 0.1}, "for a new one give reversal too"),
        ("gain", {"scale": 2}, "for a new one give synapse too"),
        ("adaptation", {"scale": -1}, "scale must not be negative"),
        ("leak", {"scale": 0}, "without a leak has no rest"),
        ("hcn", KINDS["hcn"] | {"share": 1.2}, "share must be a fraction"),
        ("rest", {"shift": "1 mV", "optimum": 0.5}, "give both or neither"),
        ("plasticity", {"rate": -1}, "rate must not be negative"),
        ("plasticity", {"eligibility": -1}, "eligibility must not be negative"),
    ],
)
def test_what_cannot_be_is_refused_when_built(
    kind: str, numbers: dict[str, Any], match: str
) -> None:
    circuit = open_(pair().with_effect(RECEPTOR, "ca1_pyr", kind, **numbers))
    with pytest.raises(NetworkError, match=match):
        build(circuit, "glif_current")


@pytest.mark.parametrize("model", MODELS)
def test_no_cell_loses_its_leak(model: str) -> None:
    circuit = pair().with_modulation("ACh", level=1)
    circuit = circuit.with_effect("M1", "ca1_pyr", "conductance", size=-0.8)
    circuit = circuit.with_effect(RECEPTOR, "ca1_pyr", "leak", scale=0.7)
    with pytest.raises(CatalogueError, match=r"'ca1_pyr' together could close 0.8 .* leave 0.7"):
        build(circuit, model)
    build(circuit.without_effect(RECEPTOR, "ca1_pyr"), model)


def test_one_of_several_effects_is_named() -> None:
    circuit = Circuit("alone", (CircuitPopulation("msn", "str_d1_msn", 1),))
    circuit = circuit.with_drug("agonist", "D1")
    twice = circuit.with_effect("D1", "str_d1_msn", "gain", scale=1.1)
    with pytest.raises(NetworkError, match=r"D1 has \d gain effects on str_d1_msn: name one with"):
        build(twice, "glif_current")
    build(circuit.with_effect("D1", "str_d1_msn", "gain", match="beta1", scale=1.1), "glif_current")


def test_unknown_receptors_and_cells() -> None:
    with pytest.raises(UnknownName, match="'M7'"):
        pair().with_effect("M7", "ca1_pyr", "leak", scale=1)
    with pytest.raises(UnknownName, match="cell type of circuit 'pair': 'ctx_sst'"):
        pair().without_effect("M1", "ctx_sst")


def test_conflicts_are_never_compiled() -> None:
    for name in catalogue.names("receptor"):
        for effect in catalogue.receptor(name).effects:
            assert effect.compiled == (effect.kind != "described" and not effect.conflict)
    msn = Circuit("alone", (CircuitPopulation("msn", "str_d1_msn", 1),)).with_drug("agonist", "D1")
    parameters = build(msn, "izhikevich_current").population("msn").parameters
    scales = [float(v) for k, v in parameters.items() if k.startswith("scale_D1")]
    assert scales == [0.669]  # not the second copy's 0.779; the gains have no synapse here


def test_changes_of_effects_are_no_part_of_a_calibration() -> None:

    circuit = df.circuit("l23")
    changed = circuit.with_effect("M1", "ctx_pv", "conductance", size=-0.1)
    assert changed.digest != circuit.digest
    assert changed.contacts_digest == circuit.contacts_digest
    assert changed.scaled(0.1).effects == changed.effects
    assert circuit.without_effect("M1").digest != circuit.digest


def test_a_shift_is_a_voltage_in_every_model() -> None:
    assert float(KINDS["rest"]["shift"].split()[0]) * mV == 2 * mV
