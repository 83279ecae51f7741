"""What a cell type is: passive rows, point sets, compartments, and what else is known."""

from __future__ import annotations

from dataclasses import dataclass, field

from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.core.errors import UnknownName


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
