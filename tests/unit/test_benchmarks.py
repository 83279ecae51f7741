"""The benchmark scripts work, at sizes that take seconds; no time is asserted."""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2 import ms, uM
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

import dualframe as df
from dualframe.targets.cpp.compiler import has_compiler
from dualframe.targets.cpp.exported_results import spikes_file

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))
SCRIPTS += ["peer_rows", *(f"peer_rows.{path.stem}" for path in FOLDER.glob("peer_rows/*.py"))]
TINY = "--cells 30 --duration 0.06"
CPU = "--small --cpu --networks dspikes"
needs_compiler = pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the benchmarks are not installed")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the scripts find each other, as they do when they run; forget them afterwards."""
    hidden = {name: sys.modules.pop(name) for name in SCRIPTS if name in sys.modules}
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in SCRIPTS:
        sys.modules.pop(name, None)
    sys.modules.update(hidden)


def script(name: str) -> Any:
    return importlib.import_module(name)


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    for word in ("date", "processor", "compiler", "command", "versions", "shared"):
        assert word in text
    assert str(Path.home()) not in text
    return found


def test_every_saved_table_names_its_machine() -> None:
    saved = sorted((FOLDER / "results").glob("*.csv"))
    assert saved
    for path in saved:
        assert table(path.parent, path.stem)


def test_spread() -> None:
    assert script("measure").spread([3.0, 1.0, 2.0]) == "2 (1 to 3)"


def test_costs_of_this_process_and_its_children() -> None:
    with script("measure").cost() as spent:
        sum(range(1000))
    assert spent.wall > 0
    assert spent.cpu == spent.own + spent.children


def test_correlations_of_cells_that_spike() -> None:
    acetylcholine = script("acetylcholine")
    up, down, silent = [0, 1, 2, 3], [3, 2, 1, 0], [0, 0, 0, 0]
    correlation = acetylcholine.mean_correlation
    assert correlation(np.array([up, up, silent])) == pytest.approx(1)
    assert correlation(np.array([up, up, down])) == pytest.approx(-1 / 3)
    assert np.isnan(correlation(np.array([up, silent])))


def test_conditions_under_acetylcholine_are_one_program_and_are_compared_by_seed() -> None:
    acetylcholine = script("acetylcholine")
    networks = acetylcholine.networks(df.circuit("l23").scaled(0.01))
    for model in acetylcholine.MODELS:
        first, *others = (net for (name, _), net in networks.items() if name == model)
        for other in others:
            pairs = zip(first.populations, other.populations, strict=True)
            assert all(a.equations == b.equations for a, b in pairs)
            assert [p.on_pre for p in first.projections] == [p.on_pre for p in other.projections]
    control = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    text = acetylcholine.against(control - 0.5, control)
    assert text == "-0.5000 (6 of 6, p = 0.031)"


def test_signs_of_doyas_map_are_judged_in_pairs() -> None:
    doya = script("doya")
    before = [1.0] * 60 + [1.0] * 20 + [0.0] * 40 + [1.0, 0.0] * 20
    trials = pd.DataFrame(
        {
            "agent": np.repeat([0, 1], 160),
            "trial": np.tile(np.arange(1, 161), 2),
            "success": before + [1.0] * 160,
        }
    )
    assert doya.right_before(trials, 80).tolist() == [1, 1]
    assert doya.right_after(trials, 80).tolist() == [0, 1]
    assert doya.right_at_end(trials, 80).tolist() == [0.5, 1]
    # two of eight windows are fair coins, the others certain
    np.testing.assert_allclose(doya.entropy(trials, 80), [2 / 8, 0])
    error, rate, late, _, noise, _ = doya.EXPERIMENTS["bandit_cells"].predictions
    assert (error.sign, rate.sign, late.sign, noise.sign) == (1, 1, 1, -1)
    low, high = np.linspace(0, 0.5, 10), np.linspace(0.2, 0.9, 10)
    rows = [doya.row(error, low, high), doya.row(noise, low, high), doya.row(rate, low, low)]
    doya.judge(rows, [error, noise, rate])
    verdicts = [entry["verdict"] for entry in rows]
    assert verdicts == ["as predicted", "opposite", "no difference shown"]


