"""Windows of plasticity rules against their formulas, on every target, many pairs in one network.

The reference is written as sums over spikes, not as traces. Spikes of one step count as pre before
post. Neurons that are told to fire do so one step after they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, mV, nS, pA
from numpy.typing import NDArray

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.catalogue import plasticity_rule
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.core.errors import NetworkError
from dualframe.network import Network, Plasticity
from dualframe.plasticity import freeze_learning, with_weights

Array = NDArray[np.float64]
Trains = Sequence[tuple[Array, Array]]  # steps of pre and post spikes, by pair

DT = 0.1 * ms
STEP = 1e-4
W = 1e-9
# some hundred updates, each rounded at the size of the weight
ROUNDING = 200 * np.finfo(float).eps

LEARNERS: dict[str, Plasticity] = {
    "pair": plasticity_rule("pair_stdp", w_max=2 * nS),
    "pair_nearest": plasticity_rule("pair_stdp", w_max=2 * nS, options={"pairing": "nearest"}),
    "pair_soft": plasticity_rule("pair_stdp", w_max=2 * nS, options={"bounds": "multiplicative"}),
    "inhibitory": plasticity_rule("inhibitory_stdp", w_max=2 * nS, A=0.01),
    **{
        entry.name: plasticity_rule("triplet_stdp", w_max=2 * nS, set=entry.name)
        for entry in catalogue.rule_parameter_sets("triplet_stdp").sets
    },
}


def network(trains: Trains, learners: dict[str, Plasticity], **given: Any) -> Network:
    """One neuron for each pair of trains, which fires when it is told, and learns by every rule."""
    n = len(trains)
    cells = df.Population("cells", n, "v : 1\ng : siemens", threshold="v > 0.5", reset="v = 0")
    pre, post = (_input(name, trains, k) for k, name in enumerate(("pre", "told")))
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    learn = (
        df.Projection(
            "pre",
            "cells",
            "g += w",
            name=name,
            weight=W / 1e-9 * nS,
            pairs="one_to_one",
            plasticity=rule,
            **given,
        )
        for name, rule in learners.items()
    )
    return Network((cells,), (pre, post), (told, *learn))


def _input(name: str, trains: Trains, which: int) -> df.SpikeInput:
    steps = [pair[which] - which for pair in trains]  # told one step before
    index = np.concatenate([np.full(len(own), k) for k, own in enumerate(steps)])
    times = np.concatenate(steps)
    order = np.lexsort((index, times))
    return df.SpikeInput(name, len(trains), index[order].astype(int), times[order] * DT)


def weights(run: Callable[..., df.Results], net: Network, duration: Any) -> dict[str, Array]:
    record = {p.name: ["w"] for p in net.projections if p.plasticity}
    done = run(net, duration, seed=1, dt=DT, record=record, strict=True)
    assert set(done.weight_units.values()) == {"siemens"}
    return {name: table["weight"].to_numpy() for name, table in done.weights.items()}


def random_trains(n: int = 12, last: int = 4000) -> Trains:
    """Ten spikes a second or more on both sides, some of them in the same step."""
    rng = np.random.default_rng(3)
    made = []
    for _ in range(n):
        pre = np.unique(rng.integers(20, last, 8))
        post = np.unique(np.append(rng.integers(20, last, 7), pre[2]))
        made.append((pre, post))
    return made


def decayed(times: Array, now: int, tau: Any, nearest: bool) -> float:
    """Sum over earlier spikes (steps), or the last of them, of their exponential."""
    times = times[-1:] if nearest else times
    return float(np.exp(-(now - times) * STEP / float(tau)).sum())


def expected(
    rule: Plasticity, pre: Array, post: Array, factors: tuple[float, float] = (1.0, 1.0)
) -> float:
    """Weight after two trains, in siemens, by explicit sums; bounds are hard or soft.

    ``factors`` are those of potentiation and depression.
    """
    changes = _CHANGES[rule.rule]
    events = sorted([(t, 0) for t in pre] + [(t, 1) for t in post])
    w, w_max = W, float(rule.w_max)
    scale = w_max if rule.relative_to == "w_max" else W
    soft = rule.options.get("bounds") == "multiplicative"
    for now, is_post in events:
        amount = changes(rule, is_post, now, pre, post)
        amount *= factors[0] if amount > 0 else factors[1]
        room = 1.0 if not soft else (w_max - w if amount > 0 else w) / w_max
        w = min(max(w + scale * room * amount, 0.0), w_max)
    return w


def _pair(rule: Plasticity, is_post: int, now: int, pre: Array, post: Array) -> float:
    n, nearest = rule.numbers, rule.options["pairing"] == "nearest"
    if is_post:
        return n["A_plus"] * decayed(pre[pre <= now], now, n["tau_plus"], nearest)
    return -n["A_minus"] * decayed(post[post < now], now, n["tau_minus"], nearest)


def _triplet(rule: Plasticity, is_post: int, now: int, pre: Array, post: Array) -> float:
    n, nearest = rule.numbers, rule.options["pairing"] == "nearest"
    slow = 0.0
    if is_post:
        slow = n["A3_plus"] * decayed(post[post < now], now, n["tau_y"], nearest)
        return (n["A2_plus"] + slow) * decayed(pre[pre <= now], now, n["tau_plus"], nearest)
    if "tau_x" in n:
        slow = n["A3_minus"] * decayed(pre[pre < now], now, n["tau_x"], nearest)
    return -(n["A2_minus"] + slow) * decayed(post[post < now], now, n["tau_minus"], nearest)


def _inhibitory(rule: Plasticity, is_post: int, now: int, pre: Array, post: Array) -> float:
    n = rule.numbers
    if is_post:
        return n["A"] * decayed(pre[pre <= now], now, n["tau"], False)
    target = 2 * float(n["target_rate"] * n["tau"])
    return n["A"] * (decayed(post[post < now], now, n["tau"], False) - target)


_CHANGES = {"pair_stdp": _pair, "triplet_stdp": _triplet, "inhibitory_stdp": _inhibitory}


# ---------------------------------------------------------------- the formulas


def test_every_rule_follows_its_formula(run_on_target: Callable[..., df.Results]) -> None:
    trains = random_trains()
    found = weights(run_on_target, network(trains, LEARNERS), 410 * ms)
    for name, rule in LEARNERS.items():
        by_formula = np.array([expected(rule, *pair) for pair in trains])
        assert np.ptp(by_formula) > 0.003 * W, name  # the trains tell the rules' numbers
        np.testing.assert_allclose(found[name], by_formula, rtol=0, atol=ROUNDING * W, err_msg=name)


def test_negative_factors_turn_the_sides_of_the_window_around(
    run_on_target: Callable[..., df.Results],
) -> None:
    """Depression becomes potentiation and the other way round, towards the bound that is there."""
    trains = random_trains()
    rules = {name: LEARNERS[name] for name in ("pair", "pair_soft", "hippocampus_all_full")}
    rules["pair_strong"] = replace(rules["pair"], learning_rate=300.0)
    net = network(trains, rules)
    cells = replace(
        net.populations[0],
        equations=f"{net.populations[0].equations}\nltp_factor = up : 1\nltd_factor = down : 1",
        parameters={"up": -0.5, "down": -1.5},
    )
    found = weights(run_on_target, replace(net, populations=(cells,)), 410 * ms)
    for name, rule in rules.items():
        scaled = replace(
            rule,
            numbers={
                k: rule.learning_rate * v if k.startswith("A") else v
                for k, v in rule.numbers.items()
            },
        )
        exact = [expected(scaled, *pair, factors=(-0.5, -1.5)) for pair in trains]
        np.testing.assert_allclose(found[name], exact, rtol=0, atol=1e-12 * W, err_msg=name)
    assert 0 <= found["pair_strong"].min() < found["pair_strong"].max() == 2e-9  # at its bounds


@pytest.mark.cpp
def test_targets_agree_to_the_last_digit() -> None:
    """NumPy's exp and the C library's differ in their last bit for one argument in twenty.

    GeNN is compared with the formula above: its program has other brackets, and the last bit too.
    """
    net = network(random_trains(), LEARNERS)
    one, other = (
        weights(lambda *a, t=target, **k: df.run(*a, target=t, progress=False, **k), net, 410 * ms)
        for target in ("runtime", "cpp_standalone")
    )
    for name in LEARNERS:
        np.testing.assert_allclose(one[name], other[name], rtol=4 * np.finfo(float).eps)


def pairs_at(differences: Array, first: int = 1000) -> Trains:
    return [(np.array([first]), np.array([first + int(d)])) for d in differences]


def test_the_pair_window() -> None:
    """One pair for each time difference: the exponentials of the rule's docstring."""
    steps = np.concatenate([np.arange(-600, 0, 50), np.arange(0, 601, 50)])
    found = weights(_runtime, network(pairs_at(steps), {"pair": LEARNERS["pair"]}), 200 * ms)
    change = (found["pair"] - W) / 2e-9
    t = steps * STEP
    window = np.where(t >= 0, 0.01 * np.exp(-t / 0.02), -0.0105 * np.exp(t / 0.02))
    np.testing.assert_allclose(change, window, rtol=0, atol=1e-15)


