"""From the TOML files of the catalogue, or a user's own, to records."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import pandas as pd

from dualframe.catalogue import region_data as population_tables
from dualframe.catalogue import rule_numbers
from dualframe.catalogue.cell_type import CellType, read_cell_type
from dualframe.catalogue.drug import ACTIONS, DrugProfile, read_drug
from dualframe.catalogue.modulator import Modulator, read_modulator
from dualframe.catalogue.receptor import Receptor, read_receptor
from dualframe.catalogue.region_data import PopulationData
from dualframe.catalogue.rule_numbers import RuleParameterSets
from dualframe.catalogue.synapse import Synapse, read_synapse
from dualframe.catalogue.toml_table import Table, load_toml, read_toml_table
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.user_paths import expand_user
from dualframe.plasticity.registry import PLASTICITY_RULES

T = TypeVar("T")

HERE = Path(__file__).parent
KINDS = {
    "cell type": "cells",
    "synapse": "synapses",
    "receptor": "receptors",
    "modulator": "modulators",
    "drug": "drugs",
    "plasticity rule": "plasticity",
    "population data": "populations",
}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind, such as "cell type": one of the keys of `KINDS`."""
    return tuple(sorted(path.stem for path in (HERE / KINDS[kind]).glob("*.toml")))


def cell(name: str | os.PathLike[str]) -> CellType:
    """Return a cell type by name, or from a TOML file by path.

    Parameters
    ----------
    name
        A catalogue name such as ``"ctx_pv"``, or the path of a file that ends in ``.toml``. A
        ``references.bib`` beside such a file may add sources.

    Raises
    ------
    UnknownName
        If the catalogue has no such cell type.
    CatalogueError
        If the file is not well formed.
    """
    found = _read_entry("cell type", name, _make_cell)
    if not _is_path(name):
        return found
    path = expand_user(name).resolve()
    if path.parent == HERE / KINDS["cell type"]:
        return found
    return _cell_of_folder(path, path.stat().st_mtime_ns)


def synapse(name: str | os.PathLike[str]) -> Synapse:
    """Return a kind of synapse by name or path; see `cell` for the errors."""
    return _read_entry("synapse", name, read_synapse)


def receptor(name: str | os.PathLike[str]) -> Receptor:
    """Return a neuromodulator receptor by name or path; see `cell` for the errors."""
    return _read_entry("receptor", name, _make_receptor)


def modulator(name: str | os.PathLike[str]) -> Modulator:
    """Return a neuromodulator by name, alias ("5-HT", "dopamine") or path; errors as `cell`."""
    return _read_entry(
        "modulator", _modulator_names().get(str(name).casefold(), name), _make_modulator
    )


def modulator_name(name: str) -> str:
    """Return the catalogue's name of a modulator: of "Dopamine" and "dopamine" it is "DA".

    Parameters
    ----------
    name
        A name or an alias, in any case. What is neither is returned as it is.
    """
    return _modulator_names().get(name.casefold(), name)


def drug(name: str | os.PathLike[str]) -> DrugProfile:
    """Return a drug by name, alias ("isoprenaline") or path; errors as `cell`.

    Case, spaces, hyphens and underscores of a name do not matter: "SCH 23390" is "SCH23390".
    """
    return _read_entry("drug", _drug_names().get(_bare_name(name), name), _make_drug)


def rule_parameter_sets(name: str | os.PathLike[str]) -> RuleParameterSets:
    """Return the numbers of a plasticity rule by name or path; see `cell` for the errors."""
    return _read_entry("plasticity rule", name, rule_numbers.read_parameter_sets)


def population_data(name: str | os.PathLike[str]) -> PopulationData:
    """Return counts and connections of a region by name or path; see `cell` for the errors."""
    return _read_entry("population data", name, population_tables.population_data)


def cells() -> pd.DataFrame:
    """Return the cell types as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": c.name,
                "title": c.title,
                "region": c.region,
                "layer": c.layer,
                "sign": c.sign,
                "transmitter": c.transmitter,
                "point_neurons": _join_names(s.model for s in c.point_neurons),
                "compartments": ", ".join(c.compartments.names) if c.compartments else "",
                "stand_in": bool(c.compartments and c.compartments.stand_in),
            }
            for c in map(cell, names("cell type"))
        ]
    )


def synapses() -> pd.DataFrame:
    """Return the kinds of synapse as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": s.name,
                "title": s.title,
                "sign": s.sign,
                "transmitter": s.transmitter,
                "kinetics": s.kinetics,
                "block": s.block,
            }
            for s in map(synapse, names("synapse"))
        ]
    )


def receptors() -> pd.DataFrame:
    """Return the receptors as a table, one row each.

    ``expressed_by`` and ``acts_on`` name cell types; ``acts_on`` those with a compiled effect.
    """
    return pd.DataFrame(
        [
            {
                "name": r.name,
                "title": r.title,
                "modulator": r.modulator,
                "kind": r.kind,
                "EC50": r.affinity["EC50"].written,
                "EC50_status": r.affinity["EC50"].status,
                "expressed_by": _join_names(c for e in r.expressed_by for c in e.cells),
                "acts_on": _join_names(c for e in r.effects if e.compiled for c in e.cells),
            }
            for r in map(receptor, names("receptor"))
        ]
    )


