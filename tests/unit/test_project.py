"""The exported C++ project: it builds and runs with a compiler and make, and explains itself."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dualframe.core.errors import BuildError, OutputError
from dualframe.targets.cpp.export_project import ExportReadme, export_project

WORDS = ExportReadme(
    title="Two groups",
    introduction="Cells that drive readers.",
    parameters={"cells_gL": "leak conductance of the cells (siemens)"},
    arrays={"cells_C": "capacitance (farad)", "voltage_v": "membrane potential (volt)"},
    results="Spike times are in `spikes_t`.",
)


@pytest.fixture
def exported(generated, tmp_path) -> Path:
    return export_project(generated[2], tmp_path / "deep" / "out", WORDS)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class TestContents:
    def test_files(self, exported):
        names = {name for name in files(exported) if not name.startswith("static_arrays")}
        assert names == {
            *("Makefile", "README.md", "manifest.json", "layout.txt", "parameters.txt"),
            "program.cpp",
        }
        assert not list(exported.parent.glob(".*"))

    def test_parameters_can_be_read(self, exported):
        text = (exported / "parameters.txt").read_text()
        pattern = r"^cells_gL = \S+  # leak conductance of the cells \(siemens\)$"
        assert re.search(pattern, text, re.MULTILINE)
        assert re.search("^seed = 2$", text, re.MULTILINE)
        assert re.search("^cells_EL = -0.065$", text, re.MULTILINE)

    def test_the_readme_describes_what_is_there(self, exported, generated):
        readme = (exported / "README.md").read_text()
        assert readme.startswith("# Two groups\n\nCells that drive readers.\n")
        assert readme.endswith("Spike times are in `spikes_t`.\n")
        name = "_static_array__array_cells_C"
        assert f"| `cells_C` | `{name}` | float64 | (20,) | capacitance (farad) |" in readme
        assert "| float64 | (time, recorded) | membrane potential (volt) |" in readme
        for path in (generated[2] / "static_arrays").iterdir():
            assert f"`{path.name}`" in readme

    def test_dtype_and_shape_are_those_of_the_files(self, exported):
        readme = (exported / "README.md").read_text()
        data, _ = readme.split("## Results")
        rows = re.findall(r"^\| `\w+` \| `(\w+)` \| (\w+) \| \((\d+),\)", data, re.MULTILINE)
        assert rows
        for name, dtype, length in rows:
            assert np.fromfile(exported / "static_arrays" / name, dtype).size == int(length)

    def test_nothing_names_this_machine(self, exported, generated):
        for name in ("Makefile", "README.md", "program.cpp", "layout.txt"):
            text = (exported / name).read_text()
            assert str(generated[2].parent) not in text
            assert "-I/" not in text

    def test_sources_that_cannot_be_merged_are_exported_as_they_are(self, generated, tmp_path):
        project = tmp_path / "project"
        shutil.copytree(generated[1], project)
        makefile = project / "makefile"
        makefile.write_text(makefile.read_text().replace("SRCS = ", "SRCS = mine.cpp ", 1))
        (project / "mine.cpp").write_text("int mine = 1;\n")
        out = export_project(project, tmp_path / "out", WORDS)
        assert {"mine.cpp", "main.cpp", "makefile", "brianlib/clocks.h"} <= files(out)
        assert "-I/" not in (out / "makefile").read_text()


class TestPlaces:
    def test_an_empty_folder(self, generated, tmp_path):
        (tmp_path / "out").mkdir()
        assert (export_project(generated[1], tmp_path / "out", WORDS) / "Makefile").exists()

    def test_an_earlier_export_is_replaced_and_other_files_stay(self, exported, generated):
        stale = exported / "static_arrays" / "stale"
        stale.touch()
        record = json.loads((exported / "manifest.json").read_text())
        empty = hashlib.sha256(b"").hexdigest()
        record["files"] |= {"static_arrays/stale": empty, "../../outside": empty}
        (exported / "manifest.json").write_text(json.dumps(record))
        outside = exported.parent.parent / "outside"
        for path in (exported / "my_notes.txt", exported / "main", outside):
            path.touch()
        with pytest.raises(OutputError, match="force"):
            export_project(generated[1], exported, WORDS)
        export_project(generated[1], exported, WORDS, force=True)
        assert "seed = 1" in (exported / "parameters.txt").read_text()
        assert not stale.exists()
        for path in (exported / "my_notes.txt", exported / "main"):
            assert path.exists()
        assert outside.exists()

    def test_a_folder_of_something_else_is_refused(self, generated, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(OutputError, match="it is not empty"):
            export_project(generated[1], tmp_path, WORDS)
        assert files(tmp_path) == {"thesis.tex"}

    def test_a_file_is_refused(self, generated, tmp_path):
        (tmp_path / "out").touch()
        with pytest.raises(OutputError, match="File exists"):
            export_project(generated[1], tmp_path / "out", WORDS)

    def test_a_place_that_cannot_be_written(self, generated, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match="cannot write into"):
            export_project(generated[1], tmp_path / "file" / "out", WORDS)

    def test_not_a_project(self, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(BuildError, match="not a generated C"):
            export_project(tmp_path / "empty", tmp_path / "out", WORDS)
        assert not (tmp_path / "out").exists()


@pytest.mark.cpp
def test_make_and_run_without_python(exported):
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(["make"], cwd=exported, env=bare, check=True, capture_output=True)
    subprocess.run(["./main", "--results_dir", "mine"], cwd=exported, env=bare, check=True)
    readme = (exported / "README.md").read_text()
    _, table = readme.split("## Results")
    listed = re.findall(r"^\| `\w+` \| `(\w+)` \| (\w+) \| (\S+)", table, re.MULTILINE)
    assert len(listed) > 10
    for name, dtype, shape in listed:
        values = np.fromfile(exported / "mine" / name, dtype)
        assert shape in ("(any,)", "(time,", f"({values.size},)")
