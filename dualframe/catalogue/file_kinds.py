"""What kind of file a TOML file is, by its tables: a circuit, a task, a cell type or a receptor."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import CatalogueError

#: Keys of one kind of file that no other has, and where a file of the kind goes.
_KINDS: Mapping[str, tuple[frozenset[str], str]] = MappingProxyType(
    {
        "task": (frozenset({"environment", "protocol", "readouts"}), "dualframe train {file}"),
        "circuit": (frozenset({"populations"}), "dualframe run {file}"),
        "receptor": (
            frozenset({"affinity", "expressed_by", "transduction"}),
            'receptors = ["{file}"] in a circuit\'s file',
        ),
        "cell type": (
            frozenset({"like", "passive", "point_neurons", "compartments", "dale"}),
            'cell = "{file}" in a population of a circuit',
        ),
    }
)


def refuse_other_kind(table: Table, expected: str) -> None:
    """Refuse a file that is one of another kind.

    Parameters
    ----------
    table
        The top-level table of the file.
    expected
        The kind that is read: ``"circuit"``, ``"task"``, ``"receptor"`` or ``"cell type"``.

    Raises
    ------
    CatalogueError
        It says of which kind the file is, and where it goes.
    """
    keys = table.data.keys()
    if keys & _KINDS[expected][0]:
        return
    for kind, (marks, place) in _KINDS.items():
        if keys & marks:
            raise CatalogueError(
                f"{table.file} is the file of a {kind}, not of a {expected}. It goes here: "
                f"{place.format(file=table.file)}."
            )
