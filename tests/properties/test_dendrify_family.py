"""Generated Dendrify models: the lowered model spikes in the steps of stock Dendrify.

One to three dendrites on a chain or a fork, each with up to two kinds of dendritic spike whose
durations, offsets and refractory periods are any whole numbers of time steps (also refractory
periods shorter than the spike), with or without a second somatic reset.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from brian2 import ms, mV, nS, pF
from compare import UNSEEN_STEPS, assert_same, before
from dendrify import Dendrite, NeuronModel, Soma
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import DT, Case, Drive
from ours import network, run_ours
from stock import run_stock

DURATION = 60 * ms
STEPS = round(float(DURATION / DT))
REVERSAL = {"Na": "E_Na", "Ca": "E_Ca"}


@dataclass(frozen=True)
class Spike:
    """A dendritic spike: potentials in mV, conductances in nS, times in time steps."""

    threshold: float
    g_rise: float
    g_fall: float
    rise: int
    fall: int
    offset: int
    refractory: int


@dataclass(frozen=True)
class Branch:
    """A dendrite: pF, nS; ``forks`` attaches it to the soma and not to the one before."""

    capacitance: float
    leak: float
    coupling: float
    nmda: bool
    forks: bool
    spikes: dict[str, Spike]


@dataclass(frozen=True)
class Cell:
    """A model; ``width`` in steps is zero without a second reset, ``pause`` comes after it."""

    branches: list[Branch]
    leak: float
    threshold: float
    width: int
    pause: int


spikes = st.builds(
    Spike,
    threshold=st.floats(-48, -32),
    g_rise=st.floats(5, 30),
    g_fall=st.floats(3, 15),
    rise=st.integers(1, 30),
    fall=st.integers(1, 40),
    offset=st.integers(1, 30),
    refractory=st.integers(2, 80),
)
branches = st.builds(
    Branch,
    capacitance=st.floats(30, 80),
    leak=st.floats(1.5, 4),
    coupling=st.floats(4, 20),
    nmda=st.booleans(),
    forks=st.booleans(),
    spikes=st.dictionaries(st.sampled_from(["Na", "Ca"]), spikes, min_size=1, max_size=2),
)
cells = st.builds(
    Cell,
    branches=st.lists(branches, min_size=1, max_size=3),
    leak=st.floats(6, 12),
    threshold=st.floats(-50, -42),
    width=st.sampled_from([0, 1, 3, 8, 12]),
    pause=st.integers(1, 30),
)


def model(cell: Cell) -> NeuronModel:
    """Build the Dendrify model of a generated cell."""
    soma = Soma("soma", cm_abs=150 * pF, gl_abs=cell.leak * nS)
    edges, last = [], soma
    for number, branch in enumerate(cell.branches):
        dendrite = Dendrite(f"d{number}", cm_abs=branch.capacitance * pF, gl_abs=branch.leak * nS)
        dendrite.synapse("AMPA", tag="x", g=3 * nS, t_decay=3 * ms)
        if branch.nmda:
            dendrite.synapse("NMDA", tag="x", g=1 * nS, t_rise=2 * ms, t_decay=40 * ms)
        for kind, spike in branch.spikes.items():
            _add_spike(dendrite, kind, spike)
        edges.append((soma if branch.forks else last, dendrite, branch.coupling * nS))
        last = dendrite
    return NeuronModel(edges, v_rest=-62 * mV)


def _add_spike(dendrite: Dendrite, kind: str, spike: Spike) -> None:
    dendrite.dspikes(
        kind,
        threshold=spike.threshold * mV,
        g_rise=spike.g_rise * nS,
        g_fall=spike.g_fall * nS,
        duration_rise=spike.rise * DT,
        duration_fall=spike.fall * DT,
        offset_fall=spike.offset * DT,
        refractory=spike.refractory * DT,
        reversal_rise=REVERSAL[kind],
        reversal_fall="E_K",
    )


def spiking(cell: Cell) -> dict[str, Any]:
    """Threshold and resets of a generated cell."""
    threshold = {"threshold": f"V_soma > {cell.threshold!r}*mV"}
    if not cell.width:
        return threshold | {"reset": "V_soma = -58*mV", "refractory": cell.pause * DT}
    return threshold | {
        "reset": "V_soma = 30*mV",
        "second_reset": "V_soma = -56*mV",
        "spike_width": cell.width * DT,
        "refractory": (cell.width + cell.pause) * DT,
    }


def case(cell: Cell) -> Case:
    """Return a generated cell with input onto every dendrite."""
    drives = [
        f"s_AMPA_x_d{number} += 2" + (f"; s_NMDA_x_d{number} += 1" if branch.nmda else "")
        for number, branch in enumerate(cell.branches)
    ]
    return Case(
        "cells",
        lambda: model(cell),
        spiking(cell),
        tuple(Drive(statement, 70, 12, 6) for statement in drives),
        n=3,
    )


def test_generated_models_agree_with_stock_dendrify() -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cells)
    def agrees(cell: Cell) -> None:
        given_case = case(cell)
        stock = run_stock(given_case, duration=DURATION)
        ours = run_ours(network([given_case]), "runtime", duration=DURATION)
        last = STEPS - UNSEEN_STEPS
        assert_same(before(ours, last), before(stock, last), ("dualframe", "Dendrify"))
        for (_, kind), (neurons, _) in stock.items():
            seen["spikes" if kind == "spike" else "dSpikes"] += len(neurons)
        seen["second resets"] += cell.width > 0
        seen["several dendrites"] += len(cell.branches) > 1

    agrees()
    assert seen["spikes"] >= 40
    assert seen["dSpikes"] >= 200
    assert seen["second resets"] >= 3
    assert seen["several dendrites"] >= 3
