"""How strong the synapses and the background of a circuit are: measured in the built model.

Weights come from unitary potentials (`unitary_potentials`), background rates from a search in the
scaled circuit (`background_rates`). The result is stored by `dualframe.building`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_calibrations import keep_circuit_calibration
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.task_calibrations import keep_calibration
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.circuit.holding import REST, holding_text
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.experiments.calibration.background_rates import Accept, find_background_rates
from dualframe.experiments.calibration.calibration_request import (
    OF_RATES,
    CalibrationRequest,
    request_calibration,
)
from dualframe.experiments.calibration.model_cells import model_cells
from dualframe.experiments.calibration.rate_runs import RateMeter, RateProtocol
from dualframe.experiments.calibration.unitary_potentials import (
    WATCH,
    CalibratedContact,
    calibration_targets,
    find_weights,
)
from dualframe.simulation.assemble_results import package_versions
from dualframe.simulation.progress_bar import progress_bar
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
    report: Callable[[str], None] | None = None,
    cells: Cells | None = None,
    dt: Any = None,
) -> Calibration:
    """Find the strengths of the contacts of a circuit, or of a task, for one model of its cells.

    They are kept in the user's cache, where building and training find them (of a circuit, if no
    background rate is left to find). Those of a task are found at the time step of its protocol,
    with the neurons that it is trained with (no ``synapses``, ``cells`` and ``dt`` here).

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
        Called with a line of progress; without, a terminal shows a bar while weights are found.
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
    asked = request_calibration(circuit, model, dt, rates=rates, synapses=synapses, cells=cells)
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
    tell = report or (lambda line: None)
    if start is None:
        calibration = (
            _find_shown_strengths(asked) if report is None else _find_strengths(asked, tell)
        )
    else:
        calibration = _keep_strengths(start, base, key)
    first = dict(events or calibration.rates or asked.rates)
    calibration = replace(calibration, rates=first, dt=asked.dt)
    if asked.has_rates:
        silenced = _without_encoders(base)
        meter = RateMeter(
            circuit=silenced, neurons=neurons, dt=asked.dt, duration=protocol.duration
        )
        calibration = find_background_rates(
            silenced, calibration, protocol, meter, tell, accept=accept
        )
    if isinstance(circuit, Task):
        keep_calibration(circuit, neurons, asked.dt, calibration)
    elif asked.has_rates or all(one.events is not None for one in base.background):
        keep_circuit_calibration(base, calibration)
    return calibration


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
    kept = {name: fact for name, fact in start.provenance.items() if name not in OF_RATES}
    return replace(start, provenance={**kept, "date": date.today().isoformat()})


def _find_shown_strengths(asked: CalibrationRequest) -> Calibration:
    """Return what `_find_strengths` does, with a bar that counts the weights in a terminal."""
    sought = [
        contact.name
        for contact in asked.circuit.contacts
        if contact.is_calibrated and contact.name not in asked.known.weights
    ]
    title = f"{asked.circuit.name}: {len(sought)} weights for {asked.neurons.calibration_key}"
    done = 0
    with progress_bar(None, title) as show_fraction:

        def count(line: str) -> None:
            nonlocal done
            done += 1
            if show_fraction is not None:
                show_fraction(min(done / max(len(sought), 1), 1.0))

        return _find_strengths(asked, count)


def _find_strengths(asked: CalibrationRequest, report: Callable[[str], None]) -> Calibration:
    """Return the weights of all contacts, and the potentials that they were found by."""
    circuit, neurons, dt, known = asked.circuit, asked.neurons, asked.dt, asked.known
    key, made_of = neurons.calibration_key, model_cells(circuit, neurons)
    weights, psps = dict(known.weights), dict(known.psps)
    targets, held_at = dict(known.targets), dict(known.held_at)
    holdings = {c.name: c.holding or REST for c in circuit.contacts if c.is_calibrated}
    for population in circuit.populations:
        sought = {
            name: one
            for name, one in calibration_targets(circuit, population, key, dt).items()
            if name not in known.weights
        }
        for name, found in find_weights(population, made_of, sought, dt).items():
            weights[name], psps[name] = found.weight, found.psp
            targets[name] = sought[name].psp or found.psp
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
            **known.provenance,
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
