"""From a circuit's TOML file to the parts of a `Circuit`.

In the file, ``pre`` and ``post`` name the populations of a projection, because ``source`` is
where a number comes from, as everywhere in the catalogue. Nothing in the file is evaluated.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dualframe.catalogue.file_kinds import refuse_other_kind
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.toml_table import Table, read_toml_table
from dualframe.circuit.components import (
    Background,
    CircuitPopulation,
    CircuitProjection,
)
from dualframe.circuit.connection_reader import read_connection
from dualframe.circuit.contact_reader import read_contact, read_native_weight
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.file_form import (
    BACKGROUND,
    CIRCUIT,
    DRUG,
    INPUT,
    MODULATION,
    MODULATION_VALUES,
    NAMED_DRUG,
    POPULATION,
    PROJECTION,
    REGION,
    SCALE,
    SPACE,
)
from dualframe.circuit.holding import read_holdings
from dualframe.circuit.input_drive import read_drive
from dualframe.circuit.named_drugs import named_drug
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.plasticity import read_plasticity, read_short_term
from dualframe.circuit.point_model import PointModel, read_point
from dualframe.circuit.regions import Region
from dualframe.circuit.space import Space
from dualframe.circuit.toml_helpers import make_record, plain_values, read_count, read_member
from dualframe.core.errors import OutputError, QuantityError, UnknownName
from dualframe.core.time_courses import read_rate_course

_SCALARS = {
    "delay": "time",
    "delay_sd": "time",
    "weight_cv": "dimensionless",
    "weight_factor": "dimensionless",
}


def read_circuit(path: Path) -> dict[str, Any]:
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
    table = read_toml_table(path)
    refuse_other_kind(table, "circuit")
    table.only(CIRCUIT)
    return read_table(table, path.parent) | _read_scales(table)


def _read_scales(table: Table) -> dict[str, Any]:
    """Return at which scales a circuit is run and calibrated, where its file says so."""
    scales = table.child("scale")
    if scales is None:
        return {}
    scales.only(SCALE)
    default = scales.data.get("default", 1.0)
    calibrated = scales.data.get("calibrated", [default])
    for key, values in (("default", [default]), ("calibrated", calibrated)):
        numbers = values if isinstance(values, list) else [None]
        if not numbers or not all(isinstance(x, (int, float)) and 0 < x <= 1 for x in numbers):
            scales.fail(
                key, f"{scales.data[key]!r}. Give shares of the neurons, above 0, at most 1."
            )
    return {"default_scale": float(default), "calibrated_scales": tuple(map(float, calibrated))}


def read_table(
    table: Table,
    folder: Path,
    encoders: tuple[CircuitInput, ...] = (),
    base: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the parts of a circuit that stand in a file's table, which may hold more.

    Parameters
    ----------
    table
        Of the whole file.
    folder
        Of the file: paths of cell files are relative to it.
    encoders
        Inputs that the encoders of a task make.
    base
        Populations, inputs, projections, background and files of receptors of a circuit that the
        table adds to.
    """
    space = table.child("space")
    holdings = read_holdings(table.child("holding"))
    models = {own.name: own for own in map(read_point, table.children("models"))}
    populations = (
        *base.get("populations", ()),
        *(_read_population(row, folder, models) for row in table.children("populations")),
    )
    if not populations:
        table.fail("populations", "missing. Add tables [[populations]].")
    stated = (_read_input(row, folder) for row in table.children("inputs"))
    inputs = (*base.get("inputs", ()), *stated, *encoders)
    known = tuple(population.name for population in populations)
    ends = {own.name: own.n for own in populations} | {own.name: own.n for own in inputs}
    projections = tuple(
        _read_projection(row, known, ends, holdings)
        for row in table.children("projections")
        if not (base and is_change(row))
    )
    background = tuple(
        _read_background(row, known, holdings) for row in table.children("background")
    )
    _check_holdings(table, holdings, (*projections, *background))
    return {
        "name": table.text("name"),
        "title": table.text("title", ""),
        "note": table.text("note", ""),
        "synapse_mode": table.text("synapse_mode", "current"),
        "space": _read_space(space) if space else None,
        "regions": tuple(_read_region(row) for row in table.children("regions")),
        "populations": populations,
        "inputs": inputs,
        "projections": (*base.get("projections", ()), *projections),
        "background": (*base.get("background", ()), *background),
        "modulations": tuple(_read_modulation(row, known) for row in table.children("modulations")),
        "drugs": tuple(drug for row in table.children("drugs") for drug in _read_drugs(row)),
        "receptors": (
            *base.get("receptors", ()),
            *(_place(name, folder) for name in table.texts("receptors", ())),
        ),
    }


def is_change(row: Table) -> bool:
    """Tell whether a table of projections only changes one of the circuit that it is added to.

    Parameters
    ----------
    row
        Of ``[[projections]]``.
    """
    return "pre" not in row.data and "post" not in row.data


def _check_holdings(
    table: Table,
    holdings: Mapping[str, Sourced],
    contacts: tuple[CircuitProjection | Background, ...],
) -> None:
    """Refuse a kind of synapse in ``[holding]`` that no contact names first."""
    first = {next(iter(contact.synapses)) for contact in contacts if contact.synapses}
    for name in holdings:
        if name not in first:
            raise UnknownName(f"synapse in {table.where}, table [holding]:", name, sorted(first))


def _read_space(table: Table) -> Space:
    table.only(SPACE)
    radius = table.number("radius", "length")
    return make_record(
        table,
        Space,
        radius=radius.value,
        shape=table.text("shape"),
        note=table.text("note", ""),
        sources={"radius": radius},
    )


