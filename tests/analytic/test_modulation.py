"""Modulators against closed forms: concentration, occupancy, and what they do to a linear cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Mohm, mmolar, ms, mV, nmolar, nS, pA, second, umolar
from brian2.units.fundamentalunits import Quantity
from scipy.integrate import solve_ivp
from scipy.special import lambertw

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation, Pulses
from dualframe.network import Network, Population
from dualframe.results.results import Results

BRANCHES = ("biological", "glif_current")
MODELS = (*BRANCHES, "izhikevich_current")
L23 = ("ctx_l23_pyr", "ctx_pv", "ctx_sst", "ctx_vip")
ACH, NA = catalogue.modulator("ACh"), catalogue.modulator("NA")
DT = 0.1 * ms


def alone(*cells: str, n: int = 1) -> Circuit:
    """Cells without contacts."""
    return Circuit("alone", tuple(CircuitPopulation(cell, cell, n) for cell in cells))


def build(circuit: Circuit, model: str) -> Network:
    """Build in either branch; a circuit without contacts needs no calibrated strengths."""
    calibration = Calibration(circuit.name, model, {})
    if model == "biological":
        return df.biological.build(circuit, calibration=calibration)
    return df.task_driven.build(
        circuit, model=model.split("_")[0], cells="published", calibration=calibration
    )


def changed(network: Network, cell: str, **parameters: Any) -> Network:
    """The network with other parameters of one population."""
    return replace(
        network,
        populations=tuple(
            replace(p, parameters={**p.parameters, **parameters}) if p.name == cell else p
            for p in network.populations
        ),
    )


def started(network: Network, cell: str, **initial: Any) -> Network:
    """The network with other initial values of one population."""
    return replace(
        network,
        populations=tuple(
            replace(p, initial={**p.initial, **initial}) if p.name == cell else p
            for p in network.populations
        ),
    )


def run(
    network: Network,
    duration: Any,
    variables: Sequence[str] = (),
    currents: Mapping[str, Any] | None = None,
    every: Any = None,
) -> Results:
    """Run with a current into the cells, and record the populations that have the variables."""
    soma = "I_ext_soma" if network.meta["branch"] == "biological" else "I_ext"
    steps = [
        df.CurrentInput(cell, value, variable=soma, name=f"into_{cell}")
        for cell, value in (currents or {}).items()
    ]
    record = {
        p.name: df.Recording(tuple(variables) or (p.voltage,), every=every)
        for p in network.populations
        if set(variables) <= p.variables
    }
    return df.run(
        replace(network, inputs=(*network.inputs, *steps)),
        duration,
        target="runtime",
        seed=1,
        record=record,
        progress=False,
    )


def hill(receptor: str, concentration: Any) -> Any:
    """Closed form of the occupancy."""
    affinity = catalogue.receptor(receptor).affinity
    ratio = np.asarray(concentration / affinity.value("EC50"))
    power = ratio ** float(affinity.value("hill"))
    return power / (1 + power)


def sensitive(receptor: str, c: Any) -> tuple[Any, Any]:
    """Closed forms of the steady sensitive fraction and of its time constant in seconds."""
    n = catalogue.receptor(receptor).desensitisation
    assert n is not None
    bound = np.asarray(c / n.value("IC50")) ** float(n.value("hill"))
    slow = 1 + np.asarray(c / n.value("tau_K")) ** float(n.value("tau_hill"))
    return 1 / (1 + bound), float(n.value("tau_fast")) + float(n.value("tau_slow")) / slow


def steady(receptor: str, c: Any) -> Any:
    """Closed form of the occupancy at a tonic level."""
    desensitises = catalogue.receptor(receptor).desensitisation is not None
    return hill(receptor, c) * (sensitive(receptor, c)[0] if desensitises else 1)


# ---------------------------------------------------------------- occupancy


@pytest.mark.parametrize("model", BRANCHES)
def test_occupancy_is_the_hill_curve(model: str) -> None:
    levels = np.array([0, 0.01, 1, 5, 30, 1000]) * umolar
    network = build(alone("ctx_vip", n=6).with_modulation("ACh", level=1), model)
    names = ("o_M1", "b_nACh_a4b2", "o_nACh_a4b2")
    found = run(changed(network, "ctx_vip", c_ACh=levels), 1 * ms, names).traces["ctx_vip"].values
    for name in names:
        closed = (hill if name.startswith("b_") else steady)(name[2:], levels)
        # 1 - 1/(1 + x) loses x/eps of its digits: at 0.01 uM x is 2e-4
        np.testing.assert_allclose(found[name][:, -1], closed, rtol=1e-11)


@pytest.mark.parametrize("model", BRANCHES)
def test_level_is_a_fraction_of_the_reference_concentration(model: str) -> None:
    by_fraction = build(alone("ctx_pv").with_modulation("ACh", level=0.1), model)
    by_concentration = build(alone("ctx_pv").with_modulation("ACh", level="3 uM"), model)
    assert by_fraction.population("ctx_pv").parameters["c_ACh"] == 3 * umolar  # of 30 uM
    assert by_fraction.populations == by_concentration.populations


@pytest.mark.parametrize("model", BRANCHES)
def test_onset_and_decay_of_occupancy_are_exponential(model: str) -> None:
    """With a clearance of one step the concentration is a step, and each phase has one tau."""
    on, off, end = 50 * ms, 250 * ms, 450 * ms
    schedule = [(0 * ms, 0.0), (on, 1.0), (off, 0.0)]
    network = build(alone("ctx_vip").with_modulation("ACh", schedule=schedule), model)
    network = changed(network, "ctx_vip", tau_c_ACh=DT)
    trace = run(network, end, ("b_M1", "b_nACh_a4b2")).traces["ctx_vip"]
    t = trace.t * second
    for name in ("M1", "nACh_a4b2"):
        kinetics = catalogue.receptor(name).kinetics
        tau_on, tau_off = kinetics.value("tau_on"), kinetics.value("tau_off")
        full = hill(name, ACH.numbers.value("reference_concentration"))
        rising = full * (1 - np.exp(-np.clip((t - on) / tau_on, 0, None)))
        falling = full * (1 - np.exp(-(off - on) / tau_on)) * np.exp(-(t - off) / tau_off)
        expected = np.where(t < off, rising, falling)
        # The concentration arrives one step late (dt/tau = 3e-3 of the way for the fast receptor)
        # and an Euler step decays by 1 - dt/tau instead of exp(-dt/tau), 1.5e-3 of each e-fold.
        np.testing.assert_allclose(trace.values[f"b_{name}"][0], expected, atol=0.005 * full)


def test_occupancy_follows_a_cleared_concentration() -> None:
    """While it rises, o is the convolution of Hill(c(t)) with the onset exponential."""
    network = build(
        alone("ctx_vip").with_modulation("ACh", schedule=[(0 * ms, 0.0), (20 * ms, 1.0)]),
        "glif_current",
    )
    trace = run(network, 400 * ms, ("c_ACh", "b_nACh_a4b2")).traces["ctx_vip"]
    s = np.linspace(0, 0.38, 38_001)  # seconds since the step
    c = 30 * (1 - np.exp(-s / float(ACH.numbers.value("clearance_tau")))) * umolar
    steady = hill("nACh_a4b2", c)
    tau = float(catalogue.receptor("nACh_a4b2").kinetics.value("tau_on"))
    weighted = np.exp(s / tau) * steady
    integral = np.concatenate([[0], np.cumsum((weighted[1:] + weighted[:-1]) / 2) * (s[1] - s[0])])
    expected = np.interp(trace.t - 0.02, s, np.exp(-s / tau) * integral / tau)
    # two Euler stages, each late by half a step of at most 3e-3 of its time constant
    np.testing.assert_allclose(trace.values["b_nACh_a4b2"][0], expected, atol=1e-3)


# ---------------------------------------------------------------- drugs

DOSES = np.array([0, 0.01, 0.3, 1, 10, 1e4])


@pytest.mark.parametrize("model", BRANCHES)
def test_drugs_compete_with_the_modulator(model: str) -> None:
    """All combinations of six concentrations, agonist and antagonist doses, side by side."""
    c, agonist, antagonist = (x.ravel() for x in np.meshgrid(5 * DOSES, DOSES, DOSES))
    circuit = alone("ctx_vip", n=c.size).with_modulation("ACh", level=1)
    for receptor in ("M1", "nACh_a4b2"):  # Hill coefficients 1 and 1.05
        circuit = circuit.with_drug("agonist", receptor, dose=1)
        circuit = circuit.with_drug("antagonist", receptor, dose=1)
    doses = {
        f"{kind}_{receptor}": value
        for receptor in ("M1", "nACh_a4b2")
        for kind, value in (("agonist", agonist), ("antagonist", antagonist))
    }
    network = changed(build(circuit, model), "ctx_vip", c_ACh=c * umolar, **doses)
    found = run(network, 1 * ms, ("b_M1", "b_nACh_a4b2", "o_M1")).traces["ctx_vip"].values
    np.testing.assert_array_equal(found["o_M1"], found["b_M1"])
    for receptor in ("M1", "nACh_a4b2"):
        affinity = catalogue.receptor(receptor).affinity
        ratio = np.asarray(c * umolar / affinity.value("EC50")) + agonist
        power = (ratio / (1 + antagonist)) ** float(affinity.value("hill"))
        # 1 - 1/(1 + x) is off by one rounding of 1, which counts where x is small
        np.testing.assert_allclose(
            found[f"b_{receptor}"][:, -1], power / (1 + power), rtol=1e-12, atol=3e-16
        )


def test_an_antagonist_shifts_the_curve_by_one_plus_its_dose() -> None:
    """Schild (1947): the concentration ratio of equal responses is 1 + B, at every response."""
    levels, dose = np.geomspace(0.03, 3000, 24), np.repeat([0.0, 1.0, 9.0], 24)
    circuit = alone("ctx_vip", n=72).with_modulation("ACh", level=1)
    circuit = circuit.with_drug("antagonist", "nACh_a4b2", dose=1)
    network = changed(
        build(circuit, "glif_current"),
        "ctx_vip",
        c_ACh=np.tile(levels, 3) * umolar,
        antagonist_nACh_a4b2=dose,
    )
    found = run(network, 1 * ms, ("b_nACh_a4b2",)).traces["ctx_vip"].values["b_nACh_a4b2"]
    curves = np.log(found[:, -1] / (1 - found[:, -1])).reshape(3, 24)  # a line in log c
    slope = float(catalogue.receptor("nACh_a4b2").affinity.value("hill"))
    for curve, factor in zip(curves, (1, 2, 10), strict=True):
        shift = (curves[0] - curve) / slope
        np.testing.assert_allclose(np.exp(shift), factor, rtol=1e-10)


@pytest.mark.parametrize("model", BRANCHES)
def test_the_modulator_binds_in_time_with_drugs_there(model: str) -> None:
    """Onset with tau_on towards the occupancy of both; it starts at that of the drugs alone."""
    circuit = alone("ctx_pv").with_modulation("ACh", schedule=[(0 * ms, 0.0), (10 * ms, 1.0)])
    circuit = circuit.with_drug("agonist", "M1", dose=0.5).with_drug("antagonist", "M1", dose=1)
    network = changed(build(circuit, model), "ctx_pv", tau_c_ACh=DT)
    trace = run(network, 200 * ms, ("o_M1",)).traces["ctx_pv"]
    tau = float(catalogue.receptor("M1").kinetics.value("tau_on"))
    before, after = (r / (1 + r) for r in (0.25, (30 / 5 + 0.5) / 2))
    since = np.clip(trace.t - 0.01, 0, None)
    expected = after + (before - after) * np.exp(-since / tau)
    # the concentration is there one step late: dt/tau = 1e-4 of the way
    np.testing.assert_allclose(trace.values["o_M1"][0], expected, atol=2e-4)


# ---------------------------------------------------------------- desensitisation


@pytest.mark.parametrize("model", BRANCHES)
def test_a_tonic_level_has_desensitised_from_the_start(model: str) -> None:
    levels = np.array([0, 0.01, 0.2, 1, 30, 1000]) * umolar
    network = build(alone("ca1_olm", n=6).with_modulation("ACh", level=1), model)
    names = [f"{x}_{r}" for r in ("nACh_a7", "nACh_a4b2") for x in ("s", "o")]
    found = run(changed(network, "ca1_olm", c_ACh=levels), 5 * ms, names).traces["ca1_olm"].values
    for receptor in ("nACh_a7", "nACh_a4b2"):
        steady = sensitive(receptor, levels)[0]
        np.testing.assert_allclose(found[f"s_{receptor}"][:, -1], steady, rtol=1e-12)
        np.testing.assert_allclose(
            found[f"o_{receptor}"][:, -1], steady * hill(receptor, levels), rtol=1e-10, atol=1e-16
        )
    scheduled = alone("ca1_olm").with_modulation("ACh", schedule=[(0 * ms, "30 uM")])
    again = run(build(scheduled, model), 5 * ms, names).traces["ca1_olm"].values
    for name in names:
        np.testing.assert_allclose(again[name][0], found[name][4, -1], rtol=1e-10)


def test_desensitisation_and_recovery_are_exponential() -> None:
    """After a step of the concentration, with the time constant of the new one."""
    on, off = 10 * ms, 300 * ms
    schedule = [(0 * ms, 0.0), (on, "100 uM"), (off, "1 uM")]
    circuit = alone("ca1_olm").with_modulation("ACh", schedule=schedule)
    network = changed(build(circuit, "glif_current"), "ca1_olm", tau_c_ACh=DT)
    names = ("s_nACh_a7", "s_nACh_a4b2")
    trace = run(network, 600 * ms, names, every=1 * ms).traces["ca1_olm"]
    for receptor in ("nACh_a7", "nACh_a4b2"):
        value, expected = 1.0, np.ones(trace.t.shape)
        stages = ((100, 0.01, 0.3), (1, 0.3, 10.0))
        for level, start, stop in stages:
            steady, tau = sensitive(receptor, level * umolar)
            here = (trace.t >= start) & (trace.t < stop)
            decay = np.exp(-(trace.t[here] - start) / tau)
            expected[here] = steady + (value - steady) * decay
            value = steady + (value - steady) * np.exp(-(stop - start) / tau)
        # one step late, and Euler: each dt/tau of the change, 1e-3 for the faster receptor
        np.testing.assert_allclose(trace.values[f"s_{receptor}"][0], expected, atol=2e-3)


# ---------------------------------------------------------------- concentration


@pytest.mark.parametrize("model", BRANCHES)
def test_a_schedule_relaxes_with_the_clearance_time(model: str) -> None:
    levels = [(0.0, 0.2), (0.05, 1.0), (0.2, 0.0)]
    schedule = [(time * second, level) for time, level in levels]
    network = build(alone("ctx_pv").with_modulation("ACh", schedule=schedule), model)
    trace = run(network, 400 * ms, ("c_ACh",)).traces["ctx_pv"]
    tau = float(ACH.numbers.value("clearance_tau"))
    expected = np.full(trace.t.shape, 0.2)
    value = 0.2  # a schedule that begins at 0 s has been at its first level for ever
    for (start, level), stop in zip(levels, (0.05, 0.2, np.inf), strict=True):
        here = (trace.t >= start) & (trace.t < stop)
        expected[here] = level + (value - level) * np.exp(-(trace.t[here] - start) / tau)
        value = level + (value - level) * np.exp(-(stop - start) / tau)
    # base unit of a concentration: mmolar; Euler is off by dt/(2 tau) = 5e-5 of the change
    measured = trace.values["c_ACh"][0] / 30e-3
    np.testing.assert_allclose(measured, expected, atol=2e-4)


def test_before_its_first_time_a_schedule_is_at_zero() -> None:
    circuit = alone("ctx_pv").with_modulation("ACh", schedule=[(20 * ms, 1.0)])
    trace = run(build(circuit, "glif_current"), 30 * ms, ("c_ACh", "o_M1")).traces["ctx_pv"]
    before = trace.t <= 0.02 + 1e-9
    for name in ("c_ACh", "o_M1"):
        assert not trace.values[name][0, before].any()
        assert trace.values[name][0, -1] > 0


@pytest.mark.parametrize("model", BRANCHES)
@pytest.mark.parametrize("level", [None, 0.1])
def test_release_is_a_sum_of_exponentials(model: str, level: float | None) -> None:
    """Every spike of any releasing neuron reaches every neuron of every population."""
    circuit = alone("ctx_pv", n=3).with_components(
        populations=(*alone("ctx_pv", n=3).populations, *alone("ctx_vip", n=2).populations)
    )
    circuit = circuit.with_modulation("ACh", level, released_by="ctx_pv", per_spike="100 nM")
    drive = {"ctx_pv": np.array([0, 400, 600]) * pA}
    done = run(build(circuit, model), 200 * ms, ("c_ACh",), drive)
    spikes = done.spikes[done.spikes.population == "ctx_pv"]
    assert set(spikes.neuron) == {1, 2}
    assert len(spikes) > 10
    tau = float(ACH.numbers.value("clearance_tau"))
    for cell in ("ctx_pv", "ctx_vip"):
        trace = done.traces[cell]
        since = trace.t[:, None] - spikes.t.to_numpy()[None, :]
        after = since > 1e-9  # the sample of a step is taken before its spikes
        expected = (level or 0) * 30e-3 + 1e-4 * (np.exp(-since / tau) * after).sum(axis=1)
        for measured in trace.values["c_ACh"]:
            # a spike is seen from the next step on, undecayed: dt/tau = 1e-4 of its rise
            np.testing.assert_allclose(measured, expected, rtol=3e-4, atol=1e-12)


@pytest.mark.parametrize("model", BRANCHES)
def test_a_tonic_level_is_steady_from_the_start(model: str) -> None:
    tonic = alone("ctx_vip").with_modulation("ACh", level=0.3)
    scheduled = alone("ctx_vip").with_modulation("ACh", schedule=[(0 * ms, 0.3)])
    released = alone("ctx_vip").with_modulation("ACh", 0.3, released_by="ctx_vip", per_spike="1 uM")
    for circuit in (tonic, scheduled, released):
        found = run(build(circuit, model), 20 * ms, ("o_M1", "o_nACh_a4b2")).traces["ctx_vip"]
        for receptor in ("M1", "nACh_a4b2"):
            np.testing.assert_allclose(
                found.values[f"o_{receptor}"], steady(receptor, 9 * umolar), rtol=1e-12
            )


# ---------------------------------------------------------------- pulses, uptake, exchange

DA = catalogue.modulator("DA")


@pytest.mark.parametrize("model", BRANCHES)
def test_pulses_are_a_sum_of_exponentials(model: str) -> None:
    """Two trains of different heights, on top of a schedule's first level."""
    trains = [Pulses(5 * ms, "100 nM", 4 * ms, 20), Pulses(7 * ms, "30 nM", 10 * ms, 3)]
    circuit = alone("ctx_pv", n=2).with_modulation("DA", "50 nM", pulses=trains, clearance="100 ms")
    trace = run(build(circuit, model), 120 * ms, ("c_DA",)).traces["ctx_pv"]
    expected = np.full(trace.t.shape, 50.0)
    for train in trains:
        for time in np.asarray(train.times):
            since = trace.t - time
            rise = float(train.rise / nmolar)
            # a spike of step k changes the concentration of step k + 1
            expected += rise * np.where(since > 1e-9, np.exp(-(since - 1e-4) / 0.1), 0)
    for measured in trace.values["c_DA"] * 1e6:  # mM to nM
        # an Euler step decays by 1 - dt/tau instead of exp(-dt/tau): 5e-4 for each e-fold, of
        # which there are 1.2
        np.testing.assert_allclose(measured, expected, rtol=6e-4)


