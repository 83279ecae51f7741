"""A readout as a kind: what a task file states of it, and what it makes of spikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema

MakeReadout = Callable[[str, Mapping[str, Any], TaskContext], NetworkBlock]


@dataclass(frozen=True, kw_only=True)
class Readout:
    """A way from spikes, or weights, to what the environment or a release hears.

    Attributes
    ----------
    name
        How files call it.
    title
        What it is, in a line.
    schema
        What a table ``[[readouts]]`` of this kind holds besides ``name`` and ``kind``.
    make_block
        From the readout's name, the entries (quantities and texts) and the context to populations
        and projections. A population of the readout has its name; plasticity rules may read its
        variables (``signals = { tick = "decision.tick" }``).
    source
        Where the readout comes from.
    """

    name: str
    title: str
    schema: SectionSchema
    make_block: MakeReadout
    source: str = ""
