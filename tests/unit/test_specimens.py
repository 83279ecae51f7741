"""GLIF neurons from Allen-style files, and populations of whole specimens.

The files are made up by hand in the format of the AllenSDK; no Allen data is shipped.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, Mohm, amp, ms, mV, pA, pF

import dualframe as df
from dualframe.building.glif_specimens import Specimens
from dualframe.circuit import Circuit
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.core.user_warnings import DualframeWarning

METHODS = {
    1: ("zero", "none", "inf"),
    2: ("v_before", "none", "spike_component"),
    3: ("zero", "exp", "inf"),
    4: ("v_before", "exp", "spike_component"),
    5: ("v_before", "exp", "three_components_exact"),
}


def config(level: int = 5, **changes: Any) -> dict[str, Any]:
    """A made-up neuron in the AllenSDK's format: SI units, voltages from rest, coefficients."""
    reset, currents, threshold = METHODS[level]
    rule = {"a_spike": 0.004, "b_spike": 300.0, "a_voltage": 20.0, "b_voltage": 50.0}
    made = {
        "type": "GLIF",
        "El": 0.0,
        "El_reference": -0.072,
        "C": 1.0e-10,
        "R_input": 1.5e8,
        "th_inf": 0.03,
        "dt": 5e-05,
        "spike_cut_length": 60,
        "asc_amp_array": [-6e-12, -2e-10],
        "asc_tau_array": [0.3, 0.01],
        "coeffs": {
            "C": 1,
            "G": 1.25,
            "th_inf": 0.8,
            "a": 2,
            "b": 0.5,
            "asc_amp_array": [1.0, 0.5],
        },
        "voltage_dynamics_method": {"name": "linear_forward_euler", "params": {}},
        "voltage_reset_method": {
            "name": reset,
            "params": {"a": 0.4, "b": 0.009} if reset == "v_before" else {},
        },
        "AScurrent_dynamics_method": {"name": currents, "params": {}},
        "AScurrent_reset_method": {"name": "sum", "params": {"r": [1.0, 1.0]}},
        "threshold_dynamics_method": {
            "name": threshold,
            "params": {} if threshold == "inf" else rule,
        },
        "init_voltage": 0.0,
        "th_adapt": None,
    }
    return made | changes


def write(folder: Path, name: str, given: Any) -> Path:
    path = folder / f"{name}_neuron_config.json"
    path.write_text(given if isinstance(given, str) else json.dumps(given))
    return path


def without(key: str, level: int = 5) -> dict[str, Any]:
    made = config(level)
    parts = key.split(".")
    place: Any = made
    for part in parts[:-1]:
        place = place[part]
    del place[parts[-1]]
    return made


def with_value(key: str, value: Any, level: int = 5) -> dict[str, Any]:
    made = copy.deepcopy(config(level))
    parts = key.split(".")
    place: Any = made
    for part in parts[:-1]:
        place = place[part]
    place[parts[-1]] = value
    return made


# ------------------------------------------------------------------ one file


@pytest.mark.parametrize("level", METHODS)
def test_level_and_numbers(tmp_path: Path, level: int) -> None:
    found = df.read_glif(write(tmp_path, "900000001_X", config(level)))
    # the number in a file's name is the model's: the cell's is not in the file
    assert (found.model, found.model_id, found.specimen) == (f"GLIF{level}", "900000001", "")
    expected = {
        "C": 100 * pF,
        "R": 120 * Mohm,
        "E_L": -72 * mV,
        "th_inf": 24 * mV,
        "t_ref": 3.05 * ms,  # the 60 steps that are cut out, and one more, as in the AllenSDK
        "t_cut": 3 * ms,
    }
    if level in (2, 4, 5):
        expected |= {"f_v": 0.4, "deltaV": 9 * mV, "a_spike": 4 * mV, "b_spike": 300 * Hz}
    if level in (3, 4, 5):  # the fastest first, whatever the order in the file
        expected |= {"asc_amp1": -100 * pA, "asc_tau1": 10 * ms}
        expected |= {"asc_amp2": -6 * pA, "asc_tau2": 300 * ms}
    if level == 5:
        expected |= {"a_voltage": 40 * Hz, "b_voltage": 25 * Hz}
    assert set(found.numbers) == set(expected)
    for name, value in expected.items():
        number = found.numbers[name]
        # the product of a coefficient and a base value: rounding only
        np.testing.assert_allclose(float(number.value), float(value), rtol=1e-14)
        assert number.source == ("user file 900000001_X_neuron_config.json",)
        assert number.status == "published model"
    assert found.dt is not None
    assert found.dt.value == 0.05 * ms
    assert str(tmp_path) not in repr(found)  # the file's name, not where it lies


