"""Parameter sets of point-neuron models, as cell types store them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.table_form import (
    TableForm,
    joined,
    number,
    numbers_of,
    table_by_kind,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import NEURON_MODELS


def point_neuron_form(model: str) -> TableForm:
    """Return the form of a set of a model, by its name."""
    stated = TableForm(
        {"model": text(), "label": text()},
        {
            "specimen": text(),
            "explained_variance": number("dimensionless"),
            "adaptation": texts(),
        },
    )
    return joined(stated, numbers_of(NEURON_MODELS[model].parameters))


POINT_NEURON = table_by_kind(
    "point neuron",
    "model",
    lambda: {model: point_neuron_form(model) for model in NEURON_MODELS},
)


@dataclass(frozen=True, kw_only=True)
class PointNeuronSet:
    """One parameter set of a point-neuron model.

    Attributes
    ----------
    model
        Name of the model, in `dualframe.neurons.registry.NEURON_MODELS`.
    label
        What tells it from other sets of the cell type.
    numbers, origin
        The parameters, and where they come from.
    specimen
        The Allen cell of which the set is a fit, "" for others.
    model_id
        The model in the Allen Cell Types Database, "" for others.
    explained_variance
        That of the fit on the Allen stimulus "noise 2" (dimensionless).
    dt
        The time step of the fit, where it is known.
    adaptation
        The parameters that an effect on adaptation scales, where the set states them: a fitted set
        has its compartments' adaptation in all of its slow terms. Empty for the model's own rule.
    """

    model: str
    label: str
    numbers: Numbers
    origin: Origin
    specimen: str = ""
    model_id: str = ""
    explained_variance: Sourced | None = None
    dt: Sourced | None = None
    adaptation: tuple[str, ...] = ()

    def answers_to(self, key: str) -> bool:
        """Return whether ``model=key`` asks for this set, by its model's name or family."""
        return NEURON_MODELS[self.model].answers_to(key)


@dataclass(frozen=True, kw_only=True)
class ChosenPointNeuron:
    """The point neuron that stands for a cell type: a model, and the set that it takes."""

    model: NeuronModel
    stored: PointNeuronSet

    def make_neuron(self) -> PointNeuron:
        """Return the neuron; an effect on adaptation scales what the set states, if it does."""
        neuron = self.model.make_neuron(self.stored.numbers.plain())
        if not self.stored.adaptation:
            return neuron
        scaled = dict.fromkeys(self.stored.adaptation, "*")
        return replace(neuron, places={**neuron.places, "adaptation": scaled})

    @property
    def description(self) -> str:
        """Model and set, and the set's own model where that is another."""
        other = "" if self.model.name == self.stored.model else f" ({self.stored.model})"
        return f"{self.model.name}, {self.stored.label}{other}"

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names and values of the parameters that are assumed."""
        used = self.make_neuron().parameters
        numbers = self.stored.numbers.items()
        return tuple(f"{k} {v.written}" for k, v in numbers if v.assumed and k in used)


def read_point_neuron_set(table: Table, cell_name: str) -> PointNeuronSet:
    """Return a set; its model says which parameters it needs.

    Parameters
    ----------
    table
        The table of a cell type's or a fit's file.
    cell_name
        Name of the cell type.
    """
    model = table.text("model", choices=NEURON_MODELS)
    table.only(point_neuron_form(model))
    numbers = table.numbers(NEURON_MODELS[model].parameters, f"{cell_name} {model}")
    for low, high in NEURON_MODELS[model].rising:
        table.check_rising(numbers, low, high)
    adaptation = table.texts("adaptation", ())
    for name in adaptation:
        if name not in numbers:
            raise UnknownName(f"parameter in adaptation of {cell_name} {model}", name, numbers)
    is_fit = "explained_variance" in table.data
    return PointNeuronSet(
        model=model,
        label=table.text("label"),
        numbers=numbers,
        origin=table.origin(),
        specimen=table.text("specimen", ""),
        explained_variance=table.number("explained_variance", "dimensionless") if is_fit else None,
        adaptation=tuple(adaptation),
    )
