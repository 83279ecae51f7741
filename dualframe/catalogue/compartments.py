"""The dendritic layout of a cell type: records, the reader of their table, their physical sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dualframe.catalogue.compartment_parameters import (
    CONTACT,
    CYLINDER,
    DSPIKE,
    GLOBALS,
    SOMA,
    SPIKE,
    SPLIT,
    sized_soma,
)
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.table_form import (
    TableForm,
    either,
    flag,
    joined,
    number,
    numbers_of,
    subtable,
    subtables,
    table_by_kind,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.membrane_bounds import find_impossible
from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.burst_neuron import BURST_PARAMETERS

DSPIKE_KINDS = ("Na", "Ca")
MATCHED_SOMAS = ("leakyIF", "adaptive_IF")
PUBLISHED_SYNAPSE = joined(TableForm({"synapse": text(), "pathway": text()}), numbers_of(CONTACT))
DENDRITE = joined(
    TableForm({"name": text()}, {"contacts": subtables(PUBLISHED_SYNAPSE)}), numbers_of(CYLINDER)
)
EDGE = TableForm({"first": text(), "second": text()}, {"coupling": number("conductance")})
DENDRITIC_SPIKE = joined(
    TableForm({"kind": text(DSPIKE_KINDS), "compartments": texts()}), numbers_of(DSPIKE)
)
_LAYOUT = TableForm({"rule": text(), "layout": text(), "stand_in": flag()})
_SPIKING = joined(_LAYOUT, TableForm({"spike": subtable(numbers_of(SPIKE))}))
_ANY_SOMA = either(*(subtable(numbers_of(sized_soma(model))) for model in SOMA))
#: The form of a layout by its rule.
LAYOUTS: Mapping[str, TableForm] = MappingProxyType(
    {
        "explicit": joined(
            _SPIKING,
            TableForm(
                {
                    "soma_model": text(SOMA),
                    "globals": subtable(numbers_of(GLOBALS)),
                    "soma": _ANY_SOMA,
                },
                {
                    "dendrites": subtables(DENDRITE),
                    "edges": subtables(EDGE),
                    "dspikes": subtables(DENDRITIC_SPIKE),
                },
            ),
        ),
        "matched_passive": joined(
            _SPIKING,
            TableForm(
                {"split": subtable(numbers_of(SPLIT))},
                {
                    "soma_model": text(MATCHED_SOMAS),
                    "soma": subtable(numbers_of(SOMA["adaptive_IF"])),
                },
            ),
        ),
        "burst": joined(_LAYOUT, TableForm({"burst": subtable(numbers_of(BURST_PARAMETERS))})),
    }
)
COMPARTMENTS = table_by_kind("compartments", "rule", lambda: LAYOUTS)


@dataclass(frozen=True)
class PublishedSynapse:
    """A synapse that the published cell has on a dendrite: its kind, pathway, g and times."""

    synapse: str
    pathway: str
    numbers: Numbers


@dataclass(frozen=True)
class Dendrite:
    """A cylinder (``length``, ``diameter``) and the contacts that the published cell has on it."""

    name: str
    numbers: Numbers
    contacts: tuple[PublishedSynapse, ...] = ()


@dataclass(frozen=True)
class Edge:
    """Two coupled compartments. ``coupling`` None means: half cylinders and ``r_axial``."""

    first: str
    second: str
    coupling: Sourced | None = None


@dataclass(frozen=True)
class DendriticSpike:
    """A dendritic spike mechanism and the compartments that have it.

    Conductances are ``g_rise`` and ``g_fall`` (siemens), or ``gbar_rise`` and ``gbar_fall``
    (siemens per geometric membrane area).
    """

    kind: str
    compartments: tuple[str, ...]
    numbers: Numbers


@dataclass(frozen=True, kw_only=True)
class Compartments:
    """The dendritic layout of a cell type.

    ``rule`` is "explicit" (``globals``, ``soma``, ``dendrites``, ``edges``, ``dspikes``),
    "burst" (``burst``: the lumped two-compartment cell of `dualframe.neurons.burst_neuron`), or
    "matched_passive": a soma and one dendrite "dend" whose leak and capacitance follow from the
    cell's r_in and tau_m with ``split`` (``dendritic_share`` s, ``attenuation`` a):
    1/r_in = G ((1-s) + a s), g_dend = s G, g_soma = (1-s) G, g_couple = a g_dend/(1-a),
    C = tau_m g. ``soma`` holds what ``soma_model`` needs beyond the size or the leak.
    ``stand_in`` says that the layout was not published for this cell type.
    """

    rule: str
    layout: str
    stand_in: bool
    soma_model: str
    spike: Numbers
    origin: Origin
    split: Numbers = field(default_factory=Numbers)
    globals: Numbers = field(default_factory=Numbers)
    soma: Numbers = field(default_factory=Numbers)
    burst: Numbers = field(default_factory=Numbers)
    dendrites: tuple[Dendrite, ...] = ()
    edges: tuple[Edge, ...] = ()
    dspikes: tuple[DendriticSpike, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Compartment names, soma first."""
        if self.rule in ("matched_passive", "burst"):
            return ("soma", "dend")
        return ("soma", *(dendrite.name for dendrite in self.dendrites))


