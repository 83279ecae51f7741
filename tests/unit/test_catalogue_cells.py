"""All 36 cell types: values by hand from the sources, derived values by their rules, both branches.

The expected numbers were typed from the collected tables and code, not read from the files.
"""

from __future__ import annotations

import pytest
from brian2 import Mohm, ms, mV, nS, pA, pF

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue import cell, describe, names
from dualframe.catalogue.cell_type import CellType
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity
from dualframe.neurons.registry import neuron_model
from dualframe.targets.lowering.lower_network import lower_network

CELLS = names("cell type")

# The default set: form, C (pF), k (nS/mV; klow in the Skinner form), vr, vt (mV), a (/ms), d (pA)
FIRST_SETS = {
    "ctx_l23_pyr": ("izhikevich2007", 100, 0.7, -60, -40, 0.03, 100),
    "ctx_l4_exc": ("izhikevich2007", 100, 0.7, -60, -40, 0.03, 100),
    "ctx_l5_et": ("izhikevich2007", 150, 1.2, -75, -45, 0.01, 130),
    "ctx_l5_it": ("izhikevich2007", 100, 0.7, -60, -40, 0.03, 100),
    "ctx_l6_pyr": ("izhikevich2007", 100, 0.7, -60, -40, 0.03, 100),
    "ctx_pv": ("izhikevich2007_FS", 20, 1, -55, -40, 0.2, None),
    "ctx_sst": ("izhikevich2007_LTS", 100, 1, -56, -42, 0.03, 20),
    "ctx_ndnf_ngf": ("izhikevich2007", 20, 0.3, -66, -40, 0.17, 100),
    "ca1_pyr": ("izhikevich_skinner", 115, 0.1, -61.8, -57, 0.0012, 10),
    "ca1_pv_basket": ("izhikevich_skinner", 90, 1.7, -60.6, -43.1, 0.1, 0.1),
    "ca1_cck_basket": ("izhikevich2007", 477, 2.48, -63.1, -51.93, 0.016, 460),
    "ca1_olm": ("izhikevich2007", 103, 2.1, -60, -46, 0.001, 14),
    "ca1_bistratified": ("izhikevich2007", 208, 3.06, -64.94, -44.58, 0.026, 4),
    "ca1_axoaxonic": ("izhikevich2007", 287, 4, -65.16, -49.04, 0.013, 38),
    "ca1_ngf": ("izhikevich2007", 254, 2.36, -63.33, -47.62, 0.0075, 80),
    "ca3_pyr": ("izhikevich2007", 382, 0.98, -58.63, -42.74, 0.008, 138),
    "ca3_pv_basket": ("izhikevich2007", 45, 0.9951729, -57.506126, -23.378766, 0.003846186, -6),
    "ca3_cck_basket": (
        "izhikevich2007",
        135,
        0.583005186,
        -58.99667734,
        -39.39832097,
        0.00574483,
        54,
    ),
    "dg_granule": ("izhikevich2007", 38, 0.44718170, -77.40291336, -44.90054428, 0.00327994, 50),
    "dg_basket": ("izhikevich2007", 208, 0.81259038, -61.01667830, -37.83530689, 0.09707656, 553),
    "dg_mossy": ("izhikevich2007", 258, 1.49950885, -63.67295495, -37.11298413, 0.00375903, 117),
    "str_d1_msn": ("izhikevich2007", 15.2, 1, -81.85, -29.7, 0.01, 66.9),
    "str_d2_msn": ("izhikevich2007", 15.2, 1, -80, -29.7, 0.01, 91),
    "str_fsi": ("izhikevich2007_FS", 80, 1, -70, -50, 0.2, None),
    "thal_tc": ("izhikevich2007_TC", 200, 1.6, -60, -50, 0.01, 10),
    "thal_trn": ("izhikevich2007_RTN", 40, 0.25, -65, -45, 0.015, 50),
    "insect_kc": ("izhikevich2007", 4, 0.015, -85, -25, 0.01, 8),
}
# No published set: C = tau_m/r_in, vr = v_rest, vt = threshold, and k by one of two rules
DERIVED_SETS = (
    "ctx_vip",
    "ctx_l5_np",
    "ctx_chandelier",
    "str_tan",
    "mid_da",
    "cb_granule",
    "cb_golgi",
    "cb_purkinje",
    "cb_mli",
)
# [passive]: v_rest (mV), r_in (Mohm), tau_m (ms), threshold (mV)
PASSIVE = {
    "ctx_l4_exc": (-77.23, 175, 20.14, -36.94),
    "ctx_l5_et": (-74.23, 136.9, 18.5, -39.38),
    "ctx_l5_it": (-74.23, 136.9, 18.5, -39.38),
    "ctx_l5_np": (-75.37, 1e3 / 4.452, 100.4 / 4.452, -43.07),
    "ctx_l6_pyr": (-75.35, 151.6, 14.94, -34.03),
    "ctx_ndnf_ngf": (-72.16, 143.9, 9.042, -37.09),
    "ctx_chandelier": (-69.08, 178, 9.951, -34.28),
    "ca1_bistratified": (-57, 116, 13, -32),
    "ca1_axoaxonic": (-57, 116, 13, -32),
    "ca1_ngf": (-70, 302, 25, -34),
    "ca3_pyr": (-66.1, 331.2, 0.1379 * 331.2, -37.3),
    "ca3_pv_basket": (-57, 116, 13, -32),
    "ca3_cck_basket": (-54, 219, 22, -38),
    "dg_granule": (-75, 292, 31, -44.9005),
    "dg_basket": (-62, 43, 10, -37.8353),
    "dg_mossy": (-62, 199, 41, -37.113),
    "str_d1_msn": (-83, 38.1, 0.0318 * 38.1, -37.9),
    "str_d2_msn": (-84.1, 56.3, 0.0342 * 56.3, -40),
    "str_fsi": (-64, 87, 8, -45),
    "str_tan": (-58.9, 31.1, 15, -53.1),
    "thal_tc": (-60, 62.5, 12.5, -50),
    "thal_trn": (-65, 1e3 / 15, 40 / 15, -45),
    "mid_da": (-62.6, 250, 25, -36.2),
    "cb_granule": (-62, 24.15 / 7e-3, 24.15, -41),
    "cb_golgi": (-62, 44 / 0.145, 44, -55),
    "cb_purkinje": (-59, 47 / 0.334, 47, -43),
    "cb_mli": (-68, 9.125 / 14.6e-3, 9.125, -53),
    "insect_kc": (-60, 100, 20, -50),
}
# GLIF3 and GLIF4 specimens with their C (pF) and threshold above rest (mV)
SPECIMENS = {
    "ctx_l4_exc": (("422738880", 92.2455, 35.5288), ("489731121", 106.585, 36.1331)),
    "ctx_l5_et": (("485838981", 149.409, 27.0617), ("485574832", 168.039, 25.7897)),
    "ctx_l5_it": (("485838981", 149.409, 27.0617), ("485574832", 168.039, 25.7897)),
    "ctx_l5_np": (("490263438", 94.9329, 35.0071), ("490263438", 94.9329, 35.0071)),
    "ctx_l6_pyr": (("485905411", 96.0875, 33.5098), ("490263438", 94.9329, 35.0071)),
    "ctx_ndnf_ngf": (("527095729", 62.306, 27.583), ("527869035", 74.4808, 23.2555)),
    "ctx_chandelier": (("563620254", 64.5579, 25.9967), ("566563603", 66.5387, 35.8198)),
}
# Stand-ins that adapt: time constant (ms) and jump (pA) by the rule of biological.compartments,
# here from the sources' own numbers
ADAPTING = {
    "ctx_l4_exc": (333.333, 7.02183 * 190.942 / 175),
    "ctx_l6_pyr": (333.333, 12.2321 * 160.279 / 151.6),
    "ctx_l5_np": (100, 27.0195 * 145.842 / 224.62),
    "ctx_ndnf_ngf": (100, 27.95 * 143.093 / 143.9),
    "ctx_chandelier": (100, 2.48279 * 242.511 / 178),
    "ca1_bistratified": (1 / 0.026, 4 / 0.116 / (3.06 * 20.36 + 7.36)),
    "ca1_axoaxonic": (1 / 0.013, 38 / 0.116 / (4 * 16.12 - 4.02)),
    "ca1_ngf": (1 / 0.0075, 80 / 0.302 / (2.36 * 15.71 + 9.2)),
    "ca3_pyr": (1 / 0.008, 138 / 0.3312 / (0.98 * 15.89 + 12.49)),
    "ca3_cck_basket": (1 / 0.00574483, 54 / 0.219 / (0.583005186 * 19.59835637 - 1.244845715)),
    "dg_granule": (1 / 0.00327994, 50 / 0.292 / (0.4471817 * 32.502369 + 24.478422)),
    "dg_basket": (1 / 0.09707656, 553 / 0.043 / (0.81259039 * 23.181371 + 1.8941923)),
    "dg_mossy": (1 / 0.00375903, 117 / 0.199 / (1.49950885 * 26.559971 - 20.844416)),
    "str_d1_msn": (100, 66.9 / 0.0381 / (52.15 - 20)),
    "str_d2_msn": (100, 91 / 0.0563 / (50.3 - 20)),
    "thal_tc": (100, 10),
    "thal_trn": (1 / 0.015, 50),
    "mid_da": (1 / 0.0024, 50),
}
EARLIER = ("ctx_pv", "ctx_sst", "ctx_vip", "ca1_pv_basket", "ca1_cck_basket", "ca1_olm")
MATCHED = tuple(n for n in CELLS if cell(n).compartments.rule == "matched_passive")


