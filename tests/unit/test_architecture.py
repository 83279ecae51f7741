"""What import-linter cannot say: see setup.cfg for the layers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "dualframe"
INERT = ("network.py", "circuit.py", "task.py", "distributions.py", "serialise.py", "quantity.py")


def brian2_imports(source: str) -> set[str]:
    """Return the Brian2 modules that a source text imports, deferred imports included."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name for name in found if name.split(".")[0] == "brian2"}


def beyond_units(source: str) -> set[str]:
    return {name for name in brian2_imports(source) if not name.startswith("brian2.units")}


@pytest.mark.parametrize("name", INERT)
def test_descriptions_take_only_units_from_brian2(name: str) -> None:
    path = PACKAGE / name
    if not path.exists():
        pytest.skip(f"there is no {name}")
    assert not beyond_units(path.read_text())


@pytest.mark.parametrize(
    "source",
    ["import brian2", "from brian2 import mV", "def f():\n    from brian2.groups import Group"],
)
def test_the_check_sees_other_imports(source: str) -> None:
    assert beyond_units(source)


def test_the_check_lets_units_pass() -> None:
    assert not beyond_units("from brian2.units.fundamentalunits import Quantity\nimport numpy")
