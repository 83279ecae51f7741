"""Channels that differ in their name only, kept as one variable.

A cell with seven inputs of one time constant and reversal potential has seven conductances, of
which nothing but the sum acts. Let the states x_a, x_b of a population be linear in all equations,

    dx_a/dt = sum_j m_aj x_j + u_a

and read by nothing else. If they appear everywhere with one coefficient, the equations of the sums
y of such classes are closed: each term of a variable that stands for its class stays, the terms
of the others go, and what drives any member drives the sum. The classes are the coarsest ones of
which this is true (partition refinement); constants are compared by value. What is recorded, or
read by a threshold, a reset or a synapse, or scaled by a receptor of one source, is kept apart.

Any integration method gives the same sums, up to the rounding of additions.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from dualframe.network import variables
from dualframe.targets.lowering.identifiers import identifiers_in
from dualframe.targets.lowering.lowered_network import (
    Constant,
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)

_ROW = re.compile(r"(?:d(?P<state>\w+)/dt|(?P<name>\w+)) = (?P<right>[^:]+) : (?P<unit>.+)")
_WORD = re.compile(r"\b[A-Za-z_]\w*")
_ADDED = re.compile(r"\s*(?P<name>\w+)\s*[-+]=(?P<amount>.+)")


@dataclass(frozen=True)
class _Term:
    """One linear appearance of a variable: what multiplies it, as text around it."""

    variable: str
    coefficient: str


@dataclass(frozen=True)
class _Row:
    """An equation: whose it is, whether that is a state, its right side, its unit and flags."""

    name: str
    is_state: bool
    right: str
    unit: str

    def __str__(self) -> str:
        left = f"d{self.name}/dt" if self.is_state else self.name
        return f"{left} = {self.right} : {self.unit}"


def merge_channels(lowered: LoweredNetwork) -> LoweredNetwork:
    """Return a network in which channels that act only by their sum are one variable.

    The variable is called after one of them and the number of the others,
    ``g_AMPA_pyr_to_pv_and_3_more``.

    Parameters
    ----------
    lowered
        The lowered network.
    """
    groups, synapses = [], lowered.synapses
    for group in lowered.groups:
        in_use = _names_in_use(group, lowered)
        rows = _equation_rows(group.equations)
        classes = _classes_of_one_effect(group, rows, in_use)
        if classes:
            names = {name: _name_of_sum(members) for members in classes for name in members}
            synapses = tuple(
                _onto_sums(s, names) if s.target == group.name else s for s in synapses
            )
            group = _with_sums(group, rows, classes, in_use)
        groups.append(group)
    return replace(lowered, groups=tuple(groups), synapses=synapses)


def _name_of_sum(members: Sequence[str]) -> str:
    return f"{members[0]}_and_{len(members) - 1}_more"


def _equation_rows(equations: str) -> list[_Row]:
    found = map(_ROW.fullmatch, equations.split("\n"))
    return [
        _Row(m["state"] or m["name"], m["state"] is not None, m["right"], m["unit"])
        for m in found
        if m
    ]


def _classes_of_one_effect(
    group: LoweredGroup, rows: Sequence[_Row], in_use: set[str]
) -> list[list[str]]:
    """Return the classes of variables that merge, members in the order of the equations."""
    linear = {
        row.name
        for row in rows
        if row.is_state and row.name not in in_use and _decays_by_constants(row, group.constants)
    }
    terms = _linear_terms_of(rows, linear)
    label = _coarsest_labels(terms, linear, group)
    classes: dict[object, list[str]] = {}
    for row in rows:
        if row.name in linear:
            classes.setdefault(label[row.name], []).append(row.name)
    return [members for members in classes.values() if len(members) > 1]


def _names_in_use(group: LoweredGroup, lowered: LoweredNetwork) -> set[str]:
    """Return the names that something other than the equations reads, or does more to than add."""
    texts = {group.threshold, group.reset, group.refractory, group.late, *group.events.values()}
    if group.name in lowered.recordings:
        texts |= set(lowered.recordings[group.name].variables)
    statements = set[str | None]()
    for synapses in lowered.synapses:
        if group.name in (synapses.source, synapses.target):
            texts |= {synapses.equations, synapses.due, synapses.late}
            texts |= {text for text, _ in synapses.visits}
            texts |= {part for visit in synapses.visits_when for part in visit}
            statements |= {synapses.on_pre, synapses.on_post}
    texts |= {text for statement in statements for text in _read_by(statement)}
    used = identifiers_in(texts)
    return used | {name.removesuffix("_post").removesuffix("_pre") for name in used}


def _read_by(statements: str | None) -> list[str]:
    """Return what statements read, and the variables that they do more to than add."""
    texts = []
    for statement in re.split(r"[;\n]", statements or ""):
        added = _ADDED.fullmatch(statement)
        texts.append(added["amount"] if added else statement)
    return texts


def _decays_by_constants(row: _Row, constants: Mapping[str, Constant]) -> bool:
    """Whether a variable is linear in its own equation, at a rate that nothing changes."""
    if "(" in row.unit:  # held in the refractory period
        return False
    terms, nonlinear = _linear_terms(row.right, frozenset({row.name}))
    words = {word for term in terms for word in _WORD.findall(term.coefficient)}
    return not nonlinear and words <= constants.keys() | {"dt"}


def _linear_terms_of(rows: Sequence[_Row], linear: set[str]) -> dict[str, tuple[_Term, ...]]:
    """Return the terms of each equation; variables that are not linear in one leave the set."""
    while True:
        found = {row.name: _linear_terms(row.right, frozenset(linear)) for row in rows}
        nonlinear = set[str]().union(*(names for _, names in found.values()))
        if not nonlinear:
            return {name: terms for name, (terms, _) in found.items()}
        linear -= nonlinear


@lru_cache(maxsize=4096)
def _linear_terms(text: str, names: frozenset[str]) -> tuple[tuple[_Term, ...], frozenset[str]]:
    """Return the linear terms of an expression, and the names that it does not hold linearly."""
    if not names & set(_WORD.findall(text)):
        return (), frozenset()
    terms: list[_Term] = []
    nonlinear = set[str]()
    _collect_terms(ast.parse(text.strip(), mode="eval").body, "", names, terms, nonlinear)
    return tuple(terms), frozenset(nonlinear)


def _collect_terms(
    node: ast.expr, factor: str, names: frozenset[str], terms: list[_Term], nonlinear: set[str]
) -> None:
    inside = _names_in(node) & names
    if not inside:
        return
    match node:
        case ast.Name(id=name):
            terms.append(_Term(name, factor))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _collect_terms(operand, f"-{factor}", names, terms, nonlinear)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            _collect_terms(left, factor, names, terms, nonlinear)
            sign = "-" if isinstance(op, ast.Sub) else ""
            _collect_terms(right, sign + factor, names, terms, nonlinear)
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if not _names_in(left) & names:
            _collect_terms(right, f"{factor}*({ast.unparse(left)})", names, terms, nonlinear)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right) if (
            not _names_in(right) & names
        ):
            sign = "*" if isinstance(op, ast.Mult) else "/"
            _collect_terms(left, f"{factor}{sign}({ast.unparse(right)})", names, terms, nonlinear)
        case _:
            nonlinear |= inside


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _coarsest_labels(
    terms: Mapping[str, tuple[_Term, ...]], linear: Set[str], group: LoweredGroup
) -> dict[str, object]:
    """Return a label of each variable's class: one coefficient in each class of equations."""
    values = {name: _value_text(constant) for name, constant in group.constants.items()}
    readers: dict[str, list[tuple[str, str]]] = {name: [] for name in linear}
    for reader, parts in terms.items():
        for term in parts:
            readers[term.variable].append((reader, _renamed(term.coefficient, values)))
    label: dict[str, object] = {name: group.units.get(name) for name in linear}
    while True:
        effects = {
            name: (label[name], _counted((label.get(r, r), c) for r, c in readers[name]))
            for name in linear
        }
        numbers = {effect: number for number, effect in enumerate(dict.fromkeys(effects.values()))}
        if len(numbers) == len(set(label.values())):
            return label
        label = {name: numbers[effect] for name, effect in effects.items()}


