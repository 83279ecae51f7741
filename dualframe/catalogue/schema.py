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
EFFECT_KINDS = (
    "conductance",
    "hcn",
    "leak",
    "rest",
    "adaptation",
    "threshold",
    "dspike",
    "release",
    "gain",
    "plasticity",
    "described",
)
RESPONSES = ("saturating", "inverted_u")
GAIN_SYNAPSES = ("AMPA", "NMDA", "GABA_A", "GABA_B")


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
    stimulus "noise 2" (dimensionless). ``dt`` is the time step of the fit, where it is known.
    """

    form: str
    label: str
    specimen: str
    numbers: Numbers
    origin: Origin
    explained_variance: Sourced | None = None
    dt: Sourced | None = None

    @property
    def level(self) -> int | None:
        """GLIF level 1 to 5, or None for another form."""
        return int(self.form[4:]) if self.form.startswith("GLIF") else None


@dataclass(frozen=True)
class GlifPopulation:
    """Medians over the GLIF3 fits of many cells, with the Allen names of these where listed.

    For orientation and for drawing whole specimens from the user's own files. After-spike
    currents have no place here: each cell has its own time constants, so they are not averaged.
    """

    label: str
    specimens: tuple[str, ...]
    numbers: Numbers
    origin: Origin


@dataclass(frozen=True)
class Remark:
    """What else is known of a cell type, as text and possibly numbers, and enters no model."""

    text: str
    numbers: Numbers
    origin: Origin


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

    ``rule`` is "explicit" (``globals``, ``soma``, ``dendrites``, ``edges``, ``dspikes``),
    "burst" (`forms.BURST`: the lumped two-compartment cell of Naud and Sprekeler, ``burst``), or
    "matched_passive": a soma and one dendrite "dend" whose leak and capacitance follow from the
    cell's r_in and tau_m with ``split`` (``dendritic_share`` s, ``attenuation`` a):
    1/r_in = G ((1-s) + a s), g_dend = s G, g_soma = (1-s) G, g_couple = a g_dend/(1-a),
    C = tau_m g. ``soma`` holds what ``soma_model`` needs beyond the size or the leak.
    ``stand_in`` says that the layout was not published for this cell type.
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
    burst: Numbers = field(default_factory=Numbers)
    dendrites: tuple[Dendrite, ...] = ()
    edges: tuple[Edge, ...] = ()
    dspikes: tuple[DendriticSpike, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Compartment names, soma first."""
        if self.rule in ("matched_passive", "burst"):
            return ("soma", "dend")
        return ("soma", *(dendrite.name for dendrite in self.dendrites))


@dataclass(frozen=True)
class CellType:
    """A cell type of the catalogue: one entry, from which both branches build.

    ``sign`` is Dale's: +1 excitatory, -1 inhibitory, 0 modulatory. The first Izhikevich set, and
    the first GLIF set of a level, is the default one. ``glif_populations`` and ``remarks`` enter
    no model.
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
    glif_populations: tuple[GlifPopulation, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def izhikevich_set(self, form: str | None = None) -> Izhikevich:
        """Return the default Izhikevich set, or the first of a form or with a label."""
        for chosen in self.izhikevich:
            if form in (None, chosen.form, chosen.label):
                return chosen
        choices = [chosen.form for chosen in self.izhikevich]
        raise UnknownName(f"Izhikevich form of {self.name}", form or "default", choices)

    def glif_set(self, form: str | int) -> Glif:
        """Return the first stored GLIF set of a form ("GLIF3") or level (3)."""
        name = f"GLIF{form}" if isinstance(form, int) else form
        for chosen in self.glif:
            if chosen.form == name:
                return chosen
        raise UnknownName(f"GLIF set of {self.name}", name, [g.form for g in self.glif])

    def glif_specimen(self, specimen: str | int, form: str | int | None = None) -> Glif:
        """Return the stored fit of a named Allen specimen: of a form or level, or the lowest.

        Raises
        ------
        UnknownName
            If no such specimen, or no such fit of it, is stored.
        """
        own = [chosen for chosen in self.glif if chosen.specimen == str(specimen)]
        if not own:
            stored = dict.fromkeys(chosen.specimen for chosen in self.glif if chosen.specimen)
            raise UnknownName(f"GLIF specimen of {self.name}", specimen, stored)
        if form is None:
            return min(own, key=lambda chosen: chosen.form)
        name = f"GLIF{form}" if isinstance(form, int) else form.upper()
        for chosen in own:
            if chosen.form == name:
                return chosen
        raise UnknownName(f"fit of specimen {specimen}", form, [chosen.form for chosen in own])


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

    ``kind`` says how it enters a model, with f = ``response`` of the occupancy, from 0 to 1:

    ===========  ==================================================================================
    conductance  ``size`` (fraction of the leak at f = 1, negative where a conductance closes),
                 ``reversal``; ``mechanism`` names the channel
    hcn          ``scale`` of the HCN conductance at f = 1, its ``share`` of the resting leak,
                 ``v_half``, ``slope``, ``tau``, ``reversal``
    leak         ``scale`` of the leak conductance
    rest         ``shift`` (voltage) of the resting potential
    adaptation   ``scale`` of the adaptation
    threshold    ``shift`` (voltage) of the spike threshold
    dspike       ``scale`` of the conductances of dendritic spikes
    release      ``scale`` of the transmitter release of these cells; ``onto`` the cell types of
                 the targets (empty: all), ``synapse`` the kind (empty: any)
    gain         ``scale`` of the currents of ``synapse`` onto these cells; ``presynaptic`` the cell
                 types that they come from (empty: all, and background)
    plasticity   ``ltp``, ``ltd``, ``rate``, ``eligibility``: factors at f = 1
    described    known, not compiled
    ===========  ==================================================================================

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
        return self.kind != "described" and not self.conflict


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
    ``tau_slow``, ``tau_K`` and ``tau_hill`` (see `dualframe.modulation.occupancy`); None says
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
