"""From a checked table to the compartments of a cell type, and their physical sense."""

from __future__ import annotations

from dualframe.catalogue import forms
from dualframe.catalogue.schema import (
    Compartments,
    Contact,
    Dendrite,
    DendriticSpike,
    Edge,
    Numbers,
    Passive,
)
from dualframe.catalogue.toml_table import Table
from dualframe.neurons.burst_neuron import BURST_PARAMETERS


def compartments(table: Table, cell_name: str, passive: Passive | None) -> Compartments:
    """Return the compartments of a cell type by the rule that its table names."""
    rule = table.text("rule", choices=("explicit", "matched_passive", "burst"))
    shared = ("rule", "layout", "stand_in", "soma_model", "spike")
    if rule == "burst":
        table.only("rule", "layout", "stand_in", "burst")
        return _burst(table, cell_name)
    if rule == "matched_passive":
        table.only(shared, "split", "soma")
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
    split.only(forms.SPLIT.dimensions)
    numbers = split.numbers(forms.SPLIT, f"{cell_name} split")
    for name in numbers:
        if not 0 < numbers.value(name) < 1:
            split.fail(name, f"{numbers[name].written} is not between 0 and 1.")
    model = table.text("soma_model", "leakyIF", choices=("leakyIF", "adaptive_IF"))
    return Compartments(
        "matched_passive",
        table.text("layout"),
        table.flag("stand_in"),
        model,
        _spike(table, cell_name),
        table.origin(),
        split=numbers,
        soma=_soma(table, model, forms.SOMA[model], cell_name),
    )


def _soma(table: Table, model: str, form: forms.ParameterTable, cell_name: str) -> Numbers:
    if not form.dimensions:
        if "soma" in table.data:
            table.fail("soma", f"a {model} soma has no parameters here. Remove it.")
        return Numbers()
    soma = table.need("soma")
    soma.only(form.dimensions)
    return soma.numbers(form, f"{cell_name} soma")


def _burst(table: Table, cell_name: str) -> Compartments:
    numbers = table.need("burst")
    numbers.only(BURST_PARAMETERS.dimensions)
    read = numbers.numbers(BURST_PARAMETERS, f"{cell_name} burst")
    check_order(numbers, read, "reset", "threshold")
    spike = Numbers(
        f"{cell_name} spike", tuple((name, read[name]) for name in ("threshold", "reset"))
    )
    return Compartments(
        "burst",
        table.text("layout"),
        table.flag("stand_in"),
        "burst",
        spike,
        table.origin(),
        burst=read,
    )


def _explicit(table: Table, cell_name: str) -> Compartments:
    model = table.text("soma_model", choices=forms.SOMA)
    own = forms.SOMA[model]
    sized = forms.ParameterTable({**forms.CYLINDER.required, **own.required}, own.optional)
    everywhere = table.need("globals")
    everywhere.only(forms.GLOBALS.dimensions)
    found = Compartments(
        "explicit",
        table.text("layout"),
        table.flag("stand_in"),
        model,
        _spike(table, cell_name),
        table.origin(),
        globals=everywhere.numbers(forms.GLOBALS, f"{cell_name} globals"),
        soma=_soma(table, model, sized, cell_name),
        dendrites=tuple(_dendrite(row, cell_name) for row in table.children("dendrites")),
        edges=tuple(_edge(row) for row in table.children("edges")),
        dspikes=tuple(_dspike(row, cell_name) for row in table.children("dspikes")),
    )
    _check_tree(table, found)
    return found


def _spike(table: Table, cell_name: str) -> Numbers:
    spike = table.need("spike")
    spike.only(forms.SPIKE.dimensions)
    numbers = spike.numbers(forms.SPIKE, f"{cell_name} spike")
    if ("peak" in numbers) != ("spike_width" in numbers):
        spike.fail("peak", "a spike has both peak and spike_width, or neither.")
    check_order(spike, numbers, "reset", "threshold")
    check_order(spike, numbers, "threshold", "peak")
    check_order(spike, numbers, "spike_width", "refractory")
    return numbers


def _dendrite(table: Table, cell_name: str) -> Dendrite:
    table.only("name", "contacts", forms.CYLINDER.dimensions)
    name = table.text("name")
    return Dendrite(
        name,
        table.numbers(forms.CYLINDER, f"{cell_name} {name}"),
        tuple(_contact(row, cell_name) for row in table.children("contacts")),
    )


def _contact(table: Table, cell_name: str) -> Contact:
    table.only("synapse", "pathway", forms.CONTACT.dimensions)
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
    table.only("kind", "compartments", forms.DSPIKE.dimensions)
    kind = table.text("kind", choices=("Na", "Ca"))
    for first, second in (("g_rise", "gbar_rise"), ("g_fall", "gbar_fall")):
        if (first in table.data) == (second in table.data):
            table.fail(first, f"give either {first} (siemens) or {second} (siemens per area).")
    return DendriticSpike(
        kind, table.texts("compartments"), table.numbers(forms.DSPIKE, f"{cell_name} {kind} dSpike")
    )


def check_order(table: Table, numbers: Numbers, low: str, high: str) -> None:
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
