"""What a circuit is known by: the digests that calibrations and results belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from dualframe.core.serialisation import encode

_APART = frozenset(
    {"title", "note", "sources", "full", "synapse_mode", "default_scale", "calibrated_scales"}
)
_NOT_OF_CONTACTS = frozenset({"modulations", "drugs", "effects", "receptors", "plasticity"})
# how many neurons there are and who connects: no unitary potential depends on it
_NOT_OF_STRENGTHS = frozenset(
    {"n", "inputs", "regions", "region", "space", "scale", "kernel", "probability", "in_degree"}
    | {"out_degree", "number", "pairs", "connect", "excluded", "delay", "delay_sd", "delay_groups"}
    | {"weight_cv", "weight_factor", "rate", "afferents"}
)


def digest_of_structure(circuit: Any) -> str:
    """Return the SHA-256 of what a model is built from: notes and sources do not count.

    Here as below, a user's file of a cell or receptor counts with its content, wherever it lies.
    """
    return _digest_with_files(circuit, _APART)


def digest_of_contacts(circuit: Any) -> str:
    """Return the SHA-256 of what a calibration of contacts depends on."""
    return _digest_with_files(circuit, _APART | _NOT_OF_CONTACTS)


def digest_of_strengths(circuit: Any) -> str:
    """Return the SHA-256 of cells and contacts, whatever the numbers of neurons and connections."""
    return _digest_with_files(circuit, _APART | _NOT_OF_CONTACTS | _NOT_OF_STRENGTHS)


def _digest_with_files(circuit: Any, apart: Collection[str]) -> str:
    structure = json.dumps(_structure(circuit, apart))
    for file in sorted({name for name in circuit.cells if name.endswith(".toml")}):
        structure = structure.replace(json.dumps(file), json.dumps(_content_digest(file)))
    content = json.loads(structure)
    if circuit.receptors and "receptors" not in apart:
        content["receptors"] = [_content_digest(file) for file in circuit.receptors]
    return _digest(content)


def _content_digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _digest(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _structure(value: Any, apart: Collection[str]) -> Any:
    """Return plain data without what is left out or empty, so that new fields change nothing."""
    if is_dataclass(value) and not isinstance(value, type):
        names = (item.name for item in fields(value) if item.name not in apart)
        stated = {name: getattr(value, name) for name in names}
        return {"type": type(value).__name__} | {
            name: _structure(item, apart) for name, item in stated.items() if not _is_empty(item)
        }
    if isinstance(value, tuple):
        return [_structure(item, apart) for item in value]
    return encode(value)


def _is_empty(item: Any) -> bool:
    if isinstance(item, (str, tuple, Mapping)):
        return not item
    return item is None
