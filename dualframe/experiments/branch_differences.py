"""Why two models of a circuit may respond differently, as far as their networks say it.

Nothing here is simulated or judged: the reasons are what differs between two networks (what acts
in one only, which cells and synapses they have), and rates that were measured without modulation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dualframe import catalogue
from dualframe.analysis.branch_agreement import AGREES, Tolerance
from dualframe.catalogue.fitted_models import known_failure
from dualframe.core.errors import DualframeError
from dualframe.network import Network

_SPIKE = "spike"
_FITTED = "fitted"  # what a fitted set is called: "GLIF3, fitted to the compartments"
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NetworkFacts:
    """What the network of a model says of itself.

    Attributes
    ----------
    meta
        Its ``meta``.
    sources
        By population, the populations that project to it.
    signs
        By population, Dale's sign of its neurons (0 if it is not known).
    dendritic_spikes
        By population, the names of its dendritic spikes.
    """

    meta: Mapping[str, Any]
    sources: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, int]
    dendritic_spikes: Mapping[str, tuple[str, ...]]

    def actions_on(self, population: str) -> list[Row]:
        """Return what modulators and drugs do to a population, receptor by receptor."""
        return [row for row in self.meta.get("actions", ()) if row["population"] == population]

    def effects_on(self, population: str) -> dict[tuple[str, str], set[str]]:
        """Return the effects that act on a population, by receptor and the cells that have it."""
        effects: dict[tuple[str, str], set[str]] = {}
        for row in self.actions_on(population):
            if row["acted"]:
                site = effects.setdefault((row["receptor"], row["cell_type"]), set())
                site |= set(row["effects"].split(", "))
        return effects

    def obstacle(self, receptor: str, cell_type: str) -> str:
        """Return why the model lacks an effect of a receptor, "" if it does not say."""
        start = f"{receptor} on {cell_type}: not in this model, "
        for line in self.meta.get("assumptions", ()):
            if line.startswith(start):
                return str(line.removeprefix(start).partition(" (")[0])
        return ""


def read_facts(network: Network) -> NetworkFacts:
    """Return what a network says of itself.

    Parameters
    ----------
    network
        Of a circuit, in either branch.
    """
    names = [p.name for p in network.populations]
    return NetworkFacts(
        meta=network.meta,
        sources={
            name: tuple(
                dict.fromkeys(
                    p.source for p in network.projections if p.target == name and p.source in names
                )
            )
            for name in names
        },
        signs={p.name: p.sign or 0 for p in network.populations},
        dendritic_spikes={
            p.name: tuple(e.name for e in p.events if e.name != _SPIKE) for p in network.populations
        },
    )


def explain_row(
    row: Row, facts: Mapping[str, NetworkFacts], others: Mapping[str, Row], tolerance: Tolerance
) -> tuple[str, ...]:
    """Return why two models may differ in a condition and population, the most direct reason first.

    Parameters
    ----------
    row
        Of `dualframe.analysis.branch_agreement.agreement_table`.
    facts
        By model, the network of the condition.
    others
        By population, the rows of this condition and model.
    tolerance
        Within which rates without modulation are called equal.

    Returns
    -------
    tuple of str
        Reasons; empty where the networks name none.
    """
    reference, model = row["reference"], row["model"]
    first, second = facts[reference], facts[model]
    population, cell = row["population"], row["cell_type"]
    return (
        *_one_sided_effects(population, {reference: first, model: second}),
        *_other_cells(cell, model, second),
        *_dendritic_spikes(population, {reference: first, model: second}),
        *_other_synapses(model, second, first),
        *_other_start(row, tolerance),
        *_other_inputs(population, first, others),
    )


def _one_sided_effects(population: str, facts: Mapping[str, NetworkFacts]) -> Iterator[str]:
    """Effects that act in one of the two models only."""
    (a, first), (b, second) = facts.items()
    sites = {**first.effects_on(population), **second.effects_on(population)}
    for receptor, cell in sites:
        key = receptor, cell
        in_first, in_second = (x.effects_on(population).get(key, set()) for x in (first, second))
        for effects, here, there, lacking in (
            (in_first - in_second, a, b, second),
            (in_second - in_first, b, a, first),
        ):
            if effects:
                why = lacking.obstacle(receptor, cell)
                yield (
                    f"{', '.join(sorted(effects))} of {receptor} on {cell} acts in {here} only"
                    + (f" ({there} has a cell {why})" if why else "")
                )


def _other_cells(cell: str, model: str, facts: NetworkFacts) -> Iterator[str]:
    """Point neurons that are not fitted to the compartments, or whose fit is known to disagree."""
    chosen = facts.meta.get("cells", {}).get(cell, "")
    if facts.meta.get("branch") != "task_driven" or not chosen:
        return
    if _FITTED not in chosen:
        yield f"{model} has another cell: {chosen}, not fitted to the compartments"
    elif failure := _failure_of(cell, facts.meta.get("model", model)):
        yield f"the fit of {cell} is known to differ: {failure}"


def _failure_of(cell: str, model: str) -> str:
    try:
        return known_failure(catalogue.cell(cell), model)
    except DualframeError:
        return ""  # a cell type of the user's own


def _dendritic_spikes(population: str, facts: Mapping[str, NetworkFacts]) -> Iterator[str]:
    """Dendritic spikes of one model."""
    having = [name for name, fact in facts.items() if fact.dendritic_spikes.get(population)]
    if len(having) == 1:
        yield f"cells have dendritic spikes in {having[0]} only"


def _other_synapses(model: str, facts: NetworkFacts, reference: NetworkFacts) -> Iterator[str]:
    """Currents in one model and conductances in the other."""
    modes = [x.meta.get("synapses", "conductance") for x in (reference, facts)]
    if modes[0] != modes[1]:
        yield f"synapses of {model} are {modes[1]}s, those of the other {modes[0]}s"


def _other_start(row: Row, tolerance: Tolerance) -> Iterator[str]:
    """Rates that differ without modulation: a cell cannot fall further than to silence."""
    rates = [row["reference_control_Hz"], row["model_control_Hz"]]
    if max(rates) > tolerance.factor * min(rates):
        yield (
            f"rates differ without modulation: {rates[0]:.2g} Hz in {row['reference']}, "
            f"{rates[1]:.2g} Hz in {row['model']}"
        )


def _other_inputs(population: str, facts: NetworkFacts, others: Mapping[str, Row]) -> Iterator[str]:
    """What its inputs do: those that do not agree themselves, and those that oppose each other."""
    sources = [
        name
        for name in facts.sources.get(population, ())
        if name != population and name in others and others[name]["counts"]
    ]
    differing = [name for name in sources if others[name]["verdict"] != AGREES]
    if differing:
        texts = (f"{name} ({others[name]['verdict']})" for name in differing)
        yield f"it has input from {', '.join(texts)}"
    pulls = {name: facts.signs[name] * others[name]["reference_shift_Hz"] for name in sources}
    up, down = ([name for name in sources if sign * pulls[name] > 0] for sign in (1, -1))
    if up and down:
        yield f"its inputs pull both ways (up: {', '.join(up)}, down: {', '.join(down)})"
    if not any(row["acted"] and not row["in_inputs"] for row in facts.actions_on(population)):
        yield "no receptor acts on its cells: its inputs alone shift it"


def explain_differences(
    table: Sequence[Row],
    facts: Mapping[str, Mapping[str, NetworkFacts]],
    tolerance: Tolerance,
) -> list[str]:
    """Return the reasons of each row that counts and does not agree, "" for the others.

    Parameters
    ----------
    table
        Rows of `dualframe.analysis.branch_agreement.agreement_table`.
    facts
        By model and condition.
    tolerance
        That of the table.
    """
    beside: dict[tuple[str, str], dict[str, Row]] = {}
    for row in table:
        beside.setdefault((row["model"], row["condition"]), {})[row["population"]] = row
    texts = []
    for row in table:
        condition = row["condition"]
        differs = row["counts"] and row["verdict"] != AGREES
        here = {name: by[condition] for name, by in facts.items() if condition in by}
        known = differs and {row["reference"], row["model"]} <= set(here)
        others = beside[row["model"], condition]
        reasons = explain_row(row, here, others, tolerance) if known else ()
        texts.append("; ".join(reasons) or ("the networks name no reason" if differs else ""))
    return texts
