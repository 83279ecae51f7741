"""Several rules of one weight: what they come to, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, ms, mV, nS
from hypothesis import given, settings
from hypothesis import strategies as st

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import CatalogueError, NetworkError
from dualframe.network import Network, Plasticity
from dualframe.plasticity import (
    PLASTICITY_RULES,
    freeze_learning,
    insert_plasticity_rules,
    with_weights,
)

DT = 1e-3
PRE, POST = (10, 24, 60, 95), (14, 20, 63, 90, 97)  # steps
STEPS = 120
STDP: dict[str, Any] = {"A_plus": 0.05, "A_minus": 0.04, "tau_plus": 20 * ms, "tau_minus": 30 * ms}
SCALING: dict[str, Any] = {
    "beta": 0.02,
    "gamma": 0.05 * Hz,
    "tau_activity": 50 * ms,
    "target_rate": 60 * Hz,
}
CONSOLIDATION: dict[str, Any] = {
    "beta": 0.3,
    "growth": 0.01,
    "tau_minus": 25 * ms,
    "tau_consolidation": 400 * ms,
    "interval": 20 * ms,
    "strength": 2.0,
    "w_weak": 0.1,
    "w_strong": 0.9,
}


def network(
    *rules: Plasticity,
    weight: Any = 0.5,
    sign: int | None = None,
    **further: tuple[Plasticity, ...],
) -> Network:
    """A neuron that fires at stated times, and synapses onto it that learn, each on its own."""
    cells = df.Population(
        "cells",
        1,
        "v : 1\nunused : 1\nD = int(sin(t/(15*ms)) > 0) : 1",
        threshold="v > 0.5",
        reset="v = 0",
    )
    source = df.Population("pre", 1, "v : 1", threshold="v > 0.5", reset="v = 0", sign=sign)
    inputs = [
        df.SpikeInput(f"to_{name}", 1, [0] * len(steps), np.array(steps) * ms)
        for name, steps in (("pre", PRE), ("cells", POST))
    ]
    drives = [
        df.Projection(f"to_{name}", name, "v += 1", pairs="one_to_one") for name in ("pre", "cells")
    ]
    learning = {**({"learn": rules} if rules else {}), **further}
    synapses = [
        df.Projection(
            "pre",
            "cells",
            "unused += 0*w",
            name=name,
            weight=weight,
            pairs="one_to_one",
            plasticity=learned,
        )
        for name, learned in learning.items()
    ]
    return Network((source, cells), tuple(inputs), (*drives, *synapses))


def final_weight(run: Callable[..., df.Results], net: Network) -> float:
    done = run(net, STEPS * ms, dt=1 * ms, seed=1, record={"learn": ["w"]})
    return float(done.weights["learn"]["weight"].iloc[0])


def rule(name: str, numbers: dict[str, Any], *, low: float = 0.2, **options: Any) -> Plasticity:
    return plasticity_rule(name, w_min=low, w_max=0.8, scale=1, **numbers, **options)


def weight_by_hand(*, scaling: bool = False, consolidation: bool = False) -> float:
    """Step through time: what moves between spikes, visits, then spikes, pre before post.

    A spike input acts at the end of its step, so that its neuron fires in the next one.
    """
    decay = {name: np.exp(-DT / tau) for name, tau in (("x", 0.02), ("y", 0.03), ("z", 0.025))}
    w, x, y, z, above, rate, missed = 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for step in range(STEPS):
        if consolidation and step % 20 == 0:
            drift = w - 0.1 - above - 2.0 * above * (0.4 - above) * (0.8 - above)
            above += 0.02 / 0.4 * drift
        if scaling:
            grown = w * np.exp(DT * (0.02 * (60 - rate) + 0.05 * missed))
            w = np.clip(grown, 0.2, 0.8)
            missed += DT * (60 - rate)
            rate *= np.exp(-DT / 0.05)
        x, y, z = x * decay["x"], y * decay["y"], z * decay["z"]
        if step - 1 in PRE:
            w = np.clip(w - 0.04 * y, 0.2, 0.8)
            if consolidation:
                w = np.clip(w + 0.01, 0.2, 0.8)
            x += 1
        if step - 1 in POST:
            w = np.clip(w + 0.05 * x, 0.2, 0.8)
            if consolidation:
                w = np.clip(w - 0.3 * z**3 * (w - 0.1 - above), 0.2, 0.8)
            y, z, rate = y + 1, z + 1, rate + 1 / 0.05
    return float(w)


# ---------------------------------------------------------------- what two rules come to


REWARDED: dict[str, Any] = {
    "A_plus": 0.5,
    "A_minus": 0.4,
    "tau_plus": 20 * ms,
    "tau_minus": 30 * ms,
    "tau_eligibility": 40 * ms,
    "gain": 30 * Hz,
    "baseline": -0.3,
}


def rewarded_weight_by_hand() -> float:
    """Likewise with a third factor in place of the pair rule, which moves the weight all the time.

    References move first in a step: they see the weight as the step before has left it.
    """
    w, x, y, z, e, above = 0.5, 0.0, 0.0, 0.0, 0.0, 0.0
    for step in range(STEPS):
        if step % 20 == 0:
            drift = w - 0.1 - above - 2.0 * above * (0.4 - above) * (0.8 - above)
            above += 0.02 / 0.4 * drift
        dopamine = float(np.sin(step * DT / 0.015) > 0)
        w = np.clip(w + DT * 30 * (dopamine - 0.3) * e, 0.2, 0.8)
        e *= np.exp(-DT / 0.04)
        x, y, z = (v * np.exp(-DT / tau) for v, tau in ((x, 0.02), (y, 0.03), (z, 0.025)))
        if step - 1 in PRE:
            e -= 0.4 * y
            w = np.clip(w + 0.01, 0.2, 0.8)
            x += 1
        if step - 1 in POST:
            e += 0.5 * x
            w = np.clip(w - 0.3 * z**3 * (w - 0.1 - above), 0.2, 0.8)
            y, z = y + 1, z + 1
    return float(w)


def rewarded(**options: Any) -> Plasticity:
    options.setdefault("pairing", "all_to_all")
    return rule("r_stdp", REWARDED, options=options, signals={"level_DA": "D"})


def test_two_rules_change_a_weight_as_computed_by_hand(
    run_on_target: Callable[..., df.Results], target: str
) -> None:
    """Pairs with scaling, pairs with consolidation, a third factor with consolidation."""
    pairs, consolidation = rule("pair_stdp", STDP), rule("consolidation", CONSOLIDATION)
    cases = {"learn": ((pairs, rule("synaptic_scaling", SCALING)), weight_by_hand(scaling=True))}
    if target != "genn":  # which visits no synapses between spikes
        cases["lasting"] = ((pairs, consolidation), weight_by_hand(consolidation=True))
        cases["rewarded"] = ((rewarded(), consolidation), rewarded_weight_by_hand())
    net = network(**{name: rules for name, (rules, _) in cases.items()})
    done = run_on_target(net, STEPS * ms, dt=1 * ms, seed=1, record={name: ["w"] for name in cases})
    # epochs cost digits (see eligibility_traces), and GeNN may compute in single precision
    tolerance = 1e-5 if target.startswith("genn") else 1e-10
    alone = weight_by_hand()
    for name, (_, expected) in cases.items():
        assert abs(expected - alone) > 0.01  # the second rule matters
        learned = float(done.weights[name]["weight"].iloc[0])
        assert learned == pytest.approx(expected, rel=tolerance)


run = partial(df.run, target="runtime", progress=False)
CLOCK = {"update": "clock"}


def test_rules_at_every_step_are_summed_before_the_bounds_cut() -> None:
    """A third factor, scaling and consolidation; the two first would not go together at spikes."""
    small = {**CONSOLIDATION, "interval": 1 * ms}  # the form at every step
    rules = (
        rewarded(update="clock"),
        rule("synaptic_scaling", SCALING, options=CLOCK),
        rule("consolidation", small, options=CLOCK),
    )
    w, x, y, z, e, above, rate, missed = 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for step in range(STEPS):
        dopamine = float(np.sin(step * DT / 0.015) > 0)
        drift = w - 0.1 - above - 2.0 * above * (0.4 - above) * (0.8 - above)
        growth = DT * (0.02 * (60 - rate) + 0.05 * missed)
        w = np.clip(w + DT * 30 * (dopamine - 0.3) * e + w * np.expm1(growth), 0.2, 0.8)
        above += DT / 0.4 * drift
        missed += DT * (60 - rate)
        rate *= np.exp(-DT / 0.05)
        e *= np.exp(-DT / 0.04)
        x, y, z = (v * np.exp(-DT / tau) for v, tau in ((x, 0.02), (y, 0.03), (z, 0.025)))
        if step - 1 in PRE:
            e -= 0.4 * y
            w = np.clip(w + 0.01, 0.2, 0.8)
            x += 1
        if step - 1 in POST:
            e += 0.5 * x
            w = np.clip(w - 0.3 * z**3 * (w - 0.1 - above), 0.2, 0.8)
            y, z, rate = y + 1, z + 1, rate + 1 / 0.05
    assert final_weight(run, network(*rules)) == pytest.approx(w, rel=1e-12)


def test_two_rules_of_one_kind_keep_their_traces_apart() -> None:
    fast = {**STDP, "tau_plus": 8 * ms, "A_plus": 0.01}
    both = final_weight(run, network(rule("pair_stdp", STDP), rule("pair_stdp", fast), weight=0.5))
    changes = [final_weight(run, network(rule("pair_stdp", n))) - 0.5 for n in (STDP, fast)]
    assert both - 0.5 == pytest.approx(sum(changes), rel=1e-12)  # no bound is met


def test_what_is_frozen_or_restored_is_all_rules() -> None:
    net = network(rule("pair_stdp", STDP), rule("consolidation", CONSOLIDATION))
    frozen = freeze_learning(net)
    assert all(r.frozen for r in frozen.projections[2].plasticity.rules)
    assert final_weight(run, frozen) == 0.5
    assert freeze_learning(frozen, frozen=False) == net
    table = pd.DataFrame({"pre": [0], "post": [0], "weight": [0.7]})
    restored = with_weights(net, {"learn": table}).projections[2]
    assert (restored.weight[0], restored.plasticity) == (0.7, net.projections[2].plasticity)
    assert Network.from_dict(json.loads(json.dumps(net.to_dict()))) == net


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (lambda: (rewarded(), rule("synaptic_scaling", SCALING)), "update': 'clock'"),
        (lambda: (rewarded(), rule("consolidation", CONSOLIDATION, options=CLOCK)), "every step"),
        (lambda: (rule("pair_stdp", STDP), rule("pair_stdp", STDP, low=0.1)), "w_min 0.2 and 0.1"),
        (lambda: (rule("pair_stdp", STDP), "scaling"), "expected what dualframe.plasticity_rule"),
    ],
)
def test_rules_that_do_not_go_together(rules: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        insert_plasticity_rules(network(*rules()))


def test_genn_says_which_rule_it_cannot_have() -> None:
    net = network(rule("pair_stdp", STDP), rule("consolidation", CONSOLIDATION))
    assert any("'consolidation' visits" in feature.construct for feature in df.check(net, "genn"))
    clock = rule("consolidation", CONSOLIDATION, options=CLOCK)
    net = network(rule("pair_stdp", STDP), clock)
    assert {feature.where for feature in df.check(net, "genn")} <= {"this machine"}


@settings(max_examples=3, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.sampled_from(
            ["pair_stdp", "triplet_stdp", "inhibitory_stdp", "r_stdp", "consolidation"]
        ),
        min_size=2,
        max_size=3,
        unique=True,
    ),
    st.floats(-3, 3),
    st.floats(-0.9, 0.4),
)
def test_no_rule_leaves_the_bounds(names: list[str], amplitude: float, low: float) -> None:
    """Amplitudes reach a bound at every spike; bounds may be of both signs."""
    signed_rules = [n for n in names if not PLASTICITY_RULES[n].only_magnitudes]
    rules = []
    for name in names if low >= 0 else signed_rules:
        usual = plasticity_rule(name, w_max=1).numbers
        numbers = {n: amplitude for n in usual if n.startswith(("A", "beta"))}
        signals = {"level_DA": "D"} if name == "r_stdp" else {}
        rules.append(
            plasticity_rule(name, w_min=low, w_max=0.6, scale=1, signals=signals, **numbers)
        )
    w = final_weight(run, network(*rules))
    assert low <= w <= 0.6


# ---------------------------------------------------------------- weights of both signs


def test_signed_weights_cross_zero_where_no_sign_forbids_it() -> None:
    takes = {**STDP, "A_plus": 0.0, "A_minus": 0.5}
    signed = rule("pair_stdp", takes, low=-0.8)
    assert final_weight(run, network(signed, weight=0.1)) < -0.1
    for sign, word in ((1, "excitatory"), (-1, "inhibitory")):
        with pytest.raises(NetworkError, match=f"{word} \\(Dale's law\\)"):
            network(signed, sign=sign)
    network(rule("pair_stdp", takes), sign=1)


@pytest.mark.parametrize(
    ("name", "bounds", "message"),
    [
        ("synaptic_scaling", (-1, 1), "it multiplies weights"),
        ("consolidation", (-1, 1), "strong and a weak synapse"),
        ("pair_stdp", (-1 * nS, 1 * nS), "a conductance is a magnitude"),
        ("pair_stdp", (-2, -1), "w_max above zero"),
    ],
)
def test_rules_and_weights_that_are_magnitudes(name: str, bounds: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        plasticity_rule(name, w_min=bounds[0], w_max=bounds[1])


@pytest.mark.parametrize("weight", [0.0, -0.2])
def test_amplitudes_relative_to_a_weight_of_zero_or_less_need_a_scale(weight: float) -> None:
    relative = plasticity_rule("triplet_stdp", w_min=-0.5, w_max=1)
    assert relative.relative_to == "initial"
    with pytest.raises(NetworkError, match="Give scale"):
        insert_plasticity_rules(network(relative, weight=weight))


# ---------------------------------------------------------------- in files

FILE = """
name = "two_rules"
title = "two rules of one weight"
source = "dualframe"
status = "assumed"