def test_levels_of_doyas_map_change_one_thing_each() -> None:
    doya, task = script("doya"), df.task("bandit_cells")
    for prediction in doya.EXPERIMENTS["bandit_cells"].predictions:
        low, high = doya.levels(prediction, task)
        assert float(low["environment"]["pays_at"]) == (3 if "late" in prediction.measured else 1)
        changed = [
            name
            for a, b in zip(low.circuit.modulations, high.circuit.modulations, strict=True)
            for name in ([a.modulator] if a.level != b.level else [])
        ]
        assert changed == ([] if prediction.modulator == "DA" else [prediction.modulator])
        sizes = [float(one["dopamine"]["size"] / uM) for one in (low, high)]
        assert sizes == ([0, 2] if prediction.modulator == "DA" else [2, 2])


@pytest.mark.cpp
@needs_compiler
def test_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = script("build")
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(CPPStandaloneDevice, "compile_source", lambda *_: None)
    job = build.Job("closed_loop", duration=0.05)
    stock = build.build(job, "stock", tmp_path / "stock")
    ours = build.build(job, "dualframe", tmp_path / "ours")
    assert stock["code_objects"] == ours["code_objects"] > 30
    assert (tmp_path / "ours" / "main").exists()
    answers = {"stock": stock | {"compiler_cpu_s": 30.0}, "dualframe": ours}
    monkeypatch.setattr(build, "in_new_process", lambda job, what: answers[what])
    (row,) = build.build_table([job], 2)
    assert row["network"] == "closed_loop"


@pytest.mark.cpp
@needs_compiler
def test_second_runs_generate_and_compile_nothing() -> None:
    first, *others = script("build").runs(script("build").Job("closed_loop", duration=0.05))
    assert first["run"] == "first run"
    assert len(others) == 3
    for run in others:
        assert (run["build_cache"], run["code generations"], run["compilations"]) == ("hit", 0, 0)


def test_gpu_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = script("gpu")

    def on_runtime(net: df.Network, duration: Any, target: str, **_: Any) -> df.Results:
        return df.run(net, duration, target="runtime", seed=1, strict=True, progress=False)

    monkeypatch.setattr(gpu, "run", on_runtime)
    gpu.main([*TINY.split(), *CPU.split(), "--out", str(tmp_path)])
    rows = table(tmp_path, "gpu_cpu_backend")
    assert [row["precision"] for row in rows] == ["float64", "float64", "float64", "float32"]
    assert [row["check"] for row in rows[2:]] == ["passed", "passed"]
    assert rows[2]["against C++"] == "the same"


def test_gpu_check_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, made = script("gpu"), []

    def other_network(net: df.Network, duration: Any, target: str, **_: Any) -> df.Results:
        inputs = net.inputs if target == "cpp_standalone" else ()
        made.append(target)
        silent = df.Network(net.populations, inputs, net.projections if inputs else ())
        return df.run(silent, duration, target="runtime", seed=1, progress=False)

    monkeypatch.setattr(gpu, "run", other_network)
    with pytest.raises(SystemExit) as stopped:
        gpu.main([*TINY.split(), *CPU.split(), "--out", str(tmp_path)])
    assert stopped.value.code == 1
    assert [row["check"] for row in table(tmp_path, "gpu_cpu_backend")[2:]] == ["FAILED", "FAILED"]


