"""A copy of a shipped circuit in a user's own folder is that circuit, sources and strengths too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dualframe as df
from dualframe.core.errors import CatalogueError, OutputError, UnknownName
from dualframe.core.shipped_files import find_shipped_file, shipped_names
from dualframe.simulation.run_specification import RunSpecification


@pytest.mark.parametrize("name", shipped_names("circuits"))
def test_a_copy_of_a_circuit_is_the_circuit(name: str, tmp_path: Path) -> None:
    path = shutil.copy(find_shipped_file("circuits", name), tmp_path / "copy.toml")
    assert df.circuit(path).describe() == df.circuit(name).describe()


@pytest.mark.parametrize("name", shipped_names("tasks"))
def test_a_copy_of_a_task_is_the_task(name: str, tmp_path: Path) -> None:
    path = shutil.copy(find_shipped_file("tasks", name), tmp_path / "copy.toml")
    assert df.task(path).describe() == df.task(name).describe()


def test_a_copy_has_the_strengths_of_the_circuit(tmp_path: Path) -> None:
    path = shutil.copy(find_shipped_file("circuits", "l23"), tmp_path / "copy.toml")
    options = {"branch": "task_driven", "scale": 0.01, "seed": 1}
    copied, shipped = (RunSpecification(circuit=str(c), **options) for c in (path, "l23"))
    assert copied.network.digest == shipped.network.digest
    text = path.read_text()
    changed = text.replace('synapse = "AMPA"', 'synapse = "NMDA"', 1)
    assert changed != text
    path.write_text(changed)
    with pytest.raises(CatalogueError, match=r"another version|no calibration|no contact"):
        _ = RunSpecification(circuit=str(path), **options).network


def test_files_that_are_not_there_are_named_as_they_were_written(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"--calibration .*none.toml': there is no such file"):
        _ = RunSpecification(circuit="l23", calibration=str(tmp_path / "none.toml")).network
    with pytest.raises(OutputError, match="no home folder of '~nobody_at_all'"):
        RunSpecification(circuit="~nobody_at_all/x.toml")
    with pytest.raises(UnknownName, match=r"'x{99}\.\.\.\. "):
        df.circuit("x" * 9999 + ".toml")
