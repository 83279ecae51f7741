"""The guard of the leak: effects together may not take more conductance than a cell has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from dualframe.catalogue import CellType
from dualframe.core.errors import CatalogueError
from dualframe.neuromodulation.effect_records import ActiveEffect


def check_leak(entries: Sequence[ActiveEffect], cell: CellType) -> None:
    """Refuse effects that would leave a cell without a positive leak, all at full response.

    Raises
    ------
    CatalogueError
        Naming the effects, and what is left of the leak.
    """
    factors = [min(_value(e, "scale"), 1.0) for e in entries if e.effect.kind == "leak"]
    closed = {entry.tag: _closed(entry) for entry in entries if _closed(entry)}
    left = prod(factors) - sum(closed.values())
    if left <= 0:
        names = ", ".join(f"{tag} {share:.3g}" for tag, share in closed.items())
        raise CatalogueError(
            f"the effects on {cell.name!r} together could close {sum(closed.values()):.3g} of its "
            f"leak, of which they leave {prod(factors):.3g} ({names}): its membrane would have no "
            f"positive conductance. Make them smaller with Circuit.with_effect, or remove some "
            f"with Circuit.without_effect."
        )


def _closed(entry: ActiveEffect) -> float:
    """Fraction of the leak that an effect closes at full response."""
    if entry.effect.kind == "conductance":
        return max(-_value(entry, "size"), 0.0)
    if entry.effect.kind == "hcn":
        return max((1 - _value(entry, "scale")) * _value(entry, "share"), 0.0)
    return 0.0


def _value(entry: ActiveEffect, name: str) -> float:
    return float(entry.effect.numbers.value(name))
