"""Tables of a circuit's file that say where its populations lie and what acts on its receptors."""

from __future__ import annotations

from dualframe.catalogue.toml_table import Table
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.regions import Region
from dualframe.circuit.toml_helpers import make, member

_MODULATION = ("level", "schedule", "per_spike", "pulses", "clearance", "exchange")


def region(table: Table) -> Region:
    """Return the region of a ``[[regions]]`` table."""
    table.only("name", "volume")
    return make(
        table,
        Region,
        name=table.text("name"),
        volume=table.data.get("volume", 1.0),
        note=table.text("note", ""),
    )


def modulation(table: Table, populations: tuple[str, ...]) -> Modulation:
    """Return the modulation of a ``[[modulations]]`` table."""
    table.only("modulator", "released_by", "region", _MODULATION)
    released_by = table.data.get("released_by")
    if released_by is not None:
        released_by = member(table, "released_by", populations)
    return make(
        table,
        Modulation,
        modulator=table.text("modulator"),
        released_by=released_by,
        region=table.text("region", ""),
        **{key: table.data[key] for key in _MODULATION if key in table.data},
    )


def drug(table: Table) -> Drug:
    """Return the drug of a ``[[drugs]]`` table."""
    table.only("kind", "receptor", "cells", "dose", "affinity")
    given = {key: table.data[key] for key in ("dose", "affinity") if key in table.data}
    return make(
        table,
        Drug,
        kind=table.text("kind"),
        receptor=table.text("receptor"),
        cells=table.texts("cells", ()),
        **given,
    )
