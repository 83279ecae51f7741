"""What the file of a cell type states of a current clamp's measures, and what of it is not matched.

The rule ``matched_passive`` gives a soma and a dendrite the stated rest, input resistance and
membrane time constant (that of every compartment, C/g). What else ``[passive]`` states is kept and
enters no model: rheobase and adaptation are those of ``[compartments.spike]`` and
``[compartments.soma]``.

The charging of the soma has two exponentials, the stated one and a faster one by which the dendrite
follows; one exponential that is fitted to it, as in `electrophysiology.time_constant`, is shorter.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Mohm, ms, mV, pA

from dualframe.catalogue import CellType
from dualframe.catalogue.stated_passive import CLOSE, CLOSE_REST, states_own_passive
from dualframe.experiments.cell_survey import CellSurvey

#: Measures of `dualframe.validate` by what ``[passive]`` calls them, with the table's unit.
STATED: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "rheobase": ("rheobase", pA),
        "r_in": ("r_in", Mohm),
        "tau_m": ("tau_m", ms),
        "v_rest": ("rest", mV),
    }
)
_KEEPS = "the compartments are matched to v_rest, r_in and tau_m, and this is kept without effect"


def stated_measures(cell: CellType) -> dict[str, float]:
    """Return what ``[passive]`` states of the measures of a comparison, in the table's units.

    Parameters
    ----------
    cell
        The cell type.
    """
    numbers = cell.passive.numbers if cell.passive else {}
    return {
        measure: float(numbers[name].value / unit)
        for name, (measure, unit) in STATED.items()
        if name in numbers
    }


def find_unmatched(cell: CellType, survey: CellSurvey) -> list[str]:
    """Return a sentence for each measure that a user's file states and its compartments lack.

    Parameters
    ----------
    cell
        The cell type; of one of the catalogue, whose compartments are often another source's,
        nothing is said.
    survey
        What its compartments have.
    """
    if not cell.folder or cell.passive is None or not states_own_passive(cell):
        return []
    found = {"rheobase": survey.rheobase, "r_in": survey.r_in, "tau_m": survey.tau}
    found["v_rest"] = survey.rest
    texts = []
    for name in (name for name in STATED if name in cell.passive.numbers):
        number, unit = cell.passive.numbers[name], STATED[name][1]
        stated, here = float(number.value / unit), float(found[name] / unit)
        limit = CLOSE_REST if name == "v_rest" else CLOSE * abs(stated)
        if np.isnan(here) or abs(here - stated) > limit:
            texts.append(
                f"{name} of {cell.name} is stated as {number.written}; its compartments have "
                f"{here:.4g} {unit}: {_reason(cell, name)}."
            )
    return texts


def _is_matched(cell: CellType) -> bool:
    return cell.compartments is not None and cell.compartments.rule == "matched_passive"


def _reason(cell: CellType, name: str) -> str:
    """Return why the compartments have another value, and what to do."""
    if not _is_matched(cell):
        return "the sizes and conductances of [compartments] make it, not [passive]"
    if name == "tau_m":
        return (
            "the stated one is C/g of each compartment, and one exponential fitted to the soma's "
            "charging is shorter, because the dendrite charges after it"
        )
    if name != "rheobase":
        return "the adaptation of [compartments.soma] changes it"
    return f"{_KEEPS}. {_remedy_of_rheobase(cell)}"


def _remedy_of_rheobase(cell: CellType) -> str:
    """Return how to set the rheobase: of a soma without adaptation by V = v_rest + I r_in."""
    assert cell.passive is not None
    assert cell.compartments is not None
    numbers = cell.passive.numbers
    place = "threshold of [compartments.spike]"
    if cell.compartments.soma_model != "leakyIF":
        return f"Set {place}, and the adaptation in [compartments.soma]"
    threshold = numbers.value("v_rest") + numbers.value("rheobase") * numbers.value("r_in")
    return f"Set {place} to v_rest + rheobase r_in = {float(threshold / mV):.4g} mV"
