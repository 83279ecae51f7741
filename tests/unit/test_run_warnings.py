"""What a run warns of reaches provenance, Python, the command line and reports, once."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

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
