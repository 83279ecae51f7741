"""Which point neurons, and which synapses, a circuit is built with: the only place that decides.

Cells. A population of which the circuit states the point neuron keeps it, as long as the model
that is asked for is its own. Every other population takes, by default, the neuron that was fitted
to the compartments of its cell type, which is the one that `dualframe.validate` compares with them.
Where there is no such fit (a model without fits, such as adex; a cell type without compartments; a
user's own cell file with other compartments) it takes the published parameter set, and the network
says so among its assumptions.

Synapses. They belong to the whole circuit. They are conductances if a cell is a fitted one, so that
both branches have the same reversal potentials, and what the circuit's file says if none is, or if
the circuit's source states a strength as a current, which is no conductance.

Calibration. A mixed circuit has one calibration, that of fitted cells: its name is the model, the
synapses, and ``_fitted`` where a cell is a fitted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dualframe.catalogue import CellType
from dualframe.catalogue.fitted_models import CHOICES, Cells, chosen_cell, known_failure, twin_of
from dualframe.circuit import Circuit, ResolvedPopulation
from dualframe.core.errors import UnknownName
from dualframe.core.validation import expect_type
from dualframe.neurons.registry import models_named

MODES = ("current", "conductance")


def model_key(model: str, synapses: str, cells: Cells) -> str:
    """Return the name under which a calibration is stored, such as ``"glif_conductance_fitted"``.

    That of published cells has no ending.

    Parameters
    ----------
    model, synapses
        As in `dualframe.task_driven.build_circuit`.
    cells
        ``"published"``, or ``"fitted"`` or fits where a cell type of the circuit is a fitted one.

    Raises
    ------
    UnknownName
        If there is no such model or mode.
    """
    models_named(model)  # in any case
    if synapses not in MODES:
        raise UnknownName("synapse mode", synapses, MODES)
    return f"{model.casefold()}_{synapses}" + ("" if cells == "published" else "_fitted")


@dataclass(frozen=True, kw_only=True)
class TwinChoice:
    """The point neurons and the synapses that a circuit is built with.

    Attributes
    ----------
    model, synapses
        As in `dualframe.task_driven.build_circuit`, with the mode of the synapses decided.
    cells
        ``"published"``, ``"fitted"``, or fits by name of the cell type.
    unfitted
        Cell types, as the circuit names them, that are published ones for want of a fit.
    """

    model: str
    synapses: str
    cells: Cells = "published"
    unfitted: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name under which the strengths for these neurons are stored."""
        return model_key(self.model, self.synapses, self.cells)

    def __str__(self) -> str:
        return f"{self.model}: {self.synapses} synapses, {self._cells_text()}"

    def _cells_text(self) -> str:
        if isinstance(self.cells, Mapping):
            return f"fits of {', '.join(self.cells)}"
        without = f" (published for want of a fit: {', '.join(self.unfitted)})"
        return f"{self.cells} cells" + (without if self.unfitted else "")

    def cell_of(self, name: str, cell: CellType) -> CellType:
        """Return a cell type with the point neuron of the choice.

        Parameters
        ----------
        name
            What the circuit calls it.
        cell
            The cell type.
        """
        return cell if name in self.unfitted else chosen_cell(cell, self.model, self.cells)

    def failure_of(self, name: str, cell: CellType) -> str:
        """Return why the fitted neuron of a cell type disagrees, "" if it does not or is another.

        Parameters
        ----------
        name, cell
            As in `cell_of`.
        """
        if isinstance(self.cells, Mapping):
            return self.cells[cell.name].failure if cell.name in self.cells else ""
        if self.cells == "published" or name in self.unfitted:
            return ""
        return known_failure(cell, self.model)


def choose_twin(
    circuit: Circuit,
    model: str,
    synapses: str | None = None,
    cells: Cells | None = None,
    *,
    replaces_driven: bool = False,
) -> TwinChoice:
    """Return the point neurons and synapses of a circuit: those asked for, or the defaults.

    Parameters
    ----------
    circuit
        The circuit.
    model, synapses, cells
        As in `dualframe.task_driven.build_circuit`.
    replaces_driven
        As in `is_stated`.

    Raises
    ------
    UnknownName
        If there is no such model, synapse mode or choice of cells.
    """
    expect_type(circuit, Circuit, "circuit", "a Circuit, like dualframe.circuit('l23')")
    models_named(model)
    unfitted: tuple[str, ...] = ()
    if cells is None:
        cells, unfitted = _default_cells(circuit, model, replaces_driven)
    elif not isinstance(cells, Mapping) and cells not in CHOICES:
        raise UnknownName("choice of cells", cells, CHOICES)
    choice = TwinChoice(
        model=model,
        synapses=_default_synapses(circuit, cells) if synapses is None else synapses,
        cells=cells,
        unfitted=unfitted,
    )
    model_key(model, choice.synapses, cells)  # refuses other modes
    return choice


def is_stated(population: ResolvedPopulation, model: str, replaces_driven: bool = False) -> bool:
    """Return whether a population is of the point neuron that its circuit states.

    Parameters
    ----------
    population
        The population.
    model
        The model that is asked for.
    replaces_driven
        Whether a population with a drive takes the model in place of a stated neuron of another.
    """
    point = population.entry.point
    if point is None:
        return False
    if replaces_driven and population.entry.drive is not None and not point.serves(model):
        return False
    return population.receives_native_weights or point.serves(model)


def _default_cells(
    circuit: Circuit, model: str, replaces_driven: bool
) -> tuple[str, tuple[str, ...]]:
    """Return the default of a circuit, and its cell types that have no fit."""
    twins = dict(_default_twins(circuit, model, replaces_driven))
    unfitted = tuple(name for name, twin in twins.items() if twin == "published")
    return ("fitted" if len(unfitted) < len(twins) else "published"), unfitted


def _default_twins(
    circuit: Circuit, model: str, replaces_driven: bool
) -> Iterator[tuple[str, str]]:
    for population in circuit.resolved.populations:
        if not is_stated(population, model, replaces_driven):
            name = population.entry.cell
            yield name, twin_of(name, population.cell, model)


def _default_synapses(circuit: Circuit, cells: Cells) -> str:
    """Return the synapses: conductances where cells are fitted and no strength is a current."""
    has_currents = any(contact.current is not None for contact in circuit.contacts)
    return circuit.synapse_mode if cells == "published" or has_currents else "conductance"
