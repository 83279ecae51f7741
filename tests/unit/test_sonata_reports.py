"""SONATA reports of recorded variables, opened by libsonata and BMTK, and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from brian2.units import amp, mA, metre, ms
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import dualframe as df
from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.quantity import unit_of
from dualframe.results.trace import Trace

libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed (extra 'test')")

SINGLE = 2.0**-24  # relative rounding of the single precision that reports have


@pytest.fixture(scope="module")
def results() -> df.Results:
    """Three neurons of one population at each step, four of another at each fifth."""
    current = "dV/dt = (I*(1*ohm) - V)/(10*ms) : volt\nI : amp"
    first = df.Population("first", 5, current)
    second = df.Population("second", 4, "dV/dt = (10*mV - V)/(10*ms) : volt")
    amplitudes = [1, -2, 3, -4, 5] * mA
    step = df.CurrentInput("first", amplitudes, start=3 * ms, variable="I")
    record = {
        "first": df.Recording(("V", "I"), neurons=[4, 0, 2]),
        "second": df.Recording("V", every=0.5 * ms),
    }
    network = df.Network((first, second), (step,))
    return df.run(network, 20 * ms, target="runtime", record=record, progress=False)


def test_libsonata_reads_what_was_recorded(results: df.Results, tmp_path: Path) -> None:
    path = df.formats.write_sonata_report(results, tmp_path / "V.h5", "V")
    reader = libsonata.SomaReportReader(str(path))
    assert reader.get_population_names() == ["first", "second"]
    for name, step in (("first", 0.1), ("second", 0.5)):
        trace, report = results.traces[name], reader[name]
        assert (report.data_units, report.time_units, report.sorted) == ("mV", "ms", True)
        assert report.times == pytest.approx((0, 20, step))
        frames = report.get()
        assert frames.ids.tolist() == sorted(trace.neurons)
        assert np.allclose(frames.times, 1e3 * trace.t, rtol=0, atol=1e-9)
        expected = 1e3 * trace.values["V"][np.argsort(trace.neurons)].T
        assert np.ptp(expected) > 1
        assert np.allclose(frames.data, expected, rtol=2 * SINGLE, atol=0)
    elements = libsonata.ElementReportReader(str(path))["first"].get()
    assert elements.ids.tolist() == [[0, 1], [2, 1], [4, 1]]


def test_units_are_those_of_other_simulators(results: df.Results, tmp_path: Path) -> None:
    path = df.formats.write_sonata_report(results, tmp_path / "I.h5", "I")
    report = libsonata.SomaReportReader(str(path))["first"]
    assert report.data_units == "nA"
    assert report.get().data[-1].tolist() == [1e6, 3e6, 5e6]


def test_bmtk_reads_it(results: df.Results, tmp_path: Path) -> None:
    reports = pytest.importorskip("bmtk.utils.reports.compartment", reason="BMTK is not installed")
    path = df.formats.write_sonata_report(results, tmp_path / "V.h5", "V")
    report = reports.CompartmentReport(str(path))
    assert report.populations == ["first", "second"]
    assert (report.units("first"), report.variable("first")) == ("mV", "V")
    trace = results.traces["first"]
    expected = 1e3 * trace.values["V"][trace.row(4)]
    read = np.ravel(report.data(node_id=4, population="first"))
    assert np.allclose(read, expected, rtol=2 * SINGLE, atol=0)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A trace with neurons in any order and evenly spaced samples."""
    neurons = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True))
    steps, start = draw(st.integers(1, 1000)), draw(st.integers(0, 10**6))
    frames = draw(st.integers(1, 40))
    values = draw(arrays(float, (len(neurons), frames), elements=st.floats(-1, 1, width=32)))
    density = unit_of(1 * amp / metre**2)
    unit = draw(st.sampled_from(["volt", "amp", "siemens", "1", "mmolar", density]))
    t = (start + steps * np.arange(frames)) * 1e-4
    return Trace(t=t, neurons=neurons, values={"x": values}, units={"x": unit})


