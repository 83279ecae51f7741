"""Point neurons against NEST: GLIF1 to 5 (``glif_psc``) and Izhikevich 2003 (``izhikevich``).

NEST integrates ``glif_psc`` exactly from step to step, dualframe takes Euler steps. Where the two
differ, the difference is of first order in the time step, and each tolerance is the sum of these:

* NEST holds a neuron for t_ref and one step more, dualframe for t_ref: dt per interval;
* the crossing of the threshold is seen on the grid: up to dt per interval;
* Euler's time constant is short by dt/2, so that an upstroke of T is short by T dt/(2 tau);
* NEST's reset rule (levels 2, 4, 5) takes the voltage of the step before the crossing.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, get_dimensions, ms, mV, nS, pA, pF
from brian2.units import amp

import dualframe as df
from dualframe.neurons import glif
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import neuron_model

os.environ.setdefault("PYNEST_QUIET", "1")
nest = pytest.importorskip("nest", reason="NEST is not installed (extra 'peers')")

#: Cell types, each with the named Allen specimens of the catalogue: eleven specimens.
CELLS = ("ctx_l23_pyr", "ctx_pv", "ctx_sst", "ctx_vip", "ctx_l4_exc")
STEPS = (0.05, 0.025, 0.01)  # ms: all refractory periods are whole numbers of each
DURATION = 150.0  # ms
# of the current th_inf/R that just reaches the threshold; the threshold of level 5 rises with V
STRENGTH = {1: 1.5, 2: 1.5, 3: 1.5, 4: 1.5, 5: 3.0}


def set_up(dt: float) -> None:
    nest.ResetKernel()
    nest.resolution = dt
    nest.verbosity = nest.VerbosityLevel.ERROR


def simulate(
    neurons: dict[str, tuple[PointNeuron, Any]], dt: float, duration: float
) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Spike times (ms) and voltages (mV) of every neuron; ``neurons`` holds models and currents."""
    populations, inputs = [], []
    for name, (cell, current) in neurons.items():
        populations.append(
            df.Population(
                name,
                len(current),
                f"{cell.equations}\nI = I_ext : amp\nI_ext : amp",
                threshold=cell.threshold,
                reset=cell.reset,
                refractory=cell.refractory,
                parameters=cell.parameters,
                initial=cell.initial,
            )
        )
        inputs.append(df.CurrentInput(name, current, name=f"into_{name}"))
    results = df.run(
        df.Network(tuple(populations), tuple(inputs)),
        duration * ms,
        dt=dt * ms,
        progress=False,
        target="cpp_standalone",
        record={name: df.Recording("V") for name in neurons},
    )
    found = {}
    for name, (_, current) in neurons.items():
        index, times = results.spike_trains(name)
        volts = np.asarray(results.traces[name].values["V"]) * 1e3
        found[name] = [(times[index == i] * 1e3, volts[i]) for i in range(len(current))]
    return found


