"""Random numbers of C++ programs: xoshiro256+ in eight lanes, a stream per object, Poisson counts.

Tests of distributions are made at a level of 1e-4 each, with a seed: each passes or fails for good.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest
from scipy import stats

from dualframe.targets.cpp.random_functions import HEADERS

ALPHA = 1e-4
N = 200_000
SEED = 7
# The first numbers of http://xoshiro.di.unimi.it/xoshiro256plus.c from the state 1, 2, 3, 4, as
# the test of the Rust crate rand_xoshiro gives them
REFERENCE = [
    *(5, 211106232532999, 211106635186183, 9223759065350669058, 9250833439874351877),
    *(13862484359527728515, 2346507365006083650, 1168864526675804870, 34095955243042024),
    3466914240207415127,
]
# The first outputs of splitmix64 from 1234567 (https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64)
SPLITMIX = [
    *(6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431),
    16408922859458223821,
]
MASK = 2**64 - 1
LANES = 8
LANE = 3  # the one that is given the reference's state
MEANS = (1e-6, 0.03, 0.22, 2.3, 7.9, 20.0, 127.9, 300.0)
LENGTHS = (1, 7, 8, 127, 128, 300)  # of rows: shorter and longer than what is drawn ahead
MIXED = 12  # more means at once than tables are kept
SOURCE = """
#include <cstdio>
#include "poisson_counts.h"
using namespace dualframe;
template <class T> void save(const char* name, const std::vector<T>& values) {
    std::FILE* file = std::fopen(name, "wb");
    std::fwrite(values.data(), sizeof(T), values.size(), file);
    std::fclose(file);
}
template <class Draw> void save_draws(const char* name, Draw draw) {
    std::vector<double> values(%(n)d);
    for (double& value : values) value = draw();
    save(name, values);
}
int main() {
    const uint64_t words[] = {1, 2, 3, 4};
    RandomStream reference;
    reference.set_state(%(lane)d, words);
    save_draws("reference", [&] { return reference.rand(); });
    RandomStream keyed(%(seed)d);
    save_draws("keyed", [&] { return keyed.rand(); });
    RandomStream *a = streams_of("a", 2), *b = streams_of("b", 1);
    const int seeds[] = {%(seed)d, %(seed)d, %(seed)d + 1};
    const char* names[] = {"a", "again", "other_seed"};
    for (int k = 0; k < 3; k++) {
        seed_streams(seeds[k]);
        save_draws(names[k], [=] { return a->rand(); });
        if (k) continue;
        save_draws("thread", [=] { return a[1].rand(); });
        save_draws("b", [=] { return b->rand(); });
    }
    RandomStream *replicas = streams_of("replicas", 1, 3);
    seed_streams(%(seed)d);
    StreamOfNeuron of_two(replicas, 2);  // neurons 0 and 1, 2 and 3, 4 and 5
    int neuron = 5;
    save_draws("replica", [&] { return of_two.of(neuron ^= 1).rand(); });
    seed_streams(%(seed)d, 2);
    save_draws("replica_alone", [=] { return replicas[0].rand(); });
    save_draws("next_replica", [=] { return replicas[1].rand(); });
    save_draws("normal", [=] { return b->randn(); });
    const double means[] = {%(means)s};
    for (int k = 0; k < %(count)d; k++) {
        PoissonCounts counts;
        save_draws(("poisson" + std::to_string(k)).c_str(),
                   [&] { return counts.draw(means[k], [=] { return b->rand(); }); });
    }
    RandomStream normal(%(seed)d);
    save_draws("keyed_normal", [&] { return normal.randn(); });
    RandomStream one_by_one(%(seed)d), in_rows(%(seed)d);
    PoissonCounts of_one, of_all;
    std::vector<double> singles, rows;
    for (int n : {%(lengths)s}) {
        std::vector<double> row(n);
        for (int k = 0; k < n; k++) singles.push_back(one_by_one.rand());
        in_rows.rand(row.data(), n);
        rows.insert(rows.end(), row.begin(), row.end());
        for (int k = 0; k < n; k++) singles.push_back(one_by_one.randn());
        in_rows.randn(row.data(), n);
        rows.insert(rows.end(), row.begin(), row.end());
        for (double mean : {%(means)s, 0.0, -1.0, std::nan("")}) {
            for (int k = 0; k < n; k++)
                singles.push_back(of_one.draw(mean, [&] { return one_by_one.rand(); }));
            of_all.draw(mean, in_rows, row.data(), n);
            rows.insert(rows.end(), row.begin(), row.end());
        }
    }
    save("singles", singles);
    save("rows", rows);
    seed_streams(%(seed)d);
    NumbersOfNeurons numbers;
    std::vector<double> of_replicas;
    for (int time = 0; time < 2; time++) {
        const double *row = numbers.drawn(
            replicas, 3, 300, [](RandomStream &stream, double *values, int n) {
                stream.rand(values, n); });
        of_replicas.insert(of_replicas.end(), row, row + 300);
    }
    save("of_replicas", of_replicas);
    PoissonCounts shared, own;
    std::vector<double> differing(1, 0.0);
    seed_streams(%(seed)d);
    for (int k = 0; k < %(n)d; k++) {  // by tables that come and go, and by none
        const double mean = 0.5 * (1 + k %% %(mixed)d), u = a->rand();
        const int count = shared.draw(mean, [=] { return u; });
        differing[0] += count != PoissonCounts().draw(mean, [=] { return u; });
    }
    save("differing", differing);
    std::vector<double> none;
    for (double mean : {0.0, -1.0, std::nan("")})
        none.push_back(own.draw(mean, [=] { return a->rand(); }));
    save("none", none);
    std::vector<double> beyond(9);
    own.draw(INFINITY, *a, beyond.data(), 8);
    beyond[8] = own.draw(1e300, [=] { return a->rand(); });
    save("beyond", beyond);
}
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++")
    folder = tmp_path_factory.mktemp("streams")
    numbers = {"n": N, "seed": SEED, "count": len(MEANS), "mixed": MIXED, "lane": LANE}
    lists = {"means": ", ".join(map(str, MEANS)), "lengths": ", ".join(map(str, LENGTHS))}
    text = SOURCE % (numbers | lists)
    (folder / "draw.cpp").write_text(text, encoding="utf-8")
    for name in HEADERS:
        header = files("dualframe.targets.cpp").joinpath(name)
        (folder / name).write_text(header.read_text("utf-8"), encoding="utf-8")
    subprocess.run(
        [compiler, "-std=c++11", "-O2", "-Wall", "-Werror", "draw.cpp", "-o", "draw"],
        cwd=folder,
        check=True,
    )
    subprocess.run([str(folder / "draw")], cwd=folder, check=True)
    return {path.name: np.fromfile(path) for path in folder.iterdir() if not path.suffix}


