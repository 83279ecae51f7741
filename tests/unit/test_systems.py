"""The list of systems: what it claims is there, runs, and is noticed when it is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from brian2.units import ms
from repository_scripts import load_script
from system_examples import (
    LOOK_UPS,
    ROOT,
    check_example,
    network_of_neurons,
    network_of_rules,
    neuron_of,
)

import dualframe as df
from dualframe.catalogue.system_list import (
    BY_HAND,
    COLUMNS,
    EXAMPLE_KINDS,
    NOT_HERE,
    RUN_KINDS,
    STATUSES,
    WORKS,
    Example,
    count_statuses,
    list_systems,
    system,
)
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, UnknownName

SYSTEMS = list_systems()
EXAMPLES = list(dict.fromkeys(example for entry in SYSTEMS for example in entry.examples))
#: The table of the papers' systems that the list was made from.
SYSTEMS_OF_THE_PAPERS = 154


def examples_of(kind: str) -> list[str]:
    return [example.name for example in EXAMPLES if example.kind == kind]


# --- the rows -----------------------------------------------------------------------------------


def test_it_lists_the_systems_of_the_papers_and_others_that_they_name() -> None:
    assert len(SYSTEMS) > SYSTEMS_OF_THE_PAPERS
    names = {entry.name for entry in SYSTEMS}
    assert {"perceptron", "Hodgkin-Huxley", "PopSAN", "sleep replay", "gap junctions"} <= names
    assert {entry.status for entry in SYSTEMS} == set(STATUSES)


def test_a_row_is_short_enough_for_a_terminal_and_says_something() -> None:
    for entry in SYSTEMS:
        assert len(entry.name) <= 36, entry.name
        assert entry.what != entry.name
        assert entry.source
        assert not any(mark in entry.what + entry.reason for mark in ("[M]", "[V]", "TODO"))


def test_the_table_has_a_row_for_each() -> None:
    table = df.systems()
    assert set(table.columns) == set(COLUMNS)
    assert list(table.columns)[:6] == ["name", "group", "source", "status", "example", "reason"]
    assert table["name"].is_unique
    assert (table["example"] == "").equals(table["status"] == NOT_HERE)
    assert (table.loc[table["status"] == NOT_HERE, "reason"] != "").all()
    counts = count_statuses(table)
    assert counts.loc["all"].sum() == len(table) == len(SYSTEMS)
    assert counts.loc["all", WORKS] == sum(entry.status == WORKS for entry in SYSTEMS)


# --- what they name -----------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_a_row_names_is_there(example: Example) -> None:
    check_example(example)


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("neuron", "adexx", "no neuron model"),
        ("rule", "window_sign", "no plasticity rule"),  # catalogued as data only
        ("task", "maze", "no file tasks/maze.toml"),
        ("circuit", "l24", "no file circuits/l24.toml"),
        ("call", "nonsense", "no name of the API"),
        ("script", "circuits/figures/plot_none.py", "no file"),
        ("script", "benchmarks/pd14.py", "run by no test"),
        ("page", "docs/none.md", "no page"),
        ("page", "docs/learning.md#None", "no heading"),
        ("test", "tests/unit/test_none.py::test_a", "no file"),
        ("test", "tests/unit/test_api.py", "names no test"),
        ("test", "tests/unit/test_api.py::test_none", "has no test_none"),
        ("test", "tests/unit/test_api.py::TestAssemble::test_none", "has no test_none"),
        ("test", "tests/unit/test_api.py::NAMES", "is no test"),
        ("test", "tests/unit/small_task.py::test_a", "not collected"),
    ],
)
def test_what_is_gone_is_noticed(kind: str, name: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_example(Example(kind, name))


def test_every_kind_of_example_is_looked_up() -> None:
    assert set(LOOK_UPS) == set(EXAMPLE_KINDS)


@pytest.fixture(scope="module")
def collected() -> str:
    """What pytest says when it is asked for every test that a row names."""
    nodes = examples_of("test")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *nodes], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_every_test_that_a_row_names_is_collected(collected: str) -> None:
    lines = collected.splitlines()
    assert examples_of("test")
    for node in examples_of("test"):
        assert any(line == node or line.startswith(f"{node}[") for line in lines), node


# --- what runs ----------------------------------------------------------------------------------


def test_every_neuron_model_that_works_runs() -> None:
    names = examples_of("neuron")
    network = network_of_neurons(names)
    record = {p.name: [p.voltage] for p in network.populations if p.voltage}
    done = df.run(network, 20 * ms, target="runtime", seed=1, record=record, progress=False)
    assert {p.name for p in network.populations} == set(names)
    assert len(record) >= 8
    for name, (variable,) in record.items():
        trace = done.traces[name].values[variable]
        assert trace.size, name
        assert np.all(np.isfinite(trace)), name


def test_every_rule_that_works_changes_a_weight_within_its_bounds() -> None:
    names = examples_of("rule")
    done = df.run(
        network_of_rules(names),
        20 * ms,
        target="runtime",
        seed=1,
        dt=1 * ms,
        record={name: ["w"] for name in names},
        progress=False,
    )
    assert len(names) >= 10
    for name in names:
        (weight,) = done.weights[name]["weight"]
        assert 0 <= weight <= 1, name
        assert weight != 0.5, name


def test_a_neuron_model_without_numbers_is_named() -> None:
    with pytest.raises(UnknownName):
        neuron_of("none")


# --- wrong tables -------------------------------------------------------------------------------

HEAD = ",".join(COLUMNS)
GOOD = "a,g,what it is,Somebody 2000,works,neuron LIF,"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,group\na,b", "expected name, group"),
        (f"{HEAD}\n{GOOD}\n{GOOD}", r"line 3: there is a system 'a' already"),
        (f"{HEAD}\n{GOOD},more", "expected 7 columns"),
        (f"{HEAD}\na,g,w,s,works", "expected 7 columns"),
        (f"{HEAD}\n,g,w,s,works,neuron LIF,", "name is empty"),
        (f"{HEAD}\na,g,w,,works,neuron LIF,", "source is empty"),
        (f"{HEAD}\na,g,w,s,partly,neuron LIF,", "'partly' is none of 'works'"),
        (f"{HEAD}\na,g,w,s,works,cell LIF,", "'cell LIF' is none: expected a kind of neuron"),
        (f"{HEAD}\na,g,w,s,works,neuron,", "'neuron' is none"),
        (f"{HEAD}\na,g,w,s,works,,", "needs an example that tests run"),
        (f"{HEAD}\na,g,w,s,works,page docs/learning.md,", "needs an example that tests run"),
        (f"{HEAD}\na,g,w,s,by hand,neuron LIF,", "needs the script or page"),
        (f"{HEAD}\na,g,w,s,not here,,", "needs a reason and no example"),
        (f"{HEAD}\na,g,w,s,not here,neuron LIF,planned", "needs a reason and no example"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "systems.csv"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=message):
        list_systems(path)


def test_a_right_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "systems.csv"
    path.write_text(f"{HEAD}\n{GOOD}\nb,g,w,s,by hand,script x.py; page y.md,")
    first, second = list_systems(path)
    assert (first.examples, first.status) == ((Example("neuron", "LIF"),), WORKS)
    assert [example.short for example in second.examples] == ["script x.py", "page y.md"]
    assert set(RUN_KINDS) < set(EXAMPLE_KINDS)
    assert second.status == BY_HAND


# --- how it is shown ----------------------------------------------------------------------------


def test_the_command_line_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "systems"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("pair STDP ") and line.endswith("rule pair_stdp") for line in lines)
    assert main(["list", "systems", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows == df.systems().to_dict(orient="records")


def test_one_system_is_shown_with_its_source_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "gap junctions"]) == 0
    text = capsys.readouterr().out
    assert "Ostojic" in text
    assert "why: no electrical synapses" in text
    assert 'rule: df.plasticity_rule("pair_stdp", ...)' in system("pair STDP").describe()
    with pytest.raises(UnknownName, match="system 'gap junction'"):
        system("gap junction")


def test_the_page_counts_and_lists_them(tmp_path: Path) -> None:
    load_script(ROOT / "docs" / "system_pages.py").write_systems(tmp_path)
    text = (tmp_path / "systems.md").read_text()
    counts = count_statuses(df.systems()).loc["all"]
    assert f"| all | {counts[WORKS]} | {counts[BY_HAND]} | {counts[NOT_HERE]} |" in text
    for entry in SYSTEMS:
        assert f"| {entry.name} |" in text
