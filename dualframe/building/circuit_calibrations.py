"""Strengths of a circuit's contacts: those stored with it, else those kept in the user's cache.

What `dualframe.calibrate` finds for a circuit is kept in the cache, by all that it depends on:
contacts, cell types (of point neurons with their fits), and kinds of synapse, a user's files with
their content. So a user's circuit is calibrated once for each model. What is stored
(``calibration/<circuit>.toml``) comes first.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dualframe.building.calibrated_weights import (
    Calibration,
    belongs_to,
    calibration_path,
    load_calibration,
    read_calibrations,
    wrong_model_error,
)
from dualframe.building.kept_calibrations import (
    kept_path,
    read_kept_calibration,
    write_kept_calibration,
)
from dualframe.catalogue.fitted_models import cell_digest, synapse_digest
from dualframe.circuit import Circuit
from dualframe.circuit.perturbations import without_actions
from dualframe.core.errors import CatalogueError
from dualframe.neurons.registry import family_of


def select_calibration(
    calibration: Calibration | None, circuit: Circuit, model: str
) -> Calibration:
    """Return the calibration that a builder was given, or the one that is found.

    A calibration that was given may be one of an earlier version of the circuit: so a changed
    circuit keeps its strengths.

    Parameters
    ----------
    calibration
        What the builder was given.
    circuit, model
        As in `find_circuit_calibration`.

    Raises
    ------
    CatalogueError
        If it was made for another model of the cells, or none is found.
    """
    if calibration is None:
        return find_circuit_calibration(circuit, model)
    if calibration.model != model:
        raise wrong_model_error(calibration, circuit, model)
    return calibration


def find_circuit_calibration(circuit: Circuit, model: str, path: Path | None = None) -> Calibration:
    """Return the calibration that is stored with a circuit, or kept in the cache.

    Parameters
    ----------
    circuit
        The circuit.
    model
        The name of a calibration, as a `NeuronBuilder` has it.
    path
        The file in which it is stored; the default is the one that ships under the circuit's name.

    Raises
    ------
    CatalogueError
        If there is none, or what is stored belongs to another version of the circuit.
    """
    try:
        return load_calibration(circuit, model, path)
    except CatalogueError:
        if (kept := _kept_calibration(circuit, model)) is None:
            raise
        return kept


def needs_calibration(circuit: Circuit) -> bool:
    """Tell whether any strength of a circuit is found by calibration.

    Parameters
    ----------
    circuit
        A circuit, or that of a task.
    """
    return any(contact.is_calibrated for contact in circuit.contacts)


def has_calibration(circuit: Circuit, model: str, path: Path | None = None) -> bool:
    """Tell whether `find_circuit_calibration` finds one.

    Parameters
    ----------
    circuit, model, path
        As there.

    Raises
    ------
    CatalogueError
        If what is stored is not well formed.
    """
    if not needs_calibration(circuit):
        return True
    stored = read_calibrations(path or calibration_path(circuit.name), circuit.name).get(model)
    if stored is not None and belongs_to(stored, circuit):
        return True
    return _kept_calibration(circuit, model) is not None


def keep_circuit_calibration(circuit: Circuit, calibration: Calibration) -> Path | None:
    """Keep a calibration in the user's cache; return where, or None if it cannot be written.

    Parameters
    ----------
    circuit
        The circuit.
    calibration
        What was found for it.
    """
    return write_kept_calibration(_kept_path(circuit, calibration.model), calibration)


def _kept_calibration(circuit: Circuit, model: str) -> Calibration | None:
    kept = read_kept_calibration(_kept_path(circuit, model), circuit.name, model)
    if kept is None or not belongs_to(kept, circuit):
        return None
    return replace(kept, weights=dict(kept.weights), rates=dict(kept.rates))


def _kept_path(circuit: Circuit, model: str) -> Path:
    """Return the file of the cache, named by all that the strengths depend on."""
    resolved = without_actions(circuit).resolved
    synapses = {s.name: s for given in resolved.synaptic_inputs for s in given.synapses}
    stated = all(one.events is not None for one in circuit.background)
    return kept_path(
        [
            circuit.strengths_digest if stated else circuit.contacts_digest,
            model,
            [cell_digest(cell, _family_of_model(model)) for cell in resolved.cells.values()],
            [synapse_digest(synapses[name]) for name in sorted(synapses)],
        ]
    )


def _family_of_model(model: str) -> str | None:
    """Return the family of the point neurons of a calibration; None of that of compartments."""
    name = model.removesuffix("_fitted").rpartition("_")[0]
    return family_of(name) if name else None
