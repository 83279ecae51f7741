"""Catalogue entries as text for people: every value with its source, every assumption marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from dualframe.catalogue import fitted_models as fits
from dualframe.catalogue.bibliography import citation
from dualframe.catalogue.cell_type import CellType
from dualframe.catalogue.compartment_parameters import SOMA
from dualframe.catalogue.compartments import Compartments
from dualframe.catalogue.drug import DrugProfile
from dualframe.catalogue.modulator import Modulator
from dualframe.catalogue.neuron_sets import NeuronEntry, receptor_places
from dualframe.catalogue.point_neuron_set import PointNeuronSet
from dualframe.catalogue.receptor import Receptor
from dualframe.catalogue.receptor_effect import Effect
from dualframe.catalogue.region_data import PopulationData
from dualframe.catalogue.rule_numbers import RuleParameterSets
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.stated_passive import passive_remarks
from dualframe.catalogue.synapse import Synapse
from dualframe.core.quantity import quantity
from dualframe.neurons.burst_neuron import BURST_PARAMETERS
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.plasticity.registry import PLASTICITY_RULES
from dualframe.receptor_effects import EFFECT_KINDS

Entry: TypeAlias = (
    CellType
    | Synapse
    | Receptor
    | Modulator
    | DrugProfile
    | NeuronEntry
    | RuleParameterSets
    | PopulationData
)

ASSUMED = "ASSUMED"
_SIGNS = {1: "excitatory", -1: "inhibitory", 0: "modulatory"}
_AMPLITUDES = {
    "w_max": "amplitudes are fractions of the largest weight",
    "initial": "amplitudes are fractions of the weight before learning",
    "absolute": "amplitudes are in units of the weight",
}


def describe(entry: Entry) -> str:
    """Return a catalogue entry as readable text, with sources and marked assumptions.

    Raises
    ------
    TypeError
        If ``entry`` is not a record of the catalogue.
    """
    page = Page()
    write(page, entry)
    return page.text()


def write(page: Page, entry: Entry) -> None:
    """Write an entry on a page, whatever look the page has; errors as `describe`."""
    if type(entry) not in _WRITERS:
        known = ", ".join(kind.__name__ for kind in _WRITERS)
        raise TypeError(f"cannot describe a {type(entry).__name__}: expected one of {known}.")
    _WRITERS[type(entry)](page, entry)


class Page:
    """Lines of text, and the sources that they cite in order of appearance."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.cited: dict[str, None] = {}

    def title(self, text: str, origin: Origin | None = None) -> None:
        """Add a heading after an empty line, with the origin of what stands below it."""
        self.lines += ["", text + (f"  [{self._origin_text(origin)}]" if origin else "")]
        if origin:
            self.note(origin.note)

    def note(self, text: str) -> None:
        """Add a remark, if there is one."""
        if text:
            self.lines.append(f"  note: {text}")

    def numbers(self, numbers: Numbers) -> None:
        """Add one line for each number."""
        width = max(map(len, numbers), default=0)
        for name, number in numbers.items():
            self.lines.append(f"  {name:<{width}}  {self._number_text(number)}")

    def text(self) -> str:
        """Return all lines and, at the end, the sources."""
        sources = [f"  {key}: {citation(key)}" for key in self.cited]
        counted = sum(ASSUMED in line for line in self.lines)
        mark = ["", f"{counted} lines are marked {ASSUMED}: no source was read that states them."]
        return "\n".join([*self.lines, *(mark if counted else []), "", "sources", *sources])

    def _number_text(self, number: Sourced) -> str:
        error = f" ({spread_text(number)})" if number.error is not None else ""
        count = f", n = {number.n}" if number.n else ""
        note = f"; {number.note}" if number.note else ""
        origin = Origin(number.source, number.status)
        return f"{number.written:<14}{error}{count}  [{self._origin_text(origin)}]{note}"

    def _origin_text(self, origin: Origin) -> str:
        self.cited |= dict.fromkeys(origin.source)
        status = ASSUMED if origin.status == "assumed" else origin.status
        return f"{status}: {', '.join(origin.source)}"


