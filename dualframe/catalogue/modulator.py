"""Neuromodulators: reference concentration, clearance, uptakes, and the reader of their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    joined,
    labelled_numbers,
    numbers_of,
    subtables,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit

MODULATOR_PARAMETERS = ParameterTable(
    {"reference_concentration": "concentration", "clearance_tau": "time"},
    {"basal_concentration": "concentration"},
)
UPTAKE_PARAMETERS = ParameterTable(
    {"Vmax": dimension_of_unit("nM/s"), "Km": "concentration", "k_other": "rate"},
    {"release_total": "concentration"},
)
#: What sources say of release and levels, kept beside what is used.
RELEASE_DIMENSIONS: Dimensions = MappingProxyType(
    {
        "tau1": "time",
        "tau2": "time",
        "amplitude": "concentration",
        "baseline": "concentration",
        "basal_low": "concentration",
        "basal_high": "concentration",
        "tonic_rate_low": "rate",
        "tonic_rate_high": "rate",
        "burst_rate": "rate",
    }
)
UPTAKE = joined(TableForm({"name": text(), "title": text()}), numbers_of(UPTAKE_PARAMETERS))
MODULATOR = joined(
    TableForm(
        {"name": text(), "title": text()},
        {
            "aliases": texts(),
            "uptakes": subtables(UPTAKE),
            "alternatives": subtables(labelled_numbers(RELEASE_DIMENSIONS)),
        },
    ),
    numbers_of(MODULATOR_PARAMETERS),
)


@dataclass(frozen=True)
class Uptake:
    """Removal of a modulator that saturates: dc/dt = -Vmax c/(Km + c) - k_other c.

    ``numbers`` holds ``Vmax`` (concentration per time), ``Km``, ``k_other`` (first order, by
    anything else), and where the source has it ``release_total``: how much one spike of every
    releasing neuron adds together.
    """

    name: str
    title: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Modulator:
    """A neuromodulator, its release, its clearance and its receptors.

    ``numbers`` holds ``reference_concentration`` (level 1) and ``clearance_tau``, the default
    clearance. ``uptakes`` may be chosen instead; ``alternatives`` are other numbers of sources,
    not used.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    numbers: Numbers
    receptors: tuple[str, ...]
    uptakes: tuple[Uptake, ...] = ()
    alternatives: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    def uptake(self, name: str) -> Uptake:
        """Return an uptake by name."""
        for found in self.uptakes:
            if found.name == name:
                return found
        raise UnknownName(f"uptake of {self.name}", name, [known.name for known in self.uptakes])


def read_modulator(table: Table, receptors: tuple[str, ...]) -> Modulator:
    """Return the modulator of a file; ``receptors`` are those that name it."""
    table.only(MODULATOR)
    name = table.text("name")
    return Modulator(
        name=name,
        title=table.text("title"),
        aliases=table.texts("aliases", ()),
        numbers=table.numbers(MODULATOR_PARAMETERS, name),
        receptors=receptors,
        uptakes=tuple(_read_uptake(row, name) for row in table.children("uptakes")),
        alternatives=tuple(
            row.labelled_numbers(RELEASE_DIMENSIONS, name) for row in table.children("alternatives")
        ),
        note=table.text("note", ""),
        file=table.file,
    )


def _read_uptake(table: Table, modulator: str) -> Uptake:
    table.only(UPTAKE)
    name = table.text("name")
    numbers = table.numbers(UPTAKE_PARAMETERS, f"{modulator} uptake {name}")
    return Uptake(name, table.text("title"), numbers, table.origin())
