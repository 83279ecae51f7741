"""From a checked table to a record: one function per kind of entry, and its physical sense."""

from __future__ import annotations

from collections.abc import Collection

from dualframe.catalogue import forms
from dualframe.catalogue.schema import (
    DIRECTIONS,
    EFFECT_KINDS,
    CellType,
    Compartments,
    Contact,
    Dendrite,
    DendriticSpike,
    Edge,
    Effect,
    Expression,
    Glif,
    Izhikevich,
    Modulator,
    Numbers,
    Passive,
    Receptor,
    Rule,
    Synapse,
)
from dualframe.catalogue.tables import Table


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
        "compartments",
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
        tuple(_izhikevich(row, name) for row in table.children("izhikevich")),
        tuple(_glif(row, name) for row in table.children("glif")),
        _compartments(layout, name, passive) if layout else None,
        table.text("note", ""),
        table.file,
    )


def synapse(table: Table) -> Synapse:
    """Return the kind of synapse of a file."""
    kinetics = table.text("kinetics", choices=forms.SYNAPSE)
    block = table.flag("block", default=False)
    form = forms.Form({**forms.SYNAPSE[kinetics].required, **(forms.NMDA_BLOCK if block else {})})
    table.only(
        "name", "title", "sign", "transmitter", "kinetics", "block", "alternatives", form.kinds
    )
    name = table.text("name")
    any_kinds = {**forms.SYNAPSE["dual_exponential"].kinds, **forms.NMDA_BLOCK}
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
        "expressed_by",
        "effects",
        "stdp",
    )
    affinity, kinetics = table.need("affinity"), table.need("kinetics")
    affinity.only(forms.AFFINITY.kinds)
    kinetics.only(forms.OCCUPANCY.kinds)
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
        tuple(
            _alternative(row, forms.BINDING, name)
            for row in table.children("affinity_alternatives")
        ),
        tuple(_expression(row) for row in table.children("expressed_by")),
        tuple(_effect(row, name) for row in table.children("effects")),
        tuple(_rule(row) for row in table.children("stdp")),
        table.text("note", ""),
        table.file,
    )
    _check_expression(table, found)
    return found


def modulator(table: Table, receptors: tuple[str, ...]) -> Modulator:
    """Return the modulator of a file; ``receptors`` are those that name it."""
    table.only("name", "title", "aliases", forms.MODULATOR.kinds)
    name = table.text("name")
    return Modulator(
        name,
        table.text("title"),
        table.texts("aliases", ()),
        table.numbers(forms.MODULATOR, name),
        receptors,
        table.text("note", ""),
        table.file,
    )


def _passive(table: Table, cell_name: str) -> Passive:
    table.only("label", forms.PASSIVE)
    numbers = table.numbers(forms.Form({}, forms.PASSIVE), f"{cell_name} passive")
    _check_order(table, numbers, "v_rest", "threshold")
    return Passive(table.text("label"), numbers, table.origin())


def _izhikevich(table: Table, cell_name: str) -> Izhikevich:
    name = table.text("form", choices=forms.IZHIKEVICH)
    form = forms.IZHIKEVICH[name]
    table.only("form", "label", form.kinds)
    numbers = table.numbers(form, f"{cell_name} {name}")
    _check_order(table, numbers, "vr", "vt")
    _check_order(table, numbers, "c", "vpeak")
    return Izhikevich(name, table.text("label"), numbers, table.origin())


def _glif(table: Table, cell_name: str) -> Glif:
    name = table.text("form", choices=forms.GLIF)
    form = forms.GLIF[name]
    table.only("form", "label", "specimen", "explained_variance", form.kinds)
    numbers = table.numbers(form, f"{cell_name} {name}")
    _check_order(table, numbers, "E_L", "V_th")
    fitted = "explained_variance" in table.data
    return Glif(
        name,
        table.text("label"),
        table.text("specimen", ""),
        numbers,
        table.origin(),
        table.number("explained_variance", "dimensionless") if fitted else None,
    )


def _compartments(table: Table, cell_name: str, passive: Passive | None) -> Compartments:
    rule = table.text("rule", choices=("explicit", "matched_passive"))
    shared = ("rule", "layout", "stand_in", "soma_model", "spike")
    if rule == "matched_passive":
        table.only(shared, "split")
        return _matched(table, cell_name, passive)
    table.only(shared, "globals", "soma", "dendrites", "edges", "dspikes")
    return _explicit(table, cell_name)


def _matched(table: Table, cell_name: str, passive: Passive | None) -> Compartments:
    for name in ("v_rest", "r_in", "tau_m"):
        if passive is None or name not in passive.numbers:
            table.fail(
                "rule",
                f'"matched_passive" needs {name} in [passive]. Add it there, or '
                'write rule = "explicit".',
            )
    split = table.need("split")
    split.only(forms.SPLIT.kinds)
    numbers = split.numbers(forms.SPLIT, f"{cell_name} split")
    for name in numbers:
        if not 0 < numbers.value(name) < 1:
            split.fail(name, f"{numbers[name].written} is not between 0 and 1.")
    return Compartments(
        "matched_passive",
        table.text("layout"),
        table.flag("stand_in"),
        table.text("soma_model", "leakyIF", choices=("leakyIF",)),
        _spike(table, cell_name),
        table.origin(),
        split=numbers,
    )