def _counted(items: Iterable[object]) -> frozenset[tuple[object, int]]:
    return frozenset(Counter(items).items())


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: names.get(word[0], word[0]), text)


def _value_text(constant: Constant) -> str:
    """Return a text that two constants share if they are equal."""
    digest = blake2b(np.ascontiguousarray(constant.value).tobytes()).hexdigest()
    return f"{constant.unit}[{constant.value.shape}{digest}]"


def _with_sums(
    group: LoweredGroup,
    rows: Sequence[_Row],
    classes: Sequence[Sequence[str]],
    in_use: Set[str],
) -> LoweredGroup:
    """Return a population with the sums in place of their members."""
    names = {name: _name_of_sum(members) for members in classes for name in members}
    dropped = frozenset(name for members in classes for name in members[1:])
    sums = {members[0]: members for members in classes}
    right = {row.name: row.right for row in rows}
    merged = []
    for row in rows:
        if row.name not in dropped:
            parts = [
                _without_terms(right[name], dropped) for name in sums.get(row.name, [row.name])
            ]
            text = _renamed(" + ".join(filter(None, parts)), names)
            merged.append(replace(row, name=names.get(row.name, row.name), right=text))
    used = in_use | identifiers_in([row.right for row in merged])
    gone = identifiers_in(right.values()) - used
    declared = [
        line
        for line in group.equations.split("\n")
        if not _ROW.fullmatch(line) and line.partition(" ")[0] not in gone
    ]
    initial = dict(group.initial)
    for members in classes:
        starts = [initial.pop(name) for name in members if name in initial]
        if starts:
            initial[_name_of_sum(members)] = sum(starts[1:], starts[0])
    return replace(
        group,
        equations="\n".join([*map(str, merged), *declared]),
        constants={name: value for name, value in group.constants.items() if name not in gone},
        initial=initial,
        units={names.get(n, n): unit for n, unit in group.units.items() if n not in dropped},
    )


