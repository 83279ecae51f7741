"""Rates and currents of text files: as they were written, and bad rows by line and column."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, amp, kHz, mA, ms, mV, pA, second
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import dualframe as df
from dualframe.core.errors import NetworkError, OutputError, QuantityError, UnknownName

READERS = (
    partial(df.formats.read_csv_rates, unit=second, rate_unit=Hz),
    partial(df.formats.read_csv_current, unit=second, value_unit=amp),
)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Any, Any]:
    """Times that increase, and the rates of some sources from each of them."""
    times = draw(st.lists(st.floats(0, 1e6), min_size=1, max_size=8, unique=True))
    shape = (len(times), draw(st.integers(1, 4)))
    return np.sort(times), draw(arrays(float, shape, elements=st.floats(0, 1e12)))


@given(course=courses(), separator=st.sampled_from([",", ";", "\t", " "]))
@settings(max_examples=60, deadline=None)
def test_what_was_written_returns_to_the_last_bit(
    course: tuple[Any, Any], separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    times, rates = course
    path = tmp_path_factory.mktemp("course") / "rates.csv"
    table = pd.DataFrame(rates, columns=[f"source{k}" for k in range(rates.shape[1])])
    table.assign(t=times).to_csv(path, index=False, sep=separator)
    expected = rates[:, 0] if rates.shape[1] == 1 else rates
    spikes = READERS[0](path, "drive")
    assert spikes == df.PoissonInput(
        "drive", rates.shape[1], times=times * second, rates=expected * Hz
    )
    current = READERS[1](path, "cells", variable="I")
    assert np.array_equal(np.asarray(current.times), times)
    assert np.array_equal(np.asarray(current.values), expected)
    assert current.values.dim is amp.dim


def test_columns_and_units_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("note,a,time,b\nfirst,0.01,0,0.03\nsecond,0.02,5,0.04\n", encoding="utf-8-sig")
    columns = {"time": "time", "unit": "1 ms", "rate_unit": kHz}
    both = df.formats.read_csv_rates(path, "in", rates=["b", "a"], **columns)
    assert np.allclose(both.rates / Hz, [[30, 10], [40, 20]])
    assert np.asarray(both.times).tolist() == [0, 0.005]
    shared = df.formats.read_csv_rates(path, "in", rates="b", n=7, **columns)
    assert (shared.n, np.shape(shared.rates)) == (7, (2,))
    with pytest.raises(NetworkError, match="expected a column for each of 3 sources"):
        df.formats.read_csv_rates(path, "in", rates=["a", "b"], n=3, **columns)
    with pytest.raises(OutputError, match="line 2: 'note' is 'first': expected a rate"):
        df.formats.read_csv_rates(path, "in", **columns)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("t,x\n0,1\n\n1,one\n", "line 4: 'x' is 'one': expected a"),
        ("t,x\n0,1\n1,\n", "line 3: 'x' is empty: expected a"),
        ("t,x,y\n0,1,2\n1,3\n", "line 3: 'y' is empty: expected a"),
        ("t,x\n0,inf\n", "line 2: 'x' is 'inf': expected a"),
        ("t,x\n0,nan\n", "line 2: 'x' is 'nan': expected a"),
        ("t;x\n0;1,5\n", "line 2: 'x' is '1,5': expected a"),
        ("t,x\n-1,1\n", "line 2: 't' is '-1': expected a time of zero or more"),
        ("t,x\n0,1\n2,1\n1,1\n", "line 4: 't' is '1': expected a time after .* row above, 2"),
        ("t,x\n0,1\n0,1\n", "line 3: 't' is '0': expected a time after .* row above, 0"),
        ("t,x\n0,1,2\n", "more columns than its header"),
        ("t,x\n", "no row below its header"),
        ("t\n0\n", "no column beside 't'"),
        ("", "is no table of"),
    ],
)
def test_a_bad_row_is_found(read: Any, text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "course.csv"
    path.write_text(text)
    with pytest.raises(OutputError, match=problem) as refused:
        read(path, "cells")
    assert str(path) in str(refused.value)


def test_a_rate_below_zero_is_found_and_a_current_below_zero_is_one(tmp_path: Path) -> None:
    path = tmp_path / "course.csv"
    path.write_text("t,x\n0,1\n1,-2\n")
    with pytest.raises(OutputError, match="line 3: 'x' is '-2': expected a rate of zero or more"):
        READERS[0](path, "in")
    assert np.asarray(READERS[1](path, "cells").values).tolist() == [1, -2]


def test_units_stand_in_the_header_or_are_given(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("t (ms),first [pA],second [pA]\n0,1,2\n20,3,4\n")
    both = df.formats.read_csv_current(path, "cells")
    assert np.allclose(both.values / pA, [[1, 2], [3, 4]])
    assert np.allclose(both.times / ms, [0, 20])
    one = df.formats.read_csv_current(path, "cells", values="second")
    assert np.allclose(one.values / pA, [2, 4])
    with pytest.raises(OutputError, match="stands in the header, 'ms': leave out unit"):
        df.formats.read_csv_current(path, "cells", unit=second)
    path.write_text("t (ms),first [pA],second [nA]\n0,1,2\n")
    with pytest.raises(OutputError, match="'nA', 'pA': give all one unit"):
        df.formats.read_csv_current(path, "cells")
    path.write_text("t (ms),V [mV]\n0,1\n")
    with pytest.raises(QuantityError, match=r"unit of 'V \[mV\]'.*expected a current"):
        df.formats.read_csv_current(path, "cells")
    assert df.formats.read_csv_current(path, "cells", variable="stim").values.dim is mV.dim
    path.write_text("t,x\n0,1\n")
    for reader in (df.formats.read_csv_rates, df.formats.read_csv_current):
        with pytest.raises(OutputError, match=r"unit of 't': write it.*'t \(ms\)', or give unit="):
            reader(path, "cells")
        with pytest.raises(OutputError, match=r"does not say the unit of 'x'.*_unit="):
            reader(path, "cells", unit=ms)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("mine.toml", b'name = "mine"\n', "a TOML file, as circuits"),
        ("figure.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "not text: a picture"),
        ("figure.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "not text: a picture"),
    ],
)
def test_files_of_another_kind_are_named(
    name: str, content: bytes, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    readers = (*(partial(read, name="x") for read in READERS[:1]), df.formats.read_csv_spikes)
    for read in readers:
        with pytest.raises(OutputError, match=f"{name}' is {kind}.*expected a text file of"):
            read(path, **({} if isinstance(read, partial) else {"name": "x"}))


@pytest.mark.parametrize("read", READERS)
def test_a_missing_column_or_file_is_named(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "course.csv"
    path.write_text("time,x\n0,1\n")
    with pytest.raises(UnknownName, match=r"column of '.*course.csv' 't'"):
        read(path, "cells")
    with pytest.raises(OutputError, match="does not exist: expected a text file of"):
        read(tmp_path / "none.csv", "cells")


def test_a_membrane_follows_a_current_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("ms mA\n1 2\n6 -1\n")
    current = df.formats.read_csv_current(
        path, "cells", variable="I", time="ms", unit=ms, value_unit=mA
    )
    cells = df.Population("cells", 1, "dV/dt = (-V + I*(1*ohm))/(10*ms) : volt\nI : amp")
    results = df.run(
        df.Network((cells,), (current,)),
        20 * ms,
        target="runtime",
        record={"cells": ["V"]},
        progress=False,
    )
    trace = results.traces["cells"]
    expected = np.zeros(200)
    for step in range(199):  # Euler, in steps of 0.1 ms
        value = 0.0 if step < 10 else 2.0 if step < 60 else -1.0
        expected[step + 1] = expected[step] + (value - expected[step]) * 0.01
    assert np.allclose(trace.values["V"][0], 1e-3 * expected, rtol=0, atol=1e-9)
    assert np.ptp(expected) > 1
