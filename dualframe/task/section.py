"""One table of a task's file: numbers with their sources, texts, and lists of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import Entry, TableForm, some_numbers, text, texts
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.section_schema import SectionSchema
from dualframe.network import ValueRecord


@dataclass(frozen=True, eq=False)
class TaskSection(ValueRecord):
    """Entries of a table, checked against its schema.

    ``section["n"]`` is the quantity, text or list.

    Attributes
    ----------
    name
        Of the table, or of the component that it describes.
    kind
        Kind of the component, empty where there are no kinds.
    numbers
        Numbers with unit, source and status.
    texts
        Texts, and tuples of texts.
    """

    name: str
    kind: str = ""
    numbers: Mapping[str, Sourced] = field(default_factory=dict)
    texts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._freeze()

    def __getitem__(self, entry: str) -> Any:
        if entry in self.numbers:
            return self.numbers[entry].value
        if entry in self.texts:
            return self.texts[entry]
        raise UnknownName(f"entry of {self.name!r}:", entry, (*self.numbers, *self.texts))

    def __contains__(self, entry: object) -> bool:
        return entry in self.numbers or entry in self.texts

    def count(self, entry: str) -> int:
        """Return a number that is a count.

        Parameters
        ----------
        entry
            Its name.
        """
        return round(float(self[entry]))

    @property
    def values(self) -> dict[str, Any]:
        """Quantities, texts and lists by name; whole numbers are integers."""
        numbers = {name: _as_whole(number.value) for name, number in self.numbers.items()}
        return {**numbers, **self.texts}


def section_form(schema: SectionSchema) -> TableForm:
    """Return the form of a table of a schema, but for its name and kind."""
    entries: dict[str, Entry] = {
        **{name: text(choices) for name, choices in schema.texts.items()},
        **{name: texts() for name in schema.lists},
        **some_numbers(schema.numbers).optional,
    }
    required = {name: entries[name] for name in schema.required}
    optional = {name: entry for name, entry in entries.items() if name not in required}
    return TableForm(required, optional)


def read_section(table: Table, name: str, kind: str, schema: SectionSchema) -> TaskSection:
    """Read a table by its schema.

    Parameters
    ----------
    table
        The table; ``name`` and ``kind`` in it are left to the caller.
    name, kind
        Of the section.
    schema
        What the table may hold.

    Raises
    ------
    CatalogueError
        If an entry is unknown, missing, or not what the schema asks for.
    """
    table.only("name", "kind", section_form(schema))
    for entry in schema.required:
        if entry not in table.data:
            table.fail(entry, f"missing. This table needs {', '.join(schema.required)}.")
    numbers: dict[str, Sourced] = {}
    texts: dict[str, str | tuple[str, ...]] = {}
    for entry, choices in schema.texts.items():
        texts[entry] = table.text(entry, schema.defaults.get(entry), choices=choices)
    for entry in schema.lists:
        texts[entry] = distinct_texts(table, entry, schema.defaults.get(entry))
    for entry, dimension in schema.numbers.items():
        if entry in table.data:
            numbers[entry] = table.number(entry, dimension)
        elif schema.defaults[entry] is not None:
            default = schema.defaults[entry]
            numbers[entry] = Sourced(
                quantity(default, dimension), ("dualframe",), "assumed", "the default", str(default)
            )
    return TaskSection(name, kind, numbers, texts)


def distinct_texts(
    table: Table, key: str, default: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Return a list of texts in which none stands twice.

    Parameters
    ----------
    table, key
        Where it stands.
    default
        Of a list that is left out; None where it is required.

    Raises
    ------
    CatalogueError
        If a text stands in it twice.
    """
    listed = table.texts(key, default)
    for name in listed:
        if listed.count(name) > 1:
            table.fail(key, f"{name!r} stands in it {listed.count(name)} times: name it once.")
    return listed


def _as_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