def spread_text(number: Sourced) -> str:
    """Return the spread in the unit in which the number itself is written."""
    _, _, unit = number.written.partition(" ")
    size = float(number.error / quantity(f"1 {unit}"))
    return f"{number.error_is} {size:g} {unit}".strip()


def _write_cell(page: Page, entry: CellType) -> None:
    layer = f", layer {entry.layer}" if entry.layer else ""
    page.lines += [f"{entry.name}: {entry.title}", f"{entry.region}{layer}"]
    if entry.like:
        page.lines.append(f"like {entry.like}: its receptors, and what the file does not state")
    page.title(f"{_SIGNS[entry.sign]}, releases {entry.transmitter}", entry.dale)
    page.note(entry.note)
    if entry.passive:
        page.title(f"passive: {entry.passive.label}", entry.passive.origin)
        page.numbers(entry.passive.numbers)
        for text in passive_remarks(entry):
            page.note(text)
    for row in entry.passive_alternatives:
        page.title(f"passive, not used: {row.label}", row.origin)
        page.numbers(row.numbers)
    for stored in entry.point_neurons:
        _write_point_neuron_set(page, stored)
    for population in entry.glif_populations:
        page.title(f"many cells, not a model: {population.label}", population.origin)
        page.numbers(population.numbers)
        page.note(f"specimens {', '.join(population.specimens)}" if population.specimens else "")
    if entry.compartments:
        _write_compartments(page, entry.compartments)
        _write_fits(page, entry)
    for remark in entry.remarks:
        page.title("also known, in no model", remark.origin)
        page.lines.append(f"  {remark.text}")
        page.numbers(remark.numbers)


def _write_point_neuron_set(page: Page, stored: PointNeuronSet) -> None:
    page.title(f"{stored.model}: {stored.label}", stored.origin)
    page.lines.append(f"  {NEURON_MODELS[stored.model].parameters.equations}")
    page.numbers(stored.numbers)
    if stored.explained_variance:
        page.numbers(Numbers("", (("explained_variance", stored.explained_variance),)))


def _write_fits(page: Page, entry: CellType) -> None:
    for family in fits.SHIPPED_FAMILIES:
        if not fits.has_fit(entry, family):
            continue
        fit = fits.read_fit(entry, family)
        page.title(
            f"{fit.chosen.model}, {fit.chosen.label}: the default of its family", fit.chosen.origin
        )
        page.numbers(fit.chosen.numbers)
        page.note(f"f-I error {100 * fit.errors['f_I']:.1f} %. {fit.failure}".strip())
        if not fits.is_current(entry, family):
            page.note(f"out of date: run dualframe fit {entry.name}")


def _write_compartments(page: Page, compartments: Compartments) -> None:
    mark = " (STAND-IN: not published for this cell type)" if compartments.stand_in else ""
    page.title(f"compartments: {compartments.layout}{mark}", compartments.origin)
    page.lines.append(f"  {compartments.rule}: {', '.join(compartments.names)}")
    table = BURST_PARAMETERS if compartments.rule == "burst" else SOMA[compartments.soma_model]
    equations = table.equations
    if equations:
        page.lines.append(f"  {'cell' if compartments.rule == 'burst' else 'soma'}: {equations}")
    blocks = [
        ("globals", compartments.globals),
        ("soma", compartments.soma),
        ("split", compartments.split),
    ]
    blocks += [(f"dendrite {d.name}", d.numbers) for d in compartments.dendrites]
    blocks += [
        (f"{c.synapse} from {c.pathway} on {d.name}", c.numbers)
        for d in compartments.dendrites
        for c in d.contacts
    ]
    blocks += [
        (f"{s.kind} dendritic spike in {', '.join(s.compartments)}", s.numbers)
        for s in compartments.dspikes
    ]
    last = (
        ("lumped cell", compartments.burst)
        if compartments.rule == "burst"
        else ("somatic spike", compartments.spike)
    )
    for label, numbers in [*blocks, last]:
        if numbers:
            page.title(f"  {label}")
            page.note(numbers.note)
            page.numbers(numbers)
    if compartments.edges:
        page.title("  couplings")
        page.numbers(
            Numbers(
                "",
                tuple(
                    (f"{e.first}-{e.second}", e.coupling) for e in compartments.edges if e.coupling
                ),
            )
        )
        axial = [f"{e.first}-{e.second}" for e in compartments.edges if e.coupling is None]
        page.note(f"half cylinders and r_axial: {', '.join(axial)}" if axial else "")


