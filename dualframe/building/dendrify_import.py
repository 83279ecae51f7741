"""Users' own Dendrify models as populations of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import defaultclock
from brian2.utils.stringtools import word_substitute
from dendrify import Compartment, Dendrite, NeuronModel, PointNeuronModel, Soma

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import NetworkError
from dualframe.network import Event, Population
from dualframe.network.known_arguments import refuses_unknown_arguments

_DURATIONS = ("duration_rise", "duration_fall", "offset_fall", "refractory")


@refuses_unknown_arguments
@one_thread_at_a_time
def from_dendrify(
    model: NeuronModel | PointNeuronModel,
    n: int,
    *,
    threshold: str,
    reset: str,
    name: str = "cells",
    second_reset: str | None = None,
    spike_width: Any = None,
    refractory: Any = None,
    heterogeneity: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    cell_type: str = "",
    sign: int | None = None,
    positions: Any = None,
    stock_durations: bool = False,
) -> Population:
    """Make a population of ``n`` neurons of a Dendrify model.

    The population behaves as ``model.make_neurongroup(n, method="euler", ...)`` does, with three
    intended differences. ``g_fall`` of a dendritic spike opens ``offset_fall`` after the event and
    stays open for ``duration_fall``; Dendrify opens it one time step earlier, for one step more
    (``stock_durations=True`` does as Dendrify, and then the spikes are those of Dendrify).
    Durations are kept as times, so that another time step does not change them. Reversal
    potentials of dendritic spikes belong to each dendrite (Dendrify lets dendrites with a dSpike
    of one name share the last one set).

    Parameters
    ----------
    model
        A Dendrify ``NeuronModel`` or ``PointNeuronModel``. It counts the durations of dendritic
        spikes in steps of ``brian2.defaultclock.dt``, which must not change between its making
        and this call.
    n
        Number of neurons.
    threshold, reset, second_reset, spike_width, refractory
        As in ``make_neurongroup``: Brian2 expression and statements, and times.
    name
        Name of the population.
    heterogeneity
        Spread of parameters across neurons, see `dualframe.network.Population`.
    parameters
        Constants to add or to replace: a scalar or an array of shape ``(n,)``. Potentials and
        times of dendritic spikes that are exactly zero stand here, because Dendrify takes zero for
        none: ``{"E_rise_Na_dend": 0*mV, "offset_fall_Na_dend": 0*ms, "EL_soma": 0*mV}``.
    initial
        Initial values; compartments start at their resting potential.
    cell_type, sign, positions
        See `dualframe.network.Population`.
    stock_durations
        Whether ``g_fall`` is open for one time step more than ``duration_fall``, as in Dendrify.

    Raises
    ------
    NetworkError
        If the model lacks a property, or an argument cannot be what was asked for.
    """
    if not isinstance(model, (NeuronModel, PointNeuronModel)):
        raise NetworkError(
            f"model of population {name!r} is a {type(model).__name__}: expected a Dendrify "
            f"NeuronModel or PointNeuronModel."
        )
    compartments = _compartments(model)
    stated = dict(parameters or {})
    constants, durations = _parameters(model, compartments, name, stated)
    return Population(
        name=name,
        n=n,
        equations=_equations(model, compartments, stock_durations),
        threshold=threshold,
        reset=reset,
        refractory=refractory,
        second_reset=second_reset,
        spike_width=spike_width,
        events=_events(compartments),
        parameters=constants | {key: stated[key] for key in stated if key not in durations},
        durations=durations,
        initial=_rest(model, compartments, stated) | dict(initial or {}),
        heterogeneity=dict(heterogeneity or {}),
        cell_type=cell_type,
        sign=sign,
        positions=positions,
        voltage=_soma_voltage(compartments),
    )


def _compartments(model: NeuronModel | PointNeuronModel) -> list[Compartment]:
    # Dendrify has no public access to the compartments of a model
    return list(model._compartments) if isinstance(model, NeuronModel) else []


def _dendritic_spikes(
    compartments: list[Compartment],
) -> dict[str, tuple[Dendrite, dict[str, Any]]]:
    return {
        event_id: (compartment, values)
        for compartment in compartments
        if isinstance(compartment, Dendrite)
        for event_id, values in (compartment._dspike_params or {}).items()
    }


def _equations(
    model: NeuronModel | PointNeuronModel, compartments: list[Compartment], stock_durations: bool
) -> str:
    """Dendrify's equations, with the reversal potentials of dSpikes qualified by dendrite."""
    lines = model.equations.split("\n")
    if not stock_durations:
        for event_id in _dendritic_spikes(compartments):
            lines = _with_exact_fall(lines, event_id)
    for event_id, (compartment, _) in _dendritic_spikes(compartments).items():
        kind = event_id.removesuffix(f"_{compartment.name}")
        for phase in ("rise", "fall"):
            start = f"I_{phase}_{event_id} ="
            qualified = {f"E_{phase}_{kind}": f"E_{phase}_{event_id}"}
            lines = [
                word_substitute(line, qualified) if line.startswith(start) else line
                for line in lines
            ]
    return "\n".join(lines)


