"""Readouts against sums and recursions over the spikes that they were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second
from scipy.stats import binom, chisquare

import dualframe as df
from dualframe.building.encoders import grid_points, latency_code, place_cells
from dualframe.building.network_block import NetworkBlock
from dualframe.building.readouts import (
    decision_credit,
    population_vector,
    preferred_directions,
    softmax_policy,
    winner_take_all,
)
from dualframe.core.errors import NetworkError, QuantityError
from dualframe.network import Network, Population, Recording, SpikeInput, replicate

DT = 1 * ms
STEPS = 400


def spikes(n: int, rate: float = 0.1, steps: int = STEPS, seed: int = 5) -> np.ndarray:
    """Random spikes: step and neuron, true or false."""
    return np.random.default_rng(seed).random((steps, n)) < rate


def raster(done: df.Results, population: str, steps: int) -> np.ndarray:
    """Spikes of a run: step and neuron, true or false."""
    neuron, t = done.spike_trains(population)
    made = np.zeros((steps, done.population_size(population)), dtype=bool)
    made[np.rint(t / 1e-3).astype(int), neuron] = True
    return made


def run(
    world: Population, block: NetworkBlock, fired: np.ndarray, record: dict[str, Any]
) -> df.Results:
    """Feed spikes of 'actors' to a readout."""
    step, neuron = np.nonzero(fired)
    actors = SpikeInput("actors", fired.shape[1], neuron, step * DT)
    network = Network((world, *block.populations), (actors,), block.projections)
    kept = {name: Recording(tuple(variables)) for name, variables in record.items()}
    return df.run(
        network, len(fired) * DT, dt=DT, target="runtime", seed=1, progress=False, record=kept
    )


# --- population vector --------------------------------------------------------------------------


def test_forty_cells_point_into_forty_directions() -> None:
    theta = preferred_directions(40)
    assert theta[0] == pytest.approx(2 * np.pi / 40)
    assert theta[-1] == pytest.approx(2 * np.pi)
    assert np.sin(theta).sum() == pytest.approx(0, abs=1e-13)


def test_spikes_push_a_world_along_the_sum_of_their_directions() -> None:
    fired = spikes(40)
    fired[-1] = False  # what is pushed in a step is seen in the next
    world = Population("world", 1, "spikes_x : 1\nspikes_y : 1")
    block = population_vector("actors", 40, gain=0.5)
    trace = run(world, block, fired, {"world": ["spikes_x", "spikes_y"]}).traces["world"].values
    sums = (
        0.5
        * np.stack([np.sin(preferred_directions(40)), np.cos(preferred_directions(40))])
        @ fired.cumsum(axis=0).T
    )
    # sums of some thousand numbers of size one, in another order
    assert trace["spikes_x"][0, 1:] == pytest.approx(sums[0, :-1], abs=1e-12)
    assert trace["spikes_y"][0, 1:] == pytest.approx(sums[1, :-1], abs=1e-12)


def test_a_population_vector_refuses_no_cells_and_a_gain_with_a_unit() -> None:
    with pytest.raises(NetworkError, match="number of action cells"):
        population_vector("actors", 0)
    with pytest.raises(QuantityError, match="gain"):
        population_vector("actors", 40, gain=1 * ms)


# --- counters and the winner --------------------------------------------------------------------

ACTED = Population("world", 1, "action : 1")


def counters(fired: np.ndarray, groups: list[list[int]], tau: float) -> np.ndarray:
    """Counters at the beginning of each step, by the recursion."""
    counts = np.zeros((len(fired) + 1, len(groups)))
    for n, spiking in enumerate(fired):
        added = [spiking[group].mean() for group in groups]
        counts[n + 1] = counts[n] * np.exp(-1 / tau) + added
    return counts[:-1]


UNEQUAL = [[0, 1, 2, 3], [7], [4, 5]]


@pytest.mark.parametrize("groups", [2, 4, 10, UNEQUAL])
def test_the_winner_is_the_largest_counter(groups: Any) -> None:
    n = 20
    cells = groups if isinstance(groups, list) else np.arange(n).reshape(groups, -1).tolist()
    fired = spikes(n, rate=0.2)
    block = winner_take_all("actors", n, groups, tau=30 * ms)
    names = [f"count_{k}" for k in range(len(cells))]
    done = run(ACTED, block, fired, {"readout": ["choice", *names], "world": ["action"]})
    counts = counters(fired, cells, 30)
    found = done.traces["readout"].values
    for k, name in enumerate(names):
        # some hundred decays, each rounded
        assert found[name][0] == pytest.approx(counts[:, k], abs=1e-13)
    # argmax takes the lowest of equal ones; the choice is a step later, and the world's another
    best = counts.argmax(axis=1)
    assert set(best) == set(range(len(cells)))
    assert np.rint(found["choice"][0, 1:]).tolist() == best[:-1].tolist()
    assert np.rint(done.traces["world"].values["action"][0, 3:]).tolist() == best[1:-2].tolist()


def test_equal_counters_give_the_lowest_index() -> None:
    fired = np.zeros((40, 6), dtype=bool)
    fired[10, [2, 4]] = True  # actions 1 and 2
    choice = run(ACTED, winner_take_all("actors", 6, 3), fired, {"readout": ["choice"]})
    found = np.rint(choice.traces["readout"].values["choice"][0])
    assert found.tolist() == [0] * 12 + [1] * 28


@pytest.mark.parametrize(
    ("n", "groups", "says"),
    [
        (20, 3, "as many cells each"),
        (20, 1, "at least two actions"),
        (4, [[0, 1], [1, 2]], "each in one group"),
        (4, [[0, 1], [4]], "from 0 to 3"),
        (4, [[0], []], "lists of whole numbers"),
        (0, 2, "number of action cells"),
    ],
)
def test_readouts_refuse_groups_that_are_none(n: int, groups: Any, says: str) -> None:
    for readout in (winner_take_all, lambda *given: softmax_policy(*given, interval=20 * ms)):
        with pytest.raises(NetworkError, match=says):
            readout("actors", n, groups)


# --- Boltzmann ----------------------------------------------------------------------------------


def draws(
    counts: list[float], beta: float, agents: int = 250, seed: int = 4, every: int = 4
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Let many agents draw 12 actions each at counters that stay: exp(-dt/tau) is one."""
    block = softmax_policy(
        "actors", len(counts), len(counts), beta=beta, interval=every * ms, tau=1e20 * second
    )
    held = {f"count_{k}": count for k, count in enumerate(counts)}
    block = replace(block, populations=(replace(block.populations[0], initial=held),))
    actors = SpikeInput("actors", len(counts), [], [])
    one = Network((ACTED, *block.populations), (actors,), block.projections)
    kinds = ("chosen", "policy")
    names = ["choice", *(f"{kind}_{k}" for kind in kinds for k in range(len(counts)))]
    done = df.run(
        replicate(one, agents),
        (12 * every + 1) * DT,
        dt=DT,
        target="runtime",
        seed=seed,
        record={"readout": Recording(names), "world": Recording("action")},
        progress=False,
    )
    # one step before a tick the draw is made, at the tick the world acts on it
    acted = done.traces["world"].values["action"][:, every + 1 :: every]
    chosen = done.traces["readout"].values["choice"][:, every::every]
    assert (np.rint(acted) == np.rint(chosen[:, : acted.shape[1]])).all()
    return done.traces["readout"].values, np.rint(chosen).astype(int).ravel()


