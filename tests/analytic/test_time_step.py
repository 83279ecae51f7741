"""What is stated as a time, a rate, a charge or a change of weight is so at every time step.

One network holds a population for each mechanism and runs at four time steps. What counts whole
steps is exact; what Euler integrates is within its own bound, which shrinks with the step. The
table of ``docs/design_notes/time_step.md`` says which is which.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS, pA, pF
from numpy.typing import NDArray

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.point_neurons import driven_neuron
from dualframe.catalogue import plasticity_rule
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.circuit.input_drive import InputDrive
from dualframe.neurons.lif import lif_neuron
from dualframe.synapses import (
    DoubleAlpha,
    DualExponential,
    Exponential,
    ShortTerm,
    receptor_current,
    with_short_term,
)

Array = NDArray[np.float64]
TIME_STEPS = (0.2, 0.1, 0.05, 0.025)  # ms
LENGTH = 60.0  # ms
at_each_step = pytest.mark.parametrize("dt", TIME_STEPS)

KINETICS = {
    "exponential": Exponential(2 * ms),
    "dual": DualExponential(1 * ms, 3 * ms),
    "alphas": DoubleAlpha(1 * ms, 2 * ms, 0.4),
}
WEIGHT = 2 * nS
LIF = {
    "C": 100 * pF, "tau_m": 10 * ms, "E_L": -70 * mV, "V_th": -50 * mV, "V_reset": -60 * mV,
    "t_ref": 2 * ms,
}  # fmt: skip
DRIVE = 300.0  # pA: 30 mV above rest
NOISE = 200.0  # pA
ARRIVED = 1000.0  # at 1 pA each
STP = ShortTerm(0.46, 67 * ms, 17 * ms)
STP_TIMES = np.array([5.0, 15.0, 25.0, 40.0])  # ms
PRE, POST, DELAY = 5.0, 15.0, 1.6  # ms
BOX = float(df.cell("ctx_l5_et").compartments.burst.value("bAP_kernel") / ms)


def populations() -> list[df.Population]:
    lif = lif_neuron(LIF)
    drive = InputDrive(current=1 * pA, noise=NOISE * pA, tau=5 * ms, into="arrived")
    never = {**LIF, "V_th": 1000 * mV}
    noisy = driven_neuron(lif_neuron(never), drive)
    cleared = driven_neuron(lif, replace(drive, noise=0 * pA)).make_population("cleared", 1)
    return [
        df.Population("repeats", 1, "v : 1", "v > 0.5", "v = 1", refractory=3 * ms,
                      initial={"v": 1}),
        df.Population("wide", 1, "dv/dt = 1/ms : 1", "v > 5 and v < 20", "v = 100",
                      refractory=3 * ms, second_reset="v = -20", spike_width=1.6 * ms),
        df.Population("listener", 1, "heard : 1"),
        df.Population("charged", 1, "dq/dt = I/ms : 1\nI : 1"),
        lif.make_population("lif", 1),
        noisy.make_population("noisy", 400),
        replace(cleared, initial={**cleared.initial, "driven": ARRIVED}),
        df.Population("learners", 1, "v : 1\ng : siemens", "v > 0.5", "v = 0"),
        df.Population("released", 1, "g : siemens"),
        *(channel(name) for name in KINETICS),
    ]  # fmt: skip


def channel(name: str) -> df.Population:
    part = receptor_current("x", KINETICS[name], reversal=0 * mV)
    equations = part.equations + "\nV : volt\ndarea/dt = g_x/ms : siemens"
    return df.Population(
        name, 1, equations, parameters=part.parameters, initial={**part.initial, "V": -70 * mV}
    )


def network(dt: float) -> df.Network:
    rule = plasticity_rule("pair_stdp", w_max=4 * nS)
    told = df.SpikeInput("told", 1, [0], [POST - dt] * ms)  # fires a step after it is told
    release = df.Projection("train", "released", "g += w", weight=WEIGHT, pairs="one_to_one")
    return df.Network(
        tuple(populations()),
        (
            df.SpikeInput("pre", 1, [0], [PRE] * ms),
            told,
            df.SpikeInput("train", 1, np.zeros(len(STP_TIMES), int), STP_TIMES * ms),
            df.CurrentInput("charged", 3.0, 5 * ms, 17 * ms, "I"),
            df.CurrentInput("lif", DRIVE * pA, variable="I_ext"),
        ),
        (
            df.Projection("pre", "listener", "heard += 1", pairs="one_to_one", delay=DELAY * ms),
            df.Projection("told", "learners", "v += 1", pairs="one_to_one"),
            df.Projection("pre", "learners", "g += w", name="stdp", weight=WEIGHT,
                          pairs="one_to_one", plasticity=rule),
            with_short_term(release, STP),
            *(df.Projection("pre", name, f"{written(name)} += w", name=f"onto_{name}",
                            weight=WEIGHT, pairs="one_to_one") for name in KINETICS),
        ),
    )  # fmt: skip


def written(name: str) -> str:
    return receptor_current("x", KINETICS[name], reversal=0 * mV).written


@cache
def run(dt: float) -> df.Results:
    record = {
        "wide": ["v"], "listener": ["heard"], "charged": ["q"], "released": ["g"],
        "noisy": df.Recording(("V",), every=5 * ms), "cleared": ["driven"],
        **{name: ["g_x", "area"] for name in KINETICS}, "stdp": ["w"],
    }  # fmt: skip
    return df.run(
        network(dt), LENGTH * ms, target="runtime", seed=1, dt=dt * ms, record=record,
        progress=False,
    )  # fmt: skip


def trace(dt: float, name: str, variable: str) -> Array:
    return np.asarray(run(dt).traces[name].values[variable])


@at_each_step
def test_a_refractory_period_is_the_shortest_interval(dt: float) -> None:
    intervals = np.diff(run(dt).spike_trains("repeats")[1]) * 1e3
    assert intervals == pytest.approx(np.full(19, 3.0), abs=1e-9)


@at_each_step
def test_a_spike_is_as_wide_as_stated(dt: float) -> None:
    high = trace(dt, "wide", "v")[0] > 50
    first = int(np.argmax(high))
    assert int(np.argmin(high[first:])) == round(1.6 / dt)


@at_each_step
def test_a_delay_is_as_long_as_stated(dt: float) -> None:
    """What arrives at the end of a step is recorded at the start of the next."""
    heard = trace(dt, "listener", "heard")[0]
    assert np.argmax(heard > 0) == round((PRE + DELAY) / dt) + 1


@at_each_step
def test_a_current_step_has_its_charge(dt: float) -> None:
    assert trace(dt, "charged", "q")[0][-1] == pytest.approx(3 * 12, rel=1e-9)


@at_each_step
def test_intervals_of_a_lif_neuron(dt: float) -> None:
    """The first step after the threshold: at most a step late, and Euler's tau is dt/2 short.

    The neuron is held for one step less than its refractory period, because the step of the spike
    and the first one after the period are counted both.
    """
    tau, steady, reset, threshold = 10.0, 30.0, 10.0, 20.0
    exact = 2.0 + tau * np.log((steady - reset) / (steady - threshold))
    intervals = np.diff(run(dt).spike_trains("lif")[1]) * 1e3
    assert len(intervals) >= 4
    assert np.all(np.abs(intervals - exact) <= dt * (1 + np.log(2) / 2))


@at_each_step
def test_current_noise_of_a_driven_neuron_has_one_variance(dt: float) -> None:
    """var V = noise^2/3 * 1 ms * tau/(2 C^2); 400 neurons at 4 times, 20 ms apart."""
    values = trace(dt, "noisy", "V")[:, 5::2].ravel() * 1e3  # from 25 ms on, one tau apart
    expected = NOISE * 1.0 * np.sqrt(10.0 / 1.0 / 6) / 100  # mV: pA ms / pF
    # 1600 values or more, neighbours correlated by exp(-1): 4 standard errors of a deviation
    assert values.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * 1000))


@at_each_step
def test_what_drives_a_neuron_decays_until_its_spike_clears_it(dt: float) -> None:
    """From rest, 1000 pA that decay with 5 ms reach threshold in between; then nothing drives."""
    spikes, values = run(dt).spike_trains("cleared")[1] * 1e3, trace(dt, "cleared", "driven")[0]
    assert len(spikes) == 1
    times = run(dt).traces["cleared"].t * 1e3
    before = times < spikes[0] + dt / 2
    expected = np.where(before, ARRIVED * np.exp(-times / 5), 0)
    assert values == pytest.approx(expected, rel=1e-9, abs=1e-9)


@at_each_step
def test_a_pair_changes_the_weight_by_its_window(dt: float) -> None:
    rule = plasticity_rule("pair_stdp", w_max=4 * nS)
    n = rule.numbers
    scale = 4e-9 if rule.relative_to == "w_max" else 2e-9
    expected = 2e-9 + scale * n["A_plus"] * np.exp(-(POST - PRE) * 1e-3 / float(n["tau_plus"]))
    assert run(dt).weights["stdp"]["weight"].to_numpy() == pytest.approx([expected], rel=1e-9)


@at_each_step
def test_release_recovers_with_its_time_constants(dt: float) -> None:
    g = trace(dt, "released", "g")[0]
    steps = np.diff(g)
    u, x, last, responses = 0.0, 1.0, STP_TIMES[0], []
    for t in STP_TIMES:
        u *= np.exp(-(t - last) * 1e-3 / float(STP.tau_facilitation))
        x = 1 - (1 - x) * np.exp(-(t - last) * 1e-3 / float(STP.tau_recovery))
        u += STP.U * (1 - u)
        responses.append(u * x / STP.U)
        x, last = x * (1 - u), t
    assert steps[steps > 0] / 2e-9 == pytest.approx(responses, rel=1e-9)


@pytest.mark.parametrize("name", KINETICS)
def test_a_spike_opens_the_same_charge(name: str) -> None:
    """Euler sums of exponentials are exact; 40 ms are 13 of the longest time constant."""
    charges = [trace(dt, name, "area")[0][-1] for dt in TIME_STEPS]
    assert charges == pytest.approx(np.full(len(charges), charges[0]), rel=1e-4)


@pytest.mark.parametrize("name", KINETICS)
def test_peaks_converge_and_are_the_weight_at_the_default_step(name: str) -> None:
    peaks = np.array([trace(dt, name, "g_x").max() for dt in TIME_STEPS]) / 2e-9
    shortest = 1.0  # ms
    if name != "alphas":  # whose two parts peak at different times
        assert peaks[1] == pytest.approx(1, rel=1e-9)
    changes = np.abs(np.diff(peaks))
    assert np.all(changes <= np.array(TIME_STEPS[:-1]) / shortest)
    assert np.all(changes[1:] <= 0.7 * changes[:-1] + 1e-12)


@at_each_step
@pytest.mark.parametrize("drawn", ["host", "target"])
def test_sources_have_their_rate(dt: float, drawn: str) -> None:
    """500 sources of 100 Hz: 5000 events at the last sample, at 100 ms."""
    relay = df.Population("relay", 500, "n : 1")
    source = df.PoissonInput("source", 500, 100 * Hz, drawn=drawn)
    onto = df.Projection("source", "relay", "n += 1", pairs="one_to_one")
    net = df.Network((relay,), (source,), (onto,))
    done = df.run(
        net, 101 * ms, target="runtime", seed=2, dt=dt * ms, progress=False,
        record={"relay": df.Recording(("n",), every=100 * ms)},
    )  # fmt: skip
    count = done.traces["relay"].values["n"][:, -1].sum()
    assert count == pytest.approx(5000, abs=4 * np.sqrt(5000))


@cache
def modulated(dt: float) -> df.Results:
    """A pulse of acetylcholine, the occupancy that follows, and a back-propagating spike."""
    circuit = Circuit("alone", (CircuitPopulation("cell", "ctx_l5_et", 1),))
    pulses = {"start": "5 ms", "interval": "1 s", "count": 1, "rise": "1 uM"}
    circuit = circuit.with_modulation("ACh", level=0, clearance="20 ms", pulses=pulses)
    net = df.biological.build(circuit, calibration=Calibration("alone", "biological", {}))
    drive = df.CurrentInput("cell", 700 * pA, variable="I_ext_soma", name="drive")
    return df.run(
        replace(net, inputs=(*net.inputs, drive)), 60 * ms, target="runtime", seed=1, dt=dt * ms,
        record={"cell": ["c_ACh", "o_M1", "I_bAP_dend"]}, progress=False,
    )  # fmt: skip


@at_each_step
def test_a_concentration_decays_with_its_time_constant(dt: float) -> None:
    """Euler: off by at most x(1 + x)/(2e) of the pulse, x = dt/tau; a step of latency is dt/tau."""
    c = np.asarray(modulated(dt).traces["cell"].values["c_ACh"])[0]
    t = dt * np.arange(len(c)) - 5.0
    exact = np.where(t > 0.5 * dt, np.exp(-t / 20.0), 0.0) * 1e-3  # mol/m3
    x = dt / 20.0
    later = t > 2.5 * dt
    bound = (x * (1 + x) / (2 * np.e) + 2 * x) * 1e-3
    np.testing.assert_allclose(c[later], exact[later], rtol=0, atol=bound)


def test_occupancy_converges() -> None:
    """Differences between one step and its half shrink with the step."""
    curves = [np.asarray(modulated(dt).traces["cell"].values["o_M1"])[0] for dt in TIME_STEPS]
    at_end = [curve[round(55 / dt)] for curve, dt in zip(curves, TIME_STEPS, strict=True)]
    changes = np.abs(np.diff(at_end)) / at_end[-1]
    assert at_end[-1] > 0
    assert np.all(changes <= np.array(TIME_STEPS[:-1]) / 20.0 * 2)
    assert changes[-1] < 0.6 * changes[0]


@at_each_step
def test_the_back_propagating_spike_is_a_box_of_its_length(dt: float) -> None:
    open_ = np.asarray(modulated(dt).traces["cell"].values["I_bAP_dend"])[0] > 0
    first = int(np.argmax(open_))
    assert int(np.argmin(open_[first:])) == round(BOX / dt)
