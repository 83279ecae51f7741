"""What import-linter cannot say: see setup.cfg for the layers."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "dualframe"
INERT = (
    "network",
    "circuit",
    "task",
    "core",
)


def imports(source: str) -> set[str]:
    """Return the modules that a source text imports, deferred imports included."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "dualframe")
    return found


def beyond_units(source: str) -> set[str]:
    brian2 = {name for name in imports(source) if name.split(".")[0] == "brian2"}
    return {name for name in brian2 if not name.startswith("brian2.units")}


def requirements(text: str) -> set[str]:
    """Return the module names of requirements, one a line."""
    names = re.findall(r"^\s*([\w-]+)", text, re.MULTILINE)
    return {name.lower().replace("-", "_") for name in names}


@pytest.mark.parametrize("folder", INERT)
def test_descriptions_take_only_units_from_brian2(folder: str) -> None:
    sources = {path.name: path.read_text() for path in (PACKAGE / folder).glob("*.py")}
    assert len(sources) > 1, f"there is no folder {folder} to guard"
    assert not {name: beyond_units(text) for name, text in sources.items() if beyond_units(text)}


@pytest.mark.parametrize(
    "source",
    ["import brian2", "from brian2 import mV", "def f():\n    from brian2.groups import Group"],
)
def test_the_check_sees_other_imports(source: str) -> None:
    assert beyond_units(source)


def test_the_check_lets_units_pass() -> None:
    assert not beyond_units("from brian2.units.fundamentalunits import Quantity\nimport numpy")


def test_every_import_is_a_declared_dependency() -> None:
    config = configparser.ConfigParser()
    config.read(PACKAGE.parent / "setup.cfg")
    declared = requirements(config["options"]["install_requires"]) | {"dualframe", "brian2genn"}
    sources = (path.read_text() for path in PACKAGE.rglob("*.py"))
    used = {name.split(".")[0] for source in sources for name in imports(source)}
    assert used - set(sys.stdlib_module_names) <= declared
