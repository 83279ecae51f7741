"""What a receptor does, from a checked table to a record; the kinds say which numbers it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    flag,
    joined,
    numbers_of,
    table_by_kind,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.receptor_effects import EFFECT_KINDS, RESPONSES, EffectKind

DIRECTIONS = ("excite", "inhibit", "mixed")


def effect_form(kind: EffectKind) -> TableForm:
    """Return the form of an [[effects]] table of a kind."""
    named = {"mechanism": text(), "synapse": text(kind.synapses), "onto": texts(), "from": texts()}
    keys = {key: named[key] for key in kind.keys}
    return joined(
        TableForm(
            {
                "cells": texts(),
                "target": text(),
                "description": text(),
                "direction": text(DIRECTIONS),
                "kind": text(EFFECT_KINDS),
                **({"synapse": named["synapse"]} if kind.synapses else {}),
            },
            {"conflict": flag(), "response": text(RESPONSES), **keys},
        ),
        numbers_of(kind.parameter_table),
    )


EFFECT = table_by_kind(
    "effect", "kind", lambda: {k: effect_form(v) for k, v in EFFECT_KINDS.items()}
)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a receptor does to a target in some cell types.

    ``kind`` names how it enters a model (`dualframe.receptor_effects`), with f = ``response`` of
    the occupancy, from 0 to 1; ``numbers`` are those of the kind. ``mechanism`` names the channel
    of a conductance, ``synapse`` the kind of synapse (empty: any), ``onto`` the cell types of the
    targets of a release and ``presynaptic`` the cell types a current comes from (empty: all).

    ``response`` is "saturating", f = o, or "inverted_u", which is 1 at the occupancy ``optimum``
    and 0 at the occupancies 0 and 1. ``origin`` is the origin of the *fact*; the numbers carry
    their own status, which is "assumed" where the source gives a direction only. ``direction`` is
    that of excitability. A ``conflict`` contradicts another entry and is never compiled.
    """

    cells: tuple[str, ...]
    target: str
    description: str
    direction: str
    kind: str
    numbers: Numbers
    origin: Origin
    conflict: bool = False
    mechanism: str = ""
    response: str = "saturating"
    synapse: str = ""
    onto: tuple[str, ...] = ()
    presynaptic: tuple[str, ...] = ()

    @property
    def compiled(self) -> bool:
        """Whether the effect enters a model."""
        return EFFECT_KINDS[self.kind].add_equations is not None and not self.conflict


def read_effect(table: Table, receptor: str) -> Effect:
    """Return one [[effects]] table of a receptor.

    Parameters
    ----------
    table
        The table.
    receptor
        Name of the receptor, for what errors say.
    """
    kind = EFFECT_KINDS[table.text("kind", choices=EFFECT_KINDS)]
    table.only(effect_form(kind))
    result = Effect(
        cells=table.texts("cells"),
        target=table.text("target"),
        description=table.text("description"),
        direction=table.text("direction", choices=DIRECTIONS),
        kind=kind.name,
        numbers=table.numbers(kind.parameter_table, f"{receptor} {kind.name} effect"),
        origin=table.origin(),
        conflict=table.flag("conflict", default=False),
        mechanism=table.text("mechanism", ""),
        response=table.text("response", "saturating", choices=RESPONSES),
        synapse=table.text("synapse", None if kind.synapses else "", choices=kind.synapses),
        onto=table.texts("onto", ()),
        presynaptic=table.texts("from", ()),
    )
    for key, problem in effect_problems(kind, result.response, result.numbers):
        table.fail(key, problem)
    return result


def effect_problems(kind: EffectKind, response: str, numbers: Numbers) -> Iterator[tuple[str, str]]:
    """Yield the name of each number that cannot be, and what is wrong with it.

    Parameters
    ----------
    kind
        Of the effect.
    response
        ``"saturating"`` or ``"inverted_u"``.
    numbers
        Of the effect.
    """
    values = {name: float(number.value) for name, number in numbers.items()}
    yield from kind.find_problems(values)
    if (response == "inverted_u") != ("optimum" in values):
        yield "optimum", 'belongs to response = "inverted_u": give both or neither.'
    if not 0 < values.get("optimum", 0.5) < 1:
        yield "optimum", "must be an occupancy between 0 and 1."