def alone(name: str) -> Circuit:
    return Circuit("alone", (CircuitPopulation(name, name, 1),))


def models(entry: CellType) -> list[str]:
    """The models that a cell type has: dendrites, its first Izhikevich set, its GLIF levels."""
    levels = {int(s.model[4:]) for s in entry.point_neurons if s.answers_to("glif")}
    levels |= {1} if 3 in levels else set()
    levels |= {2} if 4 in levels else set()
    return ["biological", "izhikevich", "glif", *(f"glif{level}" for level in sorted(levels))]


def test_there_are_36() -> None:
    assert len(CELLS) == 36
    assert {*FIRST_SETS, *DERIVED_SETS} == set(CELLS)
    assert {*PASSIVE, *EARLIER, "ctx_l23_pyr", "ca1_pyr"} == set(CELLS)


@pytest.mark.parametrize("name", CELLS)
def test_both_branches_build_and_lower_every_model(name: str) -> None:
    for model in models(cell(name)):
        key = model if model == "biological" else choose_twin(alone(name), model).key
        calibration = Calibration("alone", key, {})
        if model == "biological":
            network = df.biological.build(alone(name), calibration=calibration)
        else:
            network = df.task_driven.build(alone(name), model=model, calibration=calibration)
        assert network.populations[0].n == 1
        assert lower_network(network, dt=0.1 * ms, duration=10 * ms, seed=1)


