"""What a catalogue entry is: frozen records in which every number carries its source and status.

Nothing here reads files (`read`) or knows a simulator. `sourced` has the numbers, `cell_schema` the
cell types; the synapses, receptors and modulators are below.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dualframe.catalogue.cell_type import (
    CellType,
    Compartments,
    Contact,
    Dendrite,
    DendriticSpike,
    Edge,
    Glif,
    GlifPopulation,
    Izhikevich,
    Passive,
    Remark,
)
from dualframe.catalogue.sourced_value import STATUSES, Numbers, Origin, Sourced
from dualframe.core.errors import UnknownName
from dualframe.receptor_effects import EFFECT_KINDS

__all__ = [
    "DIRECTIONS",
    "STATUSES",
    "CellType",
    "Compartments",
    "Contact",
    "Dendrite",
    "DendriticSpike",
    "Edge",
    "Effect",
    "Expression",
    "Glif",
    "GlifPopulation",
    "Izhikevich",
    "Modulator",
    "Numbers",
    "Origin",
    "Passive",
    "Receptor",
    "Remark",
    "Rule",
    "Sourced",
    "Synapse",
    "Uptake",
]

DIRECTIONS = ("excite", "inhibit", "mixed")


@dataclass(frozen=True)
class Synapse:
    """A kind of synapse: ``kinetics`` "exponential" or "dual_exponential", and its numbers.

    ``numbers`` holds ``E`` and ``decay``, ``rise`` if dual-exponential, and with ``block`` the
    magnesium block 1/(1 + Mg exp(-alpha (V + gamma))/beta): ``Mg``, ``alpha``, ``beta``,
    ``gamma``. ``sign`` is +1 for excitatory, -1 for inhibitory kinds.
    """

    name: str
    title: str
    sign: int
    transmitter: str
    kinetics: str
    block: bool
    numbers: Numbers
    origin: Origin
    alternatives: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)


@dataclass(frozen=True)
class Expression:
    """Cell types that express a receptor, and where on the cell if it is known."""

    cells: tuple[str, ...]
    site: str
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a receptor does to a target in some cell types.

    ``kind`` names how it enters a model (`dualframe.receptor_effects`), with f = ``response`` of
    the occupancy, from 0 to 1; ``numbers`` are those of the kind. ``mechanism`` names the channel
    of a conductance, ``synapse`` the kind of synapse (empty: any), ``onto`` the cell types of the
    targets of a release and ``presynaptic`` the cell types a current comes from (empty: all).

    ``response`` is "saturating", f = o, or "inverted_u", which is 1 at the occupancy ``optimum``
    and 0 at the occupancies 0 and 1. ``origin`` is the origin of the *fact*; the numbers carry
    their own status, which is "assumed" where the source gives a direction only. ``direction`` is
    that of excitability. A ``conflict`` contradicts another entry and is never compiled.
    """

    cells: tuple[str, ...]
    target: str
    description: str
    direction: str
    kind: str
    numbers: Numbers
    origin: Origin
    conflict: bool = False
    mechanism: str = ""
    response: str = "saturating"
    synapse: str = ""
    onto: tuple[str, ...] = ()
    presynaptic: tuple[str, ...] = ()

    @property
    def compiled(self) -> bool:
        """Whether the effect enters a model."""
        return EFFECT_KINDS[self.kind].add_equations is not None and not self.conflict


@dataclass(frozen=True)
class Rule:
    """What is known of a receptor's influence on spike-timing-dependent plasticity, as text."""

    text: str
    origin: Origin


@dataclass(frozen=True)
class Receptor:
    """A receptor: what binds, where it is, what it does.

    ``affinity`` holds ``EC50`` and ``hill``, ``kinetics`` holds the time constants ``tau_on``
    and ``tau_off`` of the occupancy. ``desensitisation`` holds ``IC50``, ``hill``, ``tau_fast``,
    ``tau_slow``, ``tau_K`` and ``tau_hill`` (see `dualframe.neuromodulation.occupancy`); None says
    that the receptor does not desensitise in the models. ``modulator`` is a name of the
    modulators.
    """

    name: str
    title: str
    modulator: str
    family: str
    kind: str
    transduction: str
    affinity: Numbers
    kinetics: Numbers
    desensitisation: Numbers | None = None
    affinity_alternatives: tuple[tuple[str, Numbers], ...] = ()
    expressed_by: tuple[Expression, ...] = ()
    effects: tuple[Effect, ...] = ()
    stdp: tuple[Rule, ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    def expressed_in(self, cell: str) -> bool:
        """Whether a cell type is known, or assumed, to express the receptor."""
        return any(cell in expression.cells for expression in self.expressed_by)

    def effects_on(self, cell: str) -> tuple[Effect, ...]:
        """Return all effects on a cell type, compiled or described."""
        return tuple(effect for effect in self.effects if cell in effect.cells)


@dataclass(frozen=True)
class Uptake:
    """Removal of a modulator that saturates: dc/dt = -Vmax c/(Km + c) - k_other c.

    ``numbers`` holds ``Vmax`` (concentration per time), ``Km``, ``k_other`` (first order, by
    anything else), and where the source has it ``release_total``: how much one spike of every
    releasing neuron adds together.
    """

    name: str
    title: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Modulator:
    """A neuromodulator, its release, its clearance and its receptors.

    ``numbers`` holds ``reference_concentration`` (level 1) and ``clearance_tau``, the default
    clearance. ``uptakes`` may be chosen instead; ``alternatives`` are other numbers of sources,
    not used.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    numbers: Numbers
    receptors: tuple[str, ...]
    uptakes: tuple[Uptake, ...] = ()
    alternatives: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    def uptake(self, name: str) -> Uptake:
        """Return an uptake by name."""
        for found in self.uptakes:
            if found.name == name:
                return found
        raise UnknownName(f"uptake of {self.name}", name, [known.name for known in self.uptakes])
