"""BibTeX files as their programs write them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dualframe.catalogue.bibliography import citation, references
from dualframe.core.errors import CatalogueError

FIELDS = "author={Doe, J.}, title={A title}, year={2001}, note=7"
ENTRIES = {
    "one line": f"@article{{k, {FIELDS}}}",
    "ends in two braces": "@article{k,\n author={Doe, J.}, title={A title},\n note=7, year={2001}}",
    "quotes": '@article{k, author = "Doe, J.", title = "A title", year = "2001", note = 7}',
    "wrapped": "@article{k,\n author={{Doe, J.}},\n\ttitle={{A\n  title}},year={{2001}},note=7,\n}",
    "capitals": "@ARTICLE{k, Author={Doe, J.}, TITLE={A title}, Year=2001, note=7}",
    "abbreviation": '@string{d="Doe, J."}@article{k,author=d,title={A title},year=2001,note=7}',
    "brace behind": f"@article{{k,\n {FIELDS}\n  }}",
    "comment": f"% a comment\n@comment{{x, y}}\nwords\n@article{{k, {FIELDS}}}",
}
NEXT = "\n\n@book{next, title={The next}, year={1999}}\n"


@pytest.mark.parametrize("form", ENTRIES)
def test_every_form_of_an_entry_has_all_its_fields(tmp_path: Path, form: str) -> None:
    path = tmp_path / "references.bib"
    path.write_text(ENTRIES[form] + NEXT, encoding="utf-8")
    found = references(path)
    assert dict(found["k"]) == {
        "type": "article",
        "author": "Doe, J.",
        "title": "A title",
        "year": "2001",
        "note": "7",
    }
    assert dict(found["next"]) == {"type": "book", "title": "The next", "year": "1999"}
    assert citation("k", path) == "Doe, J. 2001. A title. 7"


def test_braces_within_a_field_stay(tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text(
        r"@misc{a, title={{NMDA} and {AMPA}}, author={Szab{\'o}, A.}}", encoding="utf-8"
    )
    assert references(path)["a"]["title"] == "{NMDA} and {AMPA}"
    assert references(path)["a"]["author"] == r"Szab{\'o}, A."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00" * 50, "UTF-8"),
        (b"@misc{a, title={x}}\n@misc{a, title={y}}", "'a' stands twice"),
        (b"\n@article{a, title={x}, title={y}}", "line 2"),
        (b"@misc{b, title={x}}\n@article{a, title={never ends", "line 2"),
        (b"@article{" * 3000, "line 1"),
        (b"@article{a, title=" + b"{" * 50_000, "line 1"),
    ],
)
def test_a_damaged_file_is_one_error(
    tmp_path: Path, content: bytes, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "references.bib"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=message) as error:
        references(path)
    assert "references.bib" in str(error.value)
    assert not caplog.records
    assert logging.getLogger("bibtexparser").level == logging.NOTSET


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        references(tmp_path / "no.bib")