def test_uptake_is_the_integral_of_michaelis_menten() -> None:
    r"""Without other removal, :math:`c = K_m W((c_0/K_m) \exp((c_0 - V t)/K_m))`."""
    uptakes = [DA.uptake(name).numbers for name in ("VTA", "SNc", "soma") for _ in range(4)]
    start = np.tile([20.0, 200.0, 1000.0, 5000.0], 3)  # nM, below and above Km = 160 nM
    circuit = alone("ctx_pv", n=12).with_modulation(
        "DA", released_by="ctx_pv", per_spike="1 nM", clearance="VTA"
    )
    vmax = np.array([float(n.value("Vmax") / (nmolar / second)) for n in uptakes])
    network = changed(
        build(circuit, "glif_current"),
        "ctx_pv",
        Vmax_c_DA=vmax * nmolar / second,
        k_other_c_DA=0 / second,
    )
    network = started(network, "ctx_pv", c_DA=start * nmolar)
    trace = run(network, 400 * ms, ("c_DA",), every=1 * ms).traces["ctx_pv"]
    for k, measured in enumerate(trace.values["c_DA"] * 1e6):
        scaled = (start[k] - vmax[k] * trace.t) / 160
        expected = 160 * np.real(lambertw(start[k] / 160 * np.exp(scaled)))
        # Euler: half a step of the fastest decay, Vmax/Km = 25 /s, is 1.3e-3 of an e-fold
        np.testing.assert_allclose(measured, expected, rtol=5e-3, atol=2e-3 * start[k])


