r"""Passive cells with dendrites against the linear system that they are.

Below threshold a cell is :math:`C \dot V = -G V + I` with the conductance matrix :math:`G`
(leaks and couplings) and the diagonal matrix of capacitances :math:`C`; voltages count from rest.
Its steady state is :math:`G^{-1} I`, its time constants are those of :math:`C^{-1} G`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, ms, mV, nS, pA, pF, siemens
from dendrify import Dendrite, NeuronModel, PointNeuronModel, Soma
from numpy.typing import NDArray
from scipy.linalg import expm

import dualframe as df
from dualframe import catalogue
from dualframe.building.dendritic_neurons import compartments_of, dendritic_cell

Array = NDArray[np.float64]
REST = -70.0  # mV
INTERNEURONS = (
    "ctx_pv",
    "ctx_sst",
    "ctx_vip",
    "ca1_pv_basket",
    "ca1_olm",
    "ca1_cck_basket",
)
MATCHED = [
    name
    for name in catalogue.names("cell type")
    if compartments_of(catalogue.cell(name)).rule == "matched_passive"
]
NEVER = {"threshold": "V_soma > 100*mV", "reset": "V_soma = -70*mV"}


def linear_system(parameters: Mapping[str, Any], names: list[str]) -> tuple[Array, Array]:
    """Return G (nS) and the capacitances (pF) of a Dendrify model."""
    g = np.diag([float(parameters[f"gL_{name}"] / nS) for name in names])
    for a, first in enumerate(names):
        for b, second in enumerate(names):
            coupling = parameters.get(f"g_{first}_{second}")
            if coupling is not None:
                g[b, b] += float(coupling / nS)
                g[b, a] -= float(coupling / nS)
    return g, np.array([float(parameters[f"C_{name}"] / pF) for name in names])


def time_constants(g: Array, c: Array) -> Array:
    """Time constants in ms, the slowest first (pF/nS is ms)."""
    return np.sort(1 / np.linalg.eigvals(g / c[:, None]).real)[::-1]


def powers(matrix: Array, start: Array, count: int) -> Array:
    """Return M^n x for n = 0, 1, ..., as rows."""
    states = [start]
    for _ in range(count - 1):
        states.append(matrix @ states[-1])
    return np.array(states)


def simulate(
    populations: list[Any],
    inputs: list[Any],
    duration: float,
    dt: float,
    record: list[str],
    projections: tuple[Any, ...] = (),
) -> dict[str, dict[str, Array]]:
    """Voltages in mV by population and variable, shape (neurons, steps)."""
    net = df.Network(tuple(populations), tuple(inputs), projections)
    wanted = {p.name: [name for name in record if name in p.variables] for p in populations}
    results = df.run(
        net, duration * ms, dt=dt * ms, target="runtime", record=wanted, progress=False
    )
    return {
        name: {variable: np.asarray(value) * 1e3 for variable, value in trace.values.items()}
        for name, trace in results.traces.items()
    }


# ------------------------------------------------------------------ two compartments

G_SOMA, G_DEND, G_COUPLE, C_SOMA, C_DEND = 10.0, 4.0, 15.0, 200.0, 50.0  # nS, pF


def two_compartments(**spiking: Any) -> Any:
    soma = Soma("soma", cm_abs=C_SOMA * pF, gl_abs=G_SOMA * nS)
    dend = Dendrite("dend", cm_abs=C_DEND * pF, gl_abs=G_DEND * nS)
    dend.synapse("AMPA", tag="x", g=1 * nS, t_decay=5 * ms)
    model = NeuronModel([(soma, dend, G_COUPLE * nS)], v_rest=REST * mV)
    return df.biological.from_dendrify(model, 2, name="cells", **NEVER | spiking)


MATRIX = np.array([[G_SOMA + G_COUPLE, -G_COUPLE], [-G_COUPLE, G_DEND + G_COUPLE]])
CAPACITANCE = np.array([C_SOMA, C_DEND])


def test_input_resistance_and_attenuation() -> None:
    """Neuron 0 gets 10 pA at the soma, neuron 1 at the dendrite."""
    inputs = [
        df.CurrentInput("cells", [10, 0] * pA, variable="I_ext_soma"),
        df.CurrentInput("cells", [0, 10] * pA, variable="I_ext_dend"),
    ]
    found = simulate([two_compartments()], inputs, 400, 0.1, ["V_soma", "V_dend"])["cells"]
    soma, dend = (found[name][:, -1] - REST for name in ("V_soma", "V_dend"))
    determinant = G_SOMA * G_DEND + G_COUPLE * (G_SOMA + G_DEND)
    # 400 ms are 22 of the slowest time constant: 3e-10 of the change is missing
    exact = {"rtol": 1e-8}
    np.testing.assert_allclose(soma[0], 10 * (G_DEND + G_COUPLE) / determinant, **exact)
    np.testing.assert_allclose(dend[1], 10 * (G_SOMA + G_COUPLE) / determinant, **exact)
    np.testing.assert_allclose(dend[0] / soma[0], G_COUPLE / (G_COUPLE + G_DEND), **exact)
    np.testing.assert_allclose(soma[1] / dend[1], G_COUPLE / (G_COUPLE + G_SOMA), **exact)
    # reciprocity: the transfer resistance is the same in both directions
    np.testing.assert_allclose(soma[1], dend[0], **exact)


def test_voltage_follows_two_exponentials() -> None:
    inputs = [df.CurrentInput("cells", [10, 0] * pA, variable="I_ext_soma")]
    dt = 0.05
    found = simulate([two_compartments()], inputs, 60, dt, ["V_soma", "V_dend"])["cells"]
    voltage = np.vstack([found["V_soma"][0], found["V_dend"][0]]) - REST
    rates = MATRIX / CAPACITANCE[:, None]
    steady = np.linalg.solve(MATRIX, [10, 0])
    steps = np.arange(voltage.shape[1])
    # what Euler makes of the system: rounding only
    euler = (steady - powers(np.eye(2) - dt * rates, steady, len(steps))).T
    np.testing.assert_allclose(voltage, euler, rtol=0, atol=1e-10)
    # the solution: each mode of size a is off by less than a*x*(1 + x)/(2e), x = dt/tau
    exact = (steady - powers(expm(-dt * rates), steady, len(steps))).T
    x = dt / time_constants(MATRIX, CAPACITANCE)
    _, vectors = np.linalg.eig(rates)
    size = np.abs(vectors * np.linalg.solve(vectors, steady)).sum(axis=0).max()
    assert np.abs(voltage - exact).max() < 2 * size * (x * (1 + x)).max() / (2 * np.e)
    # and the tail has the slowest of the two time constants
    tail = np.log(steady[0] - voltage[0, -400:])
    slope = np.polyfit(steps[-400:] * dt, tail, 1)[0]
    slowest = time_constants(MATRIX, CAPACITANCE)[0]
    # Euler's time constant is dt/2 shorter to first order
    assert -1 / slope == pytest.approx(slowest - dt / 2, rel=1e-4)


def test_epsp_at_the_soma_is_that_of_a_current_into_the_dendrite() -> None:
    """A weak synapse is a current g(0 - V_rest)exp(-t/tau): a linear system of three variables."""
    weight, tau, dt = 0.05, 5.0, 0.01  # of 1 nS, ms, ms
    spikes = df.SpikeInput("in", 1, [0], [1] * ms)
    contact = df.Projection("in", "cells", f"s_AMPA_x_dend += {weight}", pairs="all_to_all")
    found = simulate([two_compartments()], [spikes], 40, dt, ["V_soma", "V_dend"], (contact,))[
        "cells"
    ]
    rates = np.zeros((3, 3))
    rates[:2, :2] = -MATRIX / CAPACITANCE[:, None]
    rates[1, 2] = 1 / C_DEND
    rates[2, 2] = -1 / tau
    start = np.array([0, 0, weight * -REST])  # pA
    onset = round(1 / dt) + 1  # the synapse acts from the step after its spike
    count = found["V_soma"].shape[1] - onset
    expected = powers(expm(rates * dt), start, count)
    for row, name in enumerate(("V_soma", "V_dend")):
        epsp = found[name][0, onset:] - REST
        peak, when = expected[:, row].max(), expected[:, row].argmax()
        # the driving force falls by the EPSP at the dendrite (0.15 of 70 mV), and Euler lags by
        # dt/2 of the fastest time constant (2.3 ms): 0.2 % each
        assert epsp.max() == pytest.approx(peak, rel=5e-3)
        assert abs(int(epsp.argmax()) - int(when)) <= 5
        np.testing.assert_allclose(epsp, expected[:, row], atol=1e-2 * peak)
    assert 0.01 < (found["V_dend"][0] - REST).max() < 0.3  # mV: weak, and not nothing


# ------------------------------------------------------------------ the stand-in rule


@pytest.mark.parametrize("name", MATCHED)
def test_matched_cells_have_the_input_resistance_and_time_constant_of_the_catalogue(
    name: str,
) -> None:
    cell = catalogue.cell(name)
    assert cell.passive is not None
    g, c = linear_system(dendritic_cell(cell).model.parameters, ["soma", "dend"])
    r_in, tau = (cell.passive.numbers.value(key) for key in ("r_in", "tau_m"))
    share, attenuation = (
        float(compartments_of(cell).split.value(key)) for key in ("dendritic_share", "attenuation")
    )
    resistance = np.linalg.inv(g)
    # closed form, so the last digits only
    assert resistance[0, 0] == pytest.approx(float(r_in * siemens) * 1e-9, rel=1e-12)
    assert time_constants(g, c)[0] == pytest.approx(float(tau / ms), rel=1e-12)
    assert resistance[1, 0] / resistance[0, 0] == pytest.approx(attenuation, rel=1e-12)
    assert c[1] / c.sum() == pytest.approx(share, rel=1e-12)


def test_matched_cells_show_it_in_a_simulation() -> None:
    """A step of -5 pA into six cells; the tail of the charging is mono-exponential."""
    cells, inputs = [], []
    for name in INTERNEURONS:
        model = dendritic_cell(catalogue.cell(name)).model
        rest = float(model.parameters["EL_soma"] / mV)
        spiking = {"threshold": "V_soma > 100*mV", "reset": f"V_soma = {rest}*mV"}
        cells.append(df.biological.from_dendrify(model, 1, name=name, **spiking))
        inputs.append(df.CurrentInput(name, -5 * pA, variable="I_ext_soma", name=f"of_{name}"))
    dt = 0.1
    found = simulate(cells, inputs, 250, dt, ["V_soma"])
    for name in INTERNEURONS:
        passive = catalogue.cell(name).passive.numbers
        r_in = float(passive.value("r_in") * siemens) * 1e-9  # GOhm: mV/pA
        tau, rest = float(passive.value("tau_m") / ms), float(passive.value("v_rest") / mV)
        change = found[name]["V_soma"][0] - rest
        steps = np.arange(change.size)
        # after five of the fast time constant the soma charges with tau_m alone, as Euler sees it
        decay = (1 - dt / tau) ** steps
        assert change[-1] == pytest.approx(-5 * r_in * (1 - decay[-1]), rel=1e-3)
        left = -5 * r_in - change
        ratio = left[1000] / left[600]
        assert ratio == pytest.approx((1 - dt / tau) ** 400, rel=1e-3)


# ------------------------------------------------------------------ published layouts


def from_geometry(name: str) -> tuple[Array, list[str]]:
    """Conductance matrix (nS) of a published layout, from lengths and diameters."""
    given = compartments_of(catalogue.cell(name))
    cable = given.globals
    names = ["soma", *(dendrite.name for dendrite in given.dendrites)]
    numbers = [given.soma, *(dendrite.numbers for dendrite in given.dendrites)]
    length = np.array([float(n.value("length")) for n in numbers])
    radius = np.array([float(n.value("diameter")) for n in numbers]) / 2
    area = 2 * np.pi * radius * length * float(cable.value("scale_factor"))
    area[1:] *= float(cable.value("spine_factor"))
    g = np.diag(area * float(cable.value("gl")))
    axial = float(cable.value("r_axial")) * length / (np.pi * radius**2)
    for edge in given.edges:
        a, b = names.index(edge.first), names.index(edge.second)
        half_cylinders = 2 / (axial[a] + axial[b])
        coupling = half_cylinders if edge.coupling is None else float(edge.coupling.value)
        g[[a, b], [a, b]] += coupling
        g[[a, b], [b, a]] -= coupling
    return g * 1e9, names


@pytest.mark.parametrize("name", ["ca1_pyr", "ctx_l23_pyr"])
def test_published_layouts_are_the_linear_system_of_their_geometry(name: str) -> None:
    cell = catalogue.cell(name)
    expected, names = from_geometry(name)
    model = dendritic_cell(cell).model
    built, _ = linear_system(model.parameters, names)
    np.testing.assert_allclose(built, expected, rtol=1e-12, atol=1e-12)
    rest = float(model.parameters["EL_soma"] / mV)
    quiet = {"gAmax": 0 * nS} if "gAmax" in model.parameters else {}  # the linear cell
    cells = df.biological.from_dendrify(
        model, 1, threshold="V_soma > 100*mV", reset=f"V_soma = {rest}*mV", parameters=quiet
    )
    current = df.CurrentInput("cells", -2 * pA, variable="I_ext_soma")
    record = [f"V_{compartment}" for compartment in names]
    # a steady state does not depend on the time step; the fastest time constant is above 1 ms
    found = simulate([cells], [current], 400, 0.4, record)["cells"]
    end = np.array([found[variable][0, -1] for variable in record]) - rest
    # 400 ms are at least 16 time constants of 25 ms: 1e-7 of the change is missing
    np.testing.assert_allclose(
        end, np.linalg.solve(expected, np.eye(len(names))[0]) * -2, rtol=1e-6
    )
    assert 0 < end[-1] / end[0] < 1


# ------------------------------------------------------------------ rate of the leaky neuron


def test_rate_of_a_leaky_dendrify_neuron_follows_the_formula() -> None:
    """T = tau ln((R I - V_reset)/(R I - th)), cut at the refractory period; voltages from rest."""
    g, c, threshold, reset, refractory, dt = 10.0, 150.0, 20.0, 5.0, 2.0, 0.1
    tau = c / g
    model = PointNeuronModel("leakyIF", cm_abs=c * pF, gl_abs=g * nS, v_rest=REST * mV)
    currents = np.array([0.9, 0.999, 1.02, 1.2, 2, 4, 8, 40]) * threshold * g
    cells = df.biological.from_dendrify(
        model,
        len(currents),
        threshold=f"V > {REST + threshold}*mV",
        reset=f"V = {REST + reset}*mV",
        refractory=refractory * ms,
    )
    drive = df.CurrentInput("cells", currents * pA)
    result = df.run(
        df.Network((cells,), (drive,)), 600 * ms, target="runtime", progress=False, dt=dt * ms
    )
    neurons, times = result.spike_trains("cells")
    steps = np.rint(times / 1e-3 / dt).astype(int)
    for neuron, steady in enumerate(currents / g):
        gaps = np.diff(steps[neurons == neuron])
        if steady < threshold:
            assert (neurons == neuron).sum() == 0
            continue
        assert np.ptp(gaps) == 0
        # the first update m with V_m > threshold, but not within the refractory period, in which
        # Dendrify's neurons integrate without being able to spike
        exact = np.log((steady - threshold) / (steady - reset)) / np.log1p(-dt / tau)
        assert gaps[0] == max(np.floor(exact) + 1, round(refractory / dt))
        interval = tau * np.log((steady - reset) / (steady - threshold))
        if interval > refractory:
            # the grid adds less than a step, Euler takes dt/2 of tau: dt (1 + T/(2 tau)) at most
            assert abs(gaps[0] * dt - interval) <= dt * (1 + interval / (2 * tau))


def test_units_of_this_file() -> None:
    """nS, pF and pA make ms and mV."""
    assert Quantity(1 * pF / nS) == 1 * ms
    assert Quantity(1 * pA / nS) == 1 * mV
