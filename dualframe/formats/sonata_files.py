"""SONATA configurations, and the tables of nodes and edges of their files.

An attribute of a node or edge stands in the HDF5 file, in the group of the node, or else in the CSV
file of the types; both are read as one column.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.core.errors import OutputError, UnknownName
from dualframe.results.hdf5_files import read_indices
from dualframe.results.saved_results import reporting_damage

_DYNAMICS = "dynamics_params"
_LIBRARY = "@library"


def refuse(file: Path, group: str, column: str, problem: str) -> NoReturn:
    """Raise the error of something that is not supported: file, group, column and the reason."""
    raise OutputError(f"{str(file)!r}, group {group!r}, column {column!r}: {problem}")


def read_configuration(path: Path) -> dict[str, Any]:
    """Return a configuration with its network's, all paths made absolute.

    Parameters
    ----------
    path
        Of a simulation, which names a circuit, or of a circuit.

    Raises
    ------
    OutputError
        If it cannot be read, or names no network.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise OutputError(f"{str(path)!r} is no SONATA configuration: {problem}.") from problem
    if not isinstance(content, dict):
        raise OutputError(f"{str(path)!r} is no SONATA configuration: expected an object.")
    manifest = _resolved_manifest(content.get("manifest", {}))
    content = {key: _substituted(value, manifest) for key, value in content.items()}
    circuit = content.get("network")
    if isinstance(circuit, str):
        inner = read_configuration(_placed(circuit, path))
        content = {**inner, **{k: v for k, v in content.items() if k != "network"}}
    if "networks" not in content:
        raise OutputError(f"{str(path)!r} names no network: expected networks, or network.")
    content.setdefault("folder", str(path.parent))  # of the circuit, where there are two files
    content["simulation_folder"] = str(path.parent)
    return content


def _placed(name: str, config: Path) -> Path:
    return config.parent / name  # an absolute name stays


def _resolved_manifest(manifest: Mapping[str, str]) -> dict[str, str]:
    resolved = dict(manifest)
    for _ in resolved:  # a variable may stand in another's value
        resolved = {key: _replaced(value, resolved, key) for key, value in resolved.items()}
    return resolved


def _replaced(value: str, manifest: Mapping[str, str], variable: str = "") -> str:
    for name in sorted(manifest, key=len, reverse=True):
        if name != variable:
            value = value.replace(name, manifest[name])
    return value