def removed(c: Any, clearance: str | None) -> Any:
    """Removal of dopamine in nM/s, by 200 ms or by the uptake in the VTA."""
    return c / 0.2 if clearance is None else 1500 * c / (160 + c) + 0.04 * c


@pytest.mark.parametrize("clearance", [None, "VTA"])
def test_tonic_release_balances_the_clearance(clearance: str | None) -> None:
    """At its level for good; after a change it goes to the new one, against the same removal."""
    circuit = alone("ctx_pv").with_modulation(
        "DA", schedule=[(0 * ms, "50 nM"), (50 * ms, "400 nM")], clearance=clearance
    )
    network = build(circuit, "glif_current")
    trace = run(network, 600 * ms, ("c_DA",), every=1 * ms).traces["ctx_pv"]
    measured, before = trace.values["c_DA"][0] * 1e6, trace.t < 0.05
    np.testing.assert_allclose(measured[before], 50, rtol=1e-12)
    reference = solve_ivp(
        lambda t, c: removed(400, clearance) - removed(c, clearance),
        (0.05, 0.6),
        [50.0],
        t_eval=trace.t[~before],
        rtol=1e-10,
        atol=1e-9,
    )
    # Euler: half of dt times the rate, 5 /s, of up to three e-folds of the change
    np.testing.assert_allclose(measured[~before], reference.y[0], atol=3e-4 * 350)


