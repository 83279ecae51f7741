"""What is calibrated: a circuit or a task, its neurons, the time step, and what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.building.calibrated_weights import Calibration, load_calibration, stored_rates
from dualframe.building.circuit_builder import NeuronBuilder
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.task_builder import neurons_of_task
from dualframe.circuit import Circuit
from dualframe.circuit.perturbations import without_actions
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.model_cells import chosen_neurons
from dualframe.simulation.run import positive_time
from dualframe.task import Task

#: What the provenance of a calibration says of its background rates.
OF_RATES = ("rates", "rates_Hz", "rates_protocol", "failures", "checked_rates")


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest:
    """What is calibrated.

    Attributes
    ----------
    circuit
        At full size, without modulation.
    neurons
        What its populations consist of.
    dt
        Time step.
    rates
        Background rates that are stored, by population.
    named
        Stored calibration of the circuit that a task names: neither its rates nor, at the same time
        step, its weights are found again.
    has_rates
        Whether rates are searched for, or checked.
    """

    circuit: Circuit
    neurons: NeuronBuilder
    dt: Any
    rates: Mapping[str, Any] = field(default_factory=dict)
    named: Calibration | None = None
    has_rates: bool = True

    @property
    def known(self) -> Calibration:
        """Strengths that are not found again."""
        empty = Calibration(self.circuit.name, self.neurons.calibration_key, {})
        if self.named is None:
            return empty
        kept = {k: v for k, v in self.named.provenance.items() if k in OF_RATES}
        same_step = np.isclose(float(self.named.dt or 0), float(self.dt))
        return replace(self.named if same_step else empty, provenance=kept)


def request_calibration(
    circuit: Circuit | Task, model: str, dt: Any, *, rates: bool = True, **cells: Any
) -> CalibrationRequest:
    """Return what is calibrated.

    Parameters
    ----------
    circuit, model, dt, rates, cells
        As of `dualframe.calibrate`; ``cells`` are ``synapses`` and ``cells``.

    Raises
    ------
    DualframeError
        If something is stated that a task has itself, or nothing says a background rate.
    """
    if isinstance(circuit, Task):
        _refuse_for_task(circuit, dt=dt, **cells)
        neurons = task_neurons(circuit, model)
        named = _named_rates(circuit, neurons.calibration_key)
        known: Mapping[str, Any] = named.rates if named else {}
        label = f"task {circuit.name!r}"
        return CalibrationRequest(
            circuit=without_actions(circuit.circuit),
            neurons=neurons,
            dt=circuit.time_step(branch_of(model)),
            rates=known,
            named=named,
            has_rates=rates and _has_unstated_rates(label, circuit.circuit, known),
        )
    base = without_actions(circuit)
    neurons = chosen_neurons(base, model, **cells)
    return CalibrationRequest(
        circuit=base,
        neurons=neurons,
        dt=positive_time(0.1 * ms if dt is None else dt, "dt"),
        rates=stored_rates(base.name, neurons.calibration_key),
        has_rates=rates and _has_unstated_rates(f"circuit {base.name!r}", base, {}),
    )


def _named_rates(task: Task, model: str) -> Calibration | None:
    """Return the stored calibration of the circuit that a task names, if there is any."""
    named = task.content.named
    return None if named is None else load_calibration(named, model)


def _has_unstated_rates(label: str, circuit: Circuit, rates: Mapping[str, Any]) -> bool:
    """Tell whether background rates are to be found; refuse those that nothing says."""
    unstated = [b for b in circuit.background if b.events is None and b.target not in rates]
    for one in unstated:
        if circuit.population(one.target).rate_low is None:
            raise DualframeError(
                f"{label}: {one.name!r} states no rate. Give one, like "
                f'rate = "800 Hz", or rate_low and rate_high of {one.target!r}, into which it is '
                f"then calibrated."
            )
    return bool(unstated)


def branch_of(model: str) -> str:
    """Return the branch of a model that `calibrate` is asked for.

    Parameters
    ----------
    model
        ``"biological"``, ``"task_driven"``, or a point neuron model.
    """
    return MODEL if model == MODEL else "task_driven"


def task_neurons(task: Task, model: str) -> NeuronBuilder:
    """Return the neurons of a task for which `calibrate` finds strengths.

    Parameters
    ----------
    task
        The task.
    model
        As in `branch_of`.
    """
    branch = branch_of(model)
    return neurons_of_task(task, branch, None if branch == model else model)


def _refuse_for_task(task: Task, **options: Any) -> None:
    for name, value in options.items():
        if value is not None:
            raise DualframeError(
                f"task {task.name!r} is calibrated as it is trained: leave out {name}."
            )
