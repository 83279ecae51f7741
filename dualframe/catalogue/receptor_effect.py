"""What a receptor does, from a checked table to a record, and which numbers an effect may have."""

from __future__ import annotations

from collections.abc import Iterator

from dualframe.catalogue import forms
from dualframe.catalogue.schema import (
    DIRECTIONS,
    EFFECT_KINDS,
    GAIN_SYNAPSES,
    RESPONSES,
    Effect,
    Numbers,
)
from dualframe.catalogue.toml_table import Table

#: Keys of the table of an effect that only some kinds have.
_ONLY = {"mechanism": "conductance", "onto": "release", "from": "gain"}


def effect(table: Table, receptor: str) -> Effect:
    """Return one [[effects]] table of a receptor."""
    kind = table.text("kind", choices=EFFECT_KINDS)
    form = forms.EFFECT[kind]
    keys = ("cells", "target", "description", "direction", "kind", "conflict", "response")
    extra = [key for key, own in _ONLY.items() if own == kind]
    extra += ["synapse"] if kind in ("release", "gain") else []
    table.only(*keys, *extra, form.dimensions)
    found = Effect(
        table.texts("cells"),
        table.text("target"),
        table.text("description"),
        table.text("direction", choices=DIRECTIONS),
        kind,
        table.numbers(form, f"{receptor} {kind} effect"),
        table.origin(),
        table.flag("conflict", default=False),
        table.text("mechanism", ""),
        table.text("response", "saturating", choices=RESPONSES),
        _synapse(table, kind),
        table.texts("onto", ()),
        table.texts("from", ()),
    )
    for key, problem in problems(found.kind, found.response, found.numbers):
        table.fail(key, problem)
    return found


def problems(kind: str, response: str, numbers: Numbers) -> Iterator[tuple[str, str]]:
    """Yield the name of each number that cannot be, and what is wrong with it."""
    value = {name: float(number.value) for name, number in numbers.items()}
    if kind == "conductance" and value["size"] <= -1:
        yield "size", "must be greater than -1: a cell cannot lose more than its leak."
    if kind == "leak" and value["scale"] <= 0:
        yield "scale", "must be greater than 0: a cell without a leak has no rest."
    for name in ("scale", "ltp", "ltd", "rate", "eligibility"):
        if value.get(name, 0) < 0:
            yield name, "must not be negative: 0 abolishes what it scales."
    if not 0 <= value.get("share", 0) < 1:
        yield "share", "must be a fraction of the resting leak, from 0 up to less than 1."
    if kind == "plasticity" and not set(value) - {"optimum"}:
        yield "ltp", "missing. Give at least one of ltp, ltd, rate, eligibility."
    if (response == "inverted_u") != ("optimum" in value):
        yield "optimum", 'belongs to response = "inverted_u": give both or neither.'
    if not 0 < value.get("optimum", 0.5) < 1:
        yield "optimum", "must be an occupancy between 0 and 1."


def _synapse(table: Table, kind: str) -> str:
    if kind == "gain":
        return table.text("synapse", choices=GAIN_SYNAPSES)
    return table.text("synapse", "")