def regions(n: int = 1) -> Circuit:
    """Two regions of one and four cubic millimetres."""
    return alone("ctx_pv", "ctx_vip", n=n).with_regions(
        {"near": "ctx_pv", "far": "ctx_vip"}, {"near": "1 mm**3", "far": "4 mm**3"}
    )


@pytest.mark.parametrize("model", BRANCHES)
def test_exchange_conserves_the_amount(model: str) -> None:
    """The difference decays with k (1 + V_near/V_far), in the neurons of both regions alike."""
    circuit = regions().with_modulation(
        "ACh",
        region="near",
        exchange={"far": "8 /s"},
        pulses=[("10 ms", "1 uM")],
        clearance="1e9 s",
    )
    circuit = circuit.with_modulation("ACh", 0, region="far", clearance="1e9 s")
    done = run(build(circuit, model), 300 * ms, currents=None, variables=("c_ACh",))
    near, far = (done.traces[name].values["c_ACh"][0] * 1e3 for name in ("ctx_pv", "ctx_vip"))
    t = done.traces["ctx_pv"].t
    after = t > 0.0101
    np.testing.assert_allclose((near + 4 * far)[after], 1, rtol=1e-6)  # 1e-9 /s is cleared
    expected = np.exp(-10 * (t[after] - 0.0101))
    # Euler: half of 10 /s times dt, of up to three e-folds
    np.testing.assert_allclose((near - far)[after], expected, atol=5e-4)


