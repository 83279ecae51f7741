"""JSON Schemas of the TOML files, for editors that complete and check them.

They are made from the forms with which the readers check the same files. A schema knows keys,
types, dimensions and names of kinds; what else a file must be, its reader says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dualframe.catalogue.cell_type import CELL
from dualframe.catalogue.drug import drug_form
from dualframe.catalogue.lookup import names
from dualframe.catalogue.modulator import MODULATOR
from dualframe.catalogue.neuron_sets import NEURON_SETS
from dualframe.catalogue.receptor import receptor_form
from dualframe.catalogue.region_data import REGION
from dualframe.catalogue.rule_numbers import RULE
from dualframe.catalogue.synapse import SYNAPSE
from dualframe.catalogue.table_form import Definitions, Entry, Schema
from dualframe.circuit.file_form import CIRCUIT
from dualframe.core.errors import UnknownName
from dualframe.task.file_form import TASK

#: What stands in each kind of file.
FILE_FORMS: Mapping[str, Callable[[], Entry]] = MappingProxyType(
    {
        "circuit": lambda: CIRCUIT.schema,
        "task": lambda: TASK.schema,
        "cell": lambda: CELL.schema,
        "receptor": lambda: receptor_form(names("modulator")).schema,
        "modulator": lambda: MODULATOR.schema,
        "drug": lambda: drug_form(names("receptor")).schema,
        "synapse": lambda: SYNAPSE,
        "plasticity": lambda: RULE,
        "neurons": lambda: NEURON_SETS.schema,
        "populations": lambda: REGION.schema,
    }
)


def schema(kind: str) -> Schema:
    """Return the JSON Schema (draft 7) of a kind of TOML file.

    Parameters
    ----------
    kind
        ``"circuit"``, ``"task"``, ``"cell"`` or ``"receptor"``; of the catalogue also
        ``"modulator"``, ``"drug"``, ``"synapse"``, ``"plasticity"``, ``"neurons"`` and
        ``"populations"``.

    Returns
    -------
    dict
        Registered kinds of users are among its choices.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if kind not in FILE_FORMS:
        raise UnknownName("kind of file", kind, FILE_FORMS)
    definitions: Definitions = {}
    content = FILE_FORMS[kind]()(definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"dualframe {kind}",
        **({"allOf": [content]} if "$ref" in content else content),
        "definitions": definitions,
    }
