"""Results in memory and on disk. HDF5 files are read back with plain h5py, not with our reader."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from brian2.units import amp, ms, nS, second, volt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dualframe.analysis.report import report
from dualframe.core.errors import (
    DualframeError,
    NetworkError,
    OutputError,
    QuantityError,
    UnknownName,
)
from dualframe.network import Population
from dualframe.results import archive
from dualframe.results.results import (
    PROVENANCE,
    Results,
    Trace,
    dspike_table,
    population_table,
    spike_table,
)

POPULATIONS = pd.DataFrame(
    {
        "population": ["pyr", "pv", "silent"],
        "cell_type": ["ctx_l23_pyr", "ctx_pv", ""],
        "n": [4, 2, 3],
        "sign": [1, -1, 0],
    }
)
PYR = ([0, 0, 0, 0, 1, 1, 1, 2], [0.1, 0.3, 0.5, 0.7, 0.1, 0.2, 0.9, 0.4])
PV = ([1, 0], [0.4, 0.05])


def trace() -> Trace:
    t = np.arange(50) * 1e-4
    values = {
        "V_soma": np.stack([np.sin(t), np.cos(t)]) * 1e-3,
        "g": np.full((2, 50), np.nan),
        "time": np.ones((2, 50)),
    }
    return Trace(t, np.array([0, 3]), values, {"V_soma": "volt", "g": "siemens"})


def make(**changes: Any) -> Results:
    content: dict[str, Any] = {
        "populations": POPULATIONS,
        "spikes": spike_table(POPULATIONS, {"pyr": PYR, "pv": PV}),
        "duration": 2.0,
        "dspikes": dspike_table(
            {("pyr", "Na_dend"): ([3, 1], [0.2, 0.1]), ("pyr", "Ca"): ([], [])}
        ),
        "traces": {"pyr": trace()},
        "weights": {"a": pd.DataFrame({"pre": [1, 0], "post": [0, 1], "weight": [2e-9, 1e-9]})},
        "weight_units": {"a": "siemens"},
        "provenance": {"seed": 7, "assumptions": ["none measured"], "scale": np.float64(0.5)},
    }
    return Results(**(content | changes))


# --- in memory ----------------------------------------------------------------------------------


def test_rates_are_those_counted_by_hand() -> None:
    rates = make().rates().set_index("population")
    # 4, 3, 1 and 0 spikes in 2 s; population standard deviation of (2, 1.5, 0.5, 0).
    assert rates.loc["pyr", "mean_rate_Hz"] == 1.0
    assert rates.loc["pyr", "sd_rate_Hz"] == pytest.approx(np.sqrt(0.625))
    # Neuron 0 is regular (CV 0); neuron 1 has intervals 0.1 and 0.7: CV = 0.3 / 0.4.
    assert rates.loc["pyr", "cv_isi"] == pytest.approx((0 + 0.75) / 2)
    assert rates.loc["pv", "mean_rate_Hz"] == 0.5
    assert np.isnan(rates.loc["pv", "cv_isi"])
    assert rates.loc["silent", "mean_rate_Hz"] == 0.0
    columns = ["cell_type", "n", "mean_rate_Hz", "sd_rate_Hz", "cv_isi"]
    assert list(rates.columns) == columns


def test_rates_in_a_window_take_seconds_or_quantities() -> None:
    result = make()
    np.testing.assert_array_equal(
        result.neuron_rates("pyr", 100 * ms, 0.5 * second), [5, 5, 2.5, 0]
    )
    pd.testing.assert_frame_equal(result.rates(0.1, 0.5), result.rates(100 * ms, 500 * ms))
    with pytest.raises(QuantityError, match="window"):
        result.rates(1.0, 1.0)


def test_isi_lists_every_interval() -> None:
    table = make().inter_spike_intervals("pyr")
    assert table["neuron"].tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(table["isi"], [0.2, 0.2, 0.2, 0.1, 0.7])


def test_spikes_are_in_order_whatever_the_order_given() -> None:
    shuffled = make().spikes.sample(frac=1, random_state=1)
    result = make(spikes=shuffled)
    assert result == make()
    assert result.spikes["t"].is_monotonic_increasing
    assert result.spikes["population"].cat.categories.tolist() == ["pyr", "pv", "silent"]
    # At 0.1 s and 0.4 s two neurons fire together: population first, then neuron.
    together = result.spikes[result.spikes["t"] == 0.4]
    assert together["population"].tolist() == ["pyr", "pv"]


def test_equality_sees_every_part() -> None:
    later = make().spikes.assign(t=lambda table: np.nextafter(table["t"], 1))
    for change in (
        {"spikes": later},
        {"duration": 2.5},
        {"dspikes": dspike_table({})},
        {"traces": {}},
        {"weights": {}},
        {"weight_units": {}},
        {"provenance": {"seed": 8}},
        {"populations": POPULATIONS.assign(sign=[1, 1, 0])},
    ):
        assert make(**change) != make(), change
    assert make() == make()


def test_a_trace_gives_quantities() -> None:
    voltage = trace().quantity("V_soma")
    assert voltage.shape == (2, 50)
    assert voltage[1, 0] == 1e-3 * volt
    assert (trace().quantity("time") == 1).all()
    compound = Trace([0.0], [0], {"x": [[2.0]]}, {"x": "metre ** 2 * kilogram * second ** -3"})
    assert compound.quantity("x")[0, 0] == 2.0 * volt * amp
    with pytest.raises(UnknownName, match="V_soma"):
        trace().quantity("V_som")
    with pytest.raises(DualframeError, match="shape"):
        Trace([0.0, 1.0], [0], {"V": [[1.0]]}, {})
    with pytest.raises(ValueError, match="read-only"):
        trace().values["V_soma"][0, 0] = 1.0


def test_populations_come_from_the_network() -> None:
    table = population_table([Population("e", 3, "dv/dt = -v/(10*ms) : 1", cell_type="x", sign=1)])
    assert table.to_dict("records") == [{"population": "e", "cell_type": "x", "n": 3, "sign": 1}]


def test_provenance_is_plain_data_with_every_key() -> None:
    result = make(provenance={"g": 2 * nS, "array": np.arange(2), "bad": np.nan, "results": "x"})
    assert set(PROVENANCE) <= set(result.provenance)
    assert result.provenance["simulated_s"] == 2.0
    assert result.provenance["array"] == [0, 1]
    assert result.provenance["bad"] is None
    assert result.provenance["results_"] == "x"  # `results` is the manifest's own
    json.dumps(dict(result.provenance), allow_nan=False)


@pytest.mark.parametrize(
    ("trains", "error", "words"),
    [
        ({"pyr": ([4], [0.1])}, NetworkError, "neuron 4 of population 'pyr': expected 0 to 3"),
        ({"pyr": ([-1], [0.1])}, NetworkError, "neuron -1"),
        ({"pry": ([0], [0.1])}, UnknownName, "Did you mean 'pyr'"),
    ],
)
def test_spikes_of_nobody_are_refused(trains: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make(spikes=spike_table(POPULATIONS, trains))


def test_unknown_populations_are_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'pyr'"):
        make().neuron_rates("pry")
    with pytest.raises(UnknownName, match="population"):
        make(traces={"nobody": trace()})
    other = make().spikes.astype({"population": object}).replace({"population": {"pv": None}})
    with pytest.raises(UnknownName, match="population"):
        make(spikes=other)


def test_a_run_interrupted_at_once_has_no_rates() -> None:
    empty = make(duration=0.0, spikes=spike_table(POPULATIONS, {}))
    assert empty.rates()["mean_rate_Hz"].isna().all()


# --- on disk ------------------------------------------------------------------------------------

trains = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.floats(0, 100, allow_subnormal=False) | st.integers(0, 10**6).map(lambda k: k * 1e-4),
    ),
    max_size=30,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=trains, second=trains, dendritic=trains)
def test_saved_spikes_come_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, first: Any, second: Any, dendritic: Any
) -> None:
    folder = tmp_path_factory.mktemp("results")
    populations = POPULATIONS.assign(n=3)
    split = [tuple(zip(*spikes, strict=True)) or ((), ()) for spikes in (first, second, dendritic)]
    saved = Results(
        populations=populations,
        spikes=spike_table(populations, {"pyr": split[0], "silent": split[1]}),
        duration=100.0,
        dspikes=dspike_table({("pyr", "Ca"): split[2]}),
    )
    saved.save(folder, figures=False)
    assert Results.load(folder) == saved


def test_everything_comes_back(tmp_path: Path) -> None:
    saved = make()
    assert saved.save(tmp_path / "deep" / "out", figures=False) == tmp_path / "deep" / "out"
    assert Results.load(tmp_path / "deep" / "out") == saved


def test_spikes_file_has_the_sonata_layout(tmp_path: Path) -> None:
    make().save(tmp_path, figures=False)
    with h5py.File(tmp_path / "spikes.h5") as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        assert set(file["spikes"]) == {"pyr", "pv", "silent"}
        group = file["spikes/pyr"]
        assert group["node_ids"].dtype == np.uint64
        assert group["timestamps"].dtype == np.float64
        assert group["timestamps"].attrs["units"] == "milliseconds"
        np.testing.assert_allclose(group["timestamps"], [100, 100, 200, 300, 400, 500, 700, 900])
        assert group["node_ids"][:].tolist() == [0, 1, 1, 0, 2, 0, 0, 1]
        # The specification wants an enumeration, and libsonata reads nothing else.
        kind = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
        assert kind == {"none": 0, "by_id": 1, "by_time": 2}
        assert group.attrs["sorting"] == kind["by_time"]
        assert group["timestamps"].compression is None  # nor is zlib part of libsonata
        assert file["spikes/silent/node_ids"].shape == (0,)
        assert file["dspikes/pyr/Na_dend/node_ids"][:].tolist() == [1, 3]


def test_traces_file_names_units(tmp_path: Path) -> None:
    make().save(tmp_path, figures=False)
    with h5py.File(tmp_path / "traces.h5") as file:
        assert file["pyr/V_soma"].attrs["unit"] == "volt"
        assert file["pyr/V_soma"].shape == (2, 50)
        assert file["pyr/neurons"][:].tolist() == [0, 3]
        assert file["pyr/time"].attrs["unit"] == "second"


def test_tables_and_manifest(tmp_path: Path) -> None:
    make().save(tmp_path, figures=False)
    rates = pd.read_csv(tmp_path / "rates.csv", keep_default_na=False, na_values=["nan"])
    assert list(rates.columns) == [
        "population",
        "cell_type",
        "n",
        "mean_rate_Hz",
        "sd_rate_Hz",
        "cv_isi",
    ]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for key in (
        "versions",
        "seed",
        "network_hash",
        "command",
        "target",
        "build_s",
        "run_s",
        "simulated_s",
        "build_cache",
    ):
        assert key in manifest
    assert manifest["seed"] == 7


def test_saving_again_leaves_nothing_of_the_old_run(tmp_path: Path) -> None:
    make().save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert (tmp_path / "figures" / "traces_pyr.png").is_file()
    later = make(traces={}, weights={}, weight_units={})
    with pytest.raises(OutputError, match="holds dualframe results already"):
        later.save(tmp_path, figures=False)
    assert Results.load(tmp_path) == make()
    report(make(), tmp_path / "report.html")
    later.save(tmp_path, figures=False, force=True)
    assert Results.load(tmp_path) == later
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"manifest.json", "rates.csv", "spikes.h5", "notes.txt"}


def test_figures_are_drawn(tmp_path: Path) -> None:
    make().save(tmp_path)
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"raster.png", "rates.png", "traces_pyr.png"}


def test_a_figure_that_fails_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("no axes")

    monkeypatch.setattr("dualframe.analysis.plots.standard_figures", lambda _: {"raster": fail})
    with pytest.warns(UserWarning, match="'raster' could not be drawn: no axes"):
        make().save(tmp_path)
    assert Results.load(tmp_path) == make()


# --- places that cannot be written or read ------------------------------------------------------


def test_a_manifest_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(OutputError, match="was not written by dualframe"):
        make().save(tmp_path, figures=False, force=True)
    with pytest.raises(OutputError, match="something else"):
        Results.load(tmp_path)


def test_results_that_cannot_be_saved_go_to_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Name a folder that you may write to"):
        make().save(tmp_path / "file", figures=False)
    monkeypatch.setattr(archive, "check_output", lambda folder, *_, **__: Path(folder))
    with pytest.raises(OutputError, match="The results are in") as caught:
        make().save(tmp_path / "file", figures=False)
    rescued = Path(str(caught.value).split("The results are in '")[1].split("'")[0])
    try:
        assert Results.load(rescued) == make()
    finally:
        shutil.rmtree(rescued)


def test_a_disk_that_fills_keeps_the_old_results_until_the_new_ones_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make().save(tmp_path, figures=False)
    monkeypatch.setattr(archive, "write_traces", _full)
    with pytest.raises(OutputError, match="temporary folder failed too"):
        make(duration=3.0).save(tmp_path, figures=False, force=True)
    assert Results.load(tmp_path) == make()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def _full(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def damage(path: Path, how: str) -> None:
    if how == "remove":
        path.unlink()
    elif how == "truncate":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "garbage":
        path.write_bytes(b"\x00garbage\xff" * 20)
    else:
        raise AssertionError(how)


@pytest.mark.parametrize("how", ["remove", "truncate", "garbage"])
@pytest.mark.parametrize("name", ["manifest.json", "spikes.h5", "traces.h5", "weights.h5"])
def test_damaged_files_are_named(tmp_path: Path, name: str, how: str) -> None:
    make().save(tmp_path, figures=False)
    damage(tmp_path / name, how)
    with pytest.raises(OutputError, match=r"manifest\.json" if "json" in name else name):
        Results.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        {"format": "dualframe results", "format_version": 1},
        {"format": "dualframe results", "format_version": 1, "results": {}},
        {"format": "dualframe results", "format_version": 1, "results": 3},
        {"format": "dualframe results", "format_version": 99, "results": {}},
        {"format": "dualframe results"},
        {"format": "other"},
        [],
    ],
)
def test_manifests_that_lack_something_are_refused(tmp_path: Path, content: Any) -> None:
    make().save(tmp_path, figures=False)
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(OutputError, match=r"manifest\.json"):
        Results.load(tmp_path)


def test_files_of_two_runs_are_not_mixed(tmp_path: Path) -> None:
    make().save(tmp_path / "one", figures=False)
    fewer = spike_table(POPULATIONS, {"pyr": ([0], [0.5])})
    make(spikes=fewer).save(tmp_path / "two", figures=False)
    shutil.copy(tmp_path / "two" / "spikes.h5", tmp_path / "one" / "spikes.h5")
    with pytest.raises(OutputError, match="does not belong to the manifest"):
        Results.load(tmp_path / "one")


def test_loading_from_nowhere(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not a folder"):
        Results.load(tmp_path / "nothing")
    with pytest.raises(OutputError, match=r"has no manifest\.json"):
        Results.load(tmp_path)


# --- report -------------------------------------------------------------------------------------


def test_report_is_one_file_with_everything(tmp_path: Path) -> None:
    page = report(make(), tmp_path / "new" / "out.html").read_text()
    for text in ("none measured", "ctx_l23_pyr", "CV ISI", "seed", "9 neurons in 3 populations"):
        assert text in page
    assert page.count("data:image/png;base64,") == 3
    assert "http" not in page.replace("http-equiv", "")
    assert "interrupted" not in page


def test_report_compares_results(tmp_path: Path) -> None:
    runs = {"control": make(), "ACh": make(provenance={"completed": False})}
    page = report(runs, tmp_path / "out.html", text={"differences": "As expected."}).read_text()
    assert "<h2>Differences</h2>" in page
    assert "As expected." in page
    assert "The run was interrupted" in page
    assert page.count("data:image/png;base64,") == 3  # the comparison and two traces


def test_report_shows_text_as_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>{{ 7 * 7 }}"
    result = make(provenance={"command": evil, "assumptions": [evil], "versions": {evil: evil}})
    page = report(result, tmp_path / "out.html", title=evil, text={"summary": evil}).read_text()
    assert "<script>" not in page
    assert "49" not in page.split("<h2>Figures")[0]


def test_report_errors(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'summary'"):
        report(make(), tmp_path / "out.html", text={"sumary": ""})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        report(make(), tmp_path / "file" / "out.html")
    with pytest.raises(DualframeError, match="no results"):
        report({}, tmp_path / "out.html")
