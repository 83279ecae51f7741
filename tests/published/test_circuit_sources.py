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
    "cck_to_pyr": (0.00052, 13, 8, 0.2, 4.2),
    "cck_to_pv": (0.009, 12, 8, 0.432, 4.49),
    "cck_to_olm": (0.0007, 20, 8, 1.0, 8.0),
    "cck_to_cck": (0.00045, 35, 8, 0.432, 4.49),
    "pyr_to_bis": (0.0019, 366, 3, 0.11, 0.25),
    "pyr_to_aac": (4e-5, 162, 3, 0.3, 0.6),
    "pv_to_bis": (0.0029, 39, 1, 0.18, 0.45),
    "pv_to_aac": (0.00012, 39, 1, 0.287, 2.67),
    "olm_to_bis": (0.00011, 8, 10, 0.6, 15.0),
    "olm_to_aac": (0.00012, 8, 10, 0.728, 10.0),
    "cck_to_bis": (0.0007, 12, 8, 0.432, 4.49),
    "cck_to_aac": (0.0007, 12, 8, 0.432, 4.49),
    "bis_to_pyr": (0.00051, 10, 10, 0.11, 9.7),
    "bis_to_pv": (0.009, 16, 10, 0.287, 2.67),
    "bis_to_olm": (2e-5, 39, 10, 1.0, 8.0),
    "bis_to_cck": (0.0008, 16, 10, 0.287, 2.67),
    "bis_to_bis": (0.00051, 16, 10, 0.287, 2.67),
    "bis_to_aac": (0.0006, 16, 10, 0.287, 2.67),
    "aac_to_pyr": (0.00115, 6, 6, 0.28, 8.4),
}
# Mercer et al. 2012, Table 5: instead of a conductance (mV), with Bezaire's times and convergence;
# but 0.01 of 3115 pyramidal cells (FKSkinnerLab/CA1-hippo-Izhikevich-models) contact another
UNITARY = {"pyr_to_pyr": (0.94, 31, 0.1, 1.5), "pyr_to_pv": (1.72, 424, 0.07, 0.2)}
# cellnumbers_101.dat
N_FULL_SCALE = {
    "pyr": 311_500,
    "pv": 5530,
    "olm": 1640,
    "cck": 3600,
    "bis": 2210,
    "aac": 1470,
}


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


def test_ca1_has_all_connections_between_its_cells_but_the_one_that_its_title_names(ca1):
    assert "without its O-LM to CCK contact" in ca1.title
    assert {p.name for p in ca1.projections} == set(CA1) | set(UNITARY)


@pytest.mark.parametrize("name", CA1)
def test_ca1_projection(ca1, name):
    weight, convergence, synapses, rise, decay = CA1[name]
    projection = ca1.projection(name)
    ((_, kinetics),) = projection.kinetics.items()
    assert projection.conductance / nS == pytest.approx(1e3 * weight * synapses)
    # where the population is smaller than the convergence, the weight makes up for it
    assert projection.in_degree * projection.weight_factor == pytest.approx(convergence, rel=1e-4)
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


# Potjans and Diesmann 2014, INM-6/microcircuit-PD14-model, commit fd40046: network_params.py (rows
# are targets) and stimulus_params.py
COLUMN = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
PD14_N = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
PD14_P = np.array(
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
)
PD14_EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
PD14_RATES = (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829)
THALAMUS = {"L4E": 0.0983, "L4I": 0.0619, "L6E": 0.0512, "L6I": 0.0196}


def synapses(p: float, n_source: int, n_target: int) -> float:
    """Number of synapses, drawn with replacement, of which pairs have one with probability p."""
    return np.log(1 - p) / np.log(1 - 1 / (n_source * n_target))


def peak_current(psp: float) -> float:
    """Peak (pA) of the current of 0.5 ms that makes a PSP (mV) in a membrane of 250 pF, 10 ms."""
    tau_m, tau_syn, capacitance = 10.0, 0.5, 250.0
    at_peak = np.log(tau_m / tau_syn) * tau_m * tau_syn / (tau_m - tau_syn)
    shape = np.exp(-at_peak / tau_m) - np.exp(-at_peak / tau_syn)
    return psp / (tau_m * tau_syn / (tau_m - tau_syn) / capacitance * shape)


