"""What a catalogue entry is: frozen records in which every number carries its source and status.

Nothing here reads files (`read`) or knows a simulator. The four statuses, from firm to soft:

``measured``
    read in a table, caption or abstract of an experiment;
``published model``
    a parameter of a published model, fitted or chosen by its authors;
``derived``
    computed from other entries of this catalogue, by a rule that the note states;
``assumed``
    chosen by dualframe because no source was found. It is shown as such wherever it appears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dualframe.errors import UnknownName
from dualframe.quantity import text

STATUSES = ("measured", "published model", "derived", "assumed")
DIRECTIONS = ("excite", "inhibit", "mixed")
EFFECT_KINDS = ("conductance", "adaptation", "described")


@dataclass(frozen=True)
class Sourced:
    """A number with its origin.

    Parameters
    ----------
    value
        A Brian2 quantity, or a float where it has no dimension.
    source
        Keys of ``references.bib``.
    status
        One of `STATUSES`.
    note
        What a reader must know before using the number.
    written
        The text in the data file, with the source's own digits and unit. Two numbers are equal
        if they are written the same and have the same origin.
    error, error_is, n
        Spread as the source prints it, what it is ("SD", "SEM"), and the number of cells.
    """

    value: Any = field(compare=False)
    source: tuple[str, ...]
    status: str
    note: str = ""
    written: str = ""
    error: Any = field(default=None, compare=False)
    error_is: str = ""
    n: int | None = None

    def __post_init__(self) -> None:
        if not self.written:
            object.__setattr__(self, "written", text(self.value))

    @property
    def assumed(self) -> bool:
        """Whether the number is a choice of dualframe and not a finding."""
        return self.status == "assumed"


@dataclass(frozen=True, eq=False, repr=False)
class Numbers(Mapping[str, Sourced]):
    """An immutable table of numbers by parameter name.

    ``numbers["C"]`` is the `Sourced` entry, ``numbers.value("C")`` its quantity, and
    ``numbers.plain()`` a new dictionary of all quantities. ``note`` is the remark on the table.
    """

    where: str = ""
    pairs: tuple[tuple[str, Sourced], ...] = ()
    note: str = ""

    def __getitem__(self, name: str) -> Sourced:
        for known, number in self.pairs:
            if known == name:
                return number
        raise UnknownName(f"{self.where} parameter".strip(), name, self)

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self.pairs)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.pairs])

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        return hash(frozenset(self.pairs))

    def __repr__(self) -> str:
        return "Numbers(" + ", ".join(f"{k}={v.written!r}" for k, v in self.pairs) + ")"

    def value(self, name: str) -> Any:
        """Return the quantity of one parameter."""
        return self[name].value

    def plain(self) -> dict[str, Any]:
        """Return the quantities by name, without their origins."""
        return {name: number.value for name, number in self.pairs}


@dataclass(frozen=True)
class Origin:
    """Where a block of facts comes from: keys of ``references.bib``, status and remark."""

    source: tuple[str, ...] = ()
    status: str = "assumed"
    note: str = ""


@dataclass(frozen=True)
class Passive:
    """Resting and threshold properties of one preparation. Rows are never averaged over sources.

    ``numbers`` holds any of the names of `forms.PASSIVE`: ``v_rest``, ``r_in``, ``tau_m``,
    ``threshold``, ``rheobase``, ...
    """

    label: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Izhikevich:
    """One Izhikevich parameter set; ``form`` names its equations in `forms.IZHIKEVICH`."""

    form: str
    label: str
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Glif:
    """One generalised leaky integrate-and-fire set; ``form`` is a key of `forms.GLIF`.

    ``specimen`` is the Allen cell of which the set is a fit, "" for derived sets. ``th_inf`` is
    the threshold above ``E_L``. ``explained_variance`` is that of the fit on the Allen
    stimulus "noise 2" (dimensionless).
    """

    form: str
    label: str
    specimen: str
    numbers: Numbers
    origin: Origin
    explained_variance: Sourced | None = None

    @property
    def level(self) -> int | None:
        """GLIF level 1 to 5, or None for another form."""
        return int(self.form[4:]) if self.form.startswith("GLIF") else None


@dataclass(frozen=True)
class Contact:
    """A synapse that the published cell has on a dendrite: its kind, pathway, g and times."""

    synapse: str
    pathway: str
    numbers: Numbers


@dataclass(frozen=True)
class Dendrite:
    """A cylinder (``length``, ``diameter``) and the contacts that the published cell has on it."""

    name: str
    numbers: Numbers
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Edge:
    """Two coupled compartments. ``coupling`` None means: half cylinders and ``r_axial``."""

    first: str
    second: str
    coupling: Sourced | None = None


@dataclass(frozen=True)
class DendriticSpike:
    """A dendritic spike mechanism and the compartments that have it.

    Conductances are ``g_rise`` and ``g_fall`` (siemens), or ``gbar_rise`` and ``gbar_fall``
    (siemens per geometric membrane area).
    """

    kind: str
    compartments: tuple[str, ...]
    numbers: Numbers


@dataclass(frozen=True)
class Compartments:
    """The dendritic layout of a cell type.

    ``rule`` is "explicit" (``globals``, ``soma``, ``dendrites``, ``edges``, ``dspikes``) or
    "matched_passive": a soma and one dendrite "dend" whose leak and capacitance follow from the
    cell's r_in and tau_m with ``split`` (``dendritic_share`` s, ``attenuation`` a):
    1/r_in = G ((1-s) + a s), g_dend = s G, g_soma = (1-s) G, g_couple = a g_dend/(1-a),
    C = tau_m g. ``stand_in`` says that the layout was not published for this cell type.
    """

    rule: str
    layout: str
    stand_in: bool
    soma_model: str
    spike: Numbers
    origin: Origin
    split: Numbers = field(default_factory=Numbers)
    globals: Numbers = field(default_factory=Numbers)
    soma: Numbers = field(default_factory=Numbers)
    dendrites: tuple[Dendrite, ...] = ()
    edges: tuple[Edge, ...] = ()
    dspikes: tuple[DendriticSpike, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Compartment names, soma first."""
        if self.rule == "matched_passive":
            return ("soma", "dend")
        return ("soma", *(dendrite.name for dendrite in self.dendrites))