def _with_exact_fall(lines: list[str], event_id: str) -> list[str]:
    """Open ``g_fall`` at its offset: an event of step ``n`` acts from step ``n + 1`` on.

    Dendrify's ``>=`` opens it in step ``n + offset``, its ``<=`` closes it after step ``n + offset
    + duration``; the first is a step too early.
    """
    stock = f"int(t_in_timesteps >= spiketime_{event_id} + offset_fall_{event_id})"
    start = f"g_fall_{event_id} ="
    places = [number for number, line in enumerate(lines) if line.startswith(start)]
    if len(places) != 1 or lines[places[0]].count(stock) != 1:
        raise NetworkError(
            f"g_fall of dendritic spike {event_id!r} is not written as by Dendrify 2, so that its "
            f"offset cannot be made exact: leave it as it is with stock_durations=True."
        )
    exact = lines[places[0]].replace(stock, stock.replace(">=", ">"))
    return [*lines[: places[0]], exact, *lines[places[0] + 1 :]]


def _parameters(
    model: NeuronModel | PointNeuronModel,
    compartments: list[Compartment],
    name: str,
    stated: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the constants of a model, and the times of its dendritic spikes."""
    constants = dict(model.parameters)
    durations: dict[str, Any] = {}
    for event_id, (compartment, values) in _dendritic_spikes(compartments).items():
        kind = event_id.removesuffix(f"_{compartment.name}")
        for phase in ("rise", "fall"):
            constants.pop(f"E_{phase}_{kind}", None)
            constants[f"E_{phase}_{event_id}"] = values[f"E_{phase}_{kind}"]
        for duration in _DURATIONS:
            key = f"{duration}_{event_id}"
            steps = constants.pop(key)
            # Dendrify counted in steps of the dt that was current when the dSpike was configured
            own = None if steps is None else int(steps) * defaultclock.dt
            durations[key] = stated.get(key, own)
    values = constants | durations | dict(stated)
    missing = sorted(key for key, value in values.items() if value is None)
    missing += _missing_membrane({**model.parameters, **stated}, compartments)
    if missing:
        raise NetworkError(
            f"the Dendrify model of population {name!r} has no value for {', '.join(missing)}: "
            f"set it in the compartment, or with config_dspikes for a dendritic spike; zero, which "
            f"Dendrify takes for none, with parameters={{{missing[0]!r}: ...}}."
        )
    return constants, durations


def _missing_membrane(present: Mapping[str, Any], compartments: list[Compartment]) -> list[str]:
    suffixes = [f"_{c.name}" for c in compartments] or [""]
    return [f"{p}{s}" for s in suffixes for p in ("C", "gL", "EL") if f"{p}{s}" not in present]


def _events(compartments: list[Compartment]) -> tuple[Event, ...]:
    return tuple(
        Event(
            name=event_id,
            condition=compartment._events[f"spike_{event_id}"],
            action=compartment._event_actions[f"spike_{event_id}"],
            time=f"spiketime_{event_id}",
        )
        for event_id, (compartment, _) in _dendritic_spikes(compartments).items()
    )


def _rest(
    model: NeuronModel | PointNeuronModel,
    compartments: list[Compartment],
    stated: Mapping[str, Any],
) -> dict[str, Any]:
    values = {**model.parameters, **stated}
    if not compartments:
        return {"V": values["EL"]}
    return {f"V_{c.name}": values[f"EL_{c.name}"] for c in compartments}


def _soma_voltage(compartments: list[Compartment]) -> str:
    somata = [c for c in compartments if isinstance(c, Soma)] or compartments
    return f"V_{somata[0].name}" if somata else "V"
