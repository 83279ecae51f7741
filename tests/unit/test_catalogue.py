"""The catalogue: its data against the sources, and its errors against malformed files.

Expected numbers are written out from the published tables and code, not read from the files.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, ms, mV, nS, pA, pF, umolar
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue import (
    cell,
    cells,
    citation,
    describe,
    drug,
    drugs,
    modulator,
    modulators,
    names,
    receptor,
    receptors,
    rule_parameter_sets,
    synapse,
    synapses,
)
from dualframe.catalogue.bibliography import PACKAGED, references
from dualframe.catalogue.lookup import HERE
from dualframe.catalogue.neuron_sets import FOLDER, read_published_sets
from dualframe.catalogue.receptor_effect import Effect
from dualframe.catalogue.sourced_value import STATUSES, Numbers, Origin, Sourced
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.neurons import izhikevich as izhikevich_model
from dualframe.neurons.registry import neuron_model

CELLS = names("cell type")
RECEPTORS = (
    "5HT1A",
    "5HT1B",
    "5HT2A",
    "5HT3A",
    "5HT_other",
    "D1",
    "D2",
    "M1",
    "M2",
    "M4",
    "alpha1",
    "alpha2A",
    "beta",
    "nACh_a4b2",
    "nACh_a7",
)
# The stand-ins with which the stored circuits are calibrated
INTERNEURONS = (
    "ctx_pv",
    "ctx_sst",
    "ctx_vip",
    "ca1_pv_basket",
    "ca1_cck_basket",
    "ca1_olm",
)
READERS = {
    "cell type": cell,
    "synapse": synapse,
    "receptor": receptor,
    "modulator": modulator,
    "drug": drug,
    "plasticity rule": rule_parameter_sets,
}
ENTRIES = [(kind, name) for kind in READERS for name in names(kind)]


def entry(kind: str, name: str) -> Any:
    return READERS[kind](name)


def walk(found: Any) -> Iterator[Any]:
    """Yield a record and all records below it."""
    yield found
    if isinstance(found, Mapping):
        below: Any = found.values()
    elif isinstance(found, tuple):
        below = found
    elif dataclasses.is_dataclass(found):
        below = [getattr(found, field.name) for field in dataclasses.fields(found)]
    else:
        below = ()
    for item in below:
        yield from walk(item)


def check(numbers: Numbers, expected: Mapping[str, str]) -> None:
    assert {name: numbers.value(name) for name in expected} == {
        name: quantity(value) for name, value in expected.items()
    }


# --- every file ---------------------------------------------------------------------------------


def test_all_entries_are_there() -> None:
    assert len(CELLS) == 36
    assert names("receptor") == tuple(sorted(RECEPTORS))
    assert names("synapse") == ("AMPA", "GABA_A", "GABA_B", "NMDA")
    assert names("modulator") == ("5HT", "ACh", "DA", "NA")


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_a_file_is_named_as_its_entry(kind: str, name: str) -> None:
    assert entry(kind, name).name == name
    assert entry(kind, name).file == f"{name}.toml"


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_number_and_fact_has_a_known_source_and_status(kind: str, name: str) -> None:
    found = [item for item in walk(entry(kind, name)) if isinstance(item, (Sourced, Origin))]
    assert found
    for item in found:
        assert item.status in STATUSES
        assert item.source
        assert set(item.source) <= set(references())


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_what_is_assumed_says_why_or_stands_in_a_table_that_does(kind: str, name: str) -> None:
    """A bare assumption is what a reader could mistake for a finding."""
    for item in walk(entry(kind, name)):
        if isinstance(item, Numbers) and not item.note:
            alone = [n for n in item if item[n].source == ("dualframe",) and not item[n].note]
            assert set(alone) <= {"spike_width"}


def test_only_assumptions_are_sourced_to_dualframe() -> None:
    for kind, name in ENTRIES:
        for item in walk(entry(kind, name)):
            if isinstance(item, Sourced) and item.source == ("dualframe",):
                assert item.assumed


def test_every_reference_is_used() -> None:
    used = {
        key
        for kind, name in ENTRIES
        for item in walk(entry(kind, name))
        if isinstance(item, (Sourced, Origin))
        for key in item.source
    }
    used |= {
        key
        for path in (HERE / FOLDER).glob("*.toml")
        for published in read_published_sets(path)
        for item in walk(published)
        if isinstance(item, (Sourced, Origin))
        for key in item.source
    }
    assert set(references()) == used | {"own"}  # which files of users name


def test_every_reference_has_an_author_or_a_title_and_can_be_printed() -> None:
    assert len(re.findall(r"^@", PACKAGED.read_text(), re.MULTILINE)) == len(references())
    for key, fields in references().items():
        assert fields.get("author") or fields.get("title"), key
        assert citation(key) != key


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_entries_are_read_once_and_survive_copies(kind: str, name: str) -> None:
    found = entry(kind, name)
    assert entry(kind, name) is found
    assert copy.deepcopy(found) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own bytes)
    assert hash(found) == hash(copy.deepcopy(found))


def test_entries_differ_from_each_other() -> None:
    assert cell("ctx_pv") != cell("ctx_sst")
    assert synapse("AMPA").numbers != synapse("NMDA").numbers


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_entries_are_frozen(kind: str, name: str) -> None:
    found = entry(kind, name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.title = "other"
    for item in walk(found):
        if isinstance(item, Numbers):
            with pytest.raises(TypeError):
                item["C"] = 1  # type: ignore[index]
            with pytest.raises(dataclasses.FrozenInstanceError):
                item.pairs = ()  # type: ignore[misc]


def test_changing_a_plain_dictionary_leaves_the_catalogue_alone() -> None:
    plain = cell("ctx_pv").passive.numbers.plain()
    plain["r_in"] *= 2
    assert cell("ctx_pv").passive.numbers["r_in"].written == "105.2 Mohm"
    check(cell("ctx_pv").passive.numbers, {"r_in": "105.2 Mohm"})


# --- cells against the sources ------------------------------------------------------------------

# Teeter et al. 2018, medians of 56, 53, 64 and 19 cells: v_rest, r_in, tau_m, threshold, rheobase
TEETER = {
    "ctx_l23_pyr": (-75.96, 162.7, 19.76, -37.89, 110.0, 56),
    "ctx_pv": (-75.26, 105.2, 6.88, -36.44, 270.0, 53),
    "ctx_sst": (-71.66, 192.0, 18.44, -42.52, 90.0, 64),
    "ctx_vip": (-71.56, 226.4, 12.29, -40.78, 60.0, 19),
}
# Tricoire et al. 2011, table 3; Pike et al. 2000, table 1: v_rest, r_in, tau_m
CA1 = {
    "ca1_pyr": (-62, 113, 22),
    "ca1_pv_basket": (-57, 116, 13),
    "ca1_cck_basket": (-54, 219, 22),
    "ca1_olm": (-64, 216, 46),
}


@pytest.mark.parametrize("name", TEETER)
def test_cortical_passive_values_are_the_allen_medians(name: str) -> None:
    rest, resistance, tau, threshold, rheobase, n = TEETER[name]
    numbers = cell(name).passive.numbers
    check(
        numbers,
        {
            "v_rest": f"{rest} mV",
            "r_in": f"{resistance} Mohm",
            "tau_m": f"{tau} ms",
            "threshold": f"{threshold} mV",
            "rheobase": f"{rheobase} pA",
        },
    )
    assert {numbers[key].n for key in numbers} == {n}
    assert {numbers[key].status for key in numbers} == {"measured"}


def test_spread_stands_beside_the_median() -> None:
    found = cell("ctx_l23_pyr").passive.numbers["r_in"]
    assert (found.error, found.error_is) == (quantity("54.29 Mohm"), "SD")
    found = cell("ca1_pyr").passive.numbers["r_in"]
    assert (found.error, found.error_is, found.n) == (quantity("9 Mohm"), "SEM", 30)


@pytest.mark.parametrize("name", CA1)
def test_hippocampal_passive_values_are_one_row_of_one_table(name: str) -> None:
    rest, resistance, tau = CA1[name]
    numbers = cell(name).passive.numbers
    check(numbers, {"v_rest": f"{rest} mV", "r_in": f"{resistance} Mohm", "tau_m": f"{tau} ms"})
    assert len({numbers[key].source for key in ("v_rest", "r_in", "tau_m")}) == 1
    assert all(
        row.origin.source != cell(name).passive.origin.source
        for row in cell(name).passive_alternatives
    )


def test_dale_signs() -> None:
    signs = {name: cell(name).sign for name in CELLS}
    excitatory = {name for name in CELLS if name.endswith(("pyr", "granule"))}
    excitatory |= {"ctx_l4_exc", "ctx_l5_et", "ctx_l5_it", "ctx_l5_np", "dg_mossy", "thal_tc"}
    assert {name for name, sign in signs.items() if sign == 1} == excitatory | {"insect_kc"}
    assert {name for name, sign in signs.items() if sign == 0} == {"str_tan", "mid_da"}
    assert {cell(name).transmitter for name in INTERNEURONS} == {"GABA"}


def test_izhikevich_2007_book_cells() -> None:
    """RS (fig 8.12), FS (fig 8.27) and LTS (fig 8.25) of Izhikevich 2007."""
    rs = cell("ctx_l23_pyr").point_neuron_set("izhikevich2007")
    check(
        rs.numbers,
        {
            "C": "100 pF",
            "k": "0.7 nS/mV",
            "vr": "-60 mV",
            "vt": "-40 mV",
            "vpeak": "35 mV",
            "a": "0.03 /ms",
            "b": "-2 nS",
            "c": "-50 mV",
            "d": "100 pA",
        },
    )
    fs = cell("ctx_pv").point_neuron_set("izhikevich")
    assert fs.model == "izhikevich2007_FS"
    check(
        fs.numbers,
        {
            "C": "20 pF",
            "k": "1 nS/mV",
            "vr": "-55 mV",
            "vt": "-40 mV",
            "vpeak": "25 mV",
            "a": "0.2 /ms",
            "c": "-45 mV",
            "vb": "-55 mV",
            "U_coef": "0.025 pA/mV^3",
        },
    )
    assert "d" not in fs.numbers  # the -55 in the published file is vb, not a jump
    lts = cell("ctx_sst").point_neuron_set("izhikevich")
    check(
        lts.numbers,
        {
            "C": "100 pF",
            "k": "1 nS/mV",
            "vr": "-56 mV",
            "vt": "-42 mV",
            "vpeak": "40 mV",
            "b": "8 nS",
            "c": "-53 mV",
            "d": "20 pA",
            "u_max": "670 pA",
            "vpeak_u": "0.1 mV/pA",
            "c_u": "0.04 mV/pA",
        },
    )


def test_izhikevich_2003_sets_stay_plain_numbers() -> None:
    expected = {
        "ctx_l23_pyr": (0.02, 0.2, -65, 8),
        "ctx_pv": (0.1, 0.2, -65, 2),
        "ctx_sst": (0.02, 0.25, -65, 2),
    }
    for name, values in expected.items():
        found = cell(name).point_neuron_set("izhikevich2003").numbers
        assert tuple(found.value(key) for key in "abcd") == values
        assert all(get_dimensions(value) is DIMENSIONLESS for value in found.plain().values())


def test_skinner_pyramid_of_ferguson_2014() -> None:
    strong, weak = [s for s in cell("ca1_pyr").point_neurons if s.answers_to("izhikevich")][:2]
    check(
        strong.numbers,
        {
            "C": "115 pF",
            "klow": "0.1 nS/mV",
            "khigh": "3.3 nS/mV",
            "vr": "-61.8 mV",
            "vt": "-57 mV",
            "vpeak": "22.6 mV",
            "a": "0.0012 /ms",
            "b": "3 nS",
            "c": "-65.8 mV",
            "d": "10 pA",
            "Ishift": "0 pA",
        },
    )
    check(
        weak.numbers,
        {"C": "300 pF", "klow": "0.5 nS/mV", "a": "0.001 /ms", "d": "5 pA", "Ishift": "-45 pA"},
    )


def test_skinner_and_hippocampome_interneurons() -> None:
    check(
        cell("ca1_pv_basket").point_neuron_set("izhikevich_skinner").numbers,
        {
            "C": "90 pF",
            "klow": "1.7 nS/mV",
            "khigh": "14 nS/mV",
            "vpeak": "-2.5 mV",
            "b": "-0.1 nS",
            "d": "0.1 pA",
        },
    )
    check(
        cell("ca1_olm").point_neuron_set("izhikevich").numbers,
        {"C": "103 pF", "k": "2.1 nS/mV", "b": "42 nS", "c": "-58.16 mV", "d": "14 pA"},
    )
    check(
        cell("ca1_cck_basket").point_neuron_set("izhikevich").numbers,
        {"C": "477 pF", "k": "2.48 nS/mV", "vt": "-51.93 mV", "d": "460 pA"},
    )


def test_the_vip_izhikevich_set_is_derived_from_its_passive_values() -> None:
    """Linearised at vr the model has the conductance k (vt - vr) and time constant C R."""
    vip = cell("ctx_vip")
    fit = vip.point_neuron_set("izhikevich")
    p, z = vip.passive.numbers.plain(), fit.numbers.plain()
    assert (z["vr"], z["vt"]) == (p["v_rest"], p["threshold"])
    # five digits are written in the file
    assert float(z["k"] * (z["vt"] - z["vr"]) * p["r_in"]) == pytest.approx(1, rel=1e-4)
    assert float(z["C"] * p["r_in"] / p["tau_m"]) == pytest.approx(1, rel=1e-4)
    assert {key: fit.numbers[key].status for key in fit.numbers} == {
        "C": "derived",
        "k": "derived",
        "vr": "derived",
        "vt": "derived",
        "vpeak": "assumed",
        "a": "assumed",
        "b": "assumed",
        "c": "assumed",
        "d": "assumed",
    }


def test_glif_specimens_of_teeter_2018() -> None:
    pyramid = cell("ctx_l23_pyr")
    assert [
        (int(g.model[4:]), g.specimen) for g in pyramid.point_neurons if g.answers_to("glif")
    ] == [
        (3, "486108147"),
        (4, "489751959"),
        (5, "486108147"),
    ]
    check(
        pyramid.point_neuron_set("GLIF3").numbers,
        {
            "C": "104.651 pF",
            "R": "160.363 Mohm",
            "E_L": "-76.6679 mV",
            "th_inf": "31.9742 mV",
            "t_ref": "4.7 ms",
            "asc_amp1": "-219.722 pA",
            "asc_tau1": "10 ms",
            "asc_amp2": "-6.27438 pA",
            "asc_tau2": "333.333 ms",
        },
    )
    check(
        pyramid.point_neuron_set("GLIF5").numbers,
        {
            "th_inf": "22.0487 mV",
            "f_v": "0.188898",
            "deltaV": "21.3104 mV",
            "a_spike": "3.52132 mV",
            "b_spike": "368.633 /s",
            "a_voltage": "22.4087 /s",
            "b_voltage": "60.6953 /s",
        },
    )
    basket = cell("ctx_pv").point_neuron_set("GLIF4")
    check(basket.numbers, {"C": "62.7669 pF", "asc_amp1": "-179.616 pA", "f_v": "0.122192"})
    assert basket.explained_variance.value == 0.971
    # thresholds as the source prints them: E_L + th_inf
    for name, printed in {"ctx_sst": -44.4569, "ctx_vip": -42.9775}.items():
        numbers = cell(name).point_neuron_set("GLIF3").numbers
        threshold = (numbers.value("E_L") + numbers.value("th_inf")) / mV
        assert threshold == pytest.approx(printed, abs=1e-4)


@pytest.mark.parametrize("name", CA1)
def test_hippocampal_glif1_follows_from_the_passive_values(name: str) -> None:
    p = cell(name).passive.numbers.plain()
    (glif,) = [s for s in cell(name).point_neurons if s.answers_to("glif")]
    g = glif.numbers.plain()
    assert (glif.model, glif.origin.status, glif.specimen) == ("GLIF1", "derived", "")
    assert (g["R"], g["E_L"]) == (p["r_in"], p["v_rest"])
    assert float(g["C"] * g["R"] / p["tau_m"]) == pytest.approx(1, rel=1e-4)  # five digits
    assert float((g["E_L"] + g["th_inf"]) / p["threshold"]) == pytest.approx(1)


@pytest.mark.parametrize("name", CELLS)
def test_every_set_can_be_built_as_a_point_neuron(name: str) -> None:
    """The two places that list a form's parameters agree."""
    for stored in cell(name).point_neurons:
        neuron_model(stored.model).make_neuron(stored.numbers.plain())


