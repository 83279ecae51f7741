"""Whether every effect of every receptor goes the way the catalogue says, and by how much.

A saturating agonist against control, each effect alone, in each model; then the agonist with the
receptor knocked out, which must leave exactly the network of the control. What decides is in
`sign_cells` and `sign_synapses`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import ms

from dualframe.building.dendritic_circuit import MODEL
from dualframe.experiments.batch_rheobase_search import Found, survey
from dualframe.experiments.receptor_signs import intrinsic_effects as sign_cells
from dualframe.experiments.receptor_signs import synaptic_effects as sign_synapses
from dualframe.experiments.receptor_signs.intrinsic_effects import CONTROL, Shift
from dualframe.experiments.receptor_signs.synaptic_effects import Bench
from dualframe.experiments.receptor_signs.tested_effects import (
    SIGN,
    SignEntry,
    sign_entries,
)
from dualframe.receptor_effects import ActsOn

#: Both branches; the point branch with both of its models.
MODELS = (MODEL, "glif", "izhikevich")
UNTESTED = "not testable"

Surveys = Mapping[str, Found]


def sign_table(
    receptors: Iterable[str | os.PathLike[str]] | None = None,
    cells: Iterable[str | os.PathLike[str]] | None = None,
    models: Iterable[str] = MODELS,
    *,
    target: str = "auto",
    dt: Any = 0.1 * ms,
    surveys: Mapping[str, Surveys] | None = None,
) -> pd.DataFrame:
    """Compare every effect of receptors with its direction in the catalogue.

    Parameters
    ----------
    receptors
        Names, or paths of a user's receptor files; the default is the whole catalogue.
    cells
        Names, or paths of a user's cell files; the default is the whole catalogue.
    models
        ``"biological"`` and models of point neurons.
    target, dt
        As in `dualframe.run`.
    surveys
        By model, what `surveyed` has found already.

    Returns
    -------
    pandas.DataFrame
        A row for each effect, model and measure that decides; then a row for each receptor with
        several effects on one cell's own excitability, all of them together. ``receptor``,
        ``cell``, ``kind`` (``"all"`` for such rows), ``effect`` (the catalogue's words),
        ``direction``, ``size`` and its ``status``, ``model``, ``measure``, ``unit``, ``control``,
        ``agonist``, ``shift``; of effects on the cell itself ``rest_shift_mV``, ``r_in_ratio``,
        ``rheobase_shift_pA`` and ``rate_shift_Hz`` (at a step in the middle of the control's f-I
        range); ``knockout`` ("exact" if it leaves the network of the control), ``verdict`` ("as
        catalogued", "opposite", "no shift", "as found" where no direction is catalogued, "not
        measurable", "not testable") and ``reason``.

    Raises
    ------
    UnknownName
        If there is no such receptor, cell type or model.
    """
    entries = sign_entries(receptors, cells)
    options = {"target": target, "dt": dt}
    rules = [entry for entry in entries if entry.acts_on is ActsOn.PLASTICITY]
    learnt = dict(zip((id(e) for e in rules), sign_synapses.factors(rules, **options), strict=True))
    rows: list[dict[str, Any]] = []
    for model in models:
        found = (surveys or {}).get(model) or surveyed(entries, model, **options)
        rows += _cell_rows(entries, model, found)
        rows += _synapse_rows(entries, model, found, options)
        for entry in rules:
            rows += _rule_rows(entry, model, learnt[id(entry)])
    order = {entry.receptor.name: k for k, entry in enumerate(entries)}
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    place = table["receptor"].map(order)
    return (
        table.assign(place=place)
        .sort_values(["place", "cell"], kind="stable", ignore_index=True)
        .drop(columns="place")
    )


def surveyed(
    entries: Sequence[SignEntry],
    model: str,
    cells: Iterable[str] = (),
    **options: Any,
) -> dict[str, Found]:
    """Survey cells in one model, without and with each of their effects.

    Parameters
    ----------
    entries
        From `sign_entries`.
    model
        Name of the model.
    cells
        Further cell types, to be surveyed whether or not an entry needs them.
    options
        ``target`` and ``dt``, as in `dualframe.run`.

    Returns
    -------
    dict
        What was found, by well: a cell's first well has its name.
    """
    given = {entry.cell.name: entry.given[1] for entry in entries}
    further = [*(bench.target for bench in sign_synapses.benches(entries)), *cells]
    given |= {name: name for name in further if name not in given}
    wells = []
    for name, path in sorted(given.items()):
        own = [entry for entry in entries if entry.cell.name == name]
        wells += sign_cells.wells_of(path, model, own)
    return survey(wells, **options) if wells else {}


def _row(entry: SignEntry, model: str) -> dict[str, Any]:
    effect = entry.effect
    return {
        "receptor": entry.receptor.name,
        "cell": entry.cell.name,
        "kind": effect.kind,
        "effect": effect.target,
        "direction": effect.direction,
        "size": entry.size,
        "status": entry.status,
        "model": model,
    }


def _measured(shift: Shift) -> dict[str, Any]:
    return {
        "measure": shift.measure,
        "unit": shift.unit,
        "control": shift.control,
        "agonist": shift.agonist,
        "shift": shift.agonist - shift.control,
        "verdict": shift.verdict,
        "reason": "",
    }


def _untested(reason: str) -> dict[str, Any]:
    return {"measure": "", "verdict": UNTESTED, "reason": reason}


# --- effects on the cell ------------------------------------------------------------------------


def _cell_rows(entries: Sequence[SignEntry], model: str, found: Surveys) -> list[dict[str, Any]]:
    rows = []
    own = [entry for entry in entries if entry.acts_on is ActsOn.MEMBRANE]
    for entry in own:
        place = _with_condition(entry, found)
        if place is None:
            rows.append(_row(entry, model) | _untested(sign_cells.reason_for(entry, model)))
            continue
        exact = {"knockout": "exact" if sign_cells.knocked_out(entry, model) else "differs"}
        extra = exact | _passive(place, entry.tag)
        rows += [
            _row(entry, model) | _measured(shift) | extra
            for shift in sign_cells.shifts(entry, place, entry.tag)
        ]
    return rows + _together(own, model, found)


def _with_condition(entry: SignEntry, found: Surveys) -> Found | None:
    """Return the survey of the well in which an effect is switched on."""
    own = (f for f in found.values() if f.response.cell == entry.cell.name)
    return next((f for f in own if entry.tag in f.conditions), None)


def _passive(found: Found, condition: str) -> dict[str, float]:
    control, own = found.at(CONTROL), found.at(condition)
    return {
        "rest_shift_mV": 1e3 * float(found.rest[own] - found.rest[control]),
        "r_in_ratio": float(found.r_in[own] / found.r_in[control]),
        "rheobase_shift_pA": 1e12 * float(found.rheobase[own] - found.rheobase[control]),
        "rate_shift_Hz": float(found.rate[own] - found.rate[control]),
    }


def _together(own: Sequence[SignEntry], model: str, found: Surveys) -> list[dict[str, Any]]:
    """Rows of receptors with several effects on a cell, all at once, as an agonist has them."""
    rows = []
    pairs = dict.fromkeys((entry.receptor.name, entry.cell.name) for entry in own)
    for receptor, cell in pairs:
        group = [e for e in own if (e.receptor.name, e.cell.name) == (receptor, cell)]
        place = _with_condition(group[0], found)
        if place is None or receptor not in place.conditions:
            continue
        directions = {entry.effect.direction for entry in group}
        direction = directions.pop() if len(directions) == 1 else "mixed"
        wanted = SIGN[direction]
        shifts = [sign_cells.rheobase(place, receptor, wanted)]
        rate = _rate_together(place, receptor, wanted)
        tests = [entry.kind.sign_test for entry in group]
        if all(test is not None and test.measure == "late rate" for test in tests):
            shifts = [rate]
        for shift in shifts:
            row = _row(group[0], model) | _measured(shift) | _passive(place, receptor)
            row |= {"kind": "all", "effect": "; ".join(e.effect.target for e in group)}
            row |= {"direction": direction, "size": "; ".join(e.size for e in group)}
            row |= {"status": ", ".join(dict.fromkeys(e.status for e in group))}
            exact = sign_cells.knocked_out(group[0], model)
            row |= {"knockout": "exact" if exact else "differs"}
            rows.append(row | ({} if wanted else {"verdict": "as found"}))
    return rows


def _rate_together(found: Found, condition: str, wanted: int) -> Shift:
    control, own = found.at(CONTROL), found.at(condition)
    return Shift("late rate", "Hz", float(found.late[control]), float(found.late[own]), wanted)


# --- effects on synapses and plasticity ---------------------------------------------------------


def _synapse_rows(
    entries: Sequence[SignEntry], model: str, found: Surveys, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    own = sign_synapses.benches(entries)
    rheobases = {
        f.response.cell: float(f.rheobase[f.at(CONTROL)]) for f in reversed(list(found.values()))
    }
    potentials = sign_synapses.measured(own, model, rheobases, **options)
    rows = [row for bench in own for row in _of_bench(bench, model, potentials[bench.target])]
    for entry in entries:
        if entry.synaptic and sign_synapses.synaptic(entry) is None:
            kind = entry.effect.synapse or "no transmitter"
            reason = f"no synapse releases {kind}: it acts where a population releases a modulator"
            rows.append(_row(entry, model) | _untested(reason))
    return rows


def _of_bench(bench: Bench, model: str, potentials: Mapping[int, float]) -> list[dict[str, Any]]:
    rows = []
    for item in bench.entries:
        shift = sign_synapses.shift(item, bench, potentials)
        row = _row(item.entry, model) | _measured(shift)
        exact = sign_synapses.knocked_out(item, model)
        source = "any cell" if item.contact.source == sign_synapses.ANY else item.contact.source
        where = f"{item.contact.synapse} from {source} onto {bench.target}"
        rows.append(row | {"knockout": "exact" if exact else "differs", "reason": where})
    return rows


def _rule_rows(entry: SignEntry, model: str, factors: Mapping[str, float]) -> list[dict[str, Any]]:
    exact = {"knockout": "exact" if sign_synapses.forgotten(entry) else "differs"}
    rows = []
    for name, factor in factors.items():
        wanted = int(np.sign(float(entry.effect.numbers.value(name)) - 1))
        rows.append(
            _row(entry, model)
            | _measured(Shift(f"{name} factor", "1", 1.0, factor, wanted))
            | exact
        )
    return rows


__all__ = ["MODELS", "sign_entries", "sign_table", "surveyed"]