@pytest.mark.parametrize(
    ("counts", "beta"),
    [
        ([0.5, 1.5], 0.7),
        ([1.0, 0.0, 2.0], 1.0),
        ([0.0, 3.0, 1.0, 2.0], 0.0),
        (np.linspace(0, 2, 10).tolist(), 0.8),
    ],
)
def test_actions_are_drawn_with_the_probabilities_of_a_softmax(
    counts: list[float], beta: float
) -> None:
    softmax = np.exp(beta * np.array(counts))
    softmax /= softmax.sum()
    traces, chosen = draws(counts, beta)
    for k, p in enumerate(softmax):
        # a quotient of sums of at most ten exponentials
        assert traces[f"policy_{k}"][:, 4:] == pytest.approx(p, abs=1e-14)
        assert (np.rint(traces[f"chosen_{k}"]) == (np.rint(traces["choice"]) == k))[:, 4:].all()
    # 3000 independent draws at a fixed seed; one seed in a thousand would fail
    observed = np.bincount(chosen, minlength=len(counts))
    assert chisquare(observed, 3000 * softmax).pvalue > 1e-3


def test_agents_draw_apart_and_ticks_draw_anew() -> None:
    traces, _ = draws([0.0, 0.0], 1.0)
    choice = np.rint(traces["choice"][:, 4:])
    assert (choice != choice[0]).any()
    assert (np.diff(choice, axis=1) != 0).any(axis=1).mean() > 0.9


