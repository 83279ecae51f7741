"""A TOML file beside its bibliography, as a strict `Table`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dualframe.catalogue.bibliography import PACKAGED, references
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import CatalogueError


def table_of(path: Path) -> Table:
    """Return the top-level table of a circuit's or task's file.

    A ``references.bib`` beside it may add sources to the catalogue's.

    Raises
    ------
    CatalogueError
        If the file cannot be read, or is not TOML.
    """
    try:
        data: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"{path.name} is not valid TOML: {error}. Texts stand in double quotes, numbers with "
            'a unit too: delay = "1.5 ms".'
        ) from error
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror}.") from error
    own = path.parent / PACKAGED.name
    known = {**references(), **(references(own) if own.is_file() else {})}
    return Table(data, path.name, "", known)