[[inputs]]
name = "noise"
n = 4
rate = "20 Hz"

[[models]]
name = "lif"
form = "LIF"
C = "200 pF"
E_L = "-70 mV"
tau_m = "20 ms"
V_th = "-50 mV"
V_reset = "-70 mV"
t_ref = "2 ms"

[[populations]]
name = "cells"
cell = "ctx_l23_pyr"
n = 3
point = "lif"

[[projections]]
name = "learned"
pre = "PRE"
post = "cells"
into = "V"
weight = "1 mV"
pairs = "all_to_all"

[[projections.plasticity]]
rule = "pair_stdp"
w_min = "LOW mV"
w_max = "4 mV"

[[projections.plasticity]]
rule = "SECOND"
BOUND
"""


def circuit_of(tmp_path: Path, **words: str) -> df.Circuit:
    words = {"PRE": "noise", "LOW": "0", "SECOND": "synaptic_scaling", "BOUND": ""} | words
    text = FILE
    for word, stands_for in words.items():
        text = text.replace(word, stands_for)
    path = tmp_path / "two_rules.toml"
    path.write_text(text)
    return df.circuit(path)


def test_a_file_gives_a_projection_several_rules(tmp_path: Path) -> None:
    circuit = circuit_of(tmp_path)
    plasticity = circuit.projection("learned").plasticity
    assert [r.rule for r in plasticity.rules] == ["pair_stdp", "synaptic_scaling"]
    assert {float(r.w_max) for r in plasticity.rules} == {4e-3}
    shown = str(circuit.describe())
    assert "pair_stdp, set song" in shown
    assert "+ synaptic_scaling, set vanrossum2000" in shown
    by_hand = circuit.with_plasticity("learned", plasticity.rules)
    assert by_hand.projection("learned") == circuit.projection("learned")
    (learned,) = df.task_driven.build(circuit).projections
    assert learned.plasticity.rules[1].w_max == 4 * mV


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"BOUND": 'w_max = "3 mV"'}, "share bounds"),
        ({"PRE": "cells", "LOW": "-1", "SECOND": "pair_stdp"}, "excitatory \\(Dale's law\\)"),
        ({"LOW": "-1"}, "it multiplies weights"),
    ],
)
def test_what_a_file_cannot_ask_for(tmp_path: Path, words: dict[str, str], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        circuit_of(tmp_path, **words)


def test_a_file_may_have_weights_of_both_signs_from_an_input(tmp_path: Path) -> None:
    plasticity = circuit_of(tmp_path, LOW="-2", SECOND="pair_stdp").projection("learned").plasticity
    assert plasticity.is_signed


def test_no_rules_at_all_are_no_plasticity_to_state() -> None:
    with pytest.raises(NetworkError, match="several of it"):
        df.Projection("a", "b", "g += w", weight=1.0, pairs="one_to_one", plasticity=())
