"""Drugs by name: at which receptors they act, as what, with what affinity; and their reader.

An affinity is what `dualframe.circuit.Drug` divides a dose by: the EC50 of an agonist, the K_B of a
competitive antagonist. A Ki or Kd of binding is taken as either. An IC50 of a function depends on
the concentration of the agonist and lies above K_B; its note says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.table_form import (
    Choices,
    TableForm,
    joined,
    labelled_numbers,
    numbers_of,
    subtables,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.parameter_table import ParameterTable

#: What a number of an affinity may be.
MEASURES = ("K_B", "Ki", "Kd", "EC50", "IC50")
ACTIONS = ("agonist", "antagonist")
AFFINITIES = ParameterTable(
    {}, dict.fromkeys(MEASURES, "concentration"), positive=frozenset(MEASURES)
)


def action_form(receptors: Choices = ()) -> TableForm:
    """Return the form of an [[actions]] table; ``receptors`` are those at which it may act."""
    stated = TableForm(
        {"receptor": text(receptors), "kind": text(ACTIONS)},
        {"alternatives": subtables(labelled_numbers(AFFINITIES.dimensions))},
    )
    return joined(stated, numbers_of(AFFINITIES))


def drug_form(receptors: Choices = ()) -> TableForm:
    """Return the form of a drug's file; ``receptors`` as of `action_form`."""
    return TableForm(
        {"name": text(), "title": text(), "actions": subtables(action_form(receptors))},
        {"aliases": texts()},
    )


@dataclass(frozen=True)
class DrugAction:
    """What a drug does at one receptor.

    Attributes
    ----------
    receptor
        Its name.
    kind
        ``"agonist"`` (a partial one counts as full) or ``"antagonist"`` (competitive).
    numbers
        One concentration, named for what was measured (one of `MEASURES`); empty where no number
        was read.
    origin
        Where it was read that the drug does this.
    alternatives
        Affinities of other sources, not used.
    """

    receptor: str
    kind: str
    numbers: Numbers
    origin: Origin
    alternatives: tuple[tuple[str, Numbers], ...] = ()

    @property
    def affinity(self) -> Sourced | None:
        """The EC50 or K_B that is used, None where no number was read."""
        return next(iter(self.numbers.values()), None)

    @property
    def summary(self) -> str:
        """Receptor and affinity: ``"M1 (Ki 7.1 nM)"``."""
        measured = ", ".join(f"{name} {n.written}" for name, n in self.numbers.items())
        return f"{self.receptor} ({measured or 'no number'})"


@dataclass(frozen=True, kw_only=True)
class DrugProfile:
    """A drug and the receptors of the catalogue at which it acts."""

    name: str
    title: str
    aliases: tuple[str, ...]
    actions: tuple[DrugAction, ...]
    note: str = ""
    file: str = field(default="", compare=False)


def read_drug(table: Table, receptors: Collection[str]) -> DrugProfile:
    """Return the drug of a file.

    Parameters
    ----------
    table
        Of the file.
    receptors
        Names of the receptors at which it may act.
    """
    table.only(drug_form())
    actions = tuple(_read_action(row, receptors) for row in table.children("actions"))
    if not actions:
        table.fail("actions", "missing. Add [[actions]] with a receptor and a kind.")
    return DrugProfile(
        name=table.text("name"),
        title=table.text("title"),
        aliases=table.texts("aliases", ()),
        actions=actions,
        note=table.text("note", ""),
        file=table.file,
    )


def _read_action(table: Table, receptors: Collection[str]) -> DrugAction:
    table.only(action_form())
    receptor = table.text("receptor", choices=receptors)
    numbers = table.numbers(AFFINITIES, receptor)
    if len(numbers) > 1:
        table.fail(list(numbers)[1], "is a second affinity. Move it into [[actions.alternatives]].")
    return DrugAction(
        receptor=receptor,
        kind=table.text("kind", choices=ACTIONS),
        numbers=numbers,
        origin=table.origin(),
        alternatives=tuple(
            row.labelled_numbers(AFFINITIES.dimensions, receptor)
            for row in table.children("alternatives")
        ),
    )
