"""Build, check and time networks on GeNN: on the GPU where there is one, else on GeNN's CPU.

    GENN_PATH=/path/to/genn python benchmarks/gpu.py             # sizes for a GPU
    GENN_PATH=/path/to/genn python benchmarks/gpu.py --small     # sizes and builds for a CPU

The layer 2/3 circuit in both branches and the cells with dendritic spikes (dspike_network.py), each
against the same network as a C++ program with strict floating point. Input spikes are drawn on the
host, so the networks are deterministic.

float64   the spikes must be the same. Where they part, which the fused multiplications of a GPU and
          chaos can bring about, the time of the first difference is given and the test of float32
          decides.
float32   must agree in distribution: two-sample Kolmogorov-Smirnov tests of the spike counts of
          neurons and of the intervals between spikes in every population with 20 values or more;
          all p-values above 0.01 divided by the number of tests (Bonferroni).

The exit status is 1 if a check fails.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspike_network
import numpy as np
from brian2 import ms, second
from dspike_network import difference, in_order
from measure import RESULTS, save
from scipy.stats import ks_2samp

import dualframe as df
from dualframe.targets.genn import requirements as genn

LEVEL = 0.01
FEWEST = 20
PRECISIONS = ("float64", "float32")


@dataclass(frozen=True)
class Job:
    """A network to run, and for how long."""

    name: str
    make: Callable[[], df.Network]
    duration: Any
    precisions: tuple[str, ...] = PRECISIONS


def jobs(scale: float, cells: int, duration: float, small: bool) -> list[Job]:
    """Return the three networks; a small run builds float32 only once."""
    time = duration * second
    once = ("float64",) if small else PRECISIONS

    def dspikes() -> df.Network:
        return dspike_network.ours(dspike_network.draw(cells, time, seed=1))

    return [
        Job("dspikes", dspikes, time),
        Job("l23_biological", lambda: df.biological.build(_circuit(scale)), time, once),
        Job("l23_task_driven", lambda: df.task_driven.build(_circuit(scale)), time, once),
    ]


def _circuit(scale: float) -> Any:
    circuit = df.circuit("l23").with_modulation("ACh", level=0.5)
    return circuit if scale == 1 else circuit.scaled(scale)


def rows(job: Job, precisions: Sequence[str], use_gpu: bool) -> Iterator[dict[str, Any]]:
    """Yield a row for the C++ reference and one per precision."""
    net = job.make()
    size = {"network": job.name, "neurons": sum(p.n for p in net.populations)}
    size["simulated s"] = float(job.duration)
    reference = run(net, job.duration, "cpp_standalone", strict=True)
    yield size | _times(reference, "C++, 1 thread, strict", "float64")
    yield size | _times(run(net, job.duration, "cpp_standalone"), "C++, 1 thread", "float64")
    for precision in (p for p in job.precisions if p in precisions):
        options = {"use_gpu": use_gpu, "precision": precision, "strict": precision == "float64"}
        results = run(net, job.duration, "genn", **options)
        device = genn.gpu_names()[0] if use_gpu else "GeNN's CPU back end"
        yield size | _times(results, device, precision) | check(results, reference, precision)


def run(net: df.Network, duration: Any, target: str, **options: Any) -> df.Results:
    """Run with the benchmark's seed and time step."""
    return df.run(net, duration, target=target, seed=1, dt=0.1 * ms, progress=False, **options)


def _times(results: df.Results, device: str, precision: str) -> dict[str, Any]:
    facts = results.provenance
    return {
        "device": device,
        "precision": precision,
        "build s": f"{facts['build_s']:.3g}",
        "build cache": facts["build_cache"],
        "run s": f"{facts['run_s']:.3g}",
        "run s per simulated s": f"{facts['run_s'] / facts['simulated_s']:.3g}",
        "spikes": len(results.spikes),
    }


def check(results: df.Results, reference: df.Results, precision: str) -> dict[str, str]:
    """Compare with the reference, exactly in float64, and in distribution."""
    exact = difference(_spikes(results), _spikes(reference))
    values = list(p_values(results, reference))
    lowest, limit = min(values, default=1.0), LEVEL / max(len(values), 1)
    passed = exact == "the same" if precision == "float64" else False
    passed = passed or lowest > limit
    return {
        "against C++": exact,
        "lowest p": f"{lowest:.2g} of {len(values)} (limit {limit:.2g})",
        "check": "passed" if passed else "FAILED",
    }


def _spikes(results: df.Results) -> Any:
    """Neurons (numbered through the network) and steps."""
    first = dict(zip(results.populations["population"], _offsets(results), strict=True))
    neurons = results.spikes["neuron"] + results.spikes["population"].astype(str).map(first)
    return in_order(neurons.to_numpy().astype(int), results.spikes["t"].to_numpy())


def _offsets(results: df.Results) -> Any:
    return np.concatenate([[0], np.cumsum(results.populations["n"])[:-1]]).astype(int)


def p_values(results: df.Results, reference: df.Results) -> Iterator[float]:
    """Yield the p-value of each Kolmogorov-Smirnov test that has enough values."""
    for name, n in zip(results.populations["population"], results.populations["n"], strict=True):
        for measure in (counts, intervals):
            pair = [
                measure(r.spikes[r.spikes["population"] == name], n) for r in (results, reference)
            ]
            if min(map(len, pair)) >= FEWEST:
                yield float(ks_2samp(*pair).pvalue)


def counts(spikes: Any, n: int) -> Any:
    """Spikes of each neuron."""
    return np.bincount(spikes["neuron"].to_numpy(), minlength=n)


def intervals(spikes: Any, n: int) -> Any:
    """Intervals between successive spikes of the same neuron, of all neurons together."""
    order = np.lexsort((spikes["t"], spikes["neuron"]))
    neurons, times = spikes["neuron"].to_numpy()[order], spikes["t"].to_numpy()[order]
    return np.diff(times)[np.diff(neurons) == 0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, check, time, save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes and few builds")
    parser.add_argument("--scale", type=float, help="of the circuit (0.25, small: 0.02)")
    parser.add_argument("--cells", type=int, help="with dendritic spikes (1000, small: 200)")
    parser.add_argument("--duration", type=float, help="in s (2, small: 0.5)")
    parser.add_argument("--networks", nargs="+", help="some of the networks")
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS, choices=PRECISIONS)
    parser.add_argument("--cpu", action="store_true", help="GeNN's CPU even where there is a GPU")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    use_gpu = genn.has_gpu() and not given.cpu
    sizes = (0.02, 200, 0.5) if given.small else (0.25, 1000, 2.0)
    wished = (given.scale, given.cells, given.duration)
    chosen = [w if w is not None else size for w, size in zip(wished, sizes, strict=True)]
    table: list[dict[str, Any]] = []
    for job in jobs(*chosen, small=given.small):
        if given.networks is None or job.name in given.networks:
            table += rows(job, given.precisions, use_gpu)
    name, title = (
        ("gpu_cuda", "GeNN on a GPU")
        if use_gpu
        else ("gpu_cpu_backend", "GeNN's CPU back end (no GPU)")
    )
    save(name, title, table, [_CHECK], given.out)
    if any(row.get("check") == "FAILED" for row in table):
        sys.exit(1)


_CHECK = (
    "Check: in float64 the spikes are those of the strict C++ program, or agree in distribution; "
    "in float32 they agree in distribution. Test: two-sample Kolmogorov-Smirnov of spike counts "
    "and interspike intervals per population, Bonferroni over the tests at 0.01."
)

if __name__ == "__main__":
    main()
