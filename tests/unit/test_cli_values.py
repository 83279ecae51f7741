"""Values of options that cannot be: each is refused by the option's name, before anything runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dualframe as df
from dualframe.cli import main
from dualframe.core.errors import DualframeError
from dualframe.simulation.run_specification import RunSpecification

TRAIN = "train distal_reward --target runtime --agents 1 --duration 1s --seed 1"
COMPARE = "compare l23 --modulate ACh=0.8 --target runtime --scale 0.002"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (f"{TRAIN} --neurons 1", "--neurons 1: "),
        (f"{TRAIN} --heterogeneity -1", "--heterogeneity -1: "),
        (f"{TRAIN} --heterogeneity 1e9", "--heterogeneity 1e+09: .*variation up to 10"),
        (f"{TRAIN} --heterogeneity 1e300", "--heterogeneity 1e+300: .*variation up to 10"),
        (f"{TRAIN} --set reward.__class__=1", "--set reward.__class__=1: "),
        (f"{TRAIN} --set reward.tau=0ms", "--set reward.tau=0ms: .*greater than zero"),
        (f"{TRAIN} --modulate DA --modulate DA", "a second time: give it once"),
        (f"{COMPARE} --seeds 0", "--seeds"),
        (f"{COMPARE} --seeds -1", "--seeds"),
        (f"{COMPARE} --model hh --duration 50ms", "'hh'"),
        ("fit ctx_pv --seed -1", "--seed -1: expected a whole number from 0"),
        ("fit ctx_pv --seed 4294967296", "--seed 4294967296"),
        ("calibrate l23 --duration 0.1s", "duration is 100. ms, but rates begin at 0.5 s"),
        ("calibrate l23 --out .", "'.': it is a folder"),
        ("run l23 --modulate ACh=0.5 --modulate acetylcholine=2uM", "--modulate ACh=0.5 holds"),
        ("run l23 --modulate ACh=1e300M", "at most 1 M"),
        ("run l23 --drug antagonist:M1@", "names no cell type after the @"),
        ("run ~nobody_at_all/x.toml", "'~nobody_at_all"),
        ("show " + "x" * 9999, "unknown name 'x"),
    ],
    ids=lambda text: text[:60],
)
def test_refused_by_name(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    text = capsys.readouterr().err
    first, _, second = message.partition(".*")
    assert first in text
    assert second in text
    assert len(text) < 2000
    assert list(tmp_path.iterdir()) == []


def test_one_modulator_has_a_level_in_each_region() -> None:
    two = ("DA@striatum=200nM", "DA@cortex=100nM", "ACh=0.5")
    assert RunSpecification(circuit="l23", modulate=two).modulate == two
    with pytest.raises(DualframeError, match="second level"):
        RunSpecification(circuit="l23", modulate=(*two, "DA@cortex=0.1"))


def test_a_model_is_named_in_any_case() -> None:
    shouted, said = (
        RunSpecification(circuit="pd14", branch="task_driven", model=model, scale=0.001)
        for model in ("GLIF", "glif")
    )
    assert shouted.model_key == said.model_key
    assert shouted.network.digest == said.network.digest


def test_calibrations_go_into_files_of_calibrations(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "thesis.toml"
    path.write_text('title = "mine"\n')
    assert main(["calibrate", "l23", "--out", str(path)]) == 2
    assert "holds 'title', which is no calibration" in capsys.readouterr().err
    assert path.read_text() == 'title = "mine"\n'


def test_labels_are_no_mathematics(tiny: df.Network, tmp_path: Path) -> None:
    results = df.run(tiny, "5 ms", target="runtime", seed=1)
    labels = {"$x^{$": results, r"a$\frac{$": results}
    page = df.report(labels, tmp_path / "report.html").read_text()
    assert "$x^{$" in page


def test_an_argument_that_is_no_text(tiny: df.Network, tmp_path: Path) -> None:
    """A name of a file in Latin-1: bytes that are not UTF-8."""
    name = os.fsencode(tmp_path) + b"/gr\xfcn"
    folder = df.run(tiny, "5 ms", target="runtime", seed=1).save(os.fsdecode(name), figures=False)
    command = [sys.executable, "-m", "dualframe.cli", "report", name]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    process = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert process.returncode == 0, process.stderr
    assert b"gr\\udcfcn" in process.stdout
    assert (folder / "report.html").read_text().endswith("-->\n")
