"""What goes wrong at users' hands: each gives one clear error, and nothing is lost.

Through the API and, where a user meets it there, through the command line. The command line prints
one line and never a traceback.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from brian2.units import Hz, ms, mV, nS, pA

import dualframe as df
from dualframe import catalogue
from dualframe.cli import main
from dualframe.core.errors import (
    CatalogueError,
    NetworkError,
    OutputError,
    QuantityError,
    TargetError,
    UnknownName,
)

STDP = df.plasticity_rule("pair_stdp", w_max=2.0)
Capture = pytest.CaptureFixture[str]
POINT = ["--branch", "task_driven", "--scale", "1", "--target", "runtime", "--seed", "3"]


def error_of(capsys: Capture, *arguments: str) -> str:
    """Return the one line that the command line prints."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("dualframe: error: ")]
    assert len(lines) == 1
    assert "Traceback" not in captured.err
    assert not captured.out
    return lines[0]


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: df.cell("ctx_pvb"), "ctx_pv"),
        (lambda: df.circuit("l32"), "l23"),
        (lambda: df.receptor("nACh_a8"), "nACh_a7"),
        (lambda: df.circuit("l23").with_modulation("ACj", level=0.5), "ACh"),
        (lambda: df.circuit("l23").with_drug("antagonist", "nACh_4b2"), "nACh_a4b2"),
        (lambda: df.circuit("l23").with_drug("antagonist", "M1", "ctx_l23"), "ctx_l23_pyr"),
        (lambda: df.circuit("l23").with_drug("antagonits", "M1"), "antagonist"),
    ],
)
def test_an_unknown_name_proposes_one(call: Callable[[], Any], meant: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown .*Did you mean '{meant}'"):
        call()


def test_an_unknown_target(tiny: df.Network) -> None:
    for call in (
        lambda: df.run(tiny, 10 * ms, target="gen"),
        lambda: df.export(tiny, 10 * ms, "nowhere", target="gen"),
        lambda: df.check(tiny, target="gen"),
    ):
        with pytest.raises(UnknownName, match=r"unknown target 'gen'\. Did you mean 'genn'"):
            call()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["show", "ctx_pvb"], "Did you mean 'ctx_pv'?"),
        (["run", "l32"], "unknown circuit 'l32'. Did you mean 'l23'?"),
        (["run", "nowhere/l23.toml"], "unknown circuit file"),
        (["run", "l23", "--target", "gen"], "unknown target 'gen'. Did you mean 'genn'?"),
        (["run", "l23", "--branch", "biologic"], "Did you mean 'biological'?"),
        (["run", "l23", "--branch", "task_driven", "--model", "glif7"], "point neuron model"),
        (["run", "l23", "--model", "glif"], "add --branch task_driven"),
        (["run", "l23", "--modulate", "ACj=0.5"], "Did you mean 'ACh'?"),
        (["run", "l23", "--modulate", "ACh"], "expected a text like 'ACh=0.8'"),
        (["run", "l23", "--knockout", "M1:ctx_l5"], "unknown cell type"),
        (["run", "l23", "--knockout", "M7"], "unknown receptor"),
        (["check", "l23", "--target", "gen"], "unknown target"),
        (["replay", "nowhere"], "is not a folder"),
        (["report", "nowhere"], "is not a folder"),
        (["calibrate", "l32"], "unknown circuit"),
    ],
)
def test_names_at_the_command_line(capsys: Capture, arguments: list[str], expected: str) -> None:
    assert expected in error_of(capsys, *arguments)


def test_unknown_variables_and_populations(capsys: Capture, mini: Path, tiny: df.Network) -> None:
    with pytest.raises(UnknownName, match="variable of population 'cells' 'v'"):
        df.run(tiny, 10 * ms, target="runtime", record={"cells": ["v"]})
    with pytest.raises(UnknownName, match="Did you mean 'cells'"):
        df.run(tiny, 10 * ms, target="runtime", record={"cell": ["V"]})
    assert "'U'" in error_of(capsys, "run", str(mini), *POINT, "--record", "pyr=U")
    assert "'pyx'" in error_of(capsys, "run", str(mini), *POINT, "--record", "pyx=V")