@dataclass(frozen=True)
class CellType:
    """A cell type of the catalogue: one entry, from which both branches build.

    ``sign`` is Dale's: +1 excitatory, -1 inhibitory, 0 modulatory. The first Izhikevich set is
    the default one.
    """

    name: str
    title: str
    region: str
    layer: str
    sign: int
    transmitter: str
    dale: Origin
    passive: Passive | None = None
    passive_alternatives: tuple[Passive, ...] = ()
    izhikevich: tuple[Izhikevich, ...] = ()
    glif: tuple[Glif, ...] = ()
    compartments: Compartments | None = None
    note: str = ""
    file: str = field(default="", compare=False)

    def izhikevich_set(self, form: str | None = None) -> Izhikevich:
        """Return the default Izhikevich set, or the first of a form or with a label."""
        for chosen in self.izhikevich:
            if form in (None, chosen.form, chosen.label):
                return chosen
        choices = [chosen.form for chosen in self.izhikevich]
        raise UnknownName(f"Izhikevich form of {self.name}", form or "default", choices)

    def glif_set(self, form: str | int) -> Glif:
        """Return the stored GLIF set of a form ("GLIF3") or level (3)."""
        name = f"GLIF{form}" if isinstance(form, int) else form
        for chosen in self.glif:
            if chosen.form == name:
                return chosen
        raise UnknownName(f"GLIF set of {self.name}", name, [g.form for g in self.glif])


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


@dataclass(frozen=True)
class Effect:
    """What a receptor does to a target in some cell types.

    ``kind`` says how it enters a model: "conductance" (``size``, a fraction of the cell's leak
    conductance at full occupancy, negative where a resting conductance closes, and
    ``reversal``), "adaptation" (``scale``, the factor at full occupancy), or "described" (known,
    not compiled). ``origin`` is the origin of the *fact*; the numbers carry their own status,
    which is "assumed" where the source gives a direction only.
    """

    cells: tuple[str, ...]
    target: str
    description: str
    direction: str
    kind: str
    numbers: Numbers
    origin: Origin
    conflict: bool = False

    @property
    def compiled(self) -> bool:
        """Whether the effect enters a model."""
        return self.kind != "described"


@dataclass(frozen=True)
class Rule:
    """What is known of a receptor's influence on spike-timing-dependent plasticity, as text."""

    text: str
    origin: Origin


@dataclass(frozen=True)
class Receptor:
    """A receptor: what binds, where it is, what it does.

    ``affinity`` holds ``EC50`` and ``hill``, ``kinetics`` holds the time constants ``tau_on``
    and ``tau_off`` of the occupancy. ``modulator`` is a name of the modulators.
    """

    name: str
    title: str
    modulator: str
    family: str
    kind: str
    transduction: str
    affinity: Numbers
    kinetics: Numbers
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
class Modulator:
    """A neuromodulator: ``reference_concentration`` (level 1), ``clearance_tau``, receptors."""

    name: str
    title: str
    aliases: tuple[str, ...]
    numbers: Numbers
    receptors: tuple[str, ...]
    note: str = ""
    file: str = field(default="", compare=False)
