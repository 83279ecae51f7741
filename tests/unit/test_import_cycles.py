"""No module of the package imports itself by way of others, not even for its annotations.

import-linter holds the arrows between folders; this holds them between modules, deferred imports
and those under ``TYPE_CHECKING`` included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from package_source import PACKAGE, source_files

Graph = dict[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(source: str, package: str) -> Iterator[str]:
    """Yield every dotted name that a source text may import, wherever the statement stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            parts = [*(above if node.level else ()), *([node.module] if node.module else ())]
            base = ".".join(parts)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_graph(sources: Mapping[str, tuple[str, str]]) -> Graph:
    """Return which modules import which; ``sources`` has the package and the text by module."""
    graph: Graph = {}
    for name, (package, text) in sources.items():
        found = {target for target in imported_names(text, package) if target in sources}
        # `from package import module` names the module; the package is imported by the way only
        modules = {x for x in found if not any(other.startswith(f"{x}.") for other in found)}
        graph[name] = modules - {name}
    return graph


def first_cycle(graph: Graph) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def package_graph() -> Graph:
    sources = {}
    for path in source_files():
        name = module_name(path, PACKAGE.parent)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        sources[name] = package, path.read_text(encoding="utf-8")
    return import_graph(sources)


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = package_graph()
    assert sum(map(len, graph.values())) > len(graph) / 2, "hardly any import was found"
    cycle = first_cycle(graph)
    assert not cycle, " imports ".join(reversed(cycle))


def test_a_cycle_for_annotations_is_seen() -> None:
    typing_only = "if TYPE_CHECKING:\n    from p.first import A"
    sources = {"p.first": ("p", "from p import second"), "p.second": ("p", typing_only)}
    assert first_cycle(import_graph(sources | {"p": ("p", "")}))


def test_a_deferred_and_a_relative_import_are_seen() -> None:
    deferred = "def f():\n    from .first import A"
    sources = {"p.first": ("p", "import p.second"), "p.second": ("p", deferred)}
    assert first_cycle(import_graph(sources))


def test_a_chain_is_no_cycle() -> None:
    sources = {"p.first": ("p", "from p.second import B"), "p.second": ("p", "import numpy")}
    assert import_graph(sources) == {"p.first": {"p.second"}, "p.second": set()}
    assert not first_cycle(import_graph(sources))