def test_time_constants_as_rates_and_no_coefficients(tmp_path: Path) -> None:
    given = config(3)
    given["k"] = [1 / tau for tau in given.pop("asc_tau_array")]
    del given["coeffs"]
    found = df.read_glif(write(tmp_path, "cell", given)).numbers
    assert float(found.value("asc_tau1") / ms) == pytest.approx(10, rel=1e-14)
    assert float(found.value("asc_amp1") / pA) == pytest.approx(-200, rel=1e-14)
    assert float(found.value("R") / Mohm) == pytest.approx(150, rel=1e-14)


def test_one_neuron_under_its_model_id_as_the_sdk_writes_it(tmp_path: Path) -> None:
    """``json_utilities.write('neuron_config.json', api.get_neuron_configs([566302806]))``."""
    path = tmp_path / "neuron_config.json"
    path.write_text(json.dumps({"566302806": config()}))
    found = df.read_glif(path)
    assert found.model_id == "566302806"
    alone = df.read_glif(write(tmp_path, "1", config()))
    assert found.numbers.plain() == alone.numbers.plain()


def sdk_spikes(given: dict[str, Any], current: Any, steps: int) -> Any:
    """Steps of the spikes by the equations of ``allensdk.model.glif`` (glif_neuron.py, methods)."""
    coefficients = given["coeffs"]
    dt, cut = given["dt"], given["spike_cut_length"]
    g, c = coefficients["G"] / given["R_input"], coefficients["C"] * given["C"]
    has = {
        kind: given[f"{kind}_method"]["name"] for kind in ("voltage_reset", "threshold_dynamics")
    }
    has["currents"] = given["AScurrent_dynamics_method"]["name"]
    rule = given["threshold_dynamics_method"]["params"]
    jump = np.array(given["asc_amp_array"]) * coefficients["asc_amp_array"]
    k = 1 / np.array(given["asc_tau_array"])
    v, th_spike, th_voltage, asc, n, found = 0.0, 0.0, 0.0, np.zeros(2), 0, []
    while n < steps:
        total = current + asc.sum()
        if has["threshold_dynamics"] == "three_components_exact":
            a, b = rule["a_voltage"] * coefficients["a"], rule["b_voltage"] * coefficients["b"]
            beta, phi = total / g, a / (b - g / c)
            th_voltage = (
                phi * (v - beta) * np.exp(-g * dt / c)
                + np.exp(-b * dt) * (th_voltage - phi * (v - beta) - a / b * beta)
                + a / b * beta
            )
        th_spike *= np.exp(-rule.get("b_spike", 0) * dt)
        v += (total - g * v) * dt / c
        asc = asc * np.exp(-k * dt)
        if v <= th_spike + th_voltage + given["th_inf"] * coefficients["th_inf"]:
            n += 1
            continue
        found.append(n)
        if has["voltage_reset"] == "zero":
            v = 0.0
        else:
            reset = given["voltage_reset_method"]["params"]
            v = reset["a"] * v + reset["b"]
            th_spike = th_spike * np.exp(-rule["b_spike"] * cut * dt) + rule["a_spike"]
        if has["currents"] == "exp":
            asc = jump + asc * np.exp(-k * dt * cut)
        n += cut + 1
    return np.array(found)


