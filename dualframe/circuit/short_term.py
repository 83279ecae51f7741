"""Short-term plasticity of a circuit's projections, as its file has it."""

from __future__ import annotations

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.toml_helpers import make, values
from dualframe.synapses.short_term_plasticity import PARAMETERS, ShortTerm

__all__ = ["ShortTerm", "read_short_term"]


def read_short_term(table: Table, numbers: dict[str, Sourced]) -> ShortTerm | None:
    """Return the short-term plasticity of a projection's table, if it has any; add its numbers."""
    given = table.child("short_term")
    if given is None:
        return None
    given.only(PARAMETERS.required)
    found = {name: given.number(name, dimension) for name, dimension in PARAMETERS.required.items()}
    numbers |= {f"short_term.{name}": number for name, number in found.items()}
    return make(given, ShortTerm, **values(found))
