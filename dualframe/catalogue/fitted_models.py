"""Point neurons that were fitted to the compartments of their cell type: stored, read, checked.

A fit is found by `dualframe.experiments.model_fitting.fit_point_neuron`; this module keeps its
result, a file for each cell type of the catalogue in ``fits/`` with a table for each model. Its
numbers are derived: they say what the compartments do, and no more than those. Those of a user's
own cell file are stored in ``fits`` beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity

from dualframe.catalogue.bibliography import references
from dualframe.catalogue.cell_type import CellType
from dualframe.catalogue.point_neuron_set import PointNeuronSet, read_point_neuron_set
from dualframe.catalogue.sourced_value import Numbers, Sourced
from dualframe.catalogue.synapse import Synapse
from dualframe.catalogue.toml_table import Table, load_toml
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.core.serialisation import write_toml
from dualframe.neurons.registry import family_of, fittable_families

#: Families of models of which the catalogue holds fits.
SHIPPED_FAMILIES = ("glif", "izhikevich")
CHOICES = ("published", "fitted")
SOURCE = ("dualframe",)
_NOT_PHYSICS = ("contacts", "layout", "note", "stand_in", "origin")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A point neuron fitted to a cell type's compartments.

    Attributes
    ----------
    cell
        Name of the cell type.
    model
        Family of its model, such as ``"glif"``.
    chosen
        The parameter set, as the catalogue has its published ones.
    errors
        What remained of each measure of `dualframe.validate` (relative, or absolute).
    failure
        Why the pair does not agree, "" if it does.
    provenance
        ``compartments`` (digest of what was fitted), ``objective``, ``seed``, ``versions``, ...
    reference
        Currents (``current_pA``) and the compartments' rates (``rate_Hz``), to check a fit with.
    """

    cell: str
    model: str
    chosen: PointNeuronSet
    errors: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, list[float]] = field(default_factory=dict)


Cells = str | Mapping[str, Fit]


def numbers_of(parameters: Mapping[str, Any], where: str) -> Numbers:
    """Return fitted values as numbers of the catalogue, with six significant digits."""
    return Numbers(
        where,
        tuple((name, Sourced(value, SOURCE, "derived")) for name, value in parameters.items()),
    )


def has_fit(cell: CellType, model: str) -> bool:
    """Return whether a cell type has a fit of a model ("glif4" is a GLIF of level 4 only)."""
    table = _stored_tables(cell).get(family_of(model))
    return table is not None and model.casefold() in (family_of(model), table["model"].casefold())


def twin_of(name: str | os.PathLike[str], cell: CellType, model: str) -> str:
    """Return which point neuron stands for a cell type by default: "fitted" where there is a fit.

    ``name`` is what the user called it, or the path of a file. A user's own file may have the name
    of a cell type of the catalogue and other compartments: then the fit is not its.
    """
    if is_path(name):
        return "fitted" if is_current(cell, model) else "published"
    return "fitted" if has_fit(cell, model) else "published"


def is_path(name: str | os.PathLike[str]) -> bool:
    """Return whether a cell type was given by a file."""
    return isinstance(name, os.PathLike) or str(name).endswith(".toml")


def is_current(cell: CellType, model: str) -> bool:
    """Return whether a cell type has a fit of a model that belongs to its compartments."""
    if cell.compartments is None:
        return False
    table = _stored_tables(cell).get(family_of(model))
    provenance = table.get("provenance") if isinstance(table, Mapping) else None
    if not isinstance(provenance, Mapping):
        return False
    return bool(provenance.get("compartments") == compartments_digest(cell))


def known_failure(cell: CellType, model: str) -> str:
    """Return why the fitted pair of a cell type is known to disagree, "" if it is not."""
    return stored(cell, model).failure if has_fit(cell, model) else ""


def read_fit(cell: CellType, model: str) -> Fit:
    """Read the fit of a cell type, whether or not it belongs to its present compartments.

    Raises
    ------
    UnknownName
        If there is no such model.
    CatalogueError
        If the cell type has no fit of it.
    """
    name = family_of(model)
    tables = _stored_tables(cell)
    if name not in tables:
        raise CatalogueError(
            f"cell type {cell.name!r} has no {name} neuron fitted to its compartments. "
            f"Run: {_fit_command(cell, name)}"
        )
    return _read_fit_table(cell.name, name, tables[name], file_of(cell))


def stored(cell: CellType, model: str) -> Fit:
    """Read the fit of a cell type.

    Raises
    ------
    UnknownName
        If there is no such model.
    CatalogueError
        If the cell type has no fit of it, or its compartments have changed since.
    """
    name, fit = family_of(model), read_fit(cell, model)
    if fit.provenance.get("compartments") != compartments_digest(cell):
        raise CatalogueError(
            f"the {name} neuron fitted to cell type {cell.name!r} belongs to another version of "
            f"its compartments. Run: {_fit_command(cell, name)}"
        )
    return fit


def _fit_command(cell: CellType, model: str) -> str:
    name = str(Path(cell.folder) / cell.file) if cell.folder else cell.name
    return f"dualframe fit {name} --model {model}"


def how_to_fit(name: str | os.PathLike[str], model: str) -> str:
    """Return what to say of a point neuron without a fit: the command; "" if there is none.

    Parameters
    ----------
    name
        What the user called the cell type, or the path of a file.
    model
        The model.
    """
    family = family_of(model)
    command = f"dualframe fit {os.fspath(name)} --model {family}"
    return f"not fitted: run {command}" if family in fittable_families() else ""


def with_fit(cell: CellType, fit: Fit) -> CellType:
    """Return the cell type with a fitted point neuron instead of the published ones."""
    others = (s for s in cell.point_neurons if not s.answers_to(fit.model))
    return replace(cell, point_neurons=(fit.chosen, *others))


