"""From a circuit to a network: what both branches do alike.

A branch says of which neurons a circuit consists, as a `NeuronBuilder`. Calibrated strengths,
modulation, channels, projections, background input, release of modulators and the list of
assumptions are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.calibration_checks import calibration_facts
from dualframe.building.circuit_calibrations import select_calibration
from dualframe.building.connections import (
    Strengths,
    build_inputs,
    build_projections,
    draw_positions,
    with_heterogeneity,
)
from dualframe.building.network_block import NetworkBlock
from dualframe.building.synaptic_channels import PostsynapticSite, synaptic_channels
from dualframe.catalogue import CellType
from dualframe.circuit import Background, Circuit, CircuitProjection
from dualframe.circuit.describe import action_lines, assumed_numbers
from dualframe.circuit.resolved_circuit import ResolvedCircuit, ResolvedPopulation
from dualframe.core.machine_memory import MemoryNeed, require_memory
from dualframe.core.validation import expect_type
from dualframe.network import Network, Population
from dualframe.neuromodulation import (
    ModulatableParameters,
    ModulationEquations,
    modulation_equations,
)
from dualframe.neuromodulation.actions import describe_actions, unbound_changes
from dualframe.neuromodulation.population_equations import (
    check_modulation,
    inputs_with_scaled_release,
)
from dualframe.neuromodulation.release import volume_release
from dualframe.synapses.synapse_equations import SynapseEquations

BYTES_PER_NEURON = 64  # at least: a few variables and a position


class CellBuilder(Protocol):
    """How one population's neurons are made."""

    @property
    def cell(self) -> CellType:
        """Their cell type."""

    @property
    def modulatable(self) -> ModulatableParameters:
        """Where the effects of receptors enter their equations."""

    @property
    def rest(self) -> Any:
        """Resting potential at which conductances become currents; None for conductances."""

    def sites(self, entry: CircuitProjection | Background) -> tuple[PostsynapticSite, ...]:
        """Return where a projection or background input ends."""

    def make_population(
        self, modulation: ModulationEquations, channels: Mapping[str, SynapseEquations]
    ) -> Population:
        """Return the population with its modulation and its channels."""


class NeuronBuilder(Protocol):
    """Of which neurons a branch builds a circuit."""

    @property
    def calibration_key(self) -> str:
        """The name under which the strengths for these neurons are stored."""

    def check_circuit(self, circuit: Circuit) -> None:
        """Refuse a circuit that cannot be built of these neurons."""

    def cell_builder(self, population: ResolvedPopulation) -> CellBuilder:
        """Return how the neurons of a population are made."""

    def assumptions(self, circuit: ResolvedCircuit) -> list[str]:
        """Return a line for each assumption about the neurons."""

    def facts(self, circuit: ResolvedCircuit) -> dict[str, Any]:
        """Return the branch, and what the neurons are, for ``Network.meta``."""

    @property
    def has_dendrites(self) -> bool:
        """Whether it matters on which compartments synapses are."""


@dataclass(frozen=True, kw_only=True)
class BuiltPopulation:
    """A population, what modulators add to it and do there, and its channels by input."""

    population: Population
    modulation: ModulationEquations
    actions: list[dict[str, Any]]
    channels: Mapping[str, SynapseEquations]


