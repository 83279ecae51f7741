"""The guard of the leak: effects together may not take more conductance than a cell has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from dualframe.catalogue import CellType
from dualframe.core.errors import CatalogueError
from dualframe.neuromodulation.active_effects import ActiveEffect


def check_leak(effects: Sequence[ActiveEffect], cell: CellType) -> None:
    """Refuse effects that would leave a cell without a positive leak, all at full response.

    Parameters
    ----------
    effects
        That act on the cell.
    cell
        What the error names.

    Raises
    ------
    CatalogueError
        Naming the effects, and what is left of the leak.
    """
    scaled = prod(active.kind.scale_leak(_values(active)) for active in effects)
    shares = {active.tag: active.kind.close_leak(_values(active)) for active in effects}
    closed = {tag: share for tag, share in shares.items() if share}
    if scaled - sum(closed.values()) <= 0:
        names = ", ".join(f"{tag} {share:.3g}" for tag, share in closed.items())
        raise CatalogueError(
            f"the effects on {cell.name!r} together could close {sum(closed.values()):.3g} of its "
            f"leak, of which they leave {scaled:.3g} ({names}): its membrane would have no "
            f"positive conductance. Make them smaller with Circuit.with_effect, or remove some "
            f"with Circuit.without_effect."
        )


def _values(active: ActiveEffect) -> dict[str, float]:
    return {name: float(number) for name, number in active.effect.numbers.plain().items()}
