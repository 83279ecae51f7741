"""Anatomy and connectivity of whole regions, as data: counts, connections and what goes with them.

Circuits are built from such numbers; these entries hold those that no shipped circuit uses, so
that a user's own circuit can quote them with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    joined,
    labelled_numbers,
    some_numbers,
    subtables,
    text,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit

T = TypeVar("T")

COUNT: Dimensions = MappingProxyType(
    {
        "n": "dimensionless",
        "fraction": "dimensionless",
        "density": dimension_of_unit("/um**3"),
        "areal_density": dimension_of_unit("/um**2"),
        "rate": "rate",
    }
)
CONNECTION: Dimensions = MappingProxyType(
    {
        "probability": "dimensionless",
        "in_degree": "dimensionless",
        "contacts": "dimensionless",
        "conductance": "conductance",
        "nmda_conductance": "conductance",
        "psp": "voltage",
        "delay": "time",
        "reversal": "voltage",
        "tau_rise": "time",
        "tau_decay": "time",
        "opening": "rate",
        "closing": "rate",
        "gaba_b_rise": "time",
        "gaba_b_decay": "time",
        "gaba_b_reversal": "voltage",
        "gap_conductance": "conductance",
        "U": "dimensionless",
        "tau_recovery": "time",
        "tau_facilitation": "time",
    }
)
FACT: Dimensions = MappingProxyType(
    {
        "length": "length",
        "time": "time",
        "conductance": "conductance",
        "voltage": "voltage",
        "rate": "rate",
        "number": "dimensionless",
    }
)
COUNT_ROW = joined(TableForm({"population": text()}, {"cell": text()}), some_numbers(COUNT))
CONNECTION_ROW = joined(
    TableForm({"pre": text(), "post": text()}, {"site": text()}), some_numbers(CONNECTION)
)
FACT_ROW = labelled_numbers(FACT)
REGION = TableForm(
    {"name": text(), "title": text(), "region": text()},
    {
        "species": text(),
        "counts": subtables(COUNT_ROW),
        "connections": subtables(CONNECTION_ROW),
        "facts": subtables(FACT_ROW),
    },
)


@dataclass(frozen=True)
class Count:
    """How many cells of a population there are.

    ``cell`` is the catalogue's cell type that it corresponds to, "" if there is none. ``numbers``
    holds any names of `COUNT`: ``n``, ``fraction`` (of the cells of the region), ``density`` (per
    volume), ``areal_density``, ``rate`` (mean firing rate).
    """

    population: str
    cell: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Connection:
    """Who contacts whom, and any of the names of `CONNECTION`.

    ``probability`` is that of a pair; ``in_degree`` the number of presynaptic cells of a
    postsynaptic one, ``contacts`` the synapses of a pair, ``conductance`` the peak of one synapse.
    ``U``, ``tau_recovery`` and ``tau_facilitation`` are those of short-term plasticity. ``site`` is
    where the synapses are, as the source writes it.
    """

    pre: str
    post: str
    site: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class PopulationData:
    """The populations of a region and their connections, from one source.

    Attributes
    ----------
    counts, connections
        Rows of the source's tables.
    facts
        Other numbers, each with a label.
    """

    name: str
    title: str
    region: str
    species: str
    origin: Origin
    counts: tuple[Count, ...] = ()
    connections: tuple[Connection, ...] = ()
    facts: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    def count(self, population: str) -> Count:
        """Return the row of a population."""
        rows = {row.population: row for row in self.counts}
        return _find_row(f"population of {self.name}", population, rows)

    def connection(self, pre: str, post: str) -> Connection:
        """Return the row of a connection."""
        rows = {f"{row.pre} -> {row.post}": row for row in self.connections}
        return _find_row(f"connection of {self.name}", f"{pre} -> {post}", rows)


def _find_row(kind: str, name: str, rows: Mapping[str, T]) -> T:
    if name not in rows:
        raise UnknownName(kind, name, rows)
    return rows[name]


def population_data(table: Table) -> PopulationData:
    """Return the entry of a file; every number has unit, source and status."""
    table.only(REGION)
    return PopulationData(
        name=table.text("name"),
        title=table.text("title"),
        region=table.text("region"),
        species=table.text("species", ""),
        origin=table.origin(),
        counts=tuple(_read_count(row) for row in table.children("counts")),
        connections=tuple(_read_connection(row) for row in table.children("connections")),
        facts=tuple(_read_fact(row) for row in table.children("facts")),
        note=table.text("note", ""),
        file=table.file,
    )


def _read_count(table: Table) -> Count:
    table.only(COUNT_ROW)
    name = table.text("population")
    return Count(name, table.text("cell", ""), _read_numbers(table, COUNT, name), table.origin())


def _read_connection(table: Table) -> Connection:
    table.only(CONNECTION_ROW)
    pre, post = table.text("pre"), table.text("post")
    numbers = _read_numbers(table, CONNECTION, f"{pre} -> {post}")
    return Connection(pre, post, table.text("site", ""), numbers, table.origin())


def _read_fact(table: Table) -> tuple[str, Numbers]:
    table.only(FACT_ROW)
    return table.text("label"), _read_numbers(table, FACT, table.text("label"))


def _read_numbers(table: Table, kinds: Dimensions, where: str) -> Numbers:
    return table.numbers(ParameterTable({}, kinds), where)
