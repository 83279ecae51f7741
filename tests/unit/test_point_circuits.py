"""Circuits of published point neurons: their own models, currents, multapses and inputs."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, ms, mV, pA, pF

import dualframe as df
from dualframe.circuit import circuit
from dualframe.core.errors import CatalogueError, DualframeError, NetworkError, UnknownName
from dualframe.network.distributions import Normal

COLUMN = """
name = "column"
source = "dualframe"
status = "assumed"

[[models]]
name = "lif"
form = "GLIF1"
C = "250 pF"
R = "40 Mohm"
E_L = "-65 mV"
th_inf = "15 mV"
t_ref = "2 ms"

[[populations]]
name = "exc"
cell = "ctx_l23_pyr"
n = 400
rate = "2 Hz"
point = "lif"

[[populations]]
name = "inh"
cell = "ctx_pv"
n = 100
point = "lif"

[[inputs]]
name = "thalamus"
n = 30
rate = "100 Hz"
start = "10 ms"
stop = "20 ms"
on = false

[[projections]]
pre = "exc"
post = "inh"
synapse = "AMPA"
probability = 0.1
multapses = true
kinetics = { kind = "exponential", tau = "0.5 ms" }
delay = "1.5 ms"
delay_sd = "0.75 ms"
current = "88 pA"
weight_cv = 0.1

[[projections]]
pre = "inh"
post = "inh"
synapse = "GABA_A"
probability = 0.2
multapses = true
kinetics = { kind = "exponential", tau = "0.5 ms" }
delay = "0.75 ms"
current = "350 pA"

[[projections]]
pre = "thalamus"
post = "exc"
synapse = "AMPA"
probability = 0.1
multapses = true
kinetics = { kind = "exponential", tau = "0.5 ms" }
delay = "1.5 ms"
current = "88 pA"

[[background]]
post = "exc"
synapse = "AMPA"
kinetics = { kind = "exponential", tau = "0.5 ms" }
current = "88 pA"
rate = "8 Hz"
afferents = 1600
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "column.toml"
    path.write_text(COLUMN)
    return path


@pytest.fixture
def column(file):
    return circuit(file)


def test_a_population_has_the_point_neuron_of_its_source(column) -> None:
    net = df.task_driven.build(column)
    exc = net.population("exc")
    assert exc.parameters["C"] == 250 * pF
    assert exc.cell_type == "ctx_l23_pyr"
    assert exc.sign == 1
    assert net.meta["points"] == {"exc": "GLIF1, lif", "inh": "GLIF1, lif"}


@pytest.mark.parametrize("model", ["glif3", "izhikevich"])
def test_another_model_is_that_of_the_cell_type(column, model: str) -> None:
    net = df.task_driven.build(column, model=model)
    assert not net.meta["points"]
    parameters = net.population("exc").parameters
    assert parameters["C"] != 250 * pF


def test_strengths_are_those_of_the_source(column) -> None:
    net = df.task_driven.build(column)
    by_name = {p.name: p for p in net.projections}
    spread = by_name["exc_to_inh"].weight
    assert isinstance(spread, Normal)
    assert spread.mean == 88 * pA
    assert float(spread.sd / pA) == pytest.approx(8.8)
    assert by_name["inh_to_inh"].weight == 350 * pA
    assert net.population("inh").parameters["sign_GABA_A_inh_to_inh"] == -1
    exc = net.population("exc").parameters
    assert exc["w_background_exc"] == 88 * pA
    assert exc["rate_background_exc"] / Hz == pytest.approx(12_800)


def test_synapses_are_drawn_with_replacement(column) -> None:
    """Poisson numbers per pair: variance of the counts is their mean (1000 synapses and more)."""
    from dualframe.network.draw_connections import draw_pairs

    net = df.task_driven.build(column)
    projection = next(p for p in net.projections if p.name == "inh_to_inh")
    inh = net.population("inh")
    i, j = draw_pairs(projection, inh, inh, np.random.default_rng(1))
    assert len(i) == round(np.log(0.8) / np.log(1 - 1e-4))
    assert (i == j).any()
    counts = np.bincount(100 * i + j, minlength=10_000)
    # of 10^4 pairs with mean 0.22: 5 standard errors of variance over mean
    assert counts.var() / counts.mean() == pytest.approx(1, abs=5 * np.sqrt(2 / 10_000))
    assert (counts > 0).mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / 10_000))


