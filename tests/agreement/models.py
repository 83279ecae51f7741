"""Dendrify models, each with the input that makes it spike at the soma and in its dendrites.

The models of the first part are those of Dendrify's own examples (``examples_new`` of
https://github.com/Poirazi-Lab/dendrify, GPL-3.0, Pagkalos et al. 2023), with their numbers; input
spikes and injected currents are ours. The others use what the examples leave out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import cm, ms, mV, nA, nS, ohm, pA, pF, uF, um, uS
from dendrify import Dendrite, NeuronModel, PointNeuronModel, Soma

from dualframe import catalogue
from dualframe.building.dendritic_neurons import dendritic_cell

DT = 0.1 * ms
DURATION = 500 * ms

SHARP = {
    "threshold": "V_soma > -40*mV",
    "reset": "V_soma = 40*mV",
    "second_reset": "V_soma = -50*mV",
    "spike_width": 0.8 * ms,
    "refractory": 4 * ms,
}
PLAIN = {"threshold": "V_soma > -40*mV", "reset": "V_soma = -55*mV", "refractory": 4 * ms}
NA = {
    "threshold": -35 * mV,
    "duration_rise": 1.2 * ms,
    "duration_fall": 2.4 * ms,
    "offset_fall": 0.2 * ms,
    "refractory": 5 * ms,
    "reversal_rise": "E_Na",
    "reversal_fall": "E_K",
}
CA = {
    "threshold": -30 * mV,
    "duration_rise": 4 * ms,
    "duration_fall": 9 * ms,
    "offset_fall": 3 * ms,
    "refractory": 16 * ms,
    "reversal_rise": "E_Ca",
    "reversal_fall": "E_K",
}
PLATEAU = {
    "threshold": -45 * mV,
    "duration_rise": 20 * ms,
    "duration_fall": 10 * ms,
    "offset_fall": 20 * ms,
    "refractory": 60 * ms,
    "reversal_rise": 0.1 * mV,
    "reversal_fall": "E_K",
}


@dataclass(frozen=True)
class Drive:
    """Random input spikes: ``fan_in`` of the ``sources`` reach each neuron."""

    statement: str
    rate: float = 30.0
    sources: int = 20
    fan_in: int = 8


@dataclass(frozen=True)
class Step:
    """A current step, with one amplitude per neuron."""

    variable: str
    amplitudes: Any
    start: Any = field(default_factory=lambda: 50 * ms)
    stop: Any = field(default_factory=lambda: 450 * ms)


@dataclass(frozen=True)
class Recurrence:
    """Synapses between the neurons of the population, by explicit pairs."""

    statement: str
    delay: Any
    probability: float = 0.5


@dataclass(frozen=True)
class Case:
    """A model, how it spikes, its input, and how much must happen for a test to mean anything.

    ``spikes`` and ``dspikes`` are lower bounds: of all somatic spikes together, and of the
    dendritic spikes of each kind and dendrite.
    """

    name: str
    model: Callable[[], NeuronModel | PointNeuronModel]
    spiking: Mapping[str, Any]
    drives: tuple[Drive, ...] = ()
    steps: tuple[Step, ...] = ()
    recurrence: Recurrence | None = None
    n: int = 5
    spikes: int = 20
    dspikes: int = 10

    @property
    def rng(self) -> np.random.Generator:
        """A stream of the case's own: a new case changes no other."""
        return np.random.default_rng(zlib.crc32(self.name.encode()))


# ------------------------------------------------------- Dendrify's own examples


def _two() -> tuple[Soma, Dendrite]:
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    return soma, dend


def amplification(active: bool) -> NeuronModel:
    """comp_amplification.py: synaptic input is amplified by dendritic spikes."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=2 * ms)
    dend.synapse("NMDA", tag="x", g=3 * nS, t_decay=60 * ms)
    if active:
        dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    if active:
        model.config_dspikes("Na", **NA)
    return model


def network() -> NeuronModel:
    """comp_network.py: external and recurrent synapses onto one active dendrite."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="external", g=1 * nS, t_decay=5 * ms)
    dend.synapse("AMPA", tag="recurrent", g=1 * nS, t_decay=5 * ms)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes("Na", **NA)
    return model


