"""Evaluates the text of an environment's equations with NumPy, operation by operation as it stands.

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

from dualframe.core.equation_syntax import check_expression, check_model
from dualframe.core.errors import NetworkError

Values = Mapping[str, Any]
Function = Callable[[Values], Any]

_ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_LOGIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "clip": np.clip,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "int": lambda value: np.trunc(value * 1.0),
    "log": np.log,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
    "timestep": lambda time, dt: np.trunc(time / dt + 1e-3),
}
CONSTANTS: Mapping[str, float] = {"pi": np.pi, "e": np.e, "inf": np.inf}


def ordered_subexpressions(text: str) -> list[tuple[str, str]]:
    """Return names and expressions of Brian2 equations, each after those that it uses."""
    check_model(text, "equations of an environment")
    return [
        (str(line.varname), str(line.expr.code))
        for line in Equations(text).ordered
        if line.type == SUBEXPRESSION
    ]


def drawn_once_per_step(text: str) -> set[str]:
    """Return the names of subexpressions that are computed once per step, like random numbers."""
    check_model(text, "equations of an environment")
    return {
        str(line.varname) for line in Equations(text).ordered if "constant over dt" in line.flags
    }


def compile_expression(text: str, rand: Callable[[], Any]) -> Function:
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
    check_expression(text, "expression in an environment's equations")
    return _translate_node(ast.parse(text.strip(), mode="eval").body, rand)


def _translate_node(node: ast.expr, rand: Callable[[], Any]) -> Function:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        value = float(node.value)
        return lambda values: value
    if isinstance(node, ast.Name):
        name = node.id
        if name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda values: constant
        return lambda values: values[name]
    for kind, translate in _TRANSLATORS.items():
        if isinstance(node, kind):
            return translate(node, rand)
    raise _refuse_node(node)


def _translate_arithmetic(node: ast.BinOp, rand: Callable[[], Any]) -> Function:
    if type(node.op) not in _ARITHMETIC:
        raise _refuse_node(node)
    apply, left, right = (
        _ARITHMETIC[type(node.op)],
        _translate_node(node.left, rand),
        _translate_node(node.right, rand),
    )
    return lambda values: apply(left(values), right(values))


def _translate_minus(node: ast.UnaryOp, rand: Callable[[], Any]) -> Function:
    if not isinstance(node.op, ast.USub):
        raise _refuse_node(node)
    inner = _translate_node(node.operand, rand)
    return lambda values: -inner(values)


def _translate_comparison(node: ast.Compare, rand: Callable[[], Any]) -> Function:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        raise _refuse_node(node)
    apply = _COMPARISONS[type(node.ops[0])]
    left, right = _translate_node(node.left, rand), _translate_node(node.comparators[0], rand)
    return lambda values: apply(left(values), right(values))


def _translate_logic(node: ast.BoolOp, rand: Callable[[], Any]) -> Function:
    join, parts = _LOGIC[type(node.op)], [_translate_node(part, rand) for part in node.values]

    def evaluate(values: Values) -> Any:
        result = parts[0](values)
        for part in parts[1:]:
            result = join(result, part(values))
        return result

    return evaluate


def _translate_call(node: ast.Call, rand: Callable[[], Any]) -> Function:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "rand" and not node.args:
        return lambda values: rand()
    if name not in FUNCTIONS or node.keywords:
        raise _refuse_node(node)
    apply, arguments = FUNCTIONS[name], [_translate_node(argument, rand) for argument in node.args]
    return lambda values: apply(*(argument(values) for argument in arguments))


_TRANSLATORS: Mapping[type, Callable[[Any, Callable[[], Any]], Function]] = {
    ast.BinOp: _translate_arithmetic,
    ast.UnaryOp: _translate_minus,
    ast.Compare: _translate_comparison,
    ast.BoolOp: _translate_logic,
    ast.Call: _translate_call,
}


def _refuse_node(node: ast.expr) -> NetworkError:
    return NetworkError(
        f"{ast.unparse(node)!r} in an environment's equations: expected arithmetic, comparisons "
        f"and the functions {', '.join(sorted(FUNCTIONS))}, rand."
    )