@pytest.mark.parametrize("name", FIRST_SETS)
def test_default_izhikevich_set(name: str) -> None:
    form, *expected = FIRST_SETS[name]
    found = cell(name).point_neuron_set("izhikevich")
    assert found.model == form
    gain = "klow" if "klow" in found.numbers else "k"
    units = {"C": pF, gain: nS / mV, "vr": mV, "vt": mV, "a": 1 / ms, "d": pA}
    for (key, unit), value in zip(units.items(), expected, strict=True):
        if value is None:
            assert key not in found.numbers
        else:
            assert float(found.numbers.value(key) / unit) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", DERIVED_SETS)
def test_derived_izhikevich_sets_have_the_passive_values(name: str) -> None:
    """Linearised at rest: 1/r_in = k (vt - vr) + b, C = tau_m/r_in. The files have five digits."""
    found = cell(name).point_neuron_set("izhikevich")
    assert {n.status for n in found.numbers.values()} <= {"derived", "assumed"}
    z, p = found.numbers.plain(), cell(name).passive.numbers.plain()
    assert (z["vr"], z["vt"]) == (p["v_rest"], p["threshold"])
    conductance = z["k"] * (z["vt"] - z["vr"]) + z["b"]
    assert float(conductance * p["r_in"]) == pytest.approx(1, rel=2e-4)
    assert float(z["C"] * p["r_in"] / p["tau_m"]) == pytest.approx(1, rel=2e-4)


def test_the_derived_chandelier_set_has_the_measured_rheobase() -> None:
    """Saddle-node at (k (vt - vr) + b)^2/(4k); a C > b, so no earlier Hopf bifurcation."""
    z = cell("ctx_chandelier").point_neuron_set("izhikevich").numbers.plain()
    conductance = z["k"] * (z["vt"] - z["vr"]) + z["b"]
    assert float(conductance**2 / (4 * z["k"]) / pA) == pytest.approx(110, rel=1e-3)
    assert z["b"] < z["a"] * z["C"]


@pytest.mark.parametrize("name", CELLS)
def test_default_izhikevich_sets_have_a_stable_rest(name: str) -> None:
    """Their resting conductance is positive, so that effects are fractions of something."""
    found = cell(name).point_neuron_set("izhikevich")
    leak = neuron_model(found.model).make_neuron(found.numbers.plain()).leak
    namespace = {key: float(value) for key, value in found.numbers.plain().items()}
    assert eval(leak, {"int": int}, namespace) > 0  # noqa: S307 (an expression of our own)


