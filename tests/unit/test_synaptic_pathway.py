"""Spikes as runs of synapses: deliveries and order of a queue, results as users listed them."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms, second

import dualframe as df
from dualframe.targets.cpp.compiler import find_compiler
from dualframe.targets.cpp.synaptic_pathways import HEADER, loop_over_runs
from dualframe.targets.lowering.lower_network import lower_network

# Reads a case from its input: sources, synapses, delays and steps with their spikes; writes the
# synapses that each step reaches.
DRIVER = """
#include <cstdio>
#include "synaptic_pathway.h"
static int number() { int n; if (std::scanf("%d", &n) != 1) return -1; return n; }
int main()
{
    for (int cases = number(); cases > 0; cases--) {
        const int n = number(), count = number(), n_delays = number(), steps = number();
        std::vector<int> sources(count);
        std::vector<double> delays(n_delays);
        for (int k = 0; k < count; k++) sources[k] = number();
        for (int k = 0; k < n_delays; k++) delays[k] = 1e-4*number();
        SynapticPathway pathway(sources, 3, 3 + n);
        pathway.prepare(n, n, delays.data(), n_delays, sources.data(), count, 1e-4);
        for (int step = 0; step < steps; step++) {
            std::vector<int> spikes(number());
            for (size_t k = 0; k < spikes.size(); k++) spikes[k] = number();
            pathway.advance();
            pathway.push(spikes.data(), (int)spikes.size());
            const std::vector<int> listed = *pathway.peek();
            const int32_t *const order = pathway.order();
            size_t l = 0;
            for (size_t r = 0; r < pathway.due().size(); r++)
                for (int32_t k = pathway.due()[r].first; k < pathway.due()[r].last; k++)
                    if (listed[l++] != (order ? order[k] : k)) return 3;
            for (size_t k = 0; k < listed.size(); k++) std::printf("%d ", listed[k]);
            std::printf("\\n");
        }
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pathway")
    for name in (HEADER, "values.h"):
        (folder / name).write_text(files("dualframe.targets.cpp").joinpath(name).read_text())
    (folder / "driver.cpp").write_text(DRIVER)
    command = [*find_compiler().command, "-std=c++11", "driver.cpp", "-o", "driver"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "driver"


def draw_case(rng: np.random.Generator) -> dict[str, Any]:
    """Synapses in any order or by source, with one delay, several, or zero; spikes of 40 steps."""
    n, count = int(rng.integers(1, 8)), int(rng.integers(0, 40))
    sources = 3 + rng.integers(0, n, count)
    if rng.random() < 0.5:
        sources = np.sort(sources)
    n_delays = 1 if rng.random() < 0.4 or not count else count
    delays = rng.integers(0, rng.integers(1, 9), n_delays)
    fired = rng.random((40, n + 6)) < 0.3  # those of others too: a pathway may be of a subgroup
    return {"n": n, "sources": sources, "delays": delays, "fired": fired}


def deliveries(case: dict[str, Any]) -> list[list[int]]:
    """As Brian2's queue: by the time of the spike, then by source, then by synapse."""
    due: list[list[int]] = [[] for _ in range(60)]
    delays = np.broadcast_to(case["delays"], case["sources"].shape)
    for step, fired in enumerate(case["fired"]):
        for source in np.flatnonzero(fired):
            for synapse in np.flatnonzero(case["sources"] == source):
                due[step + delays[synapse]].append(int(synapse))
    return due[:40]


@pytest.mark.cpp
def test_deliveries_are_those_of_a_queue_of_synapses(driver: Path) -> None:
    rng = np.random.default_rng(1)
    cases = [draw_case(rng) for _ in range(200)]
    numbers = [len(cases)]
    for case in cases:
        numbers += [case["n"], len(case["sources"]), len(case["delays"]), len(case["fired"])]
        numbers += [*case["sources"], *case["delays"]]
        for fired in case["fired"]:
            numbers += [int(fired.sum()), *np.flatnonzero(fired)]
    done = subprocess.run(
        [driver], input=" ".join(map(str, numbers)), capture_output=True, text=True, check=True
    )
    expected = [step for case in cases for step in deliveries(case)]
    assert [list(map(int, line.split())) for line in done.stdout.splitlines()] == expected
    assert sum(map(len, expected)) > 10_000


def test_the_loop_of_the_installed_brian_is_replaced() -> None:
    from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

    template = CPPStandaloneCodeObject.templater.env.get_template("synapses.cpp")
    text = Path(template.filename or "").read_text()
    plain = text.replace("{{pathway.name}}", "syn_pre").split("{% else %}")
    replaced = loop_over_runs(plain[0])
    assert "peek()" not in replaced
    assert "_spiking_synapse_idx" not in replaced
    assert loop_over_runs("auto k = other.peek();") == "auto k = other.peek();"


RNG = np.random.default_rng(2)
PAIRS = (RNG.integers(0, 6, 30), RNG.integers(0, 6, 30))
DELAYS = RNG.integers(1, 20, 30) * 0.1 * ms


def listed_network() -> df.Network:
    """Synapses listed in no order, autapses and doubles among them: plastic, and of own delays."""
    cells = df.Population(
        "cells",
        6,
        "dv/dt = (1.2 + g - v)/(10*ms) : 1\ndg/dt = -g/(3*ms) : 1",
        "v > 1",
        "v = 0",
        initial={"v": np.linspace(0, 0.9, 6)},
    )
    plastic = df.Projection(
        "cells",
        "cells",
        "g += w",
        name="plastic",
        weight=np.linspace(0.1, 0.4, 30),
        pairs=PAIRS,
        delay=1 * ms,
        autapses=True,
        plasticity=df.plasticity_rule("pair_stdp", w_max=1.0),
    )
    delayed = df.Projection(
        "cells",
        "cells",
        "g += w; w *= 1.01",
        on_post="w *= 0.99",
        name="delayed",
        weight=np.linspace(0.4, 0.1, 30),
        pairs=PAIRS,
        delay=DELAYS,
        delay_groups=None,
        autapses=True,
    )
    return df.Network([cells], [], [plastic, delayed])


LAST_BIT = 4 * np.finfo(float).eps
RECORD = {
    "plastic": df.Recording("w", neurons=[7, 3, 11], every=5 * ms),
    "delayed": df.Recording("w"),
}


def test_every_synapse_keeps_what_is_its_own() -> None:
    lowered = lower_network(listed_network(), dt=0.1 * ms, duration=1 * ms, seed=1)
    for synapses, delays in zip(lowered.synapses, (None, DELAYS), strict=True):
        assert np.all(np.diff(synapses.i) >= 0)
        i, j, w = synapses.list_as_drawn(synapses.initial["w"])
        assert np.array_equal((i, j), PAIRS)
        assert np.all(np.diff(w) > 0) if delays is None else np.all(np.diff(w) < 0)
        places = synapses.find_drawn(np.array([7, 3]))
        assert np.array_equal(synapses.j[places], PAIRS[1][[7, 3]])
        if delays is not None:
            assert np.allclose(synapses.order_as_drawn(np.asarray(synapses.delay)), delays / second)
            same_source = np.diff(synapses.i) == 0
            assert np.all(np.diff(synapses.delay)[same_source] >= 0)


@pytest.mark.cpp
def test_results_come_as_the_synapses_were_listed() -> None:
    options = {"seed": 1, "dt": 0.1 * ms, "record": RECORD, "progress": False, "strict": True}
    runtime, generated, known = (
        df.run(listed_network(), 60 * ms, target=target, **options)
        for target in ("runtime", "cpp_standalone", "cpp_standalone")
    )
    assert len(runtime.spikes) > 20
    for done in (generated, known):
        assert done.spikes.equals(runtime.spikes)
        for name in ("plastic", "delayed"):
            table = done.weights[name]
            assert np.array_equal((table["pre"], table["post"]), PAIRS)
            # traces of a rule decay by an exponential, whose last bit differs between libraries
            assert np.allclose(table["weight"], runtime.weights[name]["weight"], 0, LAST_BIT)
        trace = done.traces["plastic"]
        assert list(trace.neurons) == [7, 3, 11]
        assert np.allclose(trace.values["w"], runtime.traces["plastic"].values["w"], 0, LAST_BIT)
        assert np.array_equal(trace.values["w"][:, 0], np.linspace(0.1, 0.4, 30)[[7, 3, 11]])