def build_circuit(
    circuit: Circuit,
    neurons: NeuronBuilder,
    *,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
    surroundings: NetworkBlock | None = None,
) -> Network:
    """Build a circuit of the neurons of a branch.

    Parameters
    ----------
    circuit
        From `dualframe.circuit`, possibly scaled, modulated and drugged.
    neurons
        Those of the branch.
    calibration
        Strengths of its contacts; the default is the calibration stored with the circuit.
    heterogeneity
        Spread of parameters across neurons, by name or family (``{"gL": 0.1}``), for every
        population that has them. An array has one factor for each neuron, so it is for circuits
        whose populations are of one size.
    layout_seed
        Seed of the positions of the neurons.

    surroundings
        What stands around the circuit in a task: encoders that its projections start from, an
        environment, readouts, releases, and what these change in its populations.

    Returns
    -------
    Network
        Populations and projections under the circuit's names, background input, and in ``meta``
        the assumptions that its results depend on.

    Raises
    ------
    CatalogueError
        If the circuit does not fit the catalogue or the branch, a cell type lacks the model, a
        calibration is missing or belongs to another model, or a modulator has no compiled effect
        on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    remedy = "a Circuit, like dualframe.circuit('l23')"
    expect_type(circuit, Circuit, "circuit", remedy)
    check_circuit_size(circuit)
    neurons.check_circuit(circuit)
    resolved = circuit.resolved
    check_modulation(resolved)
    calibration = select_calibration(calibration, circuit, neurons.calibration_key)
    strengths = calibration.strength
    built = {
        p.name: build_population(resolved, p, neurons, strengths) for p in resolved.populations
    }
    modulations = {name: part.modulation for name, part in built.items()}
    channels = {name: one for part in built.values() for name, one in part.channels.items()}
    pulses, raising = volume_release(resolved, modulations)
    populations = (
        replace(built[p.name].population, positions=draw_positions(circuit.space, p, layout_seed))
        for p in circuit.populations
    )
    block = NetworkBlock(
        tuple(with_heterogeneity(populations, heterogeneity)),
        (
            *build_projections(
                resolved, channels, strengths, inputs_with_scaled_release(modulations)
            ),
            *raising,
        ),
        (*build_inputs(circuit.inputs), *pulses),
    )
    network = ((surroundings or NetworkBlock()) + block).network(circuit.name)
    facts = calibration_facts(calibration, circuit)
    meta = _meta(resolved, neurons, built)
    meta["assumptions"] += calibration.displaced
    return replace(network, meta=_with_facts(meta, facts))


def check_circuit_size(circuit: Circuit) -> None:
    """Refuse more neurons than this machine has memory for, before their positions are drawn."""
    needs = [
        MemoryNeed(float(p.n) * BYTES_PER_NEURON, f"{p.n:.3g} neurons of {p.name!r}")
        for p in circuit.populations
    ]
    label = f"circuit {circuit.name!r} at scale {circuit.scale:g}"
    require_memory(label, needs, "make its populations or its scale smaller")


def build_population(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    neurons: NeuronBuilder,
    strengths: Strengths | None = None,
) -> BuiltPopulation:
    """Build one population of a circuit, with the channels of all that ends on it.

    Parameters
    ----------
    circuit, population
        The population is one of the circuit's, or one of another size.
    neurons
        Those of the branch.
    strengths
        Returns the strength of a background input; None leaves the background silent.
    """
    builder = neurons.cell_builder(population)
    modulation = modulation_equations(circuit, population, builder.modulatable)
    channels = {
        given.name: synaptic_channels(
            given,
            builder.cell,
            builder.sites(given.entry),
            builder.rest,
            modulation.gains.get(given.name),
            strengths(given.entry) if strengths and isinstance(given.entry, Background) else None,
        )
        for given in circuit.inputs_to(population.name)
        if given.enabled and given.synapses
    }
    return BuiltPopulation(
        population=builder.make_population(modulation, channels),
        modulation=modulation,
        actions=describe_actions(circuit, population, builder.modulatable),
        channels=channels,
    )


def _with_facts(meta: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a network says of itself and its calibration; a warning is an assumption too."""
    warnings = [*meta.get("warnings", ()), *facts.get("warnings", ())]
    lines = [*meta["assumptions"], *warnings]
    return {**meta, **facts, "assumptions": lines} | ({"warnings": warnings} if warnings else {})


def _meta(
    circuit: ResolvedCircuit,
    neurons: NeuronBuilder,
    built: Mapping[str, BuiltPopulation],
) -> dict[str, Any]:
    lines = [line for part in built.values() for line in part.modulation.assumptions]
    lines += neurons.assumptions(circuit)
    lines += assumed_numbers(circuit.circuit, dendrites=neurons.has_dendrites)
    return {
        **neurons.facts(circuit),
        "circuit": circuit.circuit.name,
        "scale": circuit.circuit.scale,
        "rate_ranges_Hz": {
            p.name: [float(p.rate_low), float(p.rate_high)]
            for p in circuit.circuit.populations
            if p.rate_low is not None
        },
        "background": {  # the variable to which an event adds its weight
            b.name: {"population": b.target, "variable": built[b.target].channels[b.name].written}
            for b in circuit.circuit.background
        },
        "modulation": action_lines(circuit.circuit),
        "actions": [row for part in built.values() for row in part.actions]
        + unbound_changes(circuit),
        "assumptions": list(dict.fromkeys(lines)),
    }
