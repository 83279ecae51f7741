"""Draw the figures of the gallery again: ``python docs/gallery_figures.py [SCRIPT ...]``.

The scripts in ``circuits/figures/`` and ``tasks/figures/`` simulate for minutes. The figures that
the documentation shows are therefore shipped in ``docs/figures/<script>/``, and
``docs/figures/figures.toml`` says how each script was called. Without arguments all scripts run
(about half an hour).
"""

from __future__ import annotations

import importlib.util
import io
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib

matplotlib.use("Agg")

import tomli_w
from brian2.units import second
from matplotlib.figure import Figure
from PIL import Image

import dualframe

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "figures"
MANIFEST = FIGURES / "figures.toml"
SCRIPTS = {path.stem: path for path in sorted(ROOT.glob("*/figures/plot_*.py"))}
WIDTH = 900  # pixels
COLOURS = 128  # a palette of so many makes the files three times smaller

#: What the figures of the documentation are made with, where that is not the script's default.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "plot_cartpole": {"duration": 300, "scale": 0.2},
    "plot_distal_reward": {"duration": 600, "scale": 0.2},
    "plot_navigation": {"trials": 40, "scale": 0.25},
}


def load_script(path: Path) -> ModuleType:
    """Import a script, which is part of no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw_figures(name: str) -> dict[str, Any]:
    """Run a script, save its figures, and return its entry of the manifest."""
    arguments = dict(ARGUMENTS.get(name, {}))
    units = {key: value * second for key, value in arguments.items() if key == "duration"}
    figures: Mapping[str, Figure] = load_script(SCRIPTS[name]).main(**{**arguments, **units})
    folder = FIGURES / name
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.png"):
        stale.unlink()
    for label, figure in figures.items():
        save_small(figure, folder / f"{label}.png")
    return {
        "script": str(SCRIPTS[name].relative_to(ROOT)),
        "arguments": arguments,
        "figures": sorted(f"{label}.png" for label in figures),
        "dualframe": dualframe.__version__,
    }


def save_small(figure: Figure, path: Path) -> None:
    """Save a figure `WIDTH` pixels wide, in a palette."""
    with io.BytesIO() as buffer:
        figure.savefig(buffer, format="png", dpi=WIDTH / figure.get_figwidth())
        image = Image.open(buffer).convert("RGB")
        palette = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(path, optimize=True)


def read_manifest() -> dict[str, Any]:
    """Return the entry of each script whose figures are shipped."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.is_file() else {}


def main(names: list[str]) -> None:
    """Draw the figures of some scripts, or of all."""
    for name in names or list(SCRIPTS):
        entry = draw_figures(name)
        entries = read_manifest() | {name: entry}
        MANIFEST.write_text(tomli_w.dumps(dict(sorted(entries.items()))), encoding="utf-8")
        print(f"{name}: {', '.join(entry['figures'])}", flush=True)


if __name__ == "__main__":
    main([Path(word).stem for word in sys.argv[1:]])
