"""The CA1 pyramidal cell against its published figures and against stock Dendrify.

The protocols are those of circuits/figures/plot_ca1_pyr_validation.py: Dendrify's own, from the
notebook of Figure 4 of Pagkalos et al. 2023. The publication prints no table; `PUBLISHED` holds
what the markers of its stored figures show, each to one pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    NumpyCodeObject,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    nS,
    ohm,
    pA,
    prefs,
    second,
    uF,
    um,
    uS,
)
from brian2.units import cm as centimetre
from brian2.units import msiemens
from dendrify import Dendrite, NeuronModel, Soma
from repository_scripts import load_script

SCRIPT = Path(__file__).parents[2] / "circuits" / "figures" / "plot_ca1_pyr_validation.py"
DENDRITES = {
    "prox": (100, 2),
    "ob1": (100, 1),
    "ob2": (100, 1),
    "med": (150, 1.25),
    "dist1": (150, 0.8),
    "dist2": (150, 0.8),
    "bas1": (150, 0.8),
    "bas2": (150, 0.8),
}
PIXEL = {
    "attenuation": 0.0019,
    "psp": 0.0031,
    "depsp": 0.27,
    "unitary": 0.16 / 24,
    "dvdt": 0.014,
    "hyperpolarised": 0.44,
    "backpropagated": 0.53,
}
TALLER = (
    "the published dendritic spikes are Dendrify 1's, whose conductances decay exponentially; "
    "Dendrify 2's are switched off after the same times and are taller"
)


script = load_script(SCRIPT)
PUBLISHED = script.PUBLISHED


@pytest.fixture(scope="module")
def ours() -> Any:
    return script.protocol(1 * second, "cpp_standalone")


@pytest.fixture(scope="module")
def found(ours: Any) -> Any:
    return script.measures(ours)


# ------------------------------------------------------------------ the published figures


@pytest.mark.cpp
def test_f_i_curve(found: Any) -> None:
    """Panel c: spikes in one second, whole numbers."""
    assert found["spikes"] == list(PUBLISHED["spikes"])


@pytest.mark.cpp
def test_hyperpolarising_step(found: Any) -> None:
    """Panel b: the minimum at -350 pA, and the end, which adaptation lifts."""
    close = {"atol": PIXEL["hyperpolarised"], "rtol": 0}
    np.testing.assert_allclose(found["hyperpolarised"], PUBLISHED["hyperpolarised"], **close)


@pytest.mark.cpp
@pytest.mark.parametrize("name", ["attenuation", "psp"])
def test_attenuation_in_both_directions(found: Any, name: str) -> None:
    """Panels d and e: of a long current from the soma, and of a synaptic potential to it."""
    np.testing.assert_allclose(found[name], PUBLISHED[name], atol=PIXEL[name], rtol=0)


@pytest.mark.cpp
def test_dendritic_input_output_below_the_threshold(found: Any) -> None:
    """Panel g: 10 to 13 synapses, and that the fourteenth is the one that makes a spike."""
    assert found["depsp"][0] == pytest.approx(PUBLISHED["unitary"], abs=PIXEL["unitary"])
    published = np.array(PUBLISHED["depsp"])
    np.testing.assert_allclose(found["depsp"][9:13], published[:4], atol=PIXEL["depsp"], rtol=0)
    assert np.argmax(np.diff(found["depsp"])) == 9 + np.argmax(np.diff(published)) == 12
    # sublinear up to there, as published: the driving force falls
    assert found["depsp"][12] < 13 * found["depsp"][0]


@pytest.mark.cpp
def test_somatic_rate_of_rise_below_the_threshold(found: Any) -> None:
    """Panel h, 12 and 13 synapses."""
    close = {"atol": PIXEL["dvdt"], "rtol": 0}
    np.testing.assert_allclose(found["dvdt"][11:13], PUBLISHED["dvdt"][:2], **close)


@pytest.mark.cpp
@pytest.mark.xfail(strict=True, reason=TALLER)
def test_height_of_dendritic_spikes(found: Any) -> None:
    """Panel g: 77 mV here, 64 mV published."""
    published = PUBLISHED["depsp"][4:]
    np.testing.assert_allclose(found["depsp"][13:], published, atol=PIXEL["depsp"], rtol=0)


@pytest.mark.cpp
@pytest.mark.xfail(strict=True, reason=TALLER)
def test_somatic_rate_of_rise_of_dendritic_spikes(found: Any) -> None:
    """Panel h: 3.5 V/s here, 3.1 V/s published."""
    close = {"atol": PIXEL["dvdt"], "rtol": 0}
    np.testing.assert_allclose(found["dvdt"][13:16], PUBLISHED["dvdt"][2:], **close)


@pytest.mark.cpp
@pytest.mark.xfail(strict=True, reason=TALLER)
@pytest.mark.parametrize("name", ["prox", "med"])
def test_back_propagating_spikes(found: Any, name: str) -> None:
    """Panel f: 11 and 17 mV here, -0.4 and 3.2 mV published."""
    assert found["backpropagated"][name] == pytest.approx(
        PUBLISHED["backpropagated"][name], abs=PIXEL["backpropagated"]
    )


# ------------------------------------------------------------------ the notebook's model


def notebook(active: bool) -> NeuronModel:
    """The model of the notebook, number by number; ``active`` has Dendrify 2's dSpikes."""
    soma = Soma("soma", model="cadIF", length=30 * um, diameter=20 * um)
    parts = {
        name: Dendrite(name, length=length * um, diameter=diameter * um)
        for name, (length, diameter) in DENDRITES.items()
    }
    for name, pathway, ampa, nmda in (
        ("ob1", "ca3", 0.6, 0.4),
        ("med", "ca3", 0.81, 0.4),
        ("dist1", "ec", 0.81, 0.81),
        ("prox", "validation", 0.6, 0.4),
    ):
        parts[name].synapse("AMPA", tag=pathway, g=ampa * nS, t_decay=2.5 * ms)
        parts[name].synapse("NMDA", tag=pathway, g=nmda * nS, t_decay=50 * ms)
    for part in parts.values() if active else ():
        part.dspikes("Na", g_rise=10 * _density() * part.area, g_fall=4 * _density() * part.area)
    prox, med = parts["prox"], parts["med"]
    edges = [
        (soma, parts["bas1"], 3.8 * nS),
        (soma, parts["bas2"], 3.8 * nS),
        (soma, prox, 22 * nS),
    ]
    edges += [(prox, parts["ob1"]), (prox, parts["ob2"]), (prox, med)]
    edges += [(med, parts["dist1"]), (med, parts["dist2"])]
    model = NeuronModel(
        edges,
        cm=1 * uF / centimetre**2,
        gl=40 * uS / centimetre**2,
        v_rest=-65 * mV,
        r_axial=120 * ohm * centimetre,
        scale_factor=2.9,
        spine_factor=1.5,
    )
    model.add_params(
        {
            "EA": -65 * mV,
            "tauA": 45 * ms,
            "gAmax": 0.15 * nS,
            "delta_gA": 21 * nS,
            "Alpha_NMDA": 0.087,
            "Beta_NMDA": 3.57,
            "Gamma_NMDA": 10,
            "Mg_con": 1,
            "E_NMDA": 0.35 * mV,
        }
    )
    if active:
        model.config_dspikes(
            "Na",
            threshold=-42.5 * mV,
            duration_rise=0.5 * ms,
            duration_fall=1.2 * ms,
            offset_fall=0.6 * ms,
            refractory=4.2 * ms,
            reversal_rise=50 * mV,
            reversal_fall=-90 * mV,
        )
    return model


