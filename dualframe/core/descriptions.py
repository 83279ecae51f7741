"""From JSON-ready data to the records that it describes; every entry is checked, none evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType, NoneType
from typing import Any, NoReturn

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_or_create_dimension

from dualframe.core.errors import CatalogueError, DualframeError, UnknownName, suggest_name

#: Types that a record's field may state, and what an error calls them; others are left to the
#: record itself.
FIELD_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = MappingProxyType(
    {
        "str": ((str,), "a text"),
        "str | None": ((str, NoneType), "a text"),
        "int": ((int,), "a whole number"),
        "int | None": ((int, NoneType), "a whole number"),
        "float": ((int, float), "a number"),
        "float | None": ((int, float, NoneType), "a number"),
        "bool": ((bool,), "true or false"),
        "bool | None": ((bool, NoneType), "true or false"),
        "Mapping[str, Any]": ((Mapping,), "a table"),
        "Mapping[str, str]": ((Mapping,), "a table"),
    }
)
_DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = (*_DTYPES, "float32", "float64")
_NOUNS = {"list": "a list", "Mapping": "a table", "str": "a text"}
DEEPEST = 40  # descriptions within descriptions
_BROKEN = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, MemoryError)


def decode(data: Any, classes: Mapping[str, type], where: str = "description") -> Any:
    """Rebuild what `dualframe.core.serialisation.encode` wrote.

    Parameters
    ----------
    data
        The data.
    classes
        Classes of the records that may be made, by name.
    where
        How an error calls the place.

    Raises
    ------
    DualframeError
        If an entry is missing, unknown, or not what it must be: it names the entry.
    """
    if where.count(".") + where.count("[") > DEEPEST:
        raise CatalogueError(f"{where[:200]}... nests more than {DEEPEST} descriptions: damaged?")
    if isinstance(data, list):
        return tuple(decode(item, classes, f"{where}[{k}]") for k, item in enumerate(data))
    if not isinstance(data, Mapping):
        return data
    kind = data.get("type")
    if kind == "Quantity":
        return _decode_quantity(data, where)
    if kind == "array":
        return _decode_array(data, where)
    if kind == "mapping":
        items = _entry_of(data, "items", Mapping, where)
        return {key: decode(item, classes, f"{where}.{key}") for key, item in items.items()}
    if not isinstance(kind, str):
        raise CatalogueError(f"{where} does not say its type: expected what to_dict returns.")
    if kind not in classes:
        raise UnknownName("kind of description", kind, classes)
    return _decode_record(data, classes, where)


def _decode_record(data: Mapping[str, Any], classes: Mapping[str, type], where: str) -> Any:
    kind = data["type"]
    known = {item.name: item for item in fields(classes[kind]) if item.init}
    content = {
        key: decode(item, classes, f"{where}.{key}") for key, item in data.items() if key != "type"
    }
    for key, value in content.items():
        if key not in known:
            raise CatalogueError(f"{where}: {kind} has no {key!r}. {suggest_name(key, known)}")
        types, expected = FIELD_TYPES.get(str(known[key].type), ((object,), ""))
        if not isinstance(value, types) or (isinstance(value, bool) and int in types):
            _fail(f"{where}.{key}", value, expected)
    for key, item in known.items():
        if key not in content and item.default is MISSING and item.default_factory is MISSING:
            raise CatalogueError(f"{where} lacks {key!r}, which a {kind} must have: damaged?")
    try:
        return classes[kind](**content)
    except DualframeError:
        raise
    except _BROKEN as problem:
        raise CatalogueError(f"{where} is no {kind}: {problem}. Damaged?") from problem


def _decode_quantity(data: Mapping[str, Any], where: str) -> Quantity:
    exponents = _entry_of(data, "dimension", list, where)
    if len(exponents) != 7 or not all(_is_number(x) and abs(x) < 100 for x in exponents):
        _fail(f"{where}.dimension", exponents, "seven exponents")
    values = _numbers_of(data, where)
    return Quantity(values.astype(float), dim=get_or_create_dimension(exponents))


def _decode_array(data: Mapping[str, Any], where: str) -> np.ndarray:
    dtype = _entry_of(data, "dtype", str, where)
    if dtype not in DTYPES:
        _fail(f"{where}.dtype", dtype, f"one of {', '.join(DTYPES)}")
    values = _numbers_of(data, where)
    with np.errstate(all="ignore"):
        array = values.astype(dtype)
    if not np.array_equal(array, values, equal_nan=array.dtype.kind == "f"):
        _fail(f"{where}.value", "what it is", f"numbers that are {dtype}")
    return array


def _numbers_of(data: Mapping[str, Any], where: str) -> np.ndarray:
    """Return the entry ``value`` as an array of numbers."""
    if "value" not in data:
        _fail(where, "without value", "numbers")
    try:
        array = np.array(data["value"])
    except _BROKEN:
        array = np.array(None)
    if array.size and array.dtype.kind not in "biuf":
        _fail(f"{where}.value", data["value"], "numbers")
    return array


def _entry_of(data: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    if not isinstance(data.get(key), kind):
        _fail(f"{where}.{key}", data.get(key), _NOUNS[kind.__name__])
    return data[key]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fail(where: str, value: object, expected: str) -> NoReturn:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
    raise CatalogueError(f"{where} is {shown}: expected {expected}. Damaged?")
