"""What a script of Brian2 may say and a network of dualframe may not is refused with the remedy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from brian2 import TimedArray, ms, mV

import dualframe as df
from dualframe.core.errors import NetworkError, TargetError

LEAKY = "dv/dt = -v/tau : volt"


def population(equations: str = LEAKY, **settings: Any) -> df.Population:
    constants = {"parameters": {"tau": 10 * ms}, "voltage": "v"}
    return df.Population("cells", 3, equations, "v > 1*mV", "v = 0*mV", **(constants | settings))


def test_initial_values_are_no_expressions() -> None:
    with pytest.raises(NetworkError, match=re.escape("array of shape (3,)")):
        population(initial={"v": "rand()*mV"})
    assert population(initial={"v": "0.5 mV"}).initial["v"] == 0.5 * mV


def test_a_timed_array_is_a_waveform() -> None:
    stimulus = TimedArray(np.ones(3) * mV, dt=1 * ms)
    with pytest.raises(NetworkError, match="variable='stimulus', times="):
        population(parameters={"tau": 10 * ms, "stimulus": stimulus})


def test_linked_variables_are_refused_before_a_run() -> None:
    network = df.Network([population(f"{LEAKY}\nz : 1 (linked)")])
    assert "linked" in df.check(network, "runtime")[0].construct
    with pytest.raises(TargetError, match="linked"):
        df.run(network, 1 * ms, target="runtime")


@pytest.mark.parametrize("right", ["sin(t/tau)*mV - v", "v*v/mV"])
def test_equations_that_the_method_cannot_solve_name_the_population(right: str) -> None:
    cells = population(f"dv/dt = ({right})/tau : volt", method="exact")
    with pytest.raises(NetworkError, match=r"population 'cells' cannot solve .* method='euler'"):
        df.run(df.Network([cells]), 1 * ms, target="runtime")


@pytest.mark.parametrize("following", ["dx/dt = -x/tau : 1", "x = 2*v : volt"])
def test_a_line_without_a_unit_is_quoted(following: str) -> None:
    with pytest.raises(NetworkError, match=r"'dv/dt = -v/tau' has no unit: end it with ' : 1'"):
        population(f"dv/dt = -v/tau\n{following}")
    assert population(f"dv/dt = (1*mV -\n v)/tau : volt\n{following}").n == 3
