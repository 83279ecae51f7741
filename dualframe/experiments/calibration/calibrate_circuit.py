"""How strong the synapses and the background of a circuit are: measured in the built model.

Weights come from unitary potentials (`unitary_potentials`), background rates from a search in the
scaled circuit (`background_rates`). The result is stored by `dualframe.building`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args

from brian2.units import ms

from dualframe.building.calibrated_weights import Calibration, stored_rates
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.circuit.holding import REST, holding_text
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.experiments.calibration.background_rates import Accept, find_background_rates
from dualframe.experiments.calibration.model_cells import ModelCells, model_cells
from dualframe.experiments.calibration.rate_runs import RateMeter, RateProtocol
from dualframe.experiments.calibration.unitary_potentials import (
    WATCH,
    CalibratedContact,
    calibration_targets,
    find_weights,
)
from dualframe.simulation.assemble_results import package_versions
from dualframe.simulation.run import positive_time


def calibrate(
    circuit: Circuit,
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
    dt: Any = 0.1 * ms,
) -> Calibration:
    """Find the strengths of a circuit's contacts for one model of its cells.

    Parameters
    ----------
    circuit
        The circuit; modulation, drugs and scale are put aside.
    model, synapses
        ``"biological"``, or a point neuron model and its synapse mode, as in
        `dualframe.task_driven.build_circuit`.
    rates
        Whether to find the background rates too.
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
        Time step, stored with the result: a run at another one says so.

    Raises
    ------
    DualframeError
        If no weight reaches an amplitude without making the cell fire, or the rates do not come
        into their ranges.
    """
    if circuit.contacts and not any(contact.is_calibrated for contact in circuit.contacts):
        raise DualframeError(
            f"circuit {circuit.name!r} states all its strengths: there is nothing to calibrate."
        )
    if accept not in (choices := get_args(Accept)):
        raise UnknownName("choice of accept", str(accept), choices)
    dt = positive_time(dt, "dt")
    base = replace(circuit.full or circuit, modulations=(), drugs=(), effects=())
    choice = None if model == MODEL else choose_twin(base, model, synapses, cells)
    key = MODEL if choice is None else choice.key
    protocol = RateProtocol(
        scales=tuple(base.calibrated_scales if scales is None else scales),
        seeds=tuple(seeds),
        verification_seeds=tuple(verification_seeds),
        duration=duration,
    )
    if start is None:
        calibration = _find_strengths(base, model, model_cells(base, choice), key, dt, report)
    else:
        calibration = _keep_strengths(start, base, key)
    first = dict(events or calibration.rates or stored_rates(base.name, key))
    calibration = replace(calibration, rates=first, dt=dt)
    if not rates:
        return calibration
    meter = RateMeter(
        circuit=base, model=model, synapses=synapses, cells=cells, dt=dt, duration=protocol.duration
    )
    return find_background_rates(base, calibration, protocol, meter, report, accept=accept)


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
    circuit: Circuit,
    model: str,
    made_of: ModelCells,
    key: str,
    dt: Any,
    report: Callable[[str], None],
) -> Calibration:
    """Return the weights of all contacts, and the potentials that they were found by."""
    weights: dict[str, Any] = {}
    psps: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    held_at: dict[str, Any] = {}
    holdings = {c.name: c.holding or REST for c in circuit.contacts if c.is_calibrated}
    for population in circuit.populations:
        asked = calibration_targets(circuit, population, model, dt)
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