# --- dimensions, counts, probabilities ------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda net: df.run(net, 10 * mV, target="runtime"),
        lambda net: df.run(net, 10, target="runtime"),
        lambda net: df.run(net, "ten seconds", target="runtime"),
        lambda net: df.run(net, 10 * ms, dt=1 * mV, target="runtime"),
        lambda net: df.export(net, "10 mV", "nowhere"),
        lambda net: df.assemble(net, dt=10 * mV),
        lambda net: df.PoissonInput("p", 3, 10 * mV),
        lambda net: df.SpikeInput("s", 1, [0], [10] * mV),
        lambda net: df.Projection("drive", "cells", "V += w", delay=3 * mV, probability=0.5),
        lambda net: df.GaussianKernel(0.5, 3 * ms),
        lambda net: df.circuit("l23").with_modulation("ACh", level=3 * mV),
    ],
)
def test_a_wrong_dimension_in_python(call: Callable[[df.Network], Any], tiny: df.Network) -> None:
    with pytest.raises(QuantityError, match="expected a"):
        call(tiny)
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('delay = "1 ms"', 'delay = "1 mV"', "delay"),
        ('psp = "0.5 mV"', "psp = 0.5", "psp"),
        ("n = 8", 'n = "8 nS"', "n"),
        ("probability = 0.5", 'probability = "0.5 Hz"', "probability"),
    ],
)
def test_a_wrong_dimension_in_a_file(
    capsys: Capture, mini: Path, old: str, new: str, key: str
) -> None:
    mini.write_text(mini.read_text().replace(old, new, 1))
    with pytest.raises(CatalogueError, match=rf"mini\.toml.*'{key}'"):
        df.circuit(mini)
    assert "mini.toml" in error_of(capsys, "run", str(mini), *POINT)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--duration", "2 mV", "expected a time"),
        ("--duration", "-1 s", "expected more than zero"),
        ("--duration", "soon", "expected a number with a unit"),
        ("--dt", "0 ms", "expected more than zero"),
        ("--scale", "-1", "expected more than zero"),
        ("--scale", "nan", "scale factor is nan"),
        ("--seed", "-1", "seed is -1"),
        ("--threads", "0", "threads is 0"),
        ("--modulate", "ACh=2 mV", "expected a concentration"),
        ("--modulate", "ACh=1.5", "between 0 and 1"),
        ("--drug", "antagonist:M1=-1", "zero or more"),
        ("--drug", "antagonist:M1=2 uM", "needs affinity"),
        ("--drug", "antagonist:M1=2 uM/3", "expected a concentration"),
        ("--drug", "antagonist", "expected a text like 'antagonist:M1=3'"),
        ("--drug", "blocker:M1", "agonist"),
        ("--drug", "knockout:M1=2", "no dose"),
        ("--drug", "knockout:M1@ctx_pvb", "ctx_pv"),
    ],
)
def test_options_out_of_range(
    capsys: Capture, mini: Path, option: str, value: str, expected: str
) -> None:
    options = [*POINT, "--duration", "5ms"]
    assert expected in error_of(capsys, "run", str(mini), *options, f"{option}={value}")


@pytest.mark.parametrize(
    "call",
    [
        lambda: df.Population("p", -3, "dv/dt = -v/(10*ms) : 1"),
        lambda: df.Population("p", 0, "dv/dt = -v/(10*ms) : 1"),
        lambda: df.Population("p", 2.5, "dv/dt = -v/(10*ms) : 1"),  # type: ignore[arg-type]
        lambda: df.PoissonInput("p", -1, 10 * Hz),
        lambda: df.PoissonInput("p", 1, -10 * Hz),
        lambda: df.SpikeInput("s", 1, [-1], [1] * ms),
        lambda: df.Projection("a", "b", "v += w", probability=1.2),
        lambda: df.Projection("a", "b", "v += w", probability=-0.1),
        lambda: df.Projection("a", "b", "v += w", in_degree=-2),
        lambda: df.Projection("a", "b", "v += w", delay=-1 * ms, probability=0.1),
        lambda: df.circuit("l23").scaled(-0.1),
    ],
)
def test_impossible_numbers_in_python(call: Callable[[], Any]) -> None:
    with pytest.raises(NetworkError, match=r"expected|at least"):
        call()


@pytest.mark.parametrize(
    ("old", "new"), [("n = 8", "n = -8"), ("probability = 0.5", "probability = 1.5")]
)
def test_impossible_numbers_in_a_file(capsys: Capture, mini: Path, old: str, new: str) -> None:
    mini.write_text(mini.read_text().replace(old, new))
    with pytest.raises(CatalogueError, match=r"mini\.toml.*is not a (whole number|probability)"):
        df.circuit(mini)
    assert "mini.toml" in error_of(capsys, "run", str(mini), *POINT)


# --- compartments ---------------------------------------------------------------------------------


def test_a_compartment_that_does_not_exist_in_a_file(capsys: Capture, mini: Path) -> None:
    mini.write_text(mini.read_text().replace('compartment = "dend"', 'compartment = "dent"'))
    with pytest.raises(CatalogueError, match=r"'dent', which 'ctx_pv' does not have\."):
        df.circuit(mini)
    assert "Did you mean 'dend'?" in error_of(capsys, "run", str(mini), *POINT)


