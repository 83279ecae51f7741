"""A modulator that rises some seconds after an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.readouts.delayed_event import WAITING_NUMBERS, waiting_clocks
from dualframe.building.readouts.weight_criterion import SWITCHED
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Projection


def delayed_pulse(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return pulses of a modulator, each a uniformly drawn delay after an event.

    Each adds ``pulse`` to the level, which decays with ``tau``; see `waiting_clocks`.

    Parameters
    ----------
    name
        Of the population of clocks, which spikes with every pulse.
    entries
        ``modulator``, ``on`` (a readout that spikes at the event), ``populations``, ``delay_min``
        and ``delay_max`` (times), ``waiting`` (number of clocks), ``pulse`` (plain number),
        ``tau`` (time), ``clamp`` (1: the level is held at zero after the switch of a criterion
        that tells these populations).
    context
        Of the task.
    """
    modulator = entries["modulator"]
    block = waiting_clocks(name, entries, f"release {name!r}")
    pulse = float(entries["pulse"]) * float(modulator in context.modulators)
    clamps = "clamp" if float(entries["clamp"]) else ""
    projections = []
    changes = []
    for population in entries["populations"]:
        context.population_size(population, f"release {name!r}")
        left = f"*(1 - clamp_{modulator}*{SWITCHED})" if clamps else ""
        projections.append(
            Projection(
                name,
                population,
                f"{modulator} += pulse",
                parameters={"pulse": pulse},
                pairs="all_to_all",
            )
        )
        changes.append(
            PopulationChange(
                population=population,
                equations=f"d{modulator}/dt = "
                f"{modulator}*(exp(-dt/tau_{modulator}){left} - 1)/dt : 1",
                parameters={f"tau_{modulator}": entries["tau"]}
                | ({f"clamp_{modulator}": entries["clamp"]} if clamps else {}),
                levels={modulator: modulator},
            )
        )
    return block + NetworkBlock(projections=tuple(projections), changes=tuple(changes))


DELAYED_PULSE = Release(
    name="delayed_pulse",
    title="a modulator rises some seconds after an event",
    schema=SectionSchema(
        numbers={
            **WAITING_NUMBERS,
            "pulse": "dimensionless",
            "tau": "time",
            "clamp": "dimensionless",
        },
        texts={"modulator": (), "on": ()},
        lists=("populations",),
        defaults={"waiting": "32", "clamp": "0"},
    ),
    make_block=delayed_pulse,
    source="Izhikevich 2007, daspnet.m",
)