def test_a_presynaptic_spike_counts_on_arrival() -> None:
    steps = np.array([-200, -15, 0, 15, 200])
    early, late = (
        weights(_runtime, network(pairs_at(s), {"pair": LEARNERS["pair"]}, delay=d), 200 * ms)
        for s, d in ((steps, 0 * ms), (steps + 15, 1.5 * ms))
    )
    np.testing.assert_allclose(late["pair"], early["pair"], rtol=0, atol=1e-15 * W)


def test_inhibition_is_strengthened_in_both_orders_and_weakened_alone() -> None:
    far = 2000  # ten time constants
    trains = pairs_at(np.array([-50, 50, far]))
    found = weights(_runtime, network(trains, {"i": LEARNERS["inhibitory"]}), 400 * ms)["i"] - W
    assert found[0] == pytest.approx(found[1])
    assert found[0] > 0 > found[2]


def _runtime(*arguments: Any, **options: Any) -> df.Results:
    return df.run(*arguments, target="runtime", progress=False, **options)


# ---------------------------------------------------------------- frozen, and weights of a run


@pytest.mark.cpp
def test_freezing_and_other_numbers_compile_nothing() -> None:
    net = network(random_trains(3), {"pair": LEARNERS["pair"]})

    def run(net: Network) -> tuple[Array, str]:
        done = df.run(
            net,
            410 * ms,
            target="cpp_standalone",
            seed=1,
            dt=DT,
            progress=False,
            record={"pair": ["w"]},
        )
        return done.weights["pair"]["weight"].to_numpy(), done.provenance["build_cache"]

    learned, _ = run(net)
    assert np.all(learned != W)
    still, cache = run(freeze_learning(net))
    assert cache == "hit"
    np.testing.assert_array_equal(still, W)
    again, _ = run(freeze_learning(freeze_learning(net), False))
    np.testing.assert_array_equal(again, learned)
    other = plasticity_rule("pair_stdp", w_max=3 * nS, tau_plus=15 * ms, learning_rate=0.5)
    changed, cache = run(network(random_trains(3), {"pair": other}))
    assert cache == "hit"
    assert np.all(changed != learned)


