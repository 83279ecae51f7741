"""How large the numbers of an expression can become, without computing them.

sympy computes what is made of numbers alone, and what is left of ``9**(10**9*x/x)`` when names
cancel: integers of any length. Here magnitudes are bounded by their decimal logarithms, with every
name as a one.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

LARGEST_EXPONENT = 100.0
MOST_DIGITS = 1e6
MOST_SHOWN = 60  # characters of a piece in an error
_EXPONENTIALS = ("exp", "expm1", "sinh", "cosh", "exprel")
_ARITHMETIC: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}


def find_huge_number(expression: ast.expr) -> str:
    """Return what is wrong with the powers of an expression; "" if they are bounded.

    Parameters
    ----------
    expression
        Of names, numbers, arithmetic, comparisons and calls; its nesting is bounded.
    """
    for node in ast.walk(expression):
        if isinstance(node, ast.BinOp) and (problem := _problem_of_numbers(node)):
            return f"{ast.unparse(node)[:MOST_SHOWN]!r} {problem}"
    try:
        huge = _digits_of(expression) > MOST_DIGITS
    except OverflowError:
        huge = True
    return f"{ast.unparse(expression)[:MOST_SHOWN]!r} makes numbers too long" if huge else ""


def _problem_of_numbers(node: ast.BinOp) -> str:
    exponent = constant_value(node.right) if isinstance(node.op, ast.Pow) else None
    if exponent is not None and not abs(exponent) <= LARGEST_EXPONENT:
        return f"has an exponent beyond {LARGEST_EXPONENT:g}: expected a smaller one"
    value = constant_value(node)
    return "is no finite number" if value is not None and not math.isfinite(value) else ""


def constant_value(node: ast.expr) -> float | None:
    """Return the value of what is made of numbers alone, in double precision; else None.

    Parameters
    ----------
    node
        The expression; NaN where double precision has no value.
    """
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]  # a number: texts were refused
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = constant_value(node.operand)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if not isinstance(node, ast.BinOp):
        return None
    left, right = constant_value(node.left), constant_value(node.right)
    if left is None or right is None:
        return None
    try:
        return _ARITHMETIC[type(node.op)](left, right)
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.nan


def _digits_of(node: ast.expr) -> float:
    """Bound the decimal logarithm of the magnitude, and of its inverse."""
    if isinstance(node, ast.Constant):
        value = abs(float(node.value))  # type: ignore[arg-type]
        return abs(math.log10(value)) if value else 0.0
    if isinstance(node, ast.UnaryOp):
        return _digits_of(node.operand)
    if isinstance(node, ast.BinOp):
        return _digits_of_arithmetic(node)
    parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    digits = max(map(_digits_of, parts), default=0.0)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _EXPONENTIALS:
        return _bounded(10.0**digits / math.log(10))
    return digits


def _digits_of_arithmetic(node: ast.BinOp) -> float:
    left, right = _digits_of(node.left), _digits_of(node.right)
    if isinstance(node.op, ast.Pow):
        exponent = constant_value(node.right)
        return _bounded(left * (10.0**right if exponent is None else abs(exponent)))
    if isinstance(node.op, (ast.Add, ast.Sub)):
        larger, smaller = max(left, right), min(left, right)
        return larger + math.log10(1 + 10.0 ** (smaller - larger))
    return left + right


def _bounded(digits: float) -> float:
    if not digits <= MOST_DIGITS:
        raise OverflowError
    return digits
