"""What a cell type is: passive rows, point neurons, compartments, and what else is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dualframe.catalogue.compartments import (
    COMPARTMENTS,
    Compartments,
    read_compartments,
    refuse_impossible,
)
from dualframe.catalogue.file_kinds import refuse_other_kind
from dualframe.catalogue.point_neuron_set import (
    POINT_NEURON,
    ChosenPointNeuron,
    PointNeuronSet,
    read_point_neuron_set,
)
from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    integer,
    joined,
    labelled_numbers,
    some_numbers,
    subtable,
    subtables,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit
from dualframe.core.text_views import text_as_html
from dualframe.neurons.registry import models_named

PASSIVE: Dimensions = MappingProxyType(
    {
        "v_rest": "voltage",
        "r_in": "resistance",
        "tau_m": "time",
        "c_m": "capacitance",
        "threshold": "voltage",
        "rheobase": "current",
        "sag": "dimensionless",
        "sag_ratio": "dimensionless",
        "sag_depth": "voltage",
        "fi_slope": dimension_of_unit("Hz/pA"),
        "rate": "rate",
        "max_rate": "rate",
        "up_state": "voltage",
        "down_state": "voltage",
        "spike_duration": "time",
        "membrane_resistance": dimension_of_unit("ohm*cm**2"),
        "specific_capacitance": "specific capacitance",
    }
)
GLIF_POPULATION: Dimensions = MappingProxyType(
    {
        "C": "capacitance",
        "R": "resistance",
        "E_L": "voltage",
        "th_inf": "voltage",
        "t_ref": "time",
        "g": "conductance",
        "V_th": "voltage",
        "explained_variance": "dimensionless",
    }
)
NOTE: Dimensions = MappingProxyType(
    {
        "tau_plus": "time",
        "tau_minus": "time",
        "tau_eligibility": "time",
        "tau_modulator": "time",
        "A_plus": "dimensionless",
        "A_minus": "dimensionless",
        "tau_syn": "time",
        "rate_low": "rate",
        "rate_high": "rate",
        "burst_rate": "rate",
    }
)
#: Where a cell's file has what one may look for in [passive].
ELSEWHERE = MappingProxyType(
    {
        "adaptation": "the compartments have that of [compartments.soma], with "
        'soma_model = "adaptive_IF" in [compartments]; a point neuron has its model\'s.',
        "reset": "the compartments' is in [compartments.spike], with the threshold.",
        "refractory": "the compartments' is in [compartments.spike], with the threshold.",
    }
)
SIGNS = (-1, 0, 1)
DALE = TableForm({"sign": integer(SIGNS), "transmitter": text()})
PASSIVE_ROW = labelled_numbers(PASSIVE)
GLIF_ROW = joined(labelled_numbers(GLIF_POPULATION), TableForm({}, {"specimens": texts()}))
NOTE_ROW = joined(TableForm({"text": text()}), some_numbers(NOTE))
#: Of a cell type's file; one that is ``like`` another need not have title, region and dale.
CELL = TableForm(
    {"name": text()},
    {
        "like": text(),
        "title": text(),
        "region": text(),
        "layer": text(),
        "dale": subtable(DALE),
        "passive": subtable(PASSIVE_ROW),
        "passive_alternatives": subtables(PASSIVE_ROW),
        "point_neurons": subtables(POINT_NEURON),
        "glif_populations": subtables(GLIF_ROW),
        "compartments": subtable(COMPARTMENTS),
        "remarks": subtables(NOTE_ROW),
    },
)


@dataclass(frozen=True)
class Passive:
    """Resting and threshold properties of one preparation. Rows are never averaged over sources.

    ``numbers`` holds any of the names of `PASSIVE`: ``v_rest``, ``r_in``, ``tau_m``,
    ``threshold``, ``rheobase``, ...
    """

    label: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class GlifPopulation:
    """Medians over the GLIF3 fits of many cells, with the Allen names of these where listed.

    For orientation and for drawing whole specimens from the user's own files. After-spike
    currents have no place here: each cell has its own time constants, so they are not averaged.
    """

    label: str
    specimens: tuple[str, ...]
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Note:
    """What else is known of a cell type, as text and possibly numbers, and enters no model."""

    text: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class CellType:
    """A cell type of the catalogue: one entry, from which both branches build.

    ``sign`` is Dale's: +1 excitatory, -1 inhibitory, 0 modulatory. The first of `point_neurons`
    of a family of models (GLIF, Izhikevich, ...) is the default one. ``glif_populations`` and
    ``remarks`` enter no model. ``like`` is the cell type of the catalogue of which a user's has the
    receptors, and whatever its file does not state; ``folder`` is where a user's file lies.
    """

    name: str
    title: str
    region: str
    layer: str
    sign: int
    transmitter: str
    dale: Origin
    passive: Passive | None = None
    passive_alternatives: tuple[Passive, ...] = ()
    point_neurons: tuple[PointNeuronSet, ...] = ()
    compartments: Compartments | None = None
    note: str = ""
    file: str = field(default="", compare=False)
    glif_populations: tuple[GlifPopulation, ...] = ()
    remarks: tuple[Note, ...] = ()
    like: str = ""
    folder: str = field(default="", compare=False)

    def __repr__(self) -> str:
        like = f", like {self.like}" if self.like else ""
        parts = ", ".join(self.compartments.names) if self.compartments else "no compartments"
        return f"<CellType {self.name!r}: {self.title}{like}; {parts}>"

    def _repr_html_(self) -> str:
        passive = self.passive.numbers.items() if self.passive else ()
        places = self.compartments.names if self.compartments else ()
        parts = {
            "passive": [f"{name}: {n.written} [{n.status}]" for name, n in passive],
            "point neurons": [f"{s.model}: {s.label}" for s in self.point_neurons],
            "compartments": list(places),
        }
        blocks = ["\n  ".join([name, *rows]) for name, rows in parts.items() if rows]
        facts = f"{self.region}, {self.transmitter}; dualframe show {self.name} has the sources"
        return text_as_html("\n\n".join([f"{self.name}: {self.title}\n{facts}", *blocks]))

    def point_neuron_set(
        self, model: str, *, label: str = "", specimen: str | int = ""
    ) -> PointNeuronSet:
        """Return the first stored parameter set of a point-neuron model.

        Parameters
        ----------
        model
            A family (``"glif"``, ``"izhikevich"``, ``"adex"``) or a model's name (``"GLIF3"``).
        label, specimen
            The set's label; the Allen specimen of which it is a fit.

        Raises
        ------
        UnknownName
            If no such set is stored.
        """
        wanted = {"label": label, "specimen": str(specimen)}
        for chosen in self.point_neurons:
            if chosen.answers_to(model) and all(
                text in ("", getattr(chosen, name)) for name, text in wanted.items()
            ):
                return chosen
        sought = " ".join(text for text in (model, label, str(specimen)) if text)
        stored = [f"{s.model} {s.specimen or s.label}" for s in self.point_neurons]
        raise UnknownName(f"point neuron set of {self.name}", sought, stored)

    def choose_point_neuron(self, model: str) -> ChosenPointNeuron:
        """Return the point neuron that stands for this cell type where ``model`` is asked for.

        Parameters
        ----------
        model
            A family or a model's name, as of `dualframe.neurons.registry.models_named`. A model
            without a set of its own takes one of a model that holds its parameters: GLIF levels 1
            and 2 a specimen of level 3 or 4.

        Raises
        ------
        UnknownName
            If there is no such model.
        CatalogueError
            If the cell type has no set for it.
        """
        models = {candidate.name: candidate for candidate in models_named(model)}
        for stored in self.point_neurons:
            if stored.model in models:
                return ChosenPointNeuron(model=models[stored.model], stored=stored)
        for candidate in models.values():
            for stored in self.point_neurons:
                if stored.model in candidate.stored_as:
                    return ChosenPointNeuron(model=candidate, stored=stored)
        names = dict.fromkeys(s.model for s in self.point_neurons)
        sought = model if len(models) > 1 else next(iter(models))
        raise CatalogueError(
            f"cell type {self.name!r} has no {sought} set (it has {', '.join(names) or 'none'}): "
            "choose another model, or state a neuron in the circuit ([[models]], form and set)."
        )


def read_cell_type(table: Table, find_cell: Callable[[str], CellType]) -> CellType:
    """Return the cell type of a file; ``find_cell`` looks up the one that it is ``like``."""
    refuse_other_kind(table, "cell type")
    table.only(CELL)
    if "like" in table.data:
        return _read_like(table, find_cell(table.text("like")))
    dale = table.need("dale")
    return CellType(
        name=table.text("name"),
        title=table.text("title"),
        region=table.text("region"),
        file=table.file,
        **_read_dale(dale),
        **_read_stated(table, None),
    )


def _read_like(table: Table, other: CellType) -> CellType:
    """Return a cell type that is like another, but for the tables that its file states."""
    dale = table.child("dale")
    stated: dict[str, Any] = _read_dale(dale) if dale else {}
    stated |= {key: table.text(key) for key in ("title", "region") if key in table.data}
    stated |= {k: v for k, v in _read_stated(table, other.passive).items() if k in table.data}
    own = {"name": table.text("name"), "like": other.name, "file": table.file, "note": ""}
    cell = replace(other, **(own | stated))
    if cell.name == other.name:
        table.fail("name", f"{cell.name!r} is the name of the cell type that it is like.")
    matched = cell.compartments is not None and cell.compartments.rule == "matched_passive"
    if matched and (main := table.child("passive")) is not None:
        for name in ("v_rest", "r_in", "tau_m"):
            if name not in main.data:
                main.fail(name, "missing: the compartments are matched to it. Add it.")
    return cell


def _read_dale(table: Table) -> dict[str, Any]:
    table.only(DALE)
    return {
        "sign": table.integer("sign", SIGNS),
        "transmitter": table.text("transmitter"),
        "dale": table.origin(),
    }


def _read_stated(table: Table, passive: Passive | None) -> dict[str, Any]:
    """Return what a file states besides name and sign; ``passive`` are values of another file."""
    name = table.text("name")
    main = table.child("passive")
    passive = _read_passive(main, name) if main else passive
    return {
        "layer": table.text("layer", ""),
        "passive": passive,
        "passive_alternatives": tuple(
            _read_passive(row, name) for row in table.children("passive_alternatives")
        ),
        "point_neurons": tuple(
            read_point_neuron_set(row, name) for row in table.children("point_neurons")
        ),
        "compartments": _read_layout(table.child("compartments"), name, passive),
        "note": table.text("note", ""),
        "glif_populations": tuple(
            _read_glif_population(row, name) for row in table.children("glif_populations")
        ),
        "remarks": tuple(_read_note(row, name) for row in table.children("remarks")),
    }


def _read_layout(table: Table | None, name: str, passive: Passive | None) -> Compartments | None:
    if table is None:
        return None
    return read_compartments(table, name, passive.numbers if passive else None)


def _read_passive(table: Table, cell_name: str) -> Passive:
    for key in table.data:
        for word, place in ELSEWHERE.items():
            if key.startswith(word):
                table.fail(key, f"no passive value: {place}")
    table.only(PASSIVE_ROW)
    numbers = table.numbers(ParameterTable({}, PASSIVE), f"{cell_name} passive")
    refuse_impossible(table, numbers)
    table.check_rising(numbers, "v_rest", "threshold")
    return Passive(table.text("label"), numbers, table.origin())


def _read_glif_population(table: Table, cell_name: str) -> GlifPopulation:
    table.only(GLIF_ROW)
    return GlifPopulation(
        table.text("label"),
        table.texts("specimens", ()),
        table.numbers(ParameterTable({}, GLIF_POPULATION), f"{cell_name} GLIF population"),
        table.origin(),
    )


def _read_note(table: Table, cell_name: str) -> Note:
    table.only(NOTE_ROW)
    return Note(
        table.text("text"),
        table.numbers(ParameterTable({}, NOTE), f"{cell_name} remark"),
        table.origin(),
    )
