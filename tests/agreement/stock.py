"""Stock Dendrify on the Brian2 runtime: custom events and a delayed second reset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    prefs,
    second,
)
from compare import SPIKE, Key, Train, train
from dendrify import NeuronModel
from drives import Spikes, draw
from models import DT, DURATION, Case

from dualframe.core.own_garbage import collects_own_garbage


@collects_own_garbage
def run_stock(case: Case, *, optimised: bool = True, duration: Any = DURATION) -> dict[Key, Train]:
    """Return the spikes and dendritic spikes of a case."""
    trains, _ = run_recorded(case, (), optimised=optimised, duration=duration)
    return trains


def run_recorded(
    case: Case,
    record: tuple[str, ...],
    *,
    optimised: bool = True,
    duration: Any = DURATION,
    dt: Any = DT,
    model: Any = None,
) -> tuple[dict[Key, Train], Any]:
    """Return the trains and a monitor of some variables.

    ``optimised`` are Brian2's loop-invariant optimisations, on by default in Brian2: they reorder
    products. ``model`` may be one that was built before, at another time step.
    """
    with _numpy(optimised, dt):
        built = case.model() if model is None else model
        group, extra = _group(case, built)
        objects = [group, *extra, *_inputs(case, group)]
        events = {"spike": SpikeMonitor(group)}
        if isinstance(built, NeuronModel):
            events |= {name: EventMonitor(group, name, variables=[]) for name in built.events}
        monitors = [StateMonitor(group, record, record=True)] if record else []
        network = Network(objects, list(events.values()), monitors)
        _run_in_segments(case, group, network, duration)
        trains = {
            (case.name, SPIKE if name == "spike" else name.removeprefix("spike_")): train(
                monitor.i, monitor.t / second, float(dt)
            )
            for name, monitor in events.items()
        }
        return trains, monitors[0] if monitors else None


@contextmanager
def _numpy(optimised: bool, dt: Any) -> Iterator[None]:
    wanted = {"codegen.target": "numpy", "codegen.loop_invariant_optimisations": optimised}
    before, clock = {name: prefs[name] for name in wanted}, defaultclock.dt
    try:
        for name, value in wanted.items():
            prefs[name] = value
        defaultclock.dt = dt
        yield
    finally:
        for name, value in before.items():
            prefs[name] = value
        defaultclock.dt = clock


def _group(case: Case, model: Any) -> tuple[NeuronGroup, list[Any]]:
    made = model.make_neurongroup(case.n, method="euler", **case.spiking)
    return (made[0], [made[1]]) if isinstance(made, tuple) else (made, [])


def _inputs(case: Case, group: NeuronGroup) -> Iterator[Any]:
    drawn = draw(case)
    for spikes in drawn.spikes:
        yield from _input(spikes, group)
    if case.recurrence is not None and drawn.recurrent is not None:
        synapses = Synapses(
            group, group, on_pre=case.recurrence.statement, delay=case.recurrence.delay
        )
        synapses.connect(i=drawn.recurrent[0], j=drawn.recurrent[1])
        yield synapses


def _input(spikes: Spikes, group: NeuronGroup) -> Iterator[Any]:
    source = SpikeGeneratorGroup(spikes.sources, spikes.indices, spikes.steps * DT)
    synapses = Synapses(source, group, on_pre=spikes.statement)
    synapses.connect(i=spikes.pre, j=spikes.post)
    yield source
    yield synapses


def _run_in_segments(case: Case, group: NeuronGroup, network: Network, duration: Any) -> None:
    """Change the injected currents where a step begins or ends, as Dendrify's examples do."""
    total = float(duration)
    edges = {float(t) for step in case.steps for t in (step.start, step.stop)}
    times = sorted({0.0, total, *(t for t in edges if t < total)})
    for begin, end in pairwise(times):
        for variable in {step.variable for step in case.steps}:
            setattr(group, variable, _amplitude(case, variable, begin))
        network.run((end - begin) * second, namespace={})


def _amplitude(case: Case, variable: str, time: float) -> Any:
    steps = [step for step in case.steps if step.variable == variable]
    active = [s.amplitudes for s in steps if float(s.start) <= time < float(s.stop)]
    return sum(active) if active else np.zeros(case.n) * steps[0].amplitudes