@pytest.mark.parametrize("clearance", [None, "VTA"])
def test_regions_in_exchange_start_in_balance(clearance: str | None) -> None:
    """At tonic levels, whether they are constants or a schedule that does not change."""
    found = {}
    for name, given in {
        "constant": {"level": "400 nM"},
        "schedule": {"schedule": [(0 * ms, "400 nM")]},
    }.items():
        circuit = regions().with_modulation(
            "DA", region="near", exchange={"far": "3 /s"}, clearance=clearance, **given
        )
        circuit = circuit.with_modulation("DA", "20 nM", region="far", clearance=clearance)
        network = build(circuit, "glif_current")
        names = ("c_DA",) if name == "schedule" else ("o_D1",)
        traces = run(network, 20 * ms, names).traces
        pv, vip = (network.population(cell) for cell in ("ctx_pv", "ctx_vip"))
        if name == "constant":
            found = {p.name: float(p.parameters["c_DA"] / nmolar) for p in (pv, vip)}
            continue
        for cell in ("ctx_pv", "ctx_vip"):
            np.testing.assert_allclose(traces[cell].values["c_DA"] * 1e6, found[cell], rtol=1e-10)
    near, far = found["ctx_pv"], found["ctx_vip"]
    released = [removed(level, clearance) for level in (400, 20)]
    assert released[0] - removed(near, clearance) + 3 * (far - near) == pytest.approx(0, abs=1e-9)
    assert released[1] - removed(far, clearance) + 0.75 * (near - far) == pytest.approx(0, abs=1e-9)
    assert 20 < far < near < 400