def test_scaling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slope of what is linear is one; every series is drawn."""
    scaling = script("scaling")

    def apart(series: str, size: int, duration: float) -> dict[str, Any]:
        costs = {"build and draw CPU s": 1.0, "program CPU s": size * 1e-2, "memory MB": 100.0}
        return costs | {"spikes": 1, "build": "hit"}

    monkeypatch.setattr(scaling, "apart", apart)
    scaling.main(["--out", str(tmp_path)])
    assert len(table(tmp_path, "scaling")) == sum(map(len, scaling.SIZES.values()))
    text = (tmp_path / "scaling.md").read_text(encoding="utf-8")
    assert text.count("program CPU s 1.00, memory MB") == 3
    assert (tmp_path / "scaling.png").exists()
    for series, size in (("neurons", 200), ("synapses", 20_000), ("agents", 2)):
        assert len(scaling.network(series, size).populations) > 0


def test_loops_as_brian2_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two sides differ in their loops and flags; other spikes are said."""
    vectorised = script("vectorised")
    monkeypatch.setattr(vectorised, "subprocess", SimpleNamespace(run=lambda *_, **__: None))
    network = script("dspike_network").ours(script("dspike_network").draw(30, 60 * ms, 1))
    vectorised.compile_sides(network, 0.06, tmp_path)
    stock, ours = (
        (tmp_path / side / "program.cpp").read_text("utf-8") for side in vectorised.SIDES
    )
    for mark in ("#pragma GCC ivdep", "_spikes[_idx - _first]", "? 1.0 : 0.0"):
        assert mark in ours
        assert mark not in stock
    makefiles = [(tmp_path / side / "Makefile").read_text("utf-8") for side in vectorised.SIDES]
    assert ["-D__FAST_MATH__" in text for text in makefiles] == [False, True]

    results = tmp_path / "stock" / "results"
    results.mkdir(parents=True, exist_ok=True)
    (results / spikes_file("cells")).write_bytes(b"of cells")
    assert vectorised.spikes_of(tmp_path / "stock") == [b"of cells"]

    monkeypatch.setattr(vectorised, "compile_sides", lambda *_: None)
    turns = {"stock": [3.0, 2.0, 9.0], "vectorised": [1.5, 1.0, 2.0]}
    monkeypatch.setattr(vectorised, "take_turns", lambda *_: turns)
    monkeypatch.setattr(vectorised, "spikes_of", lambda folder: [folder.name.encode()])
    vectorised.main(["--networks", "10 000 of them", "--out", str(tmp_path)])
    (row,) = table(tmp_path, "vectorised")
    assert (row["ratio"], row["spikes"]) == ("2.0", "other")


