"""Point neurons that a circuit's source publishes, instead of those of the cell types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.catalogue import forms
from dualframe.catalogue.schema import Sourced
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.validation import check_name
from dualframe.network import Description

_LEVELS = tuple(f"GLIF{level}" for level in range(1, 6))
FORMS: Mapping[str, forms.ParameterTable] = {
    **{name: forms.GLIF[name] for name in _LEVELS},
    **forms.IZHIKEVICH,
}


@dataclass(frozen=True, eq=False)
class PointModel(Description):
    """A point neuron as the source of a circuit publishes it.

    The task-driven branch uses it wherever its family is asked for (``"glif"`` or its own level,
    or ``"izhikevich"``); any other model is that of the cell type.

    Parameters
    ----------
    name
        Identifier, unique in the circuit.
    form
        Its equations: ``"GLIF1"`` to ``"GLIF5"``, or a form of Izhikevich's model.
    parameters
        Name -> quantity, the names of the form in `dualframe.catalogue.forms`.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by name.
    """

    name: str
    form: str
    parameters: Mapping[str, Any]
    note: str = ""
    sources: Mapping[str, Sourced] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name, "point model")
        if self.form not in FORMS:
            raise UnknownName(f"form of point model {self.name!r}:", self.form, FORMS)
        self._freeze()

    @property
    def level(self) -> int | None:
        """GLIF level, or None for an Izhikevich form."""
        return int(self.form[4:]) if self.form in _LEVELS else None

    def serves(self, model: str) -> bool:
        """Whether this is a neuron of the model that a builder is asked for."""
        if self.level is None:
            return model == "izhikevich"
        return model in ("glif", f"glif{self.level}")


def read_point(table: Table) -> PointModel:
    """Return the point model of a ``[[models]]`` table; every number has unit and source."""
    form = table.text("form", choices=FORMS)
    table.only("name", "form", FORMS[form].dimensions)
    numbers = table.numbers(FORMS[form], table.text("name"))
    return PointModel(
        table.text("name"), form, numbers.plain(), table.text("note", ""), dict(numbers)
    )
