"""A parameter of a membrane becomes an expression: the one way in which effects change a model.

The parameter ``d`` keeps its name and its value. A line ``d_modulated = <expression> : amp`` is
added, and the membrane's own text, its equations, threshold, reset and events, reads
``d_modulated`` wherever it read ``d``. What others add to the equations (modulatory conductances,
synapses) still reads ``d``: a fraction of the leak is a fraction of the leak at control.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from brian2.utils.stringtools import word_substitute

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import unit_of
from dualframe.network import Event

T = TypeVar("T")
_TEXTS = ("equations", "threshold", "reset", "second_reset", "refractory")


def substitute_parameters(model: T, changes: Mapping[str, str]) -> T:
    """Return a membrane or population in which parameters are expressions.

    Parameters
    ----------
    model
        A record with ``equations``, ``parameters`` and other texts of a neuron.
    changes
        Parameter -> expression, in terms of the parameter itself and of variables that are
        defined elsewhere: ``{"d": "d*(1 + (scale_M1_1 - 1)*o_M1)"}``. Empty leaves no trace.

    Raises
    ------
    UnknownName
        If the model has no such parameter.
    """
    if not changes:
        return model
    record: Any = model
    for name in changes:
        if name not in record.parameters:
            raise UnknownName("parameter that an effect changes:", name, record.parameters)
    names = {name: f"{name}_modulated" for name in changes}
    new: dict[str, Any] = {}
    for key in {item.name for item in fields(record)} & set(_TEXTS):
        text = getattr(record, key)
        if isinstance(text, str):
            new[key] = word_substitute(text, names)
    lines = [
        f"{names[name]} = {expression} : {unit_of(record.parameters[name])}"
        for name, expression in changes.items()
    ]
    new["equations"] = "\n".join([new["equations"], *lines])
    if hasattr(record, "events"):
        new["events"] = tuple(_rename_in_event(event, names) for event in record.events)
    changed: T = replace(record, **new)
    return changed


def _rename_in_event(event: Event, names: Mapping[str, str]) -> Event:
    return replace(
        event,
        condition=word_substitute(event.condition, names),
        action=word_substitute(event.action, names),
    )