def _explicit(table: Table, cell_name: str) -> Compartments:
    model = table.text("soma_model", choices=forms.SOMA)
    everywhere, soma = table.need("globals"), table.need("soma")
    everywhere.only(forms.GLOBALS.kinds)
    soma.only(forms.SOMA[model].kinds)
    found = Compartments(
        "explicit",
        table.text("layout"),
        table.flag("stand_in"),
        model,
        _spike(table, cell_name),
        table.origin(),
        globals=everywhere.numbers(forms.GLOBALS, f"{cell_name} globals"),
        soma=soma.numbers(forms.SOMA[model], f"{cell_name} soma"),
        dendrites=tuple(_dendrite(row, cell_name) for row in table.children("dendrites")),
        edges=tuple(_edge(row) for row in table.children("edges")),
        dspikes=tuple(_dspike(row, cell_name) for row in table.children("dspikes")),
    )
    _check_tree(table, found)
    return found


def _spike(table: Table, cell_name: str) -> Numbers:
    spike = table.need("spike")
    spike.only(forms.SPIKE.kinds)
    numbers = spike.numbers(forms.SPIKE, f"{cell_name} spike")
    _check_order(spike, numbers, "reset", "threshold")
    _check_order(spike, numbers, "threshold", "peak")
    _check_order(spike, numbers, "spike_width", "refractory")
    return numbers


def _dendrite(table: Table, cell_name: str) -> Dendrite:
    table.only("name", "contacts", forms.CYLINDER.kinds)
    name = table.text("name")
    return Dendrite(
        name,
        table.numbers(forms.CYLINDER, f"{cell_name} {name}"),
        tuple(_contact(row, cell_name) for row in table.children("contacts")),
    )


def _contact(table: Table, cell_name: str) -> Contact:
    table.only("synapse", "pathway", forms.CONTACT.kinds)
    return Contact(
        table.text("synapse"),
        table.text("pathway"),
        table.numbers(forms.CONTACT, f"{cell_name} contact"),
    )


def _edge(table: Table) -> Edge:
    table.only("first", "second", "coupling")
    coupled = "coupling" in table.data
    return Edge(
        table.text("first"),
        table.text("second"),
        table.number("coupling", "conductance") if coupled else None,
    )


def _dspike(table: Table, cell_name: str) -> DendriticSpike:
    table.only("kind", "compartments", forms.DSPIKE.kinds)
    kind = table.text("kind", choices=("Na", "Ca"))
    for first, second in (("g_rise", "gbar_rise"), ("g_fall", "gbar_fall")):
        if (first in table.data) == (second in table.data):
            table.fail(first, f"give either {first} (siemens) or {second} (siemens per area).")
    return DendriticSpike(
        kind, table.texts("compartments"), table.numbers(forms.DSPIKE, f"{cell_name} {kind} dSpike")
    )


def _alternative(table: Table, kinds: forms.Kinds, name: str) -> tuple[str, Numbers]:
    table.only("label", kinds)
    return table.text("label"), table.numbers(forms.Form({}, kinds), name)


def _expression(table: Table) -> Expression:
    table.only("cells", "site")
    return Expression(table.texts("cells"), table.text("site", ""), table.origin())


def _effect(table: Table, name: str) -> Effect:
    kind = table.text("kind", choices=EFFECT_KINDS)
    form = forms.EFFECT[kind]
    table.only("cells", "target", "description", "direction", "kind", "conflict", form.kinds)
    numbers = table.numbers(form, f"{name} {kind} effect")
    if kind == "conductance" and numbers.value("size") <= -1:
        table.fail("size", "must be greater than -1: a cell cannot lose more than its leak.")
    if kind == "adaptation" and numbers.value("scale") < 0:
        table.fail("scale", "must not be negative: 0 abolishes adaptation.")
    return Effect(
        table.texts("cells"),
        table.text("target"),
        table.text("description"),
        table.text("direction", choices=DIRECTIONS),
        kind,
        numbers,
        table.origin(),
        table.flag("conflict", default=False),
    )


def _rule(table: Table) -> Rule:
    table.only("rule")
    return Rule(table.text("rule"), table.origin())


def _check_order(table: Table, numbers: Numbers, low: str, high: str) -> None:
    """Refuse, for example, a threshold below rest."""
    if low in numbers and high in numbers and not numbers.value(low) < numbers.value(high):
        table.fail(high, f"{numbers[high].written} must be above {low}, {numbers[low].written}.")


def _check_tree(table: Table, found: Compartments) -> None:
    """Refuse layouts that are not one tree over the named compartments."""
    names = set(found.names)
    if len(names) != len(found.names):
        table.fail("dendrites", "two compartments have one name. Rename one.")
    for edge in found.edges:
        for end in (edge.first, edge.second):
            if end not in names:
                table.fail("edges", f"unknown compartment {end!r}. Known: {', '.join(names)}.")
    for spike in found.dspikes:
        for place in spike.compartments:
            if place not in names:
                table.fail(
                    "dspikes", f"unknown compartment {place!r}. Known: {', '.join(found.names)}."
                )
    reached = {"soma"}
    for _ in found.edges:
        reached |= {
            end
            for edge in found.edges
            for end in (edge.first, edge.second)
            if {edge.first, edge.second} & reached
        }
    if reached != names or len(found.edges) != len(names) - 1:
        table.fail("edges", "must join all compartments to the soma as a tree, each once.")


def _check_expression(table: Table, found: Receptor) -> None:
    """Refuse compiled effects on cell types that do not express the receptor."""
    for effect in found.effects:
        for name in effect.cells if effect.compiled else ():
            if not found.expressed_in(name):
                table.fail(
                    "effects",
                    f"acts on {name!r}, which does not express {found.name}. "
                    "Add it to an [[expressed_by]] with a source.",
                )
