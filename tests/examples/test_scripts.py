"""The model scripts of the gallery run, small and short, and write what they say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from brian2.units import ms
from matplotlib.figure import Figure
from repository_scripts import load_script

import dualframe as df

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted([*ROOT.glob("circuits/figures/*.py"), *ROOT.glob("tasks/figures/*.py")])


def test_there_are_scripts() -> None:
    assert {"plot_demo", "plot_l23", "plot_ca1"} <= {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_has_a_gallery_header(path: Path) -> None:
    title, underline = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[:2]
    assert set(underline) == {"="}
    assert len(underline) >= len(title)
    assert path.stem.startswith("plot_")  # others are not run by the gallery


def run(path: Path, out: Path, **more: int) -> None:
    figures = load_script(path).main(
        duration=10 * ms, target="runtime", scale=0.01, out=out, **more
    )
    assert figures
    assert all(isinstance(figure, Figure) and figure.axes for figure in figures.values())
    assert {path.stem for path in out.glob("*.png")} == set(figures)
    shipped = {file.stem for file in (ROOT / "docs" / "figures" / path.stem).glob("*.png")}
    assert set(figures) <= shipped  # else: make docs-gallery


@pytest.mark.parametrize(
    "path", [path for path in SCRIPTS if path.stem != "plot_demo"], ids=lambda path: path.stem
)
def test_a_script_runs_and_writes_its_figures(path: Path, tmp_path: Path) -> None:
    run(path, tmp_path / "out")


def test_the_demo_keeps_every_run_and_says_how_each_type_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(ROOT / "circuits" / "figures" / "plot_demo.py", tmp_path, seeds=2)
    printed = capsys.readouterr().out
    for words in ("control", "ACh", "shift", "dendrites and point neurons", "no shift", "rho"):
        assert words in printed
    assert (tmp_path / "agreement" / "agreement.md").exists()
    for branch in ("dendrites", "point_neurons"):
        for condition in ("control", "ACh"):
            folder = tmp_path / branch / condition
            assert (folder / "rates.csv").exists()
            assert df.Results.load(folder).provenance["seed"] == 1