def test_scaling_keeps_in_degrees_where_neurons_are_too_few(column) -> None:
    small = column.scaled(0.02, minimum=1)
    table = small.scaling().set_index("projection")
    assert small.sizes == {"exc": 8, "inh": 2}
    assert table.in_degree_scaled["exc_to_inh"] == pytest.approx(
        table.in_degree_full["exc_to_inh"], abs=0.5
    )
    assert table.weight_factor["exc_to_inh"] == 1
    assert small.input("thalamus").n == 30


def test_an_input_is_built_when_it_is_switched_on(column) -> None:
    off, on = df.task_driven.build(column), df.task_driven.build(column.with_input("thalamus"))
    assert "thalamus_to_exc" not in {p.name for p in off.projections}
    assert not off.inputs
    (thalamus,) = on.inputs
    assert (thalamus.n, thalamus.rate / Hz) == (30, pytest.approx(100))
    assert (thalamus.start / ms, thalamus.stop / ms) == pytest.approx((10, 20))
    louder = column.with_input("thalamus", rate=200 * Hz).input("thalamus")
    assert louder.rate / Hz == pytest.approx(200)
    with pytest.raises(UnknownName, match="thalamus"):
        column.with_input("thalamos")


def test_background_events_have_their_rate(column) -> None:
    """Mean depolarisation R tau rate w, to five standard errors of filtered shot noise.

    The potential has sd^2 = rate w^2 R^2 tau^2/(2 (tau_m + tau)); 400 neurons without threshold.
    """
    from dataclasses import replace

    alone = column.with_components(
        projections=(), inputs=(), populations=(replace(column.population("exc")),)
    )
    net = df.task_driven.build(alone)
    quiet = replace(net.population("exc"), threshold=None, reset=None, refractory=None)
    quiet = replace(quiet, equations=quiet.equations.replace(" (unless refractory)", ""))
    done = df.run(
        df.Network((quiet,)),
        80 * ms,
        target="runtime",
        seed=3,
        progress=False,
        record={"exc": df.Recording("V")},
    )
    final = done.traces["exc"].values["V"][:, -1] + 0.065
    rate, w, r, tau, tau_m = 12_800, 88e-12, 40e6, 0.5e-3, 10e-3
    sd = np.sqrt(rate * (w * r * tau) ** 2 / (2 * (tau_m + tau)))
    assert final.mean() == pytest.approx(r * tau * rate * w, abs=5 * sd / np.sqrt(400))
    assert final.std() == pytest.approx(sd, rel=5 / np.sqrt(2 * 400))


def test_dendrites_and_reversal_potentials_are_refused(column) -> None:
    with pytest.raises(CatalogueError, match=r"exc_to_inh.*task_driven"):
        df.biological.build(column)
    with pytest.raises(CatalogueError, match="synapses='current'"):
        df.task_driven.build(column, synapses="conductance")
    with pytest.raises(df.DualframeError, match="nothing to calibrate"):
        df.calibrate(column, "glif")


def test_genn_asks_for_grouped_delays(column) -> None:
    blockers = [str(found) for found in df.check(df.task_driven.build(column), "genn")]
    assert any("delay of its own" in found for found in blockers)


def test_description(column) -> None:
    text = column.with_input("thalamus").describe()
    for words in (
        "GLIF1 lif",
        "source's model 2 Hz",
        "multapses",
        "30 Poisson neurons",
        "1600 afferents at 8 Hz",
        "current 88 pA",
        "weights with CV 0.1",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('point = "lif"', 'point = "lif2"', "lif"),
        ('form = "GLIF1"', 'form = "GLIF9"', "GLIF"),
        ("probability = 0.1\nmultapses", "in_degree = 3\nmultapses", "probability"),
        ('rate = "8 Hz"\n', "", "afferents"),
        ('pre = "thalamus"', 'pre = "cortex"', "thalamus"),
        ("on = false", 'on = "no"', "true or false"),
        ('delay_sd = "0.75 ms"', 'delay_sd = "0 ms"', "delay_sd"),
    ],
)
def test_what_is_refused(file, old: str, new: str, message: str) -> None:
    file.write_text(COLUMN.replace(old, new, 1))
    with pytest.raises((CatalogueError, NetworkError, UnknownName), match=message):
        circuit(file)


