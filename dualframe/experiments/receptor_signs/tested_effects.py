"""The entries of the sign test: each compiled effect of each receptor on each cell type, alone.

An effect is switched off by the value of its number that changes nothing (``size`` 0, ``scale``
1), so that all effects on a cell share one set of equations.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dualframe import catalogue
from dualframe.catalogue import CellType, Effect, Receptor
from dualframe.catalogue.lookup import names
from dualframe.receptor_effects import EFFECT_KINDS, PLASTICITY_FACTORS, ActsOn, EffectKind

SIGN: Mapping[str, int] = MappingProxyType({"excite": 1, "inhibit": -1, "mixed": 0})


@dataclass(frozen=True)
class TestedEffect:
    """One effect of one receptor on one cell type.

    Attributes
    ----------
    receptor, cell, effect
        As the catalogue has them.
    tag
        The ending of the names of its numbers in equations.
    references
        What the receptor and the cell were asked for by: a name, or the path of a user's file.
    """

    receptor: Receptor
    cell: CellType
    effect: Effect
    tag: str
    references: tuple[str, str]

    @property
    def kind(self) -> EffectKind:
        """Kind of the effect."""
        return EFFECT_KINDS[self.effect.kind]

    @property
    def acts_on(self) -> ActsOn:
        """What of a cell or of its synapses it changes."""
        return self.kind.acts_on

    @property
    def synaptic(self) -> bool:
        """Whether it changes currents of synapses, or release."""
        return self.acts_on in (ActsOn.SYNAPSES, ActsOn.TERMINALS)

    @property
    def occupancy(self) -> float:
        """Occupancy at which the effect is largest: 1, or the optimum of an inverted U."""
        if self.effect.response == "saturating":
            return 1.0
        return float(self.effect.numbers.value("optimum"))

    @property
    def occupancy_parameter(self) -> str:
        """The parameter that is the occupancy of the receptor under its agonist."""
        return f"saturated_{self.receptor.name}"

    @property
    def size(self) -> str:
        """The number that says how large the effect is, as the catalogue writes it."""
        return ", ".join(f"{n} {self.effect.numbers[n].written}" for n in self._sizes)

    @property
    def status(self) -> str:
        """Status of that number."""
        return ", ".join(dict.fromkeys(self.effect.numbers[n].status for n in self._sizes))

    @property
    def _sizes(self) -> tuple[str, ...]:
        if self.acts_on is ActsOn.PLASTICITY:
            return tuple(name for name in PLASTICITY_FACTORS if name in self.effect.numbers)
        return (self.kind.sign_test.size,) if self.kind.sign_test else ()

    @property
    def change(self) -> float:
        """Size of the effect less the size that changes nothing."""
        if self.kind.sign_test is None:
            return 0.0
        name = self.kind.sign_test.size
        return float(self.effect.numbers.value(name) - self.kind.neutral[name])

    def switched_off(self) -> dict[str, Any]:
        """Parameters with which the effect does nothing."""
        test = self.kind.sign_test
        return {f"{test.size}_{self.tag}": self.kind.neutral[test.size]} if test else {}

    def switched_on(self) -> dict[str, Any]:
        """Parameters with which it does what the catalogue says."""
        test = self.kind.sign_test
        return {f"{test.size}_{self.tag}": self.effect.numbers.value(test.size)} if test else {}


def effects_to_test(
    receptors: Iterable[str | os.PathLike[str]] | None = None,
    cells: Iterable[str | os.PathLike[str]] | None = None,
) -> list[TestedEffect]:
    """Return the compiled effects of receptors on cell types, each pair apart.

    Parameters
    ----------
    receptors, cells
        Names, or paths of a user's files; the default is the whole catalogue.
    """
    types = [str(name) for name in (names("cell type") if cells is None else cells)]
    tested: list[TestedEffect] = []
    for name in names("receptor") if receptors is None else receptors:
        receptor = catalogue.receptor(name)
        for reference in types:
            cell = catalogue.cell(reference)
            effects = [effect for effect in receptor.effects_on(cell.name) if effect.compiled]
            tested += [
                TestedEffect(receptor, cell, effect, f"{receptor.name}_{k}", (str(name), reference))
                for k, effect in enumerate(effects)
            ]
    return tested


def expected_sign(tested: TestedEffect) -> int:
    """Sign of the catalogued direction: +1 excites, -1 inhibits, 0 is not one of them."""
    return SIGN[tested.effect.direction]
