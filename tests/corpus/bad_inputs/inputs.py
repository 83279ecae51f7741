"""Inputs with wrong values."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from brian2 import Hz, ms, pA

import dualframe as df

from .attempts import CLEAR, OK, Case
from .calls import add_call, go, net, pop


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    a = functools.partial(add_call, collected)
    for id, call, culprit in (
        ("spikes_length", lambda: df.SpikeInput("s", 2, [0, 1], [1] * ms), "indices"),
        ("spikes_range", lambda: df.SpikeInput("s", 2, [5], [1] * ms), "indices"),
        ("spikes_negative", lambda: df.SpikeInput("s", 2, [0], [-1] * ms), "times"),
        (
            "spikes_nan",
            lambda: go(net(inputs=[df.SpikeInput("s", 2, [0], [np.nan] * ms)])),
            "times",
        ),
        (
            "spikes_inf",
            lambda: go(net(inputs=[df.SpikeInput("s", 2, [0], [np.inf] * ms)])),
            "times",
        ),
        ("spikes_text", lambda: df.SpikeInput("s", 2, ["a"], [1] * ms), "indices"),
        ("spikes_number", lambda: df.SpikeInput("s", 2, [0], [1.0]), "times"),
        (
            "spikes_twice",
            lambda: go(net(inputs=[df.SpikeInput("s", 2, [0, 0], [1, 1.01] * ms)])),
            "s\\b",
        ),
        ("spikes_none", lambda: df.SpikeInput("s", 2, None, None), "indices"),
        ("spikes_scalar", lambda: df.SpikeInput("s", 2, 0, 1 * ms), "indices"),
        (
            "spikes_2d",
            lambda: go(net(inputs=[df.SpikeInput("s", 2, [[0, 1]], [[1, 2]] * ms)])),
            "indices|times",
        ),
        ("spikes_huge_index", lambda: df.SpikeInput("s", 2, [2**40], [1] * ms), "indices"),
        ("poisson_negative", lambda: df.PoissonInput("s", 2, -1 * Hz), "rate"),
        ("poisson_nan", lambda: df.PoissonInput("s", 2, np.nan * Hz), "rate"),
        ("poisson_number", lambda: df.PoissonInput("s", 2, 5), "rate"),
        ("poisson_text", lambda: df.PoissonInput("s", 2, "fast"), "rate"),
        ("poisson_length", lambda: df.PoissonInput("s", 2, [1, 2, 3] * Hz), "rate"),
        (
            "poisson_stop",
            lambda: df.PoissonInput("s", 2, 1 * Hz, start=2 * ms, stop=1 * ms),
            "stop",
        ),
        ("poisson_drawn", lambda: df.PoissonInput("s", 2, 1 * Hz, drawn="gpu"), "gpu"),
        ("poisson_huge", lambda: go(net(inputs=[df.PoissonInput("s", 2, 1e15 * Hz)])), "rate"),
        ("poisson_inf", lambda: df.PoissonInput("s", 2, np.inf * Hz), "rate"),
        ("poisson_tiny", lambda: go(net(inputs=[df.PoissonInput("s", 2, [1e-80, 50] * Hz)])), ""),
        (
            "poisson_n_1e12",
            lambda: go(net(inputs=[df.PoissonInput("s", 10**12, 1 * Hz)])),
            "n|memory|sources",
        ),
        (
            "poisson_start_nan",
            lambda: go(net(inputs=[df.PoissonInput("s", 2, 1 * Hz, start=np.nan * ms)])),
            "start",
        ),
        ("current_unit", lambda: go(net(inputs=[df.CurrentInput("p", 1 * pA)])), "I_ext"),
        ("current_variable", lambda: net(inputs=[df.CurrentInput("p", 1.0, variable="x")]), "'x'"),
        ("current_target", lambda: net(inputs=[df.CurrentInput("x", 1.0)]), "'x'"),
        ("current_nan", lambda: net(inputs=[df.CurrentInput("p", np.nan)]), "amplitude"),
        ("current_length", lambda: net(inputs=[df.CurrentInput("p", np.ones(3))]), "amplitude"),
        (
            "current_defined",
            lambda: go(net(inputs=[df.CurrentInput("p", 1.0, variable="v")])),
            "'v'",
        ),
        ("current_text", lambda: go(net(inputs=[df.CurrentInput("p", "1 pA")])), "amplitude|1 pA"),
        (
            "current_same_name",
            lambda: go(
                net(
                    inputs=[
                        df.CurrentInput("p", 1.0, name="a"),
                        df.CurrentInput("p", 2.0, name="a"),
                    ]
                )
            ),
            "'a'",
        ),
        (
            "current_start_nan",
            lambda: go(net(inputs=[df.CurrentInput("p", 1.0, start=np.nan * ms)])),
            "start",
        ),
        ("same_name", lambda: net(inputs=[df.PoissonInput("p", 2, 1 * Hz)]), "'p'"),
        ("not_an_input", lambda: df.Network([pop()], ["x"]), "input|'x'"),
        (
            "spikes_of_projection_name",
            lambda: go(net(inputs=[df.PoissonInput("q", 4, 100 * Hz)], source="q")),
            "'q'",
        ),
    ):
        a(
            f"input/{id}",
            call,
            *([culprit] if culprit else []),
            expect=OK if id in ("poisson_tiny", "spikes_of_projection_name") else CLEAR,
        )
    return collected