def _read_course(table: Table, folder: Path) -> tuple[Any, Any]:
    """Return times and rates of the file that a table names; its errors are of this table."""
    file = folder / table.text("rates")
    try:
        return read_rate_course(file, from_header=True)
    except (OutputError, QuantityError, UnknownName) as error:
        table.fail("rates", f"{error}{'' if file.exists() else ' The key of one rate is rate.'}")


def _read_input(table: Table, folder: Path) -> CircuitInput:
    table.only(INPUT)
    numbers = {"n": read_count(table, "n")}
    course: dict[str, Any] = {}
    if "rates" in table.data:
        if "rate" in table.data:
            table.fail("rate", "the input has a file of rates too: give one of them.")
        course["times"], course["rates"] = _read_course(table, folder)
    else:
        numbers["rate"] = table.number("rate", "rate")
    numbers |= {key: table.number(key, "time") for key in ("start", "stop") if key in table.data}
    return make_record(
        table,
        CircuitInput,
        name=table.text("name"),
        on=table.flag("on", True),
        note=table.text("note", ""),
        sources=numbers,
        **plain_values(numbers),
        **course,
    )


def _read_population(
    table: Table, folder: Path, models: Mapping[str, PointModel]
) -> CircuitPopulation:
    table.only(POPULATION)
    rates = ("rate_low", "rate_high", "rate")
    numbers = {"n": read_count(table, "n")}
    numbers |= {key: table.number(key, "rate") for key in rates if key in table.data}
    point = table.text("point", "")
    if point and point not in models:
        raise UnknownName(f"model in {table.where}, key 'point':", point, models)
    drive = read_drive(table)
    return make_record(
        table,
        CircuitPopulation,
        name=table.text("name"),
        cell=_place(table.text("cell"), folder),
        point=models[point] if point else None,
        region=table.text("region", ""),
        drive=drive,
        note=table.text("note", ""),
        sources=numbers
        | {f"drive.{key}": number for key, number in (drive.sources if drive else {}).items()},
        **plain_values(numbers),
    )


def _place(name: str, folder: Path) -> str:
    """Return a name of the catalogue, or the path of a user's file, relative to the circuit's."""
    if name.endswith(".toml") and not os.path.isabs(name):  # noqa: PTH117 (it is a text)
        return str(folder / name)
    return name


def _read_projection(
    table: Table,
    populations: tuple[str, ...],
    ends: Mapping[str, int],
    holdings: Mapping[str, Sourced],
) -> CircuitProjection:
    table.only(PROJECTION)
    pre, post = read_member(table, "pre", ends), read_member(table, "post", populations)
    native = "weight" in table.data
    contact = read_native_weight(table) if native else read_contact(table, holdings)
    numbers = dict(contact.pop("sources"))
    rule = read_connection(table, numbers, ends[pre] * ends[post])
    for key, dimension in _SCALARS.items():
        if key in table.data:
            numbers[key] = table.number(key, dimension)
            rule[key] = numbers[key].value
    if "delay_groups" in table.data:
        numbers["delay_groups"] = read_count(table, "delay_groups")
        rule["delay_groups"] = numbers["delay_groups"].value
    rule["plasticity"] = read_plasticity(table, numbers, contact.get("weight"))
    rule["short_term"] = read_short_term(table, numbers)
    if "delay" not in table.data and "weight" not in table.data:
        table.fail("delay", 'missing. Add one, like delay = "1.5 ms".')
    return make_record(
        table, CircuitProjection, source=pre, target=post, sources=numbers, **contact, **rule
    )


def _read_background(
    table: Table, populations: tuple[str, ...], holdings: Mapping[str, Sourced]
) -> Background:
    table.only(BACKGROUND)
    contact = read_contact(table, holdings)
    numbers = dict(contact.pop("sources"))
    for key, dimension in (("share", "dimensionless"), ("rate", "rate")):
        if key in table.data:
            numbers[key] = table.number(key, dimension)
            contact[key] = numbers[key].value
    if "afferents" in table.data:
        numbers["afferents"] = read_count(table, "afferents")
        contact["afferents"] = numbers["afferents"].value
    return make_record(
        table,
        Background,
        target=read_member(table, "post", populations),
        sources=numbers,
        **contact,
    )


def _read_region(table: Table) -> Region:
    """Return the region of a ``[[regions]]`` table."""
    table.only(REGION)
    return make_record(
        table,
        Region,
        name=table.text("name"),
        volume=table.data.get("volume", 1.0),
        note=table.text("note", ""),
    )


def _read_modulation(table: Table, populations: tuple[str, ...]) -> Modulation:
    """Return the modulation of a ``[[modulations]]`` table."""
    table.only(MODULATION)
    released_by = table.data.get("released_by")
    if released_by is not None:
        released_by = read_member(table, "released_by", populations)
    return make_record(
        table,
        Modulation,
        modulator=table.text("modulator"),
        released_by=released_by,
        region=table.text("region", ""),
        **{key: table.data[key] for key in MODULATION_VALUES if key in table.data},
    )


def _read_drugs(table: Table) -> tuple[Drug, ...]:
    """Return what a ``[[drugs]]`` table states: a drug of the catalogue may act at many receptors.

    Such a drug has a name; any other has a kind and a receptor.
    """
    given = {key: table.data[key] for key in ("dose", "affinity") if key in table.data}
    given["cells"] = table.texts("cells", ())
    if "name" in table.data:
        table.only(NAMED_DRUG)
        place = {"name": table.text("name"), "receptor": table.text("receptor", "")}
        return make_record(table, named_drug, **place, **given)
    table.only("name", DRUG)
    place = {"kind": table.text("kind"), "receptor": table.text("receptor")}
    return (make_record(table, Drug, **place, **given),)