def _density() -> Any:
    return msiemens / centimetre**2


SPIKE = {
    "threshold": "V_soma > -47.5*mV",
    "reset": "V_soma = 37.5*mV; gA += delta_gA",
    "refractory": 4 * ms,
    "method": "euler",
}


def dendrify_2(n: int) -> tuple[NeuronGroup, list[Any]]:
    group, extra = notebook(True).make_neurongroup(
        n, second_reset="V_soma = -53*mV", spike_width=0.8 * ms, **SPIKE
    )
    return group, [extra]


def dendrify_1(n: int) -> tuple[NeuronGroup, list[Any]]:
    """The notebook's dSpikes as Dendrify 1 wrote them: conductances that decay exponentially."""
    model = notebook(False)
    equations, namespace, events = model.equations, dict(model.parameters), {}
    for name, (length, diameter) in DENDRITES.items():
        equations = equations.replace(
            f"I_{name} = I_ext_{name}", f"I_{name} = I_ext_{name} + I_Na_{name} + I_K_{name}"
        )
        equations += (
            f"\nI_Na_{name} = g_Na_{name}*(50*mV - V_{name}) : amp"
            f"\nI_K_{name} = g_K_{name}*(-90*mV - V_{name}) : amp"
            f"\ndg_Na_{name}/dt = -g_Na_{name}/(0.5*ms) : siemens"
            f"\ndg_K_{name}/dt = -g_K_{name}/(1.2*ms) : siemens"
            f"\nmay_Na_{name} : boolean\nmay_K_{name} : boolean\ntimer_{name} : second\n"
        )
        area = np.pi * length * diameter * um**2
        namespace |= {f"Na_{name}": 10 * _density() * area, f"K_{name}": 4 * _density() * area}
        ready = f"may_Na_{name} and t > timer_{name} + 4.2*ms"
        events[f"up_{name}"] = f"V_{name} > -42.5*mV and {ready}"
        events[f"down_{name}"] = f"t > timer_{name} + 0.6*ms and may_K_{name}"
    group = NeuronGroup(n, equations, events=events, namespace=namespace, **SPIKE)
    for name in ("soma", *DENDRITES):
        setattr(group, f"V_{name}", -65 * mV)
    for name in DENDRITES:
        setattr(group, f"may_Na_{name}", True)
        setattr(group, f"timer_{name}", -1 * second)
        group.run_on_event(
            f"up_{name}",
            f"g_Na_{name} += Na_{name}; may_Na_{name} = False; may_K_{name} = True; "
            f"timer_{name} = t",
        )
        group.run_on_event(
            f"down_{name}", f"g_K_{name} += K_{name}; may_K_{name} = False; may_Na_{name} = True"
        )
    again = Synapses(group, group, on_pre="V_soma = -53*mV", delay=0.8 * ms)
    again.connect(j="i")
    return group, [again]


