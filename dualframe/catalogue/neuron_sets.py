"""Point-neuron models as the catalogue shows them, and their published parameter sets.

A file of ``neuron_models/`` holds the published sets of a family of models. Sets that describe a
cell type stand with the cell type instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from brian2.units.fundamentalunits import Dimension, Quantity

from dualframe.catalogue.lookup import HERE, cell, names
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.table_form import (
    TableForm,
    joined,
    number,
    numbers_of,
    subtables,
    table_by_kind,
    text,
)
from dualframe.catalogue.toml_table import Table, read_toml_table
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import DIMENSIONS
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.possible_parameters import check_possible
from dualframe.neurons.registry import NEURON_MODELS, neuron_model

FOLDER = "neuron_models"


def set_form(model: NeuronModel) -> TableForm:
    """Return the form of a [[sets]] table of a model."""
    stated = TableForm({"model": text(), "label": text()}, {"current": number("current")})
    return joined(stated, numbers_of(model.parameters))


NEURON_SETS = TableForm(
    {},
    {
        "sets": subtables(
            table_by_kind(
                "neuron set", "model", lambda: {k: set_form(v) for k, v in NEURON_MODELS.items()}
            )
        )
    },
)


@dataclass(frozen=True, kw_only=True)
class PublishedNeuron:
    """One published parameter set of a point-neuron model.

    Attributes
    ----------
    model
        Name of the model.
    label
        What tells it from other sets of the model.
    numbers, origin
        The parameters, and where they come from.
    current
        The current with which the source shows it, None where it does not say.
    """

    model: str
    label: str
    numbers: Numbers
    origin: Origin
    current: Sourced | None = None


@dataclass(frozen=True, kw_only=True)
class NeuronEntry:
    """A point-neuron model with its published sets, and the cell types that have sets of it."""

    model: NeuronModel
    sets: tuple[PublishedNeuron, ...]
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.model.name


def neuron_entry(name: str) -> NeuronEntry:
    """Return a point-neuron model with its published sets.

    Parameters
    ----------
    name
        As it is registered, such as ``"adex"``; see `neurons`.

    Raises
    ------
    UnknownName
        If there is no such model.
    """
    model = neuron_model(name)
    owners = [
        c.name
        for c in map(cell, names("cell type"))
        if any(stored.model == name for stored in c.point_neurons)
    ]
    return NeuronEntry(model=model, sets=_published_sets(model), cells=tuple(owners))


def published_neuron(
    name: str, label: str, file: str | os.PathLike[str] | None = None
) -> PublishedNeuron:
    """Return a published set of a point-neuron model.

    Parameters
    ----------
    name, label
        Of the model and of the set.
    file
        A file of one's own with sets, as `read_published_sets` reads it; None is the catalogue.

    Raises
    ------
    UnknownName
        If there is no such model, or it has no such set.
    CatalogueError
        If the file is not well formed.
    """
    model = neuron_model(name)
    if file is None:
        sets = _published_sets(model)
    else:
        sets = tuple(s for s in read_published_sets(file) if s.model == name)
    for published in sets:
        if published.label == label:
            return published
    raise UnknownName(f"set of neuron model {name!r}", label, [s.label for s in sets])


def neuron(
    name: str, set: str = "", *, file: str | os.PathLike[str] | None = None, **parameters: Any
) -> PointNeuron:
    """Return a point neuron: a model with one of its published sets, or with one's own numbers.

    Parameters
    ----------
    name
        Name of the model; see `neurons`.
    set
        Label of a published set; "" for none.
    file
        A TOML file of one's own in which the set stands, with its source, instead of the catalogue.
    **parameters
        Parameters of the model, instead of those of the set or beside them.

    Returns
    -------
    PointNeuron
        ``make_population(name, n)`` makes a population of such neurons.

    Raises
    ------
    UnknownName
        For an unknown model, set or parameter.
    CatalogueError, QuantityError
        For a parameter that is missing, of another dimension, or that no neuron can have (a time
        constant or capacitance of zero or less, a negative time, a threshold that is not above the
        reset), a file that is not well formed or without the name of a set.
    """
    model = neuron_model(name)
    if file is not None and not set:
        labels = ", ".join(repr(s.label) for s in read_published_sets(file) if s.model == name)
        raise CatalogueError(f"{file} has the sets {labels} of {name!r}: name one.")
    stored = published_neuron(name, set, file).numbers.plain() if set else {}
    made = model.make_neuron({**stored, **parameters})
    check_possible(model, {**stored, **parameters}, made.parameters)
    return made


def neurons() -> pd.DataFrame:
    """Return the point-neuron models as a table, one row each.

    ``sets`` are published ones by their labels, ``cells`` counts the cell types that have sets of
    the model, ``receptors_change`` says which kinds of receptor effects change which parameters,
    ``fitted`` whether `fit_point` fits it.
    """
    return pd.DataFrame(
        [
            {
                "name": entry.name,
                "family": entry.model.family,
                "title": entry.model.title,
                "sets": "; ".join(published.label for published in entry.sets),
                "cells": len(entry.cells),
                "receptors_change": "; ".join(
                    f"{kind} {', '.join(changed)}"
                    for kind, changed in receptor_places(entry.model).items()
                ),
                "fitted": entry.model.search is not None,
                "equations": entry.model.parameters.equations,
                "source": entry.model.source,
            }
            for entry in map(neuron_entry, NEURON_MODELS)
        ]
    )


def receptor_places(model: NeuronModel) -> Mapping[str, tuple[str, ...]]:
    """Return which parameters of a model each kind of receptor effect changes.

    Parameters
    ----------
    model
        The model. It is read from a neuron whose parameters are all one in base units.
    """
    ones = {
        name: Quantity(1, dim=_dimension(kind))
        for name, kind in model.parameters.dimensions.items()
    }
    places = model.make_neuron(ones).places
    return {kind: tuple(changed) for kind, changed in places.items() if changed}


def _dimension(kind: str | Dimension) -> Dimension:
    return DIMENSIONS[kind] if isinstance(kind, str) else kind


def _published_sets(model: NeuronModel) -> tuple[PublishedNeuron, ...]:
    path = HERE / FOLDER / f"{model.family}.toml"
    if not path.is_file():
        return ()
    return tuple(s for s in read_published_sets(path) if s.model == model.name)


def read_published_sets(path: str | os.PathLike[str]) -> tuple[PublishedNeuron, ...]:
    """Return the published sets of a file.

    Parameters
    ----------
    path
        The file: ``[[sets]]`` with ``model``, ``label``, the parameters of the model and optionally
        the ``current`` of the source.

    Raises
    ------
    CatalogueError
        If the file is not well formed.
    """
    table = read_toml_table(Path(path))
    table.only(NEURON_SETS)
    found = tuple(map(_read_set, table.children("sets")))
    seen: dict[tuple[str, str], None] = {}
    for published in found:
        key = (published.model, published.label)
        if key in seen:
            raise CatalogueError(f"{table.file}: set {' '.join(key)!r} stands twice. Rename one.")
        seen[key] = None
    return found


def _read_set(table: Table) -> PublishedNeuron:
    model = neuron_model(table.text("model", choices=NEURON_MODELS))
    table.only(set_form(model))
    numbers = table.numbers(model.parameters, f"{model.name} {table.text('label')}")
    for low, high in model.rising:
        table.check_rising(numbers, low, high)
    return PublishedNeuron(
        model=model.name,
        label=table.text("label"),
        numbers=numbers,
        origin=table.origin(),
        current=table.number("current", "current") if "current" in table.data else None,
    )