def test_a_network_goes_on_from_the_weights_of_a_run() -> None:
    trains = random_trains(3)
    net = network(trains, {"pair": LEARNERS["pair"]})
    record = {"pair": ["w"]}
    done = _runtime(net, 410 * ms, seed=1, dt=DT, record=record)
    kept = freeze_learning(with_weights(net, done.weights))
    again = _runtime(kept, 410 * ms, seed=2, dt=DT, record=record)
    assert again.weights["pair"].equals(done.weights["pair"])
    assert done.weights["pair"]["weight"].nunique() == 3


def test_delays_that_are_stated_by_pair_stay_with_the_pairs() -> None:
    """Results list synapses by delay; each keeps its own, whatever the order of the table."""
    trains = random_trains(3)
    net = network(trains, {"pair": LEARNERS["pair"]})
    told, learn = net.projections
    pairs = (np.array([0, 1, 2]), np.array([0, 1, 2]))
    learn = learn.with_pairs(pairs, delay=np.array([5.0, 1.0, 3.0]) * ms)
    net = replace(net, projections=(told, learn))
    record = {"pair": ["w"]}
    done = _runtime(net, 410 * ms, seed=1, dt=DT, record=record)
    for table in (done.weights["pair"], done.weights["pair"].iloc[::-1]):
        _, kept = with_weights(net, {"pair": table}).projections
        order = table["pre"].to_numpy()
        np.testing.assert_array_equal(kept.delay / ms, np.array([5.0, 1.0, 3.0])[order])
    other = pd.DataFrame({"pre": [0], "post": [2], "weight": [0.0]})
    with pytest.raises(NetworkError, match="no pair 0 -> 2"):
        with_weights(net, {"pair": other})
    twice = learn.with_pairs(([0, 0], [0, 0]), delay=[1, 2] * ms)
    with pytest.raises(NetworkError, match="several synapses of different delays"):
        with_weights(replace(net, projections=(twice,)), {"pair": other})
    drawn = learn.with_pairs("one_to_one", delay=df.Normal(3 * ms, 1 * ms))
    with pytest.raises(NetworkError, match="give one delay, or pairs"):
        with_weights(replace(net, projections=(drawn,)), {"pair": other})


