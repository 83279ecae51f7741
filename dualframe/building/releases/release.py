"""A release as a kind: what a task file states of it, and how a modulator reaches populations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema

MakeRelease = Callable[[str, Mapping[str, Any], TaskContext], NetworkBlock]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A way from an event, or a signal, of the environment or a readout to a modulator.

    Attributes
    ----------
    name
        How files call it.
    title
        What it is, in a line.
    schema
        What a table ``[[releases]]`` of this kind holds besides ``name`` and ``kind``.
    make_block
        From the release's name, the entries (quantities and texts) and the context to what the
        network needs. Modulators that do not act (``context.modulators``) have a size of zero,
        as a parameter, so that conditions share one program wherever they can.
    source
        Where the release comes from.
    """

    name: str
    title: str
    schema: SectionSchema
    make_block: MakeRelease
    source: str = ""
