"""What a table of a TOML file may hold: its keys, and a JSON Schema of what stands under each.

Readers check keys against a form (`dualframe.catalogue.toml_table.Table.only`), and
`dualframe.schema` prints forms for editors, so that both say the same. Forms that depend on kinds
that users may register are made when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue.sourced_value import STATUSES
from dualframe.catalogue.toml_table import POSITIVE
from dualframe.core.parameter_table import AnyDimension, Dimensions, ParameterTable
from dualframe.core.quantity import DIMENSIONS, UNITS, named_dimension, unit_name

Schema: TypeAlias = dict[str, Any]
#: Definitions of a schema by name, to which an entry adds those that it refers to.
Definitions: TypeAlias = dict[str, Schema]
#: What may stand under a key.
Entry: TypeAlias = Callable[[Definitions], Schema]
#: Names, or what returns them when a schema is made.
Choices: TypeAlias = Collection[str] | Callable[[], Iterable[str]]

_PRODUCTS = (r"\S.*[*/^ ].*", "/.+")  # of units
_UNSIGNED = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_ORIGIN_TEXTS: Mapping[str, str] = MappingProxyType(
    {"note": "a remark for the reader", "error_is": "what the errors are, such as SD"}
)


@dataclass(frozen=True)
class TableForm:
    """The keys of a table, besides those of the origin of its numbers.

    Attributes
    ----------
    required, optional
        What stands under each key that the table must, or may, have.
    """

    required: Mapping[str, Entry] = field(default_factory=dict)
    optional: Mapping[str, Entry] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        yield from self.required
        yield from self.optional

    def schema(self, definitions: Definitions) -> Schema:
        """Return the JSON Schema of the table.

        Parameters
        ----------
        definitions
            To which those that it refers to are added.
        """
        entries = {**self.required, **self.optional}
        properties = {key: entry(definitions) for key, entry in entries.items()}
        return {
            "type": "object",
            "properties": {**origin_properties(), **properties},
            "required": list(self.required),
            "additionalProperties": False,
        }


def origin_properties() -> Schema:
    """Return the schemas of the keys that every table may have: where its numbers are from."""
    texts = {key: {"type": "string", "description": text} for key, text in _ORIGIN_TEXTS.items()}
    return {
        "source": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "key of references.bib, or several: of all numbers of the table",
        },
        "status": {"enum": list(STATUSES), "description": "of all numbers of the table"},
        **texts,
    }


def text(choices: Choices = ()) -> Entry:
    """Return the entry of a text, one of ``choices`` if there are any."""
    return lambda definitions: _choice(choices)


def suggested_text(suggestions: Choices) -> Entry:
    """Return the entry of any text, for which an editor suggests some."""
    return lambda definitions: {"anyOf": [_choice(suggestions), {"type": "string"}]}


def named_or_file(choices: Choices) -> Entry:
    """Return the entry of a name, or of the path of a TOML file."""
    return lambda definitions: {
        "anyOf": [_choice(choices), {"type": "string", "pattern": r"\.toml$"}]
    }


def texts(choices: Choices = ()) -> Entry:
    """Return the entry of a list of texts; one text counts as a list of one."""
    return lambda definitions: {
        "anyOf": [{"type": "array", "items": _choice(choices)}, _choice(choices)]
    }


def flag() -> Entry:
    """Return the entry of true or false."""
    return lambda definitions: {"type": "boolean"}


def integer(choices: Collection[int]) -> Entry:
    """Return the entry of an integer out of some."""
    return lambda definitions: {"type": "integer", "enum": sorted(choices)}


def plain(*types: str, **rest: Any) -> Entry:
    """Return the entry of a plain value of TOML: names of JSON Schema's types, and keywords."""
    return lambda definitions: {"type": types[0] if len(types) == 1 else list(types), **rest}


def either(*entries: Entry) -> Entry:
    """Return the entry of what is one of several."""
    return lambda definitions: {"anyOf": [entry(definitions) for entry in entries]}


def subtable(form: TableForm | Entry) -> Entry:
    """Return the entry of a table."""
    return form.schema if isinstance(form, TableForm) else form


def subtables(form: TableForm | Entry) -> Entry:
    """Return the entry of an array of tables."""
    return lambda definitions: {"type": "array", "items": subtable(form)(definitions)}


def table_of(entry: Entry, keys: Choices = ()) -> Entry:
    """Return the entry of a table whose keys are names, each with a value of one sort."""

    def schema(definitions: Definitions) -> Schema:
        origin, known = origin_properties(), _names(keys)
        return {
            "type": "object",
            "properties": origin,
            "additionalProperties": entry(definitions),
            **({"propertyNames": {"enum": [*known, *origin]}} if known else {}),
        }

    return schema


def table_by_kind(noun: str, key: str, forms: Callable[[], Mapping[str, TableForm]]) -> Entry:
    """Return the entry of a table of which one key says which others there are.

    Parameters
    ----------
    noun
        What the schema calls such a table.
    key
        The key.
    forms
        Returns the form for each of its values.
    """
    name = re.sub(r"\W+", "_", noun)

    def schema(definitions: Definitions) -> Schema:
        if name not in definitions:
            made = {kind: form.schema(definitions) for kind, form in forms().items()}
            definitions[name] = _schema_by_kind(key, made)
        return {"$ref": f"#/definitions/{name}"}

    return schema


