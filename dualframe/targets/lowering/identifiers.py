"""Names in equations and statements: which are used, known, or kept by Brian2 for itself."""

from __future__ import annotations

from collections.abc import Iterable, Set

from brian2 import NeuronGroup
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import NetworkError, suggest_name

_ALWAYS = frozenset({"t", "dt", "i", "N", "lastspike", "not_refractory", "xi"})
_GLOBAL = frozenset(DEFAULT_FUNCTIONS) | frozenset(DEFAULT_CONSTANTS) | frozenset(DEFAULT_UNITS)
# Brian2 keeps its own attributes of a group under these names
_RESERVED = frozenset(name for name in dir(NeuronGroup) if not name.startswith("_")) | {
    "start",
    "stop",
    "name",
    "clock",
    "events",
    "equations",
    "i",
    "N",
    "t",
    "dt",
}


def identifiers_in(texts: Iterable[str | None]) -> set[str]:
    """Return the identifiers of several texts.

    Parameters
    ----------
    texts
        Equations and statements; None counts as empty.
    """
    used: set[str] = set()
    for text in texts:
        used |= get_identifiers(text or "")
    return used


def check_known(label: str, used: Set[str], defined: Set[str]) -> None:
    """Refuse a name that nothing defines.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    used
        The names that are used.
    defined
        The names that are defined.
    """
    for name in sorted(used - defined - _ALWAYS - _GLOBAL):
        if name.startswith("xi_"):
            continue
        raise NetworkError(
            f"{label} uses {name!r}, which neither its equations nor its parameters define. "
            + suggest_name(name, defined)
        )


def check_reserved(label: str, names: Iterable[str]) -> None:
    """Refuse a variable that would hide an attribute of Brian2's groups.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    names
        The names.
    """
    for name in names:
        if name in _RESERVED:
            raise NetworkError(
                f"{label} calls a variable {name!r}, a name that Brian2 keeps for itself; "
                f"rename it."
            )
