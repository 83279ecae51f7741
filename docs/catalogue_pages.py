"""Write the catalogue's pages from the catalogue itself: ``docs/catalogue/**.md``.

Run by ``conf.py`` before each build. The structure is that of ``dualframe show``; this file gives
it another look, in which status and source stand beside every number too.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import receptor_signs

from dualframe.catalogue import lookup as read
from dualframe.catalogue.bibliography import PACKAGED, citation, references
from dualframe.catalogue.describe import Page, spread_text
from dualframe.catalogue.describe import write as write_entry
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.circuit import circuit as load_circuit
from dualframe.circuit.describe import overview_text
from dualframe.core import shipped_files as library
from dualframe.neurons.registry import NEURON_MODELS

STATUSES = """\
Each number has a status: **measured** (read in an experiment's table, caption or abstract),
**published model** (a parameter of a published model), **derived** (computed from other entries, by
the rule in its note), or **assumed** (chosen here because no source was found).
"""


class Markdown(str):
    """A line that is Markdown already; other lines of a page are plain text."""


class MarkdownPage(Page):
    """The page of ``dualframe show`` with headings and tables."""

    def title(self, text: str, origin: Origin | None = None) -> None:
        level = "###" if text.startswith("  ") else "##"
        self.lines += [Markdown(f"\n{level} {escape(text.strip())}\n")]
        if origin:
            self.lines.append(Markdown(f"{status(origin.status)}: {links(origin.source)}\n"))
            self.note(origin.note)

    def note(self, text: str) -> None:
        if text:
            self.lines.append(text)

    def numbers(self, numbers: Numbers) -> None:
        header = ("", "value", "status", "source", "note")
        rows = [
            (f"`{name}`", written(n), status(n.status), links(n.source), escape(n.note))
            for name, n in numbers.items()
        ]
        self.lines.append(Markdown(table(header, rows)))

    def text(self) -> str:
        head, *rest = self.lines
        body = (
            line if isinstance(line, Markdown) else f"{escape(line.strip())}\n" for line in rest
        )
        return "\n".join([f"# {escape(head)}\n", *body])


def escape(text: str) -> str:
    return re.sub(r"([\\*_<>|$`\[\]])", r"\\\1", text)


def links(keys: Iterable[str]) -> str:
    return ", ".join(f"[{escape(key)}](#ref-{key.lower()})" for key in keys)


def status(text: str) -> str:
    return f"**{text}**" if text == "assumed" else text


def written(number: Sourced) -> str:
    spread = f" ({spread_text(number)})" if number.error is not None else ""
    return number.written + spread + (f", n = {number.n}" if number.n else "")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows] if rows else []
    return "\n".join(["", *(f"| {' | '.join(line)} |" for line in lines), ""])


# --- pages --------------------------------------------------------------------------------------


def receptors_of(cell: str) -> list[str]:
    every = map(read.receptor, read.names("receptor"))
    return [f"receptors/{found.name}" for found in every if found.expressed_in(cell)]


def neighbours_of(receptor: str) -> list[str]:
    entry = read.receptor(receptor)
    expressing = [cell for cell in read.names("cell type") if entry.expressed_in(cell)]
    return [f"modulators/{entry.modulator}", *(f"cells/{cell}" for cell in expressing)]


def receptors_for(modulator: str) -> list[str]:
    return [f"receptors/{name}" for name in read.modulator(modulator).receptors]


def receptors_of_drug(drug: str) -> list[str]:
    return [f"receptors/{action.receptor}" for action in read.drug(drug).actions]


KINDS: dict[str, tuple[str, str, Callable[[str], Any], Callable[[str], list[str]]]] = {
    "cells": ("Cell types", "cell type", read.cell, receptors_of),
    "receptors": ("Receptors", "receptor", read.receptor, neighbours_of),
    "synapses": ("Synapses", "synapse", read.synapse, lambda name: []),
    "modulators": ("Modulators", "modulator", read.modulator, receptors_for),
    "drugs": ("Drugs", "drug", read.drug, receptors_of_drug),
    "plasticity": (
        "Plasticity rules",
        "plasticity rule",
        read.rule_parameter_sets,
        lambda name: [],
    ),
}


#: What the figures of `catalogue_figures` show, by kind of page.
CAPTIONS = {
    "cells": "Left: response of each model to a step in the middle of its own f-I range. Right: "
    "f-I curves, the step as a circle. Lines stand for spikes where a model has none to draw.",
    "receptors": "Steady occupancy by concentration, alone and with a competitive antagonist. "
    "Level 1 is the modulator's reference concentration.",
}


def entry_page(kind: str, entry: Any, related: Iterable[str]) -> str:
    page = MarkdownPage()
    write_entry(page, entry)
    see = ", ".join(f"[{path.split('/')[1]}](../{path}.md)" for path in related)
    head, body = page.text().split("\n", 1)
    parts = [head, figure_of(kind, entry.name), body, effects_of(kind, entry.name)]
    return "\n".join([*parts, f"\n## See also\n\n{see}\n" if see else ""])


def figure_of(kind: str, name: str) -> str:
    if kind not in CAPTIONS:
        return ""
    return f"\n![{CAPTIONS[kind]}](../../catalogue_figures/{kind}/{name}.png)\n\n{CAPTIONS[kind]}\n"


def effects_of(kind: str, name: str) -> str:
    """Return the measured effects of a receptor, or of all receptors on a cell type."""
    column = {"cells": "cell", "receptors": "receptor"}.get(kind, "")
    found = receptor_signs.saved()
    mine = found[found[column] == name] if column else found[:0]
    if mine.empty:
        return ""
    first = ("cell" if column == "receptor" else "receptor", "kind", "direction", "size")
    rows = receptor_signs.rows(mine, first, escape)
    text = (
        "Control and saturating agonist, each effect alone ([all receptors](../effects/index.md))."
    )
    header = receptor_signs.header(first)
    return "\n".join(["\n## Measured effects\n", text, table(header, rows)])


def effects_page() -> str:
    """Return the page of all effects of receptors with their measured shifts."""
    found = receptor_signs.saved()
    first = ("receptor", "cell", "kind", "direction", "size")
    rows = receptor_signs.rows(found, first, escape)
    return "\n".join(
        [
            "# Effects of receptors, measured\n",
            receptor_signs.INTRODUCTION,
            table(receptor_signs.COUNTED, receptor_signs.counts(found)),
            receptor_signs.REMARKS,
            table(receptor_signs.header(first), rows),
        ]
    )


def circuit_page(name: str) -> str:
    circuit = load_circuit(name)
    shown = [f"# {escape(circuit.title or name)}", f"```text\n{overview_text(circuit)}\n```"]
    rows = [
        (escape(row.where), f"`{row.number}`", escape(row.value), status(row.status),
         links(row.source.split(", ")), escape(row.note))
        for row in circuit.numbers().itertuples()
    ]  # fmt: skip
    header = ("part", "number", "value", "status", "source", "note")
    return "\n\n".join([*shown, escape(circuit.note), table(header, rows)])


def references_page() -> str:
    files = (PACKAGED, library.shipped_folder("circuits") / PACKAGED.name)
    texts = {key: citation(key, file) for file in files for key in references(file)}
    entries = (
        f"(ref-{key.lower()})=\n**{escape(key)}**: {escape(texts[key])}\n"
        for key in sorted(texts, key=str.casefold)
    )
    return "\n".join(["# References\n", *entries])


def index_page(title: str, text: str, entries: Iterable[str]) -> str:
    return "\n".join([f"# {title}\n", text, "```{toctree}", ":maxdepth: 1\n", *entries, "```\n"])


# --- files --------------------------------------------------------------------------------------


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_pages(folder: Path) -> None:
    """Write one page per entry, an index per kind, and the references, into an emptied folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for kind, (title, noun, load, related) in KINDS.items():
        for name in read.names(noun):
            write(folder / kind / f"{name}.md", entry_page(kind, load(name), related(name)))
        write(folder / kind / "index.md", index_page(title, "", read.names(noun)))
    for name in NEURON_MODELS:
        entry = neuron_entry(name)
        related = [f"cells/{cell}" for cell in entry.cells]
        write(folder / "neurons" / f"{name}.md", entry_page("neurons", entry, related))
    write(folder / "neurons" / "index.md", index_page("Neuron models", "", NEURON_MODELS))
    circuits = library.shipped_names("circuits")
    for name in circuits:
        write(folder / "circuits" / f"{name}.md", circuit_page(name))
    write(folder / "circuits" / "index.md", index_page("Circuits", "", circuits))
    write(folder / "effects" / "index.md", effects_page())
    write(folder / "references.md", references_page())
    indices = [
        *(f"{kind}/index" for kind in KINDS),
        "neurons/index",
        "effects/index",
        "circuits/index",
        "references",
    ]
    write(folder / "index.md", index_page("Catalogue", STATUSES, indices))


if __name__ == "__main__":
    write_pages(Path(__file__).parent / "catalogue")