@lru_cache(maxsize=4096)
def _without_terms(text: str, dropped: frozenset[str]) -> str:
    """Return a linear expression without the terms of some variables; empty if none is left."""
    if not dropped & set(_WORD.findall(text)):
        return text
    left = _pruned(ast.parse(text.strip(), mode="eval").body, dropped)
    return "" if left is None else ast.unparse(left)


def _pruned(node: ast.expr, dropped: Set[str]) -> ast.expr | None:
    if not _names_in(node) & dropped:
        return node
    match node:
        case ast.UnaryOp(op=op, operand=operand):
            kept_part = _pruned(operand, dropped)
            return kept_part and ast.UnaryOp(op, kept_part)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            first, second = _pruned(left, dropped), _pruned(right, dropped)
            if first is None and second is not None and isinstance(op, ast.Sub):
                return ast.UnaryOp(ast.USub(), second)
            return ast.BinOp(first, op, second) if first and second else first or second
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _pruned(left, dropped), _pruned(right, dropped)
            return ast.BinOp(first, op, second) if first and second else None
    return None


def _onto_sums(synapses: LoweredSynapses, names: Mapping[str, str]) -> LoweredSynapses:
    """Return synapses that write the sums."""
    own = variables(synapses.equations)
    bare = {name: total for name, total in names.items() if name not in own}
    written = bare | {f"{name}_post": f"{total}_post" for name, total in names.items()}

    def renamed(statements: str | None) -> str | None:
        return statements and _renamed(statements, written)

    return replace(synapses, on_pre=renamed(synapses.on_pre), on_post=renamed(synapses.on_post))