@pytest.mark.parametrize("cut", [60, 0])
def test_spikes_come_in_the_steps_of_the_sdk(
    tmp_path: Path, run_on_target: Callable[..., df.Results], cut: int
) -> None:
    """All levels, and three cells of each, at the time step of the fit: 50 us."""
    rng = np.random.default_rng(4)
    cells, currents, expected = [], [], {}
    for level in METHODS:
        for k in range(3):
            given = config(level, spike_cut_length=cut)
            for key in ("C", "R_input", "th_inf"):
                given[key] *= rng.uniform(0.7, 1.3)
            name = f"glif{level}_{k}"
            current = (5 if level == 5 else 2.5) * given["th_inf"] / given["R_input"]
            cells.append(df.task_driven.from_glif(write(tmp_path, name, given), 1, name=name))
            currents.append(df.CurrentInput(name, current * amp, name=f"into_{name}"))
            expected[name] = sdk_spikes(given, current, 8000)
    net = df.Network(tuple(cells), tuple(currents))
    results = run_on_target(net, 400 * ms, dt=0.05 * ms)
    assert not results.provenance["warnings"]
    for name, steps in expected.items():
        found = np.rint(results.spike_trains(name)[1] / 5e-5).astype(int)
        assert len(steps) > 3
        np.testing.assert_array_equal(found, steps, err_msg=name)


def test_another_time_step_than_that_of_the_fit_is_told(tmp_path: Path) -> None:
    cells = df.task_driven.from_glif(write(tmp_path, "1", config(3)), 2)
    with pytest.warns(DualframeWarning, match="fitted with a time step of 0.05 ms.*is 0.1 ms"):
        done = df.run(df.Network((cells,)), 1 * ms, dt=0.1 * ms, target="runtime", progress=False)
    assert len(done.provenance["warnings"]) == 1


def test_order_of_after_spike_currents_does_not_matter(tmp_path: Path) -> None:
    given = config(3)
    turned = copy.deepcopy(given)
    for where in (turned, turned["coeffs"]):
        for key in ("asc_amp_array", "asc_tau_array"):
            if key in where:
                where[key] = where[key][::-1]
    first, second_ = (
        df.read_glif(write(tmp_path, name, own)).numbers.plain()
        for name, own in (("a", given), ("b", turned))
    )
    assert first == second_


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (without("C"), "cell_neuron_config.json, key 'C': missing. Add a number in farads"),
        (without("El_reference"), "key 'El_reference': missing.*resting potential"),
        (without("voltage_reset_method"), "key 'voltage_reset_method': missing. Save the whole"),
        (without("voltage_reset_method.params.a"), "key 'voltage_reset_method.params.a': missing"),
        (with_value("C", "1e-10"), "key 'C': '1e-10' is not a number.*without quotes"),
        (with_value("C", True), "key 'C': True is not a number"),
        (with_value("C", -1e-10), "key 'C': -1e-10 must be greater than zero"),
        (with_value("C", float("nan")), "key 'C': nan is not a finite number"),
        (with_value("coeffs.G", 0), "key 'coeffs.G': 0 must be greater than zero"),
        (with_value("coeffs", [1]), "key 'coeffs': expected an object in braces"),
        (with_value("El", -0.07), "key 'El': -0.07: expected 0, with the resting potential in"),
        (with_value("spike_cut_length", 2.5), "key 'spike_cut_length': 2.5 is not a whole number"),
        (with_value("asc_tau_array", [0.01]), "has 1 entries, asc_amp_array 2: give one each"),
        (with_value("asc_tau_array", [0.01, 0]), "key 'asc_tau_array': 0 must be greater than"),
        (with_value("asc_amp_array", 3), "key 'asc_amp_array': expected a list of numbers"),
        (with_value("threshold_dynamics_method.params.b_spike", -3), "make the threshold grow"),
        (with_value("AScurrent_reset_method.params.r", [0.5, 1]), "only 1 is supported"),
        (with_value("type", "LIF"), "key 'type': 'LIF' is not a GLIF neuron"),
        (with_value("voltage_reset_method.name", "zero"), "none of the five levels. Known: GLIF1"),
        (with_value("voltage_reset_method.name", 3), "expected the name of a method"),
        (with_value("voltage_dynamics_method.name", "quadratic_i_of_v"), "is not linear"),
        (
            {"485838981": config(), "485838982": config()},
            "holds 2 neurons by number, 485838981, 485838982: save each",
        ),
        ({"485838981": 3}, "key '485838981': expected an object in braces"),
        (with_value("threshold_dynamics_method.params.b_voltage", 0), "must be greater than zero"),
        ([config()], "holds no JSON object, but a list"),
        ("{'C': 1}", "is not valid JSON"),
        ("__import__('os').abort()", "is not valid JSON"),  # nothing is evaluated
    ],
)
def test_malformed_files_name_file_key_and_remedy(tmp_path: Path, given: Any, message: str) -> None:
    path = write(tmp_path, "cell", given)
    with pytest.raises(CatalogueError, match=message):
        df.read_glif(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"there is no file.*read_glif_folder"):
        df.read_glif(tmp_path / "nothing.json")