def test_calibration_leaves_contacts_with_a_current_alone(column) -> None:
    """A circuit may state some strengths and leave others to be measured."""
    from dataclasses import replace

    first = replace(column.projection("exc_to_inh"), current=None, psp=0.5 * mV, weight_cv=None)
    rest = tuple(p for p in column.projections if p.name != "exc_to_inh")
    mixed = column.with_components(projections=(first, *rest))
    found = df.calibrate(mixed, "glif", rates=False)
    assert set(found.weights) == {"exc_to_inh"}
    net = df.task_driven.build(mixed, calibration=found)
    weights = {p.name: p.weight for p in net.projections}
    assert weights["inh_to_inh"] == 350 * pA
    # 87.8 pA make 0.15 mV in this neuron, and it is linear
    assert float(weights["exc_to_inh"]) * 1e12 == pytest.approx(0.5 / 0.15 * 87.8, rel=0.02)


# --- rates of inputs that change with time -------------------------------------------------------


def with_course(file, rates='rates = "rates.csv"\n'):
    file.write_text(COLUMN.replace('rate = "100 Hz"\n', rates))
    return file


@pytest.mark.parametrize("columns", [1, 30])
def test_an_input_has_the_rates_of_a_text_file_beside_the_circuit(file, columns):
    header = ",".join(["t (ms)", *[f"r{k} (Hz)" for k in range(columns)]])
    rows = [",".join([str(t), *[str(rate)] * columns]) for t, rate in ((0, 0), (12, 400), (15, 5))]
    (file.parent / "rates.csv").write_text("\n".join([header, *rows]))
    column = circuit(with_course(file)).with_input("thalamus", stop=18 * ms)
    assert "30 Poisson neurons, a time course of up to 0.4 kHz each" in str(column.describe())
    (source,) = df.task_driven.build(column).inputs[-1:]
    assert source.name == "thalamus"
    assert np.asarray(source.times).tolist() == [0, 0.012, 0.015]
    assert np.shape(source.rates) == ((3,) if columns == 1 else (3, 30))
    assert source.stop == 18 * ms
    fixed = column.with_input("thalamus", rate=9 * Hz, times=None, rates=None)
    assert float(df.task_driven.build(fixed).inputs[-1].rate) == 9
    (file.parent / "rates.csv").write_text("\n".join([header, *rows[:2]]))
    assert circuit(file).digest != circuit(with_course(file, 'rate = "100 Hz"\n')).digest
    with pytest.raises(NetworkError, match="has a rate and a time course: give one"):
        column.with_input("thalamus", rate=9 * Hz)
    for before in (column, fixed):
        later = before.with_input("thalamus", times=[0, 7] * ms, rates=[3, 6] * Hz).inputs[0]
        assert np.asarray(later.rates).tolist() == [3, 6]
        assert float(later.rate) == 6


@pytest.mark.parametrize(
    ("rates", "content", "message"),
    [
        ('rates = "rates.csv"\n', "t,rate (Hz)\n0,5\n", "'t': write it in the header, .*ms.'"),
        ('rates = "rates.csv"\n', "t (ms),rate\n0,5\n", r"s.1\], key 'rates': .*rate .Hz.'\.$"),
        ('rates = "20 Hz"\n', "", "'rates': .*20 Hz' does not exist.* key of one rate is rate"),
        ('rates = "rates.csv"\n', "t (ms),rate (mV)\n0,5\n", "expected a rate"),
        ('rates = "rates.csv"\n', "t (ms),rate (Hz)\n0,-5\n", "line 2: .*a rate of zero or more"),
        ('rates = "rates.csv"\n', "t (ms),a (Hz),b (Hz)\n0,5,5\n", "a column for each of 30"),
        ('rates = "none.csv"\n', "", "none.csv' does not exist"),
        ('rates = "rates.csv"\nrate = "5 Hz"\n', "", "has a file of rates too: give one"),
        ("", "", "'rate': missing"),
    ],
)
def test_a_file_of_rates_that_is_none_is_refused(file, rates, content, message):
    (file.parent / "rates.csv").write_text(content)
    with pytest.raises(DualframeError, match=message):
        circuit(with_course(file, rates))