def test_forms_are_those_of_the_point_neurons() -> None:
    for name, form in izhikevich_model.VARIANTS.items():
        assert set(neuron_model(name).parameters.dimensions) == set(form.names)


def test_the_l23_pyramid_stands_in_with_dendrify_figure_3() -> None:
    found = cell("ctx_l23_pyr").compartments
    assert (found.rule, found.stand_in) == ("explicit", True)
    assert found.names == ("soma", "trunk", "prox", "dist")
    check(
        found.globals,
        {
            "cm": "1 uF/cm**2",
            "gl": "40 uS/cm**2",
            "v_rest": "-70 mV",
            "r_axial": "150 ohm*cm",
            "scale_factor": "2.8",
            "spine_factor": "1.5",
            "E_Na": "70 mV",
            "E_K": "-89 mV",
        },
    )
    for dendrite, diameter in zip(found.dendrites, ("2.5 um", "1 um", "0.5 um"), strict=True):
        check(dendrite.numbers, {"length": "100 um", "diameter": diameter})
    assert [(e.first, e.second, e.coupling.value / nS) for e in found.edges] == [
        ("soma", "trunk", pytest.approx(15)),
        ("trunk", "prox", pytest.approx(10)),
        ("prox", "dist", pytest.approx(4)),
    ]
    rise_and_fall = (("34 nS", "27.2 nS"), ("15.3 nS", "12.24 nS"), ("7 nS", "5.6 nS"))
    for spike, (rise, fall) in zip(found.dspikes, rise_and_fall, strict=True):
        check(
            spike.numbers,
            {
                "g_rise": rise,
                "g_fall": fall,
                "threshold": "-35 mV",
                "tau_rise": "0.6 ms",
                "tau_fall": "1.2 ms",
                "refractory": "5 ms",
                "offset_fall": "0.2 ms",
            },
        )
    check(
        found.spike,
        {
            "threshold": "-40 mV",
            "peak": "40 mV",
            "reset": "-55 mV",
            "spike_width": "0.5 ms",
            "refractory": "4 ms",
        },
    )


