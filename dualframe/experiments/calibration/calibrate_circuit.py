"""How strong the synapses and the background of a circuit are: measured in the built model.

Weights come from unitary potentials (`unitary_potentials`), background rates from a search in the
scaled circuit (`background_rates`). The result is stored by `dualframe.building`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, get_args

from brian2.units import ms

from dualframe.building.calibrated_weights import Calibration, stored_rates
from dualframe.building.circuit_builder import NeuronBuilder
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.task_builder import neurons_of_task
from dualframe.building.task_calibrations import keep_calibration
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.circuit.holding import REST, holding_text
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.experiments.calibration.background_rates import Accept, find_background_rates
from dualframe.experiments.calibration.model_cells import chosen_neurons, model_cells
from dualframe.experiments.calibration.rate_runs import RateMeter, RateProtocol
from dualframe.experiments.calibration.unitary_potentials import (
    WATCH,
    CalibratedContact,
    calibration_targets,
    find_weights,
)
from dualframe.simulation.assemble_results import package_versions
from dualframe.simulation.run import positive_time
from dualframe.task import Task


def calibrate(
    circuit: Circuit | Task,
    model: str = MODEL,
    *,
    synapses: str | None = None,
    rates: bool = True,
    scales: Sequence[float] | None = None,
    seeds: Sequence[int] = (1, 2, 3),
    verification_seeds: Sequence[int] = (11, 12, 13),
    duration: Any = None,
    start: Calibration | None = None,
    events: Mapping[str, Any] | None = None,
    accept: Accept = "verified",
    report: Callable[[str], None] = lambda line: None,
    cells: Cells | None = None,
    dt: Any = None,
) -> Calibration:
    """Find the strengths of the contacts of a circuit, or of a task, for one model of its cells.

    Those of a task are kept in the user's cache, where training finds them. They are found at the
    time step of its protocol, with the neurons that it is trained with (no ``synapses``, ``cells``
    and ``dt`` here).

    Parameters
    ----------
    circuit
        The circuit, or a task; modulation, drugs, scale, plasticity and encoders are put aside.
    model, synapses
        ``"biological"``, or a point neuron model and its synapse mode, as in
        `dualframe.task_driven.build_circuit`; ``"task_driven"`` for the point neurons that a task
        takes without ``model``.
    rates
        Whether to find the background rates too; in a task, those that it does not state.
    scales
        Sizes of the circuit in which the rates are found, relative to the full one; the default is
        the circuit's own (``calibrated`` of its table ``scale``).
    seeds
        Seeds of connectivity and input: the rates are found for all of them together.
    verification_seeds
        Other seeds, with which every population has to be in its range at every scale.
    duration
        Simulated time of each run; the first 0.5 s do not count. The default is as long as the
        error of a rate is small relative to its range.
    start
        A calibration of the same circuit and model, of which the weights are kept: only the rates
        are found.
    events
        Event rates of the background by population to start the search from; the default is those
        of ``start``, else those that are stored for the model, else 300 Hz.
    accept
        ``"unverified"`` returns the calibration although populations leave their ranges in the
        verification. Its provenance says which, and so does every run.
    report
        Called with a line of progress.
    cells
        Which point neurons, as in `dualframe.task_driven.build_circuit`, with the same default:
        what is calibrated is what is built.
    dt
        Time step, stored with the result (0.1 ms by default): a run at another one says so.

    Raises
    ------
    DualframeError
        If no weight reaches an amplitude without making the cell fire, or the rates do not come
        into their ranges.
    """
    asked = _asked(circuit, model, dt, synapses=synapses, cells=cells)
    base, neurons, key = asked.circuit, asked.neurons, asked.neurons.calibration_key
    if base.contacts and not any(contact.is_calibrated for contact in base.contacts):
        raise DualframeError(
            f"circuit {base.name!r} states all its strengths: there is nothing to calibrate."
        )
    if accept not in (choices := get_args(Accept)):
        raise UnknownName("choice of accept", str(accept), choices)
    protocol = RateProtocol(
        scales=tuple(base.calibrated_scales if scales is None else scales),
        seeds=tuple(seeds),
        verification_seeds=tuple(verification_seeds),
        duration=duration,
    )
    if start is None:
        calibration = _find_strengths(base, neurons, asked.dt, report)
    else:
        calibration = _keep_strengths(start, base, key)
    first = dict(events or calibration.rates or stored_rates(base.name, key))
    calibration = replace(calibration, rates=first, dt=asked.dt)
    if rates and asked.has_rates:
        silenced = _without_encoders(base)
        meter = RateMeter(
            circuit=silenced, neurons=neurons, dt=asked.dt, duration=protocol.duration
        )
        calibration = find_background_rates(
            silenced, calibration, protocol, meter, report, accept=accept
        )
    if isinstance(circuit, Task):
        keep_calibration(circuit, neurons, asked.dt, calibration)
    return calibration


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is calibrated.

    Attributes
    ----------
    circuit
        At full size, without modulation.
    neurons
        What its populations consist of.
    dt
        Time step.
    has_rates
        Whether rates are searched for, or checked.
    """

    circuit: Circuit
    neurons: NeuronBuilder
    dt: Any
    has_rates: bool = True


