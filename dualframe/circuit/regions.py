"""Where populations lie: named regions, between which modulators may be exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.circuit.components import CircuitPopulation
from dualframe.circuit.pharmacology import Modulation
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_positive, check_name, check_unique, set_frozen_field
from dualframe.network import ValueRecord


@dataclass(frozen=True, eq=False)
class Region(ValueRecord):
    """A region in which a modulator is mixed well.

    Parameters
    ----------
    name
        Identifier, unique in the circuit.
    volume
        What its concentrations stand for, in exchange with other regions: a volume, or a number
        relative to the other regions. All regions of a circuit have either.
    note
        A remark for the reader.
    """

    name: str
    volume: Any = 1.0
    note: str = ""

    def __post_init__(self) -> None:
        check_name(self.name, "region")
        label = f"volume of region {self.name!r}"
        volume = quantity(self.volume, None, label)
        plain = get_dimensions(volume) is DIMENSIONLESS
        set_frozen_field(
            self, "volume", as_positive(volume, "dimensionless" if plain else "volume", label)
        )
        self._freeze()


def check_regions(
    circuit: str,
    regions: Sequence[Region],
    populations: Iterable[CircuitPopulation],
    modulations: Sequence[Modulation],
) -> None:
    """Refuse regions, populations and modulations that do not fit together.

    Parameters
    ----------
    circuit
        Name of the circuit, for the errors.
    regions, populations, modulations
        Those of the circuit.

    Raises
    ------
    NetworkError
        If a population lies in no region although there are regions, volumes cannot be compared,
        or a modulator is given twice in one region.
    UnknownName
        If something names a region that the circuit does not have.
    """
    names = [region.name for region in regions]
    check_unique(names)
    if len({get_dimensions(region.volume) for region in regions}) > 1:
        raise NetworkError(
            f"regions of circuit {circuit!r}: give every volume as a volume, or every one as "
            f"a plain number."
        )
    for population in populations:
        if names and not population.region:
            raise NetworkError(
                f"population {population.name!r} lies in no region: give it one of "
                f"{', '.join(names)}."
            )
        _check_known(population.region, names, f"region of population {population.name!r}:")
    for modulation in modulations:
        label = f"modulation by {modulation.modulator!r}"
        _check_known(modulation.region, names, f"region of {label}:")
        for other in modulation.exchange:
            _check_known(other, names, f"region in the exchange of {label}:")
            if other == modulation.region:
                raise NetworkError(f"exchange of {label}: {other!r} is the region itself.")
    check_once([(m.modulator, m) for m in modulations], region_names(regions))


def check_once(
    modulations: Iterable[tuple[str, Modulation]], region_names: tuple[str, ...]
) -> None:
    """Refuse a modulator or an exchange that is given twice.

    Parameters
    ----------
    modulations
        Names of modulators, and what the circuit says of them.
    region_names
        Of the circuit; without a region a modulation is in all of them.

    Raises
    ------
    NetworkError
        Naming the modulator and the region.
    """
    places, pairs = [], []
    for name, modulation in modulations:
        regions = (modulation.region,) if modulation.region else region_names
        places += [(name, region) for region in regions]
        pairs += [(name, *sorted((modulation.region, other))) for other in modulation.exchange]
    for name, region in places:
        if places.count((name, region)) > 1:
            where = f" in region {region!r}" if region else ""
            raise NetworkError(f"modulation by {name!r} is given twice{where}: give it once.")
    for pair in pairs:
        if pairs.count(pair) > 1:
            name, first, second = pair
            raise NetworkError(
                f"exchange of {name!r} between {first!r} and {second!r} is given twice: give it "
                f"in one of the two regions."
            )


def region_names(regions: Iterable[Region]) -> tuple[str, ...]:
    """Return the names of regions; a circuit without regions is one, called ""."""
    return tuple(region.name for region in regions) or ("",)


def _check_known(name: str, names: list[str], label: str) -> None:
    if name and name not in names:
        raise UnknownName(label, name, names)
