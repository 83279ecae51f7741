"""What a signal from outside a circuit releases, such as the reward that an agent gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dualframe.core.errors import UnknownName
from dualframe.core.validation import as_finite, check_name, set_frozen_field
from dualframe.network import ValueRecord

#: Parts of a signal: what a file calls it -> text of it, of the signal.
SIGNAL_PARTS = {
    "all": "{0}",
    "positive": "clip({0}, 0, 1e30)",
    "negative": "clip(-{0}, 0, 1e30)",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleaseSignal(ValueRecord):
    """A signal in proportion to which a modulator is released.

    In every step the concentration rises by ``size`` times the value that the signal had at the
    beginning of the step, or falls where that is negative; it never falls below zero.

    Attributes
    ----------
    name
        Of the release.
    source, variable
        A population of one neuron, which is no part of the circuit, and its variable.
    size
        Rise of the concentration per unit of the signal.
    part
        ``"all"`` of the signal, its ``"positive"`` part, or its ``"negative"`` part as a positive
        number.
    """

    name: str
    source: str
    variable: str
    size: Any
    part: str = "all"

    def __post_init__(self) -> None:
        check_name(self.name, "release")
        if self.part not in SIGNAL_PARTS:
            raise UnknownName(
                f"part of the signal of release {self.name!r}:", self.part, SIGNAL_PARTS
            )
        size = as_finite(self.size, "concentration", f"size of release {self.name!r}")
        set_frozen_field(self, "size", size)
        self._freeze()

    def text(self, heard: str) -> str:
        """Return the text of the part of the signal that counts.

        Parameters
        ----------
        heard
            Variable that is the signal.
        """
        return SIGNAL_PARTS[self.part].format(heard)
