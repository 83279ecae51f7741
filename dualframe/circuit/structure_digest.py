"""What a circuit is known by: the digest that calibrations belong to."""

from __future__ import annotations

from typing import Any

from dualframe.core.serialisation import digest_of, encode

_APART = ("title", "note", "sources", "full", "synapse_mode")
# Stored calibrations are older than these: a digest leaves them out where they are not given.
_WHERE_GIVEN = (
    "reversal",
    "number",
    "delay_sd",
    "delay_groups",
    "current",
    "weight_cv",
    "rate",
    "afferents",
    "point",
    "inputs",
    "region",
    "regions",
    "effects",
    "plasticity",
    "short_term",
    "weight",
    "into",
    "out_degree",
    "pairs",
)


def identity(circuit: Any) -> str:
    """Return the SHA-256 of what a model is built from: notes and sources do not count."""
    return digest_of(_without(encode(circuit)))


def _without(data: Any) -> Any:
    if isinstance(data, list):
        return [_without(item) for item in data]
    if isinstance(data, dict):
        return {
            key: _without(item)
            for key, item in data.items()
            if key not in _APART and not (key in _WHERE_GIVEN and _empty(item))
        }
    return data


def _empty(item: Any) -> bool:
    if isinstance(item, dict):
        return item.get("type") == "mapping" and not item["items"]
    return item is None or item in ([], "")
