"""Circuits with dendrites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import build_circuit
from dualframe.building.dendritic_populations import DendriticNeurons
from dualframe.circuit import Circuit
from dualframe.network import Network


def build(
    circuit: Circuit,
    *,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
) -> Network:
    """Build a circuit with dendrites.

    Parameters
    ----------
    circuit
        From `dualframe.circuit`, possibly scaled, modulated and drugged.
    calibration
        Strengths of its contacts; the default is the calibration stored with the circuit.
    heterogeneity
        Spread of parameters across neurons, by name or family (``{"gL": 0.1}``), for every
        population that has them. An array has one factor for each neuron, so it is for circuits
        whose populations are of one size.
    layout_seed
        Seed of the positions of the neurons.

    Returns
    -------
    Network
        Populations and projections under the circuit's names, background input, and in ``meta``
        the assumptions that its results depend on.

    Raises
    ------
    CatalogueError
        If the circuit does not fit the catalogue or is one of point neurons (its strengths are
        currents or weights), a cell type has no compartments, a calibration is missing or belongs
        to another model, or a modulator has no compiled effect on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    return build_circuit(
        circuit,
        DendriticNeurons(),
        calibration=calibration,
        heterogeneity=heterogeneity,
        layout_seed=layout_seed,
    )
