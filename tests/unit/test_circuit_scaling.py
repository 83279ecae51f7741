"""Circuits in space and at other sizes."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, um
from hypothesis import given, settings
from hypothesis import strategies as st

from dualframe.circuit import (
    Circuit,
    CircuitPopulation,
    CircuitProjection,
    Space,
    circuit,
)
from dualframe.core.errors import NetworkError, QuantityError, UnknownName
from dualframe.network import PoissonInput, Projection
from dualframe.network.distributions import GaussianKernel
from dualframe.network.draw_connections import draw_pairs


@pytest.fixture(scope="module")
def l23():
    return circuit("l23")


def by_hand(n_a=100, n_b=50, **rule):
    return Circuit(
        "hand",
        (CircuitPopulation("a", "ctx_l23_pyr", n_a), CircuitPopulation("b", "ctx_pv", n_b)),
        (CircuitProjection("a", "b", "AMPA", "dend", psp=1 * mV, delay=1 * ms, **rule),),
        space=Space("300 um"),
    )


class TestSpace:
    def test_points_are_uniform_in_the_disc(self):
        places = np.asarray(Space(400 * um).draw(np.random.default_rng(1), 20_000)) / 400e-6
        radius = np.hypot(places[:, 0], places[:, 1])
        assert places.shape == (20_000, 3)
        assert radius.max() <= 1
        assert not places[:, 2].any()
        # the squared radius is uniform: mean 1/2, standard error 0.29/sqrt(20000) = 0.002
        assert np.mean(radius**2) == pytest.approx(0.5, abs=0.01)
        assert np.mean(places[:, :2], axis=0) == pytest.approx(0, abs=0.02)

    def test_a_certain_connection(self):
        space = Space(100 * um)
        assert space.mean_probability(GaussianKernel(1.0, 1e6 * um)) == pytest.approx(1)
        assert space.mean_probability(GaussianKernel(1e9, 100 * um)) == pytest.approx(1)

    @pytest.mark.parametrize("p_max", [0.4, 6.0])
    def test_equals_drawn_networks(self, p_max):
        """Pairs drawn by the targets have the in-degree that scaling expects."""
        rng, space = np.random.default_rng(2), Space(300 * um)
        kernel = GaussianKernel(p_max, 100 * um)
        projection = Projection("a", "b", on_pre="w_post += 1", kernel=kernel)
        drawn = []
        for _ in range(20):
            ends = [PoissonInput(name, 300, 1 * Hz) for name in "ab"]
            for end in ends:
                object.__setattr__(end, "positions", space.draw(rng, 300))
            drawn.append(len(draw_pairs(projection, *ends, rng)[0]) / 300)
        error = np.std(drawn) / np.sqrt(len(drawn))
        assert np.mean(drawn) == pytest.approx(300 * space.mean_probability(kernel), abs=4 * error)

    def test_refused(self):
        with pytest.raises(UnknownName, match="disc"):
            Space(1 * um, shape="disk")
        with pytest.raises(NetworkError):
            Space(0 * um)
        with pytest.raises(QuantityError):
            Space(1 * ms)


class TestScaling:
    def test_identity(self, l23):
        assert l23.scaled(1) == l23
        assert l23.scaled(0.1).scaled(10) == l23

    def test_twice_is_once(self, l23):
        assert l23.scaled(0.1).scaled(0.5) == l23.scaled(0.05)
        assert l23.scaled(0.1).scaled(0.1).scale == 0.01

    def test_actions_stay(self, l23):
        awake = l23.with_modulation("ACh", 0.8).with_drug("antagonist", "M1")
        small = awake.scaled(0.1)
        assert (small.modulations, small.drugs) == (awake.modulations, awake.drugs)
        assert small == l23.scaled(0.1).with_modulation("ACh", 0.8).with_drug("antagonist", "M1")
        assert small.scaled(10) == awake

    def test_numbers(self, l23):
        small = l23.scaled(0.05)
        assert small.sizes == {"pyr": 839, "pv": 28, "sst": 20, "vip": 46}
        assert l23.scaled(1e-6).sizes == {"pyr": 8, "pv": 8, "sst": 8, "vip": 8}
        assert l23.scaled(1e-6, minimum=1).sizes == {"pyr": 1, "pv": 1, "sst": 1, "vip": 1}

    def test_a_population_keeps_eight_cells_or_all(self):
        few = by_hand(n_a=5, probability=0.2)
        assert few.scaled(0.1).sizes == {"a": 5, "b": 8}
        with pytest.raises(NetworkError, match="minimum"):
            few.scaled(0.1, minimum=0)

    def test_kept_where_there_are_enough(self, l23):
        table = l23.scaled(0.05).scaling().set_index("projection")
        kept = table.loc["pyr_to_pyr"]
        assert kept.in_degree_scaled == pytest.approx(kept.in_degree_full)
        assert kept.weight_factor == 1

    def test_fixed_probability(self):
        small = by_hand(probability=0.2).scaled(0.5).projections[0]
        assert small.probability == pytest.approx(0.4)
        assert small.weight_factor == 1
        tiny = by_hand(probability=0.2).scaled(0.1).projections[0]
        assert (tiny.probability, tiny.weight_factor) == (1.0, pytest.approx(2))

    def test_fixed_in_degree(self):
        small = by_hand(in_degree=20).scaled(0.5).projections[0]
        assert (small.in_degree, small.weight_factor) == (20, 1)
        tiny = by_hand(in_degree=20).scaled(0.05, minimum=1).projections[0]
        assert (tiny.in_degree, tiny.weight_factor) == (5, 4)

    def test_own_factor_is_kept(self):
        found = by_hand(in_degree=20, weight_factor=3).scaled(0.05, minimum=1)
        assert found.projections[0].weight_factor == 12
        assert found.scaling().weight_factor[0] == 4

    def test_kernel_width_stays(self):
        kernel = GaussianKernel(0.5, 80 * um)
        small = by_hand(kernel=kernel).scaled(0.1).projections[0]
        assert small.kernel.sigma == 80 * um
        assert small.kernel.p_max == pytest.approx(5)
        assert small.weight_factor > 1

    def test_last_neuron_has_no_partner(self):
        cells = (CircuitPopulation("a", "ctx_pv", 10),)
        loop = CircuitProjection("a", "a", "GABA_A", "soma", psp=1 * mV, in_degree=3)
        alone = Circuit("c", cells, (loop,)).scaled(0.1, minimum=1)
        assert alone.projections == ()
        assert np.isnan(alone.scaling().weight_factor[0])
        assert "lost" in str(alone)

    def test_larger(self):
        found = by_hand(probability=0.2).scaled(3)
        assert found.sizes == {"a": 300, "b": 150}
        assert found.projections[0].probability == pytest.approx(0.2 / 3)

    @pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
    def test_refused(self, l23, factor):
        with pytest.raises(NetworkError, match="scale factor"):
            l23.scaled(factor)

    @settings(deadline=None, max_examples=60)
    @given(
        n=st.integers(1, 400),
        factor=st.floats(0.005, 4),
        rule=st.one_of(
            st.floats(0.001, 1).map(lambda p: {"probability": p}),
            st.floats(0.001, 1).map(lambda p: {"kernel": GaussianKernel(p, 100 * um)}),
            st.integers(1, 400).map(lambda k: {"in_degree": k}),
        ),
        minimum=st.integers(1, 12),
    )
    def test_mean_drive_is_kept(self, n, factor, rule, minimum):
        """In-degree times weight is the same at every scale, and no rule is impossible."""
        if "in_degree" in rule:
            rule = {"in_degree": min(rule["in_degree"], n)}
        table = by_hand(n_a=n, **rule).scaled(factor, minimum).scaling().iloc[0]
        drive = table.in_degree_scaled * table.weight_factor
        assert drive == pytest.approx(table.in_degree_full)
        assert table.weight_factor >= 1 - 1e-9
