"""A small recurrent circuit of both branches: dendritic pyramids, GLIF and Izhikevich neurons.

Weights, delays and connections are drawn from distributions, two parameters are heterogeneous, and
the input is Poisson noise drawn on the host: everything random is fixed by the seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Hz, ms, mV, nS, pA, pF, um
from dendrify import Dendrite, NeuronModel, Soma
from models import NA, SHARP

import dualframe as df
from dualframe import catalogue
from dualframe.network import Network, PoissonInput, Population, Projection
from dualframe.network.distributions import GaussianKernel, LogNormal, Normal, Uniform
from dualframe.neurons import glif
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import neuron_model
from dualframe.synapses import DualExponential, Exponential, ReceptorCurrent, receptor_current

DELAYS = Uniform(0.5 * ms, 3 * ms)


def pyramids(n: int = 24) -> Population:
    """Two compartments with sodium spikes, excitation of the dendrite, inhibition of the soma."""
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    dend.synapse("AMPA", tag="in", g=1 * nS, t_decay=5 * ms)
    dend.synapse("NMDA", tag="loop", g=1 * nS, t_decay=50 * ms)
    soma.synapse("GABA", tag="loop", g=1 * nS, t_rise=1 * ms, t_decay=8 * ms, scale_g=True)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    model = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    model.config_dspikes("Na", **NA)
    place = np.zeros((n, 3))
    place[:, 0] = np.linspace(0, 300, n)
    return df.biological.from_dendrify(
        model,
        n,
        name="pyr",
        **SHARP,
        heterogeneity={"gL": 0.1, "Vth_Na_dend": 0.02},
        positions=place * um,
        sign=1,
    )


def point(
    name: str, neuron: PointNeuron, channels: tuple[ReceptorCurrent, ...], n: int, sign: int
) -> Any:
    """A population of point neurons with synaptic channels."""
    currents = " + ".join(["I_ext", *(own.current for own in channels)])
    equations = "\n".join(
        [neuron.equations, f"I = {currents} : amp", "I_ext : amp", *(c.equations for c in channels)]
    )
    parameters, initial = dict(neuron.parameters), dict(neuron.initial)
    for own in channels:
        parameters |= own.parameters
        initial |= own.initial
    return Population(
        name,
        n,
        equations,
        neuron.threshold,
        neuron.reset,
        refractory=neuron.refractory,
        parameters=parameters,
        initial=initial,
        sign=sign,
    )


def circuit() -> Network:
    """Return the circuit; it is recurrent within and between all three populations."""
    excitation = receptor_current("exc", Exponential(3 * ms), reversal=0 * mV)
    inhibition = receptor_current("inh", DualExponential(1 * ms, 7 * ms), reversal=-75 * mV)
    opens = f"{excitation.written} += w"
    pv, pyr = catalogue.cell("ctx_pv"), catalogue.cell("ctx_l23_pyr")
    fast = glif.glif_neuron(3, _specimen(pv, 3))
    regular = neuron_model("izhikevich2007").make_neuron(_regular(pyr))
    return Network(
        (
            pyramids(),
            point("glif", fast, (excitation, inhibition), 8, -1),
            point("izhikevich", regular, (excitation, inhibition), 10, 1),
        ),
        (
            PoissonInput("noise", 60, 32 * Hz),
            df.CurrentInput("izhikevich", np.linspace(60, 140, 10) * pA, 20 * ms),
            df.CurrentInput("pyr", 80 * pA, 50 * ms, 450 * ms, "I_ext_soma"),
        ),
        (
            link("noise", "pyr", "s_AMPA_in_dend += w", LogNormal(2.0, 0.4), in_degree=20),
            link("noise", "glif", opens, LogNormal(2 * nS, 0.5), probability=0.3),
            link(
                "pyr",
                "pyr",
                "s_NMDA_loop_dend += w",
                LogNormal(0.4, 0.3),
                kernel=GaussianKernel(0.6, 90 * um),
            ),
            link("pyr", "glif", opens, LogNormal(3 * nS, 0.5), in_degree=8),
            link("pyr", "izhikevich", opens, LogNormal(1.5 * nS, 0.5), in_degree=6),
            link("glif", "pyr", "s_GABA_loop_soma += w", Normal(1.0, 0.3, 0.1), probability=0.5),
            link(
                "glif",
                "glif",
                f"{inhibition.written} += w",
                Uniform(0.5 * nS, 2 * nS),
                probability=0.6,
            ),
            link("izhikevich", "glif", opens, LogNormal(1 * nS, 0.5), probability=0.4),
            link("izhikevich", "pyr", "s_AMPA_in_dend += w", LogNormal(1.0, 0.5), in_degree=3),
        ),
        name="both_branches",
    )


def link(source: str, target: str, on_pre: str, weight: Any, **rule: Any) -> Projection:
    """A projection with drawn weights and delays in two groups."""
    return Projection(source, target, on_pre, weight=weight, delay=DELAYS, delay_groups=2, **rule)


def _specimen(cell: Any, level: int) -> dict[str, Any]:
    return cell.point_neuron_set(f"GLIF{level}").numbers.plain()


def _regular(cell: Any) -> dict[str, Any]:
    return cell.point_neuron_set("izhikevich2007").numbers.plain()