def backpropagation() -> NeuronModel:
    """comp_backprop.py: somatic spikes set off dendritic spikes in trunk, prox and dist."""
    soma = Soma("soma", model="leakyIF", length=25 * um, diameter=25 * um)
    trunk = Dendrite("trunk", length=100 * um, diameter=2.5 * um)
    prox = Dendrite("prox", length=100 * um, diameter=1 * um)
    dist = Dendrite("dist", length=100 * um, diameter=0.5 * um)
    trunk.dspikes("Na", g_rise=22 * nS, g_fall=14 * nS)
    prox.dspikes("Na", g_rise=9 * nS, g_fall=5.7 * nS)
    dist.dspikes("Na", g_rise=3.7 * nS, g_fall=2.4 * nS)
    edges = [(soma, trunk, 15 * nS), (trunk, prox, 6 * nS), (prox, dist, 2 * nS)]
    model = NeuronModel(
        edges,
        cm=1 * uF / cm**2,
        gl=40 * uS / cm**2,
        v_rest=-65 * mV,
        r_axial=150 * ohm * cm,
        scale_factor=2.8,
        spine_factor=1.5,
    )
    model.config_dspikes("Na", **NA)
    return model


def dendritic_io() -> NeuronModel:
    """val_dendritic_io.py: dendritic input-output curve, one somatic reset."""
    soma, dend = _two()
    dend.dspikes("Na", g_rise=30 * nS, g_fall=15 * nS)
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=2 * ms)
    dend.synapse("NMDA", tag="x", g=3 * nS, t_decay=50 * ms)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-65 * mV)
    model.config_dspikes("Na", **NA)
    return model


def point_adaptation(kind: str) -> PointNeuronModel:
    """point_adaptation.py: adaptation by a current (adaptiveIF) or a conductance (cadIF)."""
    model = PointNeuronModel(kind, cm_abs=150 * pF, gl_abs=15 * nS, v_rest=-65 * mV)
    model.add_params({"Vth": -50 * mV, "Vr": -60 * mV})
    if kind == "adaptiveIF":
        model.add_params({"tauw": 210 * ms, "a": 0.5 * nS, "b": 60 * pA})
    else:
        model.add_params({"tauA": 210 * ms, "gAmax": 0.01 * nS, "delta_gA": 3 * nS, "EA": -65 * mV})
    return model


def point_adex() -> PointNeuronModel:
    """point_adex.py, with the synapses of point_adex_synapses.py."""
    model = PointNeuronModel("adex", cm_abs=281 * pF, gl_abs=30 * nS, v_rest=-70.6 * mV)
    model.synapse("AMPA", tag="x", g=2 * nS, t_decay=2 * ms)
    model.add_params(
        {
            "Vth": -50.4 * mV,
            "DeltaT": 2 * mV,
            "tauw": 144 * ms,
            "a": 4 * nS,
            "b": 0.0805 * nA,
            "Vr": -70.6 * mV,
        }
    )
    return model


# ------------------------------------------------------------- what they leave out


def two_kinds() -> NeuronModel:
    """Sodium and calcium spikes in one dendrite."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=2 * ms)
    dend.synapse("NMDA", tag="x", g=2 * nS, t_decay=60 * ms)
    dend.dspikes("Na", g_rise=25 * nS, g_fall=14 * nS)
    dend.dspikes("Ca", g_rise=4 * nS, g_fall=6 * nS)
    model = NeuronModel([(soma, dend, 12 * nS)], v_rest=-62 * mV)
    model.config_dspikes("Na", **NA)
    model.config_dspikes("Ca", **CA)
    return model


def three_kinds() -> NeuronModel:
    """Sodium and calcium spikes and a plateau in one dendrite."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=3 * ms)
    for kind, rise, fall in (("Na", 20, 10), ("Ca", 3, 5), ("NP", 2, 3)):
        dend.dspikes(kind, g_rise=rise * nS, g_fall=fall * nS)
    model = NeuronModel([(soma, dend, 10 * nS)], v_rest=-63 * mV)
    for kind, values in (("Na", NA), ("Ca", CA), ("NP", PLATEAU)):
        model.config_dspikes(kind, **values)
    return model


def branched() -> NeuronModel:
    """Basal and apical dendrites and a tuft with dSpikes of one name and different conductances."""
    soma = Soma("soma", cm_abs=180 * pF, gl_abs=9 * nS)
    basal = Dendrite("basal", cm_abs=40 * pF, gl_abs=2 * nS)
    apical = Dendrite("apical", cm_abs=60 * pF, gl_abs=3 * nS)
    tuft = Dendrite("tuft", cm_abs=30 * pF, gl_abs=1.5 * nS)
    for dendrite, rise in ((basal, 22 * nS), (apical, 28 * nS), (tuft, 15 * nS)):
        dendrite.synapse("AMPA", tag="x", g=2.5 * nS, t_decay=2 * ms)
        dendrite.dspikes("Na", g_rise=rise, g_fall=rise / 2)
    tuft.synapse("NMDA", tag="x", g=2 * nS, t_decay=50 * ms)
    tuft.dspikes("Ca", g_rise=2.5 * nS, g_fall=4 * nS)
    model = NeuronModel(
        [(soma, basal, 10 * nS), (soma, apical, 14 * nS), (apical, tuft, 7 * nS)],
        v_rest=-64 * mV,
    )
    model.config_dspikes("Na", **NA)
    model.config_dspikes("Ca", **CA)
    return model


