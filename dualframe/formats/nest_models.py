"""NEST's names for populations and synapses, which SONATA files of point neurons use.

=================  =================================================================================
``iaf_psc_exp``    leaky neuron, exponential currents: one decay for both signs each
``iaf_cond_exp``   the same with conductances: one decay and reversal potential for both signs each
=================  =================================================================================

Every other population has no NEST model that computes the same, and is described only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.formats.leaky_neurons import Channel, LeakyNeuron, NotLeaky

_MILLI, _PICO, _NANO = 1e-3, 1e-12, 1e-9


@dataclass(frozen=True, kw_only=True)
class NestNeuron:
    """A population in NEST's words: mV, ms, pF, nS, pA.

    Attributes
    ----------
    model
        Name of the model.
    parameters
        Its parameters.
    scale
        What a weight of each synaptic variable (SI) is multiplied by: it has NEST's unit and sign.
    background
        Rates (Hz) and weights (NEST's unit and sign) of Poisson events.
    """

    model: str
    parameters: Mapping[str, float]
    scale: Mapping[str, float]
    background: tuple[tuple[float, float], ...]


def nest_neuron(neuron: LeakyNeuron, current: float) -> NestNeuron:
    """Return a leaky neuron as a NEST model.

    Parameters
    ----------
    neuron
        The neuron.
    current
        Constant current into it, A.

    Raises
    ------
    NotLeaky
        If no NEST model has its channels.
    """
    kinds = {channel.sign is None for channel in neuron.channels.values()}
    if len(kinds) > 1:
        raise NotLeaky("it has currents and conductances: NEST's models have one of them")
    return (
        _with_conductances(neuron, current) if kinds == {True} else _with_currents(neuron, current)
    )


def _membrane(neuron: LeakyNeuron, current: float) -> dict[str, float]:
    return {
        "C_m": neuron.capacitance / _PICO,
        "E_L": neuron.rest / _MILLI,
        "V_th": neuron.threshold / _MILLI,
        "V_reset": neuron.reset / _MILLI,
        "t_ref": neuron.refractory / _MILLI,
        "I_e": current / _PICO,
        "V_m": neuron.start / _MILLI,
    }


def _with_currents(neuron: LeakyNeuron, current: float) -> NestNeuron:
    signs = {name: float(c.sign or 0) for name, c in neuron.channels.items()}
    decays = {
        key: _shared((c.tau for c in neuron.channels.values() if c.sign == sign), "decays")
        for key, sign in (("tau_syn_ex", 1), ("tau_syn_in", -1))
    }
    return NestNeuron(
        model="iaf_psc_exp",
        parameters={
            **_membrane(neuron, current),
            "tau_m": neuron.tau / _MILLI,
            **{key: tau / _MILLI for key, tau in decays.items() if tau is not None},
        },
        scale={name: sign / _PICO for name, sign in signs.items()},
        background=_background(neuron.channels, {n: s / _PICO for n, s in signs.items()}),
    )


def _with_conductances(neuron: LeakyNeuron, current: float) -> NestNeuron:
    parameters = {**_membrane(neuron, current), "g_L": neuron.capacitance / neuron.tau / _NANO}
    scale: dict[str, float] = {}
    for side, sign in (("ex", 1.0), ("in", -1.0)):
        excites = sign > 0
        chosen = {
            name: c
            for name, c in neuron.channels.items()
            if ((c.reversal or 0.0) >= neuron.threshold) == excites
        }
        tau = _shared((c.tau for c in chosen.values()), "decays")
        reversal = _shared((c.reversal or 0.0 for c in chosen.values()), "reversal potentials")
        if tau is not None and reversal is not None:
            parameters |= {f"tau_syn_{side}": tau / _MILLI, f"E_{side}": reversal / _MILLI}
        scale |= dict.fromkeys(chosen, sign / _NANO)
    return NestNeuron(
        model="iaf_cond_exp",
        parameters=parameters,
        scale=scale,
        background=_background(neuron.channels, scale),
    )


def _background(
    channels: Mapping[str, Channel], scale: Mapping[str, float]
) -> tuple[tuple[float, float], ...]:
    return tuple(
        (rate, scale[name] * weight)
        for name, channel in channels.items()
        for rate, weight in channel.background
    )


def _shared(values: Iterable[float], numbers: str) -> Any:
    distinct = sorted({round(value, 15) for value in values})
    if len(distinct) > 1:
        raise NotLeaky(f"its synapses of one sign have several {numbers}, NEST has one")
    return distinct[0] if distinct else None