def test_large_counters_do_not_overflow_and_a_large_beta_is_greedy() -> None:
    traces, chosen = draws([1e4, 1e4 + 1, 0.0], 1e3, agents=20)
    assert (chosen == 1).all()
    assert traces["policy_1"][:, -1] == pytest.approx(1)
    # equal counters share: 240 draws, 6 standard deviations of a binomial are 46
    _, shared = draws([2.0, 2.0, 0.0], 1e3, agents=20)
    assert set(shared) == {0, 1}
    assert abs((shared == 0).sum() - 120) < 46


def test_policies_follow_the_counters_at_each_tick() -> None:
    fired = spikes(6, rate=0.3)
    block = softmax_policy("actors", 6, 3, beta=0.5, interval=20 * ms, tau=40 * ms)
    found = run(ACTED, block, fired, {"readout": [f"policy_{k}" for k in range(3)]}).traces
    powers = np.exp(0.5 * counters(fired, [[0, 1], [2, 3], [4, 5]], 40)[19::20])
    expected = powers / powers.sum(axis=1, keepdims=True)
    policy = np.stack([found["readout"].values[f"policy_{k}"][0, 20::20] for k in range(3)], axis=1)
    assert policy == pytest.approx(expected[: len(policy)], abs=1e-13)


def test_action_cells_are_told_what_was_chosen_against_expectation() -> None:
    actors = Population("actors", 8, "credit : 1", threshold="rand() < 0.2")
    block = softmax_policy("actors", 8, UNEQUAL, interval=5 * ms)
    told = decision_credit("actors", 8, UNEQUAL)
    network = Network((ACTED, actors, *block.populations), (), (*block.projections, told))
    names = [f"{kind}_{k}" for kind in ("chosen", "policy") for k in range(3)]
    done = df.run(
        network,
        30 * ms,
        dt=DT,
        target="runtime",
        seed=1,
        progress=False,
        record={"actors": Recording("credit"), "readout": names},
    )
    readout = {name: trace[0] for name, trace in done.traces["readout"].values.items()}
    found = done.traces["actors"].values["credit"]
    for k, cells in enumerate(UNEQUAL):
        expected = readout[f"chosen_{k}"] - readout[f"policy_{k}"]
        for cell in cells:  # in the step after, when it is recorded
            assert found[cell, 1:] == pytest.approx(expected[:-1], abs=1e-15)
    assert (found[6] == 0).all()  # a cell of no action