def test_first_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs of a network are timed, the last one for what a further second takes."""
    first_runs = script("first_runs")
    lengths = []

    def run(target: str, duration: float) -> Any:
        lengths.append(duration)
        return SimpleNamespace(provenance={"build_cache": "hit" if lengths[1:] else "miss"})

    monkeypatch.setattr(first_runs, "NETWORKS", {"small": (run, 2.0)})
    monkeypatch.setattr(first_runs, "apart", first_runs.three_runs)
    first_runs.main(["--targets", "cpp_standalone", "--out", str(tmp_path)])
    (row,) = table(tmp_path, "first_runs")
    assert lengths == [2.0, 2.0, 6.0]
    assert row["second build"] == "hit"


def test_the_page_of_targets_quotes_the_saved_table() -> None:
    """Every row of the table of vectorised loops stands in docs/targets.md."""
    page = (FOLDER.parent / "docs" / "targets.md").read_text(encoding="utf-8")
    columns = ("network", "stock CPU s", "vectorised CPU s", "ratio")
    with (FOLDER / "results" / "vectorised.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        assert f"| {' | '.join(row[column] for column in columns)} |" in page


def test_what_the_ceiling_counts() -> None:
    """Each distinct term once; a factor that is the same for all neurons is no call of exp."""
    ceiling = script("ceiling")
    counted = ceiling.count_terms(["x*(a - b)", "exp(a - b) + rand()", "y*exp(-dt/tau)"])
    assert (counted.exps, counted.draws) == (1, 1)
    assert counted.operations == len(("x*", "a - b", "+", "y*", "-dt", "/tau"))
    lowered = ceiling.lower_network(
        script("dspike_network").ours(script("dspike_network").draw(30, 60 * ms, 1)),
        dt=0.1 * ms,
        duration=60 * ms,
        seed=1,
    )
    # a voltage of two compartments, two synapses, time and gate of the spike; lastspike and flag
    assert ceiling.step_of_group(lowered.groups[0])[0] == 16 * 6 + 10
    assert ceiling.event_of_synapses(lowered.synapses[0]) == (4 + 16, 1)


def test_closed_loop_has_the_size_of_a_task() -> None:
    net = script("closed_loop").network()
    assert {population.name: population.n for population in net.populations} == {
        "world": 1,
        "place": 121,
        "action": 40,
    }
    assert df.check(net, "runtime") == []
    results = df.run(net, 20 * ms, target="runtime", seed=1, dt=1 * ms, progress=False)
    assert len(results.spikes) > 0


@needs_compiler
@pytest.mark.cpp
def test_time_step(tmp_path: Path) -> None:
    sizes = "--circuits l23 --branches glif --seeds 1 2 --scale 0.002 --duration 0.6"
    script("time_step").main(
        [*sizes.split(), "--cells", "3", "--steps", "0.1", "--out", str(tmp_path)]
    )
    assert len(table(tmp_path, "time_step_cell")) == 2
    rows = table(tmp_path, "time_step")
    assert [row["population"] for row in rows] == ["pyr", "pv", "sst", "vip"]
    assert all("+-" in row["Hz at 0.05 ms"] for row in rows)


@needs_compiler
def test_states(tmp_path: Path) -> None:
    """What was run is not run again; a seed of the calibration is refused."""
    states = script("states")
    options = ["--circuits", "l23", "--models", "glif", "--duration", "0.6", "--out", str(tmp_path)]
    states.three_scales = lambda circuit: (0.002,)
    states.main([*options, "--seeds", "101"])
    states.main([*options, "--seeds", "101", "102"])
    rows = table(tmp_path, "states")
    assert [row["population"] for row in rows] == ["pyr", "pv", "sst", "vip"]
    assert all(row["seeds in range"].endswith("of 2") for row in rows)
    assert len((tmp_path / "runs" / "states.csv").read_text().splitlines()) == 1 + 8


@needs_compiler
def test_branches_and_their_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of a circuit, its figure, and the page of the documentation that shows them."""
    sizes = "l23 --models glif --modulators NA --seeds 2 --scale 0.002 --duration 0.6"
    branches = script("branches")
    branches.main([*sizes.split(), "--out", str(tmp_path)])
    rows = table(tmp_path, "branches_l23")
    assert [row["condition"] for row in rows] == ["NA"] * 4
    assert all(row["verdict"] for row in rows)
    assert (tmp_path / "l23.png").exists()
    assert (tmp_path / "runs" / "branches_l23.csv").exists()
    monkeypatch.syspath_prepend(str(FOLDER.parent / "docs"))
    pages = script("agreement_pages")
    assert set(pages.CIRCUITS) == set(branches.CIRCUITS)
    pages.write_agreement(tmp_path / "page", tmp_path)
    page = (tmp_path / "page" / "agreement.md").read_text(encoding="utf-8")
    assert "| NA | vip |" in page
    assert "biological and glif" in page
    assert page.count("Not measured yet") == 3


def test_the_circuits_that_agree_are_those_of_the_documentation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """README and docs/agreement.md say which circuits agree: as the saved tables have it."""
    monkeypatch.syspath_prepend(str(FOLDER.parent / "docs"))
    pages = script("agreement_pages")
    verdicts = {
        (name, counts.model): counts.verdict
        for name in pages.CIRCUITS
        for counts in pages.count_agreement(
            pages.read_table(pages.RESULTS / f"branches_{name}.csv")
        )
    }
    assert len(verdicts) == 8
    agreeing = {key for key, verdict in verdicts.items() if verdict == "agree"}
    assert agreeing == {("l23", "glif"), ("l23", "izhikevich"), ("striatum", "glif")}


# --- peers ----------------------------------------------------------------------------------------


def fake_row(spikes: dict[str, int]) -> Any:
    """A row whose sides show numbers of spikes; a side of a module that nobody has is there too."""
    row = script("peer_rows.row")
    sides = {name: row.Side(take_turn=lambda turn: {}) for name in spikes}
    sides["absent"] = row.Side(take_turn=lambda turn: {}, module="no_such_simulator")
    return row.Row(
        name="fake", work="work", sides=sides, agreement=row.within(0.1), goals={"right": 4.0}
    )


