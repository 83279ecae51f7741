"""What a run warns of reaches provenance, Python, the command line and reports, once."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2.units import Hz, ms

import dualframe as df
from dualframe.core.errors import DualframeWarning
from dualframe.core.user_warnings import warn_user
from dualframe.simulation import run_warnings

DECAY = "dv/dt = (1 - v)/(5*ms) : 1"


def network(**changes: object) -> df.Network:
    cells = df.Population("cells", 3, DECAY, "v > 0.9", "v = 0", **changes)
    return df.Network(populations=[cells], inputs=[df.PoissonInput(name="in", n=2, rate=5 * Hz)])


def run_quietly(net: df.Network, **options: object) -> df.Results:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DualframeWarning)
        return df.run(net, 20 * ms, target="runtime", seed=1, **options)


def ours(caught: pytest.WarningsRecorder) -> list[warnings.WarningMessage]:
    return [w for w in caught if issubclass(w.category, DualframeWarning)]


def test_rates_of_what_has_no_threshold_are_not_zero_but_unknown() -> None:
    silent = df.Population("silent", 2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    graded = df.Population("graded", 2, "dv/dt = -v/(10*ms) : 1")
    done = df.run(df.Network([silent, graded]), 1 * ms, target="runtime", seed=1)
    rates = done.rates().set_index("population")["mean_rate_Hz"]
    assert rates["silent"] == 0
    assert np.isnan(rates["graded"])
    assert done.provenance["without_spikes"] == ["graded"]


def test_nothing_is_said_of_a_run_where_nothing_is_wrong() -> None:
    assert run_quietly(network()).provenance["warnings"] == []


def test_what_the_builder_says_is_said_once_and_kept(tmp_path: Path) -> None:
    told = replace(network(), meta={"warnings": ["'cells' are odd.", "'cells' are odd."]})
    with pytest.warns(DualframeWarning, match="'cells' are odd") as caught:
        results = df.run(told, 20 * ms, target="runtime", seed=1)
    assert [w.filename for w in ours(caught)] == [__file__]
    assert results.provenance["warnings"] == ["'cells' are odd."]
    assert df.Results.load(results.save(tmp_path, figures=False)).provenance["warnings"] == [
        "'cells' are odd."
    ]
    page = df.report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&#39;cells&#39; are odd." in page


def test_checks_before_and_after_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        run_warnings, "BEFORE", (lambda net, lowered: [f"{net.name} in steps of {lowered.dt}"],)
    )
    monkeypatch.setattr(
        run_warnings,
        "AFTER",
        (lambda net, lowered, raw, results: [f"{len(results.populations)} of them"],),
    )
    with pytest.warns(DualframeWarning) as caught:
        results = df.run(network(), 20 * ms, target="runtime", seed=1)
    assert results.provenance["warnings"] == ["network in steps of 0.0001", "1 of them"]
    assert [str(w.message) for w in ours(caught)] == results.provenance["warnings"]


def test_a_warning_points_at_the_line_outside_the_package() -> None:
    with pytest.warns(DualframeWarning) as caught:
        assert warn_user(["a", "b", "a"]) == ["a", "b"]
    assert {w.filename for w in caught} == {__file__}


@pytest.mark.parametrize(("period", "warns"), [(1, True), (2, False)])
def test_cells_that_fire_faster_than_any_cell_are_named(period: int, warns: bool) -> None:
    """A thousand spikes a second are above the 611 Hz of Wang et al. 2016, 500 are not."""
    ramp = f"dv/dt = 1/({period}*ms) : 1"
    fast = df.Network([df.Population("fast", 3, ramp, "v > 0.975", "v = 0", cell_type="ctx_pv")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DualframeWarning)
        results = df.run(fast, 300 * ms, target="runtime", seed=1)
        brief = df.run(fast, 100 * ms, target="runtime", seed=1)
    said = [w for w in results.provenance["warnings"] if "611 Hz" in w]
    assert bool(said) == warns
    if warns:
        assert said[0].startswith("'fast' (ctx_pv): 3 of 3 neurons fired at up to 1000 Hz in the")
    assert not brief.provenance["warnings"]  # a burst is no rate


def test_a_population_that_is_no_cell_may_fire_as_it_likes() -> None:
    clock = df.Network([df.Population("clock", 1, "v : 1", "v > -1", "v = 0")])
    results = df.run(clock, 300 * ms, target="runtime", seed=1)
    assert len(results.spikes) == 3000
    assert not results.provenance["warnings"]
