r"""From a cell type to Dendrify compartments: the published layout, or the stated stand-in rule.

The stand-in rule (``matched_passive``) gives a soma and one dendrite the input resistance
:math:`R` and membrane time constant :math:`\tau` of ``[passive]``. With the share :math:`s` of the
leak in the dendrite and the steady attenuation :math:`a` from soma to dendrite,

.. math:: 1/R = G\,((1-s) + a s), \quad g_{dend} = sG, \quad g_{soma} = (1-s)G, \quad
          g_{couple} = \frac{a\, g_{dend}}{1-a}, \quad C_i = \tau g_i .

All compartments have the time constant :math:`\tau`, so it is the slowest of the cell.

A stand-in adapts where the default point set of the same cell does (``soma_model`` "adaptive_IF",
Dendrify's ``adaptiveIF``): a somatic current :math:`w` that every spike raises,

.. math:: C\dot V = g(E_L - V) - w + I, \quad \tau_w \dot w = -w, \quad w \to w + j
          \text{ at a spike}.

:math:`j` and :math:`\tau_w` come from the slowest after-spike current of the named GLIF specimen,
else from the recovery variable of the first Izhikevich set (of a source that was read), both at
the same size relative to the resting conductance of the model that they are taken from:

.. math:: j = -A\,\frac{R_{GLIF}}{R},\ \tau_w = \tau_{asc} \qquad\text{or}\qquad
          j = \frac{d}{g_{Izh} R},\ \tau_w = 1/a, \qquad g_{Izh} = k(v_t - v_r) + b,

without :math:`b` where :math:`g_{Izh}` is not positive with it. Sets with :math:`d \le 0` or
without a jump give none. There is no subthreshold coupling, so :math:`R` and :math:`\tau` are
exact.

Threshold: rest plus the median ``th_inf`` of the GLIF3 fits of the type, else the measured one,
else :math:`v_t` of the first Izhikevich set. Reset: rest, as GLIF1 and GLIF3 reset, and at once: a
peak that lasts would charge the dendrite, and a soma that is reset to rest would fire again from
that. Refractory period: the median of the GLIF fits, else that of the published cell, else assumed.

The stand-ins of the interneurons of layer 2/3 and CA1 (PV, SST, VIP; PV basket, CCK basket, OLM)
are of an earlier version of this rule: without adaptation, with the measured threshold and with a
spike of some height and width. The stored circuits are calibrated with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.units import siemens
from dendrify import Compartment, Dendrite, NeuronModel, Soma

from dualframe.building.somatic_spikes import SpikeRule, spike_rule
from dualframe.catalogue import CellType
from dualframe.catalogue.compartments import Compartments, DendriticSpike
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.neurons import burst_neuron as burst

SOMA_MODELS = {
    "leakyIF": "leakyIF",
    "adaptive_IF": "adaptiveIF",
    "adaptive_conductance_IF": "cadIF",
    "burst": "adaptiveIF",
}


@dataclass(frozen=True)
class DendriticCell:
    """A Dendrify model of a cell type, and what Dendrify does not keep of it.

    Attributes
    ----------
    model
        The Dendrify model.
    durations
        Times of the dendritic spikes, which Dendrify rounds to the current time step.
    spike
        Threshold and reset of the soma.
    """

    model: NeuronModel
    durations: Mapping[str, Any]
    spike: SpikeRule


def compartments_of(cell: CellType) -> Compartments:
    """Return the compartments of a cell type.

    Raises
    ------
    CatalogueError
        If the catalogue has none.
    """
    if cell.compartments is None:
        raise CatalogueError(
            f"cell type {cell.name!r} has no compartments in the catalogue: build the circuit "
            f"with dualframe.task_driven, or add a [compartments] table to its file."
        )
    return cell.compartments


def dendritic_cell(
    cell: CellType,
    currents: Mapping[str, Sequence[str]] | None = None,
    equations: str = "",
) -> DendriticCell:
    """Return the Dendrify model of a cell type.

    Parameters
    ----------
    cell
        A cell type with compartments.
    currents
        Names of further currents into each compartment (amp, positive inward).
    equations
        Brian2 text that defines them.
    """
    layout = compartments_of(cell)
    compartments, edges, properties = _RULES[layout.rule](cell, layout)
    for name, terms in _all_currents(layout, currents or {}).items():
        external = f"= I_ext_{name}"
        compartments[name].replace_equations(external, " + ".join([external, *terms]))
    model = NeuronModel(
        [(compartments[a], compartments[b], *coupling) for a, b, coupling in edges], **properties
    )
    own = burst.EQUATIONS if layout.rule == "burst" else ""
    if lines := "\n".join(filter(None, (own, equations))):
        model.add_equations(lines)
    return DendriticCell(model, _durations(layout), spike_rule(layout))


def _all_currents(
    layout: Compartments, currents: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    own = burst.CURRENTS if layout.rule == "burst" else {}
    names = dict.fromkeys((*own, *currents))
    return {name: [*own.get(name, ()), *currents.get(name, ())] for name in names}


Made = tuple[dict[str, Compartment], list[tuple[str, str, tuple[Any, ...]]], dict[str, Any]]


def _matched(cell: CellType, layout: Compartments) -> Made:
    if cell.passive is None:
        raise CatalogueError(f"cell type {cell.name!r} has no [passive] values to match.")
    passive = cell.passive.numbers
    r_in, tau = passive.value("r_in"), passive.value("tau_m")
    share, attenuation = layout.split.value("dendritic_share"), layout.split.value("attenuation")
    total = 1 / (r_in * ((1 - share) + attenuation * share))
    g_soma, g_dend = (1 - share) * total, share * total
    rest = passive.value("v_rest")
    soma = Soma("soma", model=_soma_model(cell, layout), cm_abs=tau * g_soma, gl_abs=g_soma)
    _add_adaptation(cell, layout, soma)
    dend = Dendrite("dend", cm_abs=tau * g_dend, gl_abs=g_dend)
    coupling = attenuation * g_dend / (1 - attenuation)
    return {"soma": soma, "dend": dend}, [("soma", "dend", (coupling,))], {"v_rest": rest}


def _explicit(cell: CellType, layout: Compartments) -> Made:
    cable = layout.globals
    size = {name: layout.soma.value(name) for name in ("length", "diameter")}
    compartments: dict[str, Compartment] = {
        "soma": Soma("soma", model=_soma_model(cell, layout), **size)
    }
    for dendrite in layout.dendrites:
        compartments[dendrite.name] = Dendrite(dendrite.name, **dendrite.numbers.plain())
    _add_adaptation(cell, layout, compartments["soma"])
    for spike in layout.dspikes:
        for name in spike.compartments:
            _add_dspike(layout, spike, compartments[name])
    edges = [
        (edge.first, edge.second, () if edge.coupling is None else (edge.coupling.value,))
        for edge in layout.edges
    ]
    names = ("cm", "gl", "r_axial", "v_rest", "scale_factor", "spine_factor")
    return compartments, edges, {name: cable.value(name) for name in names if name in cable}


def _lumped(cell: CellType, layout: Compartments) -> Made:
    compartments, rest = burst.burst_compartments(layout.burst.plain())
    # nothing but spikes and plateaus goes from one compartment to the other
    return compartments, [("soma", "dend", (0 * siemens,))], {"v_rest": rest}


_RULES: Mapping[str, Callable[[CellType, Compartments], Made]] = {
    "matched_passive": _matched,
    "explicit": _explicit,
    "burst": _lumped,
}


def _soma_model(cell: CellType, layout: Compartments) -> str:
    # Dendrify takes an unknown model name for a passive membrane without saying so
    if layout.soma_model not in SOMA_MODELS:
        raise UnknownName(f"soma model of {cell.name}", layout.soma_model, SOMA_MODELS)
    return SOMA_MODELS[layout.soma_model]


def _add_adaptation(cell: CellType, layout: Compartments, soma: Compartment) -> None:
    numbers = layout.soma
    if layout.soma_model == "adaptive_IF":
        coupling = numbers.value("a") if "a" in numbers else 0 * siemens
        soma.add_params({"a_soma": coupling, "tauw_soma": numbers.value("tauw")})
    if layout.soma_model != "adaptive_conductance_IF":
        return
    if numbers.value("EA") != numbers.value("VA"):
        raise CatalogueError(
            f"cell type {cell.name!r}: Dendrify's adaptive soma has one potential for EA and VA, "
            f"but they are {numbers['EA'].written} and {numbers['VA'].written}."
        )
    soma.add_params({name: numbers.value(name) for name in ("EA", "tauA", "gAmax", "delta_gA")})


def _add_dspike(layout: Compartments, spike: DendriticSpike, dendrite: Compartment) -> None:
    numbers, cable = spike.numbers, layout.globals
    conductance = {}
    for phase in ("rise", "fall"):
        if f"g_{phase}" in numbers:
            conductance[f"g_{phase}"] = numbers.value(f"g_{phase}")
        else:
            # the source multiplies the density by the area before any scaling factor
            conductance[f"g_{phase}"] = numbers.value(f"gbar_{phase}") * dendrite.area
    inward = "E_Ca" if spike.kind == "Ca" else "E_Na"
    dendrite.dspikes(
        spike.kind,
        threshold=numbers.value("threshold"),
        duration_rise=numbers.value("tau_rise"),
        duration_fall=numbers.value("tau_fall"),
        offset_fall=numbers.value("offset_fall"),
        refractory=numbers.value("refractory"),
        reversal_rise=cable.value(inward),
        reversal_fall=cable.value("E_K"),
        **conductance,
    )
    _set_zeros(layout, spike, dendrite)


def _set_zeros(layout: Compartments, spike: DendriticSpike, dendrite: Compartment) -> None:
    """Set what is exactly zero, which Dendrify takes for none."""
    values, event = dendrite._dspike_params[f"{spike.kind}_{dendrite.name}"], spike.kind
    inward = "E_Ca" if event == "Ca" else "E_Na"
    for phase, potential in (("rise", inward), ("fall", "E_K")):
        values[f"E_{phase}_{event}"] = layout.globals.value(potential)
    for name, time in _TIMES.items():
        key = f"{name}_{event}_{dendrite.name}"
        if values[key] is None and time in spike.numbers:
            values[key] = 0


#: Times of a dendritic spike as Dendrify calls them, and as the catalogue does.
_TIMES: Mapping[str, str] = {
    "duration_rise": "tau_rise",
    "duration_fall": "tau_fall",
    "offset_fall": "offset_fall",
    "refractory": "refractory",
}


def _durations(layout: Compartments) -> dict[str, Any]:
    if layout.rule == "burst":
        return {"bAP_kernel": layout.burst.value("bAP_kernel")}
    return {
        f"{ours}_{spike.kind}_{name}": spike.numbers.value(theirs)
        for spike in layout.dspikes
        for name in spike.compartments
        for ours, theirs in _TIMES.items()
    }
