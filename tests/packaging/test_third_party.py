"""A package of somebody else's adds kinds: they are found, run and learn, from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import dualframe as df

SOURCES = Path(__file__).parent / "third_party"
Run = Callable[..., str]

KINDS = """
import dualframe as df
from dualframe.building.encoders.registry import ENCODERS
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.receptor_effects.registry import EFFECT_KINDS
print(NEURON_MODELS["toy_lif"].title)
print(ENCODERS["toy_flicker"].title)
print(EFFECT_KINDS["toy_threshold_shift"].equation)
print(df.environment("toy_east", gain=0.1).title)
assert "toy_east" in df.environments()["name"].tolist()
"""

BY_HAND = """
import dualframe as df
from brian2 import Hz, mV, ms
from dualframe.neurons.registry import NEURON_MODELS

neuron = NEURON_MODELS["toy_lif"].make_neuron(
    {"tau_m": "20 ms", "V_rest": "-70 mV", "V_th": "-55 mV", "V_reset": "-70 mV", "noise": "0 mV"}
)
cells = neuron.make_population("cells", 5)
levels = {"level_DA": "V_rest/V_th"}
rule = df.plasticity_rule(
    "toy_rewarded_hebb", A=0.05, tau="20 ms", w_max=6 * mV, signals=levels
)
drive = df.Projection(
    "in",
    "cells",
    "V += w",
    connect={"rule": "toy_neighbours", "reach": 1},
    weight=3 * mV,
    plasticity=rule,
    name="drive",
)
network = df.Network((cells,), (df.PoissonInput("in", 20, 100 * Hz),), (drive,))
results = df.run(network, 200 * ms, seed=1, target="runtime", record={"drive": ["w"]})
assert len(results.spikes) > 0
assert 20 < len(results.weights["drive"]) < 100
assert results.weights["drive"]["weight"].max() > 3e-3
"""

TRAIN = """
from pathlib import Path
import toy_kinds
import dualframe as df

task = df.task(Path(toy_kinds.__file__).with_name("east.toml"))
agents = df.train(task, agents=2, seed=1, target="runtime", progress=False)
assert agents.trials.groupby("agent").size().tolist() == [3, 3]
weight = agents.weights["learned"]["weight"]
assert (weight > 3.001e-3).any() and weight.between(0, 6e-3).all()
assert {p.rule for p in (q.plasticity for q in agents.network.projections) if p} == {
    "toy_rewarded_hebb"
}
agents.save("by_hand", figures=False)
print(task.name, agents.n, df.load_agents("by_hand").task == agents.task)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install the package into a folder of its own; return what runs Python with it, elsewhere."""
    installed, elsewhere = (tmp_path_factory.mktemp(name) for name in ("installed", "elsewhere"))
    wheel = pack_wheel(tmp_path_factory.mktemp("wheel"))
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    _run_command(*pip, "--target", str(installed), str(wheel), cwd=elsewhere, path="")
    checkout = Path(df.__file__).parents[1]
    path = os.pathsep.join(map(str, (installed, checkout)))

    def run_python(*arguments: str) -> str:
        return _run_command(sys.executable, *arguments, cwd=elsewhere, path=path)

    return run_python


def pack_wheel(folder: Path) -> Path:
    """Write the package's wheel, as its build backend would: tests need no build tools."""
    project = tomllib.loads((SOURCES / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    facts = f"{name}-{version}.dist-info"
    points = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": "\n".join(points),
        "RECORD": "",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in sorted((SOURCES / name).iterdir()):
            if file.is_file():
                wheel.write(file, f"{name}/{file.name}")
        for file_name, text in texts.items():
            wheel.writestr(f"{facts}/{file_name}", text)
    return path


def _run_command(*command: str, cwd: Path, path: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_kinds_are_found_by_their_names(run: Run) -> None:
    lines = run("-c", KINDS).splitlines()
    assert lines == [
        "leaky integrate-and-fire neuron whose synapses raise the potential",
        "Poisson neurons that fire while a variable is on",
        "threshold plus shift f",
        "a field in which the east pays",
    ]


def test_its_neurons_learn_by_its_rule_in_a_network_by_hand(run: Run) -> None:
    run("-c", BY_HAND)


def test_its_task_is_trained(run: Run) -> None:
    assert run("-c", TRAIN).split() == ["toy_east", "2", "True"]


def test_its_task_is_trained_and_replayed_on_the_command_line(run: Run) -> None:
    path = run("-c", "import toy_kinds; print(toy_kinds.__path__[0])").strip()
    how = ("--agents", "2", "--trials", "2", "--seed", "1", "--target", "runtime")
    text = run("-m", "dualframe.cli", "train", f"{path}/east.toml", *how, "--out", "learned")
    assert "last_reward" in text
    assert run("-m", "dualframe.cli", "replay", "learned/manifest.json").startswith("equal: ")
