"""Merging generated C++ into one unit, and naming its numbers in files."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms
from generated_projects import generate

from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.cpp import literal_free_device
from dualframe.targets.cpp.build import BuiltProgram, compile_project
from dualframe.targets.cpp.external_values import ExternalValues
from dualframe.targets.cpp.literal_free_device import LiteralFreeDevice
from dualframe.targets.cpp.merged_source import NotMergeable, merge_project
from dualframe.targets.cpp.objects_source import UnknownTemplate
from dualframe.targets.cpp.program_cache import ExecutableCache


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "main"), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def results(folder: Path) -> dict[str, bytes]:
    files = (folder / "results").iterdir()
    return {path.name: path.read_bytes() for path in files if path.name != "last_run_info.txt"}


def array(folder: Path, name: str, dtype: type = np.float64) -> np.ndarray:
    (path,) = (folder / "results").glob(f"_*array_{name}_[0-9]*")
    return np.fromfile(path, dtype)


class TestMerging:
    def test_other_numbers_give_the_same_source(self, generated):
        first, second = (merge_project(generated[number]) for number in (1, 2))
        assert first.source == second.source
        assert list(first.parameters) == list(second.parameters)
        assert list(first.layout) == list(second.layout)

    def test_the_numbers_are_in_the_values(self, generated):
        first, second = (merge_project(generated[number]) for number in (1, 2))
        assert float(first.parameters["duration"]) == pytest.approx(0.05)
        assert (first.parameters["seed"], second.parameters["seed"]) == ("1", "2")
        for name in ("cells_gL", "cells_sigma", "fixed_delay", "learned_delay"):
            assert first.parameters[name] != second.parameters[name], name
        for name in ("_array_fixed_sources", "_array_learned_sources"):
            assert int(first.layout[name]) != int(second.layout[name]), name

    def test_internal_state_is_not_offered_for_editing(self, generated):
        names = merge_project(generated[1]).parameters
        assert set(names) == {
            *("cells_gL", "cells_EL", "cells_sigma", "fixed_delay", "learned_delay"),
            *("seed", "duration"),
        }

    def test_another_structure_gives_another_source(self, generated, tmp_path):
        other = merge_project(generate(tmp_path, 1, readers=8))
        assert other.source != merge_project(generated[1]).source

    def test_the_source_needs_no_project_and_names_no_folder(self, generated):
        source = merge_project(generated[1]).source
        assert not re.search(r'#\s*include\s*"', source)
        assert str(generated[1].parent) not in source

    def test_every_code_object_has_a_namespace_of_its_own(self, generated):
        spaces = re.findall(
            r"^namespace (support_\w+) \{", merge_project(generated[1]).source, re.M
        )
        assert len(spaces) == len(set(spaces)) == len(list(generated[1].glob("code_objects/*.cpp")))

    def test_what_runs_once_is_not_optimised_and_what_runs_at_every_step_is(self, generated):
        source = merge_project(generated[1]).source
        unoptimised = re.findall(
            r"#pragma GCC push_options\n#pragma GCC optimize \(\"O0\"\)\n// (\S+)\n.*?pop_options",
            source,
            re.DOTALL,
        )
        files = re.findall(r"^// (\S+\.cpp)$", source, re.MULTILINE)
        once = [name for name in files if re.search(r"^objects|^main|create_array", name)]
        assert unoptimised == once
        assert len(once) >= 4
        assert len(files) > len(once)  # state updates, effects of spikes
        assert source.count("push_options") == source.count("pop_options") == len(once)

    @pytest.mark.parametrize(
        ("name", "content"),
        [("makefile", "SRCS = main.cpp\n"), ("code_objects/drive_codeobject.cpp", "int x;\n")],
    )
    def test_an_unexpected_project_is_refused(self, generated, tmp_path, name, content):
        project = tmp_path / "project"
        shutil.copytree(generated[1], project)
        (project / name).write_text(content)
        with pytest.raises(NotMergeable):
            merge_project(project)

    def test_an_additional_source_is_refused(self, generated, tmp_path):
        project = tmp_path / "project"
        shutil.copytree(generated[1], project)
        makefile = project / "makefile"
        makefile.write_text(makefile.read_text().replace("SRCS = ", "SRCS = mine.cpp ", 1))
        with pytest.raises(NotMergeable, match=r"mine\.cpp"):
            merge_project(project)


@pytest.fixture
def device() -> Iterator[LiteralFreeDevice]:
    """A device that knows a group, synapses onto it and a clock."""
    device = LiteralFreeDevice()
    with brian_session(device, build_on_run=False):
        device.external = ExternalValues()
        cells = NeuronGroup(
            3,
            "dv/dt = -v/tau : 1 (unless refractory)\ntau : second (shared, constant)",
            threshold="v > 1",
            method="euler",
            refractory=1 * ms,
            name="cells",
        )
        synapses = Synapses(cells, cells, on_pre="v += 1", name="syn")
        synapses.connect(i=[0, 1], j=[1, 2])
        Network(cells, synapses, name="net").run(1 * ms)
        yield device


def named(device: LiteralFreeDevice, function: str, *arguments: Any) -> str:
    """What Brian2 prints in place of the last of the arguments of an entry of its queue."""
    return str(device._name_numbers((function, arguments))[1][len(arguments) - 1])


class TestNamedNumbers:
    def test_a_parameter(self, device):
        assert (
            named(device, "set_by_single_value", "_array_cells_tau", 0, "0.01") == "value_cells_tau"
        )
        assert device.external.parameters == {"cells_tau": "0.01"}
        (declaration,) = device.external.declarations
        assert declaration == (
            'const double value_cells_tau = (double)dualframe::parameter("cells_tau");'
        )

    def test_a_negative_number_in_a_loop(self, device):
        entry = ("set_by_constant", ("_dynamic_array_syn_delay", -0.5, True))
        _, (array, value, is_dynamic) = device._name_numbers(entry)
        assert (array, repr(value), is_dynamic) == (
            "_dynamic_array_syn_delay",
            "value_syn_delay",
            True,
        )
        assert device.external.parameters == {"syn_delay": "-0.5"}

    @pytest.mark.parametrize("second", ["1.0", "2.0"])
    def test_repeated_assignments_are_numbered_whatever_their_values(self, device, second):
        names = [
            named(device, "set_by_single_value", "_array_cells_tau", 0, text)
            for text in ("1.0", second)
        ]
        assert names == ["value_cells_tau", "value_cells_tau_2"]
        assert device.external.parameters == {"cells_tau": "1.0", "cells_tau_2": second}

    def test_the_clock_is_internal(self, device):
        named(device, "set_by_single_value", "_array_defaultclock_dt", 0, "0.0001")
        assert device.external.parameters == {}
        assert device.external.layout == {"defaultclock_dt": "0.0001"}

    def test_one_element_has_its_place_in_the_name(self, device):
        name = named(device, "set_by_single_value", "_array_cells_v", 2, "- 1.5")
        assert name == "value_cells_v_at_2"
        assert device.external.parameters == {"cells_v_at_2": "-1.5"}

    def test_seed_and_duration(self, device):
        _, seed = device._name_numbers(("seed", 7))
        assert f"{seed!r}L" == "value_seedL"
        lines = ["net.clear();", "net.run(0.5, NULL, 10.0);"]
        _, (_, run) = device._name_numbers(("run_network", (SimpleNamespace(name="net"), lines)))
        assert run == ["net.clear();", "net.run(value_duration, NULL, value_report_period);"]
        assert device.external.parameters == {"seed": "7", "duration": "0.5"}

    @pytest.mark.parametrize(
        "entry",
        [
            ("set_by_constant", ("_array_cells_not_refractory", True, False)),
            ("set_by_single_value", ("_array_cells_tau", 0, "INFINITY")),
            ("set_by_single_value", ("_array_cells_tau", 0, "f(1.0)")),
            ("set_by_single_value", ("_array_unknown_x", 0, "1.0")),
            ("resize_array", ("_dynamic_array_syn_delay", "n")),
            ("run_network", (SimpleNamespace(name="net"), ["net.run(duration, NULL, 10.0);"])),
            ("seed", None),
            ("insert_code", "x = 1.0;"),
        ],
    )
    def test_what_is_not_recognised_stays(self, device, entry):
        assert device._name_numbers(entry) == entry
        assert device.external == ExternalValues()

    def test_lengths_of_connections(self, generated):
        code = (
            generated[1] / "code_objects/fixed_synapses_create_array_codeobject.cpp"
        ).read_text()
        assert "const size_t _numsources = _length__array_fixed_sources;" in code

    def test_an_unknown_template_leaves_the_stock_build(self, tmp_path, monkeypatch):
        def refuse(*_: Any) -> None:
            raise UnknownTemplate("no such function")

        monkeypatch.setattr(literal_free_device, "derive_objects_source", refuse)
        with pytest.warns(RuntimeWarning, match="compiled again for other data"):
            project = generate(tmp_path, 1)
        assert "const int _num__array_cells_gL = 1;" in (project / "objects.cpp").read_text()
        assert "_length_" not in (project / "objects.cpp").read_text()
        with pytest.raises(NotMergeable, match="stand in its sources"):
            merge_project(project)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> ExecutableCache:
    return ExecutableCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def built(generated, cache) -> dict[int, BuiltProgram]:
    return {n: compile_project(generated[n], strict=True, cache=cache) for n in (1, 2)}


@pytest.fixture
def program(built, tmp_path) -> Path:
    """A copy of the second project with its program, for tests that damage something."""
    folder = tmp_path / "program"
    shutil.copytree(built[2].executable.parent, folder)
    shutil.rmtree(folder / "results")
    return folder


@pytest.fixture(scope="module")
def stock(generated, tmp_path_factory) -> Path:
    """The second project by Brian2's own makefile, in unoptimised IEEE arithmetic."""
    folder = tmp_path_factory.mktemp("stock") / "project"
    shutil.copytree(generated[2], folder, ignore=shutil.ignore_patterns("main", "results"))
    (folder / "results").mkdir()
    includes = re.findall(r"-I\S*brianlib\S*", (folder / "makefile").read_text())
    flags = " ".join(["-O0 -w -std=c++11", *includes])
    make = ["make", "-s", "-j2", f"OPTIMISATIONS={flags}"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    assert run(folder).returncode == 0
    return folder


@pytest.mark.cpp
class TestPrograms:
    def test_the_second_set_of_numbers_is_not_compiled(self, built):
        assert (built[1].cache, built[2].cache) == ("miss", "hit")
        assert built[1].is_merged
        assert built[2].is_merged

    @pytest.mark.slow
    def test_the_cached_program_gives_what_a_stock_build_gives(self, built, stock):
        folder = built[2].executable.parent
        assert run(folder).returncode == 0
        assert results(folder) == results(stock)  # to the last bit: both compute as written

    def test_the_results_are_not_trivial(self, built):
        folder = built[2].executable.parent
        run(folder)
        assert array(folder, "spikes_t").size > 20
        assert array(folder, "read_t").size > 5
        assert array(folder, "voltage_v").size == 1000 * 2
        weights = np.fromfile(folder / "static_arrays/_static_array__dynamic_array_learned_w")
        assert not np.array_equal(array(folder, "learned_w"), weights)

    def test_an_edited_parameter_changes_the_result(self, program):
        parameters = program / "parameters.txt"
        text = re.sub("duration = .*", "duration = 0.02  # shorter", parameters.read_text())
        parameters.write_text(text)
        assert run(program).returncode == 0
        assert array(program, "voltage_t").size == 200

    def test_results_dir(self, program):
        assert run(program, "--results_dir", "deep/er").returncode == 0
        assert not (program / "results").exists()
        assert (program / "deep/er/last_run_info.txt").read_text().split()[1] == "1"

    def test_a_missing_data_file(self, program):
        (program / "static_arrays/_static_array__array_cells_C").unlink()
        self.refuses(program, "cannot read 'static_arrays/_static_array__array_cells_C'")

    def test_a_truncated_data_file(self, program):
        path = program / "static_arrays/_static_array__array_cells_C"
        path.write_bytes(path.read_bytes()[:-1])
        self.refuses(program, "has 159 bytes, expected 160")

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("cells_gl = 1", "has no 'cells_gl'"),
            ("seed = 3", "'seed' is given twice"),
            ("nonsense", "expected 'name = value', found 'nonsense'"),
        ],
    )
    def test_a_wrong_line_in_the_parameters(self, program, line, message):
        with (program / "parameters.txt").open("a") as stream:
            stream.write(line + "\n")
        self.refuses(program, message)

    @pytest.mark.parametrize("value", ["", "0.1 s", "x"])
    def test_a_parameter_that_is_no_number(self, program, value):
        parameters = program / "parameters.txt"
        parameters.write_text(
            re.sub("duration = .*", f"duration = {value}", parameters.read_text())
        )
        self.refuses(program, f"'duration' is '{value}', expected a number")

    def test_missing_parameters(self, program):
        (program / "parameters.txt").unlink()
        self.refuses(program, "cannot read 'parameters.txt'")

    def test_a_results_folder_that_cannot_be_written(self, program):
        self.refuses(program, "cannot write into the results folder", "--results_dir", "main")

    @pytest.mark.parametrize("arguments", [("--result",), ("cells.gL=1",), ("--results_dir",)])
    def test_wrong_arguments(self, program, arguments):
        self.refuses(program, "results_dir", *arguments)

    def test_an_interrupt_keeps_what_was_computed(self, program):
        parameters = program / "parameters.txt"
        parameters.write_text(re.sub("duration = .*", "duration = 1e5", parameters.read_text()))
        process = subprocess.Popen([str(program / "main")], cwd=program)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        fraction = float((program / "results/last_run_info.txt").read_text().split()[1])
        assert 0 < fraction < 1
        assert array(program, "voltage_t").size == pytest.approx(fraction * 1e9, rel=1e-5, abs=1)

    def refuses(self, folder: Path, message: str, *arguments: str) -> None:
        """The program ends with one clear line, before it has simulated anything."""
        done = run(folder, *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (folder / "results/last_run_info.txt").exists()
