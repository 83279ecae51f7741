"""Search for the parameters of a point neuron that does what a cell does.

The covariance matrix adaptation evolution strategy (Hansen 2016, arXiv:1604.00772; the package
``cma``) searches. All candidates of a generation, each at all currents, are copies of one network,
and all generations and all cell types run the same program.

The objective is the sum of squares of these errors:

* the f-I curve: sum of absolute differences of rates over the sum of rates, in units of 5 %;
* the adaptation index: mean absolute difference over currents, in units of 0.01;
* the first-spike latency: sum of absolute differences over the sum, in units of 20 %;
* the rheobase: 1 for each of the currents at 80, 90, 95, 105, 110 and 120 % of the rheobase at
  which the candidate fires and should not, or does not and should;
* the membrane time constant, where the form does not have it by construction, in units of 20 %.

Where the compartments adapt, the same errors are added for the cell with its adaptation blocked,
against the candidate without what carries its adaptation: an effect of a receptor on adaptation
then changes both alike.

A count of spikes is a step function of every parameter; here the last interval that was begun
counts with the part of it that fits into the step, so that the objective has no steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from brian2.units import amp, ms
from numpy.typing import NDArray

from dualframe.core.quantity import quantity, quantity_text
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.cell_survey import CellSurvey, Clamp
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.response import Response
from dualframe.network import Population
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.search_space import SearchSpace, Values

Floats = NDArray[np.float64]

_AROUND = (0.80, 0.90, 0.95, 1.05, 1.10, 1.20)  # of the rheobase
_CANDIDATES, _CURRENTS = 16, 32 - len(_AROUND)  # 512 copies: one program, without idle copies
_SIGMA = 0.08  # of each range
_ENOUGH = 0.05  # objective at which the search ends: every error far below its unit
UNITS, _TAU_UNIT = (0.05, 0.01, 0.20), 0.20
F_I_FIRST = (0.02, 0.01, 0.20)  # of a second search: the f-I curve has priority
OBJECTIVE = (
    "squares of: f-I error / {:.0%}, adaptation index / 0.01, latency / 20%, time constant / 20%; "
    "wrong side of rheobase at six currents; 26 currents from below rheobase to 40 Hz, steps of 1 s"
)
WITHOUT_ADAPTATION = "; the same without adaptation"


@dataclass(frozen=True, eq=False)
class FitTarget:
    """What the compartmental cell does on the grid of currents: one value for each current."""

    rheobase: Any
    currents: Any
    rates: Floats
    adaptation: Floats
    latency: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class EvolutionSearch:
    """One search: what is varied, what is known of the cell, what it should do, how to try it.

    ``unadapted`` is what the cell does with its adaptation blocked, None if it has none.
    """

    space: SearchSpace
    survey: CellSurvey
    goal: FitTarget
    clamp: Callable[..., Response]
    units: tuple[float, ...] = UNITS
    unadapted: FitTarget | None = None

    def search_parameters(
        self, start: Floats, seed: int, generations: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the best parameters, and what the search did.

        Parameters
        ----------
        start
            Where it starts, between 0 and 1.
        seed, generations
            Of the strategy: its random numbers, and the most generations.
        """
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
            strategy.tell(candidates, list(self.evaluate_objective(np.array(candidates))))
        result = strategy.result
        values = self.space.parameters_at(result.xbest, self.survey)
        rounded = {name: quantity(quantity_text(value[0])) for name, value in values.items()}
        facts = {
            "optimiser": f"cma {metadata.version('cma')}",
            "objective": OBJECTIVE.format(self.units[0])
            + (WITHOUT_ADAPTATION if self.unadapted else ""),
            "objective_reached": round(float(result.fbest), 5),
            "evaluations": int(result.evaluations),
        }
        return rounded, facts

    def evaluate_objective(self, x: Floats) -> Floats:
        """Return the objective of each candidate; all of them run side by side."""
        values = self.space.parameters_at(x, self.survey)
        total = self._errors(self.goal, values) + self._time_constant_error(values)
        if self.unadapted:
            blocked = {name: 0 * values[name] for name in self.space.adaptation}
            total += self._errors(self.unadapted, {**values, **blocked})
        return total

    def _errors(self, goal: FitTarget, values: Values) -> Floats:
        """Return the distance of each candidate from what the cell does in one state."""
        n, m = len(next(iter(values.values()))), len(goal.rates)
        around = np.array(_AROUND) * float(goal.rheobase)
        each = np.concatenate([np.asarray(goal.currents), around])
        copies = {name: value[np.repeat(np.arange(n), len(each))] for name, value in values.items()}
        response = self.clamp(np.tile(each, n) * amp, copies)
        rates, adaptation, latency = (
            np.asarray(measure(response)).reshape(n, len(each))
            for measure in (smooth_rates, measures.adaptation_index, measures.first_spike_latency)
        )
        errors = [
            np.abs(rates[:, :m] - goal.rates).sum(axis=1) / goal.rates.sum(),
            _absolute_differences(adaptation[:, :m], goal.adaptation).mean(axis=1),
            _absolute_differences(latency[:, :m], goal.latency).sum(axis=1)
            / max(np.nansum(goal.latency), 1e-9),
        ]
        squares = sum((e / unit) ** 2 for e, unit in zip(errors, self.units, strict=True))
        wrong = (rates[:, m:] > 0) != (np.array(_AROUND) > 1)
        total: Floats = squares + wrong.sum(axis=1)
        return total

    def _time_constant_error(self, values: dict[str, Any]) -> Floats | float:
        if self.space.charging_time is None:
            return 0.0
        share = np.asarray(self.space.charging_time(values)) / float(self.survey.tau) - 1
        return (share / _TAU_UNIT) ** 2


