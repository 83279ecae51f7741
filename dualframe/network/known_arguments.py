"""Arguments that a description or builder does not have, refused with what it has instead.

Scripts of Brian2 and Dendrify come with the names of those: each that has a counterpart of another
name is answered with it, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from dualframe.core.errors import NetworkError, suggest_name

P = ParamSpec("P")
R = TypeVar("R")

_CONSTANTS = "give the constants as parameters=, like parameters={'tau': 10*ms}"
_OF_RUNS = "it belongs to the run: df.run(network, duration, dt=...)"
_NO_STEPS = (
    "no function of Python reaches C++ or a GPU: write what it does as an equation, a reset or an "
    "input, or as an environment of a task"
)
_PAIRS = "give pairs=(i, j), arrays of the indices"

#: What scripts call otherwise, by the description or builder and the name: what is given instead.
HABITS: Mapping[str, Mapping[str, str]] = {
    "Population": {
        "namespace": _CONSTANTS,
        "model": "give the equations as equations=",
        "N": "give the number of neurons as n=",
        "dt": _OF_RUNS,
        "clock": _OF_RUNS,
    },
    "Projection": {
        "p": "give probability=",
        "namespace": _CONSTANTS,
        "model": "give the equations of the synapses as equations=",
        "w": "give weight=",
        "i": _PAIRS,
        "j": _PAIRS,
        "condition": f"{_PAIRS}, of those for which it holds",
        "dt": _OF_RUNS,
        "clock": _OF_RUNS,
    },
    "Network": {
        "operations": _NO_STEPS,
        "objects": "give populations=, inputs= and projections=",
    },
    "SpikeInput": {"N": "give the number of sources as n="},
    "PoissonInput": {
        "N": "give the number of sources as n=",
        "weight": "give it to a projection from this input: df.Projection(name, target, 'g += w', "
        "weight=..., ...)",
        "target": "name it in a projection from this input",
        "target_var": "name it in a projection from this input, like 'g += w'",
    },
    "from_dendrify": {
        "method": "leave it out: compartments with dendritic spikes are integrated with 'euler'",
        "namespace": _CONSTANTS,
        "init_rest": "leave it out: compartments start at rest; others start at initial=",
        "init_events": "leave it out: events of the model are always there",
        "N": "give the number of neurons as n=",
    },
}


def refuse_unknown_arguments(owner: str, arguments: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse arguments by name that a description or builder does not have.

    Parameters
    ----------
    owner
        Its name.
    arguments
        Names of the arguments that were given.
    allowed
        Names of those that it has.

    Raises
    ------
    NetworkError
        With the counterpart of a name that scripts of Brian2 and Dendrify use.
    """
    names = tuple(allowed)
    for name in arguments:
        if name not in names:
            remedy = HABITS.get(owner, {}).get(name)
            rest = f"{remedy}." if remedy else suggest_name(name, names)
            raise NetworkError(f"{owner} has no argument {name!r}: {rest}")


def refuses_unknown_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function answer for arguments that it does not have.

    Parameters
    ----------
    function
        A builder of descriptions.
    """
    known = tuple(signature(function).parameters)

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        refuse_unknown_arguments(function.__name__, options, known)
        return function(*arguments, **options)

    return call
