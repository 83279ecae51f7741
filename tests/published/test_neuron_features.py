"""The twenty features of Izhikevich 2004 in the script that draws them, and what they hang on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from repository_scripts import load_script

from dualframe.experiments.neuron_features import CRITERIA

Found = Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
SCRIPT = Path(__file__).parents[2] / "circuits" / "figures" / "plot_neuron_features.py"


features = load_script(SCRIPT)
PANELS = {panel.name: panel for panel in features.PANELS}


@pytest.fixture(scope="module")
def found() -> Found:
    panels: Found = features.run_panels(target="runtime")
    return panels


def current_at(panel: Any, t: float) -> float:
    inside = [piece for piece in panel.pieces if piece[2] + 1e-6 < t < piece[3] - 1e-6]
    return float(panel.constant + sum(size + ramp * (t - on) for size, ramp, on, _ in inside))


def spikes_by_loop(panel: Any) -> list[float]:
    """Step through time as the author's script does: u sees the new V."""
    (a, b, c, d), v, dt = panel.numbers, panel.start, panel.dt
    linear, offset = panel.polynomial
    accommodates = panel.name == "accommodation"
    u = -16.0 if accommodates else b * v
    spikes = []
    for step in range(round(panel.length / dt) + 1):
        t = step * dt
        v += dt * (0.04 * v**2 + linear * v + offset - u + current_at(panel, t))
        u += dt * a * (b * (v + 65) if accommodates else b * v - u)
        if v > 30:
            spikes.append(t)
            v, u = c, u + d
    return spikes


def test_the_model_has_twenty_of_twenty(found: Found) -> None:
    met = features.check_features(found)
    assert len(met) == 20
    assert [name for name, yes in met.items() if not yes] == []


@pytest.mark.parametrize("name", PANELS)
def test_spikes_are_those_of_the_authors_recurrence(found: Found, name: str) -> None:
    expected = [t for t in spikes_by_loop(PANELS[name]) if t < PANELS[name].length]
    assert expected
    np.testing.assert_allclose(found[name][0], expected, rtol=0, atol=1e-9)  # times are i dt


@pytest.mark.parametrize("name", PANELS)
def test_a_criterion_can_fail(found: Found, name: str) -> None:
    """Of the other panels, few are taken for this one: stimuli differ, and so do spikes."""
    others = [x for x in PANELS if x != name and CRITERIA[name](*found[x])]
    assert len(others) <= 3, others
    silent = (np.array([]), np.full(1601, -65.0), np.linspace(0, 400, 1601))
    assert not CRITERIA[name](*silent)


def test_five_features_hang_on_the_time_step() -> None:
    """In the same equations with a step that no longer matters: these five are what was found."""
    met = features.check_features(features.run_panels(newer=0.0, dt=0.05, target="runtime"))
    assert {name for name, yes in met.items() if not yes} == {
        "class 2 excitable",
        "bistability",
        "depolarising after-potential",
        "inhibition-induced spiking",
        "inhibition-induced bursting",
    }
