"""Fit a point neuron to the compartments of its cell type.

What a passive membrane shows is measured; the rest is searched for by the
covariance matrix adaptation evolution strategy (Hansen 2016, arXiv:1604.00772; the package
``cma``). All candidates of a generation, each at all currents, are copies of one network, and all
generations and all cell types run the same program.

The objective is the sum of squares of these errors:

* the f-I curve: sum of absolute differences of rates over the sum of rates, in units of 5 %;
* the adaptation index: mean absolute difference over currents, in units of 0.01;
* the first-spike latency: sum of absolute differences over the sum, in units of 20 %;
* the rheobase: 1 for each of the currents at 80, 90, 95, 105, 110 and 120 % of the rheobase at
  which the candidate fires and should not, or does not and should;
* the membrane time constant, where the form does not have it by construction, in units of 20 %.

Where the result does not agree in all measures, a second search starts elsewhere and has the f-I
curve in units of 2 %.

A count of spikes is a step function of every parameter; here the last interval that was begun
counts with the part of it that fits into the step, so that the objective has no steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib import metadata
from itertools import product
from typing import Any

import numpy as np
from brian2.units import amp, ms, pA
from numpy.typing import NDArray

from dualframe import catalogue
from dualframe.building.dendritic_circuit import MODEL
from dualframe.catalogue import CellType
from dualframe.catalogue.fitted_models import (
    Fit,
    compartments_digest,
    is_path,
    numbers_of,
    store,
)
from dualframe.catalogue.schema import Glif, Izhikevich, Origin
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.core.quantity import quantity, quantity_text
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.current_clamp import Response, current_clamp
from dualframe.experiments.model_comparison import Behaviour, Validation, behaviour, compare
from dualframe.experiments.rheobase_search import Clamp, Survey
from dualframe.network import Population
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.registry import fittable_families, fittable_models
from dualframe.neurons.search_space import SearchSpace, Values
from dualframe.simulation.run import package_versions

Floats = NDArray[np.float64]

_AROUND = (0.80, 0.90, 0.95, 1.05, 1.10, 1.20)  # of the rheobase
_CANDIDATES, _CURRENTS = 16, 32 - len(_AROUND)  # 512 copies: one program, without idle copies
_GENERATIONS = 100
_SIGMA = 0.08  # of each range
_ENOUGH = 0.05  # objective at which the search ends: every error far below its unit
_UNITS, _OFF_TAU = (0.05, 0.01, 0.20), 0.20
_F_I_FIRST = (0.02, 0.01, 0.20)  # of a second search: the f-I curve has priority
OBJECTIVE = (
    "squares of: f-I error / {:.0%}, adaptation index / 0.01, latency / 20%, time constant / 20%; "
    "wrong side of rheobase at six currents; 26 currents from below rheobase to 40 Hz, steps of 1 s"
)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the compartmental cell does on the grid of currents: one value for each current."""

    currents: Any
    rates: Floats
    adaptation: Floats
    latency: Floats


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
        ``"glif"`` (of level 3, or of level 4 where level 3 does not agree with the compartments)
        or ``"izhikevich"`` (the plain 2007 form).
    seed
        Seed of the search. A search that does not agree is repeated from another start.
    save
        Whether to store the fit with the catalogue, from where ``cells="fitted"`` takes it.
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
        If the cell type has no compartments, or a fit of a user's own file is to be stored.
    DualframeError
        If the cell does not fire, or fires without a current.
    """
    if model not in fittable_families():
        raise UnknownName("point neuron model to fit", model, fittable_families())
    if save and is_path(cell):
        raise CatalogueError(
            f"{cell} is a file of your own: its fit is not stored with the catalogue. Leave out "
            "save, and give the result as cells={name: fit} to the builder."
        )
    entry = catalogue.cell(cell)
    digest = compartments_digest(entry)
    reference = partial(current_clamp, cell, MODEL, target=target)
    ours = behaviour(reference)
    found = ours.survey
    if found.pacemaker:
        raise DualframeError(
            f"the compartments of cell type {entry.name!r} fire without a current: a pacemaker "
            f"has no rest to take a point neuron's passive values from."
        )
    wanted = _wanted(reference, found)
    best: tuple[Fit, Validation] | None = None
    for candidate, again in product(fittable_models(model), (False, True)):
        units = _F_I_FIRST if again else _UNITS
        space = _search_space(candidate)
        clamp = partial(_clamped, candidate, target=target)
        search = _Search(space, found, wanted, clamp, units)
        values, facts = search.run(
            space.starting_place(space.second_start if again else {}), seed, generations
        )
        fit, checked = _judged(entry, candidate, values, ours, target)
        provenance = {"compartments": digest, **facts, "seed": seed, **_provenance()}
        fit = replace(fit, provenance=provenance, reference=_reference(ours))
        tried = f"{facts['evaluations']} candidates"
        report(f"{entry.name}, {candidate.name}: {_summary(checked)}; {tried}")
        if best is None or _better(checked, best[1]):
            best = fit, checked
        if best[1].passed:
            break
    assert best is not None
    if save:
        store(entry, best[0])
    return best[0]


@dataclass(frozen=True, eq=False)
class _Search:
    """One search: what is varied, what is known of the cell, what is wanted, and how to try."""

    space: SearchSpace
    found: Survey
    wanted: Wanted
    clamp: Callable[..., Response]
    units: tuple[float, ...] = _UNITS

    def run(
        self, start: Floats, seed: int, generations: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the best parameters, and what the search did."""
        import cma  # heavy, and needed here only

        options = {
            "bounds": [0, 1],
            "popsize": _CANDIDATES,
            "seed": seed,
            "verbose": -9,
            "maxiter": generations,
            "ftarget": _ENOUGH,
            "tolfun": 1e-4,
        }
        strategy = cma.CMAEvolutionStrategy(start, _SIGMA, options)
        while not strategy.stop():
            candidates = strategy.ask()
            strategy.tell(candidates, list(self.objective(np.array(candidates))))
        result = strategy.result
        values = self.space.parameters_at(result.xbest, self.found)
        rounded = {name: quantity(quantity_text(value[0])) for name, value in values.items()}
        facts = {
            "optimiser": f"cma {metadata.version('cma')}",
            "objective": OBJECTIVE.format(self.units[0]),
            "objective_reached": round(float(result.fbest), 5),
            "evaluations": int(result.evaluations),
        }
        return rounded, facts

    def objective(self, x: Floats) -> Floats:
        """Return the objective of each candidate; all of them run side by side."""
        n, m = len(x), len(self.wanted.rates)
        values = self.space.parameters_at(x, self.found)
        around = np.array(_AROUND) * float(self.found.rheobase)
        each = np.concatenate([np.asarray(self.wanted.currents), around])
        copies = {name: value[np.repeat(np.arange(n), len(each))] for name, value in values.items()}
        response = self.clamp(np.tile(each, n) * amp, copies)
        rates, adaptation, latency = (
            np.asarray(measure(response)).reshape(n, len(each))
            for measure in (smooth_rates, measures.adaptation_index, measures.first_spike_latency)
        )
        errors = [
            np.abs(rates[:, :m] - self.wanted.rates).sum(axis=1) / self.wanted.rates.sum(),
            _differences(adaptation[:, :m], self.wanted.adaptation).mean(axis=1),
            _differences(latency[:, :m], self.wanted.latency).sum(axis=1)
            / max(np.nansum(self.wanted.latency), 1e-9),
        ]
        squares = sum((e / unit) ** 2 for e, unit in zip(errors, self.units, strict=True))
        wrong = (rates[:, m:] > 0) != (np.array(_AROUND) > 1)
        total: Floats = squares + wrong.sum(axis=1) + self._off_time_constant(values)
        return total

    def _off_time_constant(self, values: dict[str, Any]) -> Floats | float:
        if self.space.charging_time is None:
            return 0.0
        share = np.asarray(self.space.charging_time(values)) / float(self.found.tau) - 1
        return (share / _OFF_TAU) ** 2


