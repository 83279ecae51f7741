"""The figures that the documentation ships are all those of its scripts, and no others."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "figures"
SCRIPTS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/figures/plot_*.py"))
LARGEST = 800_000  # bytes of all figures together: a clone should not carry more

pytestmark = pytest.mark.skipif(not FIGURES.is_dir(), reason="the documentation is not here")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return tomllib.loads((FIGURES / "figures.toml").read_text(encoding="utf-8"))


def test_every_script_has_its_entry(manifest: dict[str, Any]) -> None:
    assert sorted(entry["script"] for entry in manifest.values()) == SCRIPTS
    assert all(entry["figures"] for entry in manifest.values())


def test_the_files_are_those_of_the_entries(manifest: dict[str, Any]) -> None:
    listed = {f"{name}/{figure}" for name, entry in manifest.items() for figure in entry["figures"]}
    scripts = {str(path.relative_to(FIGURES)) for path in FIGURES.glob("plot_*/*")}
    assert scripts == listed  # other figures are those of benchmarks


def test_the_figures_are_small() -> None:
    assert sum(path.stat().st_size for path in FIGURES.rglob("*.png")) < LARGEST