def _schema_by_kind(key: str, kinds: Mapping[str, Schema]) -> Schema:
    merged: dict[str, list[Schema]] = {}  # of all kinds: editors complete from it
    for kind in kinds.values():
        for name, value in kind["properties"].items():
            if value not in merged.setdefault(name, []):
                merged[name].append(value)
    alike = {name: v[0] if len(v) == 1 else {"anyOf": v} for name, v in merged.items()}
    return {
        "type": "object",
        "properties": {**alike, key: {"enum": list(kinds)}},
        "required": [key],
        "additionalProperties": False,
        "allOf": [
            {"if": {"properties": {key: {"const": kind}}, "required": [key]}, "then": one}
            for kind, one in kinds.items()
        ],
    }


def number(
    dimension: AnyDimension | None,
    *,
    positive: bool = False,
    words: Collection[str] = (),
    beside: Mapping[str, Entry] = MappingProxyType({}),
) -> Entry:
    """Return the entry of a number with its unit, or a table of it and its origin.

    Parameters
    ----------
    dimension
        Its dimension; None for any.
    positive
        Whether it is above zero.
    words
        Texts that may stand instead of a number.
    beside
        Further keys of its table.
    """

    def schema(definitions: Definitions) -> Schema:
        label = " ".join([_dimension_name(dimension), *["above zero"] * positive])
        name = re.sub(r"\W+", "_", label)
        if name not in definitions:
            definitions[name] = _number_schema(dimension, positive)
        if not (words or beside):
            return {"$ref": f"#/definitions/{name}"}
        written, inline = definitions[name]["anyOf"]
        value = {"anyOf": [written, {"enum": list(words)}]} if words else written
        properties = {
            **inline["properties"],
            "value": value,
            **{key: entry(definitions) for key, entry in beside.items()},
        }
        return {"anyOf": [value, {**inline, "properties": properties}]}

    return schema


def bare_number(*dimensions: AnyDimension) -> Entry:
    """Return the entry of a number of one of some dimensions, which states no origin of its own."""
    return lambda definitions: {"anyOf": [_written_number(kind, False) for kind in dimensions]}


def numbers_of(parameters: ParameterTable) -> TableForm:
    """Return the form of a table of the parameters of a model."""
    required, optional = (
        _number_entries(some, parameters.positive)
        for some in (parameters.required, parameters.optional)
    )
    return TableForm(required, optional)


def some_numbers(dimensions: Dimensions) -> TableForm:
    """Return the form of a table that may hold numbers of some names."""
    return TableForm({}, _number_entries(dimensions))


def labelled_numbers(dimensions: Dimensions) -> TableForm:
    """Return the form of a table of a label and numbers of some names."""
    return joined(TableForm({"label": text()}), some_numbers(dimensions))


def joined(*forms: TableForm) -> TableForm:
    """Return the form of a table that holds what several forms do."""
    required = {key: entry for form in forms for key, entry in form.required.items()}
    optional = {key: entry for form in forms for key, entry in form.optional.items()}
    return TableForm(required, {k: v for k, v in optional.items() if k not in required})


def _number_entries(
    dimensions: Dimensions, positive: Collection[str] = frozenset()
) -> dict[str, Entry]:
    return {
        name: number(dimension, positive=name in positive or name in POSITIVE)
        for name, dimension in dimensions.items()
    }


def _number_schema(dimension: AnyDimension | None, positive: bool) -> Schema:
    written = _written_number(dimension, positive)
    inline = {
        "type": "object",
        "properties": {
            "value": written,
            **origin_properties(),
            "error": _written_number(dimension, False),
            "n": {"type": "integer", "description": "number of cells"},
        },
        "required": ["value"],
        "additionalProperties": False,
    }
    return {
        "anyOf": [written, inline],
        "description": f"{_dimension_name(dimension)}, with its unit",
    }


def _written_number(dimension: AnyDimension | None, positive: bool) -> Schema:
    sign = r"\+?" if positive else "[+-]?"
    pattern = rf"^\s*{sign}{_UNSIGNED}{_units(dimension)}\s*$"
    written: Schema = {"type": "string", "pattern": pattern}
    if dimension is None or named_dimension(dimension) is DIMENSIONLESS:
        bound = {"exclusiveMinimum": 0} if positive else {}
        return {"anyOf": [{"type": "number", **bound}, written]}
    return written


def _units(dimension: AnyDimension | None) -> str:
    """Return the pattern of the units of a dimension: by name, or any product of units."""
    if dimension is None:
        return r"(?:\s*[^*/\s].*)?"
    asked = named_dimension(dimension)
    if asked is DIMENSIONLESS:
        return ""
    names = sorted(name for name, unit in UNITS.items() if get_dimensions(unit) is asked)
    spelled = "|".join([*names, *_PRODUCTS])
    return rf"\s*(?:{spelled})"


def _dimension_name(dimension: AnyDimension | None) -> str:
    if dimension is None:
        return "number"
    if isinstance(dimension, str):
        return dimension
    named = [name for name, known in DIMENSIONS.items() if known is dimension]
    return named[0] if named else unit_name(dimension).replace("/", " per ")


def _choice(choices: Choices) -> Schema:
    names = _names(choices)
    return {"type": "string", **({"enum": names} if names else {})}


def _names(choices: Choices) -> list[str]:
    return list(choices() if callable(choices) else choices)