def test_a_compartment_that_does_not_exist_in_python(tiny: df.Network) -> None:
    wrong = df.Projection("drive", "cells", "g_AMPA_tuft += w", weight=1 * nS, probability=0.5)
    with pytest.raises(NetworkError, match="writes 'g_AMPA_tuft', which 'cells' does not have"):
        df.Network(tiny.populations, tiny.inputs, (wrong,))
    with pytest.raises(NetworkError, match="no input variable 'I_ext_tuft'"):
        df.Network(tiny.populations, (df.CurrentInput("cells", 1 * pA, variable="I_ext_tuft"),))


# --- spikes that never come -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "having", "error"),
    [
        ("quiet", {"on_pre": "v += w"}, NetworkError),
        ("input", {"on_post": "w += 1"}, NetworkError),
        ("input", {"on_pre": "v += w", "plasticity": STDP}, TargetError),
    ],
)
def test_spikes_of_who_has_no_threshold(
    source: str, having: dict[str, Any], error: type[Exception]
) -> None:
    quiet = df.Population("quiet", 2, "dv/dt = -v/(10*ms) : 1")
    learn = df.Projection(source, "quiet", name="learn", weight=1.0, number=1, **having)
    with pytest.raises(error, match=r"'learn': its on_.* of 'quiet', which has no threshold"):
        df.run(df.Network((quiet,), (df.PoissonInput("input", 2, 1 * Hz),), (learn,)), 1 * ms)


# --- files that try to run something --------------------------------------------------------------


EVIL = "__import__('pathlib').Path('owned').touch()"