def chosen_cell(cell: CellType, model: str, cells: Cells) -> CellType:
    """Return the cell type with the point neurons of a choice.

    Parameters
    ----------
    cell, model
        Which cell type and model.
    cells
        ``"published"``, ``"fitted"`` (as stored), or fits by name of the cell type, of which
        those without one keep what is published.

    Raises
    ------
    UnknownName
        If there is no such choice.
    CatalogueError
        If a stored fit is missing or out of date.
    """
    if isinstance(cells, Mapping):
        return with_fit(cell, cells[cell.name]) if cell.name in cells else cell
    if cells not in CHOICES:
        raise UnknownName("choice of cells", cells, CHOICES)
    return cell if cells == "published" else with_fit(cell, stored(cell, model))


def store(cell: CellType, fit: Fit, path: Path | None = None) -> Path:
    """Add a fit to the file of its cell type, or replace it there, in one step."""
    target = path or file_of(cell)
    tables = load_toml(target) if target.exists() else {}
    tables[fit.model] = _fit_table(fit)
    write_toml(target, dict(sorted(tables.items())), "fit")
    return target


def file_of(cell: CellType) -> Path:
    """Return where the fits of a cell type are stored: a user's in ``fits`` beside its file."""
    if cell.folder:
        return Path(cell.folder) / "fits" / cell.file
    return _shipped_file(cell.name)


def _shipped_file(cell: str) -> Path:
    return Path(__file__).parent / "fits" / f"{cell}.toml"


def compartments_digest(cell: CellType) -> str:
    """SHA-256 of what a current clamp of the compartments depends on.

    Origins, remarks and synaptic contacts do not count; with the rule ``matched_passive`` the
    passive values do.
    """
    if cell.compartments is None:
        raise CatalogueError(f"cell type {cell.name!r} has no compartments to fit to.")
    matched = cell.compartments.rule == "matched_passive"
    names = ("v_rest", "r_in", "tau_m")
    passive = cell.passive.numbers.plain() if matched and cell.passive else {}
    physics = [
        _plain_physics(cell.compartments),
        {n: _plain_physics(passive[n]) for n in names if n in passive},
    ]
    return _digest(physics)


def cell_digest(cell: CellType, family: str | None = None) -> str:
    """SHA-256 of the numbers of a cell type that a model of it is made from.

    Parameters
    ----------
    cell
        The cell type.
    family
        Of its point neurons, whose fit counts; None for its compartments, whatever point neurons
        it has.
    """
    numbers = replace(cell, file="", folder="")
    if family is None:
        return _digest(_plain_physics(replace(numbers, point_neurons=(), glif_populations=())))
    tables = {name: table for name, table in _stored_tables(cell).items() if name == family}
    return _digest([_plain_physics(numbers), tables])


def synapse_digest(synapse: Synapse) -> str:
    """SHA-256 of the numbers of a kind of synapse.

    Parameters
    ----------
    synapse
        The kind of synapse.
    """
    return _digest(_plain_physics(replace(synapse, file="")))


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain_physics(value: Any) -> Any:
    """Return the numbers and the structure of a description as plain data."""
    if isinstance(value, Sourced):
        return _plain_physics(value.value)
    if isinstance(value, (Quantity, np.ndarray, float, int)):
        return [float(f"{x:.10g}") for x in np.atleast_1d(np.asarray(value, dtype=float))]
    if isinstance(value, Numbers):
        return {name: _plain_physics(number) for name, number in sorted(value.items())}
    if is_dataclass(value):
        return {
            item.name: _plain_physics(getattr(value, item.name))
            for item in fields(value)
            if item.name not in _NOT_PHYSICS
        }
    if isinstance(value, tuple):
        return [_plain_physics(item) for item in value]
    return value


def _stored_tables(cell: CellType) -> dict[str, Any]:
    """Return a cell type's fits by model; a user's without any has those of the compartments."""
    places = (file_of(cell), _shipped_file(cell.name), _shipped_file(cell.like))
    path = next((place for place in places if place.exists()), None)
    return {} if path is None else load_toml(path)


def _fit_table(fit: Fit) -> dict[str, Any]:
    return {
        "model": fit.chosen.model,
        "label": fit.chosen.label,
        "source": list(SOURCE),
        "status": "derived",
        "failure": fit.failure,
        **({"adaptation": list(fit.chosen.adaptation)} if fit.chosen.adaptation else {}),
        "parameters": {
            name: quantity_text(number.value) for name, number in fit.chosen.numbers.items()
        },
        "errors": dict(fit.errors),
        "reference": {name: list(values) for name, values in fit.reference.items()},
        "provenance": dict(fit.provenance),
    }


def _read_fit_table(cell: str, model: str, data: Mapping[str, Any], path: Path) -> Fit:
    try:
        return _fit_of_table(cell, model, data, path)
    except DualframeError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CatalogueError(
            f"fits/{path.name}, table [{model}] is damaged ({error!r}): fit again."
        ) from error


def _fit_of_table(cell: str, model: str, data: Mapping[str, Any], path: Path) -> Fit:
    block = {key: data[key] for key in ("model", "label", "source", "status")}
    block |= {key: data[key] for key in ("adaptation",) if key in data}
    table = Table({**block, **data["parameters"]}, f"fits/{path.name}", model, references())
    return Fit(
        cell=cell,
        model=model,
        chosen=read_point_neuron_set(table, cell),
        errors={name: float(value) for name, value in data["errors"].items()},
        failure=str(data["failure"]),
        provenance=dict(data["provenance"]),
        reference={name: list(map(float, values)) for name, values in data["reference"].items()},
    )
