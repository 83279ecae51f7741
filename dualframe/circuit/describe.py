"""A circuit as text for people, and its numbers as a table: every assumption is marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import pandas as pd
from brian2.units import Hz, mV
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue.bibliography import PACKAGED, citation, references
from dualframe.catalogue.describe import ASSUMED, Page
from dualframe.catalogue.sourced_value import Numbers, Sourced
from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.components import Background, CircuitPopulation, CircuitProjection
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.holding import holding_text
from dualframe.circuit.pharmacology import Drug, Modulation, Pulses
from dualframe.circuit.regions import Region
from dualframe.circuit.scaling import scaling_table
from dualframe.core.quantity import quantity_text
from dualframe.core.shipped_files import KINDS, shipped_folder
from dualframe.network import Plasticity


def overview_text(circuit: CircuitRecord) -> str:
    """Return a circuit in one line for each of its parts."""
    title = f"{circuit.name}: {circuit.title}" if circuit.title else circuit.name
    return "\n".join([title, *component_lines(circuit)])


def component_lines(circuit: CircuitRecord) -> list[str]:
    """Return the size of a circuit and a line for each of its parts."""
    total = f"{sum(circuit.sizes.values())} neurons"
    scale = f", scale {circuit.scale:g}" if circuit.full else _default_scale_text(circuit)
    lines = [total + scale]
    if circuit.space is not None:
        lines[-1] += f" in a {circuit.space.shape} of radius {_text(circuit.space.radius)}"
    if circuit.regions:
        lines += ["", "regions", *map(_region_text, circuit.regions)]
    lines += ["", "populations", *map(_population_text, circuit.populations)]
    if circuit.inputs:
        lines += ["", "inputs", *map(_input_text, circuit.inputs)]
    lines += ["", "projections", *map(_projection_text, circuit.projections)]
    if circuit.background:
        lines += ["", "background", *map(_background_text, circuit.background)]
    if acting := action_lines(circuit):
        lines += ["", "modulation", *(f"  {line}" for line in acting)]
    return [*lines, *_scaling_lines(circuit)]


def _default_scale_text(circuit: CircuitRecord) -> str:
    if circuit.default_scale == 1:
        return ""
    return f" (the command line runs {circuit.default_scale:g} of them, unless --scale says other)"


def describe_circuit(circuit: CircuitRecord) -> str:
    """Return the overview, every number with its source, and the sources."""
    page = Page()
    page.lines.append(overview_text(circuit))
    if circuit.note:
        page.lines += ["", *wrap(circuit.note, 100)]
    write_numbers(page, circuit)
    assumed = sum(ASSUMED in line for line in page.lines)
    mark = f"{assumed} lines are marked {ASSUMED}: no source was read that states them."
    sources = [f"  {key}: {_citation_text(key)}" for key in page.cited]
    return "\n".join([*page.lines, "", *([mark, ""] if assumed else []), "sources", *sources])


def write_numbers(page: Page, circuit: CircuitRecord) -> None:
    """Write the sourced numbers of a circuit on a page, with a heading for each of its parts.

    Parameters
    ----------
    page
        Of the circuit, or of a task in which it acts.
    circuit
        The circuit.
    """
    if circuit.full is not None:
        page.title("numbers and sources (of the full-size circuit)")
    for where, part in _parts(circuit.full_size):
        if part.sources or part.note:
            page.title(where)
            page.note(part.note)
            page.numbers(Numbers("", tuple(part.sources.items())))


def action_lines(circuit: CircuitRecord) -> list[str]:
    """Return the modulators, drugs and changed effects of a circuit, a line for each."""
    lines = [*map(_modulation_text, circuit.modulations), *map(_drug_text, circuit.drugs)]
    return [line.strip() for line in lines] + [str(change) for change in circuit.effects]


def sourced_numbers(circuit: CircuitRecord) -> pd.DataFrame:
    """Return the sourced numbers of a circuit, one row each."""
    columns = ["where", "number", "value", "status", "source", "note"]
    return pd.DataFrame(
        [
            {
                "where": where,
                "number": name,
                "value": number.written,
                "status": number.status,
                "source": ", ".join(number.source),
                "note": number.note,
            }
            for where, name, number in _sourced(circuit)
        ],
        columns=columns,
    )


def assumed_numbers(circuit: CircuitRecord, *, dendrites: bool) -> list[str]:
    """Return a line for each kind of number of the circuit that is assumed, and where it is.

    Parameters
    ----------
    circuit
        The circuit.
    dendrites
        Whether the model has them; if not, it does not matter which compartments a contact has.
    """
    places: dict[str, list[str]] = {}
    for where, name, number in _sourced(circuit):
        if number.status == "assumed" and (dendrites or name != "compartments"):
            places.setdefault(name, []).append(where)
    lines = [
        f"circuit {circuit.name}: the potential of {name} is taken at rest: no holding is stated"
        for name in (c.name for c in circuit.contacts if c.is_calibrated and c.holding is None)
    ]
    lines += [
        f"{p.name}: {line}"
        for p in circuit.projections
        if p.plasticity
        for rule in p.plasticity.rules
        for line in rule.assumptions
    ]
    return lines + [
        f"circuit {circuit.name}: {name} of {', '.join(where)} "
        f"{'is' if len(where) == 1 else 'are'} assumed"
        for name, where in places.items()
    ]


def _sourced(circuit: CircuitRecord) -> Iterator[tuple[str, str, Sourced]]:
    for where, part in _parts(circuit):
        for name, number in part.sources.items():
            yield where, name, number


def _parts(circuit: CircuitRecord) -> list[tuple[str, Any]]:
    points = {p.point.name: p.point for p in circuit.populations if p.point is not None}
    parts: list[Any] = [*points.values(), *circuit.populations, *circuit.inputs]
    parts += [*circuit.projections, *circuit.background]
    space = [] if circuit.space is None else [("space", circuit.space)]
    return [*space, *((part.name, part) for part in parts)]


def _citation_text(key: str) -> str:
    for path in (PACKAGED, *(shipped_folder(kind) / PACKAGED.name for kind in KINDS)):
        if key in references(path):
            return citation(key, path)
    return key  # of a bibliography beside a user's own file


def _text(value: Any) -> str:
    return re.sub(r"\.(?= )", "", quantity_text(value))


def _population_text(population: CircuitPopulation) -> str:
    rates = ""
    if population.rate_low is not None:
        low, high = (float(rate / Hz) for rate in (population.rate_low, population.rate_high))
        rates = f", {low:g} to {high:g} Hz"
    if population.rate is not None:
        rates += f", source's model {float(population.rate / Hz):g} Hz"
    point = f" ({population.point.form} {population.point.name})" if population.point else ""
    region = f", in {population.region}" if population.region else ""
    return f"  {population.name}: {population.n} {population.cell}{point}{rates}{region}"


def _region_text(region: Region) -> str:
    volume = region.volume
    size = f"volume {volume:g}" if isinstance(volume, float) else f"volume {_text(volume)}"
    return f"  {region.name}: {size}"


def _input_text(source: CircuitInput) -> str:
    if source.rate is None:
        return f"  {source.name}: {source.n} neurons of an encoder"
    until = "" if source.stop is None else f" to {_text(source.stop)}"
    when = f"from {_text(source.start)}{until}" if source.on else "off"
    course = f"a time course of up to {_text(source.rate)}" if source.has_time_course else ""
    rate = course or _text(source.rate)
    return f"  {source.name}: {source.n} Poisson neurons, {rate} each, {when}"


def _projection_text(projection: CircuitProjection) -> str:
    parts = [f"  {projection.name}: {_contact_text(projection)}"]
    connection = projection.connection
    parts.append(connection.rule.rule_text(connection.values))
    spread = "" if projection.delay_sd is None else f", SD {_text(projection.delay_sd)}"
    parts.append(f"delay {_text(projection.delay)}{spread}")
    if projection.weight_cv is not None:
        parts.append(f"weights with CV {projection.weight_cv:g}")
    if projection.weight_factor != 1:
        parts.append(f"weight times {projection.weight_factor:.4g}")
    if projection.short_term is not None:
        own = projection.short_term
        parts.append(
            f"U {own.U:g}, recovery {_text(own.tau_recovery)}, "
            f"facilitation {_text(own.tau_facilitation)}"
        )
    if projection.plasticity is not None:
        parts.append(_plasticity_text(projection.plasticity, native=projection.weight is not None))
    return ", ".join(parts)


def _plasticity_text(plasticity: Plasticity, *, native: bool) -> str:
    rules = " + ".join(map(_rule_text, plasticity.rules))
    bounds = f"{_text(plasticity.w_min)} to {_text(plasticity.w_max)}"
    if get_dimensions(plasticity.w_max) is DIMENSIONLESS:
        bounds = f"{plasticity.w_min:g} to {plasticity.w_max:g}"
        bounds += "" if native else " times the weight"
    return f"plastic ({rules}, {bounds})"


def _rule_text(rule: Plasticity) -> str:
    options = "".join(f", {name} {choice}" for name, choice in rule.options.items())
    return f"{rule.origin}{options}{', frozen' if rule.frozen else ''}"


def _background_text(background: Background) -> str:
    rate = "calibrated rate"
    if background.rate is not None:
        rate = f"{background.afferents or 1} afferents at {_text(background.rate)}"
    if background.share != 1:
        rate = f"{background.share:.4g} of the {rate}"
    return f"  {background.name}: {_contact_text(background)}, {rate}"


def _contact_text(contact: CircuitProjection | Background) -> str:
    if isinstance(contact, CircuitProjection) and contact.weight is not None:
        return f"weight {_text(contact.weight)} into {contact.into}"
    kinds = " + ".join(
        name if ratio == 1 else f"{ratio:.3g} {name}" for name, ratio in contact.synapses.items()
    )
    if contact.psp is not None:
        strength = f"PSP {float(contact.psp / mV):g} mV {holding_text(contact.holding)}"
    elif contact.current is not None:
        strength = f"current {_text(contact.current)}"
    else:
        strength = f"conductance {_text(contact.conductance)}"
    reversal = "".join(f", E_{name} {_text(e)}" for name, e in contact.reversal.items())
    return f"{kinds} on {', '.join(contact.compartments)}, {strength}{reversal}"


def _modulation_text(modulation: Modulation) -> str:
    parts = []
    if modulation.level is not None:
        parts.append(_level_text(modulation.level))
    if modulation.schedule:
        parts.append(", ".join(f"from {_text(t)} {_level_text(x)}" for t, x in modulation.schedule))
    if modulation.released_by is not None:
        rise = "" if modulation.per_spike is None else f"+{_level_text(modulation.per_spike)} at "
        parts.append(f"{rise}each spike of {modulation.released_by}")
    parts += map(_pulses_text, modulation.pulses)
    if modulation.uptake:
        parts.append(f"uptake of {modulation.uptake}")
    elif modulation.clearance is not None:
        parts.append(f"cleared in {_text(modulation.clearance)}")
    parts += [f"exchange with {x} {_text(k)}" for x, k in modulation.exchange.items()]
    region = f" in {modulation.region}" if modulation.region else ""
    return f"  {modulation.modulator}{region}: {'; '.join(parts) or 'by signals only'}"


def _pulses_text(pulses: Pulses) -> str:
    if pulses.interval is None:
        return f"+{_level_text(pulses.rise)} at {_text(pulses.start)}"
    each = f"{pulses.count} times from {_text(pulses.start)} every {_text(pulses.interval)}"
    return f"+{_level_text(pulses.rise)} {each}"


def _level_text(level: Any) -> str:
    if get_dimensions(level) is DIMENSIONLESS:
        return f"level {level:g} of the reference concentration"
    return _text(level)


def _drug_text(drug: Drug) -> str:
    dose = ""
    if drug.kind != "knockout":
        unit = {"agonist": "its EC50", "antagonist": "its K_B"}[drug.kind]
        dose = ", saturating" if drug.saturating else f", dose {drug.relative:g} times {unit}"
    name = f"{drug.name}, " if drug.name else ""
    return f"  {name}{drug.kind} of {drug.receptor}{dose} in {', '.join(drug.cells) or 'all cells'}"


def _scaling_lines(circuit: CircuitRecord) -> list[str]:
    if circuit.full is None:
        return []
    lines = [
        "",
        f"scaled by {circuit.scale:g}: mean number of partners",
        "  Where it could not be kept, weights make up for it. Mean drive is kept; correlations,",
        "  and the variance of the input where weights grew, are not (van Albada et al. 2015).",
    ]
    for row in scaling_table(circuit.full, circuit).to_dict("records"):
        factor = row["weight_factor"]
        change = "lost" if factor != factor else f"weight times {factor:.4g}"
        lines.append(
            f"  {row['projection']}: {row['in_degree_full']:.4g} -> "
            f"{row['in_degree_scaled']:.4g}" + ("" if factor == 1 else f", {change}")
        )
    return lines