def smooth_rates(response: Response) -> Floats:
    """Spikes during the step over its length (Hz), the interval that it cuts counted in part."""
    length = float(response.duration)
    rates = np.zeros(response.n)
    for copy in range(response.n):
        train = response.train(copy)
        rates[copy] = len(train)
        if len(train) > 1:
            rates[copy] += min(1.0, (length - train[-1]) / (train[-1] - train[-2]))
    return rates / length


def _differences(values: Floats, wanted: Floats) -> Floats:
    """Absolute differences where both have a value, zero elsewhere (the rates tell those apart)."""
    found = np.abs(values - wanted)
    return np.where(np.isfinite(found), found, 0.0)


def _wanted(reference: Clamp, found: Survey) -> Wanted:
    currents = found.grid(_CURRENTS)
    response = reference(currents, record=False)
    return Wanted(
        currents,
        smooth_rates(response),
        measures.adaptation_index(response),
        np.asarray(measures.first_spike_latency(response)),
    )


def _search_space(model: NeuronModel) -> SearchSpace:
    assert model.search is not None  # it is one of fittable_models
    return model.search


def single_neuron(model: NeuronModel, values: Values) -> Population:
    """Return one neuron with a set of parameters, the first of each array, for `current_clamp`."""
    scalars = {name: np.ravel(value)[0] for name, value in values.items()}
    return model.make_neuron(scalars).make_population("cell", 1)


