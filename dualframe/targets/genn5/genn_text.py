"""Brian2's expressions and statements as GeNN code; Brian2 parses them.

All values are floating point: booleans are 0 and 1, and divisions are never those of integers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from brian2.core.namespace import DEFAULT_UNITS
from brian2.parsing.rendering import NodeRenderer

from dualframe.core.errors import TargetError

_NUMBERS = {"pi": "3.141592653589793", "e": "2.718281828459045", "inf": "1e300"}
_COUNT = "poisson"
_BOOLEAN = (ast.Compare, ast.BoolOp)
_OPERATORS = {"Not": "!", "And": "&&", "Or": "||", "BitAnd": "&&", "BitOr": "||"}
_PLAIN = (
    *("exp", "log", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "sinh", "cosh"),
    *("tanh", "floor", "ceil"),
)
_FORMULAS = {
    **{name: f"{name}({{0}})" for name in _PLAIN},
    **{f"arc{name}": f"a{name}({{0}})" for name in ("sin", "cos", "tan")},
    "abs": "fabs({0})",
    "Abs": "fabs({0})",
    "clip": "(({0}) < ({1}) ? ({1}) : (({0}) > ({2}) ? ({2}) : ({0})))",
    "exprel": "(fabs({0}) < 1e-16 ? 1.0 : expm1({0})/({0}))",
    "int": "trunc({0})",
    "rand": "gennrand_uniform()",
    "randn": "gennrand_normal()",
    "sign": "(({0}) > 0.0 ? 1.0 : (({0}) < 0.0 ? -1.0 : 0.0))",
    "timestep": "trunc((({0}) + 0.001*({1}))/({1}))",
}
_RESERVED = frozenset(
    {
        *("t", "dt", "id", "id_pre", "id_post", "Isyn", "inSyn", "scalar", "timepoint", "double"),
        *("float", "int", "bool", "char", "short", "long", "unsigned", "signed", "const", "if"),
        *("else", "for", "while", "do", "switch", "case", "default", "break", "continue", "return"),
        *("void", "auto", "static", "struct", "class", "new", "delete", "this", "true", "false"),
    }
)
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


@dataclass(frozen=True)
class Statement:
    """An assignment: the variable, ``"="``, ``"+="``, ``"-="`` ..., and an expression."""

    name: str
    operator: str
    expression: str


class _GennRenderer(NodeRenderer):  # type: ignore[misc]
    """Writes GeNN code; ``names`` are all names that have a value, with their code."""

    expression_ops = NodeRenderer.expression_ops | _OPERATORS

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def render_Name(self, node: ast.Name) -> str:
        if node.id in self._names:
            return self._names[node.id]
        if node.id in _NUMBERS:
            return _NUMBERS[node.id]
        if node.id in DEFAULT_UNITS:
            return repr(float(DEFAULT_UNITS[node.id]))
        raise TargetError(f"target 'genn5' has no value for {node.id!r}: give it one.")

    def render_Constant(self, node: ast.Constant) -> str:
        value = float(node.value)  # type: ignore[arg-type]
        return "1e300" if value == float("inf") else repr(value)

    def render_BinOp(self, node: ast.BinOp) -> str:
        if isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            return self._join(node.op, [node.left, node.right])
        left, right = (self.render_element_parentheses(n) for n in (node.left, node.right))
        if isinstance(node.op, ast.Pow):
            is_square = isinstance(node.right, ast.Constant) and node.right.value == 2
            return f"({left}*{left})" if is_square else f"pow((scalar){left}, (scalar){right})"
        if isinstance(node.op, ast.Mod):
            return modulo(f"({right} + {modulo(left, right)})", right)
        if isinstance(node.op, ast.FloorDiv):
            return f"floor({left}/{right})"
        return f"{left} {self.expression_ops[type(node.op).__name__]} {right}"

    def render_BoolOp(self, node: ast.BoolOp) -> str:
        return self._join(node.op, node.values)

    def render_UnaryOp(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return f"!{self._truth(node.operand)}"
        return f"{self.expression_ops[type(node.op).__name__]}({self.render_node(node.operand)})"

    def render_Call(self, node: ast.Call) -> str:
        name = node.func.id  # type: ignore[attr-defined]
        if name == "int" and _is_boolean(node.args[0]):
            return f"({self.render_node(node.args[0])} ? 1.0 : 0.0)"
        if name not in _FORMULAS:
            raise TargetError(f"target 'genn5' has no function {name!r}: write it out.")
        return _FORMULAS[name].format(*(self.render_node(argument) for argument in node.args))

    def render_element_parentheses(self, node: ast.AST) -> str:
        if isinstance(node, (ast.Name, ast.Call)):
            return str(self.render_node(node))
        return str(super().render_element_parentheses(node))

    def _join(self, operator: ast.AST, operands: list[ast.expr]) -> str:
        return f" {_OPERATORS[type(operator).__name__]} ".join(map(self._truth, operands))

    def _truth(self, node: ast.AST) -> str:
        text = f"({self.render_node(node)})"
        return text if _is_boolean(node) else f"({text} != 0.0)"


def modulo(dividend: str, divisor: str) -> str:
    """Return the code of a remainder, which has the sign of the dividend.

    Times are of double precision always, and CUDA has no remainder of two precisions.

    Parameters
    ----------
    dividend, divisor
        Code of values: names, numbers, calls or texts in parentheses.
    """
    return f"fmod((timepoint){dividend}, (timepoint){divisor})"


#: A condition: the second of the two steps that GeNN takes for one.
IS_SECOND_PHASE = f"{modulo('rint(t/dt)', '2.0')} > 0.5"


def _is_boolean(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.BitAnd, ast.BitOr))
    return isinstance(node, _BOOLEAN)


def genn_name(name: str) -> str:
    """Return the name of a variable in GeNN code, where some words have a meaning.

    Parameters
    ----------
    name
        Name of the variable in Brian2.
    """
    plain = name.strip("_")
    if plain != name:
        return f"{plain}_local{len(name) - len(plain)}"
    return f"{name}_variable" if name in _RESERVED or name in _FORMULAS else name


def render_expression(text: str, names: Mapping[str, str]) -> str:
    """Return an expression of Brian2 as GeNN code.

    Parameters
    ----------
    text
        The expression.
    names
        The code of every name that has a value.

    Raises
    ------
    TargetError
        If a name has no value, or a function does not exist in GeNN.
    """
    return str(_GennRenderer(names).render_expr(text.replace("\n", " ")))


def parse_statements(text: str | None) -> Iterator[Statement]:
    """Yield the assignments of a text in Brian2's syntax.

    Parameters
    ----------
    text
        Statements, one a line or separated by semicolons.
    """
    for line in re.split(r"[;\n]", text or ""):
        if match := re.fullmatch(r"\s*(\w+)\s*([-+*/]?=)(?!=)\s*(.+?)\s*", line):
            yield Statement(match[1], match[2], match[3])
        elif line.strip():
            raise TargetError(f"target 'genn5' cannot read {line.strip()!r}: write an assignment.")


def render_statements(
    statements: Iterator[Statement], names: Mapping[str, str], written: Mapping[str, str]
) -> list[str]:
    """Return assignments as lines of GeNN code.

    Parameters
    ----------
    statements
        The assignments.
    names
        The code of every name that has a value.
    written
        The code of the variables that may be written; other names become local constants.
    """
    lines, known = [], dict(names)
    for statement in statements:
        expression = statement.expression
        if _COUNT in words_of(expression):
            draws = _Counts(known, f"events_of_{genn_name(statement.name)}")
            expression = draws.replace(expression)
            lines += draws.lines
        value = render_expression(expression, known)
        if statement.name in written:
            lines.append(f"{written[statement.name]} {statement.operator} {value};")
        else:
            known[statement.name] = genn_name(statement.name)
            lines.append(f"const scalar {known[statement.name]} = {value};")
    return lines


class _Counts(ast.NodeTransformer):
    """Draws counts of Poisson events, which GeNN has no function for, before they are read.

    They are the uniform numbers whose product stays above exp(-mean) (Knuth, Seminumerical
    Algorithms, section 3.4.1).
    """

    def __init__(self, names: dict[str, str], stem: str) -> None:
        self.lines: list[str] = []
        self._names, self._stem = names, stem

    def replace(self, text: str) -> str:
        """Return a text with names in the place of the calls; the lines draw their values."""
        return ast.unparse(self.visit(ast.parse(text.strip(), mode="eval")))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id != _COUNT:
            return node
        mean = render_expression(ast.unparse(node.args[0]), self._names)
        name = f"{self._stem}_{len(self.lines) // 4}"
        self.lines += [
            f"scalar {name} = 0.0;",
            f"const scalar {name}_end = exp(-({mean}));",
            f"scalar {name}_product = gennrand_uniform();",
            f"while ({name}_product > {name}_end) "
            f"{{ {name} += 1.0; {name}_product *= gennrand_uniform(); }}",
        ]
        self._names[name] = name
        return ast.Name(name, ast.Load())


def words_of(*texts: str | None) -> set[str]:
    """Return the words of texts.

    Parameters
    ----------
    texts
        The texts.
    """
    return set().union(*(_WORD.findall(text or "") for text in texts))