@pytest.mark.parametrize(
    ("change", "says"), [({"beta": -1}, "beta of 'readout'"), ({"tau": 0 * ms}, "tau of 'readout'")]
)
def test_boltzmann_refuses(change: Mapping[str, Any], says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        softmax_policy("actors", 4, 2, **{"interval": 20 * ms, **change})


# --- encoders and readouts on every target ------------------------------------------------------

CENTRES = grid_points((0, 1), (0, 1), spacing=0.25)
X, Y = 0.36, 0.8


def loop(agents: int) -> Network:
    """Two latency cells whose spikes draw actions, and place cells that push and vote."""
    variables = ("x", "y", "action", "greedy", "spikes_x", "spikes_y")
    equations = "\n".join(f"{name} : 1" for name in variables)
    world = NetworkBlock((Population("world", 1, equations, initial={"x": X, "y": Y}),))
    code = latency_code({"x": (0, 1), "y": (0, 1)}, window=20 * ms)
    places = place_cells(centres=CENTRES, sigma=0.3, rate_max=200 * Hz)
    n = len(CENTRES)
    readouts = softmax_policy("latency", 2, 2, beta=0.9, interval=20 * ms, tau=40 * ms)
    readouts += population_vector("place", n) + winner_take_all(
        "place", n, 5, into="greedy", name="greedy"
    )
    return replicate((world + code + places + readouts).network(), agents)


def test_a_loop_of_blocks_runs_on_every_target(run_on_target: Callable[..., df.Results]) -> None:
    agents, steps, n = 10, 400, len(CENTRES)
    record = {
        "readout": Recording(("policy_0", "choice")),
        "greedy": Recording(("count_0", "choice")),
        "world": Recording(("spikes_x", "spikes_y", "action", "greedy")),
    }
    done = run_on_target(loop(agents), steps * DT, dt=DT, seed=2, record=record)
    latencies, places = (raster(done, name, steps) for name in ("latency", "place"))
    check_latencies(latencies)
    # all agents: binomial counts, which leave these bounds in 1 of 10^4 seeds
    p = 0.2 * np.exp(-((CENTRES - [X, Y]) ** 2).sum(axis=1) / 0.09)
    counts = places.reshape(steps * agents, n).sum(axis=0)
    assert (counts >= binom.ppf(5e-5 / n, agents * steps, p)).all()
    assert (counts <= binom.isf(5e-5 / n, agents * steps, p)).all()
    check_policies(done.traces["readout"].values, latencies)
    check_pushes(done.traces["world"].values, places.reshape(steps, agents, n))


def check_latencies(fired: np.ndarray) -> None:
    """At T (1 - x) after the step in which the tick's state arrives."""
    for cell, x in enumerate((X, Y) * (fired.shape[1] // 2)):
        first = 1 + round(20 * (1 - x))
        assert np.flatnonzero(fired[:, cell]).tolist() == list(range(first, len(fired), 20))


def check_policies(traces: Mapping[str, np.ndarray], fired: np.ndarray) -> None:
    """All agents have the same counters and draw apart."""
    powers = np.exp(0.9 * counters(fired[:, :2], [[0], [1]], 40)[19::20])
    policy = (powers / powers.sum(axis=1, keepdims=True))[:-1, 0]
    agents = len(traces["choice"])
    # some hundred rounded decays; targets differ in the last bits of exp
    found = traces["policy_0"][:, 25::20]
    assert found == pytest.approx(np.tile(policy, (agents, 1)), abs=1e-12)
    drawn = np.rint(traces["choice"][:, 25::20])
    assert 0 < (drawn != drawn[0]).mean() < 1


def check_pushes(traces: Mapping[str, np.ndarray], places: np.ndarray) -> None:
    """What each agent's own cells have fired until the end of the step before."""
    for name, part in (
        ("spikes_x", np.sin(preferred_directions(25))),
        ("spikes_y", np.cos(preferred_directions(25))),
    ):
        sums = np.cumsum(places @ part, axis=0).T
        # sums of some thousand numbers of size one, in another order
        assert traces[name][:, 1:] == pytest.approx(sums[:, :-1], abs=1e-11)
