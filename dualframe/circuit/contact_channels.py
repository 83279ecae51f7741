"""The channels of a contact in their one form: conductances, kinetics and reversal by synapse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import as_finite, as_names, as_positive
from dualframe.synapses.registry import SYNAPSE_KINETICS


def conductance_ratios(value: Any, label: str) -> dict[str, float]:
    """Return the conductance of each kind of synapse relative to the first.

    Parameters
    ----------
    value
        The ratios, or one or several names of equal conductance.
    label
        The contact, for the errors.
    """
    if not isinstance(value, Mapping):
        value = dict.fromkeys(as_names(value, f"synapses of {label}"), 1.0)
    if not value:
        raise NetworkError(f"{label} has no synapse: expected for example 'AMPA'.")
    ratios = {
        name: float(as_positive(ratio, "dimensionless", f"ratio of {name} in {label}"))
        for name, ratio in value.items()
    }
    first = next(iter(ratios))
    if ratios[first] != 1:
        raise NetworkError(
            f"{label}: conductances are relative to the first synapse, so that of {first} is 1, "
            f"not {ratios[first]}."
        )
    return ratios


def kinetics_by_synapse(
    value: Mapping[str, Any], synapses: Iterable[str], label: str
) -> dict[str, Any]:
    """Return the kinetics of the kinds of synapse that have their own, checked.

    Parameters
    ----------
    value
        Kinetics by synapse, or those of the first alone.
    synapses
        Of the contact.
    label
        The contact, for the errors.
    """
    if "kind" in value:  # short for the kinetics of a projection's only, or first, synapse
        value = {next(iter(synapses)): value}
    for name in value:
        if name not in synapses:
            raise UnknownName(f"synapse in the kinetics of {label}:", name, synapses)
    return {
        name: _one_kinetics(form, f"{name} kinetics of {label}") for name, form in value.items()
    }


def reversal_by_synapse(value: Any, synapses: tuple[str, ...], label: str) -> dict[str, Any]:
    """Return the reversal potentials of the kinds of synapse that have their own.

    Parameters
    ----------
    value
        Potentials by synapse, or one where there is one synapse.
    synapses
        Of the contact.
    label
        The contact, for the errors.
    """
    if not isinstance(value, Mapping):
        if len(synapses) > 1:
            raise NetworkError(
                f"reversal of {label} is {value}, but it has {', '.join(synapses)}: give one for "
                f"each, like {{{synapses[0]!r}: {value!r}}}."
            )
        value = {synapses[0]: value}
    for name in value:
        if name not in synapses:
            raise UnknownName(f"synapse in the reversal of {label}:", name, synapses)
    return {
        name: as_finite(potential, "voltage", f"reversal of {name} in {label}")
        for name, potential in value.items()
    }


def _one_kinetics(value: Mapping[str, Any], label: str) -> dict[str, Any]:
    if "kind" not in value:
        kinds = ", ".join(SYNAPSE_KINETICS)
        raise NetworkError(f"{label} name no kind: expected kind, one of {kinds}, and its times.")
    kind = str(value["kind"])
    if kind not in SYNAPSE_KINETICS:
        raise UnknownName(f"kind in the {label}:", kind, SYNAPSE_KINETICS)
    form = SYNAPSE_KINETICS[kind].parameters.required
    for name in value:
        if name != "kind" and name not in form:
            raise UnknownName(f"parameter in the {label}:", name, form)
    missing = [name for name in form if name not in value]
    if missing:
        raise NetworkError(f"{label} lack {', '.join(missing)}: {kind} needs {', '.join(form)}.")
    numbers = {
        name: as_positive(value[name], dimension, f"{name} in the {label}")
        for name, dimension in form.items()
    }
    return {"kind": kind} | numbers
