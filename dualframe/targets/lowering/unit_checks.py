"""Units of equations, conditions, statements and values, checked before Brian2 sees them.

Brian2's own arithmetic of dimensions is used; what it finds is said with the names of the network.
Texts that were checked once are not checked again: building a network twice costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, Equations
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    DimensionMismatchError,
    get_dimensions,
)
from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import UNITS, show_value
from dualframe.network import Network, Population, Projection
from dualframe.network.distributions import DISTRIBUTIONS
from dualframe.targets.lowering.event_free_equations import parse_equations
from dualframe.targets.lowering.symbol_tables import GLOBALS, TIME, Symbol, Symbols, Table
from dualframe.targets.lowering.unit_words import find_missing_unit, unit_text

EVENT = "an event"  # whose variables are checked when it becomes equations
_ASSIGNMENT = re.compile(r"\s*(?P<name>\w+)\s*(?P<op>[-+*/]?)=(?!=)\s*(?P<expression>.+?)\s*")
_WEIGHT, _TARGET = "<weight>", "<target>"  # filled in when a problem is told
#: Units that a remedy writes, where there is a usual one.
USUAL_UNITS = ("nS", "pA", "mV", "ms", "Hz", "pF", "Mohm", "um", "mM")

#: Integration methods of Brian2 by name.
METHODS = tuple(sorted(StateUpdateMethod.stateupdaters))
#: Flags that Brian2 allows for each kind of equation.
NEURON_FLAGS = {
    DIFFERENTIAL_EQUATION: ("unless refractory",),
    PARAMETER: ("constant", "shared"),
    SUBEXPRESSION: ("shared", "constant over dt"),
}
SYNAPSE_FLAGS = {
    DIFFERENTIAL_EQUATION: ("event-driven", "clock-driven"),
    PARAMETER: ("constant", "shared"),
    SUBEXPRESSION: ("summed", "shared", "constant over dt"),
}


def check_units(network: Network) -> None:
    """Refuse equations, conditions, statements and values whose units do not fit.

    Parameters
    ----------
    network
        The description, with its plasticity rules written out.

    Raises
    ------
    NetworkError
        It names the population or projection, the text and the names in it.
    """
    for population in network.populations:
        if population.method not in METHODS:
            label = f"integration method of population {population.name!r}"
            raise UnknownName(label, population.method, METHODS)
        _raise_problem(f"population {population.name!r}", _find_in_population(population))
    ends = {population.name: _ends_of(population) for population in network.populations}
    for projection in network.projections:
        problem = _find_in_projection(projection, ends)
        _raise_problem(f"projection {projection.name!r}", problem)


def _raise_problem(label: str, problem: str) -> None:
    if problem:
        raise NetworkError(f"{label}: {problem}.")


# --- populations ---------------------------------------------------------------------------------


def _find_in_population(population: Population) -> str:
    _parse(population.equations, f"population {population.name!r}")
    constants = _constants_of(population)
    texts = (
        population.equations,
        population.threshold,
        population.reset,
        population.second_reset,
        population.refractory if isinstance(population.refractory, str) else None,
        tuple((event.condition, event.action) for event in population.events),
    )
    return _find_in_texts(*texts, constants) or _find_in_initial(population)


def _constants_of(population: Population) -> Table:
    steps = {name: Symbol(DIMENSIONLESS) for name in population.durations}
    values = {name: Symbol(get_dimensions(v)) for name, v in population.parameters.items()}
    return Table((steps | values).items())


def _parse(equations: str, label: str) -> Symbols:
    try:
        return _variables_of(equations)
    except Exception:
        parse_equations(equations, label)  # says what is wrong
        raise


@lru_cache(maxsize=1024)
def _variables_of(equations: str) -> Symbols:
    return {
        line.varname: Symbol(line.dim, line.var_type == "boolean")
        for line in Equations(equations).values()
    }


def _state_of(equations: str) -> Symbols:
    lines = Equations(equations)
    return {n: s for n, s in _variables_of(equations).items() if lines[n].type != SUBEXPRESSION}


def _find_in_initial(population: Population) -> str:
    known = _variables_of(population.equations)
    for name, value in population.initial.items():
        here, needed = get_dimensions(value), known[name].dim
        if here is not needed:
            return (
                f"initial[{name!r}] is {show_value(value)}, with {unit_text(here)}: expected "
                f"{unit_text(needed)}, as {name!r} has"
            )
    return ""


@lru_cache(maxsize=1024)
def _find_in_texts(
    equations: str,
    threshold: str | None,
    reset: str | None,
    second_reset: str | None,
    refractory: str | None,
    events: tuple[tuple[str, str], ...],
    constants: Table,
) -> str:
    symbols = {**GLOBALS, **_variables_of(equations), **dict(constants)}
    variables = _state_of(equations)
    problems = [
        _problem_of_flags(equations, NEURON_FLAGS),
        *_problems_in_equations(equations, symbols),
        _problem_in_condition("threshold", threshold, symbols),
        *_problems_in_statements("reset", reset, variables, symbols),
        *_problems_in_statements("second_reset", second_reset, variables, symbols),
        _problem_in_refractory(refractory, symbols),
    ]
    for condition, action in events:
        problems.append(_problem_in_condition(EVENT, condition, symbols))
        problems += _problems_in_statements(EVENT, action, variables, symbols)
    return next(filter(None, problems), "")


def _problem_of_flags(equations: str, allowed: Mapping[str, tuple[str, ...]]) -> str:
    try:
        Equations(equations).check_flags(allowed)
    except ValueError as problem:
        return f"equations: expected other flags, {str(problem).rstrip('.')}"
    return ""


def _problems_in_equations(equations: str, symbols: Symbols) -> Iterator[str]:
    noise = {f"xi{ending}": Symbol(TIME**-0.5) for ending in _noises_of(equations)}
    for line in Equations(equations).values():
        if line.type == PARAMETER:
            continue
        changes = line.type == DIFFERENTIAL_EQUATION
        left = f"d{line.varname}/dt" if changes else line.varname
        needed = line.dim / TIME if changes else line.dim
        text = line.expr.code
        yield _problem_of_value(f"{left} = {text}", left, text, needed, {**symbols, **noise})


def _noises_of(equations: str) -> set[str]:
    names = get_identifiers(equations)
    return {name[2:] for name in names if name == "xi" or name.startswith("xi_")}


def _problem_in_condition(kind: str, text: str | None, symbols: Symbols) -> str:
    if text is None or not _knows_all(text, symbols):
        return ""
    if not text.strip():
        return f"{kind} is an empty text: expected a condition such as 'V > V_t'"
    if problem := _problem_of_units(f"{kind} {text!r}", text, symbols):
        return problem
    if is_boolean_expression(text, symbols):
        return ""
    return f"{kind} {text!r} is no condition: expected one such as 'V > V_t'"


def _problem_in_refractory(text: str | None, symbols: Symbols) -> str:
    if text is None or not _knows_all(text, symbols) or is_boolean_expression(text, symbols):
        return ""
    return _problem_of_value(f"refractory {text!r}", "a refractory period", text, TIME, symbols)


def _problems_in_statements(
    kind: str, statements: str | None, variables: Symbols, symbols: Symbols
) -> Iterator[str]:
    for name, operator, expression in _assignments_in(statements):
        shown = f"{kind} '{name} {operator}= {expression}'"
        if name not in variables:
            if name in symbols and kind != EVENT:
                yield f"{shown} writes {name!r}: expected a state variable of the equations"
            continue
        needed = DIMENSIONLESS if operator in ("*", "/") else variables[name].dim
        yield _problem_of_value(shown, name, expression, needed, symbols)


def _assignments_in(statements: str | None) -> Iterator[tuple[str, str, str]]:
    for statement in filter(str.strip, re.split(r"[;\n]", statements or "")):
        match = _ASSIGNMENT.fullmatch(statement)
        if match is not None:
            yield match["name"], match["op"], match["expression"]


# --- projections ---------------------------------------------------------------------------------


def _find_in_projection(projection: Projection, ends: Mapping[str, Table]) -> str:
    variables = _parse(projection.equations, f"projection {projection.name!r}")
    weight = projection.weight
    if weight is None and "w" not in variables and _uses_weight(projection):
        return "its statements use 'w': give weight="
    if weight is not None and "w" not in variables:
        variables = {**variables, "w": Symbol(_dimension_of_weight(weight))}
    constants = {n: Symbol(get_dimensions(v)) for n, v in projection.parameters.items()}
    variables = {**variables, **constants}
    problem = _find_in_pathways(
        projection.equations,
        projection.statements,
        Table(variables.items()),
        ends[projection.target],
        ends.get(projection.source, Table()),
    )
    return problem and problem.replace(_WEIGHT, show_value(weight)).replace(
        _TARGET, projection.target
    )


def _dimension_of_weight(weight: Any) -> Dimension:
    if isinstance(weight, DISTRIBUTIONS):
        weight = weight.draw(np.random.default_rng(0), 1)
    return get_dimensions(weight)


def _uses_weight(projection: Projection) -> bool:
    texts: Iterable[str] = (*projection.statements, projection.equations)
    return any("w" in get_identifiers(text) for text in texts)


def _ends_of(population: Population) -> Table:
    return Table((*_variables_of(population.equations).items(), *_constants_of(population)))


@lru_cache(maxsize=1024)
def _find_in_pathways(
    equations: str,
    statements: tuple[str, ...],
    variables: Table,
    target: Table,
    source: Table,
) -> str:
    ends = {**{f"{n}_pre": s for n, s in source}, **{f"{n}_post": s for n, s in target}}
    symbols = {**GLOBALS, **ends, **dict(target), **dict(variables)}
    written = {**ends, **dict(target), **dict(variables)}
    problems = [
        _problem_of_flags(equations, SYNAPSE_FLAGS),
        *_problems_in_synaptic_equations(equations, symbols, ends),
    ]
    for text in statements:
        for name, operator, expression in _assignments_in(text):
            if name not in written:
                continue
            needed = DIMENSIONLESS if operator in ("*", "/") else written[name].dim
            shown = f"'{name} {operator}= {expression}'"
            problem = _problem_of_value(shown, name, expression, needed, symbols)
            if problem and "w" in symbols and "w" in get_identifiers(expression):
                problem = _remedy_of_weight(name, expression, needed, symbols) or problem
            problems.append(problem)
    return next(filter(None, problems), "")


def _problems_in_synaptic_equations(
    equations: str, symbols: Symbols, ends: Symbols
) -> Iterator[str]:
    yield from _problems_in_equations(equations, symbols)
    for line in Equations(equations).values():
        variable = ends.get(line.varname)
        if "summed" in line.flags and variable is not None and variable.dim is not line.dim:
            yield (
                f"{line.varname!r} is summed with {unit_text(line.dim)}: expected "
                f"{unit_text(variable.dim)}, as the variable has"
            )


def _remedy_of_weight(name: str, expression: str, needed: Dimension, symbols: Symbols) -> str:
    """Return what to say where another unit of the weight makes a statement right; else ""."""
    here = symbols["w"].dim
    unweighted = _dimension_of(expression, {**symbols, "w": Symbol(DIMENSIONLESS)})
    if unweighted is None:
        return ""
    right = needed / unweighted
    if _dimension_of(expression, {**symbols, "w": Symbol(right)}) is not needed:
        return ""
    usual = next((u for u in USUAL_UNITS if get_dimensions(UNITS[u]) is right), "")
    example = f"write 2*{usual} or '2 {usual}'" if usual else f"expected {unit_text(right)}"
    return (
        f"weight is {_WEIGHT}, with {unit_text(here)}, but {name!r} of '{_TARGET}' has "
        f"{unit_text(needed)}; {example}"
        if right is not DIMENSIONLESS
        else f"weight is {_WEIGHT}, with {unit_text(here)}: expected a number without unit"
    )


# --- expressions ---------------------------------------------------------------------------------


def _knows_all(text: str, symbols: Symbols) -> bool:
    """Whether all names are defined; another check refuses those that are not."""
    return all(name in symbols for name in get_identifiers(text) - {"and", "or", "not"})


def _dimension_of(text: str, symbols: Symbols) -> Dimension | None:
    try:
        dimension: Dimension = parse_expression_dimensions(text, symbols)
    except (DimensionMismatchError, SyntaxError, KeyError, ValueError, TypeError):
        return None
    return dimension


def _problem_of_units(shown: str, text: str, symbols: Symbols) -> str:
    try:
        parse_expression_dimensions(text, symbols)
    except DimensionMismatchError as mismatch:
        return f"{shown}: units do not fit: {_units_in(text, symbols) or mismatch.desc}"
    except (SyntaxError, ValueError, TypeError) as problem:
        return f"{shown}: expected another expression, {problem}"
    except KeyError:
        return ""
    return ""


def _problem_of_value(shown: str, left: str, text: str, needed: Dimension, symbols: Symbols) -> str:
    if not _knows_all(text, symbols):
        return ""
    if problem := _problem_of_units(shown, text, symbols):
        return problem
    dimension = _dimension_of(text, symbols)
    if dimension is None or dimension is needed:
        return ""

    def fits(name: str, of: Dimension) -> bool:
        return _dimension_of(text, {**symbols, name: Symbol(of)}) is needed

    bare = [n for n in _names_in(text, symbols) if symbols[n].dim is DIMENSIONLESS]
    culprit = find_missing_unit(bare, fits)
    names = "" if culprit else _units_in(text, symbols)
    return (f"{culprit}; " if culprit else "") + (
        f"{shown!s} has {unit_text(dimension)} on the right: expected {unit_text(needed)} for "
        f"{left!r}" + (f"; {names}" if names else "")
    )


def _units_in(text: str, symbols: Symbols) -> str:
    names = _names_in(text, symbols)
    return ", ".join(f"{name!r} has {unit_text(symbols[name].dim)}" for name in names[:6])


def _names_in(text: str, symbols: Symbols) -> list[str]:
    return [n for n in sorted(get_identifiers(text)) if n not in GLOBALS and n in symbols]
