"""The public names, and what leaves dualframe: Brian2 objects and C++ projects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brian2 import NeuronGroup, SpikeGeneratorGroup, Synapses, defaultclock
from brian2.units import Hz, ms, mV

import dualframe
import dualframe as df
from dualframe.core.errors import TargetError

NAMES = {
    "load_agents",
    "load_export",
    "neuron",
    "neurons",
    "new_cell",
    "new_circuit",
    "new_receptor",
    "schema",
    "new_task",
    "cells",
    "cell",
    "circuits",
    "circuit",
    "receptors",
    "receptor",
    "modulators",
    "modulator",
    "drugs",
    "drug",
    "synapses",
    "synapse",
    "targets",
    "tasks",
    "biological",
    "task_driven",
    "run",
    "check",
    "assemble",
    "export",
    "report",
    "plots",
    "Network",
    "Population",
    "Projection",
    "SpikeInput",
    "PoissonInput",
    "CurrentInput",
    "Recording",
    "Normal",
    "LogNormal",
    "Uniform",
    "GaussianKernel",
    "calibrate",
    "doctor",
    "quantity",
    "nernst",
    "goldman",
    "resting_potential",
    "read_glif",
    "read_glif_folder",
    "Results",
    "DualframeError",
    "plasticity_rule",
    "plasticity_rules",
    "compare_branches",
    "current_clamp",
    "dose_response",
    "fit_point",
    "formats",
    "population_data",
    "populations",
    "validate",
    "task",
    "train",
    "evaluate",
    "Attribution",
    "TrainedAgents",
    "attribute",
    "compare_conditions",
    "environment",
    "environments",
    "errors",
    "register",
    "replicate",
    "systems",
}


def test_public_names() -> None:
    assert set(df.__all__) == NAMES
    assert all(hasattr(df, name) for name in NAMES)


@pytest.mark.parametrize(
    "name",
    ["run", "doctor", "export", "report", *dualframe._HIDDEN_FOLDERS],
)
def test_functions_are_not_hidden_by_modules_of_the_same_name(name: str) -> None:
    assert callable(getattr(df, name))


def test_every_target_gives_the_same_spikes(
    tiny: df.Network, run_on_target: Callable[..., df.Results]
) -> None:
    expected = df.run(tiny, 60 * ms, target="runtime", seed=1, progress=False).spikes
    found = run_on_target(tiny, 60 * ms, seed=1).spikes
    assert found.neuron.tolist() == expected.neuron.tolist()
    assert found.t.to_numpy() == pytest.approx(expected.t.to_numpy(), abs=1e-9)  # a time is i * dt


class TestAssemble:
    def test_objects_by_name(self, tiny: df.Network) -> None:
        made = df.assemble(tiny, seed=1)
        kinds = {"cells": NeuronGroup, "drive": SpikeGeneratorGroup, "drive_to_cells": Synapses}
        for name, kind in kinds.items():
            assert isinstance(made[name], kind)
            assert made[name].name == name

    def test_runs_as_run_does(self, tiny: df.Network) -> None:
        made = df.assemble(tiny, seed=1, record={"cells": df.Recording("V")})
        made.network.run(60 * ms)
        results = df.run(tiny, 60 * ms, target="runtime", seed=1)
        assert len(results.spikes) > 0
        assert np.array_equal(np.sort(made.spikes["cells"].t), results.spikes.t)
        assert made.traces["cells"]["trace"].V.shape == (6, 600)

    def test_can_go_on(self, tiny: df.Network) -> None:
        made = df.assemble(tiny, seed=1)
        made.network.run(5 * ms)
        made["cells"].V = -70 * mV
        made.network.run(5 * ms)
        assert made.network.t == 10 * ms

    def test_takes_the_clock_that_the_user_has_set(self, tiny: df.Network) -> None:
        defaultclock.dt = 0.05 * ms
        df.assemble(tiny, seed=1)
        assert defaultclock.dt == 0.05 * ms
        df.assemble(tiny, seed=1, dt=0.2 * ms)
        assert defaultclock.dt == 0.2 * ms

    def test_poisson_input_goes_on_for_as_long_as_brian2_runs(self, tiny: df.Network) -> None:
        source = df.PoissonInput("noise", 50, 100 * Hz)
        made = df.assemble(df.Network(tiny.populations, (source,)), seed=1)
        made.network.run(20 * ms)
        assert isinstance(made["noise"], NeuronGroup)
        assert float(np.asarray(made["noise"].end)) == np.inf


class TestExport:
    @pytest.mark.cpp
    def test_the_program_gives_the_spikes_of_run(self, tiny: df.Network, tmp_path: Path) -> None:
        out = df.export(tiny, 60 * ms, tmp_path / "project", seed=1)
        subprocess.run(["make", "-C", str(out)], check=True, capture_output=True)
        bare = {"PATH": os.defpath}
        subprocess.run([str(out / "main")], check=True, cwd=out, env=bare, capture_output=True)
        record = [("neuron", "i4"), ("t", "f8")]
        spikes = np.fromfile(out / "results" / "spikes_cells.bin", record)
        expected = df.run(tiny, 60 * ms, target="cpp_standalone", seed=1).spikes
        assert len(expected) > 0
        assert np.array_equal(np.sort(spikes["t"]), expected.t)

    def test_the_files_explain_themselves(self, tiny: df.Network, tmp_path: Path) -> None:
        out = df.export(tiny, "60 ms", tmp_path / "project", seed=1)
        assert "cells_EL = -0.07  # parameter, volt" in (out / "parameters.txt").read_text()
        text = (out / "README.md").read_text()
        assert "`cells`: 6 neurons" in text
        assert "seed 1" in text

    @pytest.mark.usefixtures("no_compiler")
    def test_no_compiler_is_needed(self, tiny: df.Network, tmp_path: Path) -> None:
        assert (df.export(tiny, 5 * ms, tmp_path / "project", seed=1) / "Makefile").exists()

    @pytest.mark.parametrize("target", ["genn", "runtime"])
    def test_other_targets_are_refused(self, tiny: df.Network, tmp_path: Path, target: str) -> None:
        with pytest.raises(TargetError, match="cpp_standalone"):
            df.export(tiny, 5 * ms, tmp_path / "project", target=target)