def test_a_peer_is_timed_if_it_is_there_and_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = script("peer_rows.take_turns")
    spikes = {"dualframe": 100, "right": 105, "wrong": 200}
    seconds = {"dualframe": 1.0, "right": 5.0, "wrong": 9.0}
    asked = []

    def ask(row: Any, side: str, *_: Any) -> Any:
        asked.append(side)
        stages = {"run": seconds[side], "draw": 7.0}
        shows = {"spikes": spikes[side]}
        return turns.Outcome(stages=stages, total=9.0, memory=2.0, shows=shows)

    monkeypatch.setattr(turns, "ask", ask)
    lines = turns.measure_row(fake_row(spikes), short=True, turns=2, folder=tmp_path)
    ours, right, wrong, absent = turns.ordered(lines, ["fake"])
    assert asked == ["dualframe", "right", "wrong", "dualframe", "right"]
    assert (ours["run CPU s"], ours["peer / dualframe"]) == ("1 (1 to 1)", "")
    assert (right["peer / dualframe"], right["aim"]) == ("5 (5 to 5)", "4")
    assert right["agreement"] == "spikes 100 and 105"
    assert wrong["agreement"] == "refused: spikes 100 and 200"
    assert absent["agreement"] == "skipped: no_such_simulator is not installed"
    assert wrong["peer / dualframe"] == absent["peer / dualframe"] == ""


def test_a_side_that_stops_is_said_to(tmp_path: Path) -> None:
    turns, rows = script("peer_rows.take_turns"), script("peer_rows").ROWS
    with pytest.raises(turns.TurnFailed, match="no such side"):
        turns.ask(rows["l23_draw"], "no such side", "turn", ["--short"], tmp_path)


def test_a_turn_tells_its_stages_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--turn", "l23_draw", "dualframe", "--short", "--seed", "1"]
    script("peers").main([*options, "--folder", str(tmp_path)])
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(answer["stages"]) == {"build", "draw"}
    assert answer["shows"]["synapses"] > 1000


def test_pages_quote_the_table_of_peers_and_nothing_else() -> None:
    """README and the documentation quote ratios from results/peers.csv alone."""
    peers = script("peers")
    lines = peers.read_table(peers.RESULTS)
    assert lines
    assert {line["row"] for line in lines} <= set(peers.ROWS)
    for page in peers.QUOTING:
        text = page.read_text(encoding="utf-8")
        (block,) = peers.BLOCK.finditer(text)
        assert block["text"] == peers.quotation(lines), page.name
        rest = text.replace(block["text"], "")
        claims = [s for s in re.split(r"[.|]\s", rest) if re.search(r"NEST|NEURON|Dendrify", s)]
        assert not [c for c in claims if re.search(r"\d ?x\b|times (as|less|faster)|faster", c)]


def test_agents_of_cells_are_as_large_as_those_of_the_reference() -> None:
    agents_of_cells = script("agents_of_cells")
    sizes = []
    for name, model in ((agents_of_cells.REFERENCE, None), (agents_of_cells.CELLS, "glif")):
        side = agents_of_cells.Side(name, model, 1, 1.0)
        network = side.network()
        neurons = sum(population.n for population in network.populations)
        sizes.append((neurons, agents_of_cells.count_synapses(network, side.task)))
    np.testing.assert_allclose(*sizes, rtol=0.1)
    assert agents_of_cells.ratio_text([2.0, 6.0, 4.0], [1.0, 2.0, 2.0]) == "2 (2 to 3)"


def test_receptors_on_plasticity_alone_are_the_same_program_with_other_numbers() -> None:
    grid = script("cells_and_receptors")
    assert max(max(pair) for pair in grid.CONTRASTS) < len(grid.ROWS)
    whole, learning = (df.task_driven.build(row.task(), model=grid.MODEL) for row in grid.ROWS[:2])
    pairs = list(zip(whole.populations, learning.populations, strict=True))
    assert all(a.equations == b.equations for a, b in pairs)
    assert [p.on_pre for p in whole.projections] == [p.on_pre for p in learning.projections]
    assert whole.digest != learning.digest
    cells = {p.entry.cell for p in grid.ROWS[2].task().circuit.resolved.populations}
    assert cells == {"ctx_l5_et", "ctx_pv"}


def test_run_preparation(tmp_path: Path) -> None:
    command = ["--held", "0", "1000", "--turns", "1", "--scale", "0.01", "--out", str(tmp_path)]
    script("run_preparation").main(command)
    rows = table(tmp_path, "run_preparation")
    assert [row["objects held"] for row in rows] == ["0", "1000"]
    assert all(float(row["CPU s"].split()[0]) > 0 for row in rows)
