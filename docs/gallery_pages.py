"""Write a page for each model script, with its text, code and figures: ``docs/gallery/**.rst``.

Run by ``conf.py`` before each build. Nothing is simulated: the figures are those of
``docs/figures/``, which ``gallery_figures.py`` draws. A script is divided as by sphinx-gallery and
by editors: ``# %%`` begins a part, the comment that follows is its text (reStructuredText).
"""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gallery_figures import FIGURES, ROOT, SCRIPTS, main, read_manifest

TITLES = {
    "circuits": ("Circuits", "Microcircuits of the catalogue's cells, in both branches."),
    "tasks": ("Tasks", "What networks learn, with and without neuromodulators."),
}
ASKED = "DUALFRAME_GALLERY"  # environment variable: draw the figures again before the build
PART = "# %%"


def write_gallery(folder: Path) -> None:
    """Write one page per script and an index per kind, into an emptied folder."""
    if os.environ.get(ASKED):
        main([])
    shutil.rmtree(folder, ignore_errors=True)
    manifest = read_manifest()
    for kind, (title, text) in TITLES.items():
        scripts = [path for path in SCRIPTS.values() if path.parts[-3] == kind]
        (folder / kind).mkdir(parents=True)
        for path in scripts:
            page = script_page(path, manifest.get(path.stem, {}))
            (folder / kind / f"{path.stem}.rst").write_text(page, encoding="utf-8")
        index = index_page(title, text, {path: manifest.get(path.stem, {}) for path in scripts})
        (folder / kind / "index.rst").write_text(index, encoding="utf-8")


def script_page(path: Path, entry: Mapping[str, Any]) -> str:
    """Return the page of a script: its introduction, its figures, then text and code in turn."""
    introduction, parts = read_script(path)
    shown = [figure(path.stem, name) for name in entry.get("figures", ())]
    blocks = [block for text, code in parts for block in (text, code_block(code)) if block]
    return "\n\n".join([introduction, *shown, how_drawn(path, entry), *blocks, ""])


def how_drawn(path: Path, entry: Mapping[str, Any]) -> str:
    """Say which call drew the figures, and offer the script."""
    words = ", ".join(f"{name}={value}" for name, value in entry.get("arguments", {}).items())
    words = words.replace("duration=", "duration=second*")
    script = path.relative_to(ROOT)
    link = f":download:`{script} </../{script}>`"
    return f"``main({words})`` of {link} drew the figures; this page shows the script."


def read_script(path: Path) -> tuple[str, list[tuple[str, str]]]:
    """Return a script's docstring, and text and code of each of its parts."""
    source = path.read_text(encoding="utf-8")
    docstring = ast.parse(source).body[0]
    rest = source.splitlines()[docstring.end_lineno :]
    parts: list[list[str]] = []
    for line in rest:
        if line.startswith(PART):
            parts.append([])
        elif parts:
            parts[-1].append(line)
    return ast.get_docstring(ast.parse(source)) or "", [text_and_code(part) for part in parts]


def text_and_code(lines: list[str]) -> tuple[str, str]:
    """Divide a part at the first line that is not a comment."""
    end = next((k for k, line in enumerate(lines) if not line.startswith("#")), len(lines))
    text = [line.removeprefix("#").removeprefix(" ") for line in lines[:end]]
    return "\n".join(text), "\n".join(lines[end:]).strip("\n")


def code_block(code: str) -> str:
    """Return code as a block of reStructuredText."""
    lines = [f"    {line}".rstrip() for line in code.splitlines()]
    return "\n".join([".. code-block:: python\n", *lines]) if code else ""


def figure(script: str, name: str) -> str:
    """Return a figure as wide as the text."""
    return f".. image:: /figures/{script}/{name}\n    :alt: {Path(name).stem.replace('_', ' ')}"


def index_page(title: str, text: str, entries: Mapping[Path, Mapping[str, Any]]) -> str:
    """Return the page of a kind: a line and a figure of each script."""
    lines = [title, "=" * len(title), "", text, ""]
    for path, entry in entries.items():
        lines += [f":doc:`{path.stem}`", ""]
        for name in entry.get("figures", ())[:1]:
            lines += [figure(path.stem, name), f"    :width: 420px\n    :target: {path.stem}.html"]
            lines.append("")
    return "\n".join([*lines, *toctree(path.stem for path in entries)])


def toctree(names: Iterator[str]) -> list[str]:
    """Return a hidden table of contents."""
    return ["", ".. toctree::", "    :hidden:", "", *(f"    {name}" for name in names), ""]


if __name__ == "__main__":
    write_gallery(FIGURES.parent / "gallery")
