"""The same cases as populations of one dualframe network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from compare import Trains, assert_same, trains_of
from drives import Drawn, Spikes, draw
from models import DT, DURATION, Case

import dualframe as df
from dualframe.network import CurrentInput, Network, Population, Projection, SpikeInput
from dualframe.targets.target_support import missing_requirements

#: The targets of GeNN, on its CPU back end; Brian2GeNN compiles for minutes.
GENN = (
    pytest.param("genn", marks=[pytest.mark.genn, pytest.mark.slow, pytest.mark.timeout(1800)]),
    pytest.param("genn5", marks=pytest.mark.genn5),
)
#: The targets that are compared with the runtime.
COMPILED = (pytest.param("cpp_standalone", marks=pytest.mark.cpp), *GENN)


def network(cases: Sequence[Case]) -> Network:
    """Return all cases as populations of one network, so that a target builds it once.

    All input spikes come from one source, which costs a time step less than one per case.
    """
    drawn = {case.name: draw(case) for case in cases}
    spikes = [part for own in drawn.values() for part in own.spikes]
    first = dict(zip(map(id, spikes), _offsets(spikes), strict=True))
    projections = []
    for case in cases:
        projections += _projections(case, drawn[case.name], first)
    sources = [_source(spikes)] if spikes else []
    currents = [current for case in cases for current in _currents(case)]
    return Network(
        tuple(population(case) for case in cases),
        (*sources, *currents),
        tuple(projections),
        name="dendrify_models",
    )


def population(case: Case) -> Population:
    """Return one case as a population whose dendritic spikes last as long as Dendrify's."""
    return df.biological.from_dendrify(
        case.model(), case.n, name=case.name, stock_durations=True, **case.spiking
    )


def run_ours(net: Network, target: str, *, dt: Any = DT, **options: Any) -> Trains:
    """Run on a target and return the trains of all populations."""
    record = {p.name: df.Recording("dspikes") for p in net.populations if p.events}
    results = df.run(
        net,
        options.pop("duration", DURATION),
        target=target,
        seed=options.pop("seed", 1),
        record=record,
        dt=dt,
        progress=False,
        **options,
    )
    return trains_of(results, net, float(dt))


def assert_runtime_equals(reference: Trains, net: Network, target: str, **options: Any) -> None:
    """Demand the runtime's trains of a target, or skip with what this machine lacks for it."""
    on_cpu = {} if target == "cpp_standalone" else {"use_gpu": False}
    if reasons := missing_requirements(target, **on_cpu):
        pytest.skip("; ".join(reasons))
    trains = run_ours(net, target, strict=True, **on_cpu, **options)
    assert_same(reference, trains, ("the runtime", target))


def _offsets(spikes: Sequence[Spikes]) -> list[int]:
    return np.cumsum([0, *(part.sources for part in spikes)])[:-1].tolist()


def _source(spikes: Sequence[Spikes]) -> SpikeInput:
    offsets = _offsets(spikes)
    indices = [part.indices + first for part, first in zip(spikes, offsets, strict=True)]
    steps = np.concatenate([part.steps for part in spikes])
    sources = sum(part.sources for part in spikes)
    return SpikeInput("input_spikes", sources, np.concatenate(indices), steps * DT)


def _projections(case: Case, drawn: Drawn, first: dict[int, int]) -> Iterator[Projection]:
    for number, part in enumerate(drawn.spikes):
        yield Projection(
            "input_spikes",
            case.name,
            name=f"{case.name}_input{number}",
            on_pre=part.statement,
            pairs=(part.pre + first[id(part)], part.post),
        )
    if case.recurrence is not None:
        yield Projection(
            case.name,
            case.name,
            on_pre=case.recurrence.statement,
            pairs=drawn.recurrent,
            delay=case.recurrence.delay,
        )


def _currents(case: Case) -> Iterator[CurrentInput]:
    for number, step in enumerate(case.steps):
        yield CurrentInput(
            case.name,
            step.amplitudes,
            step.start,
            step.stop,
            step.variable,
            name=f"{case.name}_step{number}",
        )