def test_the_ca1_pyramid_is_the_nine_compartment_cell_of_dendrify() -> None:
    found = cell("ca1_pyr").compartments
    assert (found.stand_in, found.soma_model) == (False, "adaptive_conductance_IF")
    assert found.names == ("soma", "bas1", "bas2", "prox", "ob1", "ob2", "med", "dist1", "dist2")
    check(
        found.globals,
        {
            "r_axial": "120 ohm*cm",
            "v_rest": "-65 mV",
            "scale_factor": "2.9",
            "E_Na": "50 mV",
            "E_K": "-90 mV",
            "E_NMDA": "0.35 mV",
            "Mg": "1 mM",
            "alpha": "0.087 /mV",
            "beta": "3.57 mM",
            "gamma": "10 mV",
        },
    )
    check(
        found.soma,
        {
            "length": "30 um",
            "diameter": "20 um",
            "EA": "-65 mV",
            "VA": "-65 mV",
            "tauA": "45 ms",
            "gAmax": "0.15 nS",
            "delta_gA": "21 nS",
        },
    )
    check(
        found.spike,
        {
            "threshold": "-47.5 mV",
            "peak": "37.5 mV",
            "reset": "-53 mV",
            "spike_width": "0.8 ms",
            "refractory": "4 ms",
        },
    )
    coupled = {(e.first, e.second): e.coupling for e in found.edges}
    assert coupled["soma", "prox"].value == 22 * nS
    assert [pair for pair, g in coupled.items() if g is None] == [
        ("prox", "ob1"),
        ("prox", "ob2"),
        ("prox", "med"),
        ("med", "dist1"),
        ("med", "dist2"),
    ]
    (spike,) = found.dspikes
    assert spike.compartments == found.names[1:]
    check(
        spike.numbers,
        {
            "threshold": "-42.5 mV",
            "gbar_rise": "10 mS/cm**2",
            "gbar_fall": "4 mS/cm**2",
            "tau_rise": "0.5 ms",
            "tau_fall": "1.2 ms",
            "refractory": "4.2 ms",
            "offset_fall": "0.6 ms",
        },
    )
    contacts = {
        (d.name, c.synapse): (c.pathway, c.numbers.value("g") / nS)
        for d in found.dendrites
        for c in d.contacts
    }
    assert contacts["med", "AMPA"] == ("ca3", pytest.approx(0.81))
    assert contacts["dist2", "NMDA"] == ("ec", pytest.approx(0.81))
    assert contacts["ob1", "NMDA"] == ("ca3", pytest.approx(0.4))


