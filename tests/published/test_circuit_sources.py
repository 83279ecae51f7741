"""The shipped circuits against the tables they quote, typed here from the sources."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS, um
from scipy.special import ive

from dualframe.circuit import circuit

# AllenInstitute/biorealistic-v1-model, commit 3302766, base_props: pmax_matrix_v1dd.csv, sigma.csv
# (um), syn_types_latency.csv (ms), tau_syn_fast.csv and tau_syn_slow.csv (s), amp_slow.csv and
# psp_characterization.csv (N_resting; median_resting, mV; mean_resting, mV).
V1 = {
    "pyr_to_pyr": (
        0.0449423811,
        127.0,
        1.82,
        0.001713944289697,
        0.004387938590551,
        0.591166734524746,
        10,
        0.118853313560774,
        0.255914540716973,
    ),
    "pyr_to_pv": (
        0.2859704528,
        99.84,
        1.17,
        0.000905162575055,
        0.002052687609337,
        0.190025012880733,
        18,
        0.223651304956443,
        0.378410295964478,
    ),
    "pyr_to_sst": (
        0.2940037155,
        99.84,
        1.47,
        0.001275797668617,
        0.003324504850482,
        0.299216912807198,
        18,
        0.123681279339567,
        0.302222225102586,
    ),
    "pyr_to_vip": (
        0.0892643794,
        99.84,
        1.6,
        0.001665913163717,
        0.002738353302078,
        0.198527338091732,
        9,
        0.562375923698523,
        0.613046150734517,
    ),
    "pv_to_pyr": (
        0.6757614716,
        96.6,
        0.9,
        0.001370360105111,
        0.006161352063175,
        0.390248474439862,
        11,
        0.433824864971674,
        0.404898740128711,
    ),
    "pv_to_pv": (
        0.6561122010,
        126.77,
        1.01,
        0.001036836466789,
        0.003547021349313,
        0.296207412327629,
        240,
        0.466817739928595,
        0.654347068400095,
    ),
    "pv_to_sst": (
        0.3800086151,
        126.77,
        1.06,
        0.00164859230067,
        0.002461139328341,
        1.20851945929501,
        18,
        0.444037879351245,
        0.520015954432629,
    ),
    "pv_to_vip": (
        0.2754184851,
        126.77,
        0.92,
        0.00105980967938,
        0.003547021349313,
        0.319710817293358,
        9,
        0.315765480743562,
        0.6016337742902,
    ),
    "sst_to_pyr": (
        0.5266059101,
        96.6,
        1.13,
        0.002510844610428,
        0.003730986343003,
        1.00343364975683,
        13,
        0.16761317764338,
        0.288155991282369,
    ),
    "sst_to_pv": (
        0.5607829329,
        126.77,
        1.2,
        0.001820899731139,
        0.003399399775689,
        0.570987238876594,
        58,
        0.171022126393875,
        0.248339668060984,
    ),
    "sst_to_sst": (
        0.3381246132,
        126.77,
        1.41,
        0.001603123677543,
        0.003560444107698,
        0.296983816410055,
        46,
        0.180941208189434,
        0.266243647149882,
    ),
    "sst_to_vip": (
        0.4037570889,
        126.77,
        1.29,
        0.001576747920368,
        0.003982288655988,
        0.455758073866326,
        41,
        0.165103909006424,
        0.339034560351764,
    ),
    # three pairs: the source's psp_lookup_table.csv falls back to all_int__to__l23_pyr
    "vip_to_pyr": (
        0.0882951365,
        96.6,
        1.85,
        0.001536659078943,
        0.005135783334717,
        0.599286299800422,
        30,
        0.256444078643807,
        0.310226441792019,
    ),
    "vip_to_pv": (
        0.2117492954,
        126.77,
        1.44,
        0.002456332123482,
        0.003932194997191,
        0.660294458012735,
        10,
        0.134835684426822,
        0.201016771405348,
    ),
    "vip_to_sst": (
        0.2617741563,
        126.77,
        1.43,
        0.002228045348568,
        0.003395965862957,
        0.550285313599962,
        28,
        0.159134527906005,
        0.272296564301134,
    ),
    "vip_to_vip": (
        0.1943042995,
        126.77,
        1.37,
        0.002456332123482,
        0.003169289132273,
        0.660294458012735,
        13,
        0.09677458919771,
        0.256975792554712,
    ),
}
# base_props/V1model_seed_file.xlsx: cells within 400 um
N_CORE = {"pyr": 16784, "pv": 552, "sst": 400, "vip": 913}

# mbezaire/ca1, commit a8655fa: conndata_430.dat (uS per synapse, convergence, synapses per
# connection) and syndata_120.dat (rise and decay, ms)
CA1 = {
    "pyr_to_olm": (0.0002, 2379, 3, 0.3, 0.6),
    "pv_to_pyr": (0.0002, 17, 11, 0.3, 6.2),
    "pv_to_pv": (0.0016, 39, 1, 0.08, 4.8),
    "pv_to_cck": (0.0012, 38, 1, 0.287, 2.67),
    "olm_to_pyr": (0.0003, 8, 10, 0.13, 11.0),
    "olm_to_pv": (0.0011, 8, 10, 0.25, 7.5),
    "olm_to_olm": (0.0012, 6, 10, 0.25, 7.5),
    "olm_to_cck": (0.0012, 40, 10, 0.728, 20.2),
    "cck_to_pyr": (0.00052, 13, 8, 0.2, 4.2),
    "cck_to_pv": (0.009, 12, 8, 0.432, 4.49),
    "cck_to_olm": (0.0007, 20, 8, 1.0, 8.0),
    "cck_to_cck": (0.00045, 35, 8, 0.432, 4.49),
}
# Mercer et al. 2012, Table 5: instead of a conductance (mV), with Bezaire's convergence and times
UNITARY = {"pyr_to_pyr": (0.94, 197, 0.1, 1.5), "pyr_to_pv": (1.72, 424, 0.07, 0.2)}
# cellnumbers_101.dat
N_FULL_SCALE = {"pyr": 311_500, "pv": 5530, "olm": 1640, "cck": 3600}


@pytest.fixture(scope="module")
def l23():
    return circuit("l23")


@pytest.fixture(scope="module")
def ca1():
    return circuit("ca1")


def test_l23_counts(l23):
    assert l23.sizes == N_CORE
    assert l23.space.radius == 400 * um


def test_l23_has_all_sixteen_connections(l23):
    assert [p.name for p in l23.projections] == list(V1)


@pytest.mark.parametrize("name", V1)
def test_l23_projection(l23, name):
    """The file keeps five significant digits or four decimals of the source."""
    p_max, sigma, latency, fast, slow, ratio, pairs, median, mean = V1[name]
    projection = l23.projection(name)
    ((synapse, kinetics),) = projection.kinetics.items()
    assert synapse == ("AMPA" if name.startswith("pyr") else "GABA_A")
    assert projection.kernel.p_max == pytest.approx(p_max, abs=5.1e-6)
    assert projection.kernel.sigma / um == pytest.approx(sigma)
    assert projection.delay / ms == pytest.approx(latency)
    assert kinetics["kind"] == "double_alpha"
    assert kinetics["tau_fast"] / ms == pytest.approx(1e3 * fast, abs=5.1e-5)
    assert kinetics["tau_slow"] / ms == pytest.approx(1e3 * slow, abs=5.1e-5)
    assert kinetics["slow_ratio"] == pytest.approx(ratio, abs=5.1e-5)
    assert projection.psp / mV == pytest.approx(median, abs=5.1e-5)
    assert projection.sources["psp"].n == pairs
    noted = float(projection.sources["psp"].note.split("mean ")[1].split(" mV")[0])
    assert noted == pytest.approx(mean, abs=5.1e-5)


@pytest.mark.parametrize("name", V1)
def test_l23_in_degrees(l23, name):
    r"""Against the closed form of the mean of a Gaussian over pairs of points of a disc.

    With a = R^2/sigma^2 it is (2/a) (1 - exp(-a) (I0(a) + I1(a))).
    """
    p_max, sigma, *_ = V1[name]
    source, target = name.split("_to_")
    a = (400 / sigma) ** 2
    mean = 2 / a * (1 - ive(0, a) - ive(1, a))
    expected = p_max * mean * (N_CORE[source] - (source == target))
    table = l23.scaling().set_index("projection")
    assert table.in_degree_full[name] == pytest.approx(expected, rel=1e-4)  # digits of p_max


def test_l23_rates(l23):
    """Quartiles of Spont_Rate(Hz) in neuropixels/metrics/OSI_DSI_neuropixels_v4.csv."""
    quartiles = {
        "pyr": (0.27, 1.35, 503),
        "pv": (3.45, 10.91, 133),
        "sst": (1.88, 7.73, 18),
        "vip": (6.63, 16.20, 5),
    }
    for name, (low, high, units) in quartiles.items():
        population = l23.population(name)
        assert (population.rate_low / Hz, population.rate_high / Hz) == pytest.approx((low, high))
        assert population.sources["rate_low"].n == units


def test_ca1_counts(ca1):
    for name, n in N_FULL_SCALE.items():
        assert ca1.population(name).n == pytest.approx(n / 100, abs=0.51)


def test_ca1_has_all_connections_between_its_cells(ca1):
    assert {p.name for p in ca1.projections} == set(CA1) | set(UNITARY)


@pytest.mark.parametrize("name", CA1)
def test_ca1_projection(ca1, name):
    weight, convergence, synapses, rise, decay = CA1[name]
    projection = ca1.projection(name)
    ((_, kinetics),) = projection.kinetics.items()
    assert projection.conductance / nS == pytest.approx(1e3 * weight * synapses)
    # where the population is smaller than the convergence, the weight makes up for it
    assert projection.in_degree * projection.weight_factor == convergence
    assert (kinetics["tau_rise"] / ms, kinetics["tau_decay"] / ms) == pytest.approx((rise, decay))
    # syndata_120.dat: every GABA-A synapse reverses at -60 mV
    inhibitory = name.split("_")[0] != "pyr"
    assert dict(projection.reversal) == ({"GABA_A": -60 * mV} if inhibitory else {})


@pytest.mark.parametrize("name", UNITARY)
def test_ca1_unitary_potentials(ca1, name):
    amplitude, convergence, rise, decay = UNITARY[name]
    projection = ca1.projection(name)
    assert projection.psp / mV == pytest.approx(amplitude)
    assert projection.in_degree == convergence
    kinetics = projection.kinetics["AMPA"]
    assert (kinetics["tau_rise"] / ms, kinetics["tau_decay"] / ms) == pytest.approx((rise, decay))


def test_ca1_afferents(ca1):
    """Convergence of CA3 and entorhinal fibres on pyramidal cells: 5985 and 1299."""
    shares = {b.name: b.share for b in ca1.background if b.target == "pyr"}
    assert shares["schaffer_to_pyr"] == pytest.approx(5985 / (5985 + 1299), abs=1e-4)
    assert sum(shares.values()) == pytest.approx(1)


def test_ca1_cck_rate(ca1):
    """8.8 with an SD of 3.3 Hz during theta (PMC6725722)."""
    cck = ca1.population("cck")
    assert np.array([cck.rate_low / Hz, cck.rate_high / Hz]) == pytest.approx([5.5, 12.1])
