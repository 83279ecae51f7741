"""Files that a user writes: what is no text, or no TOML, is one clear error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import dualframe as df
from dualframe.catalogue.toml_table import load_toml
from dualframe.core import text_files
from dualframe.core.errors import CatalogueError
from dualframe.core.shipped_files import find_shipped_file
from dualframe.core.text_files import read_text_file

CONTENT = 'a = "ü"\nb = [1, 2]\n'


@pytest.mark.parametrize(
    "content",
    [CONTENT.encode(), CONTENT.encode("utf-8-sig"), CONTENT.replace("\n", "\r\n").encode()],
    ids=["plain", "byte-order mark", "lines of Windows"],
)
def test_what_editors_write(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    assert load_toml(path) == {"a": "ü", "b": [1, 2]}


def test_a_circuit_with_a_byte_order_mark(tmp_path: Path) -> None:
    shipped = find_shipped_file("circuits", "pd14")
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped.read_bytes())
    references = shipped.with_name("references.bib")
    (tmp_path / references.name).write_bytes(references.read_bytes())
    assert df.circuit(path).populations == df.circuit("pd14").populations


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT.encode("latin-1"), "line 1 has the byte 0xfc. Save it as UTF-8"),
        (CONTENT.encode("utf-16"), "no text in UTF-8: line 1"),
        (b"a = 1\nb = '\0'\n", "line 2 has a NUL character"),
        (b"a = 1\ra = 2\r", "not valid TOML"),
        (b"a = 1\na = 2\n", "line 2, column 6.*stands twice: remove or rename one"),
        (b"[a]\n[a]\n", "stands twice: remove or rename one"),
        (b'a = "x\n', "texts stand in double quotes"),
        (b'{"a": 1}', "Write lines like"),
        (b"a = " + b"[" * 9999, "too deep to be read: remove levels"),
        (b"a = " + b"{a=" * 9999, "too deep to be read: remove levels"),
        (b"a" + b".a" * 20000 + b" = 1", "key of more than 64 parts"),
        (b"a = " + b"9" * 9999, "number that is too long"),
        (bytes(range(128, 256)) + b"\xff", "c.toml"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_toml(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=message) as caught:
        load_toml(path)
    assert "c.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "is a pipe or device: expected a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a pipe or device: expected a file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: path.mkdir(), "is a folder: expected a file"),
        (lambda path: None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "c.toml"
    make(path)
    with pytest.raises(CatalogueError, match=message):
        read_text_file(path)


def test_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "LARGEST", 2**20)
    path = tmp_path / "c.toml"
    path.write_bytes(b"#" * 2**20)
    assert len(read_text_file(path)) == 2**20
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(CatalogueError, match=r"c\.toml is larger than 1 MB"):
        read_text_file(path)
