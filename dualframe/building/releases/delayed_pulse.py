"""A modulator that rises some seconds after an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import second

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.readouts.weight_criterion import SWITCHED
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import check_count
from dualframe.network import Population, Projection

_WAITING = """
mine = int(abs(count_told - place - waiting*floor(count_told/waiting)) < 0.5) : 1
wait = delay_min + (delay_max - delay_min)*rand() : second (constant over dt)
dcount_told/dt = told/dt : 1
dtold/dt = -told/dt : 1
ddue/dt = told*mine*(t + wait - due)/dt : second
"""
_NEVER = 1e9 * second


def delayed_pulse(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return pulses of a modulator, each a uniformly drawn delay after an event.

    Rewards that are under way have a clock each; if there are more than clocks, the oldest is
    lost. Each adds ``pulse`` to the level, which decays with ``tau``.

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
    clocks = round(float(entries["waiting"]))
    check_count(clocks, f"waiting of release {name!r}")
    queue = Population(
        name=name,
        n=clocks,
        equations=_WAITING,
        threshold="t >= due",
        reset="due = never",
        parameters={
            "place": np.arange(clocks, dtype=float),
            "waiting": float(clocks),
            "delay_min": entries["delay_min"],
            "delay_max": entries["delay_max"],
            "never": _NEVER,
        },
        initial={"due": _NEVER},
        voltage="due",
    )
    pulse = float(entries["pulse"]) * float(modulator in context.modulators)
    clamps = "clamp" if float(entries["clamp"]) else ""
    projections = [Projection(entries["on"], name, "told += 1", pairs="all_to_all")]
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
    return NetworkBlock((queue,), tuple(projections), changes=tuple(changes))


DELAYED_PULSE = Release(
    name="delayed_pulse",
    title="a modulator rises some seconds after an event",
    schema=SectionSchema(
        numbers={
            "delay_min": "time",
            "delay_max": "time",
            "waiting": "dimensionless",
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
