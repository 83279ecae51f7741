"""From the lowered network to Brian2 objects, for every target and for users of Brian2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import Network as BrianNetwork
from brian2 import (
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
)
from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from dualframe.network import Recording
from dualframe.targets.lowering.final_weights import NOW, weight_expression
from dualframe.targets.lowering.lowered_network import (
    LoweredGroup,
    LoweredNetwork,
    LoweredPoisson,
    LoweredSpikes,
    LoweredSynapses,
)
from dualframe.targets.lowering.object_names import ObjectNames

_VISIT_ORDER = -0.7  # in the slot of the neurons, which move on at 0


@dataclass
class BrianObjects:
    """Brian2 objects by name, as `make_brian_objects` makes them."""

    objects: dict[str, Any] = field(default_factory=dict)
    spikes: dict[str, SpikeMonitor] = field(default_factory=dict)
    traces: dict[str, dict[str, StateMonitor]] = field(default_factory=dict)
    names: ObjectNames = field(default_factory=lambda: ObjectNames({}, {}, {}))

    def __getitem__(self, name: str) -> Any:
        return self.objects[self.names.find(name)]

    def synapses(self, name: str) -> Synapses:
        """Return the synapses of a name.

        Parameters
        ----------
        name
            The name in the lowered network.
        """
        return self.objects[self.names.synapses[name]]

    @cached_property
    def network(self) -> BrianNetwork:
        """All objects in one Brian2 network, always the same: it can be run on."""
        return BrianNetwork(list(self.objects.values()))


def make_brian_objects(lowered: LoweredNetwork, *, thin: bool = True) -> BrianObjects:
    """Create the Brian2 objects of a lowered network, on Brian2's default clock.

    Parameters
    ----------
    lowered
        Equations and arrays.
    thin
        Whether things may happen more rarely than at every step (not on GeNN): recordings, and
        bringing weights up to date for them.
    """
    defaultclock.dt = lowered.dt * second
    names = lowered.names
    assembled = BrianObjects(names=names)
    for group in lowered.groups:
        assembled.objects[names.groups[group.name]] = _make_group(
            group, names.groups[group.name], _visited_when(group, lowered)
        )
    for spikes in lowered.spikes:
        assembled.objects[names.groups[spikes.name]] = _make_spike_generator(spikes, names)
    for poisson in lowered.poissons:
        assembled.objects[names.groups[poisson.name]] = _make_poisson_group(poisson, names)
    for synapses in lowered.synapses:
        if len(synapses.i):
            brian_name = names.synapses[synapses.name]
            assembled.objects[brian_name] = _make_synapses(
                _with_followed_weight(synapses, lowered, thin), assembled
            )
            for k, (statements, every) in enumerate(synapses.visits):
                # before the neurons move on to the next step, and after what records at its start
                assembled.objects[brian_name].run_regularly(
                    statements,
                    dt=every * second,
                    when="before_groups",
                    name=names.made[brian_name, f"visit{k}"],
                )
    for group in lowered.groups:
        _record_group(group, lowered, assembled, thin)
    for synapses in lowered.synapses:
        _record_weights(synapses, lowered, assembled, thin)
    return assembled


def set_variable(owner: Any, name: str, value: Any) -> None:
    """Set a variable of a Brian2 object from a number or array in base units.

    Parameters
    ----------
    owner
        The Brian2 object.
    name
        Name of the variable.
    value
        A number or array in base units.
    """
    setattr(owner, name, Quantity(np.asarray(value), dim=owner.variables[name].dim))


def _visited_when(group: LoweredGroup, lowered: LoweredNetwork) -> dict[str, str]:
    """Return the conditions under which all synapses of a neuron are visited, as its events."""
    return {
        _visit_event(variable): f"{variable} > 0.5"
        for synapses in lowered.synapses
        for _, variable in synapses.visits_when
        if synapses.target == group.name and len(synapses.i)
    }


def _visit_event(variable: str) -> str:
    return f"visit_for_{variable}"


def _make_group(group: LoweredGroup, name: str, visits: Mapping[str, str]) -> NeuronGroup:
    neurons = NeuronGroup(
        group.n,
        group.equations,
        threshold=group.threshold,
        reset=group.reset,
        refractory=group.refractory or False,
        events=dict(visits) or None,
        method=group.method,
        name=name,
        namespace={},
        dtype=dict.fromkeys(group.times, np.float64),
    )
    for event in visits:
        # before the step whose condition it is, with what summed variables (order -1) have brought
        neurons.set_event_schedule(event, when="groups", order=_VISIT_ORDER)
    for name, constant in group.constants.items():
        set_variable(neurons, name, constant.value)
    for name, value in group.initial.items():
        set_variable(neurons, name, np.broadcast_to(value, (group.n,)))
    return neurons


def _make_spike_generator(spikes: LoweredSpikes, names: ObjectNames) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(
        spikes.n, spikes.indices, spikes.times * second, sorted=True, name=names.groups[spikes.name]
    )


_POISSON = """
rate : hertz (constant)
onset : second (shared, constant)
end : second (shared, constant)
"""


def _make_poisson_group(poisson: LoweredPoisson, names: ObjectNames) -> NeuronGroup:
    sources = NeuronGroup(
        poisson.n,
        _POISSON,
        threshold="rand() < rate*dt*int(t >= onset - 0.5*dt)*int(t < end - 0.5*dt)",
        name=names.groups[poisson.name],
        namespace={},
        dtype={"onset": np.float64, "end": np.float64},
    )
    for name, value in (("rate", poisson.rates), ("onset", poisson.start), ("end", poisson.stop)):
        set_variable(sources, name, value)
    return sources


def _make_synapses(synapses: LoweredSynapses, assembled: BrianObjects) -> Synapses:
    has_own_delays = np.ndim(synapses.delay) > 0
    brian = Synapses(
        assembled.objects[assembled.names.groups[synapses.source]],
        assembled.objects[assembled.names.groups[synapses.target]],
        model=synapses.equations or None,
        on_pre=synapses.on_pre,
        on_post=_postsynaptic_statements(synapses),
        on_event={
            _visit_pathway(k): _visit_event(v) for k, (_, v) in enumerate(synapses.visits_when)
        }
        or "spike",
        method="euler",
        name=assembled.names.synapses[synapses.name],
        namespace={},
        delay=synapses.delay * second if synapses.on_pre and not has_own_delays else None,
        # synapses that change at every step see the neurons as they were before the step, and what
        # summed variables (order -1) have just brought
        order=-0.5 if "clock-driven" in synapses.equations else 0,
    )
    for k in range(len(synapses.visits_when)):
        pathway = getattr(brian, _visit_pathway(k))
        pathway.when, pathway.order = "groups", _VISIT_ORDER + 0.1
    brian.connect(i=synapses.i, j=synapses.j)
    if has_own_delays and synapses.on_pre:
        brian.pre.delay = synapses.delay * second
    for name, constant in synapses.constants.items():
        set_variable(brian, name, constant.value)
    for name, value in synapses.initial.items():
        set_variable(brian, name, np.broadcast_to(value, (len(synapses.i),)))
    return brian


def _postsynaptic_statements(synapses: LoweredSynapses) -> Any:
    """Return what postsynaptic spikes, and visits on condition, do to synapses."""
    if not synapses.visits_when:
        return synapses.on_post
    spikes = {"post": synapses.on_post} if synapses.on_post else {}
    return spikes | {_visit_pathway(k): text for k, (text, _) in enumerate(synapses.visits_when)}


def _visit_pathway(k: int) -> str:
    return f"visit_when{k}"


def _record_group(
    group: LoweredGroup, lowered: LoweredNetwork, assembled: BrianObjects, thin: bool
) -> None:
    if group.threshold is not None and group.name not in lowered.silent:
        name = lowered.names.groups[group.name]
        monitor = SpikeMonitor(assembled.objects[name], name=lowered.names.made[name, "spikes"])
        assembled.spikes[group.name] = monitor
        assembled.objects[monitor.name] = monitor
    recording = lowered.recordings.get(group.name)
    if recording is None:
        return
    # GeNN cannot record an expression of the time: there the variable itself is recorded
    alias = group.recorded_as if thin else {}
    wanted = {name: alias.get(name, name) for name in recording.variables}
    wanted.pop("dspikes", None)
    every = (
        float(np.asarray(recording.every)) if recording.every is not None and thin else lowered.dt
    )
    assembled.traces[group.name] = {}
    if wanted:
        _add_state_monitor(
            group, tuple(wanted.values()), recording, every, "trace", assembled, lowered
        )
    if "dspikes" in recording.variables and group.events:
        _add_state_monitor(
            group,
            tuple(group.events.values()),
            recording,
            lowered.dt,
            "dspikes",
            assembled,
            lowered,
        )


def _add_state_monitor(
    group: LoweredGroup,
    names: tuple[str, ...],
    recording: Recording,
    every: float,
    kind: str,
    assembled: BrianObjects,
    lowered: LoweredNetwork,
) -> None:
    which: Any = True if recording.neurons is None else recording.neurons
    own_clock = {} if every == lowered.dt else {"dt": every * second}
    brian_name = lowered.names.groups[group.name]
    monitor = StateMonitor(
        assembled.objects[brian_name],
        names,
        record=which,
        name=lowered.names.made[brian_name, kind],
        **own_clock,
    )
    assembled.traces[group.name][kind] = monitor
    assembled.objects[monitor.name] = monitor


def _with_followed_weight(
    synapses: LoweredSynapses, lowered: LoweredNetwork, thin: bool
) -> LoweredSynapses:
    """Return synapses with the weight that is followed in time, if a rule changes it in between.

    `_record_weights` brings it up to date; on GeNN it is the weight of the last spike.
    """
    recording = lowered.recording_of_weights(synapses)
    if not synapses.due or recording is None or recording.every is None:
        return synapses
    settled = "" if thin else f"\n{_update_followed_weight(synapses)}"
    return replace(
        synapses,
        equations=f"{synapses.equations}\n{NOW} : {synapses.weight_unit}",
        initial={**synapses.initial, NOW: synapses.initial["w"]},
        on_pre=synapses.on_pre and synapses.on_pre + settled,
        on_post=synapses.on_post and synapses.on_post + settled,
    )


def _update_followed_weight(synapses: LoweredSynapses) -> str:
    return f"{NOW} = {weight_expression(synapses.due)}"


def _record_weights(
    synapses: LoweredSynapses, lowered: LoweredNetwork, assembled: BrianObjects, thin: bool
) -> None:
    """Follow the weights of chosen synapses in time."""
    recording = lowered.recording_of_weights(synapses)
    if recording is None or recording.every is None or not len(synapses.i):
        return
    every = (float(np.asarray(recording.every)) if thin else lowered.dt) * second
    brian_name = lowered.names.synapses[synapses.name]
    made_synapses = assembled.objects[brian_name]
    if synapses.due and thin:
        made_synapses.run_regularly(
            _update_followed_weight(synapses),
            dt=every,
            when="before_start",
            name=lowered.names.made[brian_name, "settling"],
        )
    monitor = StateMonitor(
        made_synapses,
        NOW if synapses.due else "w",
        record=_recorded_synapses(synapses, recording),
        name=lowered.names.made[brian_name, "trace"],
        dt=every,
    )
    assembled.traces[synapses.projection] = {"trace": monitor}
    assembled.objects[monitor.name] = monitor


def _recorded_synapses(synapses: LoweredSynapses, recording: Recording) -> Any:
    if recording.neurons is None and synapses.drawn_as is None:
        return True
    return synapses.find_drawn(recording.neurons)
