"""Dopamine as the error of a critic: without it nothing is learned from the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema


def td_error(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return what lets a readout's temporal-difference error pass.

    Parameters
    ----------
    name
        Of the release.
    entries
        ``modulator`` and ``readout`` (one of the kind ``actor_critic``).
    context
        Of the task.
    """
    learns = float(entries["modulator"] in context.modulators)
    change = PopulationChange(population=entries["readout"], parameters={"learns": learns})
    return NetworkBlock(changes=(change,))


TD_ERROR = Release(
    name="td_error",
    title="the temporal-difference error of a readout acts where the modulator does",
    schema=SectionSchema(texts={"modulator": (), "readout": ()}),
    make_block=td_error,
    source="Fremaux et al. 2013",
)