def simulate_nest(
    model: str, parameters: list[dict[str, Any]], currents: Any, dt: float, duration: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """As `simulate`, in NEST; the kernel must be fresh (`set_up`)."""
    recorders = []
    for values, current in zip(parameters, currents, strict=True):
        neuron = nest.Create(model, params=values)
        generator = nest.Create("dc_generator", params={"amplitude": float(current / pA)})
        nest.Connect(generator, neuron, syn_spec={"delay": dt})
        spikes = nest.Create("spike_recorder")
        meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": dt})
        nest.Connect(neuron, spikes)
        nest.Connect(meter, neuron)
        recorders.append((spikes, meter))
    nest.Simulate(duration)
    return [(s.get("events", "times"), m.get("events", "V_m")) for s, m in recorders]


# ------------------------------------------------------------------ GLIF


def glif_cells(level: int) -> list[PointNeuron]:
    chosen = []
    for name in CELLS:
        cell = df.cell(name)
        chosen.append(cell.choose_point_neuron(f"glif{level}").make_neuron())
    return chosen


def together(level: int) -> PointNeuron:
    """The cells as one membrane with an array of each parameter."""
    cells = glif_cells(level)
    stacked = {
        name: Quantity(
            [float(np.asarray(cell.parameters[name])) for cell in cells],
            dim=get_dimensions(cells[0].parameters[name]),
        )
        for name in cells[0].parameters
    }
    return glif.glif_neuron(level, stacked)


def glif_currents(level: int) -> Any:
    values = [cell.parameters for cell in glif_cells(level)]
    return Quantity([float(STRENGTH[level] * v["th_inf"] / v["R"]) for v in values], dim=amp.dim)


def glif_psc(values: Any, level: int) -> dict[str, Any]:
    """The parameters of ``glif_psc``: mV, ms, pF, nS, pA, rates in 1/ms."""
    has = glif.LEVELS[level]
    rate = {name: float(values[name] * ms) for name in values if name.startswith(("a_v", "b_"))}
    made = {
        "C_m": float(values["C"] / pF),
        "g": float(1 / values["R"] / nS),
        "E_L": float(values["E_L"] / mV),
        "V_m": float(values["E_L"] / mV),
        "V_reset": float(values["E_L"] / mV),
        "V_th": float((values["E_L"] + values["th_inf"]) / mV),
        "t_ref": float(values["t_ref"] / ms),
        "spike_dependent_threshold": has.reset_rule,
        "after_spike_currents": has.after_spike,
        "adapting_threshold": has.voltage_threshold,
    }
    if has.reset_rule:
        made |= {
            "th_spike_add": float(values["a_spike"] / mV),
            "th_spike_decay": rate["b_spike"],
            "voltage_reset_fraction": float(values["f_v"]),
            "voltage_reset_add": float(values["deltaV"] / mV),
        }
    if has.after_spike:
        made |= {
            "asc_amps": [float(values[f"asc_amp{j}"] / pA) for j in (1, 2)],
            "asc_decay": [float(ms / values[f"asc_tau{j}"]) for j in (1, 2)],
            "asc_init": [0.0, 0.0],
            "asc_r": [1.0, 1.0],
        }
    if has.voltage_threshold:
        made |= {"th_voltage_index": rate["a_voltage"], "th_voltage_decay": rate["b_voltage"]}
    return made


@pytest.fixture(scope="module")
def runs() -> dict[tuple[float, int, int], tuple[Any, Any]]:
    """(dt, level, cell) -> what dualframe and NEST found, both counted from the current's onset."""
    found = {}
    for dt in STEPS:
        neurons = {f"glif{level}": (together(level), glif_currents(level)) for level in glif.LEVELS}
        ours = simulate(neurons, dt, DURATION)
        for level in glif.LEVELS:
            set_up(dt)
            values = [glif_psc(cell.parameters, level) for cell in glif_cells(level)]
            # a generator's current acts two steps later there, and a spike is dated at a step's end
            late = 2 * dt
            theirs = simulate_nest(
                "glif_psc", values, glif_currents(level), dt, DURATION + late + dt
            )
            for i, (times, volts) in enumerate(theirs):
                shifted = (times - late - dt, volts[1:])
                found[dt, level, i] = (ours[f"glif{level}"][i], shifted)
    return found


def case(level: int, cell: int) -> tuple[float, float]:
    values = glif_cells(level)[cell].parameters
    return float(values["R"] * values["C"] / ms), float(values["t_ref"] / ms)


@pytest.mark.cpp
@pytest.mark.parametrize("level", glif.LEVELS)
@pytest.mark.parametrize("cell", range(len(CELLS)), ids=CELLS)
def test_glif_intervals(runs: Any, level: int, cell: int) -> None:
    tau, held = case(level, cell)
    for dt in STEPS:
        (ours, _), (theirs, _) = runs[dt, level, cell]
        shared = min(len(ours), len(theirs))
        assert shared >= 3
        # the first spike: grid and Euler, no hold
        assert abs(theirs[0] - ours[0]) <= dt * (1 + ours[0] / (2 * tau)) + 1e-6
        gaps, nest_gaps = np.diff(ours[:shared]), np.diff(theirs[:shared])
        # one step of hold; grid, Euler and reset about it
        slack = dt * (1 + (gaps - held) / (2 * tau)) + 1e-6
        assert np.all(np.abs(nest_gaps - gaps - dt) <= slack)


def euler(dt: float, tau: float) -> float:
    """How far Euler's decay is from exp(-t/tau), at most (see tests/analytic/test_glif.py)."""
    return dt / tau * (1 + dt / tau) / (2 * np.e)


@pytest.mark.cpp
@pytest.mark.parametrize("level", glif.LEVELS)
@pytest.mark.parametrize("cell", range(len(CELLS)), ids=CELLS)
def test_glif_voltage_before_the_first_spike(runs: Any, level: int, cell: int) -> None:
    tau, _ = case(level, cell)
    steady = STRENGTH[level] * float(glif_cells(level)[cell].parameters["th_inf"] / mV)
    errors = []
    for dt in STEPS:
        (ours, volts), (theirs, nest_volts) = runs[dt, level, cell]
        until = round(min(ours[0], theirs[0]) / dt)
        errors.append(np.abs(volts[:until] - nest_volts[:until]).max())
        assert errors[-1] <= steady * euler(dt, tau) * (1 + 1e-6)
    # first order: the error falls as the step does; x = dt/tau is 0.008 at most, so 2 % hold x^2
    np.testing.assert_allclose(np.array(errors) / errors[0], np.array(STEPS) / STEPS[0], rtol=0.02)


@pytest.mark.cpp
@pytest.mark.parametrize("level", glif.LEVELS)
@pytest.mark.parametrize("cell", range(len(CELLS)), ids=CELLS)
def test_glif_voltage_after_the_first_spike(runs: Any, level: int, cell: int) -> None:
    """Reset and after-spike currents: from the end of the hold to the second spike."""
    values = glif_cells(level)[cell].parameters
    tau, _ = case(level, cell)
    kept = float(values.get("f_v", 0))
    currents = [
        (float(values[f"asc_amp{j}"] / pA), float(values[f"asc_tau{j}"] / ms))
        for j in (1, 2)
        if f"asc_amp{j}" in values
    ]
    resistance = float(values["R"] * nS)  # mV/pA
    for dt in STEPS:
        traces = []
        for times, volts in runs[dt, level, cell]:
            spike, following = (round(t / dt) for t in times[:2])
            moving = spike + 1 + int(np.argmax(np.diff(volts[spike + 1 :]) != 0))
            traces.append(volts[moving:following])
        shared = min(map(len, traces))
        ours, theirs = (trace[:shared] for trace in traces)
        assert shared * dt > 1
        # NEST resets from the step before the crossing, dualframe from the one that crossed
        rising = runs[dt, level, cell][1][1][: round(runs[dt, level, cell][1][0][0] / dt)]
        bound = 2 * kept * np.diff(rising).max()
        # Euler: a step adds dt^2/2 |V''|, and steps before it fade with tau; the currents' own
        # errors add R times theirs
        bound += tau * dt / 2 * np.abs(np.diff(theirs, 2)).max() / dt**2 * 1.05
        bound += sum(resistance * abs(size) * euler(dt, own) for size, own in currents)
        assert np.abs(ours - theirs).max() <= bound + 1e-9
    assert bound < 0.1 * np.ptp(theirs)  # the test would see a wrong constant


@pytest.mark.cpp
def test_glif_spike_counts(runs: Any) -> None:
    """At the finest step every train has the same number of spikes; more than 200 in all."""
    counts = [
        tuple(len(times) for times, _ in runs[STEPS[-1], level, cell])
        for level in glif.LEVELS
        for cell in range(len(CELLS))
    ]
    assert all(ours == theirs for ours, theirs in counts)
    assert sum(ours for ours, _ in counts) > 200


# ------------------------------------------------------------------ Izhikevich 2003

# Izhikevich 2003, IEEE Trans Neural Netw 14:1569, figure 2
FIGURE_2 = {
    "RS": (0.02, 0.2, -65.0, 8.0),
    "IB": (0.02, 0.2, -55.0, 4.0),
    "CH": (0.02, 0.2, -50.0, 2.0),
    "FS": (0.1, 0.2, -65.0, 2.0),
    "LTS": (0.02, 0.25, -65.0, 2.0),
}


def published_cells() -> PointNeuron:
    a, b, c, d = np.array(list(FIGURE_2.values())).T
    return neuron_model("izhikevich2003").make_neuron({"a": a, "b": b, "c": c, "d": d})


def nest_izhikevich(dt: float, duration: float, *, consistent: bool) -> list[np.ndarray]:
    """Spike times of the five cells at I = 10, from the current's onset."""
    set_up(dt)
    neurons = [
        nest.Create(
            "izhikevich",
            params={
                "a": a,
                "b": b,
                "c": c,
                "d": d,
                "V_m": -65.0,
                "U_m": -65.0 * b,
                "I_e": 10.0,
                "consistent_integration": consistent,
            },
        )
        for a, b, c, d in FIGURE_2.values()
    ]
    recorders = [nest.Create("spike_recorder") for _ in neurons]
    for neuron, recorder in zip(neurons, recorders, strict=True):
        nest.Connect(neuron, recorder)
    nest.Simulate(duration)
    # NEST dates a spike at the end of its step
    return [recorder.get("events", "times") - dt for recorder in recorders]


def our_izhikevich(dt: float, duration: float) -> list[np.ndarray]:
    found = simulate({"published": (published_cells(), [10] * 5 * pA)}, dt, duration)
    return [times for times, _ in found["published"]]


@pytest.mark.cpp
def test_izhikevich_is_nest_s_consistent_integration_to_the_step() -> None:
    """Both take the same forward Euler step from the same start."""
    dt, duration = 0.1, 300.0
    ours = our_izhikevich(dt, duration)
    theirs = nest_izhikevich(dt, duration, consistent=True)
    for name, a, b in zip(FIGURE_2, ours, theirs, strict=True):
        assert len(a) > 5, name
        np.testing.assert_array_equal(np.rint(a / dt), np.rint(b / dt), err_msg=name)


@pytest.mark.cpp
def test_izhikevich_and_the_published_half_steps_meet() -> None:
    """``consistent_integration`` false is Izhikevich's script: V twice by half, then u.

    The scheme differs from Euler's by terms of order dt, so the first spikes, before small
    differences grow, approach each other as dt does.
    """
    duration = 60.0
    for dt in (0.1, 0.02, 0.004):
        ours = our_izhikevich(dt, duration)
        theirs = nest_izhikevich(dt, duration, consistent=False)
        for name, a, b in zip(FIGURE_2, ours, theirs, strict=True):
            assert len(a) > 1, name
            # One step per upstroke (three at most) is the grid's, whatever the scheme. That the
            # bound of three steps holds at steps 25-fold apart is what first order means.
            np.testing.assert_allclose(a[:3], b[:3], atol=3 * dt + 1e-6, rtol=0, err_msg=name)