def test_special_forms_keep_their_extra_parameters() -> None:
    tc, trn = (
        cell(name).point_neuron_set("izhikevich").numbers for name in ("thal_tc", "thal_trn")
    )
    extra = {"b": "15 nS", "b_above": "0 nS", "v_switch": "-65 mV", "vpeak_u": "0.1 mV/pA"}
    assert all(tc.value(key) == quantity(text) for key, text in extra.items())
    assert tc.value("c_u") == quantity("0.1 mV/pA")
    extra = {"b": "10 nS", "b_above": "2 nS", "v_switch": "-65 mV", "vpeak": "0 mV"}
    assert all(trn.value(key) == quantity(text) for key, text in extra.items())
    fsi = cell("str_fsi").point_neuron_set("izhikevich").numbers
    assert fsi.value("vb") == -55 * mV
    assert fsi.value("U_coef") == quantity("0.025 pA/mV^3")
    da = cell("mid_da").point_neuron_set("izhikevich2003").numbers
    assert [da.value(key) for key in ("a", "b", "c", "d", "vpeak", "v0")] == [
        0.0024,
        0.42,
        -60,
        50,
        10,
        -62.6,
    ]


def test_second_sets() -> None:
    expected = {
        "ctx_l5_et": ("CH, fig. 8.23", {"C": "50 pF", "k": "1.5 nS/mV", "d": "150 pA"}),
        "ca1_bistratified": (
            "Hippocampome v2 CA1 bistratified, type 1",
            {"C": "112 pF", "b": "16.4 nS"},
        ),
        "ca3_pyr": ("Hippocampome CA3 pyramidal (RASP.NASP)", {"C": "366 pF", "d": "588 pA"}),
        "str_d1_msn": ("MSN D1, no dopamine", {"vr": "-80 mV", "d": "91 pA"}),
        "thal_tc": ("thalamocortical", {"k": "0.5 nS/mV", "a": "0.1 /ms", "vpeak": "40 mV"}),
    }
    for name, (label, values) in expected.items():
        found = cell(name).point_neuron_set("izhikevich", label=label).numbers
        assert all(found.value(key) == quantity(text) for key, text in values.items())


@pytest.mark.parametrize("name", PASSIVE)
def test_passive_values(name: str) -> None:
    numbers = cell(name).passive.numbers
    units = {"v_rest": mV, "r_in": Mohm, "tau_m": ms, "threshold": mV}
    for (key, unit), value in zip(units.items(), PASSIVE[name], strict=True):
        # derived values are written with five digits
        assert float(numbers.value(key) / unit) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("name", SPECIMENS)
def test_named_specimens(name: str) -> None:
    for level, (specimen, capacitance, threshold) in zip((3, 4), SPECIMENS[name], strict=True):
        found = cell(name).point_neuron_set(f"glif{level}")
        assert found is cell(name).point_neuron_set(f"GLIF{level}", specimen=specimen)
        assert float(found.numbers.value("C") / pF) == pytest.approx(capacitance)
        assert float(found.numbers.value("th_inf") / mV) == pytest.approx(threshold)


def test_specimens_by_name() -> None:
    pyramid = cell("ctx_l23_pyr")
    assert pyramid.point_neuron_set("glif", specimen="489751959").model == "GLIF4"
    assert pyramid.point_neuron_set("glif", specimen=486108147).model == "GLIF3"  # the lower
    assert (
        pyramid.point_neuron_set("glif5", specimen="486108147").numbers["deltaV"].written
        == "21.3104 mV"
    )
    with pytest.raises(UnknownName, match="486108147"):
        pyramid.point_neuron_set("glif", specimen="486108148")
    with pytest.raises(UnknownName, match="GLIF4 486108147"):
        pyramid.point_neuron_set("GLIF4", specimen="486108147")


def test_the_first_set_of_a_level_is_the_one_that_is_built() -> None:
    """Near-projecting cells have two of each: that of a cell labelled e5NP comes first."""
    network = df.task_driven.build(
        alone("ctx_l5_np"), model="glif4", calibration=Calibration("alone", "glif4_current", {})
    )
    assert network.populations[0].parameters["C"] == quantity("94.9329 pF")
    assert cell("ctx_l5_np").point_neuron_set("GLIF3").origin.status == "derived"


@pytest.mark.parametrize(
    "name", [n for n in CELLS if not cell(n).point_neuron_set("glif").specimen]
)
def test_derived_glif1_has_the_passive_values(name: str) -> None:
    found = cell(name).point_neuron_set("GLIF1")
    g, p = found.numbers.plain(), cell(name).passive.numbers.plain()
    assert found.origin.status in ("derived", "assumed")
    assert (g["R"], g["E_L"]) == (p["r_in"], p["v_rest"])
    assert float(g["C"] * g["R"] / p["tau_m"]) == pytest.approx(1, rel=1e-4)
    assert float((g["E_L"] + g["th_inf"]) / p["threshold"]) == pytest.approx(1, rel=1e-5)


