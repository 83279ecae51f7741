"""From a checked table to a record: one function per kind of entry, and its physical sense."""

from __future__ import annotations

from collections.abc import Collection

from dualframe.catalogue import forms
from dualframe.catalogue.compartments import check_order, compartments
from dualframe.catalogue.receptor_effect import effect
from dualframe.catalogue.schema import (
    CellType,
    Expression,
    Glif,
    GlifPopulation,
    Izhikevich,
    Modulator,
    Numbers,
    Passive,
    Receptor,
    Remark,
    Rule,
    Synapse,
    Uptake,
)
from dualframe.catalogue.toml_table import Table
from dualframe.synapses.registry import SYNAPSE_KINETICS


def cell(table: Table) -> CellType:
    """Return the cell type of a file."""
    table.only(
        "name",
        "title",
        "region",
        "layer",
        "dale",
        "passive",
        "passive_alternatives",
        "izhikevich",
        "glif",
        "glif_populations",
        "compartments",
        "remarks",
    )
    name = table.text("name")
    dale = table.need("dale")
    dale.only("sign", "transmitter")
    main = table.child("passive")
    layout = table.child("compartments")
    passive = _passive(main, name) if main else None
    return CellType(
        name,
        table.text("title"),
        table.text("region"),
        table.text("layer", ""),
        dale.integer("sign", (-1, 0, 1)),
        dale.text("transmitter"),
        dale.origin(),
        passive,
        tuple(_passive(row, name) for row in table.children("passive_alternatives")),
        tuple(izhikevich_set(row, name) for row in table.children("izhikevich")),
        tuple(glif_set(row, name) for row in table.children("glif")),
        compartments(layout, name, passive) if layout else None,
        table.text("note", ""),
        table.file,
        tuple(_glif_population(row, name) for row in table.children("glif_populations")),
        tuple(_remark(row, name) for row in table.children("remarks")),
    )


def synapse(table: Table) -> Synapse:
    """Return the kind of synapse of a file."""
    kinetics = table.text("kinetics", choices=SYNAPSE_KINETICS)
    block = table.flag("block", default=False)
    form = forms.ParameterTable(
        {
            **forms.SYNAPSE.required,
            **SYNAPSE_KINETICS[kinetics].parameters.required,
            **(forms.NMDA_BLOCK if block else {}),
        }
    )
    table.only(
        "name", "title", "sign", "transmitter", "kinetics", "block", "alternatives", form.dimensions
    )
    name = table.text("name")
    any_kinds = {**forms.SYNAPSE.required, **forms.NMDA_BLOCK}
    for kind in SYNAPSE_KINETICS.values():
        any_kinds |= kind.parameters.required
    return Synapse(
        name,
        table.text("title"),
        table.integer("sign", (-1, 1)),
        table.text("transmitter"),
        kinetics,
        block,
        table.numbers(form, name),
        table.origin(),
        tuple(_alternative(row, any_kinds, name) for row in table.children("alternatives")),
        table.text("note", ""),
        table.file,
    )


def receptor(table: Table, modulators: Collection[str]) -> Receptor:
    """Return the receptor of a file; ``modulators`` are the names that it may belong to."""
    table.only(
        "name",
        "title",
        "modulator",
        "family",
        "kind",
        "transduction",
        "affinity",
        "affinity_alternatives",
        "kinetics",
        "desensitisation",
        "expressed_by",
        "effects",
        "stdp",
    )
    affinity, kinetics = table.need("affinity"), table.need("kinetics")
    affinity.only(forms.AFFINITY.dimensions)
    kinetics.only(forms.OCCUPANCY.dimensions)
    desensitisation = table.child("desensitisation")
    name = table.text("name")
    found = Receptor(
        name,
        table.text("title"),
        table.text("modulator", choices=modulators),
        table.text("family"),
        table.text("kind", choices=("metabotropic", "ionotropic")),
        table.text("transduction"),
        affinity.numbers(forms.AFFINITY, f"{name} affinity"),
        kinetics.numbers(forms.OCCUPANCY, f"{name} kinetics"),
        _desensitisation(desensitisation, name) if desensitisation else None,
        tuple(
            _alternative(row, forms.BINDING, name)
            for row in table.children("affinity_alternatives")
        ),
        tuple(_expression(row) for row in table.children("expressed_by")),
        tuple(effect(row, name) for row in table.children("effects")),
        tuple(_rule(row) for row in table.children("stdp")),
        table.text("note", ""),
        table.file,
    )
    _check_expression(table, found)
    return found


