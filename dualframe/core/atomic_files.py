"""Files that are written in one step: a reader sees the old content or the new one, never half."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READABLE = 0o644


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Yield the path of a draft that takes the place of a file when the block ends.

    Parameters
    ----------
    path
        The file to write; its folder exists. If the block raises, the file stays as it was and the
        draft is removed.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / path.name
        yield draft
        draft.replace(path)


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text file (UTF-8) in one step, readable by everybody.

    Parameters
    ----------
    path
        The file; its folder exists.
    text
        The whole content.
    """
    with atomic_replacement(path) as draft:
        draft.write_text(text, encoding="utf-8")
        draft.chmod(_READABLE)
