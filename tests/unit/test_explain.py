"""A run says which modulators and drugs acted, and why others did not."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import ms

import dualframe as df
from dualframe import catalogue
from dualframe.building.task_builder import build_task
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, DualframeWarning
from dualframe.neuromodulation.actions import describe_actions
from dualframe.receptor_effects import ModulatableParameters
from dualframe.results.action_tables import acting_lines, actions_table, idle_lines

AGONISED = {"level": 0.8}


def small() -> Circuit:
    return df.circuit("l23").scaled(0.02)


def awake(**options: Any) -> Circuit:
    return small().with_modulation("ACh", **(options or AGONISED))


def rows(circuit: Circuit, branch: str = "task_driven") -> list[dict[str, Any]]:
    return list(getattr(df, branch).build(circuit).meta["actions"])


def idle(circuit: Circuit, branch: str = "task_driven") -> list[str]:
    return list(idle_lines(rows(circuit, branch)))


def run_quietly(network: df.Network, **options: Any) -> df.Results:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return df.run(network, 20 * ms, seed=1, **{"target": "runtime"} | options)


# --- occupancies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["runtime", pytest.param("cpp_standalone", marks=pytest.mark.cpp)]
)
@pytest.mark.parametrize(
    "change",
    [
        lambda c: c,
        lambda c: c.with_drug("antagonist", "M1", dose=3),
        lambda c: c.with_drug("agonist", "M1", dose=2),
        lambda c: c.with_drug("agonist", "nACh_a4b2", dose=5),
        lambda c: c.with_drug("agonist", "M1"),
    ],
    ids=["ACh", "antagonist", "agonist", "desensitised", "saturating"],
)
def test_occupancies_are_those_that_the_network_computes(target: str, change: Any) -> None:
    network = df.task_driven.build(change(awake()))
    names = [line.split(" = ")[0] for line in network.population("vip").equations.splitlines()]
    receptors = [name[2:] for name in names if name in ("o_M1", "o_nACh_a4b2")]
    recorded = {"vip": df.Recording([f"o_{name}" for name in receptors])}
    results = run_quietly(network, target=target, record=recorded)
    table = results.explain()
    for receptor in receptors:
        here = table[(table["population"] == "vip") & (table["receptor"] == receptor)]
        final = results.traces["vip"].values[f"o_{receptor}"][:, -1]
        np.testing.assert_allclose(final, here["occupancy"].iloc[0], rtol=1e-5)
    assert receptors


def test_the_table_is_with_and_without() -> None:
    table = run_quietly(
        df.task_driven.build(awake().with_drug("antagonist", "M1", dose=3))
    ).explain()
    block = table[(table["action"] == "antagonist of M1") & (table["population"] == "pv")].iloc[0]
    acted = table["acted"] & (table["action"] == "ACh")
    free = table[acted & (table["receptor"] == "M2")].iloc[0]
    assert block["acted"]
    assert block["effects"] == "conductance"
    assert 0 < block["occupancy"] < block["without"]
    assert block["without"] == pytest.approx(free["occupancy"])  # M1 and M2 bind alike
    # Gaddum: r/(1 + B), with r from the occupancy without the drug, and n = 1
    ratio = block["without"] / (1 - block["without"]) / (1 + 3)
    assert block["occupancy"] == pytest.approx(ratio / (1 + ratio), rel=1e-4)


# --- what did nothing, and why ------------------------------------------------------------------


@pytest.mark.parametrize("branch", ["task_driven", "biological"])
def test_a_block_without_agonist(branch: str) -> None:
    (text,) = idle(small().with_drug("antagonist", "M1", cells="ctx_l23_pyr"), branch)
    assert text == (
        "antagonist of M1 did nothing: occupancy of M1 on ctx_l23_pyr 0.00: "
        "there is no ACh to block."
    )


def test_a_knockout_of_receptors_that_nothing_binds() -> None:
    (text,) = idle(small().with_drug("knockout", "M1"))
    assert "there is no ACh to lose" in text
    assert "there is no ACh to block" in idle(awake(level=0.0).with_drug("antagonist", "M1"))[0]


def test_a_nicotinic_agonist_on_desensitised_receptors() -> None:
    (text,) = idle(awake().with_drug("agonist", "nACh_a4b2", dose=1))
    assert "agonist of nACh_a4b2 did nothing" in text
    assert "ACh has desensitised the receptors (0.08 of them are sensitive)" in text
    (text,) = idle(awake().with_drug("agonist", "nACh_a4b2", dose=1000))
    assert "did little" in text
    assert idle(small().with_drug("agonist", "nACh_a4b2", dose=1)) == []


def test_cells_that_lack_the_receptor() -> None:
    cells = ["ctx_l23_pyr", "ctx_sst"]
    (text,) = idle(awake().with_drug("antagonist", "M4", cells=cells))
    assert "did nothing on sst" in text
    assert text.endswith("ctx_sst has no M4.")


def test_effects_that_are_only_described() -> None:
    table = df.task_driven.build(small().with_modulation("DA", level=0.8)).meta["actions"]
    described = [row for row in table if "only described, not compiled" in row["why"]]
    assert described
    for row in described:
        assert not row["acted"]
        assert df.receptor(row["receptor"]).effects_on(row["cell_type"])


def test_a_users_copy_of_a_cell_that_has_lost_its_receptors(mini: Path) -> None:
    shipped = Path(catalogue.__file__).parent / "cells" / "ctx_l23_pyr.toml"
    text = re.sub(
        r'^name = "ctx_l23_pyr"', 'name = "my_pyr"', shipped.read_text("utf-8"), flags=re.M
    )
    (mini.parent / "my_pyr.toml").write_text(text, encoding="utf-8")
    changed = mini.read_text("utf-8").replace('cell = "ctx_l23_pyr"', 'cell = "my_pyr.toml"')
    file = mini.parent / "copy.toml"
    file.write_text(changed, encoding="utf-8")
    circuit = df.circuit(file).with_modulation("ACh", level=0.8).resolved
    population = circuit.population("pyr")
    found = describe_actions(circuit, population, ModulatableParameters(()))
    texts = list(idle_lines([*found, {**found[0], "population": "pv", "acted": True, "why": ""}]))
    assert any("'my_pyr' is a cell type of your own" in text for text in texts)


def test_a_cell_that_is_like_one_without_the_receptor(tmp_path: Path) -> None:
    path = tmp_path / "my_l6.toml"
    path.write_text('name = "my_l6"\nlike = "ctx_l6_pyr"', "utf-8")
    pyramidal, basket = CircuitPopulation("l6", str(path), 2), CircuitPopulation("pv", "ctx_pv", 2)
    circuit = Circuit("both", (pyramidal, basket)).with_modulation("ACh", level=0.8).resolved
    actions = describe_actions(circuit, circuit.population("l6"), ModulatableParameters(()))
    reasons = {row["receptor"]: row["why"] for row in actions}
    expected = "'my_l6' is like ctx_l6_pyr, which has no M1, so that ACh has no effect by it"
    assert reasons["M1"].startswith(expected)
    with pytest.raises(CatalogueError, match=r"my_l6.toml, like ctx_l6_pyr\)"):
        df.biological.build(Circuit("l6", (pyramidal,)).with_modulation("ACh", level=0.8))


def test_the_table_prints_every_column_of_every_row() -> None:
    table = actions_table(rows(awake().with_drug("antagonist", "M4")))
    lines = str(table).splitlines()
    assert lines[0].split() == [c for c in table.columns if c not in ("effects", "why")]
    assert max(map(len, lines)) <= 80
    text = " ".join(str(table).split())
    for _, row in table.iterrows():
        assert f"{row['action']} {row['receptor']} {row['cell_type']} {row['population']}" in text
        assert row["effects"] in text
        assert row["why"] in text


def test_a_changed_effect_that_nothing_reaches() -> None:
    (text,) = idle(small().with_effect("M1", "ctx_pv", kind="conductance", size=-0.1))
    assert text == "effect of M1 did nothing: no modulator or agonist of the circuit binds M1."


def test_a_releasing_population_that_is_silent() -> None:
    circuit = small().with_modulation("ACh", released_by="vip", per_spike="10 uM")
    network = df.task_driven.build(circuit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = df.run(network, 0.2 * ms, target="runtime", seed=1)
    assert not results.explain()["acted"].any()
    assert any("population 'vip' did not spike" in text for text in results.provenance["warnings"])


def test_what_was_asked_to_do_nothing_is_no_warning() -> None:
    assert idle(awake(level=0.0)) == []
    table = rows(awake(level=0.0))
    assert not any(row["acted"] for row in table)
    assert any(row["why"] == "the level of ACh is zero" for row in table)


def test_acting_lines_name_receptors_and_populations() -> None:
    lines = acting_lines(rows(awake()))
    assert lines[0] == "ACh at M1: occupancy pyr 0.83, pv 0.83, vip 0.83"
    assert "ACh at M2: occupancy pyr from ctx_pv 0.83" in lines


# --- where it is said ---------------------------------------------------------------------------


def test_a_run_warns_and_its_report_explains(tmp_path: Path) -> None:
    network = df.task_driven.build(small().with_drug("antagonist", "M1"))
    with pytest.warns(DualframeWarning, match="there is no ACh to block"):
        results = df.run(network, 20 * ms, target="runtime", seed=1)
    page = df.report(results, tmp_path / "r.html").read_text("utf-8")
    assert "Modulators and drugs" in page
    assert page.count("there is no ACh to block") >= 2  # the table and the warnings
    loaded = df.Results.load(results.save(tmp_path / "out", figures=False))
    assert loaded.explain().equals(results.explain())
    assert df.Results.load(tmp_path / "out").explain()["why"][0] == "there is no ACh to block"


def test_the_command_line_says_what_acted(mini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", str(mini), "--branch", "task_driven", "--scale", "1", "--target", "runtime"]
    run += ["--seed", "3", "--duration", "20ms"]
    assert main([*run, "--modulate", "ACh=0.8"]) == 0
    assert "ACh at M1: occupancy pyr 0.83" in capsys.readouterr().out
    assert main([*run, "--drug", "antagonist:M1"]) == 0
    assert "warning: antagonist of M1 did nothing" in capsys.readouterr().err


def test_agents_say_which_modulators_acted() -> None:
    task = df.task("distal_reward")
    acting = build_task(task.with_modulators("DA", "ACh")).meta["actions"]
    assert acting_lines(acting)[0] == "DA: exc, inh"
    assert [text for text in idle_lines(acting) if text.startswith("ACh did nothing")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agents = df.train(df.task("cartpole"), agents=1, duration=60 * ms, target="runtime", seed=1)
    assert agents.explain()["action"].tolist() == ["DA"]
    assert agents.explain()["acted"].tolist() == [True]