def simulate(make: Any, end: float) -> Any:
    """The script's protocol on the Brian2 runtime, up to ``end`` ms: a `Protocol`."""
    old = prefs.codegen.target
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    try:
        return _simulate(make, end)
    finally:
        prefs.codegen.target = old


def _simulate(make: Any, end: float) -> Any:
    count = len(script.SYNAPSES)
    first = len(script.CURRENTS) + len(script.PLACES)
    group, extra = make(first + count)
    one = SpikeGeneratorGroup(1, [0], [10] * ms)
    train = SpikeGeneratorGroup(count, range(count), (5 + 0.1 * np.arange(count)) * ms)
    contacts = []
    for i, (name, (pathway, _)) in enumerate(script.PLACES.items()):
        onto = f"s_AMPA_{pathway}_{name} += 1; s_NMDA_{pathway}_{name} += 1"
        contacts.append(Synapses(one, group, on_pre=onto))
        contacts[-1].connect(i=[0], j=[len(script.CURRENTS) + i])
    contacts.append(Synapses(train, group, on_pre="s_AMPA_ca3_ob1 += 1; s_NMDA_ca3_ob1 += 1"))
    contacts[-1].connect(f"j >= i + {first}")
    record = [f"V_{name}" for name in script.RECORDED]
    trace = StateMonitor(group, record, record=True, codeobj_class=NumpyCodeObject)
    spikes = SpikeMonitor(group)
    network = Network(group, extra, one, train, contacts, trace, spikes)
    network.run(script.ONSET * ms)
    group.I_ext_soma[: len(script.CURRENTS)] = script.CURRENTS * pA
    network.run((end - script.ONSET) * ms)
    volts = {name: np.asarray(getattr(trace, f"V_{name}")) * 1e3 for name in script.RECORDED}
    trains = {i: np.asarray(t / ms) for i, t in spikes.spike_trains().items()}
    return script.Protocol(np.asarray(trace.t / ms), volts, trains, end - script.ONSET)


END = 250.0  # ms: all synaptic copies are done, and 200 ms of the currents


@pytest.fixture(scope="module")
def stock() -> Any:
    return simulate(dendrify_2, END)


@pytest.mark.cpp
def test_stock_dendrify_does_the_same(stock: Any) -> None:
    """Dendrify 2 with the notebook's numbers: the same spikes, the same voltages but for rounding.

    So the cell of the catalogue is the notebook's, and what differs from the published figures is
    Dendrify's, but for the falling phase, which the catalogue's cell does not keep for a time step
    more than stated.
    """
    ours = script.protocol((END - script.ONSET) * ms, "cpp_standalone", stock_durations=True)
    until = round(END / 0.1)
    for copy in range(len(script.CURRENTS)):
        own = ours.spikes[copy]
        np.testing.assert_allclose(own[own < END], stock.spikes[copy], rtol=0, atol=1e-6)
    for name in script.RECORDED:
        found = ours.volts[name][:, :until]
        # the terms of a sum in another order: 1e-14 of 100 mV a step, kept small by the leak
        np.testing.assert_allclose(found, stock.volts[name], rtol=0, atol=1e-9)


@pytest.mark.cpp
def test_passive_measures_are_stock_dendrify_s(found: Any, stock: Any) -> None:
    """Input resistance and time constant at -10 pA, with Dendrify's own protocols.

    The publication does not print them: 146 MOhm and 21.5 ms. 200 ms are 8 time constants of the
    membrane: 3e-4 of the change is missing.
    """
    theirs = script.measures(stock)
    assert found["r_in"] == pytest.approx(theirs["r_in"], rel=1e-3)
    assert found["tau"] == pytest.approx(theirs["tau"], rel=1e-2)
    assert found["r_in"] == pytest.approx(146.1, abs=0.1)
    assert found["tau"] == pytest.approx(21.5, abs=0.1)


def test_the_published_spikes_decay_exponentially() -> None:
    """With Dendrify 1's dendritic spikes every panel is that of the publication, to one pixel."""
    found = script.measures(simulate(dendrify_1, 110.0))
    published = np.array(PUBLISHED["depsp"])
    np.testing.assert_allclose(found["depsp"][9:], published, atol=PIXEL["depsp"], rtol=0)
    close = {"atol": PIXEL["dvdt"], "rtol": 0}
    np.testing.assert_allclose(found["dvdt"][11:16], PUBLISHED["dvdt"], **close)
    np.testing.assert_allclose(found["psp"], PUBLISHED["psp"], atol=PIXEL["psp"], rtol=0)
    # the highest peak at 250 um comes later than this run goes
    assert found["backpropagated"]["prox"] == pytest.approx(
        PUBLISHED["backpropagated"]["prox"], abs=PIXEL["backpropagated"]
    )
