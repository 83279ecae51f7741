"""The documentation's catalogue pages, which no one reads as closely as they should."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from repository_scripts import load_script

from dualframe.catalogue import lookup as read
from dualframe.catalogue.bibliography import references
from dualframe.catalogue.sourced_value import Numbers, Sourced
from dualframe.circuit import circuit
from dualframe.core import shipped_files as library

DOCS = Path(__file__).parents[2] / "docs"


def script(name: str) -> ModuleType:
    """Load a script of ``docs/``, which is no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        return load_script(DOCS / f"{name}.py")


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    return script("catalogue_pages")


@pytest.fixture(scope="module")
def folder(pages: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("docs") / "catalogue"
    pages.write_pages(path)
    return path


@pytest.mark.parametrize(
    ("kind", "noun"),
    [
        ("cells", "cell type"),
        ("receptors", "receptor"),
        ("synapses", "synapse"),
        ("plasticity", "plasticity rule"),
    ],
)
def test_every_entry_has_a_page_and_stands_in_the_index(folder: Path, kind: str, noun: str) -> None:
    index = (folder / kind / "index.md").read_text().splitlines()
    for name in read.names(noun):
        assert (folder / kind / f"{name}.md").read_text().startswith("# ")
        assert name in index


def test_every_circuit_has_a_page_with_its_numbers(folder: Path) -> None:
    for name in library.shipped_names("circuits"):
        text = (folder / "circuits" / f"{name}.md").read_text()
        for where in set(circuit(name).numbers()["where"]):
            assert f"| {where} |".replace("_", r"\_") in text


def test_every_link_to_a_reference_has_its_anchor(folder: Path) -> None:
    anchors = set(re.findall(r"\((ref-\S+)\)=", (folder / "references.md").read_text()))
    for page in folder.glob("*/*.md"):
        assert set(re.findall(r"\(#(ref-\S+?)\)", page.read_text())) <= anchors, page.name


def test_every_reference_has_an_anchor(folder: Path) -> None:
    text = (folder / "references.md").read_text()
    assert all(f"(ref-{key.lower()})=\n" in text for key in references())


def test_pages_of_removed_entries_go(pages: ModuleType, tmp_path: Path) -> None:
    stale = tmp_path / "catalogue" / "cells" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    pages.write_pages(tmp_path / "catalogue")
    assert not stale.exists()


def test_an_assumption_is_bold_and_a_finding_is_not(pages: ModuleType) -> None:
    page = pages.MarkdownPage()
    assumed = Sourced(0.3, ("a_1",), "assumed", note="x|y")
    page.numbers(Numbers("", (("p", assumed), ("q", Sourced(0.4, ("b",), "measured")))))
    assert [line for line in page.lines[0].splitlines() if line.startswith("| `")] == [
        r"| `p` | 0.3 | **assumed** | [a\_1](#ref-a_1) | x\|y |",
        "| `q` | 0.4 | measured | [b](#ref-b) |  |",
    ]


def test_a_page_links_the_receptors_of_a_cell(folder: Path) -> None:
    text = (folder / "cells" / "ctx_l23_pyr.md").read_text()
    assert "[M1](../receptors/M1.md)" in text


@pytest.mark.parametrize(("kind", "noun"), [("cells", "cell type"), ("receptors", "receptor")])
def test_every_page_shows_its_figure(folder: Path, kind: str, noun: str) -> None:
    for name in read.names(noun):
        text = (folder / kind / f"{name}.md").read_text()
        assert f"](../../catalogue_figures/{kind}/{name}.png)" in text


def test_pages_have_the_measured_effects(folder: Path) -> None:
    for page in ("cells/ctx_pv", "receptors/M1"):
        text = (folder / f"{page}.md").read_text().split("## Measured effects")[1]
        row = next(line for line in text.splitlines() if "conductance" in line)
        assert "rheobase" in row
        assert row.count("→") == 3  # compartments and both point neurons
        assert "**assumed**" in row
    assert "## Measured effects" not in (folder / "cells" / "ctx_l5_np.md").read_text()


def test_the_page_of_all_effects_has_every_pair(pages: ModuleType, folder: Path) -> None:
    text = (folder / "effects" / "index.md").read_text()
    for name in read.names("receptor"):
        for effect in read.receptor(name).effects:
            for cell in effect.cells if effect.compiled else ():
                assert f"(../receptors/{name}.md) | [{pages.escape(cell)}](" in text


def test_figures_are_drawn_once_for_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = script("catalogue_figures")
    names = {"cell type": ("ctx_pv",), "receptor": ("M1", "nACh_a7")}
    every = read.names
    monkeypatch.setattr(figures.read, "names", lambda kind: names.get(kind) or every(kind))
    monkeypatch.setattr(figures, "MODELS", {"glif": "GLIF"})
    figures.write_figures(tmp_path)
    drawn = sorted(tmp_path.rglob("*.png"))
    assert [path.stem for path in drawn] == ["ctx_pv", "M1", "nACh_a7"]
    times = [path.stat().st_mtime_ns for path in drawn]
    figures.write_figures(tmp_path)
    assert [path.stat().st_mtime_ns for path in drawn] == times


def test_every_fitted_pair_has_a_row(tmp_path: Path) -> None:
    script("pair_pages").write_pairs(tmp_path)
    text = (tmp_path / "pairs.md").read_text(encoding="utf-8")
    for name in read.names("cell type"):
        assert text.count(f"| {name} |") == 2  # GLIF and Izhikevich
