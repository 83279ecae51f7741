"""Evaluates the text of a world's equations with NumPy, operation by operation as it stands.

Brian2 turns the same text into vectorised NumPy or C++. Here it becomes a tree of Python functions
that takes plain numbers: no code is generated and nothing but arithmetic can be written.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.equations.equations import SUBEXPRESSION, Equations

from dualframe.core.errors import NetworkError

Values = Mapping[str, Any]
Function = Callable[[Values], Any]

_BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_JOINED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "clip": np.clip,
    "cos": np.cos,
    "exp": np.exp,
    "floor": np.floor,
    "int": lambda value: np.trunc(value * 1.0),
    "sin": np.sin,
    "sqrt": np.sqrt,
}
CONSTANTS: Mapping[str, float] = {"pi": np.pi, "e": np.e, "inf": np.inf}


def subexpressions(text: str) -> list[tuple[str, str]]:
    """Return names and expressions of Brian2 equations, each after those that it uses."""
    return [
        (str(line.varname), str(line.expr.code))
        for line in Equations(text).ordered
        if line.type == SUBEXPRESSION
    ]


def drawn(text: str) -> set[str]:
    """Return the names of subexpressions that are computed once per step, like random numbers."""
    return {
        str(line.varname) for line in Equations(text).ordered if "constant over dt" in line.flags
    }


def compiled(text: str, rand: Callable[[], Any]) -> Function:
    """Return an expression as a function of a mapping of names to values.

    Parameters
    ----------
    text
        Arithmetic, comparisons, ``and``, ``or`` and the functions in `FUNCTIONS`.
    rand
        What ``rand()`` stands for.

    Raises
    ------
    NetworkError
        If the text contains anything else.
    """
    return _node(ast.parse(text.strip(), mode="eval").body, rand)


def _node(node: ast.expr, rand: Callable[[], Any]) -> Function:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        value = float(node.value)
        return lambda values: value
    if isinstance(node, ast.Name):
        name = node.id
        if name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda values: constant
        return lambda values: values[name]
    for kind, translate in _TRANSLATED.items():
        if isinstance(node, kind):
            return translate(node, rand)
    raise _refused(node)


def _binary(node: ast.BinOp, rand: Callable[[], Any]) -> Function:
    if type(node.op) not in _BINARY:
        raise _refused(node)
    apply, left, right = _BINARY[type(node.op)], _node(node.left, rand), _node(node.right, rand)
    return lambda values: apply(left(values), right(values))


def _unary(node: ast.UnaryOp, rand: Callable[[], Any]) -> Function:
    if not isinstance(node.op, ast.USub):
        raise _refused(node)
    inner = _node(node.operand, rand)
    return lambda values: -inner(values)


def _compared(node: ast.Compare, rand: Callable[[], Any]) -> Function:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARED:
        raise _refused(node)
    apply = _COMPARED[type(node.ops[0])]
    left, right = _node(node.left, rand), _node(node.comparators[0], rand)
    return lambda values: apply(left(values), right(values))


def _joined(node: ast.BoolOp, rand: Callable[[], Any]) -> Function:
    join, parts = _JOINED[type(node.op)], [_node(part, rand) for part in node.values]

    def evaluate(values: Values) -> Any:
        result = parts[0](values)
        for part in parts[1:]:
            result = join(result, part(values))
        return result

    return evaluate


def _call(node: ast.Call, rand: Callable[[], Any]) -> Function:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "rand" and not node.args:
        return lambda values: rand()
    if name not in FUNCTIONS or node.keywords:
        raise _refused(node)
    apply, arguments = FUNCTIONS[name], [_node(argument, rand) for argument in node.args]
    return lambda values: apply(*(argument(values) for argument in arguments))


_TRANSLATED: Mapping[type, Callable[[Any, Callable[[], Any]], Function]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compared,
    ast.BoolOp: _joined,
    ast.Call: _call,
}


def _refused(node: ast.expr) -> NetworkError:
    return NetworkError(
        f"{ast.unparse(node)!r} in a world's equations: expected arithmetic, comparisons and "
        f"the functions {', '.join(sorted(FUNCTIONS))}, rand."
    )