def _asked(circuit: Circuit | Task, model: str, dt: Any, **cells: Any) -> _Asked:
    if isinstance(circuit, Task):
        _refuse_for_task(circuit, dt=dt, **cells)
        base = _unmodulated(circuit.circuit)
        _require_ranges(circuit)
        return _Asked(
            circuit=base,
            neurons=task_neurons(circuit, model),
            dt=circuit.time_step(branch_of(model)),
            has_rates=any(one.events is None for one in base.background),
        )
    base = _unmodulated(circuit)
    return _Asked(
        circuit=base,
        neurons=chosen_neurons(base, model, **cells),
        dt=positive_time(0.1 * ms if dt is None else dt, "dt"),
    )


def _require_ranges(task: Task) -> None:
    """Refuse background input of which neither the rate nor what it leads to is stated."""
    for one in task.circuit.background:
        if one.events is None and task.circuit.population(one.target).rate_low is None:
            raise DualframeError(
                f"task {task.name!r}: {one.name!r} states no rate. Give one, like "
                f'rate = "800 Hz", or rate_low and rate_high of {one.target!r}, into which it is '
                f"then calibrated."
            )


def _unmodulated(circuit: Circuit) -> Circuit:
    return replace(circuit.full_size, modulations=(), drugs=(), effects=())


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


def _without_encoders(circuit: Circuit) -> Circuit:
    """Return a circuit whose background is searched for: encoders of a task make no spikes."""
    inputs = tuple(replace(one, on=one.on and one.rate is not None) for one in circuit.inputs)
    return circuit.with_components(inputs=inputs)


def _keep_strengths(start: Calibration, circuit: Circuit, key: str) -> Calibration:
    """Return a calibration of which the weights are kept, if they are of this circuit and model."""
    if start.model != key:
        raise DualframeError(
            f"the calibration to start from is of {start.model!r}: expected one of {key!r}."
        )
    if start.provenance.get("contacts") != circuit.contacts_digest:
        raise DualframeError(
            f"the calibration to start from belongs to another version of circuit "
            f"{circuit.name!r}: leave out start, and the weights are found anew."
        )
    outdated = ("rates", "rates_Hz", "rates_protocol", "failures", "checked_rates")
    kept = {name: fact for name, fact in start.provenance.items() if name not in outdated}
    return replace(start, provenance={**kept, "date": date.today().isoformat()})


def _find_strengths(
    circuit: Circuit, neurons: NeuronBuilder, dt: Any, report: Callable[[str], None]
) -> Calibration:
    """Return the weights of all contacts, and the potentials that they were found by."""
    key, made_of = neurons.calibration_key, model_cells(circuit, neurons)
    weights: dict[str, Any] = {}
    psps: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    held_at: dict[str, Any] = {}
    holdings = {c.name: c.holding or REST for c in circuit.contacts if c.is_calibrated}
    for population in circuit.populations:
        asked = calibration_targets(circuit, population, key, dt)
        for name, found in find_weights(population, made_of, asked, dt).items():
            weights[name], psps[name] = found.weight, found.psp
            targets[name] = asked[name].psp or found.psp
            if found.held_at is not None:
                held_at[name] = found.held_at
            report(_contact_line(name, found, targets[name], holdings[name]))
    return Calibration(
        circuit=circuit.name,
        model=key,
        weights=weights,
        psps=psps,
        targets=targets,
        holdings=holdings,
        held_at=held_at,
        dt=dt,
        provenance={
            "contacts": circuit.contacts_digest,
            "strengths": circuit.strengths_digest,
            "date": date.today().isoformat(),
            "versions": package_versions(),
            "psp_protocol": f"soma held at the potential of the recording, one spike, "
            f"peak of the somatic potential within {WATCH}, less that without the spike",
        },
    )


def _contact_line(name: str, contact: CalibratedContact, asked: Any, holding: Any) -> str:
    """Return what was found of a contact, for a report of progress."""
    line = (
        f"{name}: weight {contact.weight}, PSP {contact.psp} (asked {asked} {holding_text(holding)}"
    )
    return line + (")" if contact.held_at is None else f", held at {contact.held_at})")