def test_every_target_delivers_the_same(target: str, run_on_target: Callable[..., Results]) -> None:
    """Release by spikes, pulses, uptake, exchange, desensitisation and drugs at once."""
    circuit = regions(n=2).with_release(
        "ctx_pv", {"DA": "5 nM"}, region="near", clearance="VTA", exchange={"far": "5 /s"}
    )
    circuit = circuit.with_modulation(
        "ACh",
        0.1,
        released_by="ctx_pv",
        per_spike="1 uM",
        pulses={"start": "3 ms", "interval": "7 ms", "count": 6, "rise": "2 uM"},
    )
    circuit = circuit.with_drug("antagonist", "M1", dose=3).with_drug("agonist", "M1", dose=0.2)
    network = build(circuit, "glif_current")
    step = df.CurrentInput("ctx_pv", np.array([400, 600]) * pA)
    variables = {"ctx_pv": ("c_DA", "o_D1", "o_M1"), "ctx_vip": ("c_ACh", "o_nACh_a4b2", "o_M1")}
    record = {name: df.Recording(own) for name, own in variables.items()}
    network, options = replace(network, inputs=(*network.inputs, step)), {"seed": 1}
    expected = df.run(
        network, 60 * ms, target="runtime", record=record, progress=False, strict=True, **options
    )
    found = run_on_target(network, 60 * ms, record=record, **options)
    assert len(expected.spikes) > 10
    np.testing.assert_allclose(found.spikes.t, expected.spikes.t, atol=1e-9)
    t = expected.traces["ctx_pv"].t
    # GeNN takes the sample of a step before it delivers the spikes of the step before
    raised = np.concatenate([expected.spikes.t, 3e-3 + 7e-3 * np.arange(6)]) + 1e-4
    seen = ~np.isclose(t[:, None], raised, atol=1e-6).any(axis=1) | (target != "genn")
    for cell, names in variables.items():
        for name in names:
            one, other = (x.traces[cell].values[name] for x in (expected, found))
            assert np.ptp(one) > 0
            # the order of additions may differ, and GeNN's exponentials are its own
            np.testing.assert_allclose(other[:, seen], one[:, seen], rtol=1e-9)


# ---------------------------------------------------------------- rest and input resistance


def conductances(cell: str, levels: Mapping[str, Any]) -> list[tuple[float, Any]]:
    """Open fraction of the leak and reversal of every modulatory conductance of a cell."""
    return [
        (
            float(effect.numbers.value("size")) * float(steady(name, concentration)),
            effect.numbers.value("reversal"),
        )
        for modulator, concentration in levels.items()
        for name in catalogue.modulator(modulator).receptors
        for effect in catalogue.receptor(name).effects_on(cell)
        if effect.kind == "conductance" and not effect.conflict
    ]


