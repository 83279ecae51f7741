r"""What ``[passive]`` of a user's cell type states and its compartments do not have.

Compartments whose rule is ``matched_passive`` take rest, input resistance and membrane time
constant from ``[passive]``. Those of the rules ``explicit`` and ``burst`` have their own, whatever
``[passive]`` states. Explicit ones have what their sizes and densities make of them: with the leaks
:math:`g_i` and couplings :math:`g_{ij}` of the compartments,

.. math:: \tau_m = c_m/g_l, \qquad r_{in} = (G^{-1})_{00}, \qquad
          G_{ii} = g_i + \sum_j g_{ij}, \quad G_{ij} = -g_{ij},

at rest, without the conductances that open with the potential; compartment 0 is the soma, whose
area has no spines.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Mohm, ms, mV, ohm

from dualframe.catalogue.cell_type import CellType
from dualframe.catalogue.compartments import Compartments, Edge
from dualframe.catalogue.lookup import cell as find_cell
from dualframe.catalogue.lookup import names
from dualframe.catalogue.sourced_value import Numbers, Sourced

UNITS = MappingProxyType({"v_rest": mV, "r_in": Mohm, "tau_m": ms})
CLOSE = 0.10  # of the stated value: the tolerance that a point neuron has for most measures
CLOSE_REST = 2.0  # mV, the same
_MOST_NAMED = 6  # cell types with matched compartments, of one sign


def passive_warnings(cell: CellType) -> list[str]:
    """Return what there is to warn of in the passive values of a user's own cell type.

    Parameters
    ----------
    cell
        The cell type; of one of the catalogue nothing is said: its compartments are often another
        source's, which its page says.

    Returns
    -------
    list of str
        A sentence each, with the remedy: ``[passive]`` states what the compartments do not have;
        the compartments rest above the threshold; a reset that is another cell type's lies above
        the rest.
    """
    if not cell.folder or cell.compartments is None:
        return []
    layout = cell.compartments
    return [
        *_unmatched_text(cell, layout),
        *_firing_text(cell, layout),
        *_reset_text(cell, layout),
    ]


def passive_remarks(cell: CellType) -> list[str]:
    """Return what the page of a cell type says below its passive values.

    Parameters
    ----------
    cell
        The cell type.
    """
    if cell.compartments is None:
        return []
    if cell.compartments.rule == "matched_passive":
        matched = "the compartments are matched to v_rest, r_in and tau_m; the rest enters no model"
        return [matched, *passive_warnings(cell)]
    values = passive_of_layout(cell.compartments).items()
    texts = [f"{name} {_value_text(name, value)}" for name, value in values]
    return [f"the compartments have {', '.join(texts)}", *passive_warnings(cell)]


def states_own_passive(cell: CellType) -> bool:
    """Return whether a cell type has passive values that are not those of the one it is like.

    Parameters
    ----------
    cell
        The cell type.
    """
    if cell.passive is None:
        return False
    return not cell.like or cell.passive != find_cell(cell.like).passive


def passive_of_layout(layout: Compartments) -> dict[str, Any]:
    """Return rest, input resistance and membrane time constant that compartments state themselves.

    Parameters
    ----------
    layout
        The compartments; of those that are matched to ``[passive]`` the dictionary is empty.
    """
    if layout.rule == "burst":  # its soma, to which no conductance couples the dendrite
        tau, capacitance = layout.burst.value("tau_soma"), layout.burst.value("C_soma")
        return {"v_rest": layout.burst.value("EL"), "r_in": tau / capacitance, "tau_m": tau}
    if layout.rule != "explicit":
        return {}
    cable = layout.globals
    return {
        "v_rest": cable.value("v_rest"),
        "r_in": _input_resistance(layout),
        "tau_m": cable.value("cm") / cable.value("gl"),
    }


def _input_resistance(layout: Compartments) -> Any:
    cable, places = layout.globals, {name: i for i, name in enumerate(layout.names)}
    sizes = {"soma": layout.soma} | {one.name: one.numbers for one in layout.dendrites}
    density = float(cable.value("gl")) * float(cable.value("scale_factor"))
    areas = [
        float(np.pi * sizes[name].value("length") * sizes[name].value("diameter"))
        * (1.0 if name == "soma" else float(cable.value("spine_factor")))
        for name in layout.names
    ]
    conductances = np.diag(density * np.array(areas))
    if layout.soma_model == "adaptive_IF" and "a" in layout.soma:
        conductances[0, 0] += float(layout.soma.value("a"))
    for edge in layout.edges:
        first, second = places[edge.first], places[edge.second]
        coupling = _coupling(edge, sizes, cable)
        conductances[[first, second], [first, second]] += coupling
        conductances[[first, second], [second, first]] -= coupling
    return float(np.linalg.inv(conductances)[0, 0]) * ohm


def _coupling(edge: Edge, sizes: dict[str, Numbers], cable: Numbers) -> float:
    """Return the conductance of an edge (S); of half cylinders by the axial resistivity."""
    if edge.coupling is not None:
        return float(edge.coupling.value)
    resistances = [
        4 * cable.value("r_axial") * size.value("length") / (np.pi * size.value("diameter") ** 2)
        for size in (sizes[edge.first], sizes[edge.second])
    ]
    return 2 / sum(float(resistance) for resistance in resistances)


def _unmatched_text(cell: CellType, layout: Compartments) -> list[str]:
    if cell.passive is None or not states_own_passive(cell):
        return []
    stated = cell.passive.numbers
    rows = [
        f"{name} {stated[name].written} (the compartments: {_value_text(name, value)})"
        for name, value in passive_of_layout(layout).items()
        if name in stated and not _is_close(name, stated.value(name), value)
    ]
    if not rows:
        return []
    inherited = cell.like and layout == find_cell(cell.like).compartments
    return [
        f"cell type {cell.name!r}: its compartments"
        + (f", those of {cell.like}," if inherited else "")
        + f" have the rule {layout.rule!r} and do not take what [passive] states: "
        f"{', '.join(rows)}. {_remedy(cell, inherited=bool(inherited))}"
    ]


def _value_text(name: str, value: Any) -> str:
    return f"{float(value / UNITS[name]):.4g} {UNITS[name]}"


def _is_close(name: str, stated: Any, actual: Any) -> bool:
    limit = CLOSE_REST * 1e-3 if name == "v_rest" else CLOSE * abs(float(stated))
    return abs(float(stated) - float(actual)) <= limit


def _remedy(cell: CellType, *, inherited: bool) -> str:
    if not inherited:
        return "Change [compartments], or state in [passive] what they have."
    matched = cells_with_matched_compartments(cell.sign)
    more = f" and {len(matched) - _MOST_NAMED} more" if len(matched) > _MOST_NAMED else ""
    return (
        f'Write [compartments] of its own, with rule = "matched_passive" for these three '
        f"(docs/guides/own.md has such a table), or let it be like a cell type whose compartments "
        f"are matched ({', '.join(matched[:_MOST_NAMED])}{more})."
    )


def cells_with_matched_compartments(sign: int) -> list[str]:
    """Return the cell types of the catalogue whose compartments are matched to ``[passive]``.

    Parameters
    ----------
    sign
        Dale's sign of the cell types.
    """
    candidates = (find_cell(name) for name in names("cell type"))
    return [
        one.name
        for one in candidates
        if one.sign == sign and one.compartments and one.compartments.rule == "matched_passive"
    ]


def _rest_of(cell: CellType, layout: Compartments) -> tuple[Sourced, str]:
    """Return the rest that compartments have, and the table of the file that states it."""
    if layout.rule == "matched_passive" and cell.passive is not None:
        return cell.passive.numbers["v_rest"], "[passive]"
    if layout.rule == "explicit":
        return layout.globals["v_rest"], "[compartments.globals]"
    return layout.burst["EL"], "[compartments.burst]"


def _reset_text(cell: CellType, layout: Compartments) -> list[str]:
    """Say that spikes end above a rest that is not that of the cell type whose reset it is."""
    reset = layout.spike["reset"]
    rest, place = _rest_of(cell, layout)
    other = find_cell(cell.like) if cell.like else None
    if other is None or other.compartments is None or reset.value <= rest.value:
        return []
    usual, _ = _rest_of(other, other.compartments)
    if other.compartments.spike["reset"] != reset or reset.value > usual.value:
        return []
    return [
        f"cell type {cell.name!r}: the reset of its compartments, {reset.written}, is that of "
        f"{other.name}, which rests at {usual.written}: it is above v_rest {rest.written} of "
        f"{place}, so that each spike leaves the cell depolarised. Give [compartments.spike] a "
        f"lower reset (dualframe new cell NAME --from {cell.like} writes the table)."
    ]


def _firing_text(cell: CellType, layout: Compartments) -> list[str]:
    """Say that the compartments rest above their threshold, which is the other cell type's."""
    rest, place = _rest_of(cell, layout)
    threshold = layout.spike["threshold"]
    if rest.value < threshold.value:
        return []
    return [
        f"cell type {cell.name!r}: v_rest {rest.written} of {place} is not below the threshold of "
        f"its compartments, {threshold.written}, so that it fires without any input. Give "
        f"[compartments.spike] a higher threshold (dualframe new cell NAME --from "
        f"{cell.like or 'a cell type'} writes the table), or lower v_rest."
    ]
