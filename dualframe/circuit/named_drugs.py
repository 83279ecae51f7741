"""Drugs of the catalogue in a circuit: one `Drug` for each receptor at which it acts."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe import catalogue
from dualframe.catalogue import DrugAction, DrugProfile
from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.own_receptors import receptor_name
from dualframe.circuit.pharmacology import DRUGS, Drug, as_dose
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import as_names

_MEASURED = {"agonist": "EC50", "antagonist": "K_B"}


def make_drugs(
    circuit: CircuitRecord,
    kind: str,
    receptor: str | None,
    cells: str | Iterable[str] | None,
    dose: Any,
    affinity: Any,
) -> tuple[Drug, ...]:
    """Return what a call of `Circuit.with_drug` adds.

    Parameters
    ----------
    circuit
        It may have receptors of its own.
    kind, receptor, cells, dose, affinity
        As of `Circuit.with_drug`.

    Raises
    ------
    UnknownName
        If there is no such kind or drug, or the receptor does not exist.
    NetworkError
        If the dose cannot be one, or a drug of the catalogue has none.
    """
    named = as_names(cells, "cells")
    if kind not in DRUGS:
        return named_drug(kind, receptor or "", named, dose, affinity)
    if receptor is None:
        raise NetworkError(f"the {kind} has no receptor: name one, such as 'M1'.")
    place = receptor_name(circuit, receptor)
    return (Drug(kind, place, named, inf if dose is None else dose, affinity),)


def named_drug(
    name: str, receptor: str = "", cells: Any = (), dose: Any = None, affinity: Any = None
) -> tuple[Drug, ...]:
    """Return a drug of the catalogue at every receptor at which it acts, or at one of them.

    Parameters
    ----------
    name
        In the catalogue, or an alias: ``"atropine"``.
    receptor
        The one to which it is limited; "" means all of its receptors.
    cells
        Cell types on which it acts; empty means all.
    dose
        Its concentration; infinite saturates all receptors.
    affinity
        EC50 or K_B to be used instead of the catalogue's.

    Raises
    ------
    UnknownName
        If there is no such drug, or it does not act at the receptor.
    NetworkError
        If there is no dose, or no affinity to compare it with.
    """
    profile = _find_profile(name)
    actions = [a for a in profile.actions if receptor in ("", a.receptor)]
    if not actions:
        places = [action.receptor for action in profile.actions]
        raise UnknownName(f"receptor of {profile.name}:", receptor, places)
    if dose is None:
        raise NetworkError(
            f"{profile.name} has no dose: give its concentration, such as dose='100 nM' (it acts "
            f"at {', '.join(a.summary for a in actions)}), or dose='inf' to saturate."
        )
    if affinity is not None and len(actions) > 1:
        raise NetworkError(
            f"affinity of {profile.name} is {affinity}: name the receptor that it is of, one of "
            f"{', '.join(a.receptor for a in actions)}."
        )
    amount = as_dose(dose, profile.name)
    return tuple(_one_drug(profile.name, action, cells, amount, affinity) for action in actions)


def _find_profile(name: str) -> DrugProfile:
    try:
        return catalogue.drug(name)
    except UnknownName:
        known = (*DRUGS, *catalogue.names("drug"))
        raise UnknownName("kind of drug, or drug,", name, known) from None


def _one_drug(name: str, action: DrugAction, cells: Any, dose: Any, affinity: Any) -> Drug:
    """Return what a drug does at one receptor; ``dose`` is infinite or a concentration."""
    if np.isinf(np.asarray(dose)):
        return Drug(action.kind, action.receptor, cells, inf, name=name)
    if get_dimensions(dose) is DIMENSIONLESS:
        raise NetworkError(
            f"dose of {name} is {dose:g}: give its concentration, such as dose='100 nM'."
        )
    known = action.affinity
    if affinity is None and known is None:
        raise NetworkError(
            f"no affinity of {name} at {action.receptor} is in the catalogue: limit it to another "
            f"receptor, give affinity (its {_MEASURED[action.kind]}), or dose='inf' to saturate."
        )
    if affinity is not None or known is None:
        return Drug(action.kind, action.receptor, cells, dose, affinity, name=name)
    measure = next(iter(action.numbers))
    assumed = f"{name} at {action.receptor}: {measure} {known.written} is assumed"
    assumption = f"{assumed} ({action.origin.note})" if known.assumed else ""
    return Drug(
        action.kind, action.receptor, cells, dose, known.value, name=name, assumption=assumption
    )
