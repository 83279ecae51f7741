"""The column of Potjans and Diesmann at several sizes with every in-degree, here and in NEST.

    python benchmarks/pd14.py                          # writes results/pd14.*
    python benchmarks/pd14.py --simulators nest --scales 1

Both simulators are given the same description, `df.circuit("pd14").scaled(...)`. NEST draws the
delays one by one, integrates exactly and delays the background. Each run is a process of its own.
Times are in the table of ``peers.py``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import second
from measure import RESULTS, save

import dualframe as df

SETTLE = 0.5  # s: all neurons start at rest, and the burst that follows is over by then


def with_dualframe(circuit: Any, duration: float, seed: int) -> dict[str, float]:
    """Run in C++; return rates (Hz)."""
    net = df.task_driven.build(circuit)
    done = df.run(net, duration * second, seed=seed, target="cpp_standalone", progress=False)
    table = done.rates(start=SETTLE)
    return dict(zip(table.population, table.mean_rate_Hz.round(3), strict=True))


def with_nest(circuit: Any, duration: float, seed: int) -> dict[str, float]:
    """Run in NEST; return rates (Hz)."""
    nest, groups, recorders = create_nest(circuit, seed)
    connect_nest(nest, circuit, groups)
    nest.Simulate(1e3 * duration)
    rates = nest_rates(circuit, recorders, duration, SETTLE)
    return {name: round(rate, 3) for name, rate in rates.items()}


def create_nest(circuit: Any, seed: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Return NEST, its neurons and its recorders by population."""
    import nest

    nest.ResetKernel()
    nest.set(resolution=0.1, rng_seed=seed, print_time=False)
    groups = {p.name: nest.Create("iaf_psc_exp", p.n, nest_neuron(p)) for p in circuit.populations}
    recorders = {name: nest.Create("spike_recorder") for name in groups}
    for name, group in groups.items():
        nest.Connect(group, recorders[name])
    return nest, groups, recorders


def connect_nest(nest: Any, circuit: Any, groups: dict[str, Any]) -> None:
    """Draw the background and the projections in NEST."""
    for given in circuit.background:
        source = nest.Create("poisson_generator", params={"rate": float(given.events)})
        strength = {"weight": picoampere(given), "delay": 1.5}
        nest.Connect(source, groups[given.target], syn_spec=strength)
    for given in circuit.projections:
        if given.source in groups:
            rule = {"rule": "fixed_total_number", "N": given.number}
            ends = groups[given.source], groups[given.target]
            nest.Connect(*ends, rule, nest_synapse(nest, given))


def nest_rates(
    circuit: Any, recorders: dict[str, Any], duration: float, settle: float
) -> dict[str, float]:
    """Return rates (Hz) from ``settle`` (s) on."""
    counts = {name: (own.events["times"] > 1e3 * settle).sum() for name, own in recorders.items()}
    return {n: float(c) / circuit.sizes[n] / (duration - settle) for n, c in counts.items()}


def nest_neuron(population: Any) -> dict[str, float]:
    """Parameters of NEST's iaf_psc_exp (pF, ms, mV) from the circuit's point model."""
    own = {name: float(np.asarray(value)) for name, value in population.point.parameters.items()}
    rest = 1e3 * own["E_L"]
    return {
        "C_m": 1e12 * own["C"],
        "tau_m": 1e3 * own["R"] * own["C"],
        "E_L": rest,
        "V_m": rest,
        "V_reset": rest,
        "V_th": rest + 1e3 * own["th_inf"],
        "t_ref": 1e3 * own["t_ref"],
        "tau_syn_ex": 0.5,
        "tau_syn_in": 0.5,
    }


def nest_synapse(nest: Any, given: Any) -> dict[str, Any]:
    """Weights and delays of a projection, normal and redrawn, as NEST draws them."""
    mean, delay = picoampere(given), 1e3 * float(given.delay)
    bounds = {"min": 0.0, "max": np.inf} if mean > 0 else {"min": -np.inf, "max": 0.0}
    weight = nest.random.normal(mean=mean, std=abs(mean) * given.weight_cv)
    spread = nest.random.normal(mean=delay, std=1e3 * float(given.delay_sd))
    return {
        "weight": nest.math.redraw(weight, **bounds),
        "delay": nest.math.redraw(spread, min=0.05, max=np.inf),
    }


def picoampere(given: Any) -> float:
    """Weight of a contact (pA), negative where it inhibits."""
    return 1e12 * float(given.current) * (-1 if "GABA_A" in given.synapses else 1)


SIMULATORS = {"dualframe": with_dualframe, "nest": with_nest}


def one(simulator: str, scale: float, duration: float, seed: int) -> dict[str, Any]:
    """Run once in this process; return a row of the table."""
    circuit = df.circuit("pd14").scaled(scale)
    found = SIMULATORS[simulator](circuit, duration, seed)
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, children = (resource.getrusage(who).ru_maxrss / 1e6 for who in whose)
    return {
        "simulator": simulator,
        "scale": scale,
        "seed": seed,
        "neurons": sum(circuit.sizes.values()),
        "synapses": sum(p.number for p in circuit.projections if p.source in circuit.sizes),
        "memory GB": round(own, 2) if simulator == "nest" else f"{own:.2f} + {children:.2f}",
        **found,
    }


def published() -> dict[str, Any]:
    """Return the rates of the source as a row."""
    full = df.circuit("pd14")
    rates = {p.name: float(p.rate) for p in full.populations}
    return {
        "simulator": "published (one run)",
        "scale": 1,
        "seed": "",
        "neurons": sum(full.sizes.values()),
        "synapses": sum(p.number for p in full.projections if p.source in full.sizes),
        "memory GB": "",
        **rates,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulators", nargs="+", default=tuple(SIMULATORS), choices=SIMULATORS)
    parser.add_argument("--scales", type=float, nargs="+", default=(0.05, 0.1, 0.2))
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--duration", type=float, default=2.0, help="simulated time in s")
    parser.add_argument("--name", default="pd14")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--one", action="store_true", help="one run; print it as JSON")
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(one(given.simulators[0], given.scales[0], given.duration, given.seeds[0])))
        return
    runs = itertools.product(given.scales, given.simulators, given.seeds)
    rows = [apart(name, scale, given.duration, seed) for scale, name, seed in runs]
    note = (
        f"Mean rates in Hz of all neurons from {SETTLE:g} s to {given.duration:g} s. One thread. "
        "Every in-degree is that of the full column; a smaller column shares more input, which "
        "raises the rates. Memory of dualframe: drawing and writing, then the program. Times are "
        "in the table of peers."
    )
    save(given.name, "The column of Potjans and Diesmann", [published(), *rows], [note], given.out)


def apart(simulator: str, scale: float, duration: float, seed: int) -> dict[str, Any]:
    """Run once in a process of its own."""
    words = [
        sys.executable,
        __file__,
        "--one",
        "--simulators",
        simulator,
        "--scales",
        str(scale),
        "--duration",
        str(duration),
        "--seeds",
        str(seed),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
