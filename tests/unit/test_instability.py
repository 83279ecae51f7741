"""Networks that a time step cannot integrate: said before the run, while it runs and at its end."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS, pF, second

import dualframe as df
from dualframe.building.task_builder import build_task
from dualframe.core.errors import DualframeWarning, NetworkError
from dualframe.core.shipped_files import shipped_names
from dualframe.simulation.run_warnings import warnings_before_run
from dualframe.simulation.time_constants import (
    decay_constants,
    driven_state,
    effective_constants,
    extreme_neurons,
)
from dualframe.targets.lowering.lower_network import lower_network

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
MEMBRANE = """
dV/dt = (gL*(E - V) + g*(E_syn - V))/C : volt
dg/dt = -g/tau : siemens
"""
CELL = {"gL": 10 * nS, "C": 100 * pF, "E": -70 * mV, "E_syn": 0 * mV, "tau": 5 * ms}
#: dx/dt = x^3 reaches infinity in finite time
EXPLODES = df.Population(
    "exploding",
    4,
    "dV/dt = (x*10*mV - V)/tau : volt\ndx/dt = x*x*x/tau : 1",
    "V > -50*mV",
    "V = -70*mV",
    parameters={"tau": 10 * ms},
    initial={"V": -70 * mV, "x": 1.0},
)


def membrane(name: str = "cells", n: int = 3, **numbers: Any) -> df.Population:
    start = {"V": -70 * mV, "g": numbers.pop("g", 0 * nS)}
    return df.Population(
        name, n, MEMBRANE, "V > -50*mV", "V = -70*mV", parameters=CELL | numbers, initial=start
    )


def said(network: df.Network, duration: Any = 50 * ms, **options: Any) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = df.run(network, duration, seed=1, **{"target": "runtime"} | options)
    return list(results.provenance["warnings"])


def before(network: df.Network, dt: Any = 0.1 * ms) -> list[str]:
    return warnings_before_run(network, lower_network(network, dt=dt, duration=1 * second, seed=1))


# --- states that cannot be ----------------------------------------------------------------------


def test_a_state_that_is_not_finite_is_said_on_every_target(target: str) -> None:
    (text,) = said(df.Network(populations=[membrane(), EXPLODES]), target=target)
    assert "population 'exploding'" in text
    assert "4 of 4 neurons is not finite at the end of the run" in text
    assert "shorter than 0.1 ms" in text


def test_a_voltage_that_no_membrane_has_is_said_on_every_target(target: str) -> None:
    # one step of dt = 8 C/g multiplies the distance by -7; without a threshold nothing stops it
    cells = df.Population(
        "cells",
        3,
        "dV/dt = g*(E - V)/C : volt",
        parameters={"E": -70 * mV, "g": 400 * nS, "C": 100 * pF},
        initial={"V": -60 * mV},
    )
    first, last = said(df.Network(populations=[cells]), 20 * ms, target=target, dt=2 * ms)
    assert "'cells': V" in first
    assert "0.25 ms, shorter than the time step of 2 ms" in first
    # ten steps: 10 mV * 7^10
    assert "V of 3 of 3 neurons is 2.82e+06 V at the end of the run" in last


def test_a_recording_says_since_when(target: str) -> None:
    network = df.Network(populations=[EXPLODES])
    texts = said(network, target=target, record={"exploding": ["V", "x"]})
    # x = 1/sqrt(1 - 2 t/tau) has its pole at 5 ms; Euler is a little late
    since = float(texts[0].split("from ")[1].split(" s")[0])
    assert 0.004 < since < 0.010


def test_a_long_run_says_it_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = importlib.import_module("dualframe.targets.brian.run")
    monkeypatch.setattr(runtime, "_REPORT_EVERY", 0.01)
    (text,) = said(df.Network(populations=[EXPLODES]), 100 * ms)
    assert "not finite at 0." in text


@pytest.mark.cpp
def test_a_long_program_says_it_while_it_runs() -> None:
    # the timer of the program looks every half second of its own time, twice
    many = df.Population("many", 20000, "dV/dt = sin(V)*exp(cos(V))/ms : 1", initial={"V": 1.0})
    (text,) = said(df.Network(populations=[EXPLODES, many]), 2 * second, target="cpp_standalone")
    assert "'exploding'" in text
    assert "end of the run" not in text


def test_stable_networks_are_silent() -> None:
    source = df.PoissonInput(name="in", n=20, rate=20 * Hz)
    drive = df.Projection("in", "cells", on_pre="g += w", weight=1 * nS, probability=0.5)
    network = df.Network(populations=[membrane()], inputs=[source], projections=[drive])
    assert said(network, 100 * ms) == []


def test_training_says_it() -> None:
    task = df.task("cartpole")
    slow = task.with_parameters(pole_fields__rate_max="40 Hz", cart_fields__rate_max="40 Hz")
    options = {"agents": 1, "duration": 100 * ms, "target": "runtime", "seed": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [short] = df.train(task, **options).provenance["warnings"]
        coarse = df.train(slow.with_parameters(protocol__dt="25 ms"), **options)
    assert "finished 0 of 3000 trials in 0.1 s" in short  # and nothing else
    assert any("shorter than the time step of 25 ms" in x for x in coarse.provenance["warnings"])


# --- time constants -----------------------------------------------------------------------------


def test_time_constants_are_those_of_the_equations() -> None:
    cells = membrane(g=30 * nS)
    network = df.Network(populations=[cells])
    lowered = lower_network(network, dt=0.1 * ms, duration=1 * second, seed=1)
    (group,) = lowered.groups
    assert [(c.variable, c.seconds) for c in decay_constants(group)] == [("g", 5e-3)]
    (effective,) = effective_constants(group, driven_state(group, lowered), 1e-4, 0.0)
    assert effective.variable == "V"
    assert effective.seconds == pytest.approx(100e-12 / 40e-9, rel=1e-6)  # C/(gL + g)


def test_the_mean_input_opens_conductances() -> None:
    source = df.PoissonInput(name="in", n=100, rate=50 * Hz)
    drive = df.Projection("in", "cells", on_pre="g += w", weight=2 * nS, probability=1.0)
    network = df.Network(populations=[membrane()], inputs=[source], projections=[drive])
    lowered = lower_network(network, dt=0.1 * ms, duration=1 * second, seed=1)
    (group,) = lowered.groups
    state = driven_state(group, lowered)
    # n rate w tau; 5000 spikes are drawn, 1.4 % is their standard deviation
    assert state["g"] == pytest.approx([100 * 50 * 2e-9 * 5e-3], rel=0.06)
    (effective,) = effective_constants(group, state, 1e-4, 0.0)
    assert effective.seconds == pytest.approx(100e-12 / (10e-9 + state["g"][0]), rel=1e-6)


def test_a_step_longer_than_a_decay_is_said_before_the_run() -> None:
    assert before(df.Network(populations=[membrane()]), dt=5 * ms) == []
    (text,) = before(df.Network(populations=[membrane()]), dt=6 * ms)
    assert text.startswith("'cells': g has a time constant of 5 ms, shorter than the time step of")
    assert "try dt = " in text


def test_a_step_at_which_a_decay_diverges_is_refused() -> None:
    network = df.Network(populations=[membrane()])
    with pytest.raises(NetworkError, match=r"dt is 11 ms: g of 'cells' decays with 5 ms"):
        df.run(network, 50 * ms, dt=11 * ms, target="runtime", seed=1)
    with pytest.warns(DualframeWarning, match="shorter than the time step of 10 ms"):
        df.run(network, 50 * ms, dt=10 * ms, target="runtime", seed=1)


@pytest.mark.cpp
def test_what_is_exported_is_looked_at_as_what_runs(tmp_path: Path) -> None:
    network = df.Network(populations=[membrane()])
    with pytest.raises(NetworkError, match=r"dt is 11 ms: g of 'cells' decays with 5 ms"):
        df.export(network, 55 * ms, tmp_path / "out", dt=11 * ms)
    assert not (tmp_path / "out").exists()
    with pytest.warns(DualframeWarning, match="shorter than the time step of 10 ms"):
        df.export(network, 50 * ms, tmp_path / "out", dt=10 * ms)


def test_an_effective_time_constant_is_said_before_the_run() -> None:
    source = df.PoissonInput(name="in", n=100, rate=50 * Hz)
    drive = df.Projection("in", "cells", on_pre="g += w", weight=100 * nS, probability=1.0)
    network = df.Network(populations=[membrane()], inputs=[source], projections=[drive])
    (text,) = before(network)
    assert "V with the mean input from outside has an effective time constant (C/g" in text
    milliseconds = float(text.split("membrane) of ")[1].split(" ms")[0])
    mean = 100 * 50 * 100e-9 * 5e-3
    assert milliseconds == pytest.approx(1e3 * 100e-12 / (10e-9 + mean), rel=0.06)


def test_conductances_that_open_in_the_run_are_said_at_its_end() -> None:
    source = df.SpikeInput(name="in", n=1, indices=[0], times=[0.0495] * second)
    strike = df.Projection("in", "cells", on_pre="g += w", weight=5000 * nS, probability=1.0)
    network = df.Network(populations=[membrane()], inputs=[source], projections=[strike])
    (text,) = said(network)
    assert "V at the end of the run had an effective time constant" in text


def test_clock_driven_synapses_have_time_constants_too() -> None:
    source = df.PoissonInput(name="in", n=2, rate=5 * Hz)
    slow = df.Projection(
        "in",
        "cells",
        on_pre="c += 1",
        equations="dc/dt = -c/tau_c : 1 (clock-driven)",
        parameters={"tau_c": 0.05 * ms},
        probability=1.0,
        name="learning",
    )
    network = df.Network(populations=[membrane()], inputs=[source], projections=[slow])
    (text,) = before(network)
    assert text.startswith("'learning': c has a time constant of 0.05 ms")


def test_other_integration_methods_are_left_alone() -> None:
    exact = df.Population(
        "exact",
        1,
        "dV/dt = (E - V)/tau : volt",
        method="exponential_euler",
        parameters={"E": -70 * mV, "tau": 0.01 * ms},
    )
    assert before(df.Network(populations=[exact])) == []


def test_extreme_neurons_hold_the_largest_and_smallest_values() -> None:
    rng = np.random.default_rng(1)
    states = {"a": rng.normal(size=1000), "b": rng.normal(size=1000)}
    few = extreme_neurons(states)
    assert len(few["a"]) <= 4
    for name, values in states.items():
        assert few[name].max() == values.max()
        assert few[name].min() == values.min()


@pytest.mark.parametrize("name", ["l23", "l23_human", "ca1", "striatum", "pd14"])
@pytest.mark.parametrize("branch", ["biological", "task_driven"])
def test_shipped_circuits_are_silent_at_the_default_step(name: str, branch: str) -> None:
    if (name, branch) == ("pd14", "biological"):
        pytest.skip("pd14 has no dendrites")
    circuit = df.circuit(name)
    build = getattr(df, branch).build
    network = build(circuit.scaled(circuit.default_scale))
    known = ("Fano factor", "neuron disagrees with the compartments")  # not of the time step
    assert [text for text in before(network) if not any(x in text for x in known)] == []


@pytest.mark.parametrize("name", shipped_names("tasks"))
def test_shipped_tasks_are_silent_at_their_step(name: str) -> None:
    task = df.task(name)
    assert before(build_task(task), dt=task["protocol"]["dt"]) == []


def test_warnings_are_of_their_category() -> None:
    with pytest.warns(DualframeWarning, match="exploding"):
        df.run(df.Network(populations=[EXPLODES]), 20 * ms, target="runtime", seed=1)
