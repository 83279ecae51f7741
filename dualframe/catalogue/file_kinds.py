"""What kind of file a TOML file is, by its tables: a circuit, a task, a cell type or a receptor."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import CatalogueError

#: Keys that tell a kind of file from those below it (a task may have a circuit's populations), and
#: where a file of the kind goes.
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
    kind = next((kind for kind, (marks, _) in _KINDS.items() if keys & marks), expected)
    if kind != expected:
        raise CatalogueError(
            f"{table.file} is the file of a {kind}, not of a {expected}. It goes here: "
            f"{_KINDS[kind][1].format(file=table.file)}."
        )
