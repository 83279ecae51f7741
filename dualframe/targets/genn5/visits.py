"""Visits to all synapses of a projection: custom updates of GeNN, between two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualframe.targets.genn5.assemble_model import AssembledModel, import_pygenn
from dualframe.targets.genn5.genn_text import words_of
from dualframe.targets.genn5.neuron_code import followed_name
from dualframe.targets.genn5.synapse_code import SynapseCode, VisitCode
from dualframe.targets.lowering.lowered_network import Array, LoweredSynapses

_TIME = "now"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit, as a custom update.

    Attributes
    ----------
    name, update
        The custom update.
    is_due
        Whether a time step, by its number, has the visit.
    arrays
        What it reads of the neurons: by its name, what reads a variable of a population.
    """

    name: str
    update: Any
    is_due: Callable[[int], bool]
    arrays: dict[str, Callable[[], Array]]

    def make(self, model: Any, time: float) -> None:
        """Visit the synapses.

        Parameters
        ----------
        model
            The loaded model.
        time
            The start of the time step (s).
        """
        for name, read in self.arrays.items():
            values = self.update.extra_global_params[name]
            values.view[:] = read()
            values.push_to_device()
        self.update.set_dynamic_param_value(_TIME, time)
        model.custom_update(self.name)


def add_visits(assembled: AssembledModel) -> Iterator[Visit]:
    """Add the visits to a model that is not built yet, and yield them in their order.

    Parameters
    ----------
    assembled
        The model.
    """
    for synapses in assembled.needs.synapses:
        code = assembled.codes[synapses.name]
        for number, visit in enumerate(code.visits):
            for population in assembled.synapses[synapses.name]:
                name = f"{population.group.name}_visit{number}"
                yield Visit(
                    name=name,
                    update=_add_update(assembled, name, population.group, code, visit),
                    is_due=_when_due(assembled, synapses, number),
                    arrays={
                        array: read_variable(assembled.populations[neurons], variable)
                        for array, (neurons, variable) in visit.arrays.items()
                    },
                )


def _add_update(
    assembled: AssembledModel, name: str, synapses: Any, code: SynapseCode, visit: VisitCode
) -> Any:
    """Add a custom update of synapses; what it reads of neurons are arrays of its own."""
    pygenn = import_pygenn()
    parameters = _used(code, visit)
    references = [n for n in (*code.variables, *code.constants) if n in words_of(visit.code)]
    model = pygenn.create_custom_update_model(
        name,
        params=[(_TIME, "timepoint"), *((parameter, "scalar") for parameter in parameters)],
        var_refs=[_reference(code, variable) for variable in references],
        extra_global_params=[(array, "scalar*") for array in visit.arrays],
        update_code=visit.code,
    )
    update = assembled.model.add_custom_update(
        name,
        name,
        assembled.keep(model),
        {_TIME: 0.0, **parameters},
        {},
        {variable: pygenn.create_wu_var_ref(synapses, variable) for variable in references},
    )
    for parameter in (_TIME, *parameters):
        update.set_param_dynamic(parameter)
    for array, (population, _) in visit.arrays.items():
        members = assembled.populations[population].num_neurons
        update.extra_global_params[array].set_init_values(np.zeros(members))
    return update


def _used(code: SynapseCode, visit: VisitCode) -> dict[str, float]:
    words = words_of(visit.code)
    return {name: value for name, value in code.parameters.items() if name in words}


def _reference(code: SynapseCode, variable: str) -> tuple[Any, ...]:
    if variable in code.constants:
        return (variable, "scalar", import_pygenn().VarAccessMode.READ_ONLY)
    return (variable, "scalar")


def _when_due(
    assembled: AssembledModel, synapses: LoweredSynapses, number: int
) -> Callable[[int], bool]:
    if number < len(synapses.visits):
        every = max(round(synapses.visits[number][1] / assembled.needs.network.dt), 1)
        return lambda step: step % every == 0
    condition = followed_name(synapses.visits_when[number - len(synapses.visits)][1])
    read = read_variable(assembled.populations[synapses.target], condition.removesuffix("_post"))
    return lambda step: bool((read() > 0.5).any())


def read_variable(group: Any, name: str) -> Callable[[], Array]:
    """Return what reads a variable of neurons from the device.

    Parameters
    ----------
    group
        A population of a PyGeNN model.
    name
        The variable in GeNN.
    """
    variable = group.vars[name]

    def read() -> Array:
        variable.pull_from_device()
        return np.array(variable.current_values, dtype=float)

    return read
