"""What an agent can do in an environment: one of several actions, or numbers between bounds."""

from __future__ import annotations

from dataclasses import dataclass

from dualframe.core.validation import check_count
from dualframe.network import ValueRecord


@dataclass(frozen=True, eq=False)
class Discrete(ValueRecord):
    """One of ``n`` actions, by its index in the environment's input variable ``action``.

    The equations read it as ``choice``: the nearest index that there is.
    """

    n: int

    def __post_init__(self) -> None:
        check_count(self.n, "number of actions of Discrete")

    def __str__(self) -> str:
        return f"one of {self.n}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input variables of the environment."""
        return ("action",)

    @property
    def equations(self) -> str:
        """The line that reads the action."""
        return f"choice = clip(floor(action + 0.5), 0, {self.n - 1}) : 1"


@dataclass(frozen=True, eq=False)
class Box(ValueRecord):
    """Numbers between bounds, one per input variable.

    The bounds are what an agent may ask for; what lies outside is what the equations make of it.
    """

    inputs: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        self._freeze()

    def __str__(self) -> str:
        triples = zip(self.inputs, self.low, self.high, strict=True)
        return ", ".join(f"{name} in [{low:g}, {high:g}]" for name, low, high in triples)

    @property
    def equations(self) -> str:
        """The equations read the input variables themselves."""
        return ""


@dataclass(frozen=True, eq=False)
class Observation(ValueRecord):
    """A variable that agents may see, and its bounds."""

    name: str
    low: float = float("-inf")
    high: float = float("inf")