@pytest.fixture(scope="module")
def pd14():
    return circuit("pd14")


def test_pd14_populations(pd14):
    assert tuple(pd14.sizes) == COLUMN
    assert tuple(pd14.sizes.values()) == PD14_N
    for population, rate in zip(pd14.populations, PD14_RATES, strict=True):
        assert population.rate / Hz == pytest.approx(rate)
        neuron = population.point.parameters
        assert population.point.form == "GLIF1"
        assert float(neuron["C"]) * 1e12 == pytest.approx(250)
        assert neuron["R"] * neuron["C"] / ms == pytest.approx(10)
        assert (neuron["E_L"] / mV, neuron["th_inf"] / mV) == pytest.approx((-65, 15))
        assert neuron["t_ref"] / ms == pytest.approx(2)


def test_pd14_connections(pd14):
    """Every entry of the table, its number of synapses, weight, delay and kinetics."""
    known = {p.name for p in pd14.projections if p.source != "thalamus"}
    expected = set()
    for i, target in enumerate(COLUMN):
        for j, source in enumerate(COLUMN):
            if not PD14_P[i, j]:
                continue
            expected.add(name := f"{source}_to_{target}")
            given = pd14.projection(name)
            assert given.sources["probability"].value == PD14_P[i, j]
            # the source rounds 1 - 1/(n n) to double precision, hence the tolerance
            total = synapses(PD14_P[i, j], PD14_N[j], PD14_N[i])
            assert given.number == pytest.approx(total, rel=1e-6, abs=1)
            inhibitory = source.endswith("I")
            psp = 0.15 * (4 if inhibitory else 2 if name == "L4E_to_L23E" else 1)
            assert float(given.current) * 1e12 == pytest.approx(peak_current(psp), rel=1e-5)
            assert given.weight_cv == 0.1
            assert given.delay / ms == pytest.approx(0.75 if inhibitory else 1.5)
            assert given.delay_sd / given.delay == pytest.approx(0.5)
            ((synapse, kinetics),) = given.kinetics.items()
            assert synapse == ("GABA_A" if inhibitory else "AMPA")
            assert kinetics["tau"] / ms == pytest.approx(0.5)
    assert known == expected
    assert peak_current(0.15) == pytest.approx(87.81, abs=5e-3)  # the source's own digits


def test_pd14_background_and_thalamus(pd14):
    for given, afferents in zip(pd14.background, PD14_EXTERNAL, strict=True):
        assert given.events / Hz == pytest.approx(8 * afferents)
        assert float(given.current) * 1e12 == pytest.approx(peak_current(0.15), rel=1e-5)
    thalamus = pd14.input("thalamus")
    assert (thalamus.n, thalamus.rate / Hz, thalamus.on) == (902, pytest.approx(120), False)
    assert (thalamus.start / ms, thalamus.stop / ms) == pytest.approx((700, 710))
    for target, p in THALAMUS.items():
        given = pd14.projection(f"thalamus_to_{target}")
        total = synapses(p, 902, pd14.sizes[target])
        assert given.number == pytest.approx(total, rel=1e-6, abs=1)
        assert (given.delay / ms, given.weight_cv) == (pytest.approx(1.5), 0.1)


def test_pd14_scaled_circuits_keep_every_in_degree(pd14):
    """To one synapse in a population: rounding only."""
    small = pd14.scaled(0.02)
    table = small.scaling()
    one = np.array([1 / small.sizes[p.target] for p in small.projections])
    assert (abs(table.in_degree_scaled - table.in_degree_full) <= one).all()
    assert (table.weight_factor == 1).all()
    # the source's own count, "almost 0.3 billion synapses"
    assert sum(p.number for p in pd14.projections) == pytest.approx(0.3e9, rel=0.01)


# mickelindahl/bgmodel, commit 78e6f2b, default_params.py: weight (nS), fan-in, decay (ms)
STRIATUM = {
    "d1_to_d1": (0.6, 2800 * 0.13, 12),
    "d1_to_d2": (1.5, 2800 * 0.03, 12),
    "d2_to_d1": (1.8, 2800 * 0.14, 12),
    "d2_to_d2": (1.4, 2800 * 0.18, 12),
    "fsi_to_d1": (round(6 / 0.29, 1) * 0.29, 60 * 0.27, 8),
    "fsi_to_d2": (round(6 / 0.29, 1) * 0.29, 60 * 0.18, 8),
    "fsi_to_fsi": (1 / 0.29 * 0.29, 9, 6),
}


