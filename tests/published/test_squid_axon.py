"""The conduction velocity of the squid giant axon, as a chain of Hodgkin-Huxley compartments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import mm, us
from repository_scripts import load_script

import dualframe as df

SCRIPT = Path(__file__).parents[2] / "circuits" / "figures" / "plot_squid_axon.py"


axon = load_script(SCRIPT)


def test_the_conduction_velocity_is_that_of_1952() -> None:
    """18.8 m/s computed by hand; their K of 10.47/ms gives sqrt(K a/(2 R_2 C)) = 18.76.

    With compartments of 0.5 mm and steps of 1 us it is 18.55. It grows to 18.65, 18.69 and 18.71
    with (0.25 mm, 0.5 us), (0.25 mm, 0.25 us) and (0.125 mm, 0.125 us): 2 % are this resolution.
    """
    done, positions = axon.run_axon(30 * mm, target="runtime")
    velocity = axon.conduction_velocity(done, positions)
    exact = np.sqrt(10.47e3 * 0.0238 / (2 * 35.4 * 1e-6)) / 100  # in cm, uF and ohm cm, as printed
    assert exact == pytest.approx(axon.COMPUTED, abs=0.05)
    assert velocity == pytest.approx(axon.COMPUTED, rel=0.02)
    assert velocity < axon.MEASURED  # as in the paper: less than was measured


def test_the_axon_runs_on_compiled_targets() -> None:
    assert not df.check(axon.build_axon(5 * mm), "cpp_standalone")


def test_steps_are_shorter_than_the_axial_current() -> None:
    """The coupling is explicit: g dt/C of the two neighbours together stays below one."""
    network = axon.build_axon(5 * mm)
    (axial,) = network.projections
    per_step = (
        2 * axial.parameters["g_axial"] * (1 * us) / network.population("axon").parameters["C"]
    )
    assert float(per_step) < 0.3