@given(trace=traces())
@settings(max_examples=60, deadline=None)
def test_what_was_written_returns(
    trace: Trace, results: df.Results, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("report") / "report.h5"
    written = replace(results, traces={"first": trace})
    df.formats.write_sonata_report(written, path, "x")
    [(name, back)] = df.formats.read_sonata_report(path).items()
    order = np.argsort(trace.neurons)
    assert name == "first"
    assert (list(back.values), back.units) == (["x"], trace.units)
    assert np.array_equal(back.neurons, trace.neurons[order])
    assert np.allclose(back.t, trace.t, rtol=1e-12, atol=0)
    # below the smallest number of single precision, in the unit of the file, there is only zero
    assert np.allclose(back.values["x"], trace.values["x"][order], rtol=2 * SINGLE, atol=2e-45)
    assert len(libsonata.SomaReportReader(str(path))["first"].get().times) == trace.t.size


def foreign(path: Path, **changes: Any) -> Path:
    """Write a report of two nodes as another program might."""
    parts = {
        "data": np.arange(6, dtype=np.float32).reshape(3, 2),
        "node_ids": np.array([7, 3], dtype=np.uint64),
        "index_pointers": np.array([0, 1], dtype=np.uint64),
        "time": np.array([10.0, 13.0, 1.0]),
        **changes,
    }
    with h5py.File(path, "w") as file:
        group = file.create_group("report/theirs")
        group.create_dataset("data", data=parts["data"])
        if "units" in parts:
            group["data"].attrs["units"] = parts["units"]
        for name in ("node_ids", "index_pointers", "time"):
            group.create_dataset(f"mapping/{name}", data=parts[name])
    return path


def test_a_report_of_others(tmp_path: Path) -> None:
    path = foreign(tmp_path / "v_soma.h5", units="mV")
    [trace] = df.formats.read_sonata_report(path).values()
    assert trace.neurons.tolist() == [7, 3]
    assert np.allclose(trace.t, [0.010, 0.011, 0.012], rtol=1e-12)
    assert np.allclose(trace.values["v_soma"], [[0, 2e-3, 4e-3], [1e-3, 3e-3, 5e-3]], rtol=1e-12)
    [plain] = df.formats.read_sonata_report(path, variable="x", units="1").values()
    assert (plain.units["x"], plain.values["x"][1].tolist()) == ("1", [1, 3, 5])
    whole = foreign(tmp_path / "v.h5", index_pointers=np.array([0, 1, 2], dtype=np.uint64))
    assert df.formats.read_sonata_report(whole)["theirs"].units == {"v": "1"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"index_pointers": np.array([0, 2, 2])}, "'theirs': expected one element of each node"),
        ({"data": np.zeros((3, 5), np.float32)}, "'theirs': expected one element of each node"),
        ({"units": "furlong"}, "units of '/report/theirs/data' are 'furlong': give units="),
        ({"time": np.array([0.0, 9.0, 1.0])}, "is damaged .*time is 0, 9, 1, of 3 frames"),
        ({"time": np.array([0.0, 3.0, 0.0])}, "is damaged .*time is 0, 3, 0, of 3 frames"),
        ({"time": np.array([0.0, 3.0])}, "is damaged"),
        ({"data": np.zeros(3, np.float32)}, "is damaged .*holds no frames"),
        ({"node_ids": np.array([0.5, 1.5])}, "is damaged .*no whole numbers"),
    ],
)
def test_what_is_no_report_of_somata_is_refused(
    changes: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    path = foreign(tmp_path / "theirs.h5", **changes)
    with pytest.raises(OutputError, match=problem) as refused:
        df.formats.read_sonata_report(path)
    assert str(path) in str(refused.value)


def test_wrong_calls_are_refused(results: df.Results, tmp_path: Path) -> None:
    path = tmp_path / "V.h5"
    with pytest.raises(UnknownName, match="recorded variable 'U'"):
        df.formats.write_sonata_report(results, path, "U")
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(OutputError, match="stands there"):
        df.formats.write_sonata_report(results, path, "V")
    assert path.read_text() == "mine"
    with pytest.raises(OutputError, match="is damaged"):
        df.formats.read_sonata_report(path)
    df.formats.write_sonata_report(results, path, "V", force=True)
    assert set(df.formats.read_sonata_report(path)) == {"first", "second"}
    with pytest.raises(OutputError, match="cannot write"):
        df.formats.write_sonata_report(results, tmp_path / "nowhere" / "V.h5", "V")
    uneven = Trace(np.array([0, 1e-3, 3e-3]), [0], {"V": np.zeros((1, 3))}, {"V": "volt"})
    with pytest.raises(OutputError, match="samples of 'first' are not evenly spaced"):
        df.formats.write_sonata_report(
            replace(results, traces={"first": uneven}), path, "V", force=True
        )