def _clamped(model: NeuronModel, currents: Any, values: Values, *, target: str) -> Response:
    rest = np.ravel(values[_search_space(model).rest])[0]
    return current_clamp(
        single_neuron(model, values),
        "",
        currents,
        parameters=values,
        initial={"V": rest},
        record=False,
        delay=1 * ms,
        target=target,
    )


def _judged(
    entry: CellType, fitted: NeuronModel, values: Values, ours: Behaviour, target: str
) -> tuple[Fit, Validation]:
    label = "fitted to the compartments"
    numbers = numbers_of(values, f"{entry.name} {fitted.name}, {label}")
    origin = Origin(("dualframe",), "derived", label)
    chosen: Glif | Izhikevich = (
        Glif(fitted.name, label, "", numbers, origin)
        if fitted.family == "glif"
        else Izhikevich(fitted.name, label, numbers, origin)
    )
    point = partial(current_clamp, single_neuron(fitted, values), "", target=target)
    checked = compare(ours, point, (entry.name, fitted.name, "fitted"))
    errors = {row["measure"]: float(f"{row['difference']:.3g}") for row in checked.rows}
    return Fit(entry.name, fitted.family, chosen, errors, reason(entry, checked)), checked


def _reference(ours: Behaviour) -> dict[str, list[float]]:
    """Return every fourth point of the compartments' f-I curve."""
    currents = np.asarray(ours.response.currents / pA)[::4]
    return {
        "current_pA": [float(f"{current:.7g}") for current in currents],
        "rate_Hz": [float(rate) for rate in ours.rates[::4]],
    }


def reason(entry: CellType, checked: Validation) -> str:
    """Return which measures disagree, and what of the compartments the point neuron lacks."""
    if checked.passed:
        return ""
    parts = [
        f"{row['measure']} {row['compartments']:.3g} {row['unit']} against {row['point']:.3g}"
        for row in checked.rows
        if not row["passed"]
    ]
    lacking = _beyond(entry, checked.model)
    if not lacking:
        return "; ".join(parts) + "."
    terms = " and ".join(lacking)
    measured = "; ".join(parts)
    return f"{measured}. The compartments have {terms}; {checked.model} has no term for that."


def _beyond(entry: CellType, form: str) -> list[str]:
    """Return what of the compartments a point neuron of a form has no term for."""
    given = entry.compartments
    assert given is not None  # it has been clamped
    found = []
    if given.soma_model == "adaptive_conductance_IF" and form != "GLIF5":
        found.append("an adaptation conductance that opens below threshold but not at rest")
    elif given.soma_model == "adaptive_IF" and not form.startswith("GLIF"):
        found.append(
            "two time courses after a spike (adaptation, and a dendrite that charges the soma)"
        )
    kinds = sorted({spike.kind for spike in given.dspikes})
    if kinds:
        found.append(f"dendritic spikes ({', '.join(kinds)})")
    return found


def _better(new: Validation, old: Validation) -> bool:
    """Whether more measures agree, or as many with less error of the f-I curve."""
    return _rank(new) < _rank(old)


def _rank(checked: Validation) -> tuple[bool, int, float]:
    failed = checked.failed
    return "f_I" in failed, len(failed), abs(checked.difference("f_I"))


def _summary(checked: Validation) -> str:
    failed = ", ".join(checked.failed) or "none"
    return f"f-I error {100 * checked.difference('f_I'):.1f} %, disagrees in {failed}"


def _provenance() -> dict[str, Any]:
    return {"date": date.today().isoformat(), "versions": package_versions()}
