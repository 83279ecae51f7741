"""Write the catalogue's pages from the catalogue itself: ``docs/catalogue/**.md``.

Run by ``conf.py`` before each build. Status and source stand beside every number, so that what is
assumed stays visible to the reader.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dualframe.catalogue import read
from dualframe.catalogue.bibliography import citation, references
from dualframe.catalogue.schema import (
    CellType,
    Compartments,
    Effect,
    Modulator,
    Numbers,
    Origin,
    Receptor,
    Sourced,
    Synapse,
)
from dualframe.quantity import text

Lines = Iterator[str]

STATUS_KEY = """
Each number has a status: **measured** (read in an experiment's table, caption or abstract),
**published model** (a parameter of a published model), **derived** (computed from other entries, by
the rule in the note), or **assumed** (chosen here because no source was found).
"""


# --- pieces -------------------------------------------------------------------------------------


def row(cells: Iterable[object]) -> str:
    texts = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Lines:
    listed = list(rows)
    if listed:
        yield from ("", row(header), row("---" for _ in header), *map(row, listed), "")


def sources(keys: Iterable[str]) -> str:
    return ", ".join(f"[{key}](#ref-{key.lower()})" for key in keys)


def status(found: str) -> str:
    return f"**{found}**" if found == "assumed" else found


def written(number: Sourced) -> str:
    spread = f" ± {text(number.error)} ({number.error_is})" if number.error is not None else ""
    return f"{number.written}{spread}" + (f", n = {number.n}" if number.n else "")


def numbers(title: str, found: Numbers) -> Lines:
    """Yield a table of numbers, each with status, source and note."""
    rows = (
        (f"`{name}`", written(n), status(n.status), sources(n.source), n.note)
        for name, n in found.items()
    )
    yield from table((title, "value", "status", "source", "note"), rows)


def origin(found: Origin) -> str:
    parts = (status(found.status), sources(found.source), found.note)
    return ". ".join(part for part in parts if part) + "."


def heading(level: int, title: str, note: str = "") -> Lines:
    yield from ("", "#" * level + " " + title, "")
    if note:
        yield from (note, "")


def cell_list(names: Iterable[str]) -> str:
    """Return cell types as links where the catalogue has them."""
    known = read.names("cell type")
    links = (f"[`{n}`](../cells/{n}.md)" if n in known else f"`{n}`" for n in names)
    return ", ".join(links)


# --- pages --------------------------------------------------------------------------------------


def cell_page(cell: CellType) -> Lines:
    yield from heading(1, f"{cell.name}: {cell.title}", cell.note)
    sign = {1: "excitatory", -1: "inhibitory", 0: "modulatory"}[cell.sign]
    yield f"{cell.region}, {cell.layer}. {sign}, {cell.transmitter} ({origin(cell.dale)})"
    for passive in filter(None, (cell.passive, *cell.passive_alternatives)):
        yield from heading(2, f"Passive and threshold properties: {passive.label}")
        yield origin(passive.origin)
        yield from numbers("parameter", passive.numbers)
    for chosen in cell.izhikevich:
        yield from heading(2, f"Izhikevich, form {chosen.form}: {chosen.label}")
        yield origin(chosen.origin)
        yield from numbers("parameter", chosen.numbers)
    for glif in cell.glif:
        specimen = f", specimen {glif.specimen}" if glif.specimen else ""
        yield from heading(2, f"{glif.form}: {glif.label}{specimen}")
        yield origin(glif.origin)
        yield from numbers("parameter", glif.numbers)
    if cell.compartments:
        yield from compartments(cell.compartments)
    yield from receptors_of(cell.name)


def compartments(layout: Compartments) -> Lines:
    yield from heading(2, f"Compartments: {layout.layout}")
    if layout.stand_in:
        yield from ("**Stand-in**: this layout was not published for this cell type.", "")
    yield origin(layout.origin)
    for title in ("split", "globals", "soma", "spike"):
        yield from numbers(title, getattr(layout, title))
    for dendrite in layout.dendrites:
        yield from heading(3, f"Dendrite {dendrite.name}")
        yield from numbers("parameter", dendrite.numbers)
        for contact in dendrite.contacts:
            yield from numbers(f"{contact.synapse} from {contact.pathway}", contact.numbers)
    if layout.edges:
        yield from heading(3, "Coupling")
        yield from table(
            ("between", "conductance"),
            (
                (f"{e.first}, {e.second}", written(e.coupling) if e.coupling else "half cylinders")
                for e in layout.edges
            ),
        )
    for spike in layout.dspikes:
        yield from heading(3, f"Dendritic spike ({spike.kind}) in {', '.join(spike.compartments)}")
        yield from numbers("parameter", spike.numbers)


def receptors_of(cell: str) -> Lines:
    expressed = [
        receptor
        for receptor in map(read.receptor, read.names("receptor"))
        if receptor.expressed_in(cell)
    ]
    if expressed:
        yield from heading(2, "Receptors")
    for receptor in expressed:
        yield from (
            "",
            f"[{receptor.name}](../receptors/{receptor.name}.md) ({receptor.modulator})",
        )
        yield from effects(receptor.effects_on(cell), with_cells=False)


def receptor_page(receptor: Receptor) -> Lines:
    yield from heading(1, f"{receptor.name}: {receptor.title}", receptor.note)
    yield f"Modulator {receptor.modulator}. {receptor.family}, {receptor.kind}; "
    yield f"{receptor.transduction}."
    yield from numbers("affinity", receptor.affinity)
    for label, found in receptor.affinity_alternatives:
        yield from numbers(f"affinity, {label}", found)
    yield from numbers("kinetics", receptor.kinetics)
    if receptor.expressed_by:
        yield from heading(2, "Expressed by")
    yield from table(
        ("cell types", "site", "origin"),
        ((cell_list(e.cells), e.site, origin(e.origin)) for e in receptor.expressed_by),
    )
    if receptor.effects:
        yield from heading(2, "Effects")
    yield from effects(receptor.effects, with_cells=True)
    if receptor.stdp:
        yield from heading(2, "Spike-timing-dependent plasticity")
    yield from table(
        ("rule", "origin"), ((rule.text, origin(rule.origin)) for rule in receptor.stdp)
    )


def effects(found: Sequence[Effect], with_cells: bool) -> Lines:
    for effect in found:
        where = f"{cell_list(effect.cells)}: " if with_cells else ""
        in_model = "in the model" if effect.compiled else "described, not in the model"
        conflict = " **Sources disagree.**" if effect.conflict else ""
        yield f"\n- {where}{effect.target}, {effect.direction} ({effect.kind}, {in_model}). "
        yield f"  {effect.description} {origin(effect.origin)}{conflict}"
        yield from ("  " + line for line in numbers("parameter", effect.numbers))


def synapse_page(synapse: Synapse) -> Lines:
    yield from heading(1, f"{synapse.name}: {synapse.title}", synapse.note)
    block = ", with magnesium block" if synapse.block else ""
    yield f"{synapse.transmitter}, {synapse.kinetics}{block}. {origin(synapse.origin)}"
    yield from numbers("parameter", synapse.numbers)
    for label, found in synapse.alternatives:
        yield from numbers(f"alternative, {label}", found)


def modulator_page(modulator: Modulator) -> Lines:
    yield from heading(1, f"{modulator.name}: {modulator.title}", modulator.note)
    links = (f"[{name}](../receptors/{name}.md)" for name in modulator.receptors)
    yield f"Receptors: {', '.join(links)}."
    yield from numbers("parameter", modulator.numbers)


def references_page() -> Lines:
    yield from heading(1, "References")
    for key in sorted(references(), key=str.casefold):
        yield from (f"(ref-{key.lower()})=", f"**{key}**: {citation(key)}", "")


# --- files --------------------------------------------------------------------------------------

PAGES: dict[str, tuple[str, str, Callable[[str], Lines]]] = {
    "cells": ("Cell types", "cell type", lambda name: cell_page(read.cell(name))),
    "receptors": ("Receptors", "receptor", lambda name: receptor_page(read.receptor(name))),
    "synapses": ("Synapses", "synapse", lambda name: synapse_page(read.synapse(name))),
    "modulators": ("Modulators", "modulator", lambda name: modulator_page(read.modulator(name))),
}


def toctree(entries: Iterable[str]) -> Lines:
    yield from ("", "```{toctree}", ":maxdepth: 1", "", *entries, "```")


def write(path: Path, lines: Lines) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pages(folder: Path) -> None:
    """Write one page per entry, an index per kind, and the references, into an emptied folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for kind, (title, noun, page) in PAGES.items():
        names = read.names(noun)
        for name in names:
            write(folder / kind / f"{name}.md", page(name))
        write(folder / kind / "index.md", iter([f"# {title}", *toctree(names)]))
    write(folder / "references.md", references_page())
    indices = toctree([*(f"{kind}/index" for kind in PAGES), "references"])
    write(folder / "index.md", iter(["# Catalogue", STATUS_KEY, *indices]))


if __name__ == "__main__":
    write_pages(Path(__file__).parent / "catalogue")
