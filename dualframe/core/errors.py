"""The errors dualframe raises: each names the culprit, what was expected and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

_LONGEST = 100  # characters of a name that an error repeats
_MOST_NAMES = 40  # that an error lists
_MOST_NEAR = 5  # that it lists of more


class DualframeError(Exception):
    """Base of every error that dualframe raises on purpose.

    Errors cross processes: they are rebuilt of their message and attributes, whatever their
    constructors ask for.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_error, (type(self), self.args, self.__dict__)


class DualframeWarning(UserWarning):
    """What a run warns of: its results may be wrong, or not what was meant."""


class QuantityError(DualframeError, ValueError):
    """A text or value is not a quantity of the expected dimension."""


class CatalogueError(DualframeError, ValueError):
    """A data file (cell, synapse, receptor, circuit or task) is not well formed."""


class NetworkError(DualframeError, ValueError):
    """A population, projection, input or network cannot be what was asked for."""


class TargetError(DualframeError, RuntimeError):
    """A target is not usable here, or cannot run this network."""


class BuildError(TargetError):
    """Generated code could not be compiled or executed."""


class OutputError(DualframeError, OSError):
    """Results cannot be read from, or written to, a place."""


class UnknownName(DualframeError, KeyError):
    """A name that is not in its catalogue.

    Parameters
    ----------
    kind
        What was looked up, for example ``"cell type"``.
    name
        The name that was not found.
    choices
        The names that exist.
    lister
        What prints them, said instead of the names where they are many; none by default.
    remedy
        What is said instead of a near name, where more is known of the name.
    """

    def __init__(
        self,
        kind: str,
        name: object,
        choices: Iterable[str],
        *,
        lister: str = "",
        remedy: str = "",
    ) -> None:
        self.kind, self.name, self.choices = kind, name, tuple(choices)
        text = repr(name)
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        super().__init__(
            f"unknown {kind} {text}. {remedy or suggest_name(name, self.choices, lister)}"
        )

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


def _restore_error(
    kind: type[DualframeError], arguments: tuple[Any, ...], attributes: Mapping[str, Any]
) -> DualframeError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(attributes)
    return error


def suggest_name(name: object, choices: Iterable[str], lister: str = "") -> str:
    """Return "Did you mean 'x'?" for the nearest choice, else the list of choices.

    Parameters
    ----------
    name
        The name that was not found.
    choices
        The names that exist.
    lister
        What prints them, such as a command; with the nearest names it replaces a list of more than
        a screen's.
    """
    known = sorted(set(choices))
    folded = {choice.casefold(): choice for choice in known}
    close = get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"Did you mean {folded[close[0]]!r}?"
    if lister and len(known) > _MOST_NAMES:
        near = get_close_matches(str(name).casefold(), list(folded), n=_MOST_NEAR, cutoff=0.2)
        nearest = f"Nearest: {', '.join(folded[name] for name in near)}. " if near else ""
        return f"{nearest}Known: {len(known)} names, which {lister} prints."
    return f"Known: {', '.join(known)}." if known else "There is none: check the name or the path."