def point_circuit(population: Population, extra: Sequence[tuple[float, Any]]) -> tuple[Any, Any]:
    """Rest and input resistance of one compartment."""
    leak, e_leak = 1 / population.parameters["R"], population.parameters["E_L"]
    total = leak * (1 + sum(size for size, _ in extra))
    return (leak * e_leak + sum(size * leak * e for size, e in extra)) / total, 1 / total


def dendritic_circuit(
    population: Population, extra: Sequence[tuple[float, Any]]
) -> tuple[Any, Any]:
    """Rest and input resistance of the soma of a linear tree of compartments."""
    given = population.parameters
    names = [name.removeprefix("gL_") for name in given if name.startswith("gL_")]
    matrix, drive = np.zeros((len(names), len(names))), np.zeros(len(names))
    for i, into in enumerate(names):
        leak = given[f"gL_{into}"]
        for size, reversal in [(1, given[f"EL_{into}"]), *extra]:
            matrix[i, i] += float(size * leak / nS)
            drive[i] += float(size * leak * reversal / (nS * mV))
        for j, source in enumerate(names):
            coupling = float(given.get(f"g_{source}_{into}", 0 * nS) / nS)
            matrix[i, i] += coupling
            matrix[i, j] -= coupling
    soma = names.index("soma")
    resistance = np.linalg.inv(matrix)[soma, soma]
    return np.linalg.solve(matrix, drive)[soma] * mV, 1e3 * resistance * Mohm


def at_rest(network: Network, duration: Any = 600 * ms) -> dict[str, tuple[Any, Any]]:
    """Measured rest and input resistance, from one free and one hyperpolarised neuron."""
    small = {p.name: np.array([0, -1]) * pA for p in network.populations}
    done = run(network, duration, currents=small, every=10 * ms)
    assert done.spikes.empty
    ends = {p.name: done.traces[p.name].values[p.voltage][:, -1] for p in network.populations}
    return {name: (end[0] * 1e3 * mV, (end[0] - end[1]) * 1e6 * Mohm) for name, end in ends.items()}


@pytest.mark.parametrize("model", BRANCHES)
def test_rest_and_input_resistance_are_those_of_the_linear_circuit(model: str) -> None:
    """M1 alone, M1 and nicotinic, M1 and alpha1, alpha1 alone: the four cells of layer 2/3."""
    levels = {"ACh": 24 * umolar, "NA": 5 * umolar}
    plain = alone(*L23, n=2)
    circuit = plain.with_modulation("ACh", level=0.8).with_modulation("NA", level=0.5)
    network, before = build(circuit, model), build(plain, model)
    measured = at_rest(network)
    solve = dendritic_circuit if model == "biological" else point_circuit
    for cell in L23:
        extra = conductances(cell, levels)
        rest, resistance = solve(before.population(cell), extra)
        plain_rest, plain_resistance = solve(before.population(cell), [])
        assert extra
        # 600 ms are over 20 membrane time constants; rest in mV, to a ten-thousandth of the shift
        assert abs(measured[cell][0] - rest) < 1e-4 * abs(rest - plain_rest)
        # 1 pA moves V by 0.1 mV, known to 1e-14 V
        assert measured[cell][1] / resistance == pytest.approx(1, rel=1e-6)
        assert rest > plain_rest  # all of these excite
        closed = sum(size for size, _ in extra)
        assert (resistance > plain_resistance) == (closed < 0)


def test_an_izhikevich_cell_has_the_same_fraction_of_its_input_conductance() -> None:
    """In the limit of a weak effect, where the quadratic is linear."""
    for cell in ("ctx_l23_pyr", "ca1_pyr"):
        network = build(
            alone(cell, n=2).with_modulation("ACh", level="20 nM"), "izhikevich_current"
        )
        reference, _ = at_rest(build(alone(cell, n=2), "izhikevich_current"), 4 * second)[cell]
        rest, _ = at_rest(network, 4 * second)[cell]
        [(fraction, reversal)] = conductances(cell, {"ACh": 20e-6 * mmolar})
        expected = fraction * (reversal - reference) / (1 + fraction)
        # the quadratic softens the cell by k dV per volt: 0.1 mV of 17 mV (RS), 4 mV with b (CA1)
        assert (rest - reference) / expected == pytest.approx(1, rel=0.05)


