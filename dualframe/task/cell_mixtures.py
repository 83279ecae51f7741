"""Populations of several cell types in stated proportions, written as populations of one type each.

``cells = { ctx_l5_et = 0.5, ctx_l5_it = 0.5 }`` of a population ``action`` makes the populations
``action_ctx_l5_et`` and ``action_ctx_l5_it``. Background, projections, population vectors, releases
and lists that name ``action`` become those of the parts, and a projection ``learned`` onto it
``learned_ctx_l5_et`` and ``learned_ctx_l5_it``. A part has its share of the neurons and, where it
is presynaptic, of each in-degree (postsynaptic: of each out-degree); probabilities stay. What
differs between the types onto which a projection or background ends is stated by type:
``compartment = { ctx_l5_et = "dend", ctx_l5_it = "prox" }``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dualframe.core.errors import CatalogueError, suggest_name
from dualframe.core.quantity import quantity

Row = dict[str, Any]
Parts = Mapping[str, Mapping[str, float]]

_INDEXED = ("connect", "excluded")  # whose numbers of neurons are those of the whole population
_ADDED_UP = ("population_vector",)  # readouts of which several may act on one environment
_COUNTS = {"number": "", "in_degree": "pre", "out_degree": "post"}
_LISTS = ("readouts", "releases", "modulations")


def expand_mixtures(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of a task's file with populations of one cell type each.

    Parameters
    ----------
    tables
        As `tomllib` returns them.

    Raises
    ------
    CatalogueError
        If shares do not add up to one, or something that names a mixed population by the indices
        of its neurons cannot be divided.
    """
    rows = tables.get("populations")
    mixed = {
        row["name"]: _shares_of(row)
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and "cells" in row and "name" in row
    }
    if not mixed:
        return dict(tables)
    expanded = {key: _expand_table(key, value, mixed) for key, value in tables.items()}
    learned = {
        row["name"]: [part["name"] for part in _projections(row, mixed)]
        for row in tables.get("projections", ())
        if "name" in row
    }
    names = {name: [f"{name}_{cell}" for cell in shares] for name, shares in mixed.items()}
    for key in (*_LISTS, "outcome"):
        if key in expanded:
            expanded[key] = _expand_names(expanded[key], names | learned)
    return expanded


def _shares_of(row: Row) -> dict[str, float]:
    where = f"population {row['name']!r}"
    if "cell" in row or not isinstance(row["cells"], Mapping) or not row["cells"]:
        raise CatalogueError(f"{where}: give either cell, or cells = {{ type = share, ... }}.")
    shares = {
        cell: float(quantity(share, "dimensionless", f"share of {cell} in {where}"))
        for cell, share in row["cells"].items()
    }
    if min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise CatalogueError(f"{where}: shares of cells are {shares}: let them add up to 1.")
    return shares


def _expand_table(key: str, value: Any, mixed: Parts) -> Any:
    expand = {
        "populations": _populations,
        "projections": _projections,
        "background": _background,
        "readouts": _readouts,
    }.get(key)
    if expand is None or not isinstance(value, list):
        return value
    return [part for row in value for part in expand(row, mixed)]


def _populations(row: Row, mixed: Parts) -> Iterator[Row]:
    shares = mixed.get(row.get("name", ""))
    if shares is None:
        yield row
        return
    rest = {key: value for key, value in row.items() if key != "cells"}
    counts = _divide(row["n"], shares)
    for cell, n in counts.items():
        if not _number(n):
            raise CatalogueError(f"population {row['name']!r} has no neuron of {cell!r}: raise n.")
        yield {**rest, "name": f"{row['name']}_{cell}", "cell": cell, "n": n}


def _background(row: Row, mixed: Parts) -> Iterator[Row]:
    shares = mixed.get(row.get("post", ""))
    if shares is None:
        yield row
        return
    for cell in shares:
        yield _named(_of_type(row, cell, shares), post=cell)


def _projections(row: Row, mixed: Parts) -> Iterator[Row]:
    sides = {side: mixed[row[side]] for side in ("pre", "post") if row.get(side) in mixed}
    if not sides:
        yield row
        return
    indexed = [key for key in _INDEXED if key in row]
    if indexed or row.get("pairs") == "one_to_one":
        raise CatalogueError(
            f"projection {row.get('name', '')!r} counts the neurons of a population of several "
            f"cell types ({', '.join(indexed) or 'one_to_one'}): write one for each type, which "
            f"are {', '.join(f'{row[s]}_{cell}' for s in sides for cell in sides[s])}."
        )
    for pre in sides.get("pre", ("",)):
        for post in sides.get("post", ("",)):
            chosen = {side: cell for side, cell in (("pre", pre), ("post", post)) if cell}
            part = _named(_of_type(row, post, sides["post"]) if post else row, **chosen)
            for key, side in _COUNTS.items():
                for end in chosen:
                    if key in part and side in ("", end):
                        part[key] = _divide(part[key], sides[end])[chosen[end]]
            if all(_number(part[key]) for key in _COUNTS if key in part):
                yield part


def _readouts(row: Row, mixed: Parts) -> Iterator[Row]:
    whole = str(row.get("population"))
    if whole not in mixed:
        yield row
        return
    parts = [f"{whole}_{cell}" for cell in mixed[whole]]
    if row.get("kind") not in _ADDED_UP:
        raise CatalogueError(
            f"readout {row.get('name')!r} of kind {row.get('kind')!r} reads one population, and "
            f"{whole!r} is of several cell types. " + suggest_name(whole, parts)
        )
    for cell in mixed[whole]:
        yield {**row, "name": f"{row.get('name')}_{cell}", "population": f"{whole}_{cell}"}


def _named(row: Row, **cells: str) -> Row:
    """Return a projection or background of parts, with a name of its own if it has one."""
    part = {**row, **{side: f"{row[side]}_{cell}" for side, cell in cells.items()}}
    if "name" in row:
        part["name"] = "_".join([row["name"], *cells.values()])
    return part


def _of_type(row: Row, cell: str, shares: Mapping[str, float]) -> Row:
    """Return a row with the entries of one type, where they are stated by cell type."""
    return {
        key: entry[cell] if isinstance(entry, Mapping) and set(entry) == set(shares) else entry
        for key, entry in row.items()
    }


def _expand_names(value: Any, names: Mapping[str, list[str]]) -> Any:
    """Return a table or its rows, in which lists name the parts of what they named."""
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return [_expand_names(row, names) for row in value]
    return {
        key: [part for name in entry for part in names.get(str(name), [name])]
        if isinstance(entry, list)
        else names.get(entry, entry)
        if key == "populations" and isinstance(entry, str)
        else entry
        for key, entry in value.items()
    }


def _number(count: Any) -> float:
    return float(count["value"] if isinstance(count, Mapping) else count)


def _divide(count: Any, shares: Mapping[str, float]) -> dict[str, Any]:
    """Divide a count by shares: whole numbers of the same sum, the largest remainders first."""
    exact = np.array([_number(count) * share for share in shares.values()])
    whole = np.floor(exact + 1e-9)
    missing = round(exact.sum() - whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    parts = dict(zip(shares, (f"{part:g}" for part in whole), strict=True))
    if isinstance(count, Mapping):
        return {cell: {**count, "value": part} for cell, part in parts.items()}
    return dict(parts)
