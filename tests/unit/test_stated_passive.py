"""What a user's cell states of its membrane, what its compartments have, and what no cell has."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from brian2.units import Mohm, pA

import dualframe as df
from dualframe import catalogue
from dualframe.building.dendritic_neurons import dendritic_cell
from dualframe.catalogue.stated_passive import (
    cells_with_matched_compartments,
    passive_of_layout,
    passive_warnings,
)
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import CatalogueError, DualframeWarning, QuantityError
from dualframe.experiments.electrophysiology import input_resistance

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


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def alone(cell: str) -> Circuit:
    return Circuit("alone", (CircuitPopulation("cells", cell, 2),))


def own_cell(like: str, passive: str = STATED) -> Path:
    Path("mypyr.toml").write_text(f'name = "mypyr"\nlike = "{like}"\n{passive}', encoding="utf-8")
    return Path("mypyr.toml")


def test_compartments_that_do_not_take_the_stated_passive_values_are_told() -> None:
    """Those of ctx_l23_pyr have -70 mV, 250 Mohm (measured with a small step) and 1 uF / 40 uS."""
    path = own_cell("ctx_l23_pyr")
    with pytest.warns(DualframeWarning, match="those of ctx_l23_pyr, have the rule") as warned:
        response = df.current_clamp(
            path, "biological", -5 * pA, duration="300 ms", target="runtime"
        )
    text = next(str(item.message) for item in warned if "explicit" in str(item.message))
    assert "v_rest -62 mV (the compartments: -70 mV), r_in 310 Mohm (the compartments: 250" in text
    assert "tau_m 18 ms (the compartments: 25 ms)" in text
    assert "ctx_l4_exc" in text
    assert "ctx_pv" not in text  # of the other sign
    assert input_resistance(response)[0] / Mohm == pytest.approx(250.37, rel=1e-3)
    assert text in df.biological.build(alone(str(path))).meta["assumptions"]
    assert text in catalogue.describe(df.cell(path))
    assert "warnings" not in df.task_driven.build(alone(str(path)), cells="published").meta


@pytest.mark.parametrize("like", ["ctx_sst", "ctx_l5_et"])
def test_compartments_that_have_the_stated_values_are_not_warned_of(like: str) -> None:
    stated = {"v_rest": "-70 mV", "r_in": "43 Mohm", "tau_m": "16 ms"}  # 16 ms / 0.37 nF
    lines = [f'{name} = "{value}"' for name, value in stated.items()]
    head = ['[passive]\nlabel = "mine"\nsource = "own"\nstatus = "measured"']
    assert passive_warnings(df.cell(own_cell(like, "\n".join(head + lines)))) == []
    assert passive_warnings(df.cell(own_cell(like, ""))) == []


def test_a_cell_that_rests_above_its_threshold_is_told() -> None:
    above = STATED.replace("-62 mV", "-42 mV")  # the threshold of ctx_sst is -42.52 mV
    cell = df.cell(own_cell("ctx_sst", above))
    (text,) = passive_warnings(cell)
    assert "v_rest -42 mV of [passive] is not below the threshold" in text
    assert "fires without any input" in text
    assert passive_warnings(df.cell(own_cell("ctx_sst"))) == []


def test_a_reset_above_a_rest_that_is_not_its_own_is_told() -> None:
    """Spikes of ctx_sst end at its rest, -71.66 mV; those of ctx_l23_pyr above its own, -70 mV."""
    path = own_cell("ctx_sst", STATED.replace("-62 mV", "-80 mV"))
    with pytest.warns(DualframeWarning, match=r"the reset of its compartments, -71.66 mV, is that"):
        df.current_clamp(path, "biological", 0 * pA, duration="1 ms", target="runtime")
    network = df.biological.build(alone(str(path)))
    (text,) = passive_warnings(df.cell(path))
    assert "of ctx_sst, which rests at -71.66 mV: it is above v_rest -80 mV of .passive" in (
        text.replace("[", ".")
    )
    assert text in network.meta["assumptions"]
    assert text in catalogue.describe(df.cell(path))
    assert passive_warnings(df.cell(own_cell("ctx_sst", STATED))) == []  # -62 mV
    lower = STATED.replace("-62 mV", "-80 mV")
    assert not [
        x for x in passive_warnings(df.cell(own_cell("ctx_l23_pyr", lower))) if "reset" in x
    ]


@pytest.mark.parametrize("name", ["ca1_pyr", "ctx_l23_pyr", "ctx_l5_it", "ctx_l5_et"])
def test_passive_values_of_a_layout_are_those_of_its_dendrify_model(name: str) -> None:
    """V = G^-1 I with the conductances that Dendrify has computed of sizes and densities."""
    layout = df.cell(name).compartments
    assert layout is not None
    parameters = dendritic_cell(df.cell(name)).model.parameters
    places = layout.names
    matrix = np.diag([float(parameters[f"gL_{place}"]) for place in places])
    for i, j in permutations(range(len(places)), 2):
        coupling = float(parameters.get(f"g_{places[j]}_{places[i]}", 0))
        matrix[i, i] += coupling
        matrix[i, j] -= coupling
    values = passive_of_layout(layout)
    assert float(values["r_in"]) == pytest.approx(np.linalg.inv(matrix)[0, 0], rel=1e-9)
    assert float(values["v_rest"]) == pytest.approx(float(parameters["EL_soma"]))
    tau = parameters["C_soma"] / parameters["gL_soma"]
    assert float(values["tau_m"]) == pytest.approx(float(tau))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tau_m = "18 ms"', 'tau_m = "15 s"', r"'tau_m': '15 s': no neuron .* 2 s. Check the unit"),
        ("310 Mohm", "180 mohm", "no neuron has such a r_in: expected 0.01 Mohm to 100 Gohm"),
        ("310 Mohm", "180 mOhm", "'mOhm' would be milliohm: write 'Mohm' for megohm"),
        ("-62 mV", "62 mV", r"'v_rest': '62 mV': no neuron .* Check sign and unit"),
        ('rheobase = "45 pA"', 'threshold = "42 mV"', "no neuron has such a threshold"),
        ('rheobase = "45 pA"', 'rheobase = "45 A"', "no neuron has such a rheobase"),
    ],
)
def test_a_slip_of_sign_or_unit_is_refused_with_the_bounds(
    old: str, new: str, message: str
) -> None:
    assert old in STATED
    with pytest.raises((CatalogueError, QuantityError), match=message):
        df.cell(own_cell("ctx_sst", STATED.replace(old, new)))


def test_a_threshold_without_its_sign_is_refused_in_compartments() -> None:
    path = df.new_cell("copied", copy_of="ctx_sst")
    text = path.read_text(encoding="utf-8")
    head, _, compartments = text.partition("[compartments.spike]")
    slip = compartments.replace('"-42.52 mV"', '"42.52 mV"')
    path.write_text(f"{head}[compartments.spike]{slip}", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"spike\], key 'threshold': '42.52 mV': no neuron"):
        df.cell(path)


def test_a_point_neuron_has_the_membrane_of_a_neuron() -> None:
    with pytest.raises(CatalogueError, match=r"tau_m is .*no neuron has such a tau_m"):
        df.neuron("LIF", "Dayan and Abbott, fig. 5.5", tau_m="15 s")


def test_the_template_names_the_cells_whose_compartments_are_not_matched() -> None:
    text = " ".join(df.new_cell("mine").read_text(encoding="utf-8").replace("\n#", "").split())
    listed = text.partition("most others, not ")[2].partition(")")[0].replace(" and ", ", ")
    matched = {name for sign in (-1, 0, 1) for name in cells_with_matched_compartments(sign)}
    assert set(listed.split(", ")) == set(df.cells()["name"]) - matched


def test_a_file_of_another_kind_is_told_where_it_goes() -> None:
    cell, circuit = df.new_cell("mine"), df.new_circuit("net")
    receptor, task = df.new_receptor("r"), df.new_task("levers")
    for read, file, text in (
        (df.circuit, cell, r'mine.toml is the file of a cell type, not of a circuit.*cell = "mine'),
        (df.cell, circuit, r"net.toml is the file of a circuit, not of a cell type.*dualframe run"),
        (df.cell, receptor, r"r.toml is the file of a receptor, not of a cell type"),
        (df.receptor, cell, r"is the file of a cell type, not of a receptor"),
        (df.task, cell, r"is the file of a cell type, not of a task"),
        (df.circuit, task, r"is the file of a task, not of a circuit.*dualframe train"),
        (df.cell, task, r"is the file of a task, not of a cell type.*dualframe train"),
    ):
        with pytest.raises(CatalogueError, match=text):
            read(file)
