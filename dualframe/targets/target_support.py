"""What each target can do, and what in a network keeps it from running there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import pandas as pd
from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import TargetError, UnknownName
from dualframe.network import Network, Population, Projection
from dualframe.plasticity import insert_plasticity_rules
from dualframe.targets.cpp.compiler import find_compiler
from dualframe.targets.lowering.event_free_equations import EquationLine, parse_equations
from dualframe.targets.lowering.lower_network import check_structure

TARGETS = ("runtime", "cpp_standalone", "genn")
_WHAT = {
    "runtime": "Brian2 with NumPy, no compiler needed",
    "cpp_standalone": "one C++ program, compiled once per structure",
    "genn": "GPU or CPU through Brian2GeNN and GeNN 4.9",
}


_MODULES = {"runtime": "brian.runtime", "cpp_standalone": "cpp.run", "genn": "genn.brian2genn"}


@dataclass(frozen=True)
class UnsupportedFeature:
    """A construct that a target cannot run.

    Parameters
    ----------
    construct
        What it is.
    where
        The population, projection or input, or ``"this machine"``.
    remedy
        What to do about it; empty where the construct's text says it.
    """

    construct: str
    where: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.construct}" + (f" ({self.remedy})" if self.remedy else "")


def target_module(target: str) -> ModuleType:
    """Return the module that runs a target."""
    return import_module(f"dualframe.targets.{_MODULES[resolve_target(target)]}")


def resolve_target(target: str) -> str:
    """Return a target's name; ``"auto"`` is C++ where there is a compiler, else the runtime."""
    if target == "auto":
        return "runtime" if missing_requirements("cpp_standalone") else "cpp_standalone"
    if target not in TARGETS:
        raise UnknownName("target", target, (*TARGETS, "auto"))
    return target


def missing_requirements(target: str, use_gpu: bool | None = None) -> list[str]:
    """What this machine lacks for a target, each with its remedy."""
    if target == "cpp_standalone":
        try:
            find_compiler()
        except TargetError as error:
            return [str(error)]
    if target == "genn":
        found: list[str] = target_module("genn").missing_requirements(use_gpu=use_gpu)
        return found
    return []


def targets() -> pd.DataFrame:
    """Return a table of the targets: name, what it is, usable here, what is missing."""
    rows = [
        (name, _WHAT[name], not missing_requirements(name), "; ".join(missing_requirements(name)))
        for name in TARGETS
    ]
    return pd.DataFrame(rows, columns=["target", "what", "usable", "missing"])


def check(
    network: Network, target: str = "auto", *, use_gpu: bool | None = None
) -> list[UnsupportedFeature]:
    """List what keeps a network from running on a target; an empty list means that it runs.

    Nothing is drawn, generated or compiled.

    Parameters
    ----------
    network
        The description.
    target
        ``"runtime"``, ``"cpp_standalone"``, ``"genn"`` or ``"auto"``.
    use_gpu
        GeNN only: ask for its CUDA back end.

    Raises
    ------
    UnknownName
        If there is no such target.
    """
    name = resolve_target(target)
    found = [UnsupportedFeature(problem, network.name, "") for problem in check_structure(network)]
    if not found and name == "genn":
        written = insert_plasticity_rules(network)
        for projection in written.projections:
            found += _unsupported_synapses(written, projection)
    machine = missing_requirements(name, use_gpu)
    return found + [UnsupportedFeature(text, "this machine", "") for text in machine]


def require_supported(network: Network, target: str, use_gpu: bool | None = None) -> None:
    """Raise a `TargetError` that lists the blockers, if there are any."""
    blockers = check(network, target, use_gpu=use_gpu)
    if blockers:
        listed = "\n  ".join(["", *map(str, blockers)] if len(blockers) > 1 else map(str, blockers))
        raise TargetError(
            f"network {network.name!r} cannot run on {resolve_target(target)!r}: {listed}"
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
    source = network.source(projection.source)
    for line in lines:
        if "summed" in line.flags and isinstance(source, Population):
            yield from _unsupported_sums(line, source, where)
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
            "take the rule's event-driven form: options={'update': 'event'}",
        )
