"""How weights without a unit drive a neuron that takes amperes.

Published networks of abstract neurons have weights in the units of their own potential. Where such
a network is built of a cell type's point neurons instead, an arriving weight w gives the current
``current*w``, which decays with ``tau`` and is cleared by the neuron's next spike; uniform current
noise stands for escape noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import TableForm, joined, numbers_of, text
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.toml_helpers import make_record, plain_values
from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.core.validation import as_not_negative, as_positive, check_name, set_frozen_field
from dualframe.network import ValueRecord

_DIMENSIONS: Dimensions = {"current": "current", "noise": "current", "tau": "time"}
DRIVE = joined(TableForm({"into": text()}), numbers_of(ParameterTable(_DIMENSIONS)))


@dataclass(frozen=True, kw_only=True, eq=False)
class InputDrive(ValueRecord):
    """The current that arriving weights give.

    Attributes
    ----------
    current
        Of an arriving weight of one.
    noise
        Current that is drawn every ms, uniformly from minus to plus this. In another time step it
        is drawn in every step, so large that its sum over a ms has the same variance.
    tau
        Time constant of the current's decay.
    into
        Variable that a weight raises, as in the stated neuron.
    sources
        Origin of the numbers, by field.
    """

    current: Any
    noise: Any
    tau: Any
    into: str
    sources: Mapping[str, Sourced] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_name(self.into, "variable (into) of a drive")
        for name in ("current", "noise"):
            value = as_not_negative(getattr(self, name), "current", f"{name} of a drive")
            set_frozen_field(self, name, value)
        set_frozen_field(self, "tau", as_positive(self.tau, "time", "tau of a drive"))
        self._freeze()


def read_drive(table: Table) -> InputDrive | None:
    """Return the drive of a population's table, if it has any.

    Parameters
    ----------
    table
        Of the population.

    Raises
    ------
    CatalogueError
        If a number is missing or of another dimension.
    """
    drive = table.child("drive")
    if drive is None:
        return None
    drive.only(DRIVE)
    numbers = {key: drive.number(key, dimension) for key, dimension in _DIMENSIONS.items()}
    return make_record(
        drive, InputDrive, into=drive.text("into"), sources=numbers, **plain_values(numbers)
    )
