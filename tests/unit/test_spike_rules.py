"""Thresholds and resets that no neuron can have are refused, or said, with their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.units import ms, mV

import dualframe as df
from dualframe.core.errors import CatalogueError, DualframeWarning, NetworkError
from dualframe.core.shared_names import SHARED_NAMES, names_not_shared

EQUATIONS = "dV/dt = (2 - V)/(5*ms) : 1\nabove = V > 1 : boolean\ndepth = V/2 : 1"


def cells(threshold: str, **rule: Any) -> df.Population:
    return df.Population("cells", 1, EQUATIONS, threshold, **rule)


def run(population: df.Population) -> df.Results:
    return df.run(df.Network((population,)), 10 * ms, target="runtime", seed=1, progress=False)


@pytest.mark.parametrize("threshold", ["V", "depth", "V + 1", "1", "-V", "exp(V)", "rand()"])
def test_a_threshold_that_is_a_value_is_refused(threshold: str) -> None:
    with pytest.raises(NetworkError, match=r"threshold of population 'cells' is .*no condition"):
        cells(threshold, reset="V = 0")


@pytest.mark.parametrize(
    "threshold",
    ["V > 1", "above", "not above", "V > 1 and above", "rand() < 0.5*dt/ms", "t > 1*ms"],
)
def test_a_threshold_that_is_a_condition_is_taken(threshold: str) -> None:
    assert cells(threshold, reset="V = 0").threshold == threshold


def test_an_unknown_name_in_a_threshold_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"threshold 'V > V_t' of population 'cells' uses 'V_t'"):
        cells("V > V_t", reset="V = 0")
    with pytest.raises(NetworkError, match=r"uses 'v', .* Did you mean 'V'\?"):
        cells("v > 1", reset="V = 0")
    assert cells("V > V_t", reset="V = 0", parameters={"V_t": 1}).n == 1


def test_names_of_brian2_need_no_definition() -> None:
    names = {*DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS, *DEFAULT_UNITS} - {"-inf"}
    assert names <= SHARED_NAMES
    assert names_not_shared("V > 1e3*mV + k and not_refractory") == {"V", "k"}


def test_a_threshold_without_reset_is_said() -> None:
    with pytest.warns(DualframeWarning, match=r"'cells' has a threshold without reset.*of 'V'"):
        results = run(cells("depth > 0.5"))
    steps = np.diff(results.spikes["t"]) / 1e-4
    assert len(steps) > 50
    assert np.allclose(steps, 1)


@pytest.mark.parametrize(
    ("threshold", "rule"),
    [
        ("V > 1", {"reset": "V = 0"}),
        ("V > 1", {"reset": ""}),
        ("V > 1", {"refractory": "V > 1"}),
        ("V > 1 and rand() < 0.1", {}),
        ("t > 1*ms", {}),
    ],
)
def test_other_rules_are_not_said(threshold: str, rule: dict[str, Any]) -> None:
    assert run(cells(threshold, **rule)).provenance["warnings"] == []


@pytest.mark.parametrize(
    ("model", "label", "reset"),
    [
        ("izhikevich2003", "RS", {"c": "40 mV"}),
        ("izhikevich2003", "RS", {"c": 30}),
        ("adex", "tonic spiking", {"V_r": 20 * mV}),
        ("plif", "tau = 2", {"v_reset": 1}),
    ],
)
def test_a_reset_is_compared_with_the_default_peak(
    model: str, label: str, reset: dict[str, Any]
) -> None:
    (name,) = reset
    with pytest.raises(CatalogueError, match=f"not above the reset {name} of"):
        df.neuron(model, label, **reset)


def test_a_higher_peak_allows_a_higher_reset() -> None:
    assert df.neuron("izhikevich2003", "RS", c=40, vpeak=50).parameters["c"] == 40 * mV
