"""A PyGeNN model from the code of its populations and synapses."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualframe.targets.genn5.delay_groups import (
    DelayedThing,
    DelayGroup,
    arrival_name,
    delay_groups,
    delayed_thing,
)
from dualframe.targets.genn5.genn_text import IS_SECOND_PHASE
from dualframe.targets.genn5.network_needs import NetworkNeeds
from dualframe.targets.genn5.neuron_code import SPIKE_HISTORY, NeuronCode, write_neuron_code
from dualframe.targets.genn5.synapse_code import OWN_DELAY, SynapseCode, write_synapse_code
from dualframe.targets.lowering.lowered_network import (
    Array,
    LoweredNetwork,
    LoweredPoisson,
    LoweredSpikes,
    LoweredSynapses,
)

_SPIKES_CODE = "next_spike != last_spike && t >= spike_times[next_spike] - 0.5*dt"
_POISSON_CODE = (
    "{now} >= onset - 0.5*step && {now} < end - 0.5*step && gennrand_uniform() < rate*step"
)
_ALL = DelayGroup(members=slice(None), steps=0)
_ROW = 1.5  # rows of synapses have a power of this as their length


@dataclass(frozen=True)
class SynapsePopulation:
    """Synapses of one delay, as a group of PyGeNN."""

    group: Any
    delay_group: DelayGroup

    def write_values(self, name: str, values: Array) -> None:
        """Write a variable's values, read from the device, where the synapses stand.

        Parameters
        ----------
        name
            The variable in GeNN.
        values
            Of all synapses of the projection, in the order of the lowered network.
        """
        variable = self.group.vars[name]
        variable.pull_from_device()
        places = np.arange(len(values))[self.delay_group.members]
        values[places[self.group.synapse_order]] = variable.current_values


@dataclass(kw_only=True)
class AssembledModel:
    """A PyGeNN model, and its parts by their names in the lowered network.

    Attributes
    ----------
    model
        The `GeNNModel`.
    populations
        Groups of PyGeNN.
    synapses
        Groups of PyGeNN, one for each delay that needs one.
    codes
        The code of each synapses.
    in_use
        The models of neurons and synapses: GeNN refers to them.
    """

    model: Any
    needs: NetworkNeeds
    populations: dict[str, Any] = field(default_factory=dict)
    synapses: dict[str, tuple[SynapsePopulation, ...]] = field(default_factory=dict)
    codes: dict[str, SynapseCode] = field(default_factory=dict)
    in_use: list[Any] = field(default_factory=list)

    def keep(self, model: Any) -> Any:
        """Return a model of PyGeNN, which must live as long as what uses it.

        Parameters
        ----------
        model
            A model of neurons or synapses.
        """
        self.in_use.append(model)
        return model


def import_pygenn() -> Any:
    """Return the package pygenn, which is imported only where this target is used."""
    return importlib.import_module("pygenn")


def assemble_model(
    lowered: LoweredNetwork, needs: NetworkNeeds, *, backend: str, precision: str
) -> AssembledModel:
    """Return a PyGeNN model of a lowered network; nothing is compiled.

    Parameters
    ----------
    lowered
        The lowered network.
    needs
        What the synapses of the network need.
    backend
        PyGeNN's name of the back end.
    precision
        ``"float64"`` or ``"float32"``.
    """
    scalar = {"float64": "double", "float32": "float"}[precision]
    model = import_pygenn().GeNNModel(scalar, "network", time_precision="double", backend=backend)
    model.dt = lowered.dt / needs.phases
    model.seed = 1  # `seeded_library` gives another; zero would draw one
    assembled = AssembledModel(model=model, needs=needs)
    for spikes in lowered.spikes:
        assembled.populations[spikes.name] = _add_spikes(assembled, spikes)
    for poisson in lowered.poissons:
        assembled.populations[poisson.name] = _add_poisson(assembled, poisson)
    for group in lowered.groups:
        code = write_neuron_code(group, needs)
        assembled.populations[group.name] = _add_group(assembled, group.name, group.n, code)
        assembled.populations[group.name].spike_recording_enabled = (
            group.threshold is not None and group.name not in lowered.silent
        )
    for synapses in needs.synapses:
        assembled.codes[synapses.name] = write_synapse_code(synapses, needs)
        groups = delay_groups(synapses, needs)
        full_name = lowered.names.synapses[synapses.name]
        assembled.synapses[synapses.name] = tuple(
            _add_synapses(
                assembled,
                synapses,
                group,
                full_name if len(groups) == 1 else f"{full_name}_after{group.steps}",
            )
            for group in groups
        )
    return assembled


def _initial(values: Mapping[str, Array], group: DelayGroup = _ALL) -> dict[str, Any]:
    """Return values as PyGeNN takes them: numbers, or arrays of one per member."""
    return {
        name: float(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)[group.members]
        for name, value in values.items()
    }


def _declared(code: NeuronCode | SynapseCode) -> list[tuple[Any, ...]]:
    read_only = import_pygenn().VarAccess.READ_ONLY
    variables: list[tuple[Any, ...]] = [(name, "scalar") for name in code.variables]
    kinds = {OWN_DELAY: "unsigned int"}
    return variables + [(n, kinds.get(n, "scalar"), read_only) for n in code.constants]


def _add_group(assembled: AssembledModel, name: str, n: int, code: NeuronCode) -> Any:
    model = import_pygenn().create_neuron_model(
        name,
        params=[(parameter, "scalar") for parameter in code.parameters],
        vars=_declared(code),
        sim_code=code.step,
        threshold_condition_code=code.threshold,
        reset_code=code.reset if code.threshold else None,
        additional_input_vars=[(source, "scalar", 0.0) for source in code.inputs] or None,
        extra_global_params=[(SPIKE_HISTORY, "uint8_t*")] if code.remembered else None,
    )
    values = _initial({**code.variables, **code.constants})
    full_name = assembled.needs.network.names.groups[name]
    group = assembled.model.add_neuron_population(
        full_name, n, assembled.keep(model), code.parameters, values
    )
    for parameter in code.parameters:
        group.set_param_dynamic(parameter)
    if code.remembered:
        history = np.zeros(n * code.remembered, dtype=np.uint8)
        group.extra_global_params[SPIKE_HISTORY].set_init_values(history)
    return group


def _add_spikes(assembled: AssembledModel, spikes: LoweredSpikes) -> Any:
    """Input spikes: the times of each source one after the other, and where its next one is."""
    pygenn = import_pygenn()
    read_only = pygenn.VarAccess.READ_ONLY
    counts = np.bincount(spikes.indices, minlength=spikes.n)
    end = np.cumsum(counts)
    order = np.lexsort((spikes.times, spikes.indices))
    model = pygenn.create_neuron_model(
        "spikes",
        vars=[("next_spike", "unsigned int"), ("last_spike", "unsigned int", read_only)],
        threshold_condition_code=_SPIKES_CODE,
        reset_code="next_spike++;",
        extra_global_params=[("spike_times", "timepoint*")],
    )
    group = assembled.model.add_neuron_population(
        assembled.needs.network.names.groups[spikes.name],
        spikes.n,
        assembled.keep(model),
        {},
        {"next_spike": (end - counts).astype(np.uint32), "last_spike": end.astype(np.uint32)},
    )
    steps = np.rint(spikes.times[order] / assembled.needs.network.dt)
    phases = assembled.needs.phases
    times = (phases * steps + (phases - 1)) * assembled.model.dt
    group.extra_global_params["spike_times"].set_init_values(times if len(times) else np.zeros(1))
    return group


def _add_poisson(assembled: AssembledModel, poisson: LoweredPoisson) -> Any:
    pygenn = import_pygenn()
    condition = _POISSON_CODE.format(now="t")
    if assembled.needs.phases == 2:
        condition = f"{IS_SECOND_PHASE} && {_POISSON_CODE.format(now='(t - dt)')}"
    model = pygenn.create_neuron_model(
        "poisson",
        params=[(name, "scalar") for name in ("onset", "end", "step")],
        vars=[("rate", "scalar", pygenn.VarAccess.READ_ONLY)],
        threshold_condition_code=condition,
    )
    group = assembled.model.add_neuron_population(
        assembled.needs.network.names.groups[poisson.name],
        poisson.n,
        assembled.keep(model),
        {"onset": poisson.start, "end": poisson.stop, "step": assembled.needs.network.dt},
        {"rate": np.broadcast_to(np.asarray(poisson.rates, dtype=float), (poisson.n,)).copy()},
    )
    for name in ("onset", "end"):
        group.set_param_dynamic(name)
    return group


def _add_synapses(
    assembled: AssembledModel, synapses: LoweredSynapses, members: DelayGroup, name: str
) -> SynapsePopulation:
    """Add those synapses whose spikes GeNN holds back together."""
    pygenn, code = import_pygenn(), assembled.codes[synapses.name]
    before, behind = assembled.populations[synapses.source], assembled.populations[synapses.target]
    thing = delayed_thing(synapses, assembled.needs)
    arrival = arrival_name(members.steps) if _is_event(thing, members) else None
    read_before = {**code.read_before, **({f"{arrival}_pre": arrival} if arrival else {})}
    group = assembled.model.add_synapse_population(
        name,
        "SPARSE",
        before,
        behind,
        pygenn.init_weight_update(
            assembled.keep(_weight_update_model(code, synapses.name, arrival)),
            code.parameters,
            _initial({**code.variables, **code.constants}, members),
            {},
            {},
            {name: pygenn.create_var_ref(before, v) for name, v in read_before.items()},
            {name: pygenn.create_var_ref(behind, v) for name, v in code.read_behind.items()},
        ),
        pygenn.init_postsynaptic(assembled.keep(_brought()), {}, {}),
    )
    i, j = synapses.i[members.members], synapses.j[members.members]
    group.set_sparse_connections(i, j)
    group.max_connections = row_length(group.max_connections, len(i) / before.num_neurons)
    for parameter in code.parameters:
        group.set_wu_param_dynamic(parameter)
    if code.target:
        group.post_target_var = code.target
    if thing is DelayedThing.OUTPUT:
        group.max_dendritic_delay_timesteps = members.steps + 1
    elif thing is DelayedThing.SPIKE and members.steps:
        group.axonal_delay_steps = members.steps
    return SynapsePopulation(group, members)


def _is_event(thing: DelayedThing, members: DelayGroup) -> bool:
    return thing is DelayedThing.EVENT and members.steps > 0


def row_length(longest: int, mean: float) -> int:
    """Return for how many synapses a row has room: with other seeds mostly for as many.

    The length stands in the code. The mean hardly varies over seeds, and six standard deviations of
    a Poisson variable above it lies the longest of a million rows that are drawn independently.

    Parameters
    ----------
    longest, mean
        The largest and the mean number of synapses of a presynaptic neuron.
    """
    room = max(longest, mean + 6 * np.sqrt(mean) + 8)
    return int(np.ceil(_ROW ** np.ceil(np.log(room) / np.log(_ROW))))


def _weight_update_model(code: SynapseCode, name: str, arrival: str | None) -> Any:
    pygenn = import_pygenn()
    read = pygenn.VarAccessMode.READ_ONLY
    read_before = [*code.read_before, *([f"{arrival}_pre"] if arrival else [])]
    return pygenn.create_weight_update_model(
        name,
        params=[(parameter, "scalar") for parameter in code.parameters],
        vars=_declared(code),
        pre_spike_syn_code=None if arrival else code.on_pre or None,
        pre_event_syn_code=code.on_pre if arrival else None,
        pre_event_threshold_condition_code=f"{arrival}_pre > 0.5" if arrival else None,
        post_spike_syn_code=code.on_post or None,
        synapse_dynamics_code=code.at_every_step or None,
        pre_neuron_var_refs=[(n, "scalar", read) for n in read_before] or None,
        post_neuron_var_refs=[(n, "scalar", read) for n in code.read_behind] or None,
    )


def _brought() -> Any:
    """What synapses bring in a step reaches the neuron in that step."""
    return import_pygenn().create_postsynaptic_model(
        "brought", sim_code="injectCurrent(inSyn); inSyn = 0.0;"
    )
