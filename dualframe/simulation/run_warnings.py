"""What a run warns of: sentences that name the culprit and a number, and say what to try.

They stand in ``results.provenance["warnings"]``, are issued as `DualframeWarning` once per run, and
are shown by the command line and by reports.

To add one: what the builder of a network knows is a text in ``network.meta["warnings"]``; what is
computed from a network is a function in `BEFORE`; what the results show is one in `AFTER`; what a
target meets while it runs is a text in ``RawResults.warnings``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.network import Network
from dualframe.results.action_tables import idle_lines
from dualframe.results.rate_ranges import outside_warnings
from dualframe.results.results import Results
from dualframe.simulation.input_warnings import (
    name_impossible_currents,
    warn_of_inputs_beyond_end,
    warn_of_pulses_within_steps,
)
from dualframe.simulation.rate_warnings import warn_of_impossible_rates
from dualframe.simulation.recordings import (
    warn_of_few_dendritic_spikes,
    warn_of_large_recordings,
)
from dualframe.simulation.spike_rule_warnings import warn_of_missing_resets
from dualframe.simulation.time_constants import (
    TimeConstant,
    decay_constants,
    driven_state,
    effective_constants,
    extreme_neurons,
    too_short,
)
from dualframe.simulation.time_step_warnings import (
    warn_of_calibration,
    warn_of_presumed_steps,
    warn_of_rounded_times,
    warn_of_unused_clock,
)
from dualframe.simulation.unread_parameters import warn_of_unread_parameters
from dualframe.targets.brian.raw_results import RawResults
from dualframe.targets.lowering.lower_spike_inputs import counts_below_poisson
from dualframe.targets.lowering.lowered_network import (
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)
from dualframe.targets.unstable_states import (
    UnstableState,
    environments_among,
    find_unstable_state,
    first_unstable_sample,
    instability_text,
)


@one_thread_at_a_time
def warnings_before_run(network: Network, lowered: LoweredNetwork) -> list[str]:
    """Return what there is to warn of before a network runs; nothing has been compiled.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    texts = list(network.meta.get("warnings", ()))
    return [*texts, *(text for check in BEFORE for text in check(network, lowered))]


def warnings_after_run(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> list[str]:
    """Return what the results of a run give reason to warn of.

    Parameters
    ----------
    network, lowered
        The network, as described and as it ran.
    raw
        What the target gave back.
    results
        The results.
    """
    checks = (check(network, lowered, raw, results) for check in AFTER)
    return [*raw.warnings, *(text for texts in checks for text in texts)]


def _warn_of_long_time_step(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which variables change faster than the time step, with their input from outside."""
    items: tuple[LoweredGroup | LoweredSynapses, ...] = (*lowered.groups, *lowered.synapses)
    for item in items:
        if short := too_short(decay_constants(item), lowered.dt):
            yield _time_step_text(short, "has a time constant of", lowered.dt)
        elif isinstance(item, LoweredGroup):
            states = driven_state(item, lowered)
            effective = effective_constants(item, states, lowered.dt, 0.0)
            if short := too_short(effective, lowered.dt):
                how = f"with the mean input from outside has {_EFFECTIVE}"
                yield _time_step_text(short, how, lowered.dt)


def _warn_of_open_conductances(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> Iterator[str]:
    """Say which variables changed faster than the time step at the end of the run."""
    dt = lowered.dt
    for group in lowered.groups:
        states = raw.states.get(group.name, {})
        if group.name in raw.unstable or not states or find_unstable_state(group, states):
            continue
        final = effective_constants(group, extreme_neurons(states), dt, results.duration)
        if not (short := too_short(final, dt)):
            continue
        first = effective_constants(group, driven_state(group, lowered), dt, 0.0)
        if not too_short(first, dt):
            how = f"at the end of the run had {_EFFECTIVE}"
            yield _time_step_text(short, how, dt)


_EFFECTIVE = "an effective time constant (C/g of a membrane) of"


def _time_step_text(constant: TimeConstant, how: str, dt: float) -> str:
    return (
        f"{constant.owner!r}: {constant.variable} {how} {1e3 * constant.seconds:.3g} ms, shorter "
        f"than the time step of {1e3 * dt:g} ms, which forward Euler cannot follow: try "
        f"dt = {1e3 * constant.seconds / 2:.1g} ms."
    )


def _other_steps_than_fitted(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Yield populations whose neurons were fitted with another time step."""
    for population in network.populations:
        fitted = np.unique(np.asarray(population.parameters.get("dt_of_fit", lowered.dt)))
        if not np.allclose(fitted, lowered.dt, rtol=1e-9, atol=0):
            steps = ", ".join(f"{1e3 * dt:g}" for dt in fitted)
            yield (
                f"population {population.name!r}: its files were fitted with a time step of "
                f"{steps} ms, and the run's is {1e3 * lowered.dt:g} ms, so that its intervals are "
                f"not those of the fit: run with dt={1e3 * fitted.min():g}*ms."
            )


def _warn_of_rates_outside_ranges(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> Iterator[str]:
    """Say which populations of a circuit fire outside the ranges of its file."""
    if network.meta.get("rate_ranges_Hz") and results.duration:
        yield from outside_warnings(results.state(), results.provenance)


def _warn_of_idle_actions(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> Iterator[str]:
    """Say which modulators, drugs and changed effects did nothing."""
    yield from idle_lines(results.provenance.get("actions") or ())


def _warn_of_unstable_states(
    network: Network, lowered: LoweredNetwork, raw: RawResults, results: Results
) -> Iterator[str]:
    """Say which populations end in a state that cannot be, or were recorded in one."""
    seen: list[tuple[UnstableState, str]] = []
    for group in lowered.groups:
        if group.name in raw.unstable:  # the target has said so
            yield from name_impossible_currents(network, group.name)
            continue
        when, state = "at the end of the run", None
        if (trace := raw.traces.get(group.name)) is not None:
            state, first = first_unstable_sample(group, trace.values)
            when = f"from {trace.times[first]:.4g} s on" if state is not None else when
        state = state or find_unstable_state(group, raw.states.get(group.name, {}))
        if state is not None:
            seen.append((state, when))
    names = {*raw.unstable, *(state.population for state, _ in seen)}
    environments = environments_among(lowered.groups, names)
    for state, when in seen:
        yield instability_text(state, when, lowered.dt, environments)
        yield from name_impossible_currents(network, state.population)


BEFORE: tuple[Callable[[Network, LoweredNetwork], Iterable[str]], ...] = (
    _warn_of_long_time_step,
    _other_steps_than_fitted,
    warn_of_calibration,
    warn_of_presumed_steps,
    warn_of_rounded_times,
    warn_of_unused_clock,
    counts_below_poisson,
    warn_of_inputs_beyond_end,
    warn_of_pulses_within_steps,
    warn_of_missing_resets,
    warn_of_large_recordings,
    warn_of_few_dendritic_spikes,
    warn_of_unread_parameters,
)
AFTER: tuple[Callable[[Network, LoweredNetwork, RawResults, Results], Iterable[str]], ...] = (
    _warn_of_unstable_states,
    _warn_of_open_conductances,
    _warn_of_rates_outside_ranges,
    warn_of_impossible_rates,
    _warn_of_idle_actions,
)
