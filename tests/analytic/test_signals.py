"""Signals of rules that read what every neuron has: its index, their number, the time, noise.

They are those of the postsynaptic neuron: the same weights come out when its index and the number
of neurons are parameters. Source and target differ in size, and pairs run the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError
from dualframe.network import Network
from dualframe.targets.lowering.lower_network import lower_network

N_PRE, N_POST = 7, 4


def learners(forms: tuple[str, ...]) -> dict[str, Any]:
    fast = {"w_max": 4, "scale": 1, "tau_eligibility": 50 * ms, "gain": 20 * Hz}
    rules = {}
    for form in forms:
        options = {"update": form}
        rules[f"reward_{form}"] = plasticity_rule(
            "r_stdp", signals={"level_DA": "A"}, options=options, **fast
        )
        rules[f"activity_{form}"] = plasticity_rule(
            "exploratory_hebbian",
            signals={"activity": "A", "reward": "B"},
            tau_activity=20 * ms,
            tau_reward=50 * ms,
            options=options,
            **fast,
        )
    return rules


def network(signals: str, rules: dict[str, Any]) -> Network:
    cells = df.Population(
        "cells",
        N_POST,
        f"v : 1\ng : 1\n{signals}",
        threshold="v > 0.5",
        reset="v = 0",
        parameters={"index": np.arange(N_POST, dtype=float), "number": float(N_POST)},
    )
    pre = df.SpikeInput(
        "pre", N_PRE, np.tile(np.arange(N_PRE), 4), np.repeat([10, 40, 70, 90], N_PRE) * ms
    )
    told = df.SpikeInput(
        "told", N_POST, np.tile(np.arange(N_POST), 3), np.repeat([15, 44, 75], N_POST) * ms
    )
    pairs = (np.arange(3, N_PRE), np.arange(N_POST)[::-1])
    learn = (
        df.Projection("pre", "cells", "g += w", name=name, weight=1.0, pairs=pairs, plasticity=rule)
        for name, rule in rules.items()
    )
    forced = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    return Network((cells,), (pre, told), (forced, *learn))


def weights(run: Callable[..., df.Results], net: Network) -> dict[str, Any]:
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = run(net, 120 * ms, dt=1 * ms, seed=1, record=record)
    return {name: done.weights[name]["weight"].to_numpy() for name in record}


@pytest.mark.parametrize(
    ("special", "plain"),
    [
        ("i*sin(t/(7*ms))", "index*sin(t/(7*ms))"),
        ("0.2*N*cos(t/(9*ms))", "0.2*number*cos(t/(9*ms))"),
        ("0.01*t_in_timesteps*(i + 1)/N", "0.01*(t/(1*ms))*(index + 1)/number"),
    ],
)
def test_they_are_those_of_the_postsynaptic_neuron(
    special: str, plain: str, run_on_target: Callable[..., df.Results], target: str
) -> None:
    forms = ("event",) if target == "genn" else ("event", "clock")
    found, expected = (
        weights(
            run_on_target,
            network(f"A = {text} : 1\nB = 0.5 + ({text}) : 1", learners(forms)),
        )
        for text in (special, plain)
    )
    for name, of_name in found.items():
        np.testing.assert_allclose(of_name, expected[name], rtol=1e-13, err_msg=name)
        assert np.all(of_name != 1) or "i*" in special
        assert np.ptp(of_name) > 1e-3 or "i" not in special.split("*"), name


def test_noise_is_drawn_once_per_step_or_refused(run_on_target: Callable[..., df.Results]) -> None:
    rules = learners(("event",))
    found = weights(
        run_on_target,
        network("A = rand() : 1 (constant over dt)\nB = 0.5 : 1", rules),
    )
    for of_name in found.values():
        assert len(np.unique(of_name)) == N_POST  # each neuron has its own
    drawn_anew = network("A = rand() : 1\nB = 0.5 : 1", rules)
    with pytest.raises(NetworkError, match=r"draws random numbers.*\(constant over dt\)"):
        lower_network(drawn_anew, dt=1 * ms, duration=1 * ms, seed=1)