def test_medians_of_many_cells_are_no_models() -> None:
    first, second = cell("ctx_l5_np").glif_populations
    assert first.numbers.value("R") == 162.3 * Mohm
    assert second.numbers.value("g") == 4.452 * nS
    assert len(second.specimens) == 12
    for name in CELLS:
        for population in cell(name).glif_populations:
            assert not [key for key in population.numbers if key.startswith("asc")]


@pytest.mark.parametrize("name", [n for n in MATCHED if n not in EARLIER])
def test_stand_ins_adapt_where_their_point_sets_do(name: str) -> None:
    given = cell(name).compartments
    assert given.stand_in
    assert (given.soma_model == "adaptive_IF") == (name in ADAPTING)
    assert "peak" not in given.spike  # reset at once
    assert given.spike.value("reset") == cell(name).passive.numbers.value("v_rest")
    if name in ADAPTING:
        tau, jump = ADAPTING[name]
        # four digits are written in the file
        assert float(given.soma.value("tauw") / ms) == pytest.approx(tau, rel=1e-4)
        assert float(given.soma.value("jump") / pA) == pytest.approx(jump, rel=5e-4)
        assert {n.status for n in given.soma.values()} <= {"derived", "assumed"}


def test_thresholds_of_allen_stand_ins_are_those_of_the_fits() -> None:
    expected = {"ctx_l4_exc": 33.42, "ctx_l6_pyr": 33.65, "ctx_ndnf_ngf": 25.04}
    for name, median in (expected | {"ctx_chandelier": 25.46}).items():
        above = cell(name).compartments.spike.value("threshold")
        above -= cell(name).passive.numbers.value("v_rest")
        assert float(above / mV) == pytest.approx(median, abs=0.005)


def test_the_burst_cell_of_naud_and_sprekeler() -> None:
    found = cell("ctx_l5_et").compartments
    assert (found.rule, found.stand_in, found.names) == ("burst", False, ("soma", "dend"))
    expected = {
        "tau_soma": "16 ms",
        "C_soma": "370 pF",
        "g_soma": "1300 pA",
        "jump": "200 pA",
        "tau_dend": "7 ms",
        "C_dend": "170 pF",
        "g_dend": "1200 pA",
        "bAP": "2600 pA",
        "tauw_soma": "100 ms",
        "tauw_dend": "30 ms",
        "a_dend": "13 nS",
        "E_d": "-38 mV",
        "D_d": "6 mV",
        "threshold": "-50 mV",
        "threshold_jump": "2 mV",
        "threshold_tau": "27 ms",
    }
    assert all(found.burst.value(key) == quantity(text) for key, text in expected.items())


def test_the_l5_it_cell_is_the_generic_cell_of_dendrify() -> None:
    other, own = cell("ctx_l23_pyr").compartments, cell("ctx_l5_it").compartments
    assert own.stand_in
    for part in ("globals", "soma", "dendrites", "edges", "dspikes", "spike"):
        assert getattr(own, part) == getattr(other, part)


def test_what_enters_no_model_is_kept() -> None:
    rule = cell("insect_kc").remarks[0].numbers
    assert [rule.value(k) for k in ("tau_eligibility", "A_plus", "A_minus")] == [40 * ms, -1, 1]
    assert any("modulator DA" in remark.text for remark in cell("mid_da").remarks)
    assert any("dCaAP" in remark.text for remark in cell("ctx_l23_pyr").remarks)


def test_what_was_not_read_is_assumed() -> None:
    ardin = cell("insect_kc").point_neuron_set("izhikevich")
    assert {n.status for n in ardin.numbers.values()} == {"assumed"}
    assert cell("str_tan").passive.numbers["tau_m"].assumed
    assert cell("str_tan").point_neuron_set("GLIF1").numbers["C"].assumed
    assert cell("ca3_pv_basket").passive.numbers["r_in"].assumed


@pytest.mark.parametrize("name", CELLS)
def test_every_set_is_of_a_known_form_and_said_to_be_so(name: str) -> None:
    shown = describe(cell(name))
    for own in cell(name).point_neurons:
        assert neuron_model(own.model).parameters.equations in shown
    assert ("STAND-IN" in shown) == cell(name).compartments.stand_in
    for remark in cell(name).remarks:
        assert remark.text in shown
