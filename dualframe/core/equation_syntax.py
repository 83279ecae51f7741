"""What a text that becomes code may hold; anything else is refused before Brian2 sees it.

Equations, statements and conditions of a network are texts that Brian2, sympy and a C++ compiler
read. They may come from a file of somebody else, so they are a small language: names, numbers,
arithmetic, comparisons, ``and``, ``or``, ``not``, and calls of Brian2's own functions by name.
There are no attributes, subscripts, texts, keywords or names with an underscore in front. Brian2
evaluates units, and sympy what is made of numbers alone: powers are bounded without computing them.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from dualframe.core.constant_size import find_huge_number
from dualframe.core.errors import NetworkError, suggest_name

LONGEST_TEXT = 500_000  # characters
LONGEST_NUMBER = 40  # characters: 17 digits tell all numbers of double precision apart
DEEPEST_NESTING = 150  # operations within operations; Brian2 and sympy recurse
MOST_SHOWN = 60  # characters of a piece in an error

#: Functions of expressions, those of Brian2, with their numbers of arguments.
FUNCTIONS: Mapping[str, int] = MappingProxyType(
    {"rand": 0, "randn": 0, "timestep": 2, "clip": 3}
    | dict.fromkeys(("abs", "arccos", "arcsin", "arctan", "ceil", "cos", "cosh", "exp", "expm1"), 1)
    | dict.fromkeys(("exprel", "floor", "int", "log", "log10", "log1p", "poisson", "sign"), 1)
    | dict.fromkeys(("sin", "sinh", "sqrt", "tan", "tanh"), 1)
)
ALLOWED = "expected names, numbers, arithmetic, comparisons and functions such as exp(x)"

_LANGUAGE = (
    ast.Expression,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.Call,
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])"
_TOKEN = re.compile(
    rf"\s+|(?P<number>{_NUMBER})|[A-Za-z]\w*|\*\*|//|[<>=!]=|[-+*/%<>(),]", re.ASCII
)
_ASSIGNMENT = re.compile(r"[A-Za-z]\w*\s*[-+*/]?=(?!=)(?P<expression>.*)", re.ASCII | re.DOTALL)
_EQUATION = re.compile(
    r"\s*(?:(?:d[ \t]*(?P<state>[A-Za-z]\w*)\s*/\s*dt|(?P<name>[A-Za-z]\w*))\s*="
    r"(?P<expression>[^:]+)|(?P<parameter>[A-Za-z]\w*)\s*)"
    r":(?P<unit>[A-Za-z0-9*/.\- \t\r]+)(?:\(\s*[A-Za-z][\w\- ]*(?:,\s*[A-Za-z][\w\- ]*)*\))?",
    re.ASCII,
)
_LEFT_SIDE = re.compile(r"\s*(?:d\s*\w+\s*/\s*dt|\w+)\s*=(?!=)", re.ASCII)
_COMMENT = re.compile(r"#[^\n]*")
_UNIT = re.compile(
    r"(?:1|[A-Za-z]+\d?)(?:\s*\*\*\s*-?\d(?:\.\d{1,3})?)?"
    r"(?:\s*[*/]\s*(?:1|[A-Za-z]+\d?)(?:\s*\*\*\s*-?\d(?:\.\d{1,3})?)?)*",
    re.ASCII,
)


def check_model(text: str, label: str) -> None:
    """Refuse equations that hold more than the language of equations.

    Parameters
    ----------
    text
        Brian2 equations: ``dx/dt = ... : unit (flags)``, ``x = ... : unit``, ``x : unit``.
    label
        How an error calls them.

    Raises
    ------
    NetworkError
        If they do; it quotes the piece.
    """
    _raise_problem(_find_problem_in_model, text, label)


def check_statements(text: str, label: str) -> None:
    """Refuse statements that are more than assignments to variables.

    Parameters
    ----------
    text
        Assignments such as ``x += 1; y = 2*x``, separated by ``;`` or on lines of their own.
    label
        How an error calls them.

    Raises
    ------
    NetworkError
        If they do; it quotes the piece.
    """
    _raise_problem(_find_problem_in_statements, text, label)


def check_expression(text: str, label: str) -> None:
    """Refuse an expression that holds more than the language of equations.

    Parameters
    ----------
    text
        A value or a condition, such as ``V > V_t + 2*mV``.
    label
        How an error calls it.

    Raises
    ------
    NetworkError
        If it does; it quotes the piece.
    """
    _raise_problem(_find_problem_in_expression, text, label)


def check_condition(text: str, label: str, model: str) -> None:
    """Refuse a condition that holds more than the language of equations, or is a value.

    Parameters
    ----------
    text
        The condition, such as ``V > V_t``.
    label
        How an error calls it.
    model
        Equations in which a condition may have a name: ``above = V > V_t : boolean``.

    Raises
    ------
    NetworkError
        If it does, or is.
    """
    check_expression(text, label)
    if not _is_condition(ast.parse(" ".join(text.split()), mode="eval").body, model):
        raise NetworkError(
            f"{label} is {quote_piece(text)}, which is no condition: expected one such as "
            f"'V > V_t'."
        )


def expressions_of_model(text: str) -> list[tuple[str, str]]:
    """Return the name and the expression of each equation of a model that has one.

    Parameters
    ----------
    text
        Equations that `check_model` accepts.
    """
    equations = _EQUATION.finditer(_COMMENT.sub("", text))
    return [(e["state"] or e["name"], e["expression"]) for e in equations if e["expression"]]


def find_bare_condition(expression: str) -> str:
    """Return the first condition that stands where a number is expected; "" for none.

    Parameters
    ----------
    expression
        A number: conditions are numbers in ``int(x > 1)``, where they are 0 or 1.
    """
    return _bare_condition(ast.parse(" ".join(expression.split()), mode="eval").body)


def _bare_condition(node: ast.expr) -> str:
    if isinstance(node, (ast.Compare, ast.BoolOp)) or _is_negation(node):
        return ast.unparse(node)
    inside: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int":
        inside = [part for argument in node.args for part in _numbers_of_condition(argument)]
    parts = (_bare_condition(part) for part in inside if isinstance(part, ast.expr))
    return next(filter(None, parts), "")


def _is_negation(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _numbers_of_condition(node: ast.expr) -> list[ast.expr]:
    """Return the numbers that a condition compares; of a number, itself."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.BoolOp):
        return [part for value in node.values for part in _numbers_of_condition(value)]
    if isinstance(node, ast.UnaryOp) and _is_negation(node):
        return _numbers_of_condition(node.operand)
    return [node]