def read_compartments(table: Table, cell_name: str, passive: Numbers | None) -> Compartments:
    """Return the compartments of a cell type by the rule that its table names."""
    rule = table.text("rule", choices=LAYOUTS)
    table.only(LAYOUTS[rule])
    if rule == "burst":
        return _read_burst(table, cell_name)
    if rule == "matched_passive":
        return _read_matched(table, cell_name, passive)
    return _read_explicit(table, cell_name)


def _read_matched(table: Table, cell_name: str, passive: Numbers | None) -> Compartments:
    for name in ("v_rest", "r_in", "tau_m"):
        if passive is None or name not in passive:
            table.fail(
                "rule",
                f'"matched_passive" needs {name} in [passive]. Add it there, or '
                'write rule = "explicit".',
            )
    split = table.need("split")
    split.only(SPLIT.dimensions)
    numbers = split.numbers(SPLIT, f"{cell_name} split")
    for name in numbers:
        if not 0 < numbers.value(name) < 1:
            split.fail(name, f"{numbers[name].written} is not between 0 and 1.")
    model = table.text("soma_model", "leakyIF", choices=MATCHED_SOMAS)
    return Compartments(
        rule="matched_passive",
        layout=table.text("layout"),
        stand_in=table.flag("stand_in"),
        soma_model=model,
        spike=_read_spike(table, cell_name),
        origin=table.origin(),
        split=numbers,
        soma=_read_soma(table, model, SOMA[model], cell_name),
    )


def _read_soma(table: Table, model: str, form: ParameterTable, cell_name: str) -> Numbers:
    if not form.dimensions:
        if "soma" in table.data:
            table.fail("soma", f"a {model} soma has no parameters here. Remove it.")
        return Numbers()
    soma = table.need("soma")
    soma.only(form.dimensions)
    return soma.numbers(form, f"{cell_name} soma")


def _read_burst(table: Table, cell_name: str) -> Compartments:
    numbers = table.need("burst")
    numbers.only(BURST_PARAMETERS.dimensions)
    read = numbers.numbers(BURST_PARAMETERS, f"{cell_name} burst")
    numbers.check_rising(read, "reset", "threshold")
    spike = Numbers(
        f"{cell_name} spike", tuple((name, read[name]) for name in ("threshold", "reset"))
    )
    return Compartments(
        rule="burst",
        layout=table.text("layout"),
        stand_in=table.flag("stand_in"),
        soma_model="burst",
        spike=spike,
        origin=table.origin(),
        burst=read,
    )