def _write_synapse(page: Page, entry: Synapse) -> None:
    page.lines += [f"{entry.name}: {entry.title}"]
    block = ", magnesium block" if entry.block else ""
    page.title(f"{_SIGNS[entry.sign]}, {entry.transmitter}, {entry.kinetics}{block}", entry.origin)
    page.numbers(entry.numbers)
    _write_alternatives(page, entry.alternatives)


def _write_receptor(page: Page, entry: Receptor) -> None:
    page.lines += [
        f"{entry.name}: {entry.title}",
        f"{entry.modulator}; {entry.family}, {entry.kind}; {entry.transduction}",
    ]
    page.note(entry.note)
    page.title("affinity")
    page.note(entry.affinity.note)
    page.numbers(entry.affinity)
    _write_alternatives(page, entry.affinity_alternatives)
    page.title("kinetics of the occupancy")
    page.note(entry.kinetics.note)
    page.numbers(entry.kinetics)
    if entry.desensitisation is not None:
        page.title("desensitisation by the modulator")
        page.note(entry.desensitisation.note)
        page.numbers(entry.desensitisation)
    for expression in entry.expressed_by:
        site = f" ({expression.site})" if expression.site else ""
        page.title(f"expressed by {', '.join(expression.cells)}{site}", expression.origin)
    _write_effects(page, entry.effects)
    for rule in entry.stdp:
        page.title(f"plasticity, as text: {rule.text}", rule.origin)


def _write_effects(page: Page, effects: Iterable[Effect]) -> None:
    """Effects that enter a model first, then those that are text or contradict them."""
    compiled, others = [e for e in effects if e.compiled], [e for e in effects if not e.compiled]
    assumed = sum(any(n.assumed for n in e.numbers.values()) for e in compiled)
    page.title(
        f"{len(compiled)} effects enter models ({assumed} with assumed numbers), "
        f"{len(others)} are kept as text or contradict others"
    )
    if compiled:
        page.lines.append("  f is the response to the occupancy o, from 0 to 1")
    for effect in (*compiled, *others):
        _write_effect(page, effect)


def _write_effect(page: Page, effect: Effect) -> None:
    marks = [effect.direction, effect.kind + ("" if effect.compiled else ", NOT COMPILED")]
    marks += ["CONFLICT"] if effect.conflict else []
    page.title(f"effect on {', '.join(effect.cells)} ({', '.join(marks)})", effect.origin)
    page.lines += [f"  {effect.target}"] + ([f"  {effect.description}"] * bool(effect.description))
    equation = EFFECT_KINDS[effect.kind].equation
    page.lines += [f"  {equation}"] * bool(equation)
    page.lines += [f"  {line}" for line in _effect_limits(effect)]
    page.numbers(effect.numbers)


def _effect_limits(effect: Effect) -> list[str]:
    """What an effect is limited to, in words."""
    said = {
        "mechanism": effect.mechanism,
        "synapses": effect.synapse,
        "onto": ", ".join(effect.onto),
        "from": ", ".join(effect.presynaptic),
    }
    lines = [f"{name}: {text}" for name, text in said.items() if text]
    if effect.response == "inverted_u":
        lines.append("response: inverted U, f = 1 at the occupancy optimum and 0 at 0 and 1")
    return lines


def _write_modulator(page: Page, entry: Modulator) -> None:
    page.lines += [
        f"{entry.name}: {entry.title}",
        f"receptors: {', '.join(entry.receptors) or 'none'}",
    ]
    page.note(entry.note)
    page.title("numbers")
    page.numbers(entry.numbers)
    for uptake in entry.uptakes:
        page.title(f"uptake {uptake.name}: {uptake.title}", uptake.origin)
        page.lines.append("  dc/dt = -Vmax c/(Km + c) - k_other c")
        page.numbers(uptake.numbers)
    _write_alternatives(page, entry.alternatives)


