"""From a circuit's TOML file to the parts of a `Circuit`.

In the file, ``pre`` and ``post`` name the populations of a projection, because ``source`` is
where a number comes from, as everywhere in the catalogue. Nothing in the file is evaluated.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from dualframe.catalogue.bibliography import PACKAGED, references
from dualframe.catalogue.schema import Sourced
from dualframe.catalogue.tables import Table
from dualframe.circuit.actions import Drug, Modulation
from dualframe.circuit.parts import (
    KINETICS,
    Background,
    CircuitPopulation,
    CircuitProjection,
    Space,
)
from dualframe.distributions import GaussianKernel
from dualframe.errors import CatalogueError, DualframeError, UnknownName

T = TypeVar("T")

_CONTACT = ("synapse", "ratio", "kinetics", "reversal", "compartment", "psp", "conductance", "name")
_PROJECTION = (
    *_CONTACT,
    "pre",
    "post",
    "kernel",
    "probability",
    "in_degree",
    "delay",
    "weight_factor",
)
_BACKGROUND = (*_CONTACT, "post", "share")


def read(path: Path) -> dict[str, Any]:
    """Return the parts of a circuit as keyword arguments of `Circuit`.

    Parameters
    ----------
    path
        A TOML file. A ``references.bib`` beside it may add sources to the catalogue's.

    Raises
    ------
    CatalogueError
        If the file is not well formed: it names file, table, key and remedy.
    UnknownName
        If it names a population or kind of something that does not exist.
    """
    table = _table(path)
    table.only(
        "name",
        "title",
        "synapse_mode",
        "space",
        "populations",
        "projections",
        "background",
        "modulations",
        "drugs",
    )
    space = table.child("space")
    folder = path.parent
    populations = tuple(_population(row, folder) for row in table.children("populations"))
    if not populations:
        table.fail("populations", "missing. Add tables [[populations]].")
    known = tuple(population.name for population in populations)
    return {
        "name": table.text("name"),
        "title": table.text("title", ""),
        "note": table.text("note", ""),
        "synapse_mode": table.text("synapse_mode", "current"),
        "space": _space(space) if space else None,
        "populations": populations,
        "projections": tuple(_projection(row, known) for row in table.children("projections")),
        "background": tuple(_background(row, known) for row in table.children("background")),
        "modulations": tuple(_modulation(row, known) for row in table.children("modulations")),
        "drugs": tuple(_drug(row) for row in table.children("drugs")),
    }


def _table(path: Path) -> Table:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"{path.name} is not valid TOML: {error}. Texts stand in double quotes, numbers with "
            'a unit too: delay = "1.5 ms".'
        ) from error
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror}.") from error
    own = path.parent / PACKAGED.name
    known = {**references(), **(references(own) if own.is_file() else {})}
    return Table(data, path.name, "", known)


def _make(table: Table, record: Callable[..., T], **content: Any) -> T:
    """Make a record; what it refuses is an error of this table of the file."""
    try:
        return record(**content)
    except (CatalogueError, UnknownName):
        raise
    except DualframeError as error:
        raise CatalogueError(f"{table.where}: {error}") from error


def _space(table: Table) -> Space:
    table.only("shape", "radius")
    radius = table.number("radius", "length")
    return _make(
        table,
        Space,
        radius=radius.value,
        shape=table.text("shape"),
        note=table.text("note", ""),
        sources={"radius": radius},
    )


def _population(table: Table, folder: Path) -> CircuitPopulation:
    table.only("name", "cell", "n", "rate_low", "rate_high")
    numbers = {"n": _count(table, "n")}
    numbers |= {
        key: table.number(key, "rate") for key in ("rate_low", "rate_high") if key in table.data
    }
    cell = table.text("cell")
    if cell.endswith(".toml") and not os.path.isabs(cell):  # noqa: PTH117 (cell is a text)
        cell = str(folder / cell)
    return _make(
        table,
        CircuitPopulation,
        name=table.text("name"),
        cell=cell,
        note=table.text("note", ""),
        sources=numbers,
        **_values(numbers),
    )


def _projection(table: Table, populations: tuple[str, ...]) -> CircuitProjection:
    table.only(_PROJECTION)
    pre, post = (_member(table, key, populations) for key in ("pre", "post"))
    contact = _contact(table)
    numbers = dict(contact.pop("sources"))
    rule = _rule(table, numbers)
    for key, dimension in (("delay", "time"), ("weight_factor", "dimensionless")):
        if key in table.data:
            numbers[key] = table.number(key, dimension)
            rule[key] = numbers[key].value
    if "delay" not in table.data:
        table.fail("delay", 'missing. Add one, like delay = "1.5 ms".')
    return _make(
        table, CircuitProjection, source=pre, target=post, sources=numbers, **contact, **rule
    )


def _rule(table: Table, numbers: dict[str, Sourced]) -> dict[str, Any]:
    """Return the connection rule, and add its numbers."""
    rule: dict[str, Any] = {}
    kernel = table.child("kernel")
    if kernel is not None:
        kernel.only("p_max", "sigma")
        peak, sigma = _probability(kernel, "p_max"), kernel.number("sigma", "length")
        numbers |= {"kernel.p_max": peak, "kernel.sigma": sigma}
        if float(sigma.value) <= 0:
            kernel.fail("sigma", f"{sigma.written!r} must be greater than zero.")
        rule["kernel"] = _make(kernel, GaussianKernel, p_max=peak.value, sigma=sigma.value)
    for key, reader in (("probability", _probability), ("in_degree", _count)):
        if key in table.data:
            numbers[key] = reader(table, key)
            rule[key] = numbers[key].value
    return rule


def _background(table: Table, populations: tuple[str, ...]) -> Background:
    table.only(_BACKGROUND)
    contact = _contact(table)
    numbers = dict(contact.pop("sources"))
    if "share" in table.data:
        numbers["share"] = table.number("share", "dimensionless")
        contact["share"] = numbers["share"].value
    return _make(
        table, Background, target=_member(table, "post", populations), sources=numbers, **contact
    )


def _contact(table: Table) -> dict[str, Any]:
    """Return what projections and background share."""
    placement = _placement(table)
    synapses, ratios = _synapses(table)
    kinetics, times = _kinetics(table, tuple(synapses))
    reversal = _reversal(table, tuple(synapses))
    strength = {
        key: table.number(key, dimension)
        for key, dimension in (("psp", "voltage"), ("conductance", "conductance"))
        if key in table.data
    }
    return {
        "name": table.text("name", ""),
        "note": table.text("note", ""),
        "synapses": synapses,
        "compartments": placement.value,
        "kinetics": kinetics,
        "reversal": _values(reversal),
        "sources": {"compartments": placement}
        | ratios
        | times
        | strength
        | {f"reversal.{name}": number for name, number in reversal.items()},
    } | _values(strength)


def _placement(table: Table) -> Sourced:
    """Return the compartments: texts, or a table of ``value`` and their origin."""
    given = table.data.get("compartment")
    if isinstance(given, Mapping):
        inner = table.need("compartment")
        inner.only("value")
        names, origin = inner.texts("value"), inner.origin()
    else:
        names, origin = table.texts("compartment"), replace(table.origin(), note="")
    if not all(names) or not names:
        table.fail("compartment", 'is empty. Name one or more, like compartment = "soma".')
    return Sourced(names, origin.source, origin.status, origin.note, ", ".join(names))


def _synapses(table: Table) -> tuple[dict[str, float], dict[str, Sourced]]:
    names = table.texts("synapse")
    if not names:
        table.fail("synapse", 'is empty. Name one or more, like synapse = "AMPA".')
    ratios = table.child("ratio")
    expected = names[1:]
    if ratios is None:
        if expected:
            table.fail(
                "ratio",
                f'missing. Add ratio = {{ {expected[0]} = "1" }}: the conductance '
                f"relative to that of {names[0]}.",
            )
        return dict.fromkeys(names, 1.0), {}
    ratios.only(expected)
    numbers = {name: ratios.number(name, "dimensionless") for name in expected}
    values = {name: float(number.value) for name, number in numbers.items()}
    return dict.fromkeys(names[:1], 1.0) | values, {f"ratio.{k}": v for k, v in numbers.items()}


def _kinetics(table: Table, synapses: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Sourced]]:
    """Return kinetics by synapse: one table for the first synapse, or a table for each."""
    given = table.child("kinetics")
    if given is None:
        return {}, {}
    if "kind" in given.data:
        forms = {synapses[0]: given}
    else:
        given.only(synapses)
        forms = {name: given.need(name) for name in synapses if name in given.data}
    result: dict[str, Any] = {}
    numbers: dict[str, Sourced] = {}
    for name, form in forms.items():
        kind = form.text("kind", choices=KINETICS)
        form.only("kind", KINETICS[kind])
        found = {key: form.number(key, dimension) for key, dimension in KINETICS[kind].items()}
        result[name] = {"kind": kind} | _values(found)
        numbers |= {f"kinetics.{name}.{key}": number for key, number in found.items()}
    return result, numbers


def _reversal(table: Table, synapses: tuple[str, ...]) -> dict[str, Sourced]:
    """Return reversal potentials by synapse: one number for an only synapse, or a table."""
    given = table.data.get("reversal")
    if given is None:
        return {}
    if not isinstance(given, Mapping) or "value" in given:
        if len(synapses) > 1:
            table.fail(
                "reversal",
                f"names no synapse, and there are {', '.join(synapses)}. Write "
                f'reversal = {{ {synapses[0]} = "..." }}.',
            )
        return {synapses[0]: table.number("reversal", "voltage")}
    by_name = table.need("reversal")
    by_name.only(synapses)
    return {name: by_name.number(name, "voltage") for name in synapses if name in by_name.data}


def _modulation(table: Table, populations: tuple[str, ...]) -> Modulation:
    table.only("modulator", "level", "schedule", "released_by", "per_spike")
    released_by = table.data.get("released_by")
    if released_by is not None:
        released_by = _member(table, "released_by", populations)
    return _make(
        table,
        Modulation,
        modulator=table.text("modulator"),
        level=table.data.get("level"),
        schedule=table.data.get("schedule", ()),
        released_by=released_by,
        per_spike=table.data.get("per_spike"),
    )


def _drug(table: Table) -> Drug:
    table.only("kind", "receptor", "cells", "dose")
    return _make(
        table,
        Drug,
        kind=table.text("kind"),
        receptor=table.text("receptor"),
        cells=table.texts("cells", ()),
        dose=table.data.get("dose", 1.0),
    )


def _member(table: Table, key: str, populations: tuple[str, ...]) -> str:
    name = table.text(key)
    if name not in populations:
        raise UnknownName(f"population in {table.where}, key {key!r}:", name, populations)
    return name


def _count(table: Table, key: str) -> Sourced:
    number = table.number(key, "dimensionless")
    if number.value < 1 or number.value != int(number.value):
        table.fail(key, f"{number.written} is not a whole number of at least 1.")
    return replace(number, value=int(number.value))


def _probability(table: Table, key: str) -> Sourced:
    number = table.number(key, "dimensionless")
    if not 0 <= number.value <= 1:
        table.fail(key, f"{number.written} is not a probability, between 0 and 1.")
    return replace(number, value=float(number.value))


def _values(numbers: Mapping[str, Sourced]) -> dict[str, Any]:
    return {key: number.value for key, number in numbers.items()}
