"""What a spike does, it does when it arrives: with the neurons and synapses of that time.

Synapses of one network read the presynaptic neuron, read the postsynaptic one, learn at spikes and
at visits, each with one delay and with a delay of its own. Nothing is random but what the host
draws, so targets have the runtime's spikes, and its weights to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms
from compare import assert_same, trains_of
from ours import COMPILED

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.targets.target_support import missing_requirements

N = 24
DURATION = 300 * ms
DT = 0.1 * ms
CELLS = """
dv/dt = (drive + total - v)/(10*ms) : 1 (unless refractory)
dx/dt = -x/(20*ms) : 1
total : 1
"""
LEARNING = """
dbefore/dt = -before/(20*ms) : 1 (event-driven)
dafter/dt = -after/(20*ms) : 1 (event-driven)
"""
OWN: dict[str, Any] = {"delay": df.Uniform(0 * ms, 3 * ms), "delay_groups": None}
LEARN = ("pair", "pair_of_rule", "reads_source_late", "follows_source")


def network(*, sums: bool) -> df.Network:
    """Cells of which each of the projections changes the spikes."""
    cells = df.Population(
        "cells",
        N,
        CELLS,
        threshold="v > 1",
        reset="v = 0; x += 1",
        refractory=2 * ms,
        parameters={"drive": np.linspace(0.8, 1.2, N)},
    )
    noise = df.PoissonInput("noise", N, rate=60 * Hz)

    def among(name: str, on_pre: str | None, shift: int, **options: Any) -> df.Projection:
        pairs = (np.repeat(np.arange(N), 2), (2 * np.arange(2 * N) + shift) % N)
        return df.Projection("cells", "cells", on_pre, name=name, pairs=pairs, **options)

    projections = [
        df.Projection("noise", "cells", "v += 0.2", pairs="one_to_one", name="input"),
        among("reads_source", "v += 0.1*(x_pre - x_post)", 1, delay=1.3 * ms),
        among("reads_source_own", "v += 0.05*(x_pre - 1)*x_pre", 2, **OWN),
        among("reads_target_own", "v += 0.1*(0.5 - x_post)", 3, **OWN),
        among("brings_own", "v += 0.01*w", 4, weight=df.Uniform(0, 1), **OWN),
        among(
            "pair",
            "before += 1; w = clip(w - 0.02*after, 0, 1); v += 0.2*w",
            5,
            weight=0.3,
            equations=LEARNING,
            on_post="after += 1; w = clip(w + 0.03*before, 0, 1)",
            visits=(("w = 0.99*w", 5 * ms),),
            **OWN,
        ),
        among(
            "pair_of_rule",
            "v += 0.2*w",
            6,
            weight=0.3,
            plasticity=df.plasticity_rule("pair_stdp", w_max=1),
            **OWN,
        ),
    ]
    projections += [
        among(
            "reads_source_late",
            "v += 0.1*w",
            8,
            weight=0.3,
            on_post="w = w + 0.05*(x_pre - w)",
            **OWN,
        ),
        among(
            "follows_source",
            "v += 0.05*w",
            9,
            weight=0.3,
            equations="dw/dt = (x_pre - w)/(50*ms) : 1 (clock-driven)",
            delay=0.7 * ms,
        ),
    ]
    if sums:
        projections.append(among("sum", None, 7, equations="total_post = 0.05*x_pre : 1 (summed)"))
    return df.Network((cells,), (noise,), tuple(projections), name="delays")


def run(target: str, *, sums: bool, **options: Any) -> df.Results:
    return df.run(
        network(sums=sums),
        DURATION,
        target=target,
        seed=1,
        dt=DT,
        record=dict.fromkeys(LEARN, "w"),
        strict=True,
        progress=False,
        **options,
    )


@pytest.mark.parametrize("sums", [False, True], ids=["steps", "phases"])
@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(target: str, sums: bool) -> None:
    on_cpu = {} if target == "cpp_standalone" else {"use_gpu": False}
    net = network(sums=sums)
    if reasons := missing_requirements(target, **on_cpu):
        pytest.skip("; ".join(reasons))
    if target == "genn":
        pytest.skip("genn: synapses have no delay of their own and do not read their source")
    reference, own = run("runtime", sums=sums), run(target, sums=sums, **on_cpu)
    dt = float(DT)
    assert len(reference.spikes) > 200
    assert_same(trains_of(reference, net, dt), trains_of(own, net, dt), ("the runtime", target))
    for name in LEARN:
        first, second = (results.weights[name] for results in (reference, own))
        np.testing.assert_array_equal(second[["pre", "post"]], first[["pre", "post"]])
        assert np.ptp(first["weight"]) > 0.1
        np.testing.assert_allclose(second["weight"], first["weight"], rtol=1e-9)


@pytest.mark.genn5
def test_too_many_delays_are_refused() -> None:
    if reasons := missing_requirements("genn5", use_gpu=False):
        pytest.skip("; ".join(reasons))
    cells = df.Population("cells", 200, "dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0")
    onto = df.Projection(
        "cells",
        "cells",
        "v += 0.1*v_pre",
        pairs=(np.arange(200), np.arange(200)),
        delay=0.1 * np.arange(200) * ms,
        delay_groups=None,
    )
    with pytest.raises(TargetError, match="200 different delays"):
        df.run(df.Network((cells,), (), (onto,)), 1 * ms, target="genn5", dt=DT, progress=False)