def _write_drug(page: Page, entry: DrugProfile) -> None:
    page.lines += [f"{entry.name}: {entry.title}"]
    page.note(entry.note)
    for action in entry.actions:
        page.title(f"{action.kind} at {action.receptor}", action.origin)
        page.numbers(action.numbers)
        if action.affinity is None:
            page.lines.append("  no number was read: it saturates, or is given with an affinity")
        _write_alternatives(page, action.alternatives)
    page.title("in a circuit")
    page.lines += [
        "  r = (c/EC50 + A)/(1 + B), occupancy r^n/(1 + r^n)  (Gaddum; Schild)",
        "  A, B: concentration of an agonist, an antagonist, over the affinity above",
        f'  circuit.with_drug("{entry.name}", dose="100 nM")',
    ]


def _write_plasticity_rule(page: Page, entry: RuleParameterSets) -> None:
    runs = "" if entry.form in PLASTICITY_RULES else " (data only: no projection learns by it)"
    page.lines += [f"{entry.name}: {entry.title}{runs}"]
    page.title(f"equations ({entry.form})", entry.origin)
    page.lines += [f"  {entry.equations}", f"  {_AMPLITUDES[entry.relative_to]}"]
    page.note(entry.note if entry.note != entry.origin.note else "")
    for number, found in enumerate(entry.sets):
        default = ", the default" if number == 0 and len(entry.sets) > 1 else ""
        pairing = f", {found.pairing.replace('_', ' ')} pairing" if found.pairing else ""
        page.title(f"set {found.name}{default}{pairing}", found.origin)
        page.note(found.window)
        page.numbers(found.numbers)
    _write_alternatives(page, entry.alternatives)
    for label, numbers in entry.context:
        page.title(f"used with: {label}")
        page.note(numbers.note)
        page.numbers(numbers)


def _write_population_data(page: Page, entry: PopulationData) -> None:
    species = f", {entry.species}" if entry.species else ""
    page.lines += [f"{entry.name}: {entry.title}", f"{entry.region}{species}"]
    page.title("populations", entry.origin)
    for count in entry.counts:
        page.lines.append(f"  {count.population}" + (f" ({count.cell})" if count.cell else ""))
        page.numbers(count.numbers)
    for row in entry.connections:
        page.title(f"{row.pre} -> {row.post}" + (f", {row.site}" if row.site else ""))
        page.numbers(row.numbers)
    for label, numbers in entry.facts:
        page.title(label)
        page.numbers(numbers)


def _write_neuron(page: Page, entry: NeuronEntry) -> None:
    model = entry.model
    fitted = "fitted by df.fit_point" if model.search else "not fitted: its numbers are given"
    page.lines += [f"{model.name}: {model.title}", f"family {model.family}; {fitted}"]
    page.title("equations")
    page.lines += [f"  {model.parameters.equations}", f"  after {model.source}"]
    page.title("parameters")
    for name, kind in model.parameters.dimensions.items():
        optional = ", has a default" if name in model.parameters.optional else ""
        page.lines.append(f"  {name}: {kind}{optional}")
    page.title("receptors may change")
    places = receptor_places(model)
    page.lines += [f"  {kind}: {', '.join(changed)}" for kind, changed in places.items()]
    page.lines += [] if places else ["  no parameter of it"]
    for published in entry.sets:
        page.title(f"set {published.label}", published.origin)
        page.numbers(published.numbers)
        if published.current:
            page.numbers(Numbers("", (("current", published.current),)))
    if entry.cells:
        page.title(f"cell types with sets of it: {', '.join(entry.cells)}")


def _write_alternatives(page: Page, rows: Iterable[tuple[str, Numbers]]) -> None:
    for label, numbers in rows:
        page.title(f"not used: {label}")
        page.note(numbers.note)
        page.numbers(numbers)


_WRITERS: dict[type, Callable[[Page, Any], None]] = {
    CellType: _write_cell,
    Synapse: _write_synapse,
    Receptor: _write_receptor,
    Modulator: _write_modulator,
    DrugProfile: _write_drug,
    NeuronEntry: _write_neuron,
    RuleParameterSets: _write_plasticity_rule,
    PopulationData: _write_population_data,
}