def test_striatum():
    striatum = circuit("striatum")
    assert {p.name for p in striatum.projections} == set(STRIATUM)
    for name, (weight, fan_in, decay) in STRIATUM.items():
        given = striatum.projection(name)
        assert given.conductance / nS == pytest.approx(weight, rel=1e-3)  # 20.7 for 6/0.29
        assert given.in_degree == round(fan_in)
        assert given.kinetics["GABA_A"]["tau"] / ms == pytest.approx(decay)
        assert given.reversal["GABA_A"] / mV == pytest.approx(-74)
        assert given.delay / ms == pytest.approx(1.7)
        assert (given.short_term is not None) == name.startswith("fsi")
        if given.short_term is not None:
            release = given.short_term
            times = (release.tau_recovery / ms, release.tau_facilitation / ms)
            assert (release.U, *times) == pytest.approx((0.29, 902, 53))
    total = 2_791_000
    counts = {"d1": 0.475 * total, "d2": 0.475 * total, "fsi": 0.02 * total, "tan": 0.011 * total}
    for name, n in counts.items():
        assert striatum.population(name).n == pytest.approx(n / 1000, abs=0.51)
    ratios = {"d1": 0.11 / 0.5, "d2": 0.019 / 0.41}
    for name, ratio in ratios.items():
        cortex = next(b for b in striatum.background if b.target == name)
        assert cortex.synapses["NMDA"] == pytest.approx(ratio, abs=5e-5)


# FernandoSBorges/Human_L23_NetPyNE, commit 2871320, Circuit_param.xls: probability, conductance of
# a contact (uS), contacts, U, recovery (ms), facilitation (ms)
HUMAN = {
    "pyr_to_pyr": (0.15, 0.0002482, 3, 0.46, 670, 17),
    "pyr_to_sst": (0.19, 0.00038, 8, 0.09, 140, 670),
    "pyr_to_pv": (0.09, 0.000337, 8, 0.88, 510, 180),
    "pyr_to_vip": (0.09, 0.00031, 4, 0.5, 670, 17),
    "sst_to_pyr": (0.19, 0.00124, 12, 0.3, 1300, 2),
    "sst_to_sst": (0.04, 0.00034, 12, 0.25, 720, 21),
    "sst_to_pv": (0.2, 0.00033, 13, 0.25, 710, 21),
    "sst_to_vip": (0.06, 0.00046, 5, 0.31, 890, 25),
    "pv_to_pyr": (0.094, 0.00291, 17, 0.08, 710, 23),
    "pv_to_sst": (0.05, 0.00033, 16, 0.25, 700, 21),
    "pv_to_pv": (0.37, 0.00033, 15, 0.25, 710, 21),
    "pv_to_vip": (0.03, 0.00034, 7, 0.26, 720, 21),
    "vip_to_sst": (0.35, 0.00036, 9, 0.27, 760, 22),
    "vip_to_pv": (0.1, 0.00034, 11, 0.25, 720, 21),
    "vip_to_vip": (0.05, 0.00034, 7, 0.26, 720, 21),
}


def test_human_l23():
    human = circuit("l23_human")
    assert human.sizes == {"pyr": 800, "pv": 70, "sst": 50, "vip": 80}
    assert {p.name for p in human.projections} == set(HUMAN)
    for name, (p, gmax, contacts, u, recovery, facilitation) in HUMAN.items():
        given = human.projection(name)
        assert given.probability == p
        assert given.conductance / nS == pytest.approx(1e3 * gmax * contacts * u, rel=1e-4)
        release = given.short_term
        times = (release.tau_recovery / ms, release.tau_facilitation / ms)
        assert (release.U, *times) == pytest.approx((u, recovery, facilitation))
        if name.startswith("pyr"):
            assert dict(given.synapses) == {"AMPA": 1.0, "NMDA": 1.0}
            assert given.kinetics["AMPA"]["tau_decay"] / ms == pytest.approx(3)
        else:
            assert given.kinetics["GABA_A"]["tau_decay"] / ms == pytest.approx(10)
            assert given.reversal["GABA_A"] / mV == pytest.approx(-80)
