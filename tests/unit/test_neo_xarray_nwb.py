"""Neo, xarray and NWB: there and back, and read by those whose formats they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, pA
from hypothesis import given, settings
from hypothesis import strategies as st

import dualframe as df
from dualframe.core.errors import NetworkError, OutputError, UnknownName
from dualframe.results.results import Trace, spike_table

SPIKES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.floats(0, 0.99)), max_size=25
)


def results(spikes: list[tuple[str, int, float]], samples: int = 5) -> df.Results:
    populations = pd.DataFrame(
        {"population": ["a", "b"], "cell_type": ["ctx_pv", ""], "n": [3, 3], "sign": [-1, 0]}
    )
    trains: dict[str, Any] = {}
    for name in "ab":
        rows = sorted((t, i) for population, i, t in spikes if population == name)
        trains[name] = (np.array([i for _, i in rows], int), np.array([t for t, _ in rows]))
    times = 1e-3 * np.arange(samples)
    waves = np.sin(np.arange(2 * samples)).reshape(2, samples)
    trace = Trace(times, np.array([0, 2]), {"V": 0.07 * waves, "c_ACh": waves**2}, {"V": "volt"})
    return df.Results(
        populations=populations,
        spikes=spike_table(populations, trains),
        duration=1.0,
        traces={"a": trace},
        provenance={"network": "small"},
    )


SOME = [("a", 0, 0.1), ("a", 0, 0.3), ("a", 2, 0.2), ("b", 1, 0.5)]


class TestNeo:
    @given(spikes=SPIKES)
    @settings(max_examples=25, deadline=None)
    def test_there_and_back(self, spikes: list[tuple[str, int, float]]) -> None:
        pytest.importorskip("neo", reason="neo is not installed (extra 'neo')")
        ours = results(spikes)
        back = df.formats.from_neo(df.formats.to_neo(ours))
        assert back.populations.equals(ours.populations)
        assert back.spikes.equals(ours.spikes)
        assert back.duration == ours.duration
        for name, values in ours.traces["a"].values.items():
            assert np.array_equal(back.traces["a"].values[name], values)
            assert back.traces["a"].units[name] == ours.traces["a"].units[name]
        assert np.allclose(back.traces["a"].t, ours.traces["a"].t, rtol=0, atol=1e-12)

    def test_elephant_computes_the_same_statistics(self) -> None:
        pytest.importorskip("neo", reason="neo is not installed (extra 'neo')")
        statistics = pytest.importorskip("elephant.statistics", reason="elephant is not installed")
        rng = np.random.default_rng(1)
        times = np.cumsum(rng.exponential(0.02, 40))
        ours = results([("a", 1, float(t)) for t in times if t < 1])
        train = df.formats.to_neo(ours).segments[0].spiketrains[1]
        rate = float(statistics.mean_firing_rate(train).rescale("Hz"))
        assert rate == pytest.approx(ours.neuron_rates("a")[1])
        t = ours.spikes["t"].to_numpy()
        assert float(statistics.cv(statistics.isi(train))) == pytest.approx(
            np.diff(t).std() / np.diff(t).mean()
        )

    def test_trains_of_others_are_an_input(self) -> None:
        neo = pytest.importorskip("neo", reason="neo is not installed (extra 'neo')")
        trains = [neo.SpikeTrain(t, units="ms", t_stop=50.0) for t in ([30.0, 10.0], [])]
        spikes = df.formats.spikes_from_neo(trains, "in")
        assert (spikes.n, spikes.indices.tolist()) == (2, [0, 0])
        assert np.asarray(spikes.times).tolist() == pytest.approx([0.01, 0.03])
        block = neo.Block()
        block.segments.append(neo.Segment())
        block.segments[0].spiketrains.extend(trains)
        with pytest.raises(NetworkError, match="spikes_from_neo"):
            df.formats.from_neo(block)


class TestXarray:
    def test_a_view_with_labels(self) -> None:
        pytest.importorskip("xarray", reason="xarray is not installed (extra 'xarray')")
        ours = results(SOME)
        data = df.formats.to_xarray(ours, "a")
        assert np.shares_memory(data["V"].to_numpy(), ours.traces["a"].values["V"])
        assert data["V"].attrs["units"] == "volt"
        expected = ours.traces["a"].values["V"][1, 3]
        assert float(data["V"].sel(neuron=2, time=3e-3)) == expected
        with pytest.raises(UnknownName, match="trace"):
            df.formats.to_xarray(ours, "b")


class TestNwb:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        pytest.importorskip("pynwb", reason="pynwb is not installed (extra 'nwb')")
        cells = df.Population("a", 3, "dV/dt = I/(10*pA)/second : 1\nI : amp")
        inputs = (
            df.CurrentInput("a", 20 * pA, 200 * ms, 500 * ms, variable="I"),
            df.SpikeInput("in", 4, [3, 0], [20, 10] * ms),
        )
        network = df.Network((cells,), inputs)
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        path = tmp_path / "run.nwb"
        return df.formats.write_nwb(results(SOME), path, network=network, started=moment)

    def test_the_validator_of_nwb_passes(self, file: Path) -> None:
        import pynwb

        outcome = pynwb.validate(path=str(file))
        assert list(outcome[0] if isinstance(outcome, tuple) else outcome) == []

    def test_pynwb_reads_everything(self, file: Path) -> None:
        import pynwb

        with pynwb.NWBHDF5IO(str(file), "r") as source:
            content = source.read()
            table = content.units.to_dataframe()
            assert table["population"].tolist() == list("aaabbb")
            assert table["spike_times"].map(list).tolist() == [[0.1, 0.3], [], [0.2], [], [0.5], []]
            assert set(content.acquisition) == {"a_V"}
            assert content.acquisition["a_V"].unit == "volt"
            assert set(content.processing["neuromodulation"].data_interfaces) == {"a_c_ACh"}
            assert set(content.stimulus) == {"I_of_a", "in"}

    def test_what_dualframe_reads_back(self, file: Path) -> None:
        spikes = df.formats.read_nwb_spikes(file, name="in", column="population", value="a")
        assert (spikes.n, spikes.indices.tolist()) == (3, [0, 2, 0])
        times, values, unit = df.formats.read_nwb_series(file, "I_of_a")
        assert times.tolist() == [0, 0.2, 0.5]
        assert values.tolist() == pytest.approx([0, 20e-12, 0])
        assert unit == "amp"
        _, volts, _ = df.formats.read_nwb_series(file, "a_V")
        assert np.array_equal(volts.T, results(SOME).traces["a"].values["V"])
        with pytest.raises(UnknownName, match="series of the file"):
            df.formats.read_nwb_series(file, "b_V")

    def test_what_is_refused(self, file: Path, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="stands there"):
            df.formats.write_nwb(results(SOME), file)
        (tmp_path / "text.nwb").write_text("no")
        with pytest.raises(OutputError, match="is no NWB file"):
            df.formats.read_nwb_series(tmp_path / "text.nwb", "a")
