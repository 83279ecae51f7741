"""An encoder as a kind: what a task file states of it, and the neurons that it makes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema

MakeEncoder = Callable[[str, Mapping[str, Any], TaskContext], NetworkBlock]


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A way from what an environment shows to spikes.

    Attributes
    ----------
    name
        How files call it.
    title
        What it is, in a line.
    schema
        What a table ``[[encoders]]`` of this kind holds besides ``name`` and ``kind``.
    count_neurons
        From the entries to the number of its neurons.
    make_block
        From the name of the population, the entries (quantities and texts) and the context to the
        population and the projections that let it see the environment. The population has the name
        that it was given.
    source
        Where the encoder comes from.
    """

    name: str
    title: str
    schema: SectionSchema
    count_neurons: Callable[[Mapping[str, Any]], int]
    make_block: MakeEncoder
    source: str = ""