def excited(model: str, receptor: str) -> dict[str, tuple[Any, str]]:
    """Shift of the rest by a saturating agonist, and the direction that the catalogue states."""
    effects = {
        cell: effect.direction
        for effect in catalogue.receptor(receptor).effects
        if effect.kind == "conductance" and not effect.conflict
        for cell in effect.cells
        if cell in catalogue.names("cell type")
    }
    plain = alone(*effects, n=2)
    after = at_rest(build(plain.with_drug("agonist", receptor), model), 50 * ms)
    before = at_rest(build(plain, model), 50 * ms)
    return {cell: (after[cell][0] - before[cell][0], way) for cell, way in effects.items()}


@pytest.mark.parametrize("model", BRANCHES)
@pytest.mark.parametrize(
    "receptor", ["M1", "nACh_a7", "nACh_a4b2", "alpha1", "D1", "5HT1A", "5HT2A", "5HT3A"]
)
def test_every_conductance_moves_the_rest_in_the_direction_of_its_source(
    model: str, receptor: str
) -> None:
    for shift, direction in excited(model, receptor).values():
        assert {"excite": shift > 0 * mV, "inhibit": shift < 0 * mV}[direction]


# ---------------------------------------------------------------- adaptation


def spikes_to_a_step(network: Network, current: Any) -> int:
    [population] = network.populations
    duration = 250 * ms if network.meta["branch"] == "biological" else 400 * ms
    return len(run(network, duration, currents={population.name: current}).spikes)


@pytest.mark.parametrize(
    ("model", "cell", "current"),
    [
        ("izhikevich_current", "ctx_l23_pyr", 200 * pA),
        ("glif_current", "ctx_l23_pyr", 250 * pA),
        ("izhikevich_current", "ca1_pyr", 100 * pA),
        ("biological", "ca1_pyr", 400 * pA),
    ],
)
def test_less_adaptation_gives_more_spikes_to_a_step(model: str, cell: str, current: Any) -> None:
    """The conductance that M1 closes too is put aside, so that only adaptation differs."""
    network = build(alone(cell).with_modulation("ACh", level=1), model)
    without = changed(network, cell, size_M1_0=0.0)
    plain = spikes_to_a_step(build(alone(cell), model), current)
    assert spikes_to_a_step(without, current) > plain > 3
    both = changed(without, cell, scale_M1_1=1.0)
    assert spikes_to_a_step(both, current) == plain


def test_the_factor_multiplies_the_slowest_after_spike_current() -> None:
    network = build(alone("ctx_l23_pyr").with_modulation("ACh", level=1), "glif_current")
    factor = 1 + (0.2 - 1) * float(hill("M1", 30 * umolar))
    modulated = changed(network, "ctx_l23_pyr", size_M1_0=0.0)
    plain = build(alone("ctx_l23_pyr"), "glif_current")
    amplitude = plain.populations[0].parameters["asc_amp2"]
    same = changed(plain, "ctx_l23_pyr", asc_amp2=amplitude * factor)
    drive = {"ctx_l23_pyr": 250 * pA}
    one, other = run(modulated, 300 * ms, currents=drive), run(same, 300 * ms, currents=drive)
    assert len(one.spikes) > 3
    np.testing.assert_array_equal(one.spikes.t, other.spikes.t)


def test_ca1_adaptation_is_a_scaled_conductance() -> None:
    """The adaptation current is scaled as a whole: it opens below threshold too."""
    circuit = alone("ca1_pyr", n=2).with_modulation("ACh", level=1)
    network = changed(build(circuit, "biological"), "ca1_pyr", size_M1_0=0.0)
    names, drive = ("V_soma", "w_soma", "gA"), {"ca1_pyr": np.array([30, 31]) * pA}
    after = run(network, 200 * ms, names, drive).traces["ca1_pyr"].values
    plain = build(alone("ca1_pyr", n=2), "biological")
    before = run(plain, 200 * ms, names, drive).traces["ca1_pyr"].values
    given = plain.population("ca1_pyr").parameters
    factor = 1 - float(hill("M1", 30 * umolar))
    smaller = {name: factor * given[name] for name in ("gAmax", "delta_gA")}
    same = run(changed(plain, "ca1_pyr", **smaller), 200 * ms, names, drive)
    for name, values in same.traces["ca1_pyr"].values.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-10)
    assert 0 < after["w_soma"][0, -1] < before["w_soma"][0, -1]
    resistance = np.diff(after["V_soma"][:, -1]), np.diff(before["V_soma"][:, -1])
    assert resistance[0] > resistance[1]  # as Cole and Nicoll (1984) found


def test_quantities_of_the_catalogue_are_those_of_the_closed_forms() -> None:
    """The numbers that the tolerances above were argued from."""
    assert ACH.numbers.value("clearance_tau") == 1 * second
    assert NA.numbers.value("reference_concentration") == 10 * umolar
    assert isinstance(ACH.numbers.value("reference_concentration"), Quantity)
    assert catalogue.receptor("nACh_a4b2").kinetics.value("tau_on") == 33.2 * ms
