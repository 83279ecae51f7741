"""Where populations lie: named regions, between which modulators may be exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_positive, check_name, check_unique, set_frozen_field
from dualframe.network import Description

if TYPE_CHECKING:
    from dualframe.circuit.circuit import Circuit


@dataclass(frozen=True, eq=False)
class Region(Description):
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
        what = f"volume of region {self.name!r}"
        volume = quantity(self.volume, None, what)
        plain = get_dimensions(volume) is DIMENSIONLESS
        set_frozen_field(
            self, "volume", as_positive(volume, "dimensionless" if plain else "volume", what)
        )
        self._freeze()


def check_regions(circuit: Circuit) -> None:
    """Refuse regions, populations and modulations that do not fit together.

    Raises
    ------
    NetworkError
        If a population lies in no region although there are regions, volumes cannot be compared,
        or a modulator is given twice in one region.
    UnknownName
        If something names a region that the circuit does not have.
    """
    names = [region.name for region in circuit.regions]
    check_unique(names)
    if len({get_dimensions(region.volume) for region in circuit.regions}) > 1:
        raise NetworkError(
            f"regions of circuit {circuit.name!r}: give every volume as a volume, or every one as "
            f"a plain number."
        )
    for population in circuit.populations:
        if names and not population.region:
            raise NetworkError(
                f"population {population.name!r} lies in no region: give it one of "
                f"{', '.join(names)}."
            )
        _known(population.region, names, f"region of population {population.name!r}:")
    for given in circuit.modulations:
        what = f"modulation by {given.modulator!r}"
        _known(given.region, names, f"region of {what}:")
        for other in given.exchange:
            _known(other, names, f"region in the exchange of {what}:")
            if other == given.region:
                raise NetworkError(f"exchange of {what}: {other!r} is the region itself.")
    check_once(circuit, {given.modulator: given.modulator for given in circuit.modulations})


def check_once(circuit: Circuit, names: Mapping[str, str]) -> None:
    """Refuse a modulator or an exchange that is given twice; ``names`` resolves aliases."""
    places, pairs = [], []
    for given in circuit.modulations:
        name = names[given.modulator]
        regions: Iterable[str] = [given.region] if given.region else region_names(circuit)
        places += [(name, region) for region in regions]
        pairs += [(name, *sorted((given.region, other))) for other in given.exchange]
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


def region_names(circuit: Circuit) -> tuple[str, ...]:
    """Return the names of the regions; a circuit without regions is one, called ""."""
    return tuple(region.name for region in circuit.regions) or ("",)


def _known(name: str, names: list[str], what: str) -> None:
    if name and name not in names:
        raise UnknownName(what, name, names)