def _is_condition(node: ast.expr, model: str) -> bool:
    if isinstance(node, ast.Name):
        equations = _EQUATION.finditer(_COMMENT.sub("", model))
        units = {e["state"] or e["name"] or e["parameter"]: e["unit"].strip() for e in equations}
        return units.get(node.id, "boolean") == "boolean"  # another check knows what is missing
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, (ast.Compare, ast.BoolOp))


def quote_piece(text: object) -> str:
    """Return a text in quotes for an error, cut where it is long.

    Parameters
    ----------
    text
        The text.
    """
    plain = " ".join(str(text).split())
    return repr(plain if len(plain) <= MOST_SHOWN else f"{plain[:MOST_SHOWN]}...")


def _raise_problem(find_problem: Callable[[str], str], text: object, label: str) -> None:
    if not isinstance(text, str):
        raise NetworkError(f"{label} is {quote_piece(text)}: expected a text.")
    if len(text) > LONGEST_TEXT:
        raise NetworkError(f"{label} has {len(text)} characters: expected at most {LONGEST_TEXT}.")
    if problem := find_problem(text):
        raise NetworkError(f"{label}: {problem}.")


@lru_cache(maxsize=512)
def _find_problem_in_model(text: str) -> str:
    bare = _COMMENT.sub("", text).rstrip()  # as Brian2, whose language of equations has no texts
    position = 0
    while position < len(bare):
        equation = _EQUATION.match(bare, position)
        if equation is None:
            rest = bare[position:].strip().splitlines()[0]
            return f"{quote_piece(rest)} is no equation such as 'dV/dt = -V/tau : volt'"
        if problem := _find_problem_in_equation(equation):
            return problem
        position = equation.end()
    return ""