def _substituted(value: Any, manifest: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _replaced(value, manifest)
    if isinstance(value, list):
        return [_substituted(item, manifest) for item in value]
    if isinstance(value, dict):
        return {k: v if k == "manifest" else _substituted(v, manifest) for k, v in value.items()}
    return value


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Nodes or edges of a population.

    Attributes
    ----------
    name, file, types_file
        Of the population, and where it stands.
    ids
        Of the nodes; of edges their position.
    type_ids, group_ids, group_index
        Of each node or edge.
    types
        The table of types, by their number.
    groups
        Attributes by group, and by name.
    ends
        Of edges: node ids of ``source`` and ``target``; and the names of their populations.
    """

    name: str
    file: Path
    types_file: Path
    ids: NDArray[np.int64]
    type_ids: NDArray[np.int64]
    group_ids: NDArray[np.int64]
    group_index: NDArray[np.int64]
    types: pd.DataFrame
    groups: Mapping[int, Mapping[str, NDArray[Any]]]
    ends: Mapping[str, tuple[str, NDArray[np.int64]]]

    def column(self, name: str) -> NDArray[Any]:
        """Return an attribute of all rows, None where a row has none."""
        values = np.full(len(self.ids), None, dtype=object)
        if name in self.types:
            stored = self.types[name].reindex(self.type_ids).to_numpy(dtype=object)
            given = ~pd.isna(stored)
            values[given] = stored[given]
        for number, attributes in self.groups.items():
            if name in attributes:
                here = self.group_ids == number
                values[here] = attributes[name][self.group_index[here]]
        return values

    def numbers(self, name: str, default: float | None = None) -> NDArray[np.float64]:
        """Return an attribute of all rows as numbers; without a default, all rows have it."""
        values = self.column(name)
        missing = pd.isna(values)
        if missing.any() and default is None:
            refuse(self.types_file, self.name, name, "missing. Every row needs a number.")
        values[missing] = default
        try:
            return values.astype(float)
        except (TypeError, ValueError):
            refuse(self.types_file, self.name, name, f"{values[0]!r} is no number.")

    def dynamics(self, name: str) -> NDArray[np.float64] | None:
        """Return a parameter that the rows state one by one, NaN where one does not, or None."""
        found = None
        for number, attributes in self.groups.items():
            if f"{_DYNAMICS}/{name}" in attributes:
                found = np.full(len(self.ids), np.nan) if found is None else found
                here = self.group_ids == number
                found[here] = attributes[f"{_DYNAMICS}/{name}"][self.group_index[here]]
        return found

    @property
    def dynamics_names(self) -> list[str]:
        """Names of the parameters that rows state one by one."""
        names = {name for attributes in self.groups.values() for name in attributes}
        prefix = f"{_DYNAMICS}/"
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def read_rows(kind: str, entry: Mapping[str, Any], folder: str) -> list[Rows]:
    """Return the populations of a file of a configuration.

    Parameters
    ----------
    kind
        ``"nodes"`` or ``"edges"``.
    entry
        Of the file, in the configuration.
    folder
        To which names of files are relative.

    Raises
    ------
    OutputError
        If a file cannot be read or has something else in it.
    """
    file = Path(folder) / str(entry.get(f"{kind}_file"))
    types_file = Path(folder) / str(entry.get(f"{kind[:-1]}_types_file"))
    types = _read_types(types_file, f"{kind[:-1]}_type_id")
    with reporting_damage(file), h5py.File(file, "r") as content:
        if kind not in content:
            raise UnknownName(f"group of {str(file)!r}", kind, list(content))
        return [
            _read_population(kind, name, content[kind][name], file, types_file, types)
            for name in content[kind]
        ]


def _read_types(path: Path, key: str) -> pd.DataFrame:
    try:
        types = pd.read_csv(path, sep=r"\s+", na_values=["NULL"])
    except (OSError, ValueError) as problem:
        raise OutputError(f"{str(path)!r} is no table of types: {problem}.") from problem
    if key not in types:
        raise UnknownName(f"column of {str(path)!r}", key, list(map(str, types)))
    return types.set_index(key)


def _read_population(
    kind: str, name: str, group: Any, file: Path, types_file: Path, types: pd.DataFrame
) -> Rows:
    one = kind[:-1]
    type_ids = read_indices(group, f"{one}_type_id")
    count = len(type_ids)
    plain = f"{one}_group_id" not in group
    ends = {}
    if kind == "edges":
        for end in ("source", "target"):
            of = group[f"{end}_node_id"].attrs.get("node_population", "")
            of = of.decode() if isinstance(of, bytes) else str(of)
            ends[end] = (of, read_indices(group, f"{end}_node_id"))
    unknown = np.setdiff1d(type_ids, types.index)
    if unknown.size:
        refuse(file, name, f"{one}_type_id", f"{unknown[0]} is not in {str(types_file)!r}.")
    return Rows(
        name=name,
        file=file,
        types_file=types_file,
        ids=read_indices(group, "node_id") if "node_id" in group else np.arange(count),
        type_ids=type_ids,
        group_ids=np.zeros(count, int) if plain else read_indices(group, f"{one}_group_id"),
        group_index=np.arange(count) if plain else read_indices(group, f"{one}_group_index"),
        types=types,
        groups={int(key): _attributes(group[key]) for key in group if key.isdigit()},
        ends=ends,
    )


def _attributes(group: Any) -> dict[str, NDArray[Any]]:
    library = group.get(_LIBRARY, {})
    found: dict[str, NDArray[Any]] = {}
    for name, item in group.items():
        if isinstance(item, h5py.Dataset):
            values = item.asstr()[()] if h5py.check_string_dtype(item.dtype) else item[()]
            found[name] = library[name].asstr()[()][values] if name in library else values
        elif name == _DYNAMICS:
            found |= {f"{name}/{key}": inner[()] for key, inner in item.items()}
    return found
