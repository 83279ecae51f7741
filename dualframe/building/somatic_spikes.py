"""Threshold and reset of a soma, from the catalogue's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brian2.units import ms

from dualframe.catalogue.compartments import Compartments

#: What a spike adds to the adaptation, by soma model.
_JUMPS: Mapping[str, str] = {
    "adaptive_conductance_IF": "gA += delta_gA",
    "adaptive_IF": "w_soma += jump_w",
    "burst": "w_soma += jump_w",
}


@dataclass(frozen=True, kw_only=True)
class SpikeRule:
    """When a soma spikes and what a spike does, in the words of a population.

    ``parameters`` holds ``V_threshold`` and ``V_reset``. A spike with a shape has ``V_peak`` too:
    the soma is put there, and ``second_reset`` puts it to ``V_reset`` after ``spike_width``.
    """

    threshold: str
    reset: str
    second_reset: str | None
    spike_width: Any
    refractory: Any
    parameters: Mapping[str, Any]


def spike_rule(layout: Compartments) -> SpikeRule:
    """Return the spike rule of a layout."""
    return _burst(layout) if layout.rule == "burst" else _plain(layout)


def _plain(layout: Compartments) -> SpikeRule:
    """A spike with a peak and a width, as the published cells have, or an instant reset."""
    spike = layout.spike
    shaped = "peak" in spike
    potentials = {"V_threshold": "threshold", "V_reset": "reset"}
    potentials |= {"V_peak": "peak"} if shaped else {}
    parameters = {ours: spike.value(own) for ours, own in potentials.items()}
    if "jump" in layout.soma:
        parameters["jump_w"] = layout.soma.value("jump")
    statements = ["V_soma = V_peak" if shaped else "V_soma = V_reset"]
    statements += [_JUMPS[layout.soma_model]] if layout.soma_model in _JUMPS else []
    return SpikeRule(
        threshold="V_soma > V_threshold",
        reset="; ".join(statements),
        second_reset="V_soma = V_reset" if shaped else None,
        spike_width=spike.value("spike_width") if shaped else None,
        refractory=spike.value("refractory"),
        parameters=parameters,
    )


def _burst(layout: Compartments) -> SpikeRule:
    """An instant reset and a threshold that spikes raise; no absolute refractory period."""
    names = {
        "V_threshold": "threshold",
        "V_reset": "reset",
        "jump_w": "jump",
        "threshold_jump": "threshold_jump",
        "threshold_tau": "threshold_tau",
        "plateau_soma": "g_soma",
        "plateau_dend": "g_dend",
        "bAP": "bAP",
        "E_plateau": "E_d",
        "D_plateau": "D_d",
    }
    return SpikeRule(
        threshold="V_soma > V_threshold + th_soma",
        reset="V_soma = V_reset; w_soma += jump_w; th_soma += threshold_jump",
        second_reset=None,
        spike_width=None,
        refractory=0 * ms,
        parameters={ours: layout.burst.value(own) for ours, own in names.items()},
    )