def _find_problem_in_equation(equation: re.Match[str]) -> str:
    first, *more = (equation["expression"] or "").strip().split("\n")
    if any(_LEFT_SIDE.match(line) for line in more):
        name = equation["name"] or f"d{equation['state']}/dt"
        return f"{quote_piece(f'{name} = {first}')} has no unit: end it with ' : 1', or another one"
    unit = equation["unit"].strip()
    if not _UNIT.fullmatch(unit):
        return f"{quote_piece(unit)} is no unit: expected a product such as 'siemens/metre**2'"
    return _find_problem_in_expression(equation["expression"]) if equation["expression"] else ""


@lru_cache(maxsize=2048)
def _find_problem_in_statements(text: str) -> str:
    for statement in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        if "#" in statement:
            return f"{quote_piece(statement)} has a comment, for which statements have no place"
        assignment = _ASSIGNMENT.fullmatch(statement)
        if assignment is None:
            return f"{quote_piece(statement)}: expected an assignment such as 'x += 1'"
        if problem := _find_problem_in_expression(assignment["expression"]):
            return f"in {quote_piece(statement)}, {problem}"
    return ""


@lru_cache(maxsize=4096)
def _find_problem_in_expression(text: str) -> str:
    if problem := _find_foreign_character(text):
        return problem
    line = " ".join(text.split())
    try:
        tree = ast.parse(line, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"{quote_piece(line)} is no expression: {ALLOWED}"
    for node, depth in _nodes_with_depth(tree):
        if depth > DEEPEST_NESTING:
            return f"{quote_piece(line)} nests more than {DEEPEST_NESTING} operations: divide it"
        if problem := _find_problem_in_node(node):
            return problem
    return find_huge_number(tree.body)


def _find_foreign_character(text: str) -> str:
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            piece = quote_piece(text[position : position + 20])
            return f"{piece} of {quote_piece(text)} is not allowed: {ALLOWED}"
        if token["number"] and len(token["number"]) > LONGEST_NUMBER:
            return f"{quote_piece(token['number'])} has more digits than a number of the computer"
        position = token.end()
    return ""


def _nodes_with_depth(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Yield the nodes, but not the names of functions, without recursion."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        parts = tuple(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            parts = parts[1:]
        waiting += [(child, depth + 1) for child in parts]


def _find_problem_in_node(node: ast.AST) -> str:
    if not isinstance(node, _LANGUAGE):
        piece = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
        return f"{quote_piece(piece)} is not allowed: {ALLOWED}"
    if isinstance(node, ast.Constant) and not _is_finite(node.value):
        return f"{quote_piece(ast.unparse(node))} is no finite number"
    if isinstance(node, ast.Name) and node.id in FUNCTIONS:
        return f"{node.id!r} is a function: give its arguments in brackets, or rename it"
    return _find_problem_in_call(node) if isinstance(node, ast.Call) else ""


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, (bool, int, float)) and math.isfinite(float(value))
    except OverflowError:
        return False


def _find_problem_in_call(call: ast.Call) -> str:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name not in FUNCTIONS:
        shown = quote_piece(ast.unparse(call.func))
        return f"unknown function {shown}. {suggest_name(name, FUNCTIONS)}".rstrip(".")
    if call.keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
        return f"{quote_piece(ast.unparse(call))} is not allowed: arguments stand by position"
    if len(call.args) != FUNCTIONS[name]:
        return f"{quote_piece(ast.unparse(call))}: {name!r} takes {FUNCTIONS[name]} arguments"
    return ""
