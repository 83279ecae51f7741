"""The tables of a circuit's file, and what each may hold."""

from __future__ import annotations

from dualframe.catalogue.lookup import names
from dualframe.catalogue.table_form import (
    Definitions,
    Entry,
    Schema,
    TableForm,
    bare_number,
    either,
    flag,
    joined,
    named_or_file,
    number,
    plain,
    subtable,
    subtables,
    suggested_text,
    table_of,
    text,
    texts,
)
from dualframe.circuit.components import SYNAPSE_MODES
from dualframe.circuit.connection_reader import CONNECTION
from dualframe.circuit.contact_reader import CONTACT, NATIVE
from dualframe.circuit.holding import REST
from dualframe.circuit.input_drive import DRIVE
from dualframe.circuit.plasticity import PLASTICITY, SHORT_TERM
from dualframe.circuit.point_model import POINT

COUNT = number("dimensionless", positive=True)
_TIME = bare_number("time")
_LEVEL = bare_number("dimensionless", "concentration")
_PULSES = TableForm(
    {"start": _TIME, "rise": _LEVEL}, {"interval": _TIME, "count": plain("integer", minimum=1)}
)


def _timed_levels(definitions: Definitions) -> Schema:
    pair = {"type": "array", "items": [_TIME(definitions), _LEVEL(definitions)], "minItems": 2}
    return {"type": "array", "items": {**pair, "maxItems": 2}}


def _cell_names() -> tuple[str, ...]:
    return names("cell type")


def _modulator_names() -> tuple[str, ...]:
    return names("modulator")


def _drug_names() -> tuple[str, ...]:
    return names("drug")


SCALE = TableForm(
    {},
    {
        "default": plain("number", exclusiveMinimum=0, maximum=1),
        "calibrated": plain("array", items={"type": "number"}, minItems=1),
    },
)
SPACE = TableForm({"shape": text(), "radius": number("length")})
REGION = TableForm({"name": text()}, {"volume": bare_number("dimensionless", "volume")})
INPUT = TableForm(
    {"name": text(), "n": COUNT},
    {"rate": number("rate"), "rates": text()}
    | {"start": number("time"), "stop": number("time"), "on": flag()},
)
POPULATION = TableForm(
    {"name": text(), "cell": named_or_file(_cell_names), "n": COUNT},
    {
        **dict.fromkeys(("rate_low", "rate_high", "rate"), number("rate")),
        "point": text(),
        "region": text(),
        "drive": subtable(DRIVE),
    },
)
PROJECTION = joined(
    TableForm({"pre": text(), "post": text()}),
    CONTACT,
    NATIVE,
    CONNECTION,
    TableForm(
        {},
        {
            "delay": number("time"),
            "delay_sd": number("time"),
            "delay_groups": COUNT,
            "weight_cv": number("dimensionless"),
            "weight_factor": number("dimensionless"),
            "plasticity": PLASTICITY,
            "short_term": subtable(SHORT_TERM),
        },
    ),
)
BACKGROUND = joined(
    TableForm({"post": text()}),
    CONTACT,
    TableForm({}, {"share": number("dimensionless"), "rate": number("rate"), "afferents": COUNT}),
)
#: What a modulation takes from its table as it stands there.
MODULATION_VALUES = TableForm(
    {},
    {
        "level": _LEVEL,
        "schedule": _timed_levels,
        "per_spike": _LEVEL,
        "pulses": either(subtable(_PULSES), subtables(_PULSES), _timed_levels),
        "clearance": plain("string"),
        "exchange": table_of(bare_number("rate")),
    },
)
MODULATION = joined(
    TableForm(
        {"modulator": suggested_text(_modulator_names)}, {"released_by": text(), "region": text()}
    ),
    MODULATION_VALUES,
)
_DOSE: dict[str, Entry] = {
    "cells": texts(),
    "dose": _LEVEL,
    "affinity": bare_number("concentration"),
}
DRUG = TableForm({"kind": text(), "receptor": text()}, _DOSE)
#: A drug of the catalogue, at all its receptors or one.
NAMED_DRUG = TableForm({"name": suggested_text(_drug_names)}, {"receptor": text(), **_DOSE})


def _drug(definitions: Definitions) -> Schema:
    return {
        "if": {"required": ["name"]},
        "then": NAMED_DRUG.schema(definitions),
        "else": DRUG.schema(definitions),
    }


#: The tables that a task's file has as well, and lists beside them.
CIRCUIT_TABLES: dict[str, Entry] = {
    "synapse_mode": text(SYNAPSE_MODES),
    "holding": table_of(number("voltage", words=(REST,))),
    "space": subtable(SPACE),
    "regions": subtables(REGION),
    "models": subtables(POINT),
    "inputs": subtables(INPUT),
    "populations": subtables(POPULATION),
    "projections": subtables(PROJECTION),
    "background": subtables(BACKGROUND),
    "modulations": subtables(MODULATION),
    "drugs": subtables(_drug),
    "receptors": texts(),
}
CIRCUIT = TableForm(
    {"name": text(), "populations": CIRCUIT_TABLES["populations"]},
    {
        "title": text(),
        "scale": subtable(SCALE),
        **{key: entry for key, entry in CIRCUIT_TABLES.items() if key != "populations"},
    },
)
