"""What a machine can hold of the rules in CONTRIBUTING.md: names, records, lengths."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator

import pytest
from package_source import ROOT, functions_of, source_files, syntax_trees

from dualframe.analysis.run_words import count_text

#: They say that something is there, not what it is.
SAYS_NOTHING = ("given", "own", "made", "found", "wanted", "kept", "known", "told", "what")
MOST_POSITIONAL = 5
MOST_LINES = 400
ONE_WORD_SHARE = 0.35
MEDIAN_LINES = 7

TREES = syntax_trees()


# --- names --------------------------------------------------------------------------------------


def empty_parameter_names(tree: ast.AST) -> Iterator[str]:
    """Yield the parameters of functions and methods whose names say nothing."""
    for function in functions_of(tree):
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [x for x in (arguments.vararg, arguments.kwarg) if x is not None]
        for argument in every:
            if argument.arg in SAYS_NOTHING:
                yield f"{argument.lineno} {function.name}({argument.arg})"


def has_one_word(name: str) -> bool:
    return "_" not in name.strip("_")


def test_parameters_are_named_for_what_they_are() -> None:
    assert sum(1 for tree in TREES.values() for _ in functions_of(tree)) > 500
    offenders = [f"{path}:{x}" for path, tree in TREES.items() for x in empty_parameter_names(tree)]
    assert not offenders, "\n".join(offenders)


@pytest.mark.parametrize("source", ["def f(given): pass", "class A:\n def f(self, *, own): pass"])
def test_an_empty_parameter_name_is_seen(source: str) -> None:
    assert list(empty_parameter_names(ast.parse(source)))


def test_most_functions_are_named_with_more_than_one_word() -> None:
    names = [function.name for tree in TREES.values() for function in functions_of(tree)]
    assert len(names) > 500
    share = sum(map(has_one_word, names)) / len(names)
    assert share < ONE_WORD_SHARE, f"{share:.1%} of the function names are one word"


def test_a_word_is_a_word_with_underscores_around_it() -> None:
    assert has_one_word("_run")
    assert not has_one_word("measure_rate")


# --- records ------------------------------------------------------------------------------------


def dataclass_decorator(node: ast.ClassDef) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if getattr(called, "attr", getattr(called, "id", "")) == "dataclass":
            return decorator
    return None


def dataclasses_of(tree: ast.AST) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and dataclass_decorator(node) is not None:
            yield node


def positional_fields(node: ast.ClassDef) -> list[str]:
    """Return the fields of a dataclass that may be given without their names."""
    decorator = dataclass_decorator(node)
    if isinstance(decorator, ast.Call) and _is_true(decorator, "kw_only"):
        return []
    names = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = ast.unparse(statement.annotation)
            if annotation.endswith("KW_ONLY"):
                break
            default = statement.value
            named = isinstance(default, ast.Call) and (
                _is_true(default, "kw_only") or _is_false(default, "init")
            )
            if not named and not annotation.startswith("ClassVar"):
                names.append(statement.target.id)
    return names


def _keyword(call: ast.Call, name: str) -> object:
    values = [k.value for k in call.keywords if k.arg == name]
    return getattr(values[0], "value", None) if values else None


def _is_true(call: ast.Call, name: str) -> bool:
    return _keyword(call, name) is True


def _is_false(call: ast.Call, name: str) -> bool:
    return _keyword(call, name) is False


def wide_calls(tree: ast.AST, records: set[str]) -> Iterator[str]:
    """Yield the constructions of records with more positional arguments than a reader can match."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in records and len(node.args) > MOST_POSITIONAL:
                yield f"{node.lineno} {name}({len(node.args)} positional)"


RECORDS = {node.name for tree in TREES.values() for node in dataclasses_of(tree)}


def test_wide_records_are_made_with_keywords() -> None:
    assert len(RECORDS) > 50
    offenders = [f"{path}:{x}" for path, tree in TREES.items() for x in wide_calls(tree, RECORDS)]
    assert not offenders, "\n".join(offenders)


def test_wide_records_take_keywords_only() -> None:
    assert len(RECORDS) > 50
    offenders = [
        f"{path}: {node.name} has {len(positional_fields(node))} positional fields"
        for path, tree in TREES.items()
        for node in dataclasses_of(tree)
        if len(positional_fields(node)) > MOST_POSITIONAL
    ]
    assert not offenders, "\n".join(offenders)


RECORD = "@dataclass{}\nclass R:\n" + "\n".join(f"    x{k}: int" for k in range(6))


def test_a_wide_record_is_seen() -> None:
    (plain,) = dataclasses_of(ast.parse(RECORD.format("")))
    assert len(positional_fields(plain)) == 6
    (keywords,) = dataclasses_of(ast.parse(RECORD.format("(kw_only=True)")))
    assert positional_fields(keywords) == []
    assert list(wide_calls(ast.parse("R(1, 2, 3, 4, 5, 6)"), {"R"}))
    assert not list(wide_calls(ast.parse("R(1, 2, 3, 4, 5, x=6)"), {"R"}))


# --- lengths ------------------------------------------------------------------------------------


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function below its docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    lengths = [body_lines(f) for tree in TREES.values() for f in functions_of(tree)]
    assert len(lengths) > 500
    assert statistics.median(lengths) <= MEDIAN_LINES


def test_a_docstring_is_not_counted() -> None:
    (function,) = functions_of(
        ast.parse('def f():\n    """Text\n    text."""\n    a = 1\n    return a')
    )
    assert body_lines(function) == 2


def test_no_file_is_long() -> None:
    lengths = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in TREES}
    assert max(lengths.values()) > 100
    offenders = [f"{p}: {lengths[p]}" for p in TREES if lengths[p] > MOST_LINES]
    assert not offenders, "\n".join(offenders)


def test_no_file_stops_the_formatter() -> None:
    marked = [path for path in source_files() if "fmt: " + "skip" in path.read_text("utf-8")]
    assert not marked


def test_one_seed_is_no_seeds() -> None:
    scripts = [
        path
        for folder in ("circuits", "tasks", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ]
    paths = [*(ROOT / "dualframe").rglob("*.py"), *scripts]
    assert len(paths) > 500
    assert not [str(path) for path in paths if "} seeds" in path.read_text(encoding="utf-8")]
    assert [count_text(number, "seed") for number in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
