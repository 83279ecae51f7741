"""What a synapse reads of the neuron behind it has the value that it has in that neuron."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import Hz, ms

import dualframe as df

SPIKES = df.SpikeInput("drive", 3, [0, 1, 2], [1, 1, 1] * ms)
J = np.arange(4)


def sums(expression: str, statement: str, target: str, extra: str = "") -> np.ndarray:
    """What three spikes of three sources add to each of four cells."""
    cells = df.Population("cells", 4, f"A = {expression} : 1{extra}\nx : 1")
    join = df.Projection("drive", "cells", statement, pairs="all_to_all", name="join")
    net = df.Network([cells], [SPIKES], [join])
    results = df.run(
        net, 3 * ms, target=target, seed=1, record={"cells": df.Recording("x")}, use_gpu=False
    )
    return results.traces["cells"].values["x"][:, -1]


def test_index_and_size_on_every_target(target: str) -> None:
    found = sums("0.25*i + 10*N", "x += A_post", target)
    assert found == pytest.approx(3 * (0.25 * J + 40))


@pytest.mark.parametrize(
    ("expression", "extra", "expected"),
    [
        ("0.25*i", "", 0.25 * J),
        ("1.0*N", "", 4 + 0 * J),
        ("B + i", "\nB = 1.0*N*i : 1", 5 * J),
        ("1.0*i", " (constant over dt)", J),
        ("t_in_timesteps*(i + 1.0)", "", 10 * (J + 1)),
        ("dt/ms", "", 0.1 + 0 * J),
    ],
)
@pytest.mark.parametrize("name", ["A", "A_post"])
def test_what_neurons_know(expression: str, extra: str, expected: np.ndarray, name: str) -> None:
    assert sums(expression, f"x += {name}", "runtime", extra) == pytest.approx(3 * expected)


def test_several_delays_and_weights() -> None:
    cells = df.Population("cells", 4, "A = 1.0*i*N : 1\nx : 1")
    delays, weights = np.linspace(0.2, 0.8, 12) * ms, np.arange(12) + 1.0
    i, j = (index.ravel() for index in np.indices((3, 4)))
    join = df.Projection(
        "drive", "cells", "x += w*A_post", pairs=(i, j), weight=weights, delay=delays, name="join"
    )
    net = df.Network([cells], [SPIKES], [join])
    results = df.run(net, 3 * ms, target="runtime", seed=1, record={"cells": df.Recording("x")})
    expected = 4 * J * np.bincount(j, weights)
    assert results.traces["cells"].values["x"][:, -1] == pytest.approx(expected)


@pytest.mark.parametrize(("read", "expected"), [("A_pre", 3.0), ("B_pre", 9.0)])
def test_presynaptic_reads(read: str, expected: float) -> None:
    sources = df.Population(
        "sources", 3, "dv/dt = 1/ms : 1\nA = 1.0*i : 1\nB = 1.0*N : 1", "v > 0.95", "v = -9"
    )
    cells = df.Population("cells", 4, "x : 1")
    join = df.Projection("sources", "cells", f"x += {read}", pairs="all_to_all", name="join")
    net = df.Network([sources, cells], (), [join])
    results = df.run(net, 3 * ms, target="runtime", seed=1, record={"cells": df.Recording("x")})
    assert results.traces["cells"].values["x"][:, -1] == pytest.approx(expected)


@pytest.mark.parametrize("statement", ["x += N", "x += xi", "x += A_post + t_in_timesteps"])
def test_what_means_something_else_in_a_synapse_is_refused(statement: str) -> None:
    cells = df.Population("cells", 4, "A = 1.0*i : 1\nx : 1")
    join = df.Projection("drive", "cells", statement, pairs="all_to_all", name="join")
    (problem,) = df.check(df.Network([cells], [SPIKES], [join]), "runtime")
    assert "projection 'join' uses" in str(problem)


@pytest.mark.parametrize("draw", ["rand()", "randn()", "poisson(0.5)"])
def test_a_value_that_each_reader_would_draw_anew_is_refused(draw: str) -> None:
    cells = df.Population("cells", 4, f"A = {draw} : 1\nx : 1")
    join = df.Projection("drive", "cells", "x += A_post", pairs="all_to_all", name="join")
    (problem,) = df.check(df.Network([cells], [SPIKES], [join]), "runtime")
    assert "'A' is drawn anew" in str(problem)
    assert "(constant over dt)" in str(problem)


@pytest.mark.parametrize("inside", ["rand() - rand()", "A - rand()"])
def test_two_draws_in_one_equation_are_refused(inside: str) -> None:
    cells = df.Population("cells", 4, f"dv/dt = ({inside})/ms : 1\nA = rand() : 1")
    (problem,) = df.check(df.Network([cells]), "runtime")
    assert "equation of 'v' draws by 'rand' 2 times" in str(problem)
    apart = "dv/dt = (A - rand())/ms : 1\nA = rand() : 1 (constant over dt)"
    assert not df.check(df.Network([df.Population("cells", 4, apart)]), "runtime")


def test_names_of_a_refractory_period_that_is_not_there() -> None:
    cells = df.Population("cells", 4, "dv/dt = int(not_refractory)/ms : 1", "v > 1", "v = 0")
    (problem,) = df.check(df.Network([cells]), "runtime")
    assert "no refractory period" in str(problem)


@pytest.mark.parametrize("reset", ["v = 0", "v -= 1"])
def test_what_arrives_with_a_spike_on_every_target(target: str, reset: str) -> None:
    """Brian2 resets after the synapses of a step; a target may not keep what it overwrites."""
    cells = df.Population("cells", 50, "dv/dt = -v/(20*ms) : 1", "v > 1", reset)
    noise = df.PoissonInput("noise", 50, 900 * Hz)
    drive = df.Projection("noise", "cells", "v += 0.15", pairs="one_to_one", name="drive")
    loop = df.Projection("cells", "cells", "v += 0.05", number=500, name="loop", delay=0.5 * ms)
    net = df.Network([cells], [noise], [drive, loop])
    expected = df.run(net, 100 * ms, target="runtime", seed=3).spikes
    found = df.run(net, 100 * ms, target=target, seed=3, use_gpu=False).spikes
    assert len(expected) > 200
    assert found.neuron.tolist() == expected.neuron.tolist()
