"""Descriptions to plain JSON, the digest that identifies them, and tables to TOML."""

from __future__ import annotations

import copyreg
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import tomli_w
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.errors import DualframeError, OutputError

#: Metadata of a field that a description holds only where it is given: its digest does not change
#: when a class gains such a field.
WHERE_GIVEN: Mapping[str, bool] = MappingProxyType({"where_given": True})

_PLAIN = (str, bool, int, float, type(None))


def encode(value: Any, elements: Callable[[NDArray[Any]], Any] = np.ndarray.tolist) -> Any:
    """Return a description as JSON-ready data (quantities in base units).

    Parameters
    ----------
    value
        The value.
    elements
        What stands for the elements of an array.
    """
    if type(value) in _PLAIN:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        content = {
            f.name: encode(getattr(value, f.name), elements)
            for f in fields(value)
            if not (f.metadata.get("where_given") and getattr(value, f.name) is None)
        }
        return {"type": type(value).__name__} | content
    if isinstance(value, Quantity):
        exponents = [float(x) for x in value.dim._dims]
        numbers = np.asarray(value)
        content = elements(numbers) if numbers.ndim else numbers.tolist()
        return {"type": "Quantity", "value": content, "dimension": exponents}
    if isinstance(value, np.ndarray):
        return {"type": "array", "value": elements(value), "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {"type": "mapping", "items": {str(k): encode(v, elements) for k, v in value.items()}}
    if isinstance(value, (tuple, list)):
        return [encode(item, elements) for item in value]
    if isinstance(value, (str, bool, int, float)):
        return value
    raise DualframeError(f"a {type(value).__name__} cannot be part of a network description.")


def digest_of(value: Any) -> str:
    """SHA-256 of a description, the same on every machine.

    Parameters
    ----------
    value
        The value.
    """
    canonical = json.dumps(
        encode(value, _digest_of_elements), sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _digest_of_elements(values: NDArray[Any]) -> Any:
    """Return the shape of an array and the SHA-256 of its bytes, which texts take longer for."""
    if values.dtype.kind not in "biuf":
        return values.tolist()
    content = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return [*values.shape, hashlib.sha256(content.data).hexdigest()]


def frozen_copy(value: Any) -> Any:
    """Return a read-only copy of a mapping, an array or a sequence.

    Parameters
    ----------
    value
        The value.
    """
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen_copy(item) for key, item in value.items()})
    if isinstance(value, np.ndarray):
        frozen = value.copy()
        frozen.flags.writeable = False
        return frozen
    if isinstance(value, (list, tuple)):
        return tuple(frozen_copy(item) for item in value)
    return value


def _reduce_mapping(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only_mapping, (dict(mapping),)


def _read_only_mapping(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


# descriptions and results are full of read-only mappings, which Python neither pickles nor copies
copyreg.pickle(MappingProxyType, _reduce_mapping)


def write_toml(path: Path, tables: Mapping[str, Any], label: str) -> None:
    """Write tables to a file in one step: it is the old one or the new one, never half of it.

    Parameters
    ----------
    path
        The file.
    tables
        The content.
    label
        What an error calls the file.

    Raises
    ------
    OutputError
        If it cannot be written; ``label`` says what it would have been.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, tomli_w.dumps(tables))
    except OSError as error:
        raise OutputError(f"cannot write the {label} {path}: {error.strerror}") from error