@pytest.mark.parametrize("name", INTERNEURONS)
def test_interneurons_are_two_compartments_matched_to_their_passive_values(name: str) -> None:
    found = cell(name).compartments
    assert (found.rule, found.stand_in, found.names) == ("matched_passive", True, ("soma", "dend"))
    assert all(found.split[key].assumed for key in ("dendritic_share", "attenuation"))
    assert found.spike.value("threshold") == cell(name).passive.numbers.value("threshold")
    assert found.spike.value("reset") == cell(name).passive.numbers.value("v_rest")
    assert found.spike["threshold"].status == "measured"


def test_cortical_refractory_periods_are_those_of_the_glif_fits() -> None:
    """Median t_ref of all GLIF3 fits of the type."""
    expected = {"ctx_pv": 1.65, "ctx_sst": 2.075, "ctx_vip": 3.75}
    found = {name: cell(name).compartments.spike["refractory"] for name in expected}
    assert {name: number.value / ms for name, number in found.items()} == pytest.approx(expected)
    assert {number.status for number in found.values()} == {"published model"}


# --- synapses, receptors, modulators ------------------------------------------------------------


def test_synapses_against_dendrify_and_bezaire_2016() -> None:
    check(synapse("AMPA").numbers, {"E": "0 mV", "tau": "2 ms"})
    check(
        synapse("NMDA").numbers,
        {
            "E": "0 mV",
            "tau": "60 ms",
            "Mg": "1 mM",
            "alpha": "0.062 /mV",
            "beta": "3.57 mM",
            "gamma": "0 mV",
        },
    )
    check(synapse("GABA_A").numbers, {"E": "-80 mV", "tau": "5 ms"})
    check(synapse("GABA_B").numbers, {"E": "-90 mV", "tau_rise": "180 ms", "tau_decay": "200 ms"})
    assert {name: synapse(name).sign for name in names("synapse")} == {
        "AMPA": 1,
        "NMDA": 1,
        "GABA_A": -1,
        "GABA_B": -1,
    }
    assert [name for name in names("synapse") if synapse(name).block] == ["NMDA"]
    assert synapse("GABA_B").kinetics == "dual_exponential"


