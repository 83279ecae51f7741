"""Point neurons that a circuit's source publishes, instead of those of the cell types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.catalogue.neuron_sets import published_neuron
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import TableForm, joined, numbers_of, table_by_kind, text
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.validation import check_name
from dualframe.network import ValueRecord
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import NEURON_MODELS, neuron_model


def point_form(form: str) -> TableForm:
    """Return the form of a [[models]] table of a model, by its name."""
    numbers = numbers_of(neuron_model(form).parameters)
    all_optional = {**numbers.required, **numbers.optional}  # of a published set, some are replaced
    return joined(
        TableForm({"name": text(), "form": text(NEURON_MODELS)}, {"set": text()}),
        TableForm({}, all_optional),
    )


POINT = table_by_kind(
    "point model", "form", lambda: {form: point_form(form) for form in NEURON_MODELS}
)


@dataclass(frozen=True, eq=False)
class PointModel(ValueRecord):
    """A point neuron as the source of a circuit publishes it.

    The task-driven branch uses it wherever its family (``"glif"``, ``"izhikevich"``) or its model
    (``"glif1"``) is asked for; any other model is that of the cell type.

    Parameters
    ----------
    name
        Identifier, unique in the circuit.
    form
        Name of its model in `dualframe.neurons.registry.NEURON_MODELS`, such as ``"GLIF1"``.
    parameters
        Name -> quantity, by the names of the model.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by name.
    """

    name: str
    form: str
    parameters: Mapping[str, Any]
    note: str = ""
    sources: Mapping[str, Sourced] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name, "point model")
        if self.form not in NEURON_MODELS:
            raise UnknownName(f"form of point model {self.name!r}:", self.form, NEURON_MODELS)
        self._freeze()

    @property
    def model(self) -> NeuronModel:
        """The model, with its equations."""
        return neuron_model(self.form)

    @property
    def neuron(self) -> PointNeuron:
        """The neuron."""
        return self.model.make_neuron(self.parameters)

    def serves(self, model: str) -> bool:
        """Whether this is a neuron of the model that a builder is asked for."""
        return self.model.answers_to(model)


def read_point(table: Table) -> PointModel:
    """Return the point model of a ``[[models]]`` table; every number has unit and source.

    ``set`` names a published set of the model, of which the table's numbers replace some.
    """
    form = table.text("form", choices=NEURON_MODELS)
    parameters = neuron_model(form).parameters
    table.only(point_form(form))
    stored: dict[str, Sourced] = {}
    if label := table.text("set", ""):
        stored = dict(published_neuron(form, label).numbers)
        parameters = ParameterTable({}, parameters.dimensions, positive=parameters.positive)
    numbers = {**stored, **dict(table.numbers(parameters, table.text("name")))}
    plain = {name: number.value for name, number in numbers.items()}
    return PointModel(table.text("name"), form, plain, table.text("note", ""), numbers)
