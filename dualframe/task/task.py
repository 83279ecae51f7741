"""A task: environment, cells, plasticity, modulators and protocol, as inert data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dualframe.catalogue.bibliography import PACKAGED, citation, references
from dualframe.catalogue.describe import ASSUMED, Page
from dualframe.catalogue.lookup import modulator_name
from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.core.validation import as_not_negative
from dualframe.network import ValueRecord
from dualframe.task.sections import SECTIONS, Section


@dataclass(frozen=True, eq=False)
class Task(ValueRecord):
    """A task, read from a file by `dualframe.task` and changed by its methods.

    Parameters
    ----------
    name, title, note
        What it is.
    builder
        What makes its network: a name of `dualframe.task.SECTIONS`.
    sections
        Numbers and texts by section.
    offered, modulators
        Modulators that the task has, and those that act.
    heterogeneity
        Coefficient of variation of the cells' parameters.
    origin
        Source of the file.
    references
        Path of the BibTeX file beside it.
    """

    name: str
    title: str
    builder: str
    sections: Mapping[str, Section]
    offered: tuple[str, ...] = ()
    modulators: tuple[str, ...] = ()
    heterogeneity: float = 0.0
    note: str = ""
    origin: Origin = field(default_factory=Origin)
    references: str = ""

    def __getitem__(self, section: str) -> Section:
        if section not in self.sections:
            raise UnknownName(f"section of task {self.name!r}:", section, self.sections)
        return self.sections[section]

    @property
    def condition(self) -> str:
        """The modulators that act, as a label: ``"none"`` or ``"ACh, DA"``."""
        return ", ".join(self.modulators) or "none"

    def with_modulators(self, *modulators: str) -> Task:
        """Return the task in which these modulators act, and no others.

        Parameters
        ----------
        modulators
            Names, such as ``"DA"`` or ``"5-HT"``; none for a task without modulators.

        Raises
        ------
        UnknownName
            If the task has no such modulator.
        """
        acting = {self._named(modulator) for modulator in modulators}
        return replace(self, modulators=tuple(m for m in self.offered if m in acting))

    def with_heterogeneity(self, cv: float) -> Task:
        """Return the task with cells whose parameters vary: log-normal factors of mean one."""
        number = float(as_not_negative(cv, "dimensionless", f"heterogeneity of task {self.name!r}"))
        return replace(self, heterogeneity=number)

    def with_parameters(self, **values: Any) -> Task:
        """Return the task with other numbers or texts.

        Parameters
        ----------
        **values
            ``section__name=value``, such as ``actor__n=20``.

        Raises
        ------
        UnknownName, QuantityError
            If there is no such entry, or the number has another dimension.
        """
        sections = dict(self.sections)
        for key, value in values.items():
            section, separator, name = key.partition("__")
            if not separator:
                raise CatalogueError(f"{key!r} is no entry of a task: write section__name=value.")
            if section not in sections:
                raise UnknownName(f"section of task {self.name!r}:", section, sections)
            spec = SECTIONS[self.builder][section]
            sections[section] = sections[section].changed(name, value, spec)
        return replace(self, sections=sections)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """One line for each section with assumed numbers."""
        return tuple(
            f"{name}: {', '.join(found)} assumed" for name, found in self._assumed() if found
        )

    def describe(self) -> str:
        """Return the task as text: every number with its source, assumptions marked."""
        page = Page()
        page.lines.append(f"{self.name}: {self.title}")
        page.lines.append(f"modulators: {', '.join(self.offered)} (acting: {self.condition})")
        page.note(self.note)
        for name, section in self.sections.items():
            page.title(name)
            page.lines += [f"  {key} = {value}" for key, value in section.texts.items()]
            page.numbers(Numbers(name, tuple(section.numbers.items())))
        assumed = sum(ASSUMED in line for line in page.lines)
        own = Path(self.references)
        known = references(own) if own.is_file() else {}
        sources = [
            f"  {key}: {citation(key, own if key in known else PACKAGED)}" for key in page.cited
        ]
        tail = [f"{assumed} numbers are assumed", "", "sources", *sources]
        return "\n".join([*page.lines, "", *tail])

    def __str__(self) -> str:
        varied = f", heterogeneity {self.heterogeneity:g}" if self.heterogeneity else ""
        return f"Task {self.name!r}: {self.title}; modulators: {self.condition}{varied}"

    def _named(self, modulator: str) -> str:
        name = modulator_name(modulator)
        if name not in self.offered:
            raise UnknownName(f"modulator of task {self.name!r}:", modulator, self.offered)
        return name

    def _assumed(self) -> Iterator[tuple[str, list[str]]]:
        for name, section in self.sections.items():
            yield (
                name,
                [f"{k} {quantity_text(n.value)}" for k, n in section.numbers.items() if n.assumed],
            )
