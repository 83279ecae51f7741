"""The package as syntax trees, for the tests that read it as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dualframe"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def source_files(folder: Path = PACKAGE) -> list[Path]:
    """Return the modules of a folder; there must be some to look at."""
    files = sorted(folder.rglob("*.py"))
    assert len(files) > 1, f"there is nothing to guard in {folder}"
    return files


def syntax_trees() -> dict[str, ast.Module]:
    """Return the syntax tree of every module, by its path from the root of the repository."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in source_files()
    }


def functions_of(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method of a tree, those with two underscores around left out."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and not node.name.startswith("__"):
            yield node
