"""Receptors of neuromodulators: what binds, where they are, what they do; and their reader."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from types import MappingProxyType

from dualframe.catalogue.file_kinds import refuse_other_kind
from dualframe.catalogue.receptor_effect import EFFECT, Effect, read_effect
from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    Choices,
    TableForm,
    labelled_numbers,
    numbers_of,
    subtable,
    subtables,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit

AFFINITY = ParameterTable({"EC50": "concentration", "hill": "dimensionless"})
BINDING: Dimensions = MappingProxyType(
    {
        "EC50": "concentration",
        "hill": "dimensionless",
        "Ki": "concentration",
        "Kd": "concentration",
        "IC50_desensitisation": "concentration",
        "k_on": dimension_of_unit("/nM/s"),
        "k_off": "rate",
    }
)
OCCUPANCY = ParameterTable({"tau_on": "time", "tau_off": "time"})
DESENSITISATION = ParameterTable(
    {
        "IC50": "concentration",
        "hill": "dimensionless",
        "tau_fast": "time",
        "tau_slow": "time",
        "tau_K": "concentration",
        "tau_hill": "dimensionless",
    }
)
KINDS = ("metabotropic", "ionotropic")
EXPRESSION = TableForm({"cells": texts()}, {"site": text()})
STDP_NOTE = TableForm({"rule": text()})


def receptor_form(modulators: Choices = ()) -> TableForm:
    """Return the form of a receptor's file; ``modulators`` are those that it may belong to."""
    return TableForm(
        {
            "name": text(),
            "title": text(),
            "modulator": text(modulators),
            "family": text(),
            "kind": text(KINDS),
            "transduction": text(),
            "affinity": subtable(numbers_of(AFFINITY)),
            "kinetics": subtable(numbers_of(OCCUPANCY)),
        },
        {
            "affinity_alternatives": subtables(labelled_numbers(BINDING)),
            "desensitisation": subtable(numbers_of(DESENSITISATION)),
            "expressed_by": subtables(EXPRESSION),
            "effects": subtables(EFFECT),
            "stdp": subtables(STDP_NOTE),
        },
    )


@dataclass(frozen=True)
class Expression:
    """Cell types that express a receptor, and where on the cell if it is known."""

    cells: tuple[str, ...]
    site: str
    origin: Origin


@dataclass(frozen=True)
class StdpNote:
    """What is known of a receptor's influence on spike-timing-dependent plasticity, as text."""

    text: str
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Receptor:
    """A receptor: what binds, where it is, what it does.

    ``affinity`` holds ``EC50`` and ``hill``, ``kinetics`` holds the time constants ``tau_on``
    and ``tau_off`` of the occupancy. ``desensitisation`` holds ``IC50``, ``hill``, ``tau_fast``,
    ``tau_slow``, ``tau_K`` and ``tau_hill`` (see `dualframe.neuromodulation.occupancy`); None says
    that the receptor does not desensitise in the models. ``modulator`` is a name of the
    modulators.
    """

    name: str
    title: str
    modulator: str
    family: str
    kind: str
    transduction: str
    affinity: Numbers
    kinetics: Numbers
    desensitisation: Numbers | None = None
    affinity_alternatives: tuple[tuple[str, Numbers], ...] = ()
    expressed_by: tuple[Expression, ...] = ()
    effects: tuple[Effect, ...] = ()
    stdp: tuple[StdpNote, ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    def expressed_in(self, cell: str) -> bool:
        """Whether a cell type is known, or assumed, to express the receptor."""
        return any(cell in expression.cells for expression in self.expressed_by)

    def effects_on(self, cell: str) -> tuple[Effect, ...]:
        """Return all effects on a cell type, compiled or described."""
        return tuple(effect for effect in self.effects if cell in effect.cells)


def read_receptor(table: Table, modulators: Collection[str]) -> Receptor:
    """Return the receptor of a file; ``modulators`` are the names that it may belong to."""
    refuse_other_kind(table, "receptor")
    table.only(receptor_form())
    affinity, kinetics = table.need("affinity"), table.need("kinetics")
    affinity.only(AFFINITY.dimensions)
    kinetics.only(OCCUPANCY.dimensions)
    name = table.text("name")
    receptor = Receptor(
        name=name,
        title=table.text("title"),
        modulator=table.text("modulator", choices=modulators),
        family=table.text("family"),
        kind=table.text("kind", choices=KINDS),
        transduction=table.text("transduction"),
        affinity=affinity.numbers(AFFINITY, f"{name} affinity"),
        kinetics=kinetics.numbers(OCCUPANCY, f"{name} kinetics"),
        desensitisation=_read_desensitisation(table.child("desensitisation"), name),
        affinity_alternatives=tuple(
            row.labelled_numbers(BINDING, name) for row in table.children("affinity_alternatives")
        ),
        expressed_by=tuple(_read_expression(row) for row in table.children("expressed_by")),
        effects=tuple(read_effect(row, name) for row in table.children("effects")),
        stdp=tuple(_read_stdp_note(row) for row in table.children("stdp")),
        note=table.text("note", ""),
        file=table.file,
    )
    _check_expression(table, receptor)
    return receptor


def _read_desensitisation(table: Table | None, receptor: str) -> Numbers | None:
    if table is None:
        return None
    table.only(DESENSITISATION.dimensions)
    return table.numbers(DESENSITISATION, f"{receptor} desensitisation")


def _read_expression(table: Table) -> Expression:
    table.only(EXPRESSION)
    return Expression(table.texts("cells"), table.text("site", ""), table.origin())


def _read_stdp_note(table: Table) -> StdpNote:
    table.only(STDP_NOTE)
    return StdpNote(table.text("rule"), table.origin())


def _check_expression(table: Table, receptor: Receptor) -> None:
    """Refuse compiled effects on cell types that do not express the receptor."""
    for effect in receptor.effects:
        for name in effect.cells if effect.compiled else ():
            if not receptor.expressed_in(name):
                table.fail(
                    "effects",
                    f"acts on {name!r}, which does not express {receptor.name}. "
                    "Add it to an [[expressed_by]] with a source.",
                )
