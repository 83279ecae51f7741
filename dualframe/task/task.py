"""A task: a circuit in an environment, with a protocol, as inert data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pandas as pd

from dualframe.catalogue.bibliography import citation, references
from dualframe.catalogue.describe import ASSUMED, Page
from dualframe.catalogue.lookup import modulator_name
from dualframe.catalogue.sourced_value import Numbers
from dualframe.catalogue.toml_table import bibliographies, load_toml, table_from
from dualframe.circuit import Circuit
from dualframe.circuit.describe import assumed_numbers, component_lines, write_numbers
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.core.shipped_files import find_shipped_file, shipped_folder, shipped_names
from dualframe.core.text_views import text_as_html
from dualframe.core.validation import as_not_negative, check_count
from dualframe.network import ValueRecord
from dualframe.task.perturbation import CircuitChanges, Perturbation
from dualframe.task.section import TaskSection
from dualframe.task.toml_reader import TaskContent, read_content, replace_entry

_WIDEST = 10.0  # coefficient of variation


@dataclass(frozen=True, kw_only=True, eq=False)
class Task(CircuitChanges, ValueRecord):
    """A task, read from a file by `dualframe.task` and changed by its methods.

    Attributes
    ----------
    tables
        The tables of its file with the changes that were made, as JSON.
    file
        Path of the file: its folder has the references, and cell files are relative to it.
    modulators
        Modulators that act; None for those that the file acts with by default.
    heterogeneity
        Coefficient of variation of the cells' parameters.
    perturbations
        Changes of its circuit that no file states: drugs, effects of receptors, rules.
    """

    tables: str
    file: str
    modulators_set: tuple[str, ...] | None = None
    heterogeneity: float = 0.0
    perturbations: tuple[Perturbation, ...] = ()

    @cached_property
    def content(self) -> TaskContent:
        """What the tables say, checked."""
        path = Path(self.file)
        return read_content(table_from(json.loads(self.tables), path), path.parent)

    @property
    def name(self) -> str:
        """Name of the task."""
        return self.content.name

    @property
    def title(self) -> str:
        """What it is, in a line."""
        return self.content.title

    @property
    def note(self) -> str:
        """A remark for the reader."""
        return self.content.note

    @cached_property
    def circuit(self) -> Circuit:
        """Populations and projections; encoders are sources of projections.

        Modulators that the task offers and that do not act are there without any concentration, so
        that conditions share their equations.
        """
        circuit = self.content.circuit
        for perturbation in self.perturbations:
            circuit = perturbation.change(circuit)
        silent = set(self.offered) - set(self.modulators)
        modulations = (m.silenced if m.modulator in silent else m for m in circuit.modulations)
        return replace(circuit, modulations=tuple(modulations))

    @property
    def environment(self) -> TaskSection | None:
        """Kind and parameters of the environment."""
        return self.content.environment

    @property
    def encoders(self) -> tuple[TaskSection, ...]:
        """What brings the environment's variables to the circuit as spikes."""
        return self.content.encoders

    @property
    def readouts(self) -> tuple[TaskSection, ...]:
        """What brings spikes to the environment, or to releases."""
        return self.content.readouts

    @property
    def releases(self) -> tuple[TaskSection, ...]:
        """What releases modulators."""
        return self.content.releases

    @property
    def outcome(self) -> TaskSection:
        """Kind and entries of what is measured."""
        return self.content.outcome

    @property
    def offered(self) -> tuple[str, ...]:
        """Modulators that the task has."""
        return self.content.offered

    @property
    def modulators(self) -> tuple[str, ...]:
        """Modulators that act."""
        chosen = self.modulators_set
        return self.content.default_modulators if chosen is None else chosen

    @property
    def condition(self) -> str:
        """The modulators that act, as a label: ``"none"`` or ``"ACh, DA"``."""
        return ", ".join(self.modulators) or "none"

    @property
    def sections(self) -> dict[str, TaskSection]:
        """Tables of the task by name: protocol, environment, encoders, readouts, releases."""
        content = self.content
        sections = [content.protocol, content.environment, *content.encoders, *content.readouts]
        sections += [*content.releases, content.outcome]
        return {section.name: section for section in sections if section is not None}

    def __getitem__(self, section: str) -> TaskSection:
        sections = self.sections
        if section not in sections:
            raise UnknownName(f"section of task {self.name!r}:", section, sections)
        return sections[section]

    @property
    def reference(self) -> str:
        """What `dualframe.task` and the command line find it by: a name, or the path of a file."""
        file = Path(self.file)
        return file.stem if file.parent == shipped_folder("tasks") else self.file

    def time_step(self, branch: str) -> Any:
        """Return the time step of the protocol: what it states for the branch, else its ``dt``.

        Parameters
        ----------
        branch
            ``"task_driven"`` or ``"biological"``.
        """
        protocol, own = self["protocol"], f"dt_{branch}"
        return protocol[own if own in protocol else "dt"]

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
        acting = {self._offered_name(modulator) for modulator in modulators}
        return replace(self, modulators_set=tuple(m for m in self.offered if m in acting))

    def with_heterogeneity(self, cv: float) -> Task:
        """Return the task with cells whose parameters vary: log-normal factors of mean one.

        Parameters
        ----------
        cv
            Coefficient of variation, from 0 to 10.

        Raises
        ------
        NetworkError
            If it is no such number.
        """
        label = f"heterogeneity of task {self.name!r}"
        number = float(as_not_negative(cv, "dimensionless", label))
        if number > _WIDEST:
            raise NetworkError(f"{label} is {cv:g}: expected a coefficient of variation up to 10.")
        return replace(self, heterogeneity=number)

    def with_parameters(self, **values: Any) -> Task:
        """Return the task with other numbers or texts.

        Parameters
        ----------
        **values
            ``section__entry=value``: the section is a table (``protocol``, ``environment``), or the
            name of an encoder, readout, release, model, population or projection; entries of a
            table in it follow in the same way (``learned__plasticity__w_max=2``).

        Raises
        ------
        UnknownName, CatalogueError
            If there is no such entry, or the number has another dimension.
        """
        tables = json.loads(self.tables)
        for path, value in values.items():
            tables = replace_entry(tables, path, value)
        return self._with_tables(tables)

    def with_neurons(self, n: int) -> Task:
        """Return the task with another number of neurons, shared out as before.

        In-degrees and out-degrees stay as the circuit states them.

        Parameters
        ----------
        n
            Number of neurons of all populations of the circuit together.

        Raises
        ------
        NetworkError
            If it is no whole number of at least 1.
        CatalogueError
            If a population would have no neuron, or a degree exceeds a population.
        """
        check_count(n, "number of neurons")
        sizes = self.circuit.sizes
        ratio = n / sum(sizes.values())
        if self.content.named is not None:
            return self._with_scale(self.circuit.scale * ratio)
        return self.with_parameters(
            **{f"{name}__n": float(round(size * ratio)) for name, size in sizes.items()}
        )

    def _with_scale(self, scale: float) -> Task:
        """Return the task with the circuit that it names at another scale."""
        tables = json.loads(self.tables)
        if isinstance(tables["circuit"], str):
            tables["circuit"] = {"name": tables["circuit"]}
        return self._with_tables(replace_entry(tables, "circuit__scale", scale))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Lines that say which numbers of the task and of its circuit are assumed."""
        sections = [
            f"{name}: {', '.join(assumed)} assumed" for name, assumed in self._assumed() if assumed
        ]
        return (*sections, *assumed_numbers(self.circuit, dendrites=False))

    def describe(self) -> str:
        """Return the task as text: every number with its source, assumptions marked."""
        page = Page()
        page.lines.append(f"{self.name}: {self.title}")
        page.lines.append(f"modulators: {', '.join(self.offered)} (acting: {self.condition})")
        page.note(self.note)
        for name, section in self.sections.items():
            page.title(f"{name}: {section.kind}" if section.kind else name)
            for entry, value in section.texts.items():
                page.lines.append(
                    f"  {entry} = {value if isinstance(value, str) else ', '.join(value)}"
                )
            page.numbers(Numbers(name, tuple(section.numbers.items())))
        page.lines += ["", "circuit", *component_lines(self.circuit)]
        write_numbers(page, self.circuit)
        assumed = sum(ASSUMED in line for line in page.lines)
        files = {
            key: file
            for file in reversed(bibliographies(Path(self.file).parent))
            for key in references(file)
        }
        sources = [f"  {key}: {citation(key, files[key])}" for key in page.cited]
        tail = [f"{assumed} numbers are assumed", "", "sources", *sources]
        return "\n".join([*page.lines, "", *tail])

    def _repr_html_(self) -> str:
        return text_as_html(f"{self}\n\n{self.describe()}")

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        varied = f", heterogeneity {self.heterogeneity:g}" if self.heterogeneity else ""
        changed = "".join(f"; {perturbation}" for perturbation in self.perturbations)
        return f"Task {self.name!r}: {self.title}; modulators: {self.condition}{varied}{changed}"

    def _perturbed(self, perturbation: Perturbation) -> Self:
        changed = replace(self, perturbations=(*self.perturbations, perturbation))
        changed.circuit  # noqa: B018 - what cannot be is refused at once
        return changed

    def _with_tables(self, tables: Mapping[str, Any]) -> Task:
        changed = replace(self, tables=json.dumps(tables))
        changed.content  # noqa: B018 - what cannot be is refused at once
        return changed

    def _offered_name(self, modulator: str) -> str:
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


def task(name: str | os.PathLike[str]) -> Task:
    """Return a task by name, or from the path of a user's own file.

    Parameters
    ----------
    name
        Name of a shipped task such as ``"navigation"``, or a path.

    Raises
    ------
    UnknownName
        If there is no such task, or it names something that does not exist.
    CatalogueError
        If the file is not well formed: it names file, table, key and remedy.
    """
    path = find_shipped_file("tasks", name)
    try:
        tables = json.dumps(load_toml(path))
    except TypeError as error:
        raise CatalogueError(f"{path.name}: dates have no place in a task: {error}.") from error
    read = Task(tables=tables, file=str(path))
    read.content  # noqa: B018 - what cannot be is refused at once
    return read


def tasks() -> pd.DataFrame:
    """Return the shipped tasks as a table: name, title, modulators, environment, outcome."""
    rows = [
        (
            shipped.name,
            shipped.title,
            ", ".join(shipped.offered),
            shipped.environment.kind if shipped.environment else "none",
            shipped.outcome.kind,
        )
        for shipped in (task(name) for name in shipped_names("tasks"))
    ]
    columns = ["name", "title", "modulators", "environment", "outcome"]
    return pd.DataFrame(rows, columns=columns, dtype=object)
