"""One network in which every kind of effect acts, on dendritic and on point neurons.

Circuits side by side of an excitatory cell and an interneuron that contact each other.
Acetylcholine comes and goes, so that occupancies change while cells spike; nothing is random but
what the host draws.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms, nS, pA

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.network import CurrentInput, Network

MODELS = ("biological", "glif_current", "izhikevich_current")
N = 4
#: Layer 2/3 pyramidal cells have dendritic spikes, the stand-in of layer 4 adapts.
EXCITATORY = {"biological": ("ctx_l23_pyr", "ctx_l4_exc")}
#: Not the fast-spiking form of Izhikevich, which multiplies each rounding of a power tenfold per
#: spike: NumPy's power and the C library's differ in the last digit.
INHIBITORY = {"izhikevich_current": "ctx_vip"}
EFFECTS: dict[str, dict[str, Any]] = {
    "conductance": {"size": -0.1, "reversal": "-90 mV"},
    "hcn": {
        "scale": 0.5,
        "share": 0.2,
        "v_half": "-82 mV",
        "slope": "8 mV",
        "tau": "20 ms",
        "reversal": "-30 mV",
    },
    "leak": {"scale": 0.9},
    "rest": {"shift": "1 mV"},
    "adaptation": {"scale": 0.5},
    "threshold": {"shift": "-1 mV"},
    "dspike": {"scale": 0.8},
    "gain": {"synapse": "GABA_A", "scale": 0.5, "response": "inverted_u", "optimum": 0.4},
    "release": {"scale": 0.6},
    "plasticity": {"ltp": 1.5, "ltd": 0.5, "rate": 2.0},
}


def network() -> Network:
    """Return the circuits as one network."""
    parts = [part for model in MODELS for part in _parts(model)]
    return Network(
        populations=tuple(p for part in parts for p in part.populations),
        inputs=tuple(x for part in parts for x in part.inputs),
        projections=tuple(p for part in parts for p in part.projections),
        name="kinds",
    )


def _parts(model: str) -> list[Network]:
    label = model.split("_")[0]
    cells = EXCITATORY.get(model, ("ctx_l23_pyr",))
    other = INHIBITORY.get(model, "ctx_pv")
    return [_built(_circuit(f"{label}{k}", cell, other), model) for k, cell in enumerate(cells)]


def _circuit(label: str, cell: str, other: str) -> Circuit:
    excitatory, inhibitory = f"{label}_exc", f"{label}_inh"
    populations = (
        CircuitPopulation(excitatory, cell, N),
        CircuitPopulation(inhibitory, other, N),
    )
    place = ("soma",) if cell == "ctx_l23_pyr" else ("dend",)
    projections = (
        CircuitProjection(
            excitatory,
            inhibitory,
            name=f"{label}_out",
            synapses={"AMPA": 1.0, "NMDA": 0.3},
            compartments=("dend",),
            psp="1 mV",
            probability=0.7,
            delay="1 ms",
            plasticity=df.plasticity_rule("pair_stdp", w_max=3),
        ),
        CircuitProjection(
            inhibitory,
            excitatory,
            name=f"{label}_back",
            synapses={"GABA_A": 1.0},
            compartments=place,
            psp="1 mV",
            probability=0.7,
            delay="0.8 ms",
        ),
    )
    made = Circuit(label, populations, projections).with_modulation(
        "ACh", schedule=[(0 * ms, 0.05), (30 * ms, 1.0), (150 * ms, 0.0)]
    )
    for kind, numbers in EFFECTS.items():
        where = other if kind == "plasticity" else cell
        made = made.with_effect("nACh_a7", where, kind, **numbers)
    return made


def _built(circuit: Circuit, model: str) -> Network:
    weight = 1 * nS if model == "biological" else 40 * pA
    calibration = Calibration(circuit.name, model, {c.name: weight for c in circuit.contacts})
    if model == "biological":
        built = df.biological.build(circuit, calibration=calibration)
    else:
        built = df.task_driven.build(
            circuit, model=model.split("_")[0], cells="published", calibration=calibration
        )
    variable = "I_ext_soma" if model == "biological" else "I_ext"
    drive = np.linspace(250, 700, N) * pA
    steps = tuple(
        CurrentInput(p.name, drive, variable=variable, start=10 * ms, name=f"into_{p.name}")
        for p in built.populations
    )
    return replace(built, inputs=(*built.inputs, *steps))
