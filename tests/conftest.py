"""What tests of every folder share: targets, a cache of programs, small networks and circuits."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, nS
from hypothesis import HealthCheck, settings

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, save_calibration
from dualframe.targets.target_support import missing_requirements

OWN_CACHE = pytest.StashKey[str]()

# Hypothesis' own limits on the time of an example are those of an idle machine
settings.register_profile(
    "dualframe", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("dualframe")


def pytest_configure(config: pytest.Config) -> None:
    """Compile each program once per session: the workers of xdist inherit the variable."""
    if "DUALFRAME_CACHE" not in os.environ:
        config.stash[OWN_CACHE] = tempfile.mkdtemp(prefix="dualframe-test-cache-")
        os.environ["DUALFRAME_CACHE"] = config.stash[OWN_CACHE]


def pytest_unconfigure(config: pytest.Config) -> None:
    if OWN_CACHE in config.stash:
        os.environ.pop("DUALFRAME_CACHE", None)
        shutil.rmtree(config.stash[OWN_CACHE], ignore_errors=True)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Give every test Brian2's default time step, whatever the one before it has set."""
    from brian2 import defaultclock

    defaultclock.dt = 0.1 * ms
    yield
    defaultclock.dt = 0.1 * ms


# --- targets ------------------------------------------------------------------------------------


@pytest.fixture(
    params=[
        "runtime",
        pytest.param("cpp_standalone", marks=pytest.mark.cpp),
        pytest.param("genn", marks=pytest.mark.genn),
        pytest.param("genn5", marks=pytest.mark.genn5),
    ]
)
def target(request: pytest.FixtureRequest) -> str:
    """Every target; skipped, with what is missing, where it cannot run. GeNN runs on the CPU."""
    name: str = request.param
    if gaps := missing_requirements(name, use_gpu=False if name.startswith("genn") else None):
        pytest.skip(f"{name}: {'; '.join(gaps)}")
    return name


@pytest.fixture
def run_on_target(target: str) -> Callable[..., df.Results]:
    """`dualframe.run` on the target of the test."""
    options = {"use_gpu": False} if target.startswith("genn") else {}
    return partial(df.run, target=target, progress=False, **options)


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without a C++ compiler."""
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


# --- networks and circuits ------------------------------------------------------------------------


@pytest.fixture
def tiny() -> df.Network:
    """Six leaky neurons, ten input spikes, one projection among them; nothing is random."""
    cells = df.Population(
        "cells",
        6,
        "dV/dt = (EL - V)/tau : volt",
        threshold="V > -50*mV",
        reset="V = EL",
        parameters={"EL": -70 * mV, "tau": np.linspace(10, 20, 6) * ms},
        initial={"V": -60 * mV},
        refractory=2 * ms,
    )
    drive = df.SpikeInput("drive", 2, np.arange(10) % 2, (5 + 4 * np.arange(10)) * ms)
    onto = df.Projection("drive", "cells", "V += w", weight=25 * mV, pairs="all_to_all")
    among = df.Projection(
        "cells", "cells", "V += w", weight=-2 * mV, delay=1.5 * ms, pairs=([0, 1, 2], [3, 4, 5])
    )
    return df.Network((cells,), (drive,), (onto, among), name="tiny")


MINI = """
name = "mini"
title = "two cells for tests"
source = "dualframe"
status = "assumed"

[[populations]]
name = "pyr"
cell = "ctx_l23_pyr"
n = 8

[[populations]]
name = "pv"
cell = "ctx_pv"
n = 4

[[projections]]
pre = "pyr"
post = "pv"
synapse = "AMPA"
compartment = "dend"
probability = 0.5
delay = "1 ms"
psp = "0.5 mV"

[[background]]
post = "pyr"
synapse = "AMPA"
compartment = "prox"
psp = "1 mV"
"""


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A circuit of twelve cells in a file, with hand-made strengths beside it."""
    path = tmp_path / "mini.toml"
    path.write_text(MINI)
    circuit = df.circuit(path)
    names = [contact.name for contact in circuit.contacts]
    for model, weight in (("biological", 3 * nS), ("glif_conductance_fitted", 3 * nS)):
        rates = {"pyr": 2000 * Hz}
        provenance = {"contacts": circuit.contacts_digest}
        weights: dict[str, Any] = dict.fromkeys(names, weight)
        made = Calibration("mini", model, weights, rates=rates, provenance=provenance)
        save_calibration(made, tmp_path / "calibration" / "mini.toml")
    return path
