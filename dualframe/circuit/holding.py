"""The potential at which the soma was held when a contact's amplitude was recorded.

A potential, or ``"rest"``. Where none is stated it is None: rest is assumed, and said to be. In a
circuit's file it stands with the strength, ``psp = { value = "0.4 mV", holding = "-55 mV" }``, or
in the table ``[holding]`` for all contacts of a kind of synapse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.toml_table import Table
from dualframe.core.quantity import quantity_text
from dualframe.core.validation import as_finite

#: The word for a soma that no current holds.
REST = "rest"


def as_holding(value: Any, label: str) -> Any:
    """Return a potential, ``"rest"`` or None, checked.

    Parameters
    ----------
    value
        The potential, a text of it, or ``"rest"``.
    label
        The contact, for the errors.
    """
    if value is None or (isinstance(value, str) and value == REST):
        return value
    return as_finite(value, "voltage", f"holding of {label} (a potential, or 'rest')")


def holding_text(holding: Any) -> str:
    """Return where a soma was held, to stand behind an amplitude."""
    if holding is None:
        return "at rest (assumed)"
    return "at rest" if isinstance(holding, str) else f"at {quantity_text(holding)}"


def read_holding(table: Table, key: str, defaults: Mapping[str, Sourced]) -> Sourced | None:
    """Return the potential that the strength of a contact states, or that of its synapse.

    Parameters
    ----------
    table
        Of the contact.
    key
        Of its strength.
    defaults
        By kind of synapse, those that the circuit states for all.
    """
    if isinstance(table.data[key], Mapping) and "holding" in table.data[key]:
        return table.need(key).number("holding", "voltage", words=(REST,))
    return defaults.get(table.texts("synapse")[0])


def read_holdings(table: Table | None) -> dict[str, Sourced]:
    """Return the potentials of a table ``[holding]``, by kind of synapse."""
    if table is None:
        return {}
    return {name: table.number(name, "voltage", words=(REST,)) for name in table.data}
