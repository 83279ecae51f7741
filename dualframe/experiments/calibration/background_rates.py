"""The event rates of the background at which every population fires as its source reports.

They are changed, population by population, in the scaled circuit with all its recurrent
connections, until all populations are inside their ranges (`broyden_rate_search`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from brian2.units import Hz, ms, second

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.dendritic_populations import MODEL
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.broyden_rate_search import RateSearch, is_within_range
from dualframe.simulation.run import run

SETTLE = 0.5 * second  # of a run, which does not count for its rates

_STEPS = 40
_FIRST_RATE = 300 * Hz
_MARGIN = 0.1  # well inside, so that another seed stays inside too


def find_background_rates(
    circuit: Circuit,
    start: Calibration,
    measure_rates: Callable[[Calibration], Mapping[str, float]],
    report: Callable[[str], None],
) -> Calibration:
    """Change the background rates until each population fires within its range.

    Parameters
    ----------
    circuit
        The circuit, with the ranges.
    start
        Weights, and rates to start from.
    measure_rates
        Returns the firing rates (Hz) with a calibration, by population.
    report
        Called with a line of progress.

    Raises
    ------
    DualframeError
        If the rates do not come into their ranges.
    """
    ranges = {
        population.name: (float(population.rate_low), float(population.rate_high))
        for population in circuit.populations
        if population.rate_low is not None
    }
    driven = dict.fromkeys(c.target for c in circuit.background if c.current is None)
    events = {name: float(start.rates.get(name, _FIRST_RATE)) for name in driven}
    searched = {name: rate for name, rate in events.items() if name in ranges}
    search = RateSearch({name: ranges[name] for name in searched}, searched)
    rates: Mapping[str, float] = {}
    for step in range(_STEPS):
        events |= search.inputs
        current = replace(start, rates={name: rate * Hz for name, rate in events.items()})
        rates = measure_rates(current)
        report(
            f"step {step}: "
            + ", ".join(f"{n} {rates[n]:.2f} Hz at {events.get(n, 0):.0f} Hz" for n in rates)
        )
        if all(is_within_range(rates[name], *ranges[name], _MARGIN) for name in searched):
            measured = {name: round(rate, 3) for name, rate in rates.items()}
            return replace(current, provenance={**current.provenance, "rates_Hz": measured})
        search.next_inputs(rates)
    raise DualframeError(
        f"circuit {circuit.name!r}, {start.model!r}: background rates did not bring every "
        f"population into its range (last: {dict(rates)}, ranges {ranges})."
    )


def firing_rates(
    circuit: Circuit,
    calibration: Calibration,
    *,
    model: str,
    synapses: str | None,
    seed: int,
    duration: Any = 2 * second,
    settle: Any = SETTLE,
    cells: Cells | None = None,
    dt: Any = 0.1 * ms,
) -> dict[str, float]:
    """Mean firing rate (Hz) of each population after the settling time.

    Parameters
    ----------
    circuit, calibration
        The circuit, and its weights and background rates.
    model, synapses, cells, seed, duration, dt
        As in `dualframe.calibrate`.
    settle
        The time that does not count.
    """
    if model == MODEL:
        network = biological.build(circuit, calibration=calibration)
    else:
        network = task_driven.build(
            circuit, model=model, synapses=synapses, calibration=calibration, cells=cells
        )
    results = run(network, duration, seed=seed, dt=dt, progress=False)
    if not results.provenance["completed"]:
        raise KeyboardInterrupt  # a part of a run is no measurement
    table = results.rates(start=settle)
    return dict(zip(table.population, table.mean_rate_Hz, strict=True))
