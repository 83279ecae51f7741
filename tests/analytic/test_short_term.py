"""Short-term plasticity of release against the recursion of its source, on every target's form."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV, nS

import dualframe as df
from dualframe.catalogue import plasticity_rule
from dualframe.core.errors import NetworkError
from dualframe.synapses import ShortTerm, with_short_term

TIMES = np.array([5.0, 15.0, 25.0, 40.0, 140.0, 145.0])  # ms
RULES = {
    "depressing": ShortTerm(0.46, 670 * ms, 17 * ms),
    "facilitating": ShortTerm(0.09, 140 * ms, 670 * ms),
}


def expected(rule: ShortTerm) -> np.ndarray:
    """Responses relative to the first: u and x by the closed form between spikes."""
    responses, u, x, last = [], 0.0, 1.0, TIMES[0]
    for t in TIMES:
        u *= np.exp(-(t - last) / float(rule.tau_facilitation / ms))
        x = 1 - (1 - x) * np.exp(-(t - last) / float(rule.tau_recovery / ms))
        u += rule.U * (1 - u)
        responses.append(u * x)
        x -= u * x
        last = t
    return np.array(responses) / rule.U


@pytest.mark.parametrize("name", RULES)
def test_responses_to_a_train(name: str) -> None:
    rule = RULES[name]
    cell = df.Population(
        "cell", 1, "dg/dt = 0*g/ms : siemens", initial={"g": 0 * nS}, method="euler"
    )
    spikes = df.SpikeInput("train", 1, np.zeros(len(TIMES), int), TIMES * ms)
    plain = df.Projection("train", "cell", "g += w", weight=2 * nS, pairs="one_to_one")
    net = df.Network((cell,), (spikes,), (with_short_term(plain, rule),))
    done = df.run(net, 150 * ms, target="runtime", seed=0, record={"cell": ["g"]}, progress=False)
    g = done.traces["cell"].values["g"][0]
    steps = np.diff(g)
    assert steps[steps > 0] / 2e-9 == pytest.approx(expected(rule), rel=1e-9)


def test_it_stands_beside_a_rule_that_changes_the_weight() -> None:
    """Frozen, the rule leaves the responses as they were."""
    learning = plasticity_rule("pair_stdp", w_max=4 * nS, frozen=True)
    cell = df.Population("cell", 1, "g : siemens\nv : 1", threshold="v > 1", reset="v = 0")
    spikes = df.SpikeInput("train", 1, np.zeros(len(TIMES), int), TIMES * ms)
    plain = df.Projection(
        "train", "cell", "g += w", weight=2 * nS, pairs="one_to_one", plasticity=learning
    )
    net = df.Network((cell,), (spikes,), (with_short_term(plain, RULES["depressing"]),))
    done = df.run(net, 150 * ms, target="runtime", seed=0, record={"cell": ["g"]}, progress=False)
    total = done.traces["cell"].values["g"][0][-1]
    assert total / 2e-9 == pytest.approx(expected(RULES["depressing"]).sum(), rel=1e-9)


def test_only_a_response_can_be_scaled() -> None:
    other = df.Projection("a", "b", "g += w; h += w", weight=1 * nS, pairs="all_to_all")
    with pytest.raises(NetworkError, match="one statement"):
        with_short_term(other, RULES["depressing"])


def test_a_release_probability_is_at_most_one() -> None:
    with pytest.raises(NetworkError, match="at most 1"):
        ShortTerm(1.5, 100 * ms, 10 * ms)
    with pytest.raises(df.DualframeError, match="tau_recovery"):
        ShortTerm(0.5, 100 * mV, 10 * ms)
