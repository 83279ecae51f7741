"""Independent copies of a network side by side, and what of a run is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nA, second, um

import dualframe as df
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.network import Recording, replicate
from dualframe.network.distributions import GaussianKernel, Normal, Uniform
from dualframe.targets.lowering.lower_network import lower_network

N, COPIES = 6, 3
DT = 0.1 * ms
Pairs = tuple[np.ndarray, np.ndarray]


def cells(name: str = "cells", n: int = N, **changes: Any) -> df.Population:
    """Leaky neurons that differ in their time constants and in where they start."""
    return df.Population(
        name,
        n,
        "dV/dt = (EL - V + R*I_ext + seen)/tau : volt\nI_ext : amp\nseen : volt",
        threshold="V > theta",
        reset="V = EL",
        parameters={
            "EL": -70 * mV,
            "theta": -50 * mV,
            "R": 1 * mV / nA,
            "tau": np.linspace(10, 20, n) * ms,
        },
        initial={"V": np.linspace(-70, -55, n) * mV},
        **changes,
    )


def everything() -> df.Network:
    """All kinds of input, per-pair weights and delays, a summed signal; nothing is random."""
    drive = df.SpikeInput("drive", 2, np.arange(12) % 2, (2 + 3 * np.arange(12)) * ms)
    current = df.CurrentInput("cells", np.linspace(0, 15, N) * nA, start=10 * ms)
    projections = (
        df.Projection("drive", "cells", "V += w", weight=9 * mV, pairs="all_to_all"),
        df.Projection(
            "cells",
            "others",
            "V += w",
            name="among",
            pairs=([0, 1, 2, 5], [3, 0, 1, 1]),
            weight=[12, 14, 16, 18] * mV,
            delay=[1, 1.5, 2, 0.5] * ms,
        ),
        df.Projection("cells", "others", "V += w", name="same", weight=3 * mV, pairs="one_to_one"),
        df.Projection(
            "cells",
            "others",
            equations="seen_post = 0.1*V_pre : volt (summed)",
            name="sight",
            pairs=([0, 3], [0, 1]),
        ),
    )
    return df.Network((cells(), cells("others")), (drive, current), projections, meta={"a": 1})


# --- every copy is the network alone --------------------------------------------------------------


def test_each_copy_equals_the_network_alone() -> None:
    record = {name: Recording(("V",)) for name in ("cells", "others")}
    how: dict[str, Any] = {"seed": 1, "target": "runtime", "record": record}
    alone = df.run(everything(), 60 * ms, **how)
    together = df.run(replicate(everything(), COPIES), 60 * ms, **how)
    assert len(alone.spike_trains("cells")[0]) > 10
    assert len(alone.spike_trains("others")[0]) > 3
    for name in record:
        neuron, t = together.spike_trains(name)
        for copy in range(COPIES):
            own = neuron // N == copy
            np.testing.assert_array_equal(neuron[own] - copy * N, alone.spike_trains(name)[0])
            np.testing.assert_array_equal(t[own], alone.spike_trains(name)[1])
            np.testing.assert_array_equal(
                together.traces[name].values["V"][copy * N : (copy + 1) * N],
                alone.traces[name].values["V"],
            )


def test_one_copy_is_the_network() -> None:
    network = everything()
    one = replicate(network, 1)
    assert one.meta["replicas"] == 1
    assert replace(one, meta=network.meta) == network


def test_copies_of_copies_are_copies() -> None:
    """Two copies of three are six, for rules too."""
    ruled = replace(
        everything(),
        projections=(df.Projection("cells", "others", "V += w", weight=1 * mV, probability=0.5),),
    )
    for network in (everything(), ruled):
        assert replicate(replicate(network, 3), 2) == replicate(network, 6)


def test_meta_counts_the_copies_and_a_replicated_network_survives_json() -> None:
    network = replicate(everything(), COPIES)
    assert network.meta == {"a": 1, "replicas": COPIES}
    assert df.Network.from_dict(network.to_dict()) == network


# --- rules connect every block with itself --------------------------------------------------------

PLACES = np.stack([np.linspace(0, 500, 20)] + [np.zeros(20)] * 2, axis=1) * um
RULES: dict[str, dict[str, Any]] = {
    "probability": {"probability": 0.3},
    "in_degree": {"in_degree": 5},
    "out_degree": {"out_degree": 5},
    "number": {"number": 90},
    "kernel": {"kernel": GaussianKernel(0.9, 100 * um)},
    "all_to_all": {"pairs": "all_to_all"},
}


def ruled(target: int = 20, **rule: Any) -> df.Network:
    positions = PLACES if "kernel" in rule else None
    populations = (cells(n=20, positions=positions), cells("others", target, positions=positions))
    other = "cells" if rule.pop("recurrent", False) else "others"
    own = df.Projection("cells", other, "V += w", weight=1 * mV, name="own", **rule)
    return df.Network(populations, (), (own,))


def drawn(network: df.Network, seed: int = 7) -> Pairs:
    (synapses,) = lower_network(network, dt=DT, duration=1 * ms, seed=seed).synapses
    return synapses.i, synapses.j


def blocks(network: df.Network, copies: int, source: int, target: int) -> list[set[Any]]:
    """Pairs of every copy, in indices of one; sets, which for multapses keeps one of each."""
    i, j = drawn(replicate(network, copies))
    np.testing.assert_array_equal(i // source, j // target)
    return [
        set(zip(i[i // source == k] % source, j[i // source == k] % target, strict=True))
        for k in range(copies)
    ]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("recurrent", [False, True])
def test_a_rule_draws_every_copy_by_itself(rule: str, recurrent: bool) -> None:
    network = ruled(recurrent=recurrent, **RULES[rule])
    found = blocks(network, 4, 20, 20)
    assert found[0] == set(zip(*drawn(network), strict=True))  # the first copy is the one alone
    different = len(set(map(frozenset, found)))
    assert different == (1 if rule == "all_to_all" else 4)
    if recurrent and rule != "all_to_all":
        assert not any((k, k) in own for own in found for k in range(20))


def test_degrees_hold_in_every_copy_and_no_pair_is_drawn_twice() -> None:
    for rule, end in (("in_degree", 1), ("out_degree", 0)):
        for recurrent in (False, True):
            ends = drawn(replicate(ruled(recurrent=recurrent, **{rule: 5}), COPIES))
            assert len(set(zip(*ends, strict=True))) == 5 * 20 * COPIES
            np.testing.assert_array_equal(np.bincount(ends[end], minlength=20 * COPIES), 5)


def test_out_degree_targets_are_uniform() -> None:
    """Every target is as likely as any other.

    Of 20 targets each of 20*200 neurons chooses 5: a target gets 1000 on average with a standard
    deviation of sqrt(4000*0.25*0.75) = 27; five of them bound the largest of 20 (p = 1e-5).
    """
    _, j = drawn(replicate(ruled(out_degree=5), 200))
    assert np.abs(np.bincount(j % 20) - 1000).max() < 5 * 27.4


def test_a_full_out_degree_is_everybody() -> None:
    assert (
        blocks(ruled(out_degree=20), 2, 20, 20)
        == [{(i, j) for i in range(20) for j in range(20)}] * 2
    )


def test_populations_of_different_sizes() -> None:
    found = blocks(ruled(target=4, probability=0.5), 3, 20, 4)
    assert {j for own in found for _, j in own} == {0, 1, 2, 3}


def test_a_kernel_sees_the_distances_within_a_copy() -> None:
    """The mean distance of connected cells is that of the kernel, in every copy."""
    network = ruled(kernel=GaussianKernel(0.9, 60 * um))
    x = np.asarray(PLACES)[:, 0]
    distance = np.abs(x[:, None] - x[None, :])
    p = GaussianKernel(0.9, 60 * um).probability(distance)
    expected, spread = (p * distance).sum() / p.sum(), distance[p > 0.01].std()
    for own in blocks(network, 6, 20, 20):
        i, j = np.array(sorted(own)).T
        # five standard errors of a mean over the connected pairs
        assert abs(distance[i, j].mean() - expected) < 5 * spread / np.sqrt(len(i))


def test_pairs_that_are_excluded_get_no_synapse_in_any_copy() -> None:
    refused = (np.arange(12), np.arange(1, 13))
    for rule in RULES.values():
        network = ruled(excluded=refused, **rule)
        found = blocks(network, COPIES, 20, 20)
        without = set(zip(*map(list, refused), strict=True))
        full = blocks(ruled(**rule), COPIES, 20, 20)
        assert found == [own - without for own in full]
        assert any(own & without for own in full)  # the rule alone would draw them


def test_what_else_is_drawn_differs_between_copies() -> None:
    """Heterogeneity, weights, delays and Poisson input."""
    poisson = df.PoissonInput("drive", 5, 200 * Hz)
    projection = df.Projection(
        "drive",
        "cells",
        "V += w",
        pairs="all_to_all",
        weight=Normal(5 * mV, 1 * mV),
        delay=Uniform(0 * ms, 5 * ms),
        delay_groups=None,
    )
    network = df.Network((cells(heterogeneity={"tau": 0.2}),), (poisson,), (projection,))
    lowered = lower_network(replicate(network, 2), dt=DT, duration=1 * second, seed=3)
    (group,), (synapses,), (spikes,) = lowered.groups, lowered.synapses, lowered.spikes
    tau = group.constants["tau"].value
    assert len(set(tau)) == 2 * N
    # a factor of its own for each neuron, on the values that copies share
    assert np.all(tau[:N] != tau[N:])
    weight = next(
        v for v in (*synapses.initial.values(), synapses.constants["w"].value) if np.ndim(v)
    )
    assert len(np.unique(weight)) == len(synapses.i) == 2 * 5 * N
    assert np.any(synapses.delay[: 5 * N] != synapses.delay[5 * N :])
    own = [spikes.times[spikes.indices // 5 == copy] for copy in range(2)]
    assert all(700 < len(times) < 1300 for times in own)  # 1000 expected, sd 32
    assert not np.array_equal(*[times[:20] for times in own])


def test_one_more_copy_leaves_the_connectivity_of_the_others() -> None:
    network = ruled(probability=0.4)
    assert blocks(network, 5, 20, 20)[:4] == blocks(network, 4, 20, 20)


# --- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "3", None])
def test_a_number_of_copies_is_a_count(number: Any) -> None:
    with pytest.raises(NetworkError, match=r"number of replicas is .*whole number of at least 1"):
        replicate(everything(), number)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"probability": 0.1, "replicas": 3}, "3 replicas, which do not divide the 20 members"),
        ({"probability": 0.1, "replicas": 0}, "replicas of projection 'own' is 0"),
        ({"out_degree": 21}, "'own' has an out_degree of 21, but 'others' has only 20"),
        ({"in_degree": 11, "replicas": 2}, "'own' has an in_degree of 11.* only 10"),
        ({"out_degree": 0}, "out_degree of projection 'own' is 0: expected a whole number"),
        ({"out_degree": 3, "in_degree": 3}, "gives in_degree and out_degree: expected exactly one"),
        ({"out_degree": 3, "excluded": ([0], [20])}, "excluded of .* reach index 20"),
        ({"out_degree": 3, "excluded": ([-1], [2])}, "excluded of .* reach from -1"),
        ({"out_degree": 3, "excluded": ([0, 1], [2])}, "excluded of .*: expected two equal"),
        (
            {"out_degree": 3, "excluded": ([0.5], [2])},
            "excluded of .* of whole numbers",
        ),
        ({"pairs": ([0], [1]), "excluded": ([0], [1])}, "leave the excluded ones out"),
    ],
)
def test_rules_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        ruled(**given)


# --- what of a run is kept ------------------------------------------------------------------------


class TestSpikesThatAreKept:
    def test_all_by_default_some_by_name_none_if_asked(self) -> None:
        network = everything()
        how: dict[str, Any] = {"seed": 1, "target": "runtime"}
        full = df.run(network, 40 * ms, **how)
        some = df.run(network, 40 * ms, spikes=["others"], **how)
        none = df.run(network, 40 * ms, spikes=[], **how)
        one = df.run(network, 40 * ms, spikes="others", **how)
        assert set(full.spikes["population"]) == {"cells", "others"}
        assert set(some.spikes["population"]) == {"others"}
        assert none.spikes.empty
        np.testing.assert_array_equal(
            some.spike_trains("others")[1], full.spike_trains("others")[1]
        )
        assert one.spikes.equals(some.spikes)

    def test_a_wrong_name(self) -> None:
        with pytest.raises(UnknownName, match=r"whose spikes are kept 'other'.*mean 'others'"):
            df.run(everything(), 5 * ms, target="runtime", spikes=["other"])

    def test_rates_of_spikes_that_were_not_kept_are_not_zero(self) -> None:
        """A population whose spikes are not kept has no known rate: zero would be wrong."""
        kept = df.run(everything(), 40 * ms, seed=1, target="runtime", spikes=["others"])
        rates = kept.rates().set_index("population")["mean_rate_Hz"]
        assert rates["others"] > 0
        assert np.isnan(rates["cells"])


class TestFollowedWeights:
    @staticmethod
    def network(**changes: Any) -> df.Network:
        rule = df.plasticity_rule("pair_stdp", w_max=4 * mV)
        drive = df.SpikeInput("drive", 2, np.arange(40) % 2, (2 + 2 * np.arange(40)) * ms)
        given: dict[str, Any] = {"pairs": "all_to_all", "weight": 2 * mV, "plasticity": rule}
        push = df.Projection("drive", "cells", "V += 9*mV", name="push", pairs="all_to_all")
        learn = df.Projection("drive", "cells", "V += w", name="learn", **{**given, **changes})
        return df.Network((cells(),), (drive,), (push, learn))

    def test_as_often_as_asked_and_the_last_is_the_final_weight(self) -> None:
        record = {"learn": Recording("w", neurons=[0, 7], every=5 * ms)}
        found = df.run(self.network(), 90 * ms, target="runtime", seed=1, record=record)
        trace = found.traces["learn"]
        np.testing.assert_allclose(np.diff(trace.t), 5e-3)
        assert trace.values["w"].shape == (2, 18)
        assert trace.units["w"] == "volt"
        assert np.ptp(trace.values["w"], axis=1).min() > 0
        # no spike after 80 ms, and pair STDP has no change between spikes
        final = found.weights["learn"]["weight"].to_numpy()
        np.testing.assert_array_equal(trace.values["w"][:, -1], final[[0, 7]])
        assert len(final) == 12

    @pytest.mark.parametrize(
        ("changes", "how", "message"),
        [
            ({"plasticity": None}, {"every": 1 * ms}, "needs a plasticity rule and one delay"),
            ({"delay": Uniform(0 * ms, 2 * ms)}, {"every": 1 * ms}, "rule and one delay"),
            ({}, {"neurons": [0]}, "chooses synapses: say how often"),
            ({}, {"every": 1 * ms, "neurons": [12]}, "synapse 12"),
            ({}, {"every": 1 * ms, "neurons": [-1]}, "neurons of a recording reach from -1"),
        ],
    )
    def test_what_cannot_be_followed(
        self, changes: dict[str, Any], how: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(NetworkError, match=message):
            df.run(
                self.network(**changes),
                5 * ms,
                target="runtime",
                record={"learn": Recording("w", **how)},
            )

    def test_other_variables(self) -> None:
        with pytest.raises(UnknownName, match="variable of projection 'learn' 'x'"):
            df.run(self.network(), 5 * ms, target="runtime", record={"learn": ["x"]})


class TestSummedSignals:
    def test_a_signal_is_one_step_old(self) -> None:
        clock = df.Population("clock", 1, "dx/dt = 1/dt : 1")
        seer = df.Population("seer", 2, "seen : 1\ndtaken/dt = (seen - taken)/dt : 1")
        sight = df.Projection(
            "clock", "seer", equations="seen_post = 3*x_pre : 1 (summed)", pairs="all_to_all"
        )
        found = df.run(
            df.Network((clock, seer), (), (sight,)),
            5 * ms,
            target="runtime",
            dt=1 * ms,
            record={"clock": ["x"], "seer": ["seen", "taken"]},
        )
        x = found.traces["clock"].values["x"][0]
        np.testing.assert_array_equal(x, range(5))
        for seen in found.traces["seer"].values.values():
            np.testing.assert_array_equal(seen[:, 1:], [3 * x[:-1]] * 2)

    def test_two_projections_cannot_set_one_variable(self) -> None:
        clock = df.Population("clock", 1, "dx/dt = 1/dt : 1")
        seer = df.Population("seer", 2, "seen : 1")
        sights = [
            df.Projection(
                "clock",
                "seer",
                equations="seen_post = x_pre : 1 (summed)",
                name=name,
                pairs="all_to_all",
            )
            for name in ("one", "two")
        ]
        with pytest.raises(NetworkError, match="'one' and 'two' both set 'seen' of 'seer'"):
            df.Network((clock, seer), (), tuple(sights))
