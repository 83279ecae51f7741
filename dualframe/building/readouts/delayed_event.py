"""An event some seconds after another one, such as a reward that comes late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import second

from dualframe.building.network_block import NetworkBlock
from dualframe.building.readouts.readout import Readout
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
#: Entries of every kind that waits, and their dimensions.
WAITING_NUMBERS = {"delay_min": "time", "delay_max": "time", "waiting": "dimensionless"}


def waiting_clocks(name: str, entries: Mapping[str, Any], label: str) -> NetworkBlock:
    """Return clocks that spike, each once, a uniformly drawn delay after an event.

    Events that are under way have a clock each; if there are more than clocks, the oldest is lost.

    Parameters
    ----------
    name
        Of the population of clocks.
    entries
        ``on`` (a readout that spikes at the event), ``delay_min`` and ``delay_max`` (times),
        ``waiting`` (number of clocks).
    label
        How an error calls the component.
    """
    clocks = round(float(entries["waiting"]))
    check_count(clocks, f"waiting of {label}")
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
    told = Projection(entries["on"], name, "told += 1", pairs="all_to_all")
    return NetworkBlock((queue,), (told,))


def delayed_event(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return a neuron that spikes a uniformly drawn delay after each spike of another readout.

    Its variable ``event`` is one for the step after a delay has passed (the number of them, if
    several pass in one step) and zero otherwise: what a release hears.

    Parameters
    ----------
    name
        Of the readout's population; its clocks are ``<name>_clocks``.
    entries
        Those of `waiting_clocks`.
    context
        Of the task.
    """
    clocks = f"{name}_clocks"
    relay = Population(
        name=name,
        n=1,
        equations="devent/dt = (told - event)/dt : 1\ndtold/dt = -told/dt : 1",
        threshold="event > 0.5",
        reset="",
        voltage="event",
    )
    heard = Projection(clocks, name, "told += 1", pairs="all_to_all")
    return waiting_clocks(clocks, entries, f"readout {name!r}") + NetworkBlock((relay,), (heard,))


DELAYED_EVENT = Readout(
    name="delayed_event",
    title="an event some seconds after another readout's",
    schema=SectionSchema(numbers=WAITING_NUMBERS, texts={"on": ()}, defaults={"waiting": "32"}),
    make_block=delayed_event,
    source="Izhikevich 2007, daspnet.m",
)
