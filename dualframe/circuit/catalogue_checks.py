"""Whether the contacts of a circuit fit the cell types at both ends."""

from __future__ import annotations

from dualframe.catalogue import CellType
from dualframe.circuit.components import Background, CircuitProjection
from dualframe.core.errors import CatalogueError, suggest_name


def check_compartments(
    contact: CircuitProjection | Background, target: CellType, where: str
) -> None:
    """Refuse a contact on a compartment that its target does not have."""
    if target.compartments is None:
        return  # a point neuron only: the biological branch refuses to build it
    for name in contact.compartments:
        if name not in target.compartments.names:
            raise CatalogueError(
                f"{where}: {contact.name!r} ends on compartment {name!r}, which {target.name!r} "
                f"does not have. {suggest_name(name, target.compartments.names)}"
            )


def check_sign(
    projection: CircuitProjection, source: CellType, signs: dict[str, int], where: str
) -> None:
    """Refuse a synapse of the other sign than its source's (Dale's law)."""
    for synapse, sign in signs.items():
        if source.sign and sign != source.sign:
            word = "excitatory" if source.sign > 0 else "inhibitory"
            raise CatalogueError(
                f"{where}: {projection.name!r} has {synapse} synapses, but {source.name!r} is "
                f"{word} (Dale's law). Choose synapses of the same sign."
            )


def check_plastic_sign(projection: CircuitProjection, source: CellType | None, where: str) -> None:
    """Refuse learned weights of both signs where the synapses have one."""
    if projection.plasticity is None or not projection.plasticity.is_signed:
        return
    label = f"{where}: {projection.name!r} may learn weights below zero"
    if projection.synapses:
        raise CatalogueError(
            f"{label}, but its {', '.join(projection.synapses)} synapses have one sign. Let w_min "
            f"be zero or more, or state a native weight (weight and into)."
        )
    if source is not None and source.sign:
        word = "excitatory" if source.sign > 0 else "inhibitory"
        raise CatalogueError(
            f"{label}, but {source.name!r} is {word} (Dale's law). Let w_min be zero or more."
        )