# ---------------------------------------------------------------- modulated windows

DIFFERENCES = np.array([-300, -100, 100, 300])


def learning_cells(
    cell: str,
    model: str,
    change: Callable[[Circuit], Circuit],
    rule: Plasticity | None = None,
) -> Network:
    """A population of a circuit, as a branch builds it, with pairs of spikes forced upon it."""
    n = len(DIFFERENCES)
    contact = CircuitProjection(
        "pre",
        "post",
        "AMPA",
        catalogue.cell(cell).compartments.names[-1],
        probability=1.0,
        psp=1 * mV,
        plasticity=rule or plasticity_rule("pair_stdp", w_max=2),
        name="learn",
    )
    populations = (CircuitPopulation("pre", cell, n), CircuitPopulation("post", cell, n))
    circuit = change(Circuit("pairs", populations, (contact,)))
    unit = nS if model == "biological" else pA
    calibration = Calibration("pairs", model, {"learn": 1 * unit})
    if model == "biological":
        built = df.biological.build(circuit, calibration=calibration)
    else:
        built = df.task_driven.build(circuit, cells="published", calibration=calibration)
    soma = "V_soma" if model == "biological" else "V"
    trains = pairs_at(DIFFERENCES, 320)
    learn = replace(
        built.projections[0],
        source="arriving",
        probability=None,
        pairs="one_to_one",
        on_pre=f"{soma} += 0*mV*(w > w_max)",
    )
    told = df.Projection("told", "post", f"{soma} += 100*mV", pairs="one_to_one")
    inputs = (_input("arriving", trains, 0), _input("told", trains, 1))
    return Network((built.population("post"),), inputs, (told, learn), meta=built.meta)


def changes(net: Network) -> Array:
    """Change of the weight for each time difference, relative to the weight before."""
    done = _runtime(net, 65 * ms, seed=1, dt=DT, record={"learn": ["w"]})
    assert len(done.spikes) == len(DIFFERENCES)
    w = done.weights["learn"]["weight"].to_numpy()
    return w / float(net.projections[1].weight) - 1


def test_a_receptor_may_turn_depression_into_potentiation() -> None:
    """Asked for by the user, where the catalogue's entry says something else."""

    def turned(circuit: Circuit) -> Circuit:
        with_effect = circuit.with_effect("M1", "ca1_pyr", "plasticity", ltd=-1)
        return with_effect.with_drug("agonist", "M1", cells="ca1_pyr")

    plain = changes(learning_cells("ca1_pyr", "glif_current", lambda circuit: circuit))
    found = changes(learning_cells("ca1_pyr", "glif_current", turned))
    before = DIFFERENCES < 0
    assert np.all(plain[before] < 0)
    np.testing.assert_allclose(found[before], -plain[before], rtol=1e-9)


