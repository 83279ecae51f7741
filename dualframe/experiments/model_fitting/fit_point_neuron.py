"""Fit a point neuron to the compartments of its cell type.

What a passive membrane shows is measured; the rest is searched for (`evolution_search`). Where the
result does not agree in all measures, a second search starts elsewhere and has the f-I curve in
units of 2 %.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from brian2.units import pA

from dualframe import catalogue
from dualframe.building.dendritic_populations import MODEL, blocked_adaptation
from dualframe.catalogue import CellType
from dualframe.catalogue.fitted_models import (
    Fit,
    compartments_digest,
    numbers_of,
    store,
)
from dualframe.catalogue.point_neuron_set import PointNeuronSet
from dualframe.catalogue.sourced_value import Origin
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.experiments.cell_survey import CellSurvey, Clamp, survey_cell
from dualframe.experiments.clamp_summary import ClampSummary, summarise_clamp
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.model_comparison import Validation, compare_cells
from dualframe.experiments.model_fitting.evolution_search import (
    F_I_FIRST,
    UNITS,
    EvolutionSearch,
    FitTarget,
    clamp_candidates,
    make_single_neuron,
    measure_target,
    search_space_of,
)
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.registry import (
    NEURON_MODELS,
    family_of,
    fittable_families,
    fittable_models,
)
from dualframe.neurons.search_space import Values
from dualframe.simulation.assemble_results import package_versions

_GENERATIONS = 100


def fit_point(
    cell: str | os.PathLike[str],
    model: str = "glif",
    *,
    seed: int = 1,
    save: bool = False,
    generations: int = _GENERATIONS,
    target: str = "auto",
    report: Callable[[str], None] = lambda line: None,
) -> Fit:
    """Fit a point neuron to the compartments of a cell type.

    Parameters
    ----------
    cell
        Name of a cell type with compartments, or path of a user's cell file.
    model
        ``"glif"`` (of level 3, or of level 4 where level 3 does not agree with the compartments),
        ``"izhikevich"`` (the plain 2007 form), or another family that `dualframe.neurons` lists as
        fitted.
    seed
        Seed of the search. A search that does not agree is repeated from another start.
    save
        Whether to store the fit with the catalogue, of a file of your own in ``fits`` beside it,
        from where ``cells="fitted"`` takes it.
    generations
        The most generations of the search, of 16 candidates each.
    target
        As in `dualframe.run`.
    report
        Called with a line of progress.

    Returns
    -------
    Fit
        Parameters, remaining errors, provenance. Give ``{cell: fit}`` as ``cells`` to
        `dualframe.task_driven.build` or `dualframe.validate` to use a fit that is not stored.

    Raises
    ------
    UnknownName
        For an unknown cell type or model.
    CatalogueError
        If the cell type has no compartments, or the model is one that is not fitted.
    DualframeError
        If the cell does not fire, or fires without a current.
    """
    if model not in fittable_families():
        raise _not_fitted(model)
    cell_type = catalogue.cell(cell)
    digest = compartments_digest(cell_type)
    reference = partial(current_clamp, cell, MODEL, target=target)
    summary = summarise_clamp(reference)
    if summary.survey.fires_at_rest:
        raise DualframeError(
            f"the compartments of cell type {cell_type.name!r} fire without a current: a pacemaker "
            f"has no rest to take a point neuron's passive values from."
        )
    goal = measure_target(reference, summary.survey)
    unadapted = _measure_without_adaptation(cell_type, reference, summary.survey)
    best: tuple[Fit, Validation] | None = None
    for candidate, again in product(fittable_models(model), (False, True)):
        space, units = search_space_of(candidate), F_I_FIRST if again else UNITS
        clamp = partial(clamp_candidates, candidate, target=target)
        search = EvolutionSearch(
            space=space,
            survey=summary.survey,
            goal=goal,
            clamp=clamp,
            units=units,
            unadapted=unadapted,
        )
        start = space.starting_place(space.second_start if again else {})
        values, facts = search.search_parameters(start, seed, generations)
        fit, checked = _check_fit(cell_type, candidate, values, summary, target)
        if unadapted:
            carried = replace(fit.chosen, adaptation=space.adaptation)
            fit = replace(fit, chosen=carried)
        provenance = {"compartments": digest, **facts, "seed": seed, **_fit_provenance()}
        fit = replace(fit, provenance=provenance, reference=_reference_curve(summary))
        tried = f"{facts['evaluations']} candidates"
        report(f"{cell_type.name}, {candidate.name}: {_summary_line(checked)}; {tried}")
        if best is None or _rank_validation(checked) < _rank_validation(best[1]):
            best = fit, checked
        if best[1].passed:
            break
    assert best is not None
    if save:
        store(cell_type, best[0])
    return best[0]


def _not_fitted(model: str) -> UnknownName | CatalogueError:
    """Return the error for a model that cannot be fitted: an unknown one, or one without search."""
    if model not in {word for name in NEURON_MODELS for word in (name, family_of(name))}:
        return UnknownName("point neuron model to fit", model, fittable_families())
    return CatalogueError(
        f"point neuron model {model!r} is not fitted: its numbers are given (df.neuron, [[models]] "
        f"of a circuit, [[point_neurons]] of a cell file). Fit {', '.join(fittable_families())}."
    )


def _measure_without_adaptation(
    cell_type: CellType, reference: Clamp, fi_range: CellSurvey
) -> FitTarget | None:
    """Return what a cell does at these currents with its adaptation blocked, None without one."""
    assert cell_type.compartments is not None  # it has been clamped
    blocked = blocked_adaptation(cell_type.compartments)
    if not blocked:
        return None
    clamp = partial(reference, parameters=blocked)
    return measure_target(clamp, survey_cell(clamp), fi_range)


def _check_fit(
    cell_type: CellType, fitted: NeuronModel, values: Values, ours: ClampSummary, target: str
) -> tuple[Fit, Validation]:
    label = "fitted to the compartments"
    numbers = numbers_of(values, f"{cell_type.name} {fitted.name}, {label}")
    origin = Origin(("dualframe",), "derived", label)
    chosen = PointNeuronSet(model=fitted.name, label=label, numbers=numbers, origin=origin)
    point = partial(current_clamp, make_single_neuron(fitted, values), "", target=target)
    checked = compare_cells(ours, point, (cell_type.name, fitted.name, "fitted"))
    errors = {row["measure"]: float(f"{row['difference']:.3g}") for row in checked.rows}
    fit = Fit(
        cell=cell_type.name,
        model=fitted.family,
        chosen=chosen,
        errors=errors,
        failure=describe_failure(cell_type, checked),
    )
    return fit, checked


def _reference_curve(ours: ClampSummary) -> dict[str, list[float]]:
    """Return every fourth point of the compartments' f-I curve."""
    currents = np.asarray(ours.response.currents / pA)[::4]
    return {
        "current_pA": [float(f"{current:.7g}") for current in currents],
        "rate_Hz": [float(rate) for rate in ours.rates[::4]],
    }


