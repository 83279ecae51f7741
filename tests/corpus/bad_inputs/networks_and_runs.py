"""Networks, runs and the rest of the API with wrong values."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms, mV, pA, second

import dualframe as df

from .attempts import CLEAR, EITHER, Case
from .calls import add_call, go, net, pop


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    a = functools.partial(add_call, collected)
    for id, call, culprit in (
        ("network/empty", lambda: df.Network([]), "population"),
        ("network/none", lambda: df.Network(None), "population"),
        ("network/text", lambda: df.Network("p"), "population"),
        ("network/one_population", lambda: df.Network(pop()), "population"),
        ("network/same_names", lambda: df.Network([pop(), pop()]), "'p'"),
        (
            "network/input_name_spikes",
            lambda: go(df.Network([pop(), pop(name="p_spikes")])),
            "p_spikes",
        ),
        ("network/from_dict_empty", lambda: df.Network.from_dict({}), "type|network"),
        (
            "network/from_dict_other",
            lambda: df.Network.from_dict({"type": "os.system"}),
            "os.system",
        ),
        (
            "network/from_dict_population",
            lambda: go(df.Network.from_dict(pop_dict())),
            "Network|network",
        ),
        (
            "network/from_dict_extra",
            lambda: df.Network.from_dict({**net().to_dict(), "evil": 1}),
            "evil",
        ),
        (
            "network/from_dict_missing",
            lambda: df.Network.from_dict({"type": "Network"}),
            "populations",
        ),
        (
            "network/from_dict_dtype",
            lambda: df.Network.from_dict({"type": "array", "value": [1], "dtype": "O8,M"}),
            "dtype|array|network",
        ),
        ("run/not_a_network", lambda: df.run("l23", 1 * ms), "network|l23"),
        ("run/circuit", lambda: df.run(df.circuit("l23"), 1 * ms), "build|network|Circuit"),
        ("run/duration_number", lambda: go(net(), 5), "duration"),
        ("run/duration_none", lambda: go(net(), None), "duration"),
        ("run/duration_array", lambda: go(net(), [1, 2] * ms), "duration"),
        ("run/duration_nan", lambda: go(net(), np.nan * ms), "duration"),
        ("run/duration_zero", lambda: go(net(), 0 * ms), "duration"),
        ("run/duration_below_dt", lambda: go(net(), 1e-9 * second), "duration|dt"),
        ("run/dt_zero", lambda: go(net(), dt=0 * ms), "dt"),
        ("run/dt_unit", lambda: go(net(), dt=1 * mV), "dt"),
        ("run/dt_above", lambda: go(net(), dt=50 * ms), "dt"),
        ("run/seed_negative", lambda: go(net(), seed=-1), "seed"),
        ("run/seed_float", lambda: go(net(), seed=1.0), "seed"),
        ("run/seed_text", lambda: go(net(), seed="1"), "seed"),
        ("run/seed_bool", lambda: go(net(), seed=True), "seed"),
        ("run/network_seed", lambda: go(net(), network_seed=-1), "seed"),
        ("run/threads_0", lambda: go(net(), threads=0), "threads"),
        ("run/threads_text", lambda: go(net(), threads="2"), "threads"),
        ("run/threads_float", lambda: go(net(), threads=1.5), "threads"),
        ("run/target", lambda: go(net(), target="x"), "'x'"),
        ("run/target_none", lambda: go(net(), target=None), "target"),
        ("run/precision", lambda: go(net(), precision="float16"), "float16"),
        ("run/precision_32", lambda: go(net(), precision="float32"), "float32"),
        ("run/record_unknown", lambda: go(net(), record={"x": ["v"]}), "'x'"),
        ("run/record_variable", lambda: go(net(), record={"p": ["x"]}), "'x'"),
        ("run/record_text", lambda: go(net(), record="p"), "record|'p'"),
        ("run/record_list", lambda: go(net(), record=["p"]), "record|'p'"),
        ("run/record_none", lambda: go(net(), record={"p": None}), "'p'|record|None"),
        ("run/record_empty", lambda: go(net(), record={"p": []}), "variable|record"),
        (
            "run/record_neurons_range",
            lambda: go(net(), record={"p": df.Recording("v", neurons=[9])}),
            "9",
        ),
        (
            "run/record_neurons_negative",
            lambda: go(net(), record={"p": df.Recording("v", neurons=[-1])}),
            "-1",
        ),
        (
            "run/record_neurons_empty",
            lambda: go(net(), record={"p": df.Recording("v", neurons=[])}),
            "neurons",
        ),
        (
            "run/record_neurons_float",
            lambda: go(net(), record={"p": df.Recording("v", neurons=[1.5])}),
            "neurons",
        ),
        (
            "run/record_neurons_bool",
            lambda: go(
                net(), record={"p": df.Recording("v", neurons=np.array([True, False, True, False]))}
            ),
            "neurons",
        ),
        ("run/record_neurons_text", lambda: df.Recording("v", neurons="all"), "neurons"),
        (
            "run/record_twice",
            lambda: go(net(), record={"p": df.Recording("v", neurons=[1, 1])}),
            "neurons",
        ),
        (
            "run/record_every_0",
            lambda: go(net(), record={"p": df.Recording("v", every=0 * ms)}),
            "every",
        ),
        (
            "run/record_every_negative",
            lambda: go(net(), record={"p": df.Recording("v", every=-1 * ms)}),
            "every",
        ),
        ("run/record_every_number", lambda: df.Recording("v", every=1), "every"),
        (
            "run/record_every_nan",
            lambda: go(net(), record={"p": df.Recording("v", every=np.nan * ms)}),
            "every",
        ),
        (
            "run/record_every_text",
            lambda: go(net(), record={"p": df.Recording("v", every="1 ms")}),
            "every",
        ),
        (
            "run/record_every_below_dt",
            lambda: go(net(), record={"p": df.Recording("v", every=0.01 * ms)}),
            "every|dt",
        ),
        (
            "run/record_every_huge",
            lambda: go(net(), record={"p": df.Recording("v", every=1e9 * second)}),
            "every",
        ),
        ("run/spikes_unknown", lambda: go(net(), spikes=["x"]), "'x'"),
        ("run/spikes_text", lambda: go(net(), spikes="p"), "spikes"),
        ("run/dspikes_none", lambda: go(net(), record={"p": ["dspikes"]}), "dspikes"),
        ("run/progress_text", lambda: go(net(), progress="yes"), "progress"),
        ("quantity/code", lambda: df.quantity("__import__('os').system('true') ms"), "__import__"),
        ("quantity/nan", lambda: df.quantity("nan ms"), "nan"),
        ("quantity/power", lambda: df.quantity("1 m**999999999"), "m\\*\\*|999"),
        ("quantity/unicode", lambda: df.quantity("1 µm"), "µm"),
        ("quantity/list", lambda: df.quantity(["1 ms", "2 ms"]), "1 ms"),
        ("quantity/none", lambda: df.quantity(None), "None"),
        ("quantity/dimension", lambda: df.quantity("1 ms", "speed"), "speed"),
        ("quantity/bytes", lambda: df.quantity(b"1 ms"), "1 ms"),
        ("quantity/huge_exponent", lambda: df.quantity("1e999 ms"), "1e999"),
        ("quantity/redos", lambda: df.quantity("1" * 50000 + "x" * 50000), "111"),
        ("cell/unknown", lambda: df.cell("ctx_pvb"), "ctx_pv"),
        ("cell/none", lambda: df.cell(None), "None"),
        ("cell/int", lambda: df.cell(3), "3"),
        ("cell/traversal", lambda: df.cell("../receptors/M1"), "M1"),
        ("cell/null", lambda: df.cell("a\0.toml"), "a"),
        ("circuit/none", lambda: df.circuit(None), "None"),
        ("circuit/int", lambda: df.circuit(3), "3"),
        ("task/none", lambda: df.task(None), "None"),
        ("receptor/unknown", lambda: df.receptor("M9"), "M9"),
        ("plastic/rule", lambda: df.plasticity_rule("x", w_max=1), "'x'"),
        ("plastic/w_max", lambda: df.plasticity_rule("pair_stdp", w_max=-1), "w_max"),
        ("plastic/w_order", lambda: df.plasticity_rule("pair_stdp", w_max=1, w_min=2), "w_m"),
        ("plastic/w_nan", lambda: df.plasticity_rule("pair_stdp", w_max=np.nan), "w_max"),
        ("plastic/w_text", lambda: df.plasticity_rule("pair_stdp", w_max="big"), "big"),
        ("plastic/number", lambda: df.plasticity_rule("pair_stdp", w_max=1, tau=3), "'tau'"),
        (
            "plastic/tau_0",
            lambda: df.plasticity_rule("pair_stdp", w_max=1, tau_plus=0 * ms),
            "tau_plus",
        ),
        (
            "plastic/option",
            lambda: df.plasticity_rule("pair_stdp", w_max=1, options={"x": "y"}),
            "'x'",
        ),
        (
            "plastic/signal",
            lambda: df.plasticity_rule("pair_stdp", w_max=1, signals={"x": "y"}),
            "'x'",
        ),
        (
            "plastic/signal_code",
            lambda: go(
                net(
                    plasticity=df.plasticity_rule(
                        "pair_stdp", w_max=1.0, signals={"gate": "exec('1')"}
                    )
                )
            ),
            "exec",
        ),
        (
            "plastic/rate_nan",
            lambda: df.plasticity_rule("pair_stdp", w_max=1, learning_rate=np.nan),
            "learning_rate",
        ),
        (
            "plastic/rate_text",
            lambda: df.plasticity_rule("pair_stdp", w_max=1, learning_rate="1"),
            "learning_rate",
        ),
        (
            "plastic/nest_defaults",
            lambda: go(
                net(plasticity=df.plasticity_rule("r_stdp", w_max=1.0, set="nest_defaults"))
            ),
            "level_DA",
        ),
        (
            "plastic/weight_above",
            lambda: net(weight=5.0, plasticity=df.plasticity_rule("pair_stdp", w_max=1.0)),
            "weights",
        ),
        ("circuit/scaled_0", lambda: df.circuit("l23").scaled(0), "scale"),
        ("circuit/scaled_nan", lambda: df.circuit("l23").scaled(np.nan), "scale"),
        ("circuit/scaled_text", lambda: df.circuit("l23").scaled("x"), "scale"),
        ("circuit/with_modulation", lambda: df.circuit("l23").with_modulation("ACh"), "ACh|level"),
        (
            "circuit/with_modulation_level",
            lambda: df.circuit("l23").with_modulation("ACh", level=2),
            "level",
        ),
        ("circuit/with_drug", lambda: df.circuit("l23").with_drug("x", "M1"), "'x'"),
        ("circuit/with_", lambda: df.circuit("l23").with_components(x=1), "'x'"),
        ("build/not_circuit", lambda: df.biological.build("l23"), "l23|circuit"),
        (
            "build/task",
            lambda: df.biological.build(df.task("navigation")),
            "task|circuit|navigation",
        ),
        ("build/model", lambda: df.task_driven.build(df.circuit("l23"), model="hh"), "hh"),
        (
            "build/model_none",
            lambda: df.task_driven.build(df.circuit("l23"), model=None),
            "model|None",
        ),
        ("build/uncalibrated", lambda: df.biological.build(df.circuit("pd14")), "pd14"),
        ("train/no_task", lambda: df.train(net()), "task|Task"),
        ("train/circuit", lambda: df.train(df.circuit("l23")), "task|Task"),
        ("train/other", lambda: df.train("navigatoin"), "navigation"),
        ("train/agents_0", lambda: df.train(df.task("navigation"), agents=0), "agents"),
        ("evaluate/network", lambda: df.evaluate(net()), "agents|Agents|network"),
        ("compare_conditions/empty", lambda: df.compare_conditions({}), "conditions"),
        ("compare_conditions/text", lambda: df.compare_conditions({"a": "b"}), "'b'|agents|Agents"),
        ("agents/load_missing", lambda: df.load_agents("nope"), "nope"),
        ("results/load_missing", lambda: df.Results.load("nope"), "nope"),
        ("results/load_none", lambda: df.Results.load(None), "None"),
        ("report/none", lambda: df.report({}, "x.html"), "results"),
        ("report/text", lambda: df.report("x", "x.html"), "'x'|results|Results"),
        ("replicated/0", lambda: df.replicate(net(), 0), "0|copies|replicas|number"),
        ("world/unknown", lambda: df.environment("x"), "'x'"),
        ("world/number", lambda: df.environment("cartpole", x=1), "'x'"),
        ("world/nan", lambda: df.environment("cartpole", gravity=np.nan), "gravity"),
        ("world/zero", lambda: df.environment("cartpole", gravity=0), "gravity"),
        ("current_clamp/cell", lambda: df.current_clamp("ctx_pvb", 100 * pA), "ctx_pv"),
        ("current_clamp/unit", lambda: df.current_clamp("ctx_pv", 100), "current|amplitude|100"),
        (
            "current_clamp/nan",
            lambda: df.current_clamp("ctx_pv", np.nan * pA),
            "nan|current|amplitude",
        ),
        ("validate/cell", lambda: df.validate("ctx_pvb"), "ctx_pv"),
        ("read_glif/missing", lambda: df.read_glif("nope.json"), "nope"),
        ("read_glif_folder/missing", lambda: df.read_glif_folder("nope"), "nope"),
        ("check/target", lambda: df.check(net(), "x"), "'x'"),
        ("check/network", lambda: df.check("x", "runtime"), "'x'|network"),
        ("assemble/text", lambda: df.assemble("x"), "'x'|network"),
        ("export/runtime", lambda: df.export(net(), 1 * ms, "e", target="runtime"), "runtime"),
        ("export/none", lambda: df.export(net(), 1 * ms, None), "None|out_dir"),
    ):
        expect = (
            EITHER
            if id
            in (
                "network/input_name_spikes",
                "run/record_every_text",
                "run/record_neurons_bool",
                "run/record_twice",
                "run/record_every_huge",
                "run/spikes_text",
                "run/progress_text",
                "run/record_empty",
                "quantity/list",
                "quantity/unicode",
                "plastic/rate_text",
                "circuit/scaled_text",
                "run/record_none",
            )
            else CLEAR
        )
        a(id, call, culprit, expect=expect)

    def pop_dict() -> Any:
        from dualframe.core.serialisation import encode

        return encode(pop())

    return collected
