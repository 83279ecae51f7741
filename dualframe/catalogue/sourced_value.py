"""A number with its origin, and tables of them.

Nothing here reads files (`read`) or knows a simulator. The four statuses, from firm to soft:

``measured``
    read in a table, caption or abstract of an experiment;
``published model``
    a parameter of a published model, fitted or chosen by its authors;
``derived``
    computed from other entries of this catalogue, by a rule that the note states;
``assumed``
    chosen by dualframe because no source was found. It is shown as such wherever it appears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity_text

STATUSES = ("measured", "published model", "derived", "assumed")


@dataclass(frozen=True)
class Sourced:
    """A number with its origin.

    Parameters
    ----------
    value
        A Brian2 quantity, or a float where it has no dimension.
    source
        Keys of ``references.bib``.
    status
        One of `STATUSES`.
    note
        What a reader must know before using the number.
    written
        The text in the data file, with the source's own digits and unit. Two numbers are equal
        if they are written the same and have the same origin.
    error, error_is, n
        Spread as the source prints it, what it is ("SD", "SEM"), and the number of cells.
    """

    value: Any = field(compare=False)
    source: tuple[str, ...]
    status: str
    note: str = ""
    written: str = ""
    _: KW_ONLY
    error: Any = field(default=None, compare=False)
    error_is: str = ""
    n: int | None = None

    def __post_init__(self) -> None:
        if not self.written:
            object.__setattr__(self, "written", quantity_text(self.value))

    @property
    def assumed(self) -> bool:
        """Whether the number is a choice of dualframe and not a finding."""
        return self.status == "assumed"


@dataclass(frozen=True, eq=False, repr=False)
class Numbers(Mapping[str, Sourced]):
    """An immutable table of numbers by parameter name.

    ``numbers["C"]`` is the `Sourced` entry, ``numbers.value("C")`` its quantity, and
    ``numbers.plain()`` a new dictionary of all quantities. ``note`` is the remark on the table.
    """

    where: str = ""
    pairs: tuple[tuple[str, Sourced], ...] = ()
    note: str = ""

    def __getitem__(self, name: str) -> Sourced:
        for known, number in self.pairs:
            if known == name:
                return number
        raise UnknownName(f"{self.where} parameter".strip(), name, self)

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self.pairs)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.pairs])

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        return hash(frozenset(self.pairs))

    def __repr__(self) -> str:
        return "Numbers(" + ", ".join(f"{k}={v.written!r}" for k, v in self.pairs) + ")"

    def value(self, name: str) -> Any:
        """Return the quantity of one parameter."""
        return self[name].value

    def plain(self) -> dict[str, Any]:
        """Return the quantities by name, without their origins."""
        return {name: number.value for name, number in self.pairs}


@dataclass(frozen=True)
class Origin:
    """Where a block of facts comes from: keys of ``references.bib``, status and remark."""

    source: tuple[str, ...] = ()
    status: str = "assumed"
    note: str = ""