def rise_and_decay() -> NeuronModel:
    """Synapses with rise and decay times, normalised (scale_g)."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="x", g=3 * nS, t_rise=0.5 * ms, t_decay=3 * ms, scale_g=True)
    dend.synapse("NMDA", tag="x", g=3 * nS, t_rise=5 * ms, t_decay=60 * ms, scale_g=True)
    soma.synapse("GABA", tag="x", g=2 * nS, t_rise=1 * ms, t_decay=8 * ms, scale_g=True)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes("Na", **NA)
    return model


def inhibited() -> NeuronModel:
    """Inhibition of the soma and of an active dendrite."""
    soma, dend = _two()
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=3 * ms)
    dend.synapse("GABA", tag="x", g=2 * nS, t_decay=12 * ms)
    soma.synapse("GABA", tag="x", g=1 * nS, t_decay=6 * ms)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes("Na", **NA)
    return model


def adapting(kind: str) -> NeuronModel:
    """An active dendrite on a soma that adapts, with the constants given by name."""
    soma = Soma("soma", model=kind, cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    dend.synapse("AMPA", tag="x", g=3 * nS, t_decay=2 * ms)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes("Na", **NA)
    model.add_params({"V_after": -52 * mV, "V_peak": 35 * mV, "V_fire": -41 * mV})
    constants: dict[str, Any] = {
        "adaptiveIF": {"a_soma": 0.5 * nS, "tauw_soma": 80 * ms, "jump": 40 * pA},
        "cadIF": {"gAmax": 0.01 * nS, "tauA": 60 * ms, "EA": -60 * mV, "jump": 1 * nS},
        "adex": {
            "a_soma": 2 * nS,
            "tauw_soma": 100 * ms,
            "jump": 50 * pA,
            "Vth_soma": -48 * mV,
            "DeltaT_soma": 2 * mV,
        },
    }[kind]
    model.add_params(constants)
    return model


def named_resets() -> NeuronModel:
    """Two dendrites of several kinds; refractory one step longer than the spike's width."""
    model = branched()
    model.add_params({"V_after": -50 * mV, "V_peak": 30 * mV, "V_fire": -42 * mV})
    return model


def ca1() -> NeuronModel:
    """The CA1 pyramidal cell of the catalogue: nine compartments (Pagkalos et al. 2023)."""
    currents, equations = {}, []
    for pathway, names in (("ec", ("dist1", "dist2")), ("ca3", ("ob1", "ob2", "med"))):
        for name in names:
            currents[name] = [f"I_{pathway}_{name}"]
            equations += [
                f"I_{pathway}_{name} = 0.8*nS*(0*mV - V_{name})*s_{pathway}_{name} : amp",
                f"ds_{pathway}_{name}/dt = -s_{pathway}_{name}/(2.5*ms) : 1",
            ]
    cell = catalogue.cell("ca1_pyr")
    model = dendritic_cell(cell, currents, "\n".join(equations)).model
    model.add_params({"V_fire": -47.5 * mV, "V_peak": 37.5 * mV, "V_after": -53 * mV})
    return model


def point_leaky() -> PointNeuronModel:
    """A point neuron with the three kinds of synapse."""
    model = PointNeuronModel("leakyIF", cm_abs=150 * pF, gl_abs=8 * nS, v_rest=-65 * mV)
    model.synapse("AMPA", tag="x", g=2 * nS, t_decay=3 * ms)
    model.synapse("NMDA", tag="x", g=1 * nS, t_rise=4 * ms, t_decay=50 * ms, scale_g=True)
    model.synapse("GABA", tag="x", g=2 * nS, t_decay=8 * ms)
    return model


# -------------------------------------------------------------------------- the cases

SYNAPSES = "s_AMPA_x_dend += 1; s_NMDA_x_dend += 1"
NAMED = {
    "threshold": "V_soma > V_fire",
    "second_reset": "V_soma = V_after",
    "spike_width": 0.8 * ms,
    "refractory": 4 * ms,
}
RAMP = np.array([0.8, 1.0, 1.2, 1.5, 1.9])


def _inhibition(*variables: str) -> Drive:
    return Drive("; ".join(f"{name} += 1" for name in variables), rate=60, fan_in=4)


