"""Whether every effect of every receptor goes the way the catalogue says, and by how much.

A saturating agonist against control, each effect alone, in each model; then the agonist with the
receptor knocked out, which must leave exactly the network of the control. What decides is in
`intrinsic_effects` and `synaptic_effects`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import ms

from dualframe.building.dendritic_populations import MODEL
from dualframe.experiments.batch_survey import BatchSurvey, survey_batches
from dualframe.experiments.receptor_signs import intrinsic_effects, synaptic_effects
from dualframe.experiments.receptor_signs.intrinsic_effects import CONTROL, EffectMeasurement
from dualframe.experiments.receptor_signs.synaptic_effects import ANY, PostsynapticTarget
from dualframe.experiments.receptor_signs.tested_effects import (
    SIGN,
    TestedEffect,
    effects_to_test,
)
from dualframe.receptor_effects import ActsOn

#: Both branches; the point branch with both of its models.
MODELS = (MODEL, "glif", "izhikevich")
UNTESTED = "not testable"

Surveys = Mapping[str, BatchSurvey]


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
        By model, what `survey_effects` has returned already.

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
    entries = effects_to_test(receptors, cells)
    options = {"target": target, "dt": dt}
    rules = [entry for entry in entries if entry.acts_on is ActsOn.PLASTICITY]
    factors = synaptic_effects.plasticity_factors(rules, **options)
    rows: list[dict[str, Any]] = []
    for model in models:
        batches = (surveys or {}).get(model) or survey_effects(entries, model, **options)
        rows += _intrinsic_rows(entries, model, batches)
        rows += _synapse_rows(entries, model, batches, options)
        for entry, factors_of_rule in zip(rules, factors, strict=True):
            rows += _rule_rows(entry, model, factors_of_rule)
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    order = {entry.receptor.name: k for k, entry in enumerate(entries)}
    return (
        table.assign(place=table["receptor"].map(order))
        .sort_values(["place", "cell"], kind="stable", ignore_index=True)
        .drop(columns="place")
    )


def survey_effects(
    entries: Sequence[TestedEffect],
    model: str,
    cells: Iterable[str] = (),
    **options: Any,
) -> dict[str, BatchSurvey]:
    """Survey cells in one model, without and with each of their effects.

    Parameters
    ----------
    entries
        From `effects_to_test`.
    model
        Name of the model.
    cells
        Further cell types, to be surveyed whether or not an entry needs them.
    options
        ``target`` and ``dt``, as in `dualframe.run`.

    Returns
    -------
    dict
        The survey of each batch: a cell's first batch has its name.
    """
    references = {entry.cell.name: entry.references[1] for entry in entries}
    targets = (target.cell for target in synaptic_effects.postsynaptic_targets(entries))
    references |= {name: name for name in (*targets, *cells) if name not in references}
    batches = []
    for name, reference in sorted(references.items()):
        effects = [entry for entry in entries if entry.cell.name == name]
        batches += intrinsic_effects.make_effect_batches(reference, model, effects)
    return survey_batches(batches, **options) if batches else {}


def _effect_columns(entry: TestedEffect, model: str) -> dict[str, Any]:
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


def _measurement_columns(measurement: EffectMeasurement) -> dict[str, Any]:
    return {
        "measure": measurement.measure,
        "unit": measurement.unit,
        "control": measurement.control,
        "agonist": measurement.agonist,
        "shift": measurement.agonist - measurement.control,
        "verdict": measurement.verdict,
        "reason": "",
    }


def _untested_columns(reason: str) -> dict[str, Any]:
    return {"measure": "", "verdict": UNTESTED, "reason": reason}


def _knockout_column(exact: bool) -> dict[str, str]:
    return {"knockout": "exact" if exact else "differs"}


# --- effects on the cell ------------------------------------------------------------------------


def _intrinsic_rows(
    entries: Sequence[TestedEffect], model: str, surveys: Surveys
) -> list[dict[str, Any]]:
    rows = []
    intrinsic = [entry for entry in entries if entry.acts_on is ActsOn.MEMBRANE]
    for entry in intrinsic:
        survey = _survey_with(entry, surveys)
        if survey is None:
            reason = intrinsic_effects.reason_untestable(entry, model)
            rows.append(_effect_columns(entry, model) | _untested_columns(reason))
            continue
        exact = intrinsic_effects.knockout_is_exact(entry, model)
        further = _knockout_column(exact) | _passive_shifts(survey, entry.tag)
        rows += [
            _effect_columns(entry, model) | _measurement_columns(measurement) | further
            for measurement in intrinsic_effects.measure_effect(entry, survey, entry.tag)
        ]
    return rows + _combined_rows(intrinsic, model, surveys)


def _survey_with(entry: TestedEffect, surveys: Surveys) -> BatchSurvey | None:
    """Return the survey of the batch in which an effect is switched on."""
    of_cell = (s for s in surveys.values() if s.response.cell == entry.cell.name)
    return next((survey for survey in of_cell if entry.tag in survey.conditions), None)


def _passive_shifts(survey: BatchSurvey, condition: str) -> dict[str, float]:
    control, agonist = survey.index_of(CONTROL), survey.index_of(condition)
    rates = survey.middle_rate
    return {
        "rest_shift_mV": 1e3 * float(survey.rest[agonist] - survey.rest[control]),
        "r_in_ratio": float(survey.r_in[agonist] / survey.r_in[control]),
        "rheobase_shift_pA": 1e12 * float(survey.rheobase[agonist] - survey.rheobase[control]),
        "rate_shift_Hz": float(rates[agonist] - rates[control]),
    }


def _combined_rows(
    intrinsic: Sequence[TestedEffect], model: str, surveys: Surveys
) -> list[dict[str, Any]]:
    """Rows of receptors with several effects on a cell, all at once, as an agonist has them."""
    groups: dict[tuple[str, str], list[TestedEffect]] = {}
    for entry in intrinsic:
        groups.setdefault((entry.receptor.name, entry.cell.name), []).append(entry)
    return [
        _combined_row(group, model, survey)
        for (receptor, _), group in groups.items()
        if (survey := _survey_with(group[0], surveys)) is not None and receptor in survey.conditions
    ]


def _combined_row(group: Sequence[TestedEffect], model: str, survey: BatchSurvey) -> dict[str, Any]:
    receptor = group[0].receptor.name
    directions = list(dict.fromkeys(entry.effect.direction for entry in group))
    direction = directions[0] if len(directions) == 1 else "mixed"
    tests = [entry.kind.sign_test for entry in group]
    late = all(test is not None and test.measure == "late rate" for test in tests)
    measure = intrinsic_effects.measure_late_rate if late else intrinsic_effects.measure_rheobase
    measurement = measure(survey, receptor, SIGN[direction])
    row = _effect_columns(group[0], model) | _measurement_columns(measurement)
    row |= _passive_shifts(survey, receptor)
    row |= {"kind": "all", "effect": "; ".join(entry.effect.target for entry in group)}
    row |= {"direction": direction, "size": "; ".join(entry.size for entry in group)}
    row |= {"status": ", ".join(dict.fromkeys(entry.status for entry in group))}
    row |= _knockout_column(intrinsic_effects.knockout_is_exact(group[0], model))
    return row | ({} if SIGN[direction] else {"verdict": "as found"})


# --- effects on synapses and plasticity ---------------------------------------------------------


def _synapse_rows(
    entries: Sequence[TestedEffect], model: str, surveys: Surveys, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    targets = synaptic_effects.postsynaptic_targets(entries)
    rheobases = {
        survey.response.cell: float(survey.rheobase[survey.index_of(CONTROL)])
        for survey in reversed(list(surveys.values()))
    }
    potentials = synaptic_effects.measure_unitary_potentials(targets, model, rheobases, **options)
    rows = [row for each in targets for row in _target_rows(each, model, potentials[each.cell])]
    for entry in entries:
        if entry.synaptic and synaptic_effects.locate_effect(entry) is None:
            kind = entry.effect.synapse or "no transmitter"
            reason = f"no synapse releases {kind}: it acts where a population releases a modulator"
            rows.append(_effect_columns(entry, model) | _untested_columns(reason))
    return rows


def _target_rows(
    target: PostsynapticTarget, model: str, potentials: Mapping[int, float]
) -> list[dict[str, Any]]:
    rows = []
    for effect in target.effects:
        measurement = synaptic_effects.measure_potential(effect, target, potentials)
        synapse = effect.synapse
        source = "any cell" if synapse.source == ANY else synapse.source
        row = _effect_columns(effect.entry, model) | _measurement_columns(measurement)
        row |= _knockout_column(synaptic_effects.knockout_is_exact(effect, model))
        rows.append(row | {"reason": f"{synapse.kind} from {source} onto {target.cell}"})
    return rows


def _rule_rows(
    entry: TestedEffect, model: str, factors: Mapping[str, float]
) -> list[dict[str, Any]]:
    exact = _knockout_column(synaptic_effects.knockout_removes_factors(entry))
    unchanged = EffectMeasurement(measure="", unit="1", control=1.0, agonist=1.0, direction=0)
    rows = []
    for name, factor in factors.items():
        direction = int(np.sign(float(entry.effect.numbers.value(name)) - 1))
        measurement = replace(
            unchanged, measure=f"{name} factor", agonist=factor, direction=direction
        )
        rows.append(_effect_columns(entry, model) | _measurement_columns(measurement) | exact)
    return rows
