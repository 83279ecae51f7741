"""The command line, in this process and on a circuit of twelve cells."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from brian2.units import nS

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.kept_calibrations import kept_path, write_kept_calibration
from dualframe.cli import main
from dualframe.simulation.run_specification import RunSpecification

POINT = ["--branch", "task_driven", "--scale", "1", "--target", "runtime", "--seed", "3"]


@pytest.fixture
def ran(mini: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a run of 60 ms."""
    out = tmp_path / "out"
    assert main(["run", str(mini), *POINT, "--duration", "60ms", "--out", str(out)]) == 0
    capsys.readouterr()
    return out


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    return json.loads(printed(capsys, *arguments, "--json", status=status))


class TestCatalogue:
    @pytest.mark.parametrize(
        ("what", "line"),
        [
            ("cells", "ctx_pv "),
            ("circuits", "l23 "),
            ("receptors", "nACh_a7 "),
            ("targets", "runtime "),
            ("tasks", "navigation "),
            ("environments", "open_field "),
            ("neurons", "adex "),
            ("modulators", "ACh "),
            ("synapses", "NMDA "),
            ("drugs", "atropine "),
        ],
    )
    def test_list(self, capsys: pytest.CaptureFixture[str], what: str, line: str) -> None:
        assert re.search(rf"^{line}", printed(capsys, "list", what), re.MULTILINE)

    @pytest.mark.parametrize("what", ["cells", "circuits", "receptors", "neurons", "targets"])
    def test_list_json_is_the_whole_table(
        self, capsys: pytest.CaptureFixture[str], what: str
    ) -> None:
        table = getattr(df, what)()
        found = data(capsys, "list", what)
        assert len(found) == len(table)
        assert list(found[0]) == list(table.columns)

    @pytest.mark.parametrize(
        "name", ["ctx_pv", "M1", "ACh", "acetylcholine", "GABA_A", "l23", "adex", "isoprenaline"]
    )
    def test_show_finds_every_kind(self, capsys: pytest.CaptureFixture[str], name: str) -> None:
        assert "sources" in printed(capsys, "show", name)

    def test_show_reads_a_file(self, capsys: pytest.CaptureFixture[str], mini: Path) -> None:
        shown = printed(capsys, "show", str(mini))
        assert "two cells for tests" in shown
        assert "glif: conductance synapses, fitted cells" in shown

    def test_show_marks_assumptions(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "ASSUMED" in printed(capsys, "show", "M1")

    @pytest.mark.parametrize(
        ("wrong", "right"), [("ctx_pvb", "ctx_pv"), ("l32", "l23"), ("GABAA", "GABA_A")]
    )
    def test_show_proposes_a_name_of_any_kind(
        self, capsys: pytest.CaptureFixture[str], wrong: str, right: str
    ) -> None:
        assert main(["show", wrong]) == 2
        assert f"Did you mean '{right}'?" in capsys.readouterr().err


class TestRun:
    def test_prints_rates_assumptions_and_times(
        self, capsys: pytest.CaptureFixture[str], mini: Path
    ) -> None:
        run = (
            "run",
            str(mini),
            "--target",
            "runtime",
            "--scale",
            "1",
            "--duration",
            "20ms",
            "--modulate",
            "ACh=0.8",
            "--seed",
            "5",
        )
        text = printed(capsys, *run)
        assert re.search(r"^pyr +ctx_l23_pyr +8 ", text, re.MULTILINE)
        count = re.search(r"depend on (\d+) assumptions:\n(  - .*\n){5}  and (\d+) more", text)
        assert count is not None
        assert int(count[1]) == 5 + int(count[3])
        every = printed(capsys, *run, "--assumptions")
        assert every.count("\n  - ") == int(count[1])
        assert "M1" in every
        assert "On runtime, seed 5" in text
        assert "add --out DIR" in text

    def test_writes_everything_that_the_readme_names(self, ran: Path) -> None:
        written = {str(path.relative_to(ran)) for path in ran.rglob("*") if path.is_file()}
        assert written == {
            "manifest.json",
            "rates.csv",
            "spikes.h5",
            "traces.h5",
            "figures/raster.png",
            "figures/rates.png",
            "figures/traces_pyr.png",
            "figures/traces_pv.png",
        }

    def test_records_the_voltage_of_three_neurons(self, ran: Path) -> None:
        trace = df.Results.load(ran).traces["pyr"]
        assert list(trace.values) == ["V"]
        assert trace.neurons.tolist() == [0, 1, 2]
        assert trace.t[1] - trace.t[0] == pytest.approx(0.5e-3)

    def test_the_manifest_holds_the_arguments_as_data(self, ran: Path, mini: Path) -> None:
        manifest = json.loads((ran / "manifest.json").read_text())
        arguments = manifest["arguments"]
        assert arguments["circuit"] == str(mini)
        assert (arguments["seed"], arguments["target"]) == (3, "runtime")
        assert manifest["command"].startswith(f"dualframe run {mini} --branch task_driven")

    def test_a_seed_that_was_drawn_stands_in_the_manifest(
        self, capsys: pytest.CaptureFixture[str], mini: Path
    ) -> None:
        found = data(capsys, "run", str(mini), *POINT[:-2], "--duration", "5ms")
        assert found["arguments"]["seed"] == found["seed"]

    def test_json_has_the_facts_of_the_manifest(
        self, capsys: pytest.CaptureFixture[str], mini: Path
    ) -> None:
        found = data(capsys, "run", str(mini), *POINT, "--duration", "5ms")
        assert found["completed"] is True
        assert [row["population"] for row in found["rates"]] == ["pyr", "pv"]

    def test_record(self, mini: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        arguments = ["run", str(mini), *POINT, "--duration", "5ms", "--out", str(out)]
        record = ["--record", "none", "--record", "pyr=V,I_ext", "--record", "pyr_to_pv=w"]
        assert main([*arguments, *record]) == 0
        found = df.Results.load(out)
        assert {name: set(t.values) for name, t in found.traces.items()} == {"pyr": {"V", "I_ext"}}
        assert set(found.weights) == {"pyr_to_pv"}

    def test_modulation_and_knockout_reach_the_circuit(
        self, capsys: pytest.CaptureFixture[str], mini: Path
    ) -> None:
        options = [*POINT, "--duration", "5ms", "--modulate", "ACh=2 uM"]
        plain = data(capsys, "run", str(mini), *options)
        less = data(capsys, "run", str(mini), *options, "--knockout", "M1:ctx_l23_pyr")
        none = data(capsys, "run", str(mini), *options, "--knockout", "M1:ctx_l23_pyr,ctx_pv")
        assert len({found["network_hash"] for found in (plain, less, none)}) == 3
        same = data(capsys, "run", str(mini), *options, "--drug", "knockout:M1@ctx_l23_pyr")
        assert same["network_hash"] == less["network_hash"]
        words = ["--drug", "agonist:M1=1uM/500nM", "--drug", "antagonist:M1=3 @ ctx_pv"]
        drugged = data(capsys, "run", str(mini), *options, *words)
        assert drugged["arguments"]["drug"] == ["agonist:M1=1uM/500nM", "antagonist:M1=3 @ ctx_pv"]

    def test_a_run_that_exists_is_replaced_whole_with_force(
        self, capsys: pytest.CaptureFixture[str], ran: Path, mini: Path
    ) -> None:
        printed(capsys, "report", str(ran))
        (ran / "notes.txt").write_text("mine")
        arguments = ["run", str(mini), *POINT, "--duration", "5ms", "--out", str(ran)]
        assert main([*arguments, "--record", "none", "--force"]) == 0
        names = {path.name for path in ran.rglob("*") if path.is_file()}
        files = {"manifest.json", "rates.csv", "spikes.h5", "raster.png", "rates.png"}
        assert names == files | {"notes.txt"}  # no traces, their figures, or the report
        assert df.Results.load(ran).duration == pytest.approx(0.005)

    @pytest.mark.parametrize(
        "name", ["rates.csv", "spikes.h5", "figures", "figures/traces_pyr.png"]
    )
    def test_a_file_of_somebody_else_is_refused_before_the_run(
        self,
        capsys: pytest.CaptureFixture[str],
        mini: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        file = tmp_path / "out" / name
        file.parent.mkdir(parents=True)
        file.write_text("mine")
        monkeypatch.setattr(RunSpecification, "run", lambda *_, **__: pytest.fail("it ran"))
        arguments = ["run", str(mini), *POINT, "--out", str(tmp_path / "out"), "--force"]
        assert main(arguments) == 2
        assert f"'{file}' stands where output would go" in capsys.readouterr().err
        assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [file]

    def test_an_earlier_run_is_refused_before_the_run(
        self,
        capsys: pytest.CaptureFixture[str],
        ran: Path,
        mini: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(RunSpecification, "run", lambda *_, **__: pytest.fail("it ran"))
        assert main(["run", str(mini), *POINT, "--out", str(ran)]) == 2
        assert "--force" in capsys.readouterr().err
        assert main(["run", str(mini), *POINT, "--out", ""]) == 2
        assert "--out ''" in capsys.readouterr().err

    def test_results_are_kept_if_the_folder_is_occupied_meanwhile(
        self,
        capsys: pytest.CaptureFixture[str],
        mini: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        out, run = tmp_path / "out", RunSpecification.run

        def run_and_occupy(self: RunSpecification, **options: Any) -> df.Results:
            results = run(self, **options)
            out.mkdir()
            (out / "rates.csv").write_text("mine")
            return results

        monkeypatch.setattr(RunSpecification, "run", run_and_occupy)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        assert main(["run", str(mini), *POINT, "--duration", "5ms", "--out", str(out)]) == 2
        message = capsys.readouterr().err
        assert "rates.csv' stands where output would go" in message
        place = message.rpartition("What was simulated is in '")[2].partition("'")[0]
        assert df.Results.load(place).duration == pytest.approx(0.005)
        assert (out / "rates.csv").read_text() == "mine"


class TestReplay:
    def test_equal(self, capsys: pytest.CaptureFixture[str], ran: Path) -> None:
        spikes = len(df.Results.load(ran).spikes)
        assert spikes > 0
        assert f"equal: all {spikes} spikes" in printed(
            capsys, "replay", str(ran / "manifest.json")
        )

    def test_works_from_another_folder(
        self, capsys: pytest.CaptureFixture[str], ran: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(ran)
        assert "equal" in printed(capsys, "replay", "manifest.json")

    def test_a_changed_circuit_is_noticed(
        self, capsys: pytest.CaptureFixture[str], ran: Path, mini: Path
    ) -> None:
        strengths = mini.parent / "calibration" / "mini.toml"
        strengths.write_text(strengths.read_text().replace("2. kHz", "3. kHz"))
        found = data(capsys, "replay", str(ran), status=1)
        assert found["equal"] is found["same_network"] is False
        assert 0 < found["first_difference_s"] < 0.06

    def test_results_of_the_api_are_not_replayed(
        self, capsys: pytest.CaptureFixture[str], tiny: df.Network, tmp_path: Path
    ) -> None:
        df.run(tiny, "5 ms", target="runtime", seed=1).save(tmp_path / "api", figures=False)
        assert main(["replay", str(tmp_path / "api")]) == 2
        assert "does not say how to repeat" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "change", [{"seed": "__import__('os')"}, {"evil": 1}, {"scale": [1]}, {"circuit": 3}]
    )
    def test_a_damaged_manifest_is_refused(
        self, capsys: pytest.CaptureFixture[str], ran: Path, change: dict[str, Any]
    ) -> None:
        manifest = json.loads((ran / "manifest.json").read_text())
        manifest["arguments"] |= change
        (ran / "manifest.json").write_text(json.dumps(manifest))
        assert main(["replay", str(ran)]) == 2
        assert "damaged?" in capsys.readouterr().err


class TestOthers:
    def test_check(self, capsys: pytest.CaptureFixture[str], mini: Path) -> None:
        arguments = ["check", str(mini), "--branch", "task_driven", "--scale", "1", "--target"]
        assert "runs on runtime" in printed(capsys, *arguments, "runtime")
        assert data(capsys, *arguments, "runtime") == []

    @pytest.mark.usefixtures("no_compiler")
    def test_check_lists_what_is_missing(
        self, capsys: pytest.CaptureFixture[str], mini: Path
    ) -> None:
        options = ("--branch", "task_driven", "--scale", "1", "--target", "cpp_standalone")
        (blocker,) = data(capsys, "check", str(mini), *options, status=1)
        assert blocker["where"] == "this machine"
        assert "no C++ compiler" in blocker["construct"]

    def test_report(self, capsys: pytest.CaptureFixture[str], ran: Path, tmp_path: Path) -> None:
        printed(capsys, "report", str(ran))
        assert "<html" in (ran / "report.html").read_text()
        out = tmp_path / "both.html"
        printed(capsys, "report", str(ran), str(ran / "."), "--out", str(out))
        assert out.exists()
        out.write_text("mine")
        assert main(["report", str(ran), "--out", str(out)]) == 2
        assert "both.html' was not written by dualframe" in capsys.readouterr().err
        assert out.read_text() == "mine"
        printed(capsys, "report", str(ran), "--out", str(out), "--force")
        assert "<html" in out.read_text()

    def test_doctor(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert data(capsys, "doctor")["targets"]["runtime"]["usable"]

    def test_cache(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
        found = data(capsys, "cache")
        facts = {"folder": str(tmp_path / "cache"), "programs": 0, "bytes": 0}
        assert found == {**facts, "calibrations": []}
        assert "Removed 0" in printed(capsys, "cache", "--clear")
        kept = kept_path(["one"])
        write_kept_calibration(kept, Calibration("mine", "glif", {"a_to_b": 2 * nS}))
        kept_path(["two"]).write_text("no table")
        rows = data(capsys, "cache")["calibrations"]
        assert sorted((row["model"], row["contacts"]) for row in rows) == [
            ("damaged", 0),
            ("glif", 1),
        ]
        listed = printed(capsys, "cache")
        assert "calibrations: 2" in listed
        assert f"{kept}: glif, contacts: 1" in listed
        assert "calibrations stay: 2" in printed(capsys, "cache", "--clear")
        assert kept.is_file()

    def test_calibrate_stores_beside_the_circuit(
        self, capsys: pytest.CaptureFixture[str], mini: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dualframe.building.calibrated_weights import load_calibration

        known = load_calibration(
            df.circuit(mini), "biological", mini.parent / "calibration" / "mini.toml"
        )
        monkeypatch.setattr(df, "calibrate", lambda *_, **__: known)
        assert str(mini.parent) in printed(capsys, "calibrate", str(mini), "--model", "glif")

    @pytest.mark.cpp
    def test_export_builds_without_python(
        self, capsys: pytest.CaptureFixture[str], mini: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "project"
        options = ["--branch", "task_driven", "--scale", "1", "--seed", "3", "--duration", "60ms"]
        found = data(capsys, "export", str(mini), *options, "--out", str(out))
        assert found["out"] == str(out)
        (out / "notes.txt").write_text("mine")
        assert main(["export", str(mini), *options, "--out", str(out)]) == 2
        assert "holds dualframe export already" in capsys.readouterr().err
        printed(capsys, "export", str(mini), *options, "--out", str(out), "--force")
        assert (out / "notes.txt").read_text() == "mine"
        parameters = (out / "parameters.txt").read_text()
        assert "duration = 0.06" in parameters
        assert "pyr_to_pv_delay = 0.001" in parameters
        assert "ctx_l23_pyr" in (out / "README.md").read_text()


class TestProgram:
    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stop:
            main(["--version"])
        assert stop.value.code == 0
        assert capsys.readouterr().out == f"dualframe {df.__version__}\n"

    @pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["list", "dogs"]])
    def test_wrong_usage_is_argparse(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage: dualframe" in capsys.readouterr().err

    def test_a_closed_pipe_is_no_error(self) -> None:
        command = f"{sys.executable} -m dualframe.cli list cells | true"
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
