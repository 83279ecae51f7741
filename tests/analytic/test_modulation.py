"""Modulators against closed forms: concentration, occupancy, and what they do to a linear cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Mohm, mmolar, ms, mV, nS, pA, second, umolar
from brian2.units.fundamentalunits import Quantity

import dualframe as df
from dualframe import catalogue
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.network import Network, Population
from dualframe.results import Results
from dualframe.strengths import Calibration

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
    return df.task_driven.build(circuit, model=model.split("_")[0], calibration=calibration)


def changed(network: Network, cell: str, **parameters: Any) -> Network:
    """The network with other parameters of one population."""
    return replace(
        network,
        populations=tuple(
            replace(p, parameters={**p.parameters, **parameters}) if p.name == cell else p
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
        replace(network, inputs=tuple(steps)), duration, target="runtime", seed=1,
        record=record, progress=False,
    )  # fmt: skip


def hill(receptor: str, concentration: Any) -> Any:
    """Closed form of the occupancy."""
    affinity = catalogue.receptor(receptor).affinity
    ratio = np.asarray(concentration / affinity.value("EC50"))
    power = ratio ** float(affinity.value("hill"))
    return power / (1 + power)


# ---------------------------------------------------------------- occupancy


@pytest.mark.parametrize("model", BRANCHES)
def test_occupancy_is_the_hill_curve(model: str) -> None:
    levels = np.array([0, 0.01, 1, 5, 30, 1000]) * umolar
    network = build(alone("ctx_vip", n=6).with_modulation("ACh", level=1), model)
    found = run(changed(network, "ctx_vip", c_ACh=levels), 1 * ms, ("o_M1", "o_nACh_a4b2"))
    for receptor in ("M1", "nACh_a4b2"):
        measured = found.traces["ctx_vip"].values[f"o_{receptor}"]
        # 1 - 1/(1 + x) loses x/eps of its digits: at 0.01 uM x is 2e-4
        np.testing.assert_allclose(measured[:, -1], hill(receptor, levels), rtol=1e-11)


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


@pytest.mark.parametrize("model", BRANCHES)
def test_a_drug_takes_its_fraction(model: str) -> None:
    circuit = alone("ctx_pv").with_modulation("ACh", level=0.5)
    both = circuit.with_drug("agonist", "M1", dose=0.4).with_drug("antagonist", "M1", dose=0.25)
    found = run(build(both, model), 1 * ms, ("o_M1",)).traces["ctx_pv"].values["o_M1"]
    by_modulator = hill("M1", 15 * umolar)
    assert found == pytest.approx((1 - 0.25) * (0.4 + (1 - 0.4) * by_modulator), rel=1e-12)


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
    circuit = alone("ctx_pv", n=3).with_(
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
    released = alone("ctx_vip").with_modulation(
        "ACh", 0.3, released_by="ctx_vip", per_spike="1 uM"
    )  # fmt: skip
    for circuit in (tonic, scheduled, released):
        found = run(build(circuit, model), 20 * ms, ("o_M1", "o_nACh_a4b2")).traces["ctx_vip"]
        for receptor in ("M1", "nACh_a4b2"):
            np.testing.assert_allclose(
                found.values[f"o_{receptor}"], hill(receptor, 9 * umolar), rtol=1e-12
            )


# ---------------------------------------------------------------- rest and input resistance


def conductances(cell: str, levels: Mapping[str, Any]) -> list[tuple[float, Any]]:
    """Open fraction of the leak and reversal of every modulatory conductance of a cell."""
    return [
        (
            float(effect.numbers.value("size")) * float(hill(name, concentration)),
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
    names, drive = ("V_soma", "w_soma", "I_less_adaptation"), {"ca1_pyr": np.array([30, 31]) * pA}
    after = run(network, 200 * ms, names, drive).traces["ca1_pyr"].values
    before = run(build(alone("ca1_pyr", n=2), "biological"), 200 * ms, (), drive)
    np.testing.assert_allclose(
        after["I_less_adaptation"], hill("M1", 30 * umolar) * after["w_soma"], rtol=1e-12
    )
    assert after["w_soma"][0, -1] > 0
    plain = before.traces["ca1_pyr"].values["V_soma"]
    resistance = np.diff(after["V_soma"][:, -1]), np.diff(plain[:, -1])
    assert resistance[0] > resistance[1]  # as Cole and Nicoll (1984) found


def test_quantities_of_the_catalogue_are_those_of_the_closed_forms() -> None:
    """The numbers that the tolerances above were argued from."""
    assert ACH.numbers.value("clearance_tau") == 1 * second
    assert NA.numbers.value("reference_concentration") == 10 * umolar
    assert isinstance(ACH.numbers.value("reference_concentration"), Quantity)
    assert catalogue.receptor("nACh_a4b2").kinetics.value("tau_on") == 33.2 * ms
