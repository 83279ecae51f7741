"""Values of command-line options that are texts with parts, such as ``antagonist:M1=3@ctx_pv``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from dualframe.circuit import Circuit
from dualframe.circuit.pharmacology import DRUGS
from dualframe.core.errors import DualframeError
from dualframe.task import Task

Treated = TypeVar("Treated", Circuit, Task)


def apply_drug_options(
    untreated: Treated, knockouts: Iterable[str], drugs: Iterable[str]
) -> Treated:
    """Return a circuit or task without receptors, and with drugs.

    Parameters
    ----------
    untreated
        The circuit or task.
    knockouts
        Receptors, such as ``"M1"`` or ``"M1:ctx_pv,ctx_sst"``.
    drugs
        Such as ``"antagonist:M1=3@ctx_pv"`` or ``"atropine=100 nM"``.
    """
    treated = untreated
    for text in knockouts:
        receptor, _, cells = text.partition(":")
        treated = treated.with_drug("knockout", receptor, cells.split(",") if cells else None)
    for text in drugs:
        treated = _apply_drug_option(treated, text)
    return treated


def _apply_drug_option(untreated: Treated, text: str) -> Treated:
    """Return a circuit or task with one drug."""
    what, limited, cells = text.partition("@")
    if limited and not cells.replace(",", "").strip():
        raise DualframeError(
            f"--drug {text!r} names no cell type after the @: name one, or leave out the @."
        )
    place, _, dose = (part.strip() for part in what.partition("="))
    receptor: str | None = None
    if ":" in place or place in DRUGS or not place:
        kind, receptor = split_option(place, ":", "--drug", "antagonist:M1=3")
    else:
        kind = place  # a drug of the catalogue, at all of its receptors
    amount, _, affinity = (part.strip() for part in dose.partition("/"))
    doses: dict[str, Any] = {"dose": amount} if amount else {}
    doses |= {"affinity": affinity} if affinity else {}
    names = [name.strip() for name in cells.split(",")] if cells else None
    return untreated.with_drug(kind, receptor, names, **doses)


def split_option(text: str, separator: str, option: str, example: str) -> tuple[str, str]:
    """Return the two sides of an option's value."""
    left, found, right = (part.strip() for part in text.partition(separator))
    if not (left and found and right):
        raise DualframeError(f"{option} is {text!r}: expected a text like {example!r}.")
    return left, right