def _read_explicit(table: Table, cell_name: str) -> Compartments:
    model = table.text("soma_model", choices=SOMA)
    sized = sized_soma(model)
    everywhere = table.need("globals")
    everywhere.only(GLOBALS.dimensions)
    shared = everywhere.numbers(GLOBALS, f"{cell_name} globals")
    refuse_impossible(everywhere, shared)
    layout = Compartments(
        rule="explicit",
        layout=table.text("layout"),
        stand_in=table.flag("stand_in"),
        soma_model=model,
        spike=_read_spike(table, cell_name),
        origin=table.origin(),
        globals=shared,
        soma=_read_soma(table, model, sized, cell_name),
        dendrites=tuple(_read_dendrite(row, cell_name) for row in table.children("dendrites")),
        edges=tuple(_read_edge(row) for row in table.children("edges")),
        dspikes=tuple(_read_dendritic_spike(row, cell_name) for row in table.children("dspikes")),
    )
    _check_tree(table, layout)
    return layout


def _read_spike(table: Table, cell_name: str) -> Numbers:
    spike = table.need("spike")
    spike.only(SPIKE.dimensions)
    numbers = spike.numbers(SPIKE, f"{cell_name} spike")
    refuse_impossible(spike, numbers)
    if ("peak" in numbers) != ("spike_width" in numbers):
        spike.fail("peak", "a spike has both peak and spike_width, or neither.")
    spike.check_rising(numbers, "reset", "threshold")
    spike.check_rising(numbers, "threshold", "peak")
    spike.check_rising(numbers, "spike_width", "refractory")
    return numbers


def refuse_impossible(table: Table, numbers: Numbers) -> None:
    """Refuse numbers of a membrane that no neuron has: slips of sign or unit.

    Parameters
    ----------
    table, numbers
        A table, and what was read of it.

    Raises
    ------
    CatalogueError
        It names the number, and the bounds of `dualframe.core.membrane_bounds`.
    """
    for name, stated in numbers.items():
        if reason := find_impossible(name, stated.value):
            table.fail(name, f"{stated.written!r}: {reason}")


def _read_dendrite(table: Table, cell_name: str) -> Dendrite:
    table.only(DENDRITE)
    name = table.text("name")
    return Dendrite(
        name,
        table.numbers(CYLINDER, f"{cell_name} {name}"),
        tuple(_read_published_synapse(row, cell_name) for row in table.children("contacts")),
    )


def _read_published_synapse(table: Table, cell_name: str) -> PublishedSynapse:
    table.only(PUBLISHED_SYNAPSE)
    return PublishedSynapse(
        table.text("synapse"),
        table.text("pathway"),
        table.numbers(CONTACT, f"{cell_name} contact"),
    )


def _read_edge(table: Table) -> Edge:
    table.only(EDGE)
    coupled = "coupling" in table.data
    return Edge(
        table.text("first"),
        table.text("second"),
        table.number("coupling", "conductance") if coupled else None,
    )


def _read_dendritic_spike(table: Table, cell_name: str) -> DendriticSpike:
    table.only(DENDRITIC_SPIKE)
    kind = table.text("kind", choices=DSPIKE_KINDS)
    for first, second in (("g_rise", "gbar_rise"), ("g_fall", "gbar_fall")):
        if (first in table.data) == (second in table.data):
            table.fail(first, f"give either {first} (siemens) or {second} (siemens per area).")
    return DendriticSpike(
        kind, table.texts("compartments"), table.numbers(DSPIKE, f"{cell_name} {kind} dSpike")
    )


def _check_tree(table: Table, layout: Compartments) -> None:
    """Refuse layouts that are not one tree over the named compartments."""
    names = set(layout.names)
    if len(names) != len(layout.names):
        table.fail("dendrites", "two compartments have one name. Rename one.")
    for edge in layout.edges:
        for end in (edge.first, edge.second):
            if end not in names:
                table.fail("edges", f"unknown compartment {end!r}. Known: {', '.join(names)}.")
    for spike in layout.dspikes:
        for place in spike.compartments:
            if place not in names:
                table.fail(
                    "dspikes", f"unknown compartment {place!r}. Known: {', '.join(layout.names)}."
                )
    reached = {"soma"}
    for _ in layout.edges:
        reached |= {
            end
            for edge in layout.edges
            for end in (edge.first, edge.second)
            if {edge.first, edge.second} & reached
        }
    if reached != names or len(layout.edges) != len(names) - 1:
        table.fail("edges", "must join all compartments to the soma as a tree, each once.")
