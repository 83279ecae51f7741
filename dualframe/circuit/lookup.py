"""Circuits by name: those that ship with the package, and files of users."""

from __future__ import annotations

import os

import pandas as pd

from dualframe.circuit.circuit import Circuit
from dualframe.circuit.toml_reader import read_circuit
from dualframe.core.errors import CatalogueError, NetworkError
from dualframe.core.shipped_files import find_shipped_file, shipped_names


def circuit(name: str | os.PathLike[str]) -> Circuit:
    """Return a circuit by name or from a TOML file by path, checked against the catalogue.

    Parameters
    ----------
    name
        Name of a shipped circuit such as ``"l23"``, or a path.

    Raises
    ------
    UnknownName
        If there is no such circuit, or it names something that does not exist.
    CatalogueError
        If the file is not well formed, or does not fit the catalogue.
    """
    path = find_shipped_file("circuits", name)
    try:
        found = Circuit(**read_circuit(path))
    except NetworkError as error:
        raise CatalogueError(f"{path.name}: {error}") from error
    return found.check(path.name)


def circuits() -> pd.DataFrame:
    """Return the shipped circuits as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": name,
                "title": found.title,
                "populations": ", ".join(f"{p.name} {p.n}" for p in found.populations),
                "n": sum(found.sizes.values()),
                "projections": len(found.projections),
                "cells": ", ".join(found.cells),
            }
            for name, found in ((name, circuit(name)) for name in shipped_names("circuits"))
        ]
    )
