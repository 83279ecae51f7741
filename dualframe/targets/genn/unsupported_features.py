"""What of a network Brian2GeNN cannot run."""

from __future__ import annotations

from collections.abc import Iterator

from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import TargetError
from dualframe.network import Network, Population, Projection
from dualframe.plasticity import insert_plasticity_rules, rules_that_visit
from dualframe.targets.lowering.event_free_equations import EquationLine, parse_equations
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.poisson_counts import poisson_rate
from dualframe.targets.target import UnsupportedFeature

_DRAWS = frozenset({"poisson"})  # functions that Brian2GeNN lacks


def unsupported_features(network: Network) -> Iterator[UnsupportedFeature]:
    """Yield the constructs of a network that Brian2GeNN refuses, each with a remedy.

    Parameters
    ----------
    network
        A network that has a portable form.
    """
    written = insert_plasticity_rules(network)
    for population in written.populations:
        yield from _unsupported_draws(population)
    for projection, rule in rules_that_visit(network):
        yield UnsupportedFeature(
            f"its rule {rule!r} visits every synapse from time to time",
            f"projection {projection.name!r}",
            "visit them at every step: options={'update': 'clock'} for the projection's rules",
        )
    for projection in written.projections:
        yield from _unsupported_synapses(written, projection)


def refuse_draws(lowered: LoweredNetwork) -> None:
    """Refuse counts of more events per step than a sum of chances reaches.

    Parameters
    ----------
    lowered
        The network.

    Raises
    ------
    TargetError
        Naming the population.
    """
    for group in lowered.groups:
        if get_identifiers(group.equations) & _DRAWS:
            raise TargetError(
                f"population {group.name!r} counts more Poisson events per step of "
                f"{1e3 * lowered.dt:g} ms than target 'genn' can draw: take a smaller dt, or "
                f"target 'cpp_standalone'."
            )


def _unsupported_draws(population: Population) -> Iterator[UnsupportedFeature]:
    where = f"population {population.name!r}"
    for line in parse_equations(population.equations, where):
        for name in sorted(get_identifiers(line.expression) & _DRAWS):
            if poisson_rate(line) not in population.parameters:
                yield UnsupportedFeature(
                    f"{line.name!r} calls {name}()",
                    where,
                    "use rand(), or count events of a parameter's rate: "
                    "n = poisson(rate*dt) : 1 (constant over dt)",
                )


def _unsupported_synapses(network: Network, projection: Projection) -> Iterator[UnsupportedFeature]:
    where = f"projection {projection.name!r}"
    if projection.own_delays:
        yield UnsupportedFeature(
            "every synapse has a delay of its own", where, "group them: delay_groups=8"
        )
    lines = parse_equations(projection.equations, where)
    used: set[str] = set()
    for statement in projection.statements:
        used |= get_identifiers(statement)
    for name in sorted(n for n in used if n.endswith("_pre")):
        yield UnsupportedFeature(
            f"its statements use {name!r}, a variable of the presynaptic neuron",
            where,
            "GeNN gives synapses the postsynaptic neuron only; keep a copy in the synapse",
        )
    for name in sorted(used & {"i"}):
        yield UnsupportedFeature(
            f"its statements use {name!r}, the index of the presynaptic neuron",
            where,
            "GeNN gives synapses the postsynaptic neuron only; give each pair a weight",
        )
    source = network.source(projection.source)
    for line in lines:
        if "summed" in line.flags and isinstance(source, Population):
            yield from _unsupported_sums(line, source, where)
            yield from _unsupported_reads(line, network.population(projection.target), where)
        if line.kind == "subexpression" and "summed" not in line.flags:
            yield UnsupportedFeature(
                f"subexpression {line.name!r} in synaptic equations",
                where,
                "write it out in the statements",
            )
        if "summed" not in line.flags:
            yield from _unsupported_continuous_reads(
                line, network.population(projection.target), where
            )
    summed = [line.name for line in lines if "summed" in line.flags]
    if len(lines) > 1 and summed:
        yield UnsupportedFeature(
            f"summed variable {summed[0]!r} beside other variables",
            where,
            "give the summed variable a projection of its own",
        )


def _unsupported_sums(
    line: EquationLine, source: Population, where: str
) -> Iterator[UnsupportedFeature]:
    """Subexpressions of the presynaptic neuron, which Brian2GeNN does not write out here."""
    read = {n.removesuffix("_pre") for n in get_identifiers(line.expression) if n.endswith("_pre")}
    for own in parse_equations(source.equations, f"population {source.name!r}"):
        if own.name in read and own.kind == "subexpression" and "constant over dt" not in own.flags:
            yield UnsupportedFeature(
                f"{line.name!r} sums {own.name!r}, a subexpression of {source.name!r}",
                where,
                "make it a state variable: dx/dt = (expression - x)/dt",
            )


def _unsupported_reads(
    line: EquationLine, target: Population, where: str
) -> Iterator[UnsupportedFeature]:
    """Subexpressions and indices of the postsynaptic neuron in a sum."""
    read = {n for n in get_identifiers(line.expression) if n.endswith("_post")}
    lines = parse_equations(target.equations, f"population {target.name!r}")
    written = {f"{own.name}_post" for own in lines if own.kind == "subexpression"}
    for name in sorted(read & (written | {"i_post", "N_post"})):
        yield UnsupportedFeature(
            f"{line.name!r} sums {name!r}, which is no state variable of {target.name!r}",
            where,
            "sum the presynaptic part, and multiply in the equations of the population",
        )


def _unsupported_continuous_reads(
    line: EquationLine, target: Population, where: str
) -> Iterator[UnsupportedFeature]:
    """What a synapse reads of the neurons between spikes."""
    used = get_identifiers(line.expression)
    for name in sorted(n for n in used if n.endswith("_pre")):
        yield UnsupportedFeature(
            f"{line.name!r} follows {name!r}, a variable of the presynaptic neuron, at every step",
            where,
            "GeNN gives synapses the postsynaptic neuron only; rules of rate units run on the "
            "runtime and in C++",
        )
    read = {n.removesuffix("_post") for n in used if n.endswith("_post")}
    if not read:
        return
    lines = parse_equations(target.equations, f"population {target.name!r}")
    for name in sorted(read & {line.name for line in lines if line.kind == "subexpression"}):
        yield UnsupportedFeature(
            f"{line.name!r} follows {name!r}, a subexpression of {target.name!r}, at every step",
            where,
            "take the rule's event-driven form, options={'update': 'event'}, or make it a state "
            "variable",
        )