@pytest.mark.parametrize(
    ("receptor", "cell", "model"),
    [
        ("D1", "ca1_pyr", "glif_current"),
        ("M1", "ca1_pyr", "glif_current"),
        ("M1", "ctx_l23_pyr", "glif_current"),
        ("alpha1", "ctx_l23_pyr", "glif_current"),
        ("beta", "ctx_l23_pyr", "glif_current"),
        ("beta", "ctx_l23_pyr", "biological"),
    ],
)
def test_a_receptor_scales_the_sides_of_the_window_as_declared(
    receptor: str, cell: str, model: str
) -> None:
    factors = _factors(receptor, cell)
    assert factors

    def only(circuit: Circuit) -> Circuit:
        return circuit.with_drug("agonist", receptor, cells=cell)

    plain = changes(learning_cells(cell, model, lambda circuit: circuit))
    scaled = changes(learning_cells(cell, model, only)) / plain
    rate = factors.get("rate", 1.0)
    np.testing.assert_allclose(scaled[DIFFERENCES > 0], rate * factors.get("ltp", 1.0), rtol=1e-9)
    np.testing.assert_allclose(
        scaled[DIFFERENCES < 0], rate * factors.get("ltd", 1.0), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    ("receptor", "cell"), [("D1", "ca1_pyr"), ("M1", "ca1_pyr"), ("beta", "ctx_l23_pyr")]
)
@pytest.mark.parametrize("form", ["event", "clock"])
def test_a_receptor_scales_what_pairs_leave_for_dopamine(
    receptor: str, cell: str, form: str
) -> None:
    """The same factors act on the eligibility of R-STDP, under a constant third factor."""
    rule = plasticity_rule(
        "r_stdp",
        w_max=2,
        scale=1,
        tau_eligibility=20 * ms,
        signals={"level_DA": "1"},
        options={"update": form},
    )

    def only(circuit: Circuit) -> Circuit:
        return circuit.with_drug("agonist", receptor, cells=cell)

    factors = _factors(receptor, cell)
    plain = changes(learning_cells(cell, "glif_current", lambda circuit: circuit, rule))
    scaled = changes(learning_cells(cell, "glif_current", only, rule))
    for side, kind in ((DIFFERENCES > 0, "ltp"), (DIFFERENCES < 0, "ltd")):
        assert np.all(plain[side] != 0)
        # weights are rounded at their own size, changes are a thousandth of it
        np.testing.assert_allclose(
            scaled[side], factors.get(kind, 1.0) * plain[side], rtol=1e-9, atol=1e-13
        )


def _factors(receptor: str, cell: str) -> dict[str, float]:
    """What the catalogue declares for a receptor at saturation."""
    found: dict[str, float] = {}
    for effect in catalogue.receptor(receptor).effects_on(cell):
        if effect.compiled and effect.kind == "plasticity":
            for name, number in effect.numbers.items():
                found[name] = found.get(name, 1.0) * float(number.value)
    return found


@pytest.mark.parametrize("model", ["biological", "glif_current"])
def test_a_knockout_gives_the_unmodulated_window_back(model: str) -> None:
    cell = "ctx_l23_pyr"
    plain = learning_cells(cell, model, lambda circuit: circuit)

    def blocked(circuit: Circuit) -> Circuit:
        circuit = circuit.with_modulation("NA", level=1.0)
        for receptor in ("alpha1", "beta"):  # those that this cell has
            circuit = circuit.with_drug("knockout", receptor)
        return circuit

    without = learning_cells(cell, model, blocked)
    assert without.populations == plain.populations
    assert without.projections == plain.projections
    assert "ltp_factor" not in plain.population("post").variables

    modulated = learning_cells(cell, model, lambda c: c.with_modulation("NA", level=1.0))
    assert "ltp_factor" in modulated.population("post").variables
    assert np.all(changes(modulated) != changes(plain))