def effect(name: str, cell_name: str, kind: str) -> Effect:
    (found,) = [e for e in receptor(name).effects_on(cell_name) if e.kind == kind]
    return found


def test_affinities_that_were_read() -> None:
    expected = {"D1": "1000 nM", "D2": "1000 nM", "nACh_a7": "153 uM", "nACh_a4b2": "30 uM"}
    for name, value in expected.items():
        assert receptor(name).affinity.value("EC50") == quantity(value)
        assert not receptor(name).affinity["EC50"].assumed
    assert receptor("nACh_a7").affinity.value("hill") == 0.91
    assert receptor("nACh_a4b2").affinity.value("hill") == 1.05


@pytest.mark.parametrize("name", ["M1", "M4", "5HT2A", "5HT3A", "alpha1", "alpha2A", "beta"])
def test_affinities_that_were_not_read_are_marked(name: str) -> None:
    assert receptor(name).affinity["EC50"].assumed


def test_d1_time_constants_follow_from_its_binding_rates() -> None:
    """Dreyer's model: k_on 0.01 /nM/s and k_off 10 /s; EC50 = k_off/k_on."""
    on, off = quantity("0.01 /nM/s"), quantity("10 /s")
    d1 = receptor("D1")
    assert float(off / on / d1.affinity.value("EC50")) == pytest.approx(1)
    assert float(d1.kinetics.value("tau_off") * off) == pytest.approx(1)
    at = d1.affinity.value("EC50")
    assert float(d1.kinetics.value("tau_on") * (on * at + off)) == pytest.approx(1)


def test_5ht1a_reproduces_the_input_resistances_it_was_derived_from() -> None:
    """Bijak and Misgeld 1997, table 2: 75 % of control at 5 uM, 68 % at 40 uM."""
    found = receptor("5HT1A")
    half, hill = found.affinity.value("EC50"), found.affinity.value("hill")
    size = effect("5HT1A", "dg_granule", "conductance").numbers.value("size")
    for dose, ratio in ((5 * umolar, 0.75), (40 * umolar, 0.68)):
        conductance = size / (1 + float(half / dose) ** hill)
        assert 1 / (1 + conductance) == pytest.approx(ratio, abs=0.005)  # printed to 1 %


def test_m1_closes_a_resting_potassium_conductance() -> None:
    """Reversal of Krnjevic et al. 1971; of interneurons weak in PV and stronger in VIP cells."""
    sizes = {
        name: effect("M1", name, "conductance").numbers
        for name in ("ctx_l23_pyr", "ca1_pyr", "ctx_pv", "ctx_vip")
    }
    assert {n["reversal"].written for n in sizes.values()} == {"-86.7 mV"}
    assert all(n["size"].assumed for n in sizes.values())
    assert sizes["ctx_l23_pyr"].value("size") == -0.15
    size = {name: n.value("size") for name, n in sizes.items()}
    assert size["ctx_vip"] < size["ctx_pv"] < 0
    assert size["ctx_l23_pyr"] < 0
    assert effect("M1", "ctx_l23_pyr", "adaptation").numbers.value("scale") == 0.2
    assert effect("M1", "ca1_pyr", "adaptation").numbers.value("scale") == 0


def test_nicotinic_receptors_open_a_cation_conductance() -> None:
    for name, targets in {
        "nACh_a4b2": ("ctx_vip", "ca1_olm"),
        "nACh_a7": ("ca1_cck_basket", "ca1_olm"),
    }.items():
        for target in targets:
            found = effect(name, target, "conductance")
            assert found.numbers.value("reversal") == 0 * mV
            assert found.numbers.value("size") > 0
            assert found.direction == "excite"
    check(receptor("nACh_a4b2").kinetics, {"tau_on": "33.2 ms", "tau_off": "138.6 ms"})


def test_conflicting_findings_are_kept_apart() -> None:
    (found,) = [e for e in receptor("D1").effects_on("ctx_l23_pyr") if e.conflict]
    assert not found.compiled
    assert found.direction == "mixed"
    assert any(e.conflict for e in receptor("alpha2A").effects)


@pytest.mark.parametrize("name", RECEPTORS)
def test_receptors_name_known_cells_and_compile_only_where_expressed(name: str) -> None:
    found = receptor(name)
    assert found.modulator in names("modulator")
    for item in (*found.effects, *found.expressed_by):
        assert set(item.cells) <= set(CELLS)
    for item in filter(lambda e: e.compiled, found.effects):
        assert all(found.expressed_in(target) for target in item.cells)


@pytest.mark.parametrize("name", RECEPTORS)
def test_the_sign_of_a_conductance_agrees_with_its_direction(name: str) -> None:
    """At a rest of -70 mV, size (reversal - rest) > 0 depolarises."""
    for found in receptor(name).effects:
        if found.kind == "conductance" and found.direction != "mixed":
            numbers = found.numbers.plain()
            push = numbers["size"] * (numbers["reversal"] + 70 * mV)
            assert (push > 0) == (found.direction == "excite")


@pytest.mark.parametrize("name", CELLS)
def test_closed_conductances_leave_every_cell_a_leak(name: str) -> None:
    """Even with every receptor saturated at once."""
    sizes = [
        e.numbers.value("size")
        for r in map(receptor, RECEPTORS)
        for e in r.effects_on(name)
        if e.kind == "conductance"
    ]
    assert sum(size for size in sizes if size < 0) > -0.9


