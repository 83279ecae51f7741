"""What a receptor does, from a checked table to a record; the kinds say which numbers it has."""

from __future__ import annotations

from collections.abc import Iterator

from dualframe.catalogue.schema import DIRECTIONS, Effect, Numbers
from dualframe.catalogue.toml_table import Table
from dualframe.receptor_effects import EFFECT_KINDS, RESPONSES, EffectKind

_KEYS = ("cells", "target", "description", "direction", "kind", "conflict", "response")


def effect(table: Table, receptor: str) -> Effect:
    """Return one [[effects]] table of a receptor.

    Parameters
    ----------
    table
        The table.
    receptor
        Name of the receptor, for what errors say.
    """
    kind = EFFECT_KINDS[table.text("kind", choices=EFFECT_KINDS)]
    table.only(*_KEYS, *kind.keys, kind.parameter_table.dimensions)
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
