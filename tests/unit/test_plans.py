"""Known programs on new data: no code is generated, and the results are those of generated code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, ms, mV, nS, pA, pF
from dendrify import Dendrite, NeuronModel, Soma

import dualframe as df
from dualframe.results.results import Results
from dualframe.targets.cpp import known_programs
from dualframe.targets.cpp import run as cpp_standalone
from dualframe.targets.cpp.compiler import has_compiler

pytestmark = [
    pytest.mark.cpp,
    pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler"),
]
Build = Callable[..., tuple[df.Network, dict[str, Any]]]


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the module: every structure is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALFRAME_CACHE", str(shared_cache))
    return shared_cache


def run(
    made: tuple[df.Network, dict[str, Any]],
    *,
    seed: int = 1,
    duration: Any = 40 * ms,
    strict: bool = True,
    **options: Any,
) -> Results:
    net, record = made
    return df.run(
        net,
        duration,
        target="cpp_standalone",
        seed=seed,
        record=record,
        strict=strict,
        progress=False,
        **options,
    )


def forget(cache: Path) -> None:
    """Remove the plans; compiled programs stay and are found by their source."""
    for plan in (cache / "plans").glob("*.json"):
        plan.unlink()


def assert_same(ours: Results, reference: Results) -> None:
    """Same spikes, dendritic spikes, traces and weights, to the last bit."""
    pd.testing.assert_frame_equal(ours.spikes, reference.spikes, check_exact=True)
    pd.testing.assert_frame_equal(ours.dspikes, reference.dspikes, check_exact=True)
    assert ours.traces.keys() == reference.traces.keys()
    for name, trace in ours.traces.items():
        other = reference.traces[name]
        np.testing.assert_array_equal(trace.t, other.t)
        np.testing.assert_array_equal(trace.neurons, other.neurons)
        assert trace.values.keys() == other.values.keys()
        for variable, values in trace.values.items():
            np.testing.assert_array_equal(values, other.values[variable], err_msg=variable)
    assert ours.weights.keys() == reference.weights.keys()
    for name, table in ours.weights.items():
        pd.testing.assert_frame_equal(table, reference.weights[name], check_exact=True)
    assert ours.weight_units == reference.weight_units


# --- networks: a structure, and data that may change in it ----------------------------------------

LEAKY = "dV/dt = (EL - V + R)/tau : volt (unless refractory)\nR : volt\nI = 0*mV : volt"
SPIKING = {"threshold": "V > VT", "reset": "V = EL", "refractory": 2 * ms}


def _cells(name: str, n: int, tau: Any = 12 * ms, V: Any = -62 * mV, **changes: Any) -> Any:
    constants = {"EL": -65 * mV, "VT": -50 * mV, "tau": tau}
    settings = SPIKING | {"heterogeneity": {}} | changes
    return df.Population(name, n, LEAKY, parameters=constants, initial={"V": V}, **settings)


def points(
    rate: float = 300.0,
    weight: float = 1.2,
    push: float = 18.0,
    V: Any = -62 * mV,
    times: Any = (3, 9, 9.4),
    neurons: Any = (0, 3),
    cv: float = 0.2,
    delay: Any = 1 * ms,
    refractory: Any = 2 * ms,
) -> tuple[df.Network, dict[str, Any]]:
    """Drawn connections, weights and delays, plasticity, three kinds of input, two recordings."""
    onto = df.Projection(
        "drive",
        "pyr",
        "V += w; apre += 0.2",
        "w = clip(w + apre*0.1*mV, 0*mV, 4*mV)",
        equations="dapre/dt = -apre/(20*ms) : 1 (event-driven)",
        weight=df.Uniform(0 * mV, 2 * weight * mV),
        probability=0.4,
        name="onto",
    )
    return df.Network(
        (
            _cells("pyr", 7, V=V, heterogeneity={"tau": cv}, refractory=refractory),
            _cells("pv", 3, np.array([8, 9, 10]) * ms),
        ),
        (
            df.PoissonInput("drive", 20, rate * Hz),
            df.PoissonInput("noise", 4, np.array([50, 100, 150, rate]) * Hz, drawn="target"),
            df.SpikeInput("given", 2, np.arange(len(times)) % 2, np.array(times) * ms),
            df.CurrentInput("pv", push * mV, 5 * ms, 30 * ms, "R"),
        ),
        (
            onto,
            df.Projection("noise", "pv", "V += w", weight=weight * mV, pairs="all_to_all"),
            df.Projection("given", "pv", "V += w", weight=4 * weight * mV, in_degree=1),
            df.Projection(
                "pyr",
                "pv",
                "V += w",
                weight=df.Normal(2 * mV, 0.5 * mV),
                delay=df.Uniform(0.5 * ms, 3 * ms),
                delay_groups=3,
                probability=0.6,
            ),
            df.Projection("pv", "pyr", "V -= w", weight=1 * mV, delay=delay, in_degree=2),
        ),
        name="points",
    ), {
        "pyr": df.Recording(("V",), neurons=neurons),
        "pv": df.Recording(("V", "R"), every=0.5 * ms),
        "onto": ["w"],
    }


def dendrites(
    weight: float = 2.0,
    spread: float = 0.1,
    EL: Any = None,
    start: float = 5.0,
    neurons: Any = None,
) -> tuple[df.Network, dict[str, Any]]:
    """Dendritic spikes and a second reset, recorded with a trace."""
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=2 * ms)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes(
        "Na",
        threshold=-35 * mV,
        duration_rise=1.2 * ms,
        duration_fall=2.4 * ms,
        offset_fall=0.2 * ms,
        refractory=5 * ms,
        reversal_rise="E_Na",
        reversal_fall="E_K",
    )
    cells = df.biological.from_dendrify(
        model,
        4,
        threshold="V_soma > -40*mV",
        reset="V_soma = 40*mV",
        refractory=4 * ms,
        second_reset="V_soma = -50*mV",
        spike_width=0.8 * ms,
        heterogeneity={"gL": spread},
        parameters={} if EL is None else {"EL_soma": EL},
    )
    inputs = (
        df.PoissonInput("drive", 30, 60 * Hz),
        df.CurrentInput("cells", 150 * pA, start * ms, variable="I_ext_soma"),
    )
    onto = df.Projection("drive", "cells", "s_AMPA_x_dend += w", weight=weight, in_degree=20)
    net = df.Network((cells,), inputs, (onto,), name="dendrites")
    return net, {"cells": df.Recording(("V_soma", "V_dend", "dspikes"), neurons=neurons)}


def single(
    times: Any = (2, 8),
    weight: float = 9.0,
    tau: float = 10.0,
    V: float = -60.0,
    silent: Any = (),
    rate: float = 500.0,
    delay: float = 0.5,
) -> tuple[df.Network, dict[str, Any]]:
    """One neuron, one source, one synapse, an input without spikes, an unconnected projection."""
    net = df.Network(
        (_cells("one", 1, np.array([tau]) * ms, V * mV), _cells("other", 1, tau * ms)),
        (
            df.SpikeInput("given", 1, np.zeros(len(times), dtype=int), np.array(times) * ms),
            df.SpikeInput("silent", 3, np.zeros(len(silent), dtype=int), np.array(silent) * ms),
            df.PoissonInput("noise", 1, rate * Hz, drawn="target"),
        ),
        (
            df.Projection("given", "one", "V += w", weight=[weight] * mV, pairs=([0], [0])),
            df.Projection("silent", "one", "V += w", weight=20 * mV, pairs="all_to_all"),
            df.Projection("noise", "other", "V += w", weight=weight * mV, pairs=([0], [0])),
            df.Projection(
                "one",
                "other",
                "V += w; w += 1*mV",
                weight=[weight] * mV,
                pairs=([0], [0]),
                delay=delay * ms,
            ),
            df.Projection("other", "one", "V += w", weight=1 * mV, probability=0.0),
        ),
        name="single",
    )
    return net, {"one": ["V"], "other": df.Recording(("V",), neurons=[0]), "one_to_other": ["w"]}


CHANGES: dict[str, tuple[Build, dict[str, Any]]] = {
    "seed": (points, {"seed": 7}),
    "duration": (points, {"duration": 61.3 * ms}),
    "shorter": (points, {"duration": 5 * ms}),
    "rate": (points, {"rate": 900.0}),
    "weight": (points, {"weight": 2.5}),
    "no_weight": (points, {"weight": 0.0}),
    "current": (points, {"push": 40.0}),
    "stimulus": (points, {"times": (1, 2, 3, 4, 20.5)}),
    "initial": (points, {"V": np.linspace(-64, -51, 7) * mV}),
    "recorded_neurons": (points, {"neurons": (6, 2)}),
    "heterogeneity": (points, {"cv": 0.5}),
    "delay": (points, {"delay": 4.2 * ms}),
    "no_delay": (points, {"delay": 0 * ms}),
    "refractory": (points, {"refractory": 3.5 * ms}),
    "several": (points, {"rate": 600.0, "weight": 3.0, "seed": 12, "duration": 33 * ms}),
    "dendrites_seed": (dendrites, {"seed": 4}),
    "dendrites_weight": (dendrites, {"weight": 3.5}),
    "dendrites_spread": (dendrites, {"spread": 0.3, "start": 0.0}),
    "dendrites_parameter": (dendrites, {"EL": -57 * mV}),
    "dendrites_duration": (dendrites, {"duration": 75 * ms}),
    "single_stimulus": (single, {"times": (1, 3, 4, 5)}),
    "single_data": (single, {"weight": 12.0, "tau": 17.0, "V": -55.0}),
    "single_rate": (single, {"rate": 2000.0, "seed": 3}),
    "single_delay": (single, {"delay": 3.0}),
}


def _call(build: Build, changes: dict[str, Any]) -> Results:
    data = {k: v for k, v in changes.items() if k not in ("seed", "duration")}
    return run(build(**data), **{k: v for k, v in changes.items() if k not in data})


def _known(build: Build, changes: dict[str, Any]) -> Results:
    """Run the structure with its first data, then with changed data and no way to generate code."""
    run(build())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpp_standalone, "generate_project", _refuse)
        return _call(build, changes)


def _refuse(*_: Any, **__: Any) -> None:
    raise AssertionError("code was generated")


@pytest.mark.parametrize("change", CHANGES)
def test_new_data_need_no_code_and_change_no_bit(change: str, cache: Path) -> None:
    build, changes = CHANGES[change]
    ours = _known(build, changes)
    assert ours.provenance["build_cache"] == "hit"
    forget(cache)
    reference = _call(build, changes)
    assert_same(ours, reference)
    assert len(reference.spikes) > 0


def test_changed_data_change_the_results() -> None:
    """The comparison above could not fail if the data were ignored."""
    first = run(points())
    for change in ("seed", "rate", "weight", "current", "stimulus", "initial", "delay"):
        build, changes = CHANGES[change]
        with pytest.raises(AssertionError):
            assert_same(_call(build, changes), first)


def test_an_empty_cache_gives_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = _known(points, {"seed": 5})
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path))
    reference = run(points(), seed=5)
    assert reference.provenance["build_cache"] == "miss"
    assert_same(ours, reference)


# --- another structure, and a cache that is not as it was left -----------------------------------

STRUCTURES: dict[str, Callable[[], tuple[df.Network, dict[str, Any]]]] = {
    "single": single,
    "no_given_spikes": lambda: single(times=()),
    "one_given_spike": lambda: single(times=(3,)),
    "per_neuron": lambda: points(V=-60 * mV, refractory="(2 + int(EL > -1*mV))*ms"),
}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_another_structure_gets_its_own_code(structure: str, monkeypatch: Any, cache: Path) -> None:
    forget(cache)
    run(points())
    calls = []
    generate = cpp_standalone.generate_project
    monkeypatch.setattr(
        cpp_standalone, "generate_project", lambda *given: calls.append(1) or generate(*given)
    )
    made = STRUCTURES[structure]()
    first = run(made)
    assert calls == [1]
    again = run(made)
    assert calls == [1]
    assert_same(again, first)


@pytest.mark.parametrize(("times", "other"), [((3,), (17,)), ((2, 8), (1, 2, 3)), ((), ())])
def test_counts_of_given_spikes(times: Any, other: Any, cache: Path) -> None:
    """None, one and several spikes are three programs; within each the spikes are data."""
    run(single(times=times))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpp_standalone, "generate_project", _refuse)
        ours = run(single(times=other))
    forget(cache)
    assert_same(ours, run(single(times=other)))


def _with(**changes: Any) -> Callable[[str], str]:
    def change(text: str) -> str:
        stored = json.loads(text)
        return json.dumps(stored | {"plan": stored["plan"] | changes})

    return change


DAMAGE: dict[str, Callable[[str], str]] = {
    "truncated": lambda plan: plan[:100],
    "empty": lambda plan: "",
    "garbage": lambda plan: "\x00{[",
    "a list": lambda plan: "[1, 2]",
    "other arrays": _with(arrays=["../../escape"]),
    "a number for a table": _with(layout=3),
    "results elsewhere": _with(spikes={"one": {"i": ["absent", "<i4"], "t": ["absent", "<f8"]}}),
}


def _damage(cache: Path, how: str) -> None:
    plans = list((cache / "plans").glob("*.json"))
    assert plans
    for plan in plans:
        plan.write_text(DAMAGE[how](plan.read_text()))


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_cache_is_repaired(how: str, cache: Path) -> None:
    forget(cache)
    reference = run(single(weight=11.0))
    _damage(cache, how)
    assert_same(run(single(weight=11.0)), reference)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpp_standalone, "generate_project", _refuse)
        assert_same(run(single(weight=11.0)), reference)


def test_a_program_that_was_removed(cache: Path) -> None:
    reference = run(single())
    for program in cache.glob("??/*/main"):
        program.unlink()
    again = run(single())
    assert again.provenance["build_cache"] == "miss"
    assert_same(again, reference)


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reference = run(single())
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("DUALFRAME_CACHE", str(occupied))
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        results = run(single())
    assert_same(results, reference)
    assert results.provenance["build_cache"] == "miss"


def test_threads_and_floating_point_have_programs_of_their_own() -> None:
    run(single())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpp_standalone, "generate_project", _refuse)
        for options in ({"strict": False}, {"threads": 2}, {"dt": 0.05 * ms}):
            with pytest.raises(AssertionError, match="code was generated"):
                run(single(), **options)


def test_what_writes_the_source_is_part_of_the_key() -> None:
    """Else a program of an older text of these modules would be taken for a known one."""
    folder = Path(known_programs.__file__).parent
    for writer in ("literal_free_device.py", "merged_source.py"):
        assert f"cpp/{writer}" in known_programs.GENERATING
        imported = re.findall(
            r"^from dualframe\.targets\.cpp\.(\w+) import", (folder / writer).read_text(), re.M
        )
        assert len(imported) > 2
        # what an exported program does at its end is never a known program's
        missing = {f"cpp/{name}.py" for name in imported} - set(known_programs.GENERATING)
        assert missing <= {"cpp/exported_results.py"}
    assert all((folder.parent / name).is_file() for name in known_programs.GENERATING)