def smooth_rates(response: Response) -> Floats:
    """Spikes during the step over its length (Hz), the interval that it cuts counted in part."""
    length = float(response.duration)
    rates = np.zeros(response.n)
    for copy in range(response.n):
        train = response.spike_train(copy)
        rates[copy] = len(train)
        if len(train) > 1:
            rates[copy] += min(1.0, (length - train[-1]) / (train[-1] - train[-2]))
    return rates / length


def _absolute_differences(values: Floats, reference: Floats) -> Floats:
    """Absolute differences where both have a value, zero elsewhere (the rates tell those apart)."""
    differences = np.abs(values - reference)
    return np.where(np.isfinite(differences), differences, 0.0)


def measure_target(
    reference: Clamp, survey: CellSurvey, fi_range: CellSurvey | None = None
) -> FitTarget:
    """Return what a cell does at the currents of the search.

    Parameters
    ----------
    reference, survey
        Its clamp, and its survey.
    fi_range
        The survey that states the currents; the default is the cell's own.
    """
    currents = (fi_range or survey).fi_currents(_CURRENTS)
    response = reference(currents, record=False)
    return FitTarget(
        survey.rheobase,
        currents,
        smooth_rates(response),
        measures.adaptation_index(response),
        np.asarray(measures.first_spike_latency(response)),
    )


def make_single_neuron(model: NeuronModel, values: Values) -> Population:
    """Return one neuron with a set of parameters, for `current_clamp`.

    Parameters
    ----------
    model
        The model.
    values
        Parameters by name; of an array, the first value is taken.
    """
    scalars = {name: np.ravel(value)[0] for name, value in values.items()}
    return model.make_neuron(scalars).make_population("cell", 1)


def clamp_candidates(model: NeuronModel, currents: Any, values: Values, *, target: str) -> Response:
    """Clamp neurons of a model, each with its own parameters.

    Parameters
    ----------
    model
        A model that can be fitted.
    currents, values
        One current for each copy, and parameters by name: one for all copies, or one for each.
    target
        As in `dualframe.run`.
    """
    rest = np.ravel(values[search_space_of(model).rest])[0]
    return current_clamp(
        make_single_neuron(model, values),
        "",
        currents,
        parameters=values,
        initial={"V": rest},
        record=False,
        delay=1 * ms,
        target=target,
    )


def search_space_of(model: NeuronModel) -> SearchSpace:
    """Return what a fit of a model may vary; the model is one of those that can be fitted."""
    assert model.search is not None
    return model.search