def splitmix(state: int) -> Iterator[int]:
    """The published splitmix64, in whole numbers of Python."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def xoshiro(s: list[int]) -> Iterator[int]:
    """The published xoshiro256+ from a state of four words."""
    while True:
        yield (s[0] + s[3]) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = ((s[3] << 45) | (s[3] >> 19)) & MASK


def test_a_lane_gives_the_numbers_of_the_published_generator(drawn: dict[str, np.ndarray]) -> None:
    expected = [word >> 12 for word in REFERENCE]
    assert (drawn["reference"][LANE::LANES][: len(expected)] * 2**52).tolist() == expected


def test_lanes_start_where_the_published_splitmix_says(drawn: dict[str, np.ndarray]) -> None:
    sequence, words = splitmix(1234567), xoshiro([1, 2, 3, 4])
    assert [next(sequence) for _ in SPLITMIX] == SPLITMIX
    assert [next(words) for _ in REFERENCE] == REFERENCE
    starts = splitmix(SEED)
    lanes = [xoshiro([next(starts) for _ in range(4)]) for _ in range(LANES)]
    expected = [next(lane) >> 12 for _ in range(100) for lane in lanes]
    assert (drawn["keyed"][: 100 * LANES] * 2**52).tolist() == expected


@pytest.mark.parametrize("lane", range(LANES))
def test_each_lane_is_uniform(drawn: dict[str, np.ndarray], lane: int) -> None:
    values = drawn["a"][lane::LANES]
    assert stats.kstest(values, "uniform").pvalue > ALPHA
    pairs = np.histogram2d(values[:-1:2], values[1::2], 16, [(0, 1), (0, 1)])[0]
    assert stats.chisquare(pairs.ravel()).pvalue > ALPHA


@pytest.mark.parametrize("lane", range(LANES))
def test_lanes_are_independent(drawn: dict[str, np.ndarray], lane: int) -> None:
    """Correlations of a lane with those after it, and with all of another stream, up to lag 20.

    The level is divided by the number of correlations.
    """
    lanes = drawn["a"].reshape(-1, LANES).T - 0.5
    others = [*lanes[lane + 1 :], *(drawn["b"].reshape(-1, LANES).T - 0.5)]
    level = stats.norm.isf(ALPHA / 2 / (len(others) * 41))
    for other in others:
        for lag in range(-20, 21):
            one, two = (lanes[lane], other) if lag >= 0 else (other, lanes[lane])
            n = len(one) - abs(lag)
            correlation = 12 * np.mean(one[:n] * two[abs(lag) :])
            assert abs(correlation) * np.sqrt(n) < level
    for other in lanes[lane + 1 :]:
        cells = np.histogram2d(lanes[lane], other, 16, [(-0.5, 0.5), (-0.5, 0.5)])[0]
        assert stats.chisquare(cells.ravel()).pvalue > ALPHA / LANES


def test_the_test_of_independence_finds_lanes_that_are_equal(drawn: dict[str, np.ndarray]) -> None:
    lanes = drawn["a"].reshape(-1, LANES).T.copy()
    lanes[1, 3:] = lanes[0, :-3]
    with pytest.raises(AssertionError):
        test_lanes_are_independent({"a": lanes.T.ravel(), "b": drawn["b"]}, 0)


def test_a_seed_gives_the_same_numbers_again(drawn: dict[str, np.ndarray]) -> None:
    assert np.array_equal(drawn["a"], drawn["again"])
    for other in ("b", "thread", "other_seed"):
        assert not np.any(drawn["a"] == drawn[other])


def test_a_replica_draws_the_same_in_any_program(drawn: dict[str, np.ndarray]) -> None:
    assert np.array_equal(drawn["replica"], drawn["replica_alone"])
    assert not np.any(drawn["replica"] == drawn["next_replica"])


@pytest.mark.parametrize("name", ["a", "b", "thread", "other_seed", "replica", "next_replica"])
def test_uniform_numbers_are_uniform(drawn: dict[str, np.ndarray], name: str) -> None:
    values = drawn[name]
    assert 0 <= values.min() < values.max() < 1
    assert np.array_equal(values * 2**52, np.floor(values * 2**52))
    cells = np.histogram(values, 256, (0, 1))[0]
    assert stats.chisquare(cells).pvalue > ALPHA
    pairs = np.histogram2d(values[::2], values[1::2], 32, [(0, 1), (0, 1)])[0]
    assert stats.chisquare(pairs.ravel()).pvalue > ALPHA
    last = (values * 2**52).astype(np.int64) & 15  # the weakest bits that are used
    assert stats.chisquare(np.bincount(last, minlength=16)).pvalue > ALPHA


@pytest.mark.parametrize("other", ["a", "b", "thread", "other_seed", "replica", "next_replica"])
def test_streams_are_independent(drawn: dict[str, np.ndarray], other: str) -> None:
    """Correlations at lags up to 20: each is normal, with 1/sqrt(N) as its standard deviation."""
    one, two = drawn["a"] - 0.5, drawn[other] - 0.5
    for lag in range(1 if other == "a" else 0, 21):
        correlation = 12 * np.mean(one[: N - lag] * two[lag:])
        assert abs(correlation) * np.sqrt(N - lag) < stats.norm.isf(ALPHA / 2)


def test_normal_numbers_are_those_of_the_polar_method(drawn: dict[str, np.ndarray]) -> None:
    """Each 128 uniform numbers are 64 pairs; the last number is used first."""
    normal = []
    for uniform in drawn["keyed"][: 10 * 128].reshape(10, 2, 64):
        pairs = 2 * uniform - 1
        squares = np.sum(pairs**2, axis=0)
        pairs, squares = pairs[:, squares < 1], squares[squares < 1]
        normal += list((pairs * np.sqrt(-2 * np.log(squares) / squares)).ravel()[::-1])
    assert len(normal) == pytest.approx(1280 * np.pi / 4, abs=5 * np.sqrt(1280))
    np.testing.assert_allclose(drawn["keyed_normal"][: len(normal)], normal, rtol=1e-12)


def test_normal_numbers_are_normal(drawn: dict[str, np.ndarray]) -> None:
    values = drawn["normal"]
    assert stats.kstest(values, "norm").pvalue > ALPHA
    assert abs(np.mean(values[::2] * values[1::2])) * np.sqrt(N / 2) < stats.norm.isf(ALPHA / 2)


@pytest.mark.parametrize("k", range(len(MEANS)))
def test_counts_follow_poissons_law(drawn: dict[str, np.ndarray], k: int) -> None:
    counts, mean = drawn[f"poisson{k}"].astype(int), MEANS[k]
    assert _fits(counts, mean)
    if mean > 0.01:  # a mean 15 standard errors off adds 225 to chi-squared, of 150 cells at most
        assert not _fits(counts, mean + 15 * np.sqrt(mean / N))


def _fits(counts: np.ndarray, mean: float) -> bool:
    """Chi-squared in cells of which each is expected ten times or more."""
    first, last = (int(stats.poisson.ppf(q, mean)) for q in (10 / N, 1 - 10 / N))
    edges = np.arange(first, max(last, first) + 1)
    chances = np.diff(np.concatenate([[0], stats.poisson.cdf(edges, mean), [1]]))
    found = np.bincount(np.searchsorted(edges, counts), minlength=len(chances))
    if chances[-1] * N < 10:
        chances, found = chances[:-1], found[:-1]
        chances[-1], found[-1] = 1 - chances[:-1].sum(), N - found[:-1].sum()
    if len(chances) == 1:
        return bool(counts.sum() < stats.poisson.isf(ALPHA, mean * N))
    return bool(stats.chisquare(found, chances * N).pvalue > ALPHA)


def test_numbers_are_the_same_one_by_one_and_for_all_neurons(drawn: dict[str, np.ndarray]) -> None:
    assert len(drawn["rows"]) == sum(LENGTHS) * (2 + len(MEANS) + 3)
    assert np.array_equal(drawn["rows"], drawn["singles"])


def test_neurons_have_the_numbers_of_their_replicas(drawn: dict[str, np.ndarray]) -> None:
    of_replicas = drawn["of_replicas"].reshape(2, 3, 100)
    assert np.array_equal(of_replicas[:, 2].ravel(), drawn["replica_alone"][:200])
    assert len(np.unique(of_replicas)) == of_replicas.size


def test_a_table_gives_the_counts_of_the_sum(drawn: dict[str, np.ndarray]) -> None:
    assert drawn["differing"].tolist() == [0]
    assert drawn["none"].tolist() == [0, 0, 0]


def test_a_mean_without_bound_ends_with_the_largest_count(drawn: dict[str, np.ndarray]) -> None:
    assert drawn["beyond"].tolist() == [2**31 - 1] * 9
