"""Dopamine-modulated STDP: dualframe's event-driven form, NEST, and Brian2's C++.

The network is that of ``three_factor.py``. NEST is given its settings: the volume transmitter
delivers every 1000 ms (its default, every step, visits all synapses at each and takes many times as
long), and noise is drawn once per step. NEST's noise is Gaussian, here and in Brian2 it is uniform;
the standard deviation is that which gives the same rate. In NEST a dopamine spike adds 1/tau_n per
ms to n, and dw/dt = c n per ms: amplitudes ten times ours make gain 100 Hz and pulses of 0.5.
"""

from __future__ import annotations

from typing import Any

import brian2 as b
import numpy as np
import three_factor
from brian2 import ms

from peer_rows.row import (
    OURS,
    Row,
    Side,
    Turn,
    run_dualframe,
    run_program,
    start_brian_program,
    within,
    write_brian_program,
)

NOISE = 13.0
STANDARD_DEVIATION = 3.515  # mV per ms, fitted to the rate of uniform noise 13 mV wide
CELL = {
    "b": 0.2,
    "c": -65.0,
    "V_m": -65.0,
    "U_m": -13.0,
    "V_th": 30.0,
    "consistent_integration": True,
    "tau_minus": 20.0,
}


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        drawn = three_factor.draw(turn["synapses"], turn["duration"])
        net = three_factor.network(drawn, "event", NOISE)
    record = {"learn": ["w"]}
    done = run_dualframe(turn, net, turn["duration"], record=record, dt=1 * ms)
    rate = len(done.spikes) / drawn.n / turn["duration"]
    return {"Hz": rate, "weight": float(done.weights["learn"]["weight"].mean())}


def with_brian(turn: Turn) -> dict[str, float]:
    outputs = run_program(turn)
    rate = outputs["count"].sum() / len(outputs["count"]) / turn["duration"]
    plastic = outputs["plastic"] > 0
    return {"Hz": float(rate), "weight": float(outputs["w"][plastic].mean())}


def prepare_brian(turn: Turn) -> None:
    """Write and compile what a user of Brian2 would write, with defaults throughout."""
    start_brian_program(turn)
    b.defaultclock.dt = 1 * ms
    drawn = three_factor.draw(turn["synapses"], turn["duration"])
    objects = three_factor.brian_objects(drawn, NOISE)
    spikes, learn = objects["spikes"], objects["learn"]
    outputs = {"count": (spikes, "count"), "w": (learn, "w"), "plastic": (learn, "plastic")}
    write_brian_program(turn, b.Network(*objects.values()), turn["duration"], outputs)


def with_nest(turn: Turn) -> dict[str, float]:
    import nest

    with turn.stages.measure("build"):
        drawn = three_factor.draw(turn["synapses"], turn["duration"])
        nest.ResetKernel()
        nest.set(resolution=1.0, rng_seed=turn.seed)
        cells = nest_cells(nest, drawn)
        release_dopamine(nest, drawn)
    with turn.stages.measure("draw"):
        connect(nest, drawn, cells)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    with turn.stages.measure("run"):
        nest.Simulate(1e3 * turn["duration"])
    with turn.stages.measure("read"):
        weights = nest.GetConnections(synapse_model="dopamine").get("weight")
        rate = recorder.n_events / drawn.n / turn["duration"]
    return {"Hz": rate, "weight": float(np.mean(weights))}


def nest_cells(nest: Any, drawn: Any) -> Any:
    """Izhikevich cells with their noise."""
    counts = {8.0: (drawn.excitatory, 0.02), 2.0: (drawn.n - drawn.excitatory, 0.1)}
    kinds = [nest.Create("izhikevich", n, {**CELL, "a": a, "d": d}) for d, (n, a) in counts.items()]
    cells = kinds[0] + kinds[1]
    noise = nest.Create("noise_generator", params={"std": STANDARD_DEVIATION, "dt": 1.0})
    nest.Connect(noise, cells, syn_spec={"delay": 1.0})
    return cells


def release_dopamine(nest: Any, drawn: Any) -> None:
    """The synapse model ``dopamine``, and the pulses."""
    transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1000})
    times = {"spike_times": np.rint(1e3 * drawn.pulses) + 1.0}
    source, parrot = nest.Create("spike_generator", params=times), nest.Create("parrot_neuron")
    nest.Connect(source, parrot)
    nest.Connect(parrot, transmitter)
    rule = {"A_plus": 1.0, "A_minus": 1.5, "tau_plus": 20.0, "tau_c": 1000.0, "tau_n": 200.0}
    bounds = {"b": 0.0, "Wmin": 0.0, "Wmax": 4.0, "volume_transmitter": transmitter}
    nest.CopyModel("stdp_dopamine_synapse", "dopamine", rule | bounds)


def connect(nest: Any, drawn: Any, cells: Any) -> None:
    """The pairs that dualframe has, too."""
    numbers, plastic = np.array(cells.tolist()), drawn.pre < drawn.excitatory
    for which, model, weight in ((plastic, "dopamine", 1.0), (~plastic, "static_synapse", -1.0)):
        values = np.full(which.sum(), weight)
        synapse = {"synapse_model": model, "weight": values, "delay": np.ones(which.sum())}
        pre, post = numbers[drawn.pre[which]], numbers[drawn.post[which]]
        nest.Connect(pre, post, "one_to_one", synapse)


SIDES = {
    OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
    "NEST": Side(take_turn=with_nest, module="nest"),
    "Brian2 C++": Side(take_turn=with_brian, prepare=prepare_brian),
}


def row(name: str, synapses: int, duration: float, turns: int) -> Row:
    """Return the row of a number of synapses."""
    return Row(
        name=name,
        work=f"DA-STDP, {synapses:.0e} synapses, {duration:g} s".replace("e+0", "e"),
        sides=SIDES,
        agreement=within(0.1),  # other noise: the rate of 1000 cells in 10 s scatters by 2 %
        settings={"synapses": synapses, "duration": duration},
        short={"synapses": 20_000, "duration": 2.0},
        turns=turns,
        goals={"NEST": 8.0, "Brian2 C++": 10.0},
        note="NEST with `deliver_interval` 1000; Brian2 is clock-driven, as its users write it",
    )


ROWS = (row("da_stdp_1e5", 100_000, 10.0, 3), row("da_stdp_1e6", 1_000_000, 3.0, 3))
