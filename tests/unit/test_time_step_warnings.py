"""A run says where its time step does not fit what it simulates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from brian2.units import ms, mV

import dualframe as df
from dualframe.building.calibrated_weights import load_calibration, save_calibration
from dualframe.core.errors import DualframeError, DualframeWarning
from dualframe.neurons.izhikevich_2003_euler import izhikevich_2003_euler_neuron

pytestmark = pytest.mark.filterwarnings("ignore::dualframe.core.errors.DualframeWarning")
DECAY = "dv/dt = -v/(5*ms) : 1"


def warnings_of(net: df.Network, dt: float, match: str) -> list[str]:
    done = df.run(net, 2 * ms, dt=dt * ms, target="runtime", seed=1, progress=False)
    return [line for line in done.provenance["warnings"] if match in line]


@pytest.fixture(scope="module")
def small_circuit() -> df.Network:
    return df.biological.build(df.circuit("l23").scaled(0.001))


def test_a_calibration_at_another_time_step_is_told(small_circuit: df.Network) -> None:
    (told,) = warnings_of(small_circuit, 0.05, "calibrated")
    assert "'l23' was calibrated at a time step of 0.1 ms and runs at 0.05 ms" in told
    assert warnings_of(small_circuit, 0.1, "calibrated") == []


@pytest.mark.parametrize("name", ["l23", "l23_human", "ca1", "striatum"])
def test_every_stored_calibration_has_its_time_step(name: str) -> None:
    calibration = load_calibration(df.circuit(name), "biological")
    assert float(calibration.dt / ms) == pytest.approx(0.1)


def test_a_calibration_keeps_its_time_step_in_its_file(tmp_path: Path) -> None:
    circuit = df.circuit("l23")
    stored = replace(load_calibration(circuit, "biological"), dt=0.025 * ms)
    again = load_calibration(circuit, "biological", save_calibration(stored, tmp_path / "c.toml"))
    assert float(again.dt / ms) == pytest.approx(0.025)


def test_durations_that_are_no_whole_number_of_steps_are_told() -> None:
    cells = df.Population(
        "cells", 1, DECAY, "v > 1", "v = 0", refractory=1.5 * ms, durations={"open": 1.9 * ms}
    )
    net = df.Network((cells,))
    (told,) = warnings_of(net, 0.4, "whole number")
    assert "refractory period of 1.5 ms (and 1 more) becomes 1.2 ms" in told
    assert warnings_of(net, 0.1, "whole number") == []


def test_times_close_to_a_whole_number_of_steps_are_not_told() -> None:
    """2.35 ms as 2.3 ms: 2 %."""
    cells = df.Population("cells", 1, DECAY, "v > 1", "v = 0", refractory=2.35 * ms)
    assert warnings_of(df.Network((cells,)), 0.1, "whole number") == []


def test_equations_that_presume_a_time_step_say_so() -> None:
    neuron = izhikevich_2003_euler_neuron({"a": 0.02, "b": 0.2, "c": -65, "d": 8})
    net = df.Network((neuron.make_population("cells", 2),))
    (told,) = warnings_of(net, 0.1, "meant for")
    assert "'cells' is meant for a time step of 1 ms and runs at 0.1 ms" in told
    assert warnings_of(net, 1.0, "meant for") == []


def test_a_time_step_is_a_time() -> None:
    with pytest.raises(DualframeError, match="time_step of population 'cells'"):
        df.Population("cells", 1, DECAY, time_step=1 * mV)


def test_warnings_are_issued() -> None:
    cells = df.Population("cells", 1, DECAY, time_step=1 * ms)
    with pytest.warns(DualframeWarning, match="meant for a time step of 1 ms"):
        df.run(df.Network((cells,)), 1 * ms, target="runtime", seed=1, progress=False)
