"""Kinds of synapse: kinetics, reversal potential, magnesium block; and their reader."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field

from dualframe.catalogue.compartment_parameters import NMDA_BLOCK
from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    flag,
    integer,
    joined,
    labelled_numbers,
    numbers_of,
    subtables,
    table_by_kind,
    text,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.synapses.registry import SYNAPSE_KINETICS

#: What every synapse has besides the parameters of its kinetics: a reversal potential.
SYNAPSE_PARAMETERS = ParameterTable({"E": "voltage"})


def synapse_form(kinetics: str, block: bool = True) -> TableForm:
    """Return the form of the file of a synapse of some kinetics, with or without a block."""
    return joined(
        TableForm(
            {
                "name": text(),
                "title": text(),
                "sign": integer((-1, 1)),
                "transmitter": text(),
                "kinetics": text(SYNAPSE_KINETICS),
            },
            {
                "block": flag(),
                "alternatives": subtables(labelled_numbers(_any_dimensions())),
            },
        ),
        numbers_of(_parameters(kinetics, block=False)),
        TableForm({}, numbers_of(ParameterTable(NMDA_BLOCK if block else {})).required),
    )


SYNAPSE = table_by_kind(
    "synapse file",
    "kinetics",
    lambda: {kinetics: synapse_form(kinetics) for kinetics in SYNAPSE_KINETICS},
)


def _parameters(kinetics: str, *, block: bool) -> ParameterTable:
    return ParameterTable(
        {
            **SYNAPSE_PARAMETERS.required,
            **SYNAPSE_KINETICS[kinetics].parameters.required,
            **(NMDA_BLOCK if block else {}),
        }
    )


def _any_dimensions() -> Dimensions:
    times = (kind.parameters.required for kind in SYNAPSE_KINETICS.values())
    return dict(ChainMap(*map(dict, times), dict(SYNAPSE_PARAMETERS.required), dict(NMDA_BLOCK)))


@dataclass(frozen=True, kw_only=True)
class Synapse:
    """A kind of synapse: ``kinetics`` "exponential" or "dual_exponential", and its numbers.

    ``numbers`` holds ``E``, the times of the kinetics, and with ``block`` the
    magnesium block 1/(1 + Mg exp(-alpha (V + gamma))/beta): ``Mg``, ``alpha``, ``beta``,
    ``gamma``. ``sign`` is +1 for excitatory, -1 for inhibitory kinds.
    """

    name: str
    title: str
    sign: int
    transmitter: str
    kinetics: str
    block: bool
    numbers: Numbers
    origin: Origin
    alternatives: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)


def read_synapse(table: Table) -> Synapse:
    """Return the kind of synapse of a file."""
    kinetics = table.text("kinetics", choices=SYNAPSE_KINETICS)
    block = table.flag("block", default=False)
    parameters = _parameters(kinetics, block=block)
    table.only(synapse_form(kinetics, block))
    name = table.text("name")
    any_dimensions = _any_dimensions()
    return Synapse(
        name=name,
        title=table.text("title"),
        sign=table.integer("sign", (-1, 1)),
        transmitter=table.text("transmitter"),
        kinetics=kinetics,
        block=block,
        numbers=table.numbers(parameters, name),
        origin=table.origin(),
        alternatives=tuple(
            row.labelled_numbers(any_dimensions, name) for row in table.children("alternatives")
        ),
        note=table.text("note", ""),
        file=table.file,
    )
