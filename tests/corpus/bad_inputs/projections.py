"""Projections and distributions with wrong values."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from brian2 import metre, ms, mV, second

import dualframe as df

from .attempts import CLEAR, EITHER, LIMIT, Case
from .calls import add_call, go, net


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    a = functools.partial(add_call, collected)
    big = 10**12
    for id, more, culprit in (
        ("source", {"source": "x"}, "'x'"),
        ("target", {"target": "x"}, "'x'"),
        ("no_rule", {"pairs": None}, "rule"),
        ("two_rules", {"probability": 0.1}, "pairs|probability"),
        ("probability", {"pairs": None, "probability": 1.5}, "probability"),
        ("probability_nan", {"pairs": None, "probability": np.nan}, "probability"),
        ("probability_text", {"pairs": None, "probability": "0.1"}, "probability"),
        ("in_degree", {"pairs": None, "in_degree": 9}, "in_degree"),
        ("in_degree_0", {"pairs": None, "in_degree": 0}, "in_degree"),
        ("number_0", {"pairs": None, "number": 0}, "number"),
        ("number_huge", {"pairs": None, "number": big}, "number|memory"),
        ("number_float", {"pairs": None, "number": 1e3}, "number"),
        ("pairs_text", {"pairs": "some"}, "some"),
        ("pairs_range", {"pairs": ([0, 9], [0, 1])}, "pairs"),
        ("pairs_negative", {"pairs": ([0, -1], [0, 1])}, "pairs"),
        ("pairs_length", {"pairs": ([0, 1], [0])}, "pairs"),
        ("pairs_float", {"pairs": ([0.5], [0.5])}, "pairs"),
        ("pairs_2d", {"pairs": ([[0]], [[0]])}, "pairs"),
        ("pairs_three", {"pairs": ([0], [0], [0])}, "pairs"),
        ("pairs_bool", {"pairs": (np.array([True]), np.array([True]))}, "pairs"),
        ("pairs_int64", {"pairs": (np.array([2**40]), np.array([0]))}, "pairs"),
        ("pairs_number", {"pairs": 3}, "pairs"),
        ("weight_nan", {"weight": np.nan}, "weight"),
        ("weight_inf", {"weight": np.inf}, "weight"),
        ("weight_text", {"weight": "0.1"}, "weight"),
        ("weight_unit", {"weight": 1 * mV}, "weight|w\\b"),
        ("weight_length", {"weight": np.ones(3)}, "weight"),
        (
            "weight_array_nan",
            {"pairs": ([0, 1], [1, 2]), "weight": np.array([0.1, np.nan])},
            "weight",
        ),
        ("weight_none", {"weight": None}, "'w'|weight"),
        ("weight_2d", {"pairs": ([0, 1], [1, 2]), "weight": np.ones((2, 2))}, "weight"),
        ("weight_object", {"weight": object()}, "weight"),
        ("weight_bool", {"weight": True}, "weight"),
        ("delay_negative", {"delay": -1 * ms}, "delay"),
        ("delay_number", {"delay": 1}, "delay"),
        ("delay_text", {"delay": "1 ms"}, "delay"),
        ("delay_nan", {"delay": np.nan * ms}, "delay"),
        ("delay_inf", {"delay": np.inf * ms}, "delay"),
        ("delay_huge", {"delay": 1e9 * second}, "delay"),
        (
            "delay_array_nan",
            {"pairs": ([0, 1], [1, 2]), "delay": np.array([1, np.nan]) * ms},
            "delay",
        ),
        ("delay_groups_0", {"delay_groups": 0}, "delay_groups"),
        ("delay_tiny", {"delay": 1e-9 * second}, "delay"),
        ("on_pre_syntax", {"on_pre": "v +="}, "v \\+="),
        ("on_pre_undefined", {"on_pre": "v += x"}, "'x'"),
        ("on_pre_unknown_target", {"on_pre": "x += w"}, "'x'"),
        ("on_pre_int", {"on_pre": 3}, "on_pre"),
        ("on_pre_import", {"on_pre": "import os"}, "import"),
        ("on_pre_exec", {"on_pre": "v += exec('1')"}, "exec"),
        ("on_pre_none", {"on_pre": None}, "on_pre"),
        ("on_pre_cpp", {"on_pre": 'v += 1; system("x")'}, "system"),
        ("equations_syntax", {"equations": "x = "}, "equations"),
        ("parameters_array", {"parameters": {"a": np.ones(2)}, "on_pre": "v += a"}, "'a'|a"),
        ("plasticity", {"plasticity": "stdp"}, "plasticity"),
        ("replicas", {"replicas": 3}, "replicas"),
        ("autapses_text", {"autapses": "no"}, "autapses"),
        (
            "kernel",
            lambda: {"pairs": None, "kernel": df.GaussianKernel(0.5, 10 * metre)},
            "positions",
        ),
        ("excluded", {"excluded": ([9], [9])}, "excluded"),
        ("excluded_text", {"excluded": "all"}, "excluded"),
        ("parameter_undefined_delay", lambda: {"delay": df.Normal(1 * mV, 1 * mV)}, "delay"),
        (
            "normal_hang",
            lambda: {"weight": df.Normal(1.0, 0.1, low=1.59), "pairs": None, "number": 1000},
            "bounds|weight",
        ),
        (
            "normal_low_high",
            lambda: {"weight": df.Normal(1.0, 0.1, low=2, high=1)},
            "bounds|weight",
        ),
        ("lognormal_nan", lambda: {"weight": df.LogNormal(np.nan, 0.1)}, "weight|mean"),
        ("uniform_reversed", lambda: {"weight": df.Uniform(2.0, 1.0)}, "Uniform|low|high|weight"),
        ("uniform_nan", lambda: {"weight": df.Uniform(np.nan, 1.0)}, "low|weight"),
    ):
        legal = ("delay_text", "autapses_text", "weight_bool", "weight_text", "probability_text")
        a(
            f"projection/{id}",
            lambda more=more: go(net(**(more() if callable(more) else more))),
            culprit,
            expect=EITHER if id in legal else CLEAR,
            limit=30 if id == "normal_hang" else LIMIT,
        )
    a("projection/delay_tiny_is_zero", lambda: go(net(delay=0.04 * ms)), "delay", expect=EITHER)
    a(
        "projection/self_referential",
        lambda: go(net(equations="dx/dt = -x/x/ms : 1 (clock-driven)", on_pre="x += w\nv += x")),
        expect=EITHER,
    )
    a("distribution/normal_sd_negative", lambda: df.Normal(1, -1), "deviation")
    a("distribution/normal_sd_nan", lambda: df.Normal(1, np.nan), "deviation")
    a("distribution/normal_text", lambda: df.Normal("1 ms", "0.1 ms"), "1 ms", expect=EITHER)
    a("distribution/normal_units", lambda: df.Normal(1 * ms, 1 * mV), "dimension|mV|unit")
    a("distribution/lognormal_cv", lambda: df.LogNormal(1, -1), "variation")
    a("distribution/lognormal_cv_nan", lambda: df.LogNormal(1, np.nan), "variation")
    a("distribution/kernel_p", lambda: df.GaussianKernel(-1, 1 * metre), "p_max")
    a("distribution/kernel_nan", lambda: df.GaussianKernel(np.nan, 1 * metre), "p_max")
    a("distribution/kernel_sigma", lambda: df.GaussianKernel(0.5, 0 * metre), "sigma")
    a("distribution/kernel_sigma_negative", lambda: df.GaussianKernel(0.5, -1 * metre), "sigma")
    return collected