def describe_failure(cell_type: CellType, checked: Validation) -> str:
    """Return which measures disagree, and what of the compartments the point neuron lacks."""
    if checked.passed:
        return ""
    parts = [
        f"{row['measure']} {row['compartments']:.3g} {row['unit']} against {row['point']:.3g}"
        for row in checked.rows
        if not row["passed"]
    ]
    lacking = _missing_terms(cell_type, checked.model)
    if not lacking:
        return "; ".join(parts) + "."
    terms = " and ".join(lacking)
    measured = "; ".join(parts)
    return f"{measured}. The compartments have {terms}; {checked.model} has no term for that."


def _missing_terms(cell_type: CellType, form: str) -> list[str]:
    """Return what of the compartments a point neuron of a form has no term for."""
    compartments = cell_type.compartments
    assert compartments is not None  # it has been clamped
    terms = []
    if compartments.soma_model == "adaptive_conductance_IF" and form != "GLIF5":
        terms.append("an adaptation conductance that opens below threshold but not at rest")
    elif compartments.soma_model == "adaptive_IF" and not form.startswith("GLIF"):
        terms.append(
            "two time courses after a spike (adaptation, and a dendrite that charges the soma)"
        )
    kinds = sorted({spike.kind for spike in compartments.dspikes})
    if kinds:
        terms.append(f"dendritic spikes ({', '.join(kinds)})")
    return terms


def _rank_validation(checked: Validation) -> tuple[bool, int, float]:
    """Return what is less where more measures agree, or as many with less f-I error."""
    failed = checked.failed
    return "f_I" in failed, len(failed), abs(checked.difference_in("f_I"))


def _summary_line(checked: Validation) -> str:
    failed = ", ".join(checked.failed) or "none"
    return f"f-I error {100 * checked.difference_in('f_I'):.1f} %, disagrees in {failed}"


def _fit_provenance() -> dict[str, Any]:
    return {"date": date.today().isoformat(), "versions": package_versions()}