@pytest.mark.parametrize("key", ["psp", "delay", "conductance"])
def test_nothing_in_a_circuit_file_is_evaluated(
    capsys: Capture, mini: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(mini.parent)
    lines = mini.read_text().replace('psp = "0.5 mV"', f'{key} = "{EVIL}"')
    mini.write_text(lines.replace('delay = "1 ms"\n', "") if key == "delay" else lines)
    with pytest.raises(CatalogueError, match=r"mini\.toml"):
        df.circuit(mini)
    error_of(capsys, "run", str(mini), *POINT)
    assert not Path("owned").exists()


def test_nothing_in_a_cell_file_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packaged = Path(catalogue.__file__).parent / "cells" / "ctx_pv.toml"
    number = '"105.2 Mohm"'
    assert number in packaged.read_text()
    Path("own.toml").write_text(packaged.read_text().replace(number, f'"{EVIL}"'))
    with pytest.raises(CatalogueError, match=r"own\.toml.*r_in"):
        df.cell("own.toml")
    assert not Path("owned").exists()


def test_nothing_at_the_command_line_is_evaluated(
    capsys: Capture, mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mini.parent)
    for option in ("--duration", "--dt", "--modulate=ACh", "--record=pyr"):
        error_of(capsys, "run", str(mini), *POINT, f"{option}={EVIL}")
    assert not Path("owned").exists()


def test_a_file_that_is_no_toml(capsys: Capture, mini: Path) -> None:
    mini.write_text("import os\nos.remove('x')\n")
    with pytest.raises(CatalogueError, match=r"mini\.toml is not valid TOML"):
        df.circuit(mini)
    assert "not valid TOML" in error_of(capsys, "run", str(mini), *POINT)
    assert "not valid TOML" in error_of(capsys, "show", str(mini))


# --- places ---------------------------------------------------------------------------------------


@pytest.fixture
def occupied(tmp_path: Path) -> str:
    """A folder below a file: nobody, root included, can make it."""
    (tmp_path / "file").write_text("mine")
    return str(tmp_path / "file" / "out")


def test_an_unwritable_folder_is_refused_before_the_run(
    capsys: Capture, mini: Path, occupied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("simulated although the results have no place")

    monkeypatch.setattr(import_module("dualframe.simulation.run"), "lower_network", never)
    assert "cannot write" in error_of(capsys, "run", str(mini), *POINT, "--out", occupied)
    assert Path(occupied).parent.read_text() == "mine"


def test_an_unwritable_folder_in_python(tiny: df.Network, occupied: str) -> None:
    results = df.run(tiny, 5 * ms, target="runtime", seed=1)
    with pytest.raises(OutputError, match="cannot write"):
        results.save(occupied)
    with pytest.raises(OutputError, match="cannot"):
        df.export(tiny, 5 * ms, occupied)
    with pytest.raises(OutputError, match="cannot"):
        df.report(results, occupied)


def test_an_export_does_not_replace_what_it_did_not_write(
    capsys: Capture, mini: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("words")
    options = ["--branch", "task_driven", "--scale", "1", "--duration", "5ms"]
    out = str(tmp_path / "thesis")
    assert "not empty" in error_of(capsys, "export", str(mini), *options, "--out", out)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "words"


def test_genn_is_not_exported(capsys: Capture, mini: Path, tmp_path: Path) -> None:
    options = ["--branch", "task_driven", "--scale", "1", "--target", "genn"]
    out = str(tmp_path / "project")
    assert "cpp_standalone" in error_of(capsys, "export", str(mini), *options, "--out", out)
    assert not (tmp_path / "project").exists()


# --- compiler and cache ---------------------------------------------------------------------------


@pytest.mark.usefixtures("no_compiler")
class TestNoCompiler:
    def test_the_target_says_so(self, tiny: df.Network) -> None:
        with pytest.raises(TargetError, match=r"no C\+\+ compiler found .*target='runtime'"):
            df.run(tiny, 5 * ms, target="cpp_standalone")

    def test_auto_takes_the_runtime(self, tiny: df.Network) -> None:
        assert df.run(tiny, 5 * ms).provenance["target"] == "runtime"

    def test_at_the_command_line(self, capsys: Capture, mini: Path) -> None:
        options = [*POINT, "--target", "cpp_standalone"]
        assert "no C++ compiler found" in error_of(capsys, "run", str(mini), *options)

    def test_a_compiler_that_is_named_but_missing(
        self, tiny: df.Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CXX", "g+++")
        with pytest.raises(TargetError, match=r"looked for CXX='g\+\+\+'"):
            df.run(tiny, 5 * ms, target="cpp_standalone")


@pytest.mark.cpp
def test_a_truncated_cache_entry_is_built_again(
    tiny: df.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))

    def cache_and_spikes() -> tuple[str, int]:
        results = df.run(tiny, 50 * ms, target="cpp_standalone", seed=1)
        return results.provenance["build_cache"], len(results.spikes)

    first, spikes = cache_and_spikes()
    assert first == "miss"
    assert cache_and_spikes() == ("hit", spikes)
    (program,) = (tmp_path / "cache").glob("??/*/main")
    program.write_bytes(program.read_bytes()[:1000])
    assert cache_and_spikes() == ("miss", spikes)
    assert cache_and_spikes() == ("hit", spikes)


# --- interrupts -----------------------------------------------------------------------------------


# The command line, which says when the simulation has begun: progress is reported twice a second.
DRIVER = """
import contextlib, importlib, sys
module = importlib.import_module("dualframe.simulation.run")
@contextlib.contextmanager
def loud(*_):
    yield lambda fraction: print("running", file=sys.stderr, flush=True)
module.progress_bar = loud
from dualframe.cli import main
sys.exit(main(sys.argv[1:]))
"""


def listening() -> None:
    """Hear Ctrl-C: the background jobs of a shell ignore it, and so do their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(*arguments: str) -> tuple[int, str, str]:
    """Start the command line, send Ctrl-C while it simulates, and wait for its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listening,
    )
    assert process.stderr is not None
    before = ""
    while before.count("running") < 2:  # Brian2's runtime reports the start too
        line = process.stderr.readline()
        assert line, before
        before += line
    os.kill(process.pid, signal.SIGINT)
    printed, after = process.communicate(timeout=120)
    return process.returncode, printed, before + after


@pytest.mark.parametrize(
    "target", ["runtime", pytest.param("cpp_standalone", marks=pytest.mark.cpp)]
)
def test_an_interrupted_run_keeps_what_was_simulated(
    mini: Path, tmp_path: Path, target: str
) -> None:
    strengths = mini.parent / "calibration" / "mini.toml"
    strengths.write_text(strengths.read_text().replace("2. kHz", "50 Hz"))  # little to draw
    options = [*POINT, "--target", target, "--duration", "1000 s", "--record", "none"]
    out = str(tmp_path / "x")
    status, printed, messages = interrupted("run", str(mini), *options, "--out", out)
    assert "Traceback" not in messages
    assert status == 130
    assert "interrupted after" in messages
    assert "Interrupted: this is the first" in printed
    kept = df.Results.load(out)
    assert not kept.provenance["completed"]
    assert 0 < kept.duration < 1000
    assert kept.spikes.empty or kept.spikes.t.max() < kept.duration


def test_an_interrupt_before_the_simulation_says_so(
    capsys: Capture, mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dualframe.simulation.run_specification.run", stop)
    assert main(["run", str(mini), *POINT]) == 130
    assert "interrupted before there was a result" in capsys.readouterr().err