# ------------------------------------------------------------------ a folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three GLIF3 cells in folders of their own, as the Allen Institute's archive has them."""
    for i, capacitance in enumerate((0.6e-10, 1.0e-10, 1.7e-10)):
        own = tmp_path / "cells" / str(900000000 + i)
        own.mkdir(parents=True)
        tau = [[0.3, 0.01], [0.01, 0.2], [0.1, 0.003]][i]
        write(own, f"{900000000 + i}", config(3, C=capacitance, asc_tau_array=tau))
        (own / "sweeps.json").write_text("[]")  # not a neuron: not read
    return tmp_path / "cells"


def test_specimens_are_drawn_whole(folder: Path) -> None:
    found = df.read_glif_folder(folder)
    assert (len(found), found.level) == (3, 3)
    population = df.task_driven.from_glif(found, 8, name="pyr", seed=3, sign=1)
    values = {k: v for k, v in population.parameters.items() if k != "dt_of_fit"}
    rows = {tuple(float(np.asarray(values[name])[i]) for name in sorted(values)) for i in range(8)}
    whole = {
        tuple(float(np.asarray(own.numbers.value(name))) for name in sorted(values))
        for own in found.sets
    }
    assert rows == whole  # each neuron is one specimen, and nothing else
    drawn = found.draw(8, seed=3, key="pyr")
    assert sorted(drawn[:3]) == [0, 1, 2]  # each once before any twice
    assert found.draw(8, seed=3, key="pyr") == drawn
    assert len({found.draw(60, seed=3, key=key) for key in ("pyr", "pv")}) == 2
    assert len({found.draw(60, seed=seed) for seed in (3, 4)}) == 2


def test_neurons_fire_as_their_specimens_alone(
    folder: Path, run_on_target: Callable[..., df.Results]
) -> None:
    specimens = df.read_glif_folder(folder)
    cells = [df.task_driven.from_glif(specimens, 3, name="mixed")]
    cells += [
        df.task_driven.from_glif(own, 1, name=f"cell{i}") for i, own in enumerate(specimens.sets)
    ]
    drive = tuple(df.CurrentInput(own.name, 400 * pA, name=f"of_{own.name}") for own in cells)
    results = run_on_target(df.Network(tuple(cells), drive), 150 * ms, dt=0.05 * ms)
    neurons, times = results.spike_trains("mixed")
    for neuron, specimen in enumerate(specimens.draw(3, key="mixed")):
        alone = results.spike_trains(f"cell{specimen}")[1]
        assert len(alone) > 2
        np.testing.assert_array_equal(times[neurons == neuron], alone)


def test_mixed_levels_need_a_choice(folder: Path) -> None:
    write(folder, "other", config(5))
    with pytest.raises(CatalogueError, match=r"differ in level: GLIF3 \(3\), GLIF5 \(1\).*level="):
        df.read_glif_folder(folder)
    assert len(df.read_glif_folder(folder, level="glif3")) == 3
    assert df.read_glif_folder(folder, level=5).level == 5
    with pytest.raises(CatalogueError, match=r"holds no GLIF4, but GLIF3 \(3\), GLIF5 \(1\)"):
        df.read_glif_folder(folder, level=4)
    with pytest.raises(UnknownName, match="GLIF level"):
        df.read_glif_folder(folder, level=6)


