"""A modulator that a signal releases, in concentration, and that acts through receptors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.circuit import Modulation, ReleaseSignal
from dualframe.circuit.release_signal import SIGNAL_PARTS
from dualframe.core.errors import CatalogueError
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Population

#: Parameter of readouts that tell their error only where something is released by it.
TELLS_ERROR = "learns"


def signal_release(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    r"""Return a modulation of the circuit that a signal adds to.

    .. math:: c \to \max(0, \; c + dt\,(J(L) - J(c)) + a\, s)

    in every step, in all cells that have a receptor of the modulator, with the level L and the
    clearance J of the circuit's ``[[modulations]]`` of it (without one: no level, and the
    catalogue's clearance). An event, such as ``reward``, is not zero for one step.

    Parameters
    ----------
    name
        Of the release.
    entries
        ``modulator``, ``signal`` (variable of the environment, such as ``"reward"``, or a readout
        and its variable, such as ``"decision.td_error"``), ``size`` (a: concentration per unit of
        the signal; negative for a fall), ``part`` (of the signal: ``"all"``, ``"positive"``, or
        ``"negative"`` as a positive number) and ``region`` (of the circuit; all if empty).
    context
        Of the task.
    """
    source, variable = find_single_signal(name, entries, context)
    signal = ReleaseSignal(
        name=name,
        source=source.name,
        variable=variable,
        size=entries["size"] * float(entries["modulator"] in context.modulators),
        part=entries["part"],
    )
    released = Modulation(entries["modulator"], region=entries["region"], signals=(signal,))
    return NetworkBlock(changes=error_told(source), modulations=(released,))


def find_single_signal(
    name: str, entries: Mapping[str, Any], context: TaskContext
) -> tuple[Population, str]:
    """Return the population of one neuron that gives the signal of a release, and its variable.

    Parameters
    ----------
    name, entries
        Of the release.
    context
        Of the task.

    Raises
    ------
    UnknownName
        If nothing gives the signal.
    CatalogueError
        If several neurons do.
    """
    source, variable = context.find_signal(entries["signal"], f"release {name!r}")
    if source.n != 1:
        raise CatalogueError(
            f"task {context.task!r}: release {name!r} hears {entries['signal']!r} of {source.n} "
            f"neurons: name a signal of the environment, or of a readout that is one neuron."
        )
    return source, variable


def error_told(source: Population) -> tuple[PopulationChange, ...]:
    """Return what makes a readout tell its error, if it is one that can.

    Parameters
    ----------
    source
        Population of the readout.
    """
    if TELLS_ERROR not in source.parameters:
        return ()
    return (PopulationChange(population=source.name, parameters={TELLS_ERROR: 1.0}),)


SIGNAL_RELEASE = Release(
    name="signal_release",
    title="a signal releases a modulator, in concentration, onto every cell with its receptors",
    schema=SectionSchema(
        numbers={"size": "concentration"},
        texts={"modulator": (), "signal": (), "part": tuple(SIGNAL_PARTS), "region": ()},
        defaults={"part": "all", "region": ""},
    ),
    make_block=signal_release,
)