def modulators() -> pd.DataFrame:
    """Return the neuromodulators as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": m.name,
                "title": m.title,
                "reference_concentration": m.numbers["reference_concentration"].written,
                "clearance_tau": m.numbers["clearance_tau"].written,
                "receptors": ", ".join(m.receptors),
            }
            for m in map(modulator, names("modulator"))
        ]
    )


def drugs() -> pd.DataFrame:
    """Return the drugs as a table, one row each: receptors with the affinity that is used.

    "no number" says that none was read: such a drug can saturate its receptor, or is given with an
    affinity of the user's.
    """
    return pd.DataFrame(
        [
            {"name": d.name, "title": d.title}
            | {
                f"{kind}_at": _join_names(a.summary for a in d.actions if a.kind == kind)
                for kind in ACTIONS
            }
            for d in map(drug, names("drug"))
        ]
    )


def plasticity_rules() -> pd.DataFrame:
    """Return the plasticity rules as a table, one row each; the first set is the default.

    ``runs`` says which can be used; the others are data only. Rules of users, of which the
    catalogue has no numbers, have no sets.
    """
    catalogued = names("plasticity rule")
    rows = [
        {
            "name": r.name,
            "title": r.title,
            "runs": r.name in PLASTICITY_RULES,
            "sets": ", ".join(s.name for s in r.sets),
            "relative_to": r.relative_to,
            "status": r.origin.status,
            "equations": r.equations,
        }
        for r in map(rule_parameter_sets, catalogued)
    ]
    rows += [
        {
            "name": name,
            "title": rule.source,
            "runs": True,
            "sets": "",
            "relative_to": rule.relative_to,
            "status": "",
            "equations": rule.parameters.equations,
        }
        for name, rule in PLASTICITY_RULES.items()
        if name not in catalogued
    ]
    return pd.DataFrame(rows)


def populations() -> pd.DataFrame:
    """Return the regions of which there are counts and connections as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": p.name,
                "title": p.title,
                "region": p.region,
                "species": p.species,
                "populations": _join_names(row.population for row in p.counts),
                "connections": len(p.connections),
                "source": _join_names(p.origin.source),
            }
            for p in map(population_data, names("population data"))
        ]
    )


def _join_names(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


def _is_path(name: str | os.PathLike[str]) -> bool:
    return isinstance(name, os.PathLike) or str(name).endswith(".toml")


def _read_entry(kind: str, name: str | os.PathLike[str], make: Callable[[Table], T]) -> T:
    if _is_path(name):
        path = expand_user(name)
        if not path.is_file():
            raise CatalogueError(f"there is no {kind} file {str(name)!r}. Check the path.")
    else:
        path = HERE / KINDS[kind] / f"{name}.toml"
        if name not in names(kind):
            raise UnknownName(kind, name, names(kind))
    return cast(T, _read_cached(path.resolve(), path.stat().st_mtime_ns, make))


@lru_cache(maxsize=512)
def _read_cached(path: Path, changed: int, make: Callable[[Table], Any]) -> Any:
    """Read once per version of a file: ``changed`` is its time of modification."""
    return make(read_toml_table(path))


@lru_cache(maxsize=512)
def _cell_of_folder(path: Path, changed: int) -> CellType:
    """Return a user's cell, which knows its folder: fits of it lie beside its file."""
    found = cast(CellType, _read_cached(path, changed, _make_cell))
    return replace(found, folder=str(path.parent))


def _make_cell(table: Table) -> CellType:
    return read_cell_type(table, cell)


def _make_receptor(table: Table) -> Receptor:
    return read_receptor(table, names("modulator"))


def _make_modulator(table: Table) -> Modulator:
    name = table.text("name")
    own = [r.name for r in map(receptor, names("receptor")) if r.modulator == name]
    return read_modulator(table, tuple(own))


def _make_drug(table: Table) -> DrugProfile:
    return read_drug(table, names("receptor"))


def _bare_name(name: str | os.PathLike[str]) -> str:
    return re.sub("[-_ ]", "", str(name)).casefold()


@lru_cache(maxsize=1)
def _drug_names() -> dict[str, str]:
    """Names of the drugs by name and alias, in lower case and without hyphens."""
    by_alias: dict[str, str] = {}
    for name in names("drug"):
        aliases = load_toml(HERE / KINDS["drug"] / f"{name}.toml").get("aliases", [])
        by_alias |= {_bare_name(alias): name for alias in [name, *aliases]}
    return by_alias


@lru_cache(maxsize=1)
def _modulator_names() -> dict[str, str]:
    """Names of the modulators by name and alias, which their files list, in lower case."""
    by_alias: dict[str, str] = {}
    for name in names("modulator"):
        aliases = load_toml(HERE / KINDS["modulator"] / f"{name}.toml").get("aliases", [])
        by_alias |= {str(alias).casefold(): name for alias in [name, *aliases]}
    return by_alias
