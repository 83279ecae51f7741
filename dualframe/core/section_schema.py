"""What a table of a task file may hold: the numbers, texts and names that a kind asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.core.parameter_table import Dimensions


@dataclass(frozen=True, kw_only=True)
class SectionSchema:
    """Entries of a table, with their dimensions or choices.

    Attributes
    ----------
    numbers
        Names and dimensions.
    texts
        Names and choices; no choices mean any text.
    lists
        Names of lists of texts, such as the variables that an encoder observes.
    defaults
        Values of entries that a file may leave out; None where there is nothing to put in their
        place. A number is written with its unit.
    """

    numbers: Dimensions = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[str, ...]:
        """All names, in order."""
        return (*self.texts, *self.lists, *self.numbers)

    @property
    def required(self) -> tuple[str, ...]:
        """Names that every file gives."""
        return tuple(name for name in self.entries if name not in self.defaults)
