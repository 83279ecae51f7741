"""Populations with wrong values."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from brian2 import metre, ms, mV

from .attempts import CLEAR, EITHER, LIMIT, Case
from .calls import add_call, go, net, pop


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    a = functools.partial(add_call, collected)
    for id, more, culprit in (
        ("n_zero", {"n": 0}, "neurons"),
        ("n_float", {"n": 2.0}, "neurons"),
        ("n_negative", {"n": -1}, "neurons"),
        ("n_text", {"n": "4"}, "neurons"),
        ("n_bool", {"n": True}, "neurons"),
        ("n_none", {"n": None}, "neurons"),
        ("name_int", {"name": 3}, "name"),
        ("name_space", {"name": "a b"}, "name"),
        ("name_none", {"name": None}, "name"),
        ("name_list", {"name": ["a"]}, "name"),
        ("equations_none", {"equations": None}, "equations"),
        ("equations_int", {"equations": 3}, "equations"),
        ("equations_empty", {"equations": ""}, "'v'|v"),
        ("equations_syntax", {"equations": "dv/dt = (-v : 1"}, "equations"),
        ("equations_unit", {"equations": "dv/dt = -v/ms : mvolt"}, "mvolt"),
        ("equations_undefined", {"equations": "dv/dt = -v/tau : 1"}, "tau"),
        ("equations_import", {"equations": "import os\ndv/dt=-v/ms:1"}, "equations|import"),
        ("equations_attribute", {"equations": "dv/dt = v.__class__/ms : 1"}, "__class__"),
        ("equations_dimension", {"equations": "dv/dt = -v : 1"}, "v|dimension|unit"),
        ("equations_twice", {"equations": "dv/dt = -v/ms : 1\nv : 1"}, "v"),
        (
            "equations_circular",
            {"equations": "dv/dt = a/ms : 1\na = b : 1\nb = a : 1"},
            "'?a'?|'?b'?",
        ),
        ("equations_self", {"equations": "dv/dt = a/ms : 1\na = a + 1 : 1"}, "'a'|a"),
        ("equations_reserved", {"equations": "dv/dt = -v/ms : 1\nN : 1"}, "'N'"),
        ("equations_flag", {"equations": "dv/dt = -v/ms : 1 (constant)"}, "constant"),
        ("equations_index", {"equations": "dv/dt = v[0]/ms : 1"}, r"\["),
        ("equations_call", {"equations": "dv/dt = foo(v)/ms : 1"}, "foo"),
        (
            "equations_deep",
            {"equations": "dv/dt = " + "(" * 2000 + "v" + ")" * 2000 + "/ms : 1"},
            "equations",
        ),
        ("equations_power", {"equations": "dv/dt = -v/ms + 9**9**9**9/second : 1"}, "9"),
        ("equations_unit_power", {"equations": "dv/dt = -v/ms : volt**9**9**9**9"}, "unit|volt|9"),
        ("threshold_syntax", {"threshold": "v >"}, "threshold"),
        ("threshold_int", {"threshold": 1}, "threshold"),
        ("threshold_undefined", {"threshold": "v > x"}, "'x'"),
        ("threshold_not_boolean", {"threshold": "v"}, "threshold"),
        ("threshold_assign", {"threshold": "v = 1"}, "threshold"),
        ("threshold_unit", {"threshold": "v > 1*mV"}, "threshold|unit|dimension"),
        ("threshold_empty", {"threshold": ""}, "threshold"),
        ("threshold_power", {"threshold": "v > 9**9**9**9"}, "threshold|9"),
        ("reset_syntax", {"reset": "v ="}, "reset|v ="),
        ("reset_int", {"reset": 0}, "reset"),
        ("reset_undefined", {"reset": "x = 0"}, "'x'"),
        ("reset_not_assignment", {"reset": "print(v)"}, "print"),
        ("reset_import", {"reset": "import os"}, "import"),
        ("reset_unit", {"reset": "v = 1*mV"}, "reset|unit|dimension"),
        ("reset_constant", {"reset": "dt = 1"}, "dt"),
        ("reset_alone", {"threshold": None}, "threshold"),
        ("refractory_text", {"refractory": "3 ms"}, "refractory"),
        ("refractory_number", {"refractory": 3}, "refractory"),
        ("refractory_unit", {"refractory": 3 * mV}, "refractory"),
        ("refractory_negative", {"refractory": -3 * ms}, "refractory"),
        ("refractory_nan", {"refractory": np.nan * ms}, "refractory"),
        ("refractory_array", {"refractory": np.ones(3) * ms}, "refractory"),
        ("method", {"method": "magic"}, "magic"),
        ("method_none", {"method": None}, "method"),
        ("sign", {"sign": 2}, "sign"),
        ("positions", {"positions": np.zeros((3, 3)) * metre}, "positions"),
        ("positions_unit", {"positions": np.zeros((4, 3))}, "positions"),
        ("positions_nan", {"positions": np.full((4, 3), np.nan) * metre}, "positions"),
        ("parameters_list", {"parameters": [1]}, "parameters"),
        (
            "parameters_text",
            {"parameters": {"tau": "10 ms"}, "equations": "dv/dt = -v/tau : 1"},
            "tau",
        ),
        ("parameters_nan", {"parameters": {"tau": np.nan * ms}}, "tau"),
        ("parameters_length", {"parameters": {"tau": np.ones(3) * ms}}, "tau"),
        ("parameters_2d", {"parameters": {"tau": np.ones((4, 1)) * ms}}, "tau"),
        (
            "parameters_unit",
            {"parameters": {"tau": 1 * mV}, "equations": "dv/dt = -v/tau : 1"},
            "tau|unit|dimension",
        ),
        ("parameters_clash", {"parameters": {"v": 1.0}}, "'v'"),
        ("parameters_object", {"parameters": {"tau": object()}}, "tau"),
        (
            "parameters_complex",
            {"parameters": {"tau": 1j}, "equations": "dv/dt = -v/ms+tau/second : 1"},
            "tau",
        ),
        ("parameters_key", {"parameters": {"a b": 1.0}}, "a b"),
        ("parameters_key_int", {"parameters": {3: 1.0}}, "3"),
        ("parameters_key_inject", {"parameters": {"a : 1\nevil": 1.0}}, "evil"),
        ("initial_unknown", {"initial": {"x": 1}}, "'x'"),
        ("initial_nan", {"initial": {"v": np.nan}}, "'v'"),
        ("initial_length", {"initial": {"v": np.ones(3)}}, "'v'"),
        ("initial_unit", {"initial": {"v": 1 * mV}}, "v"),
        ("initial_text", {"initial": {"v": "rand()"}}, "'v'"),
        ("heterogeneity_unknown", {"heterogeneity": {"x": 0.1}}, "'x'"),
        ("heterogeneity_negative", {"parameters": {"a": 1.0}, "heterogeneity": {"a": -0.1}}, "'a'"),
        ("heterogeneity_nan", {"parameters": {"a": 1.0}, "heterogeneity": {"a": np.nan}}, "'a'"),
        ("heterogeneity_text", {"parameters": {"a": 1.0}, "heterogeneity": {"a": "0.1"}}, "'a'"),
        (
            "heterogeneity_huge",
            {
                "equations": "dv/dt = (a-v)/(10*ms) : 1",
                "parameters": {"a": 1.0},
                "heterogeneity": {"a": 1e200},
            },
            "'a'|a",
        ),
        ("second_reset_alone", {"second_reset": "v = 0"}, "second_reset"),
        (
            "spike_width",
            {"second_reset": "v = 0", "spike_width": 3, "refractory": 5 * ms},
            "spike_width",
        ),
        ("durations", {"durations": {"a": 3}}, "'a'"),
        (
            "durations_text",
            {"durations": {"a": "3 ms"}, "equations": "dv/dt = a*v/second : 1"},
            "'a'",
        ),
        (
            "durations_negative",
            {"durations": {"a": -3 * ms}, "equations": "dv/dt = a*v/second : 1"},
            "'a'",
        ),
        ("events_text", {"events": ("x",)}, "event"),
        ("unknown_field", {"nonsense": 1}, "nonsense"),
        ("voltage", {"voltage": "q"}, "q|voltage"),
    ):
        expect = (
            EITHER
            if id
            in (
                "refractory_text",
                "parameters_text",
                "durations_text",
                "voltage",
                "unknown_field",
                "parameters_key",
                "parameters_key_int",
                "equations_deep",
                "heterogeneity_text",
            )
            else CLEAR
        )
        if id == "unknown_field":
            continue  # Python's own TypeError
        a(
            f"population/{id}",
            lambda more=more: go(net(pop(**more))),
            culprit,
            expect=expect,
            limit=20 if "power" in id else LIMIT,
        )
    return collected