def test_modulators_find_their_receptors() -> None:
    assert modulator("ACh").receptors == ("M1", "M2", "M4", "nACh_a4b2", "nACh_a7")
    assert modulator("DA").receptors == ("D1", "D2")
    assert modulator("5HT").receptors == (
        "5HT1A",
        "5HT1B",
        "5HT2A",
        "5HT3A",
        "5HT_other",
    )
    assert modulator("NA").receptors == ("alpha1", "alpha2A", "beta")
    check(modulator("ACh").numbers, {"reference_concentration": "30 uM"})
    check(modulator("DA").numbers, {"reference_concentration": "1 uM", "clearance_tau": "200 ms"})


@pytest.mark.parametrize(
    ("alias", "name"),
    [("5-HT", "5HT"), ("Dopamine", "DA"), ("ach", "ACh"), ("norepinephrine", "NA")],
)
def test_modulators_answer_to_their_aliases(alias: str, name: str) -> None:
    assert modulator(alias) is modulator(name)


# --- tables and text ----------------------------------------------------------------------------


def test_tables_have_one_row_for_each_entry() -> None:
    assert tuple(cells()["name"]) == CELLS
    assert list(cells().columns) == [
        "name",
        "title",
        "region",
        "layer",
        "sign",
        "transmitter",
        "point_neurons",
        "compartments",
        "stand_in",
    ]
    row = cells().set_index("name").loc["ctx_pv"]
    assert row["point_neurons"] == (
        "izhikevich2007_FS, izhikevich2007, izhikevich2003, GLIF3, GLIF4, GLIF5"
    )
    assert row["stand_in"]
    golgi = cells().set_index("name").loc["cb_golgi"]
    assert "eglif" in golgi["point_neurons"].split(", ")
    assert len(receptors()) == 15
    assert len(modulators()) == len(synapses()) == 4
    assert tuple(drugs()["name"]) == names("drug")


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_a_description_shows_each_number_source_and_assumption(kind: str, name: str) -> None:
    found = entry(kind, name)
    shown = describe(found)
    numbers = [item for item in walk(found) if isinstance(item, Sourced)]
    assert all(number.written in shown for number in numbers)
    sources = shown.split("\nsources\n")[1]
    assert all(f"  {key}: " in sources for number in numbers for key in number.source)
    assumed = sum(number.assumed for number in numbers)
    assert shown.count("[ASSUMED: ") >= assumed


def test_a_description_marks_stand_ins_conflicts_and_what_is_not_compiled() -> None:
    assert "STAND-IN" in describe(cell("ctx_l23_pyr"))
    assert "STAND-IN" not in describe(cell("ca1_pyr"))
    assert "CONFLICT" in describe(receptor("D1"))
    assert "NOT COMPILED" in describe(receptor("D2"))


def test_a_description_prints_the_spread_in_the_units_of_the_value() -> None:
    assert re.search(r"r_in +105\.2 Mohm +\(SD 33\.27 Mohm\), n = 53", describe(cell("ctx_pv")))


def test_only_entries_can_be_described() -> None:
    with pytest.raises(TypeError, match="expected one of CellType"):
        describe("ctx_pv")  # type: ignore[arg-type]


# --- errors -------------------------------------------------------------------------------------

OWN = """
name = "mine"
title = "My cell"
region = "nowhere"

[dale]
sign = -1
transmitter = "GABA"
source = "dualframe"
status = "assumed"

[passive]
label = "by hand"
source = "dualframe"
status = "assumed"
v_rest = "-70 mV"
r_in = "100 Mohm"
tau_m = { value = "10 ms", source = "teeter2018", status = "measured", note = "a note", n = 3 }
threshold = "-40 mV"

[[point_neurons]]
model = "izhikevich2007"
label = "by hand"
source = "dualframe"
status = "assumed"
C = "100 pF"
k = "0.7 nS/mV"
vr = "-60 mV"
vt = "-40 mV"
vpeak = "35 mV"
a = "0.03 /ms"
b = "-2 nS"
c = "-50 mV"
d = "100 pA"

[compartments]
rule = "matched_passive"
layout = "two"
stand_in = true
source = "dualframe"
status = "assumed"

[compartments.split]
dendritic_share = 0.5
attenuation = 0.8

[compartments.spike]
threshold = "-40 mV"
peak = "20 mV"
reset = "-60 mV"
spike_width = "0.5 ms"
refractory = "2 ms"
"""


def own(folder: Path, old: str = "", new: str = "", text: str = OWN) -> Path:
    assert old in text
    path = folder / "mine.toml"
    path.write_text(text.replace(old, new, 1) if old else text + new)
    return path


def test_a_users_file_is_read_by_path(tmp_path: Path) -> None:
    path = own(tmp_path)
    found = cell(path)
    assert found.name == "mine"
    assert found is cell(str(path))
    assert {s.model for s in found.point_neurons} == {"izhikevich2007"}
    assert found.passive.numbers["tau_m"] == Sourced(
        10 * ms, ("teeter2018",), "measured", "a note", "10 ms", n=3
    )
    assert found.passive.numbers["r_in"].status == "assumed"  # from the table
    assert found.compartments.split["attenuation"].source == ("dualframe",)  # from two levels up


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = own(tmp_path)
    assert cell(path).title == "My cell"
    own(tmp_path, "My cell", "Your longer cell")
    os.utime(path, ns=(1, 1))
    assert cell(path).title == "Your longer cell"


def test_a_cell_may_have_neither_izhikevich_nor_glif_nor_compartments(tmp_path: Path) -> None:
    bare = OWN[: OWN.index("[passive]")]
    found = cell(own(tmp_path, text=bare))
    assert (found.passive, found.compartments, found.point_neurons) == (None, None, ())
    describe(found)
    with pytest.raises(UnknownName, match="point neuron set of mine 'izhikevich'"):
        found.point_neuron_set("izhikevich")
    with pytest.raises(UnknownName, match="point neuron set of mine 'GLIF3'"):
        found.point_neuron_set("GLIF3")


