"""What an import or a command imports, and that what is written down twice for it agrees."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dualframe as df
from dualframe.cli import arguments, command_list, task_arguments
from dualframe.cli.catalogue_pages import LISTS
from dualframe.simulation.recordings import RECORDED_NEURONS
from dualframe.simulation.run_specification import BRANCHES
from dualframe.targets.target_support import TARGETS
from dualframe.training import training_specification

SLOW = ("brian2", "dendrify", "matplotlib", "numpy", "pandas", "scipy", "sympy")


def loaded_modules(code: str) -> set[str]:
    """Return the modules that are there when code has run in a process of its own."""
    text = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HELP = """
from dualframe.cli import main
for words in (["--help"], ["--version"], ["train", "--help"], ["list", "nothing"]):
    try:
        main(words)
    except SystemExit:
        pass
"""


@pytest.mark.parametrize("code", ["import dualframe", "import dualframe.core.errors", HELP])
def test_help_and_the_bare_import_import_nothing_slow(code: str) -> None:
    assert not loaded_modules(code) & set(SLOW)


def test_the_api_imports_no_statistics_and_optimisation() -> None:
    loaded = loaded_modules("import dualframe as df\ndf.run")
    assert "brian2" in loaded
    assert not loaded & {"scipy.stats", "scipy.optimize", "gymnasium", "cma"}


def test_an_entry_imports_what_it_is_made_of() -> None:
    loaded = loaded_modules("import dualframe as df\ndf.cell('ctx_pv')\ndf.receptor('M1')")
    assert not loaded & {"dualframe.public_api", "dualframe.training", "dualframe.targets"}


PARTS = {
    "Population": ("pandas", "dualframe.catalogue", "dualframe.targets"),
    "cells": ("scipy.special", "dualframe.building", "dualframe.targets", "dualframe.training"),
    "run": ("scipy.special", "rich", "dualframe.catalogue", "dualframe.training"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_name_of_the_api_imports_what_it_needs(name: str) -> None:
    assert not loaded_modules(f"import dualframe as df\ndf.{name}") & set(PARTS[name])


def test_each_name_of_the_api_is_where_it_says() -> None:
    code = "from dualframe import public_api as a\nassert all(getattr(df, n) is getattr(a, n)"
    loaded_modules(
        f"import dualframe as df\nlist(map(df.__getattr__, df.__all__))\n{code} "
        "for n in df.__all__)"
    )


ORDERS = (
    "import dualframe.circuit.lookup, dualframe.targets, dualframe.task, dualframe.environments",
    "from dualframe.environments import environment",
    "from dualframe.targets.target_support import check",
    "from dualframe.core.registry import registry_of\nregistry_of('encoder')",
    "from dualframe.task import task\ntask('navigation')",
)


@pytest.mark.parametrize("first", ORDERS)
def test_functions_are_not_hidden_by_folders_imported_before(first: str) -> None:
    functions = "df.circuit, df.targets, df.task, df.environments, df.neurons, df.report"
    assert loaded_modules(
        f"{first}\nimport dualframe as df\nassert all(map(callable, ({functions})))"
    )


def test_an_unknown_name_is_none_of_the_package() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        df.nonsense  # noqa: B018
    assert set(df.__all__) <= set(dir(df))


def test_every_command_is_found_and_described_as_it_is_documented() -> None:
    for name, (_, _, description) in command_list.COMMANDS.items():
        documentation = command_list.find_command(name).__doc__ or ""
        assert documentation.splitlines()[0] == description


def test_the_help_says_what_the_package_has() -> None:
    assert tuple(LISTS) == arguments.KINDS
    assert ", ".join(TARGETS) == task_arguments.TARGETS
    assert " or ".join(BRANCHES) == task_arguments.BRANCHES
    assert set(BRANCHES) == set(training_specification.BRANCHES)
    assert training_specification.BRANCHES[0] == "task_driven"  # the default that the help names
    assert RECORDED_NEURONS == arguments.RECORDED_NEURONS