CASES = (
    Case("amplification_passive", lambda: amplification(False), SHARP, (Drive(SYNAPSES, 40),)),
    Case("amplification_active", lambda: amplification(True), SHARP, (Drive(SYNAPSES, 30),)),
    Case(
        "network",
        network,
        SHARP,
        (Drive("s_AMPA_external_dend += 1", 60, 40, 24),),
        recurrence=Recurrence("s_AMPA_recurrent_dend += 1.5", 1.3 * ms),
        n=8,
    ),
    Case(
        "backpropagation",
        backpropagation,
        SHARP | {"second_reset": "V_soma = -55*mV"},
        steps=(Step("I_ext_soma", 115 * RAMP * pA), Step("I_ext_dist", 30 * RAMP * pA)),
    ),
    Case("dendritic_io", dendritic_io, PLAIN, (Drive(SYNAPSES, 40),)),
    Case(
        "two_kinds",
        two_kinds,
        SHARP,
        (Drive(SYNAPSES, 30),),
        (Step("I_ext_soma", 120 * RAMP * pA),),
    ),
    Case(
        "three_kinds",
        three_kinds,
        PLAIN,
        (Drive("s_AMPA_x_dend += 1", 90),),
        (Step("I_ext_soma", 180 * RAMP * pA),),
    ),
    Case(
        "branched",
        branched,
        SHARP,
        (
            Drive("s_AMPA_x_basal += 1", 90),
            Drive("s_AMPA_x_apical += 1.5", 50),
            Drive("s_AMPA_x_tuft += 1; s_NMDA_x_tuft += 1", 20),
        ),
        (Step("I_ext_soma", 120 * RAMP * pA),),
    ),
    Case(
        "rise_and_decay",
        rise_and_decay,
        SHARP,
        (Drive("s_AMPA_x_dend += 1; s_NMDA_x_dend += 1", 25), _inhibition("s_GABA_x_soma")),
    ),
    Case(
        "inhibited",
        inhibited,
        SHARP,
        (Drive("s_AMPA_x_dend += 2", 80), _inhibition("s_GABA_x_dend", "s_GABA_x_soma")),
        (Step("I_ext_soma", 80 * RAMP * pA),),
    ),
    Case(
        "adaptive_soma",
        lambda: adapting("adaptiveIF"),
        NAMED | {"reset": "V_soma = V_peak; w_soma += jump"},
        (Drive("s_AMPA_x_dend += 1.5", 90),),
    ),
    Case(
        "conductance_adaptive_soma",
        lambda: adapting("cadIF"),
        NAMED | {"reset": "V_soma = V_peak; gA += jump"},
        (Drive("s_AMPA_x_dend += 1.5", 90),),
    ),
    Case(
        "adex_soma",
        lambda: adapting("adex"),
        {
            "threshold": "V_soma > Vth_soma + 5*DeltaT_soma",
            "refractory": 2 * ms,
            "reset": "V_soma = V_after; w_soma += jump",
        },
        (Drive("s_AMPA_x_dend += 1.5", 90),),
        (Step("I_ext_soma", 60 * RAMP * pA),),
    ),
    Case(
        "shortest_refractory",
        named_resets,
        NAMED | {"reset": "V_soma = V_peak", "refractory": 0.9 * ms},
        (
            Drive("s_AMPA_x_basal += 1", 60),
            Drive("s_AMPA_x_apical += 1.5", 40),
            Drive("s_AMPA_x_tuft += 1; s_NMDA_x_tuft += 1", 40),
        ),
    ),
    Case(
        "ca1",
        ca1,
        NAMED | {"reset": "V_soma = V_peak; gA += delta_gA"},
        (
            Drive("s_ec_dist1 += 1; s_ec_dist2 += 1", 50),
            Drive("s_ca3_ob1 += 1; s_ca3_ob2 += 1; s_ca3_med += 1", 60),
        ),
        (Step("I_ext_bas1", 60 * RAMP * pA), Step("I_ext_bas2", 50 * RAMP * pA, 100 * ms)),
    ),
    Case(
        "point_leaky",
        point_leaky,
        {"threshold": "V > -45*mV", "reset": "V = -60*mV", "refractory": 2 * ms},
        (Drive("s_AMPA_x += 1; s_NMDA_x += 1", 60), _inhibition("s_GABA_x")),
    ),
    Case(
        "point_adex",
        point_adex,
        {"threshold": "V > Vth + 5*DeltaT", "reset": "V = Vr; w += b", "refractory": 1 * ms},
        (Drive("s_AMPA_x += 1", 60),),
        (Step("I_ext", 650 * RAMP * pA),),
    ),
    Case(
        "point_adaptive",
        lambda: point_adaptation("adaptiveIF"),
        {"threshold": "V > Vth", "reset": "V = Vr; w += b", "refractory": 1 * ms},
        steps=(Step("I_ext", 400 * RAMP * pA), Step("I_ext", -90 * RAMP * pA, 200 * ms, 250 * ms)),
    ),
    Case(
        "point_conductance_adaptive",
        lambda: point_adaptation("cadIF"),
        {"threshold": "V > Vth", "reset": "V = Vr; gA += delta_gA", "refractory": 1 * ms},
        steps=(Step("I_ext", 400 * RAMP * pA),),
    ),
)
