"""Named values that a program reads at start instead of having them in its source."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HEADER = "values.h"  # reads them
PARAMETERS, LAYOUT = "parameters.txt", "layout.txt"
CONTENTS = "contents.json"  # which files a project reads and writes
FIRST_REPLICA = "first_replica"  # in the layout
EXPORT = "export"  # in the layout: a checksum of all that was exported
_CHECKSUM = "checksum"


class CppName(str):
    """A name in C++, given to Brian2 where it expects a value that it will print."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str.__str__(self)


@dataclass
class ExternalValues:
    """The values of one program, in the order in which its sources name them.

    Attributes
    ----------
    parameters
        What a user may edit: text of the number by name.
    layout
        Lengths of arrays and internal state of the simulator, likewise.
    lengths
        C++ names of lengths, by name in ``layout``.
    declarations
        C++ statements that read the other values.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    layout: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, CppName] = field(default_factory=dict)
    declarations: list[str] = field(default_factory=list)

    def add_parameter(self, name: str, text: str, kind: str) -> CppName:
        """Add a number that a user may edit and return its C++ name.

        Parameters
        ----------
        name
            Name in the file.
        text
            The number.
        kind
            Type in C++.
        """
        return self._declare(self._add(self.parameters, name, text), kind, "parameter")

    def add_time(self, name: str, text: str, reader: str) -> CppName:
        """Add a time (s) that a user may edit and return its C++ name.

        Parameters
        ----------
        name
            Name in the file.
        text
            The number.
        reader
            The function that reads and checks it: ``"delay"`` or ``"duration"``.
        """
        return self._declare(self._add(self.parameters, name, text), "double", reader)

    def add_state(self, name: str, text: str, kind: str) -> CppName:
        """Add internal state of the simulator and return its C++ name.

        Parameters
        ----------
        name
            Name in the file.
        text
            The number.
        kind
            Type in C++.
        """
        return self._declare(self._add(self.layout, name, text), kind, "internal")

    def add_new_length(self, array: str, size: int) -> CppName:
        """Add the length that an array takes while the program starts; return its C++ name.

        Parameters
        ----------
        array
            Name of the array in C++.
        size
            Its length.
        """
        return self._declare(self._add(self.layout, f"{array}_size", str(size)), "int", "length")

    def add_seed(self, seed: int) -> CppName:
        """Add the seed of what the program draws; Brian2 writes an L behind the returned name.

        Parameters
        ----------
        seed
            The seed.
        """
        name = self._add(self.parameters, "seed", str(seed))
        return CppName(self._declare(name, "long", "seed", suffix="L").removesuffix("L"))

    def name_length(self, array: str, size: int) -> CppName:
        """Return the C++ name of an array's length, the same one for the same array.

        Parameters
        ----------
        array
            Name of the array in C++.
        size
            Its length.
        """
        if array not in self.lengths:
            self.lengths[array] = CppName(f"_length_{self._add(self.layout, array, str(size))}")
        return self.lengths[array]

    def _add(self, table: dict[str, str], name: str, text: str) -> str:
        # numbered by occurrence, never by value: the source must not depend on the values
        taken = self.parameters.keys() | self.layout.keys()
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        table[unique] = text
        return unique

    def _declare(self, name: str, kind: str, reader: str, suffix: str = "") -> CppName:
        variable = CppName(f"value_{name}{suffix}")
        self.declarations.append(
            f'const {kind} {variable} = ({kind})dualframe::{reader}("{name}");'
        )
        return variable


def values_text(values: Mapping[str, str], comments: Mapping[str, str] | None = None) -> str:
    """Return ``name = value`` lines, with a comment where there is one.

    Parameters
    ----------
    values
        Texts of numbers by name.
    comments
        Comments by name.
    """
    notes = comments or {}
    lines = [
        f"{name} = {value}" + (f"  # {notes[name]}" if name in notes else "")
        for name, value in values.items()
    ]
    return "".join(f"{line}\n" for line in lines)


def layout_text(values: Mapping[str, str]) -> str:
    """Return the text of ``layout.txt``, with the checksum that the program verifies.

    Parameters
    ----------
    values
        Texts of numbers by name.
    """
    text = values_text(values)
    return f"{text}{_CHECKSUM} = {zlib.crc32(text.encode())}\n"


def read_values(path: Path) -> dict[str, str]:
    """Return the values of a text that `values_text` or `layout_text` wrote without comments.

    Parameters
    ----------
    path
        The file.
    """
    lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    values = dict(line.split(" = ", 1) for line in lines)
    values.pop(_CHECKSUM, None)
    return values