def test_other_numbers_of_after_spike_currents_are_refused(folder: Path) -> None:
    lone = config(3, asc_amp_array=[-1e-11], asc_tau_array=[0.1], coeffs={})
    write(folder, "lone", lone)
    with pytest.raises(
        CatalogueError, match=r"number of after-spike currents: 2 \(3\), 1 \(1\).*'lone_neuron_co"
    ):
        df.read_glif_folder(folder)


def test_folders_without_files(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="there is no folder"):
        df.read_glif_folder(tmp_path / "nothing")
    with pytest.raises(CatalogueError, match=r"holds no .json file"):
        df.read_glif_folder(tmp_path)
    with pytest.raises(CatalogueError, match="holds no specimen"):
        Specimens(())


def test_from_glif_with_synapses_and_reduced_levels(folder: Path) -> None:
    synapse = "dI_syn/dt = -I_syn/tau_syn : amp"
    population = df.task_driven.from_glif(
        df.cell("ctx_pv").point_neuron_set("GLIF3"),
        4,
        level="glif1",
        equations=synapse,
        currents=("I_syn",),
        parameters={"tau_syn": 5 * ms},
        cell_type="ctx_pv",
        sign=-1,
    )
    assert "I = I_ext + I_syn : amp" in population.equations
    assert "asc_amp1" not in population.parameters
    with pytest.raises(CatalogueError, match="GLIF3 specimens: GLIF4 is not made from them"):
        df.task_driven.from_glif(folder, 4, level=4)
    with pytest.raises(NetworkError, match="number of neurons drawn"):
        df.task_driven.from_glif(folder, 0)


# ------------------------------------------------------------------ in a circuit


@pytest.fixture
def circuit() -> Circuit:
    return df.circuit("l23").scaled(0.01)


def test_a_circuit_of_specimens(circuit: Circuit, folder: Path) -> None:
    plain = df.task_driven.build(circuit)
    net = df.task_driven.build(circuit, specimens={"pyr": folder}, layout_seed=2)
    pyr, ordinary = net.populations[0], plain.populations[0]
    drawn = df.read_glif_folder(folder).draw(pyr.n, seed=2, key="pyr")
    picofarad = np.array([60.0, 100.0, 170.0])[list(drawn)]
    np.testing.assert_allclose(np.asarray(pyr.parameters["C"]) * 1e12, picofarad, rtol=1e-12)
    assert pyr.variables == ordinary.variables  # the same neuron model, other numbers
    assert net.populations[1].parameters == plain.populations[1].parameters
    assert net.meta["specimens"] == {"pyr": "GLIF3: 3 specimens of folder 'cells'"}
    assert any("pyr: the neurons are specimens of" in line for line in net.meta["assumptions"])
    results = df.run(net, 20 * ms, target="runtime", progress=False)
    assert results.rates().n.tolist() == [p.n for p in net.populations]


def test_modulators_act_on_specimens(circuit: Circuit, folder: Path) -> None:
    net = df.task_driven.build(circuit.with_modulation("ACh", level=1), specimens={"pyr": folder})
    # acetylcholine's effect on adaptation is on the slowest current, the second of every specimen
    assert "+ asc_amp2_modulated" in net.populations[0].reset
    assert "+ asc_amp1\n" in net.populations[0].reset


def test_specimens_that_do_not_fit_are_named(circuit: Circuit, folder: Path) -> None:
    with pytest.raises(UnknownName, match=r"population of circuit 'l23' 'pry'.*'pyr'"):
        df.task_driven.build(circuit, specimens={"pry": folder})
    with pytest.raises(CatalogueError, match="choose model='glif'"):
        df.task_driven.build(circuit, model="izhikevich", specimens={"pyr": folder})