def modulator(table: Table, receptors: tuple[str, ...]) -> Modulator:
    """Return the modulator of a file; ``receptors`` are those that name it."""
    table.only("name", "title", "aliases", "uptakes", "alternatives", forms.MODULATOR.dimensions)
    name = table.text("name")
    return Modulator(
        name,
        table.text("title"),
        table.texts("aliases", ()),
        table.numbers(forms.MODULATOR, name),
        receptors,
        tuple(_uptake(row, name) for row in table.children("uptakes")),
        tuple(_alternative(row, forms.RELEASE, name) for row in table.children("alternatives")),
        table.text("note", ""),
        table.file,
    )


def _uptake(table: Table, modulator: str) -> Uptake:
    table.only("name", "title", forms.UPTAKE.dimensions)
    name = table.text("name")
    numbers = table.numbers(forms.UPTAKE, f"{modulator} uptake {name}")
    return Uptake(name, table.text("title"), numbers, table.origin())


def _desensitisation(table: Table, receptor: str) -> Numbers:
    table.only(forms.DESENSITISATION.dimensions)
    return table.numbers(forms.DESENSITISATION, f"{receptor} desensitisation")


def _passive(table: Table, cell_name: str) -> Passive:
    table.only("label", forms.PASSIVE)
    numbers = table.numbers(forms.ParameterTable({}, forms.PASSIVE), f"{cell_name} passive")
    check_order(table, numbers, "v_rest", "threshold")
    return Passive(table.text("label"), numbers, table.origin())


def izhikevich_set(table: Table, cell_name: str) -> Izhikevich:
    """Return an Izhikevich set; its form says which parameters it needs."""
    name = table.text("form", choices=forms.IZHIKEVICH)
    form = forms.IZHIKEVICH[name]
    table.only("form", "label", form.dimensions)
    numbers = table.numbers(form, f"{cell_name} {name}")
    check_order(table, numbers, "vr", "vt")
    check_order(table, numbers, "c", "vpeak")
    return Izhikevich(name, table.text("label"), numbers, table.origin())


def glif_set(table: Table, cell_name: str) -> Glif:
    """Return a GLIF set; its form says which parameters it needs."""
    name = table.text("form", choices=forms.GLIF)
    form = forms.GLIF[name]
    table.only("form", "label", "specimen", "explained_variance", form.dimensions)
    numbers = table.numbers(form, f"{cell_name} {name}")
    check_order(table, numbers, "E_L", "V_th")
    fitted = "explained_variance" in table.data
    return Glif(
        name,
        table.text("label"),
        table.text("specimen", ""),
        numbers,
        table.origin(),
        table.number("explained_variance", "dimensionless") if fitted else None,
    )


def _glif_population(table: Table, cell_name: str) -> GlifPopulation:
    table.only("label", "specimens", forms.GLIF_POPULATION)
    return GlifPopulation(
        table.text("label"),
        table.texts("specimens", ()),
        table.numbers(
            forms.ParameterTable({}, forms.GLIF_POPULATION), f"{cell_name} GLIF population"
        ),
        table.origin(),
    )


def _remark(table: Table, cell_name: str) -> Remark:
    table.only("text", forms.REMARK)
    return Remark(
        table.text("text"),
        table.numbers(forms.ParameterTable({}, forms.REMARK), f"{cell_name} remark"),
        table.origin(),
    )


def _alternative(table: Table, kinds: forms.Dimensions, name: str) -> tuple[str, Numbers]:
    table.only("label", kinds)
    return table.text("label"), table.numbers(forms.ParameterTable({}, kinds), name)


def _expression(table: Table) -> Expression:
    table.only("cells", "site")
    return Expression(table.texts("cells"), table.text("site", ""), table.origin())


def _rule(table: Table) -> Rule:
    table.only("rule")
    return Rule(table.text("rule"), table.origin())


def _check_expression(table: Table, found: Receptor) -> None:
    """Refuse compiled effects on cell types that do not express the receptor."""
    for known in found.effects:
        for name in known.cells if known.compiled else ():
            if not found.expressed_in(name):
                table.fail(
                    "effects",
                    f"acts on {name!r}, which does not express {found.name}. "
                    "Add it to an [[expressed_by]] with a source.",
                )
