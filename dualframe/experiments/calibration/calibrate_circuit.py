"""How strong the synapses and the background of a circuit are: measured in the built model.

Weights come from unitary potentials (`unitary_potentials`), background rates from a search in the
scaled circuit (`background_rates`). The result is stored by `dualframe.building`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from brian2.units import ms, second

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.circuit.holding import REST, holding_text
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.background_rates import (
    SETTLE,
    find_background_rates,
    firing_rates,
)
from dualframe.experiments.calibration.model_cells import model_cells
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
    scale: float = 0.02,
    seed: int = 1,
    duration: Any = 2 * second,
    events: Mapping[str, Any] | None = None,
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
    scale
        Size of the circuit in which the rates are found, relative to the full one.
    seed
        Seed of its connectivity and input.
    duration
        Simulated time of each step of the search; the first 0.5 s do not count.
    events
        Event rates of the background by population to start the search from (default 300 Hz).
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
    duration, dt = positive_time(duration, "duration"), positive_time(dt, "dt")
    if duration <= SETTLE:
        raise DualframeError(
            f"duration is {duration}, but rates begin at {SETTLE}: give a longer duration."
        )
    base = replace(circuit.full or circuit, modulations=(), drugs=(), effects=())
    choice = None if model == MODEL else choose_twin(base, model, synapses, cells)
    made_of = model_cells(base, choice)
    weights: dict[str, Any] = {}
    psps: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    held_at: dict[str, Any] = {}
    holdings = {c.name: c.holding or REST for c in base.contacts if c.is_calibrated}
    for population in base.populations:
        asked = calibration_targets(base, population, model, dt)
        for name, found in find_weights(population, made_of, asked, dt).items():
            weights[name], psps[name] = found.weight, found.psp
            targets[name] = asked[name].psp or found.psp
            if found.held_at is not None:
                held_at[name] = found.held_at
            report(_contact_line(name, found, targets[name], holdings[name]))
    calibration = Calibration(
        circuit=base.name,
        model=MODEL if choice is None else choice.key,
        weights=weights,
        psps=psps,
        targets=targets,
        holdings=holdings,
        held_at=held_at,
        rates=dict(events or {}),
        dt=dt,
        provenance={
            "contacts": base.contacts_digest,
            "date": date.today().isoformat(),
            "versions": package_versions(),
            "psp_protocol": f"soma held at the potential of the recording, one spike, "
            f"peak of the somatic potential within {WATCH}, less that without the spike",
            "rates_protocol": f"scaled({scale}), seed {seed}, 0.5 s to {float(duration):g} s",
        },
    )
    if not rates:
        return calibration
    measure = partial(
        firing_rates,
        base.scaled(scale),
        model=model,
        synapses=synapses,
        seed=seed,
        duration=duration,
        cells=cells,
        dt=dt,
    )
    return find_background_rates(base, calibration, measure, report)


def _contact_line(name: str, contact: CalibratedContact, asked: Any, holding: Any) -> str:
    """Return what was found of a contact, for a report of progress."""
    line = (
        f"{name}: weight {contact.weight}, PSP {contact.psp} (asked {asked} {holding_text(holding)}"
    )
    return line + (")" if contact.held_at is None else f", held at {contact.held_at})")