def test_a_users_references_stand_beside_the_file(tmp_path: Path) -> None:
    path = own(tmp_path, 'source = "dualframe"', 'source = "smith1999"')
    with pytest.raises(CatalogueError, match=r"'smith1999' is not in references\.bib"):
        cell(path)
    (tmp_path / "references.bib").write_text("@article{smith1999,\n  author = {Smith},\n}\n")
    assert cell(path).dale.source == ("smith1999",)


def test_a_cell_can_carry_the_forms_of_cerebellum_and_thalamus(tmp_path: Path) -> None:
    """E-GLIF (Golgi cell), and the v-dependent b of the 2007 thalamic cells."""
    more = """
[[point_neurons]]
model = "eglif"
label = "Golgi"
source = "dualframe"
status = "published model"
C = "145 pF"
tau_m = "44 ms"
E_L = "-62 mV"
V_th = "-55 mV"
V_reset = "-75 mV"
t_ref = "2 ms"
I_e = "16.214 pA"
lambda_0 = "0.15 /ms"
tau_V = "0.09 mV"
k_adap = "0.217 nS/ms"
k_1 = "0.031 /ms"
k_2 = "0.023 /ms"
A1 = "259.988 pA"
A2 = "178.01 pA"

[[point_neurons]]
model = "izhikevich2007_RTN"
label = "RTN, fig. 8.32"
source = "izhikevich2007"
status = "published model"
C = "40 pF"
k = "0.25 nS/mV"
vr = "-65 mV"
vt = "-45 mV"
vpeak = "0 mV"
a = "0.015 /ms"
b = "10 nS"
c = "-55 mV"
d = "50 pA"
v_switch = "-65 mV"
b_above = "2 nS"
"""
    found = cell(own(tmp_path, new=more))
    assert found.point_neuron_set("eglif").numbers.value("tau_V") == 0.09 * mV
    assert found.point_neuron_set("izhikevich2007_RTN").numbers.value("b_above") == 2 * nS


# what is wrong: old text, new text, and the words that the message must hold
MISTAKES = {
    "syntax": ('title = "My cell"', "title = My cell", ["mine.toml is not valid TOML", "quotes"]),
    "misspelt number": (
        "r_in =",
        "r_inn =",
        ["table [passive]", "'r_inn'", "unknown key", "Did you mean 'r_in'?"],
    ),
    "misspelt table": ("[passive]", "[pasive]", ["'pasive'", "Did you mean 'passive'?"]),
    "wrong dimension": (
        '"100 Mohm"',
        '"100 mV"',
        ["mine.toml, table [passive], key 'r_in'", "'100 mV'", "expected a resistance", "ohm"],
    ),
    "no unit": ('"100 Mohm"', '"100"', ["key 'r_in'", "no unit", "expected a resistance"]),
    "bare number": ('"100 Mohm"', "100", ["key 'r_in'", "no unit", "expected a resistance"]),
    "unknown unit": ('"100 Mohm"', '"100 Mom"', ["key 'r_in'", "unknown unit 'Mom'"]),
    "code": ('"100 Mohm"', "\"__import__('os').getpid() ohm\"", ["key 'r_in'", "with a unit"]),
    "arithmetic": ('"100 Mohm"', '"2*50 Mohm"', ["key 'r_in'"]),
    "boolean": ('"100 Mohm"', "true", ["key 'r_in'", "True is not a number"]),
    "list": ('"100 Mohm"', "[1, 2]", ["key 'r_in'", "is not a number"]),
    "infinite": ("dendritic_share = 0.5", "dendritic_share = inf", ["not a finite number"]),
    "negative": ('"100 Mohm"', '"-100 Mohm"', ["key 'r_in'", "greater than zero"]),
    "physical 2003": (
        'model = "izhikevich2007"',
        'model = "izhikevich2003"',
        ["'C'", "unknown key"],
    ),
    "missing number": ('vpeak = "35 mV"\n', "", ["table [point_neurons.1]", "'vpeak'", "missing"]),
    "unknown form": (
        '"izhikevich2007"',
        '"izhikevich2077"',
        ["unknown model", "Did you mean 'izhikevich2007'?"],
    ),
    "missing source": (
        'by hand"\nsource = "dualframe"',
        'by hand"',
        ["table [passive]", "no source", "references.bib"],
    ),
    "missing status": (
        'by hand"\nsource = "dualframe"\nstatus = "assumed"',
        'by hand"\nsource = "dualframe"',
        ["table [passive]", "no status"],
    ),
    "unknown source": (
        '"teeter2018"',
        '"teeter2081"',
        ["'tau_m'", "'teeter2081'", "Did you mean 'teeter2018'?"],
    ),
    "unknown status": (
        'status = "measured"',
        'status = "mesured"',
        ["tau_m.status", "Did you mean 'measured'?"],
    ),
    "inline typo": ("n = 3", "N = 3", ["'tau_m.N'", "unknown key"]),
    "inline no value": ('value = "10 ms", ', "", ["'tau_m'", "has no value"]),
    "count": ("n = 3", 'n = "3"', ["'tau_m.n'", "whole number"]),
    "note": ('note = "a note"', "note = 4", ["'tau_m.note'", "double quotes"]),
    "sign": ("sign = -1", "sign = 2", ["table [dale], key 'sign'", "[-1, 0, 1]"]),
    "sign text": ("sign = -1", 'sign = "-1"', ["key 'sign'", "[-1, 0, 1]"]),
    "no title": ('title = "My cell"\n', "", ["'title'", "missing"]),
    "title is a number": ('"My cell"', "5", ["'title'", "double quotes"]),
    "no table": ("[dale]", "[[dale]]", ["'dale'", "Write [dale]"]),
    "table for array": (
        "[[point_neurons]]",
        "[point_neurons]",
        ["'point_neurons'", "[[point_neurons]]"],
    ),
    "flag": ("stand_in = true", 'stand_in = "yes"', ["'stand_in'", "true or false"]),
    "threshold below rest": ('"-40 mV"\n\n[[', '"-80 mV"\n\n[[', ["'threshold'", "above v_rest"]),
    "reset above threshold": ('reset = "-60 mV"', 'reset = "-30 mV"', ["above reset"]),
    "share": ("dendritic_share = 0.5", "dendritic_share = 1.5", ["between 0 and 1"]),
    "nothing to match": ("tau_m = {", 'fi_slope = "1 Hz/pA"\n# {', ["'rule'", "needs tau_m"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_malformed_file_gives_one_error_that_names_place_and_remedy(
    mistake: str, tmp_path: Path
) -> None:
    old, new, words = MISTAKES[mistake]
    with pytest.raises(CatalogueError) as caught:
        cell(own(tmp_path, old, new))
    message = str(caught.value)
    assert message.startswith("mine.toml")
    for word in words:
        assert word in message


TREE = (Path(__file__).parents[2] / "dualframe/catalogue/cells/ctx_l23_pyr.toml").read_text()
LAYOUTS = {
    "unknown compartment": ('second = "dist"', 'second = "tuft"', "unknown compartment 'tuft'"),
    "two with one name": ('name = "prox"', 'name = "dist"', "two compartments have one name"),
    "not joined": ('first = "prox"\nsecond = "dist"', 'first = "trunk"\nsecond = "soma"', "tree"),
    "spike nowhere": ('compartments = ["dist"]', 'compartments = ["tuft"]', "'tuft'"),
    "two conductances": (
        'g_rise = "34 nS"',
        'g_rise = "34 nS"\ngbar_rise = "1 mS/cm**2"',
        "either g_rise",
    ),
    "length as conductance": ('coupling = "15 nS"', 'coupling = "15 um"', "conductance"),
}


@pytest.mark.parametrize("mistake", LAYOUTS)
def test_a_malformed_layout_is_refused(mistake: str, tmp_path: Path) -> None:
    old, new, word = LAYOUTS[mistake]
    with pytest.raises(CatalogueError, match=re.escape(word)):
        cell(own(tmp_path, old, new, TREE))


M1 = (Path(__file__).parents[2] / "dualframe/catalogue/receptors/M1.toml").read_text()
RECEPTOR_MISTAKES = {
    "modulator": ('modulator = "ACh"', 'modulator = "ACH"', "Did you mean 'ACh'?"),
    "kind of receptor": ('kind = "metabotropic"', 'kind = "metabolic"', "unknown kind"),
    "direction": ('direction = "excite"', 'direction = "excites"', "Did you mean 'excite'?"),
    "kind of effect": ('kind = "adaptation"', 'kind = "adaption"', "Did you mean 'adaptation'?"),
    "not expressed": (
        'cells = ["ctx_pv", "ctx_vip"]',
        'cells = ["ctx_sst"]',
        "acts on 'ctx_pv', which does not express M1",
    ),
    "more than the leak": ('value = "-0.3"', 'value = "-1.3"', "greater than -1"),
    "negative scale": ('value = "0.2"', 'value = "-0.2"', "must not be negative"),
    "affinity in mV": ('value = "5 uM"', 'value = "5 mV"', "expected a concentration"),
}


@pytest.mark.parametrize("mistake", RECEPTOR_MISTAKES)
def test_a_malformed_receptor_is_refused(mistake: str, tmp_path: Path) -> None:
    old, new, word = RECEPTOR_MISTAKES[mistake]
    with pytest.raises(CatalogueError, match=re.escape(word)):
        receptor(own(tmp_path, old, new, M1))


def test_a_block_needs_its_constants_and_others_may_not_have_them(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "dualframe/catalogue/synapses/NMDA.toml").read_text()
    with pytest.raises(CatalogueError, match="'gamma': missing"):
        synapse(own(tmp_path, 'gamma = "0 mV"\n', "", text))
    with pytest.raises(CatalogueError, match="'Mg': unknown key"):
        synapse(own(tmp_path, "block = true", "block = false", text))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogueError, match="no text in UTF-8"):
        cell(path)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"no cell type file 'nowhere/mine\.toml'"):
        cell("nowhere/mine.toml")


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        ("cell type", "ctx_pvb", "ctx_pv"),
        ("cell type", "CTX_PV", "ctx_pv"),
        ("synapse", "GABAA", "GABA_A"),
        ("receptor", "nACh_7", "nACh_a7"),
        ("modulator", "DAA", "DA"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(kind: str, name: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=rf"unknown {kind} '{name}'\. Did you mean '{meant}'"):
        entry(kind, name)


@pytest.mark.parametrize("name", ["../cells/ctx_pv", "", "ctx_pv\x00", "/etc/passwd"])
def test_a_name_never_leaves_the_catalogue(name: str) -> None:
    with pytest.raises(UnknownName):
        cell(name)


def test_an_unknown_parameter_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"ctx_pv passive parameter 'rin'\. Did you mean 'r_in'"):
        cell("ctx_pv").passive.numbers.value("rin")
    assert cell("ctx_pv").passive.numbers.get("rate") is None


def test_a_reference_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = own(tmp_path)
    (tmp_path / "references.bib").write_text("@misc{a,\n  title = {A},\n}\n" * 2)
    with pytest.raises(CatalogueError, match="'a' stands twice"):
        cell(path)


def test_a_number_made_by_hand_is_written_for_comparison() -> None:
    first, second = (Sourced(value, ("dualframe",), "assumed") for value in (5 * pF, 5 * pA))
    assert first.written == "5. pF"
    assert first != second
    assert first == Sourced(5 * pF, ("dualframe",), "assumed")
    assert isinstance(first.value, Quantity)
    assert np.isclose(float(first.value), 5e-12)
