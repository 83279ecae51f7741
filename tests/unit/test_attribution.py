"""Attribution: a planted effect is found, others are not, and all rows are one program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dualframe as df
from dualframe.analysis.statistics import cliffs_delta, delta_interval
from dualframe.cli import main
from dualframe.core.errors import DualframeError
from dualframe.targets.cpp.compiler import has_compiler
from dualframe.task import Task
from dualframe.training.attribution import (
    HOMOGENEOUS,
    NONE,
    WHOLE,
    Attribution,
    homogeneous_cells,
)
from dualframe.training.knockouts import receptor_knockouts

# PV cells inhibit the cells of the second arm alone, and the first arm pays always: agents do well
# if PV cells fire, which only a planted effect of dopamine on them makes them do.
PLANTED = """
name = "planted"
title = "a bandit whose better arm wins where PV cells fire"
modulators = ["DA"]
source = "dualframe"
status = "assumed"

[protocol]
trials = "40"
trial_limit = "60 ms"
dt = "0.5 ms"
sampling = "50 ms"
agents = "8"

[environment]
kind = "bandit"
interval = "50 ms"
p_best = "1"
p_other = "0"

[outcome]
kind = "trials"
main = "mean_reward"

[[modulations]]
modulator = "DA"
level = "1"

[[encoders]]
name = "code"
kind = "population_code"
observes = ["last_reward"]
fields = "10"
width = "100"
rate_max = "40 Hz"

[[populations]]
name = "actor"
cell = "ctx_l5_et"
n = "8"

[[populations]]
name = "pv"
cell = "ctx_pv"
n = "4"

[[projections]]
pre = "code"
post = "actor"
synapse = "AMPA"
compartment = "dend"
psp = "5 mV"
delay = "1 ms"
probability = "0.5"

[[projections]]
pre = "pv"
post = "actor"
synapse = "GABA_A"
compartment = "soma"
psp = "3 mV"
delay = "1 ms"
pairs = "all_to_all"
excluded = [EXCLUDED]

[[readouts]]
name = "choice"
kind = "winner_take_all"
population = "actor"
""".replace("EXCLUDED", ", ".join(f"[{i}, {j}]" for i in range(4) for j in range(4)))
RULE = """
plasticity = { rule = "r_stdp", w_max = "2", signals = { level_DA = "o_D1" } }
"""


def planted_task(folder: Path, text: str = PLANTED) -> Task:
    path = folder / "planted.toml"
    path.write_text(text, encoding="utf-8")
    return df.task(path).with_effect("D1", "ctx_pv", "conductance", size=6, reversal="0 mV")


class TestTable:
    @pytest.fixture(scope="class")
    def attribution(self, tmp_path_factory: pytest.TempPathFactory) -> df.Attribution:
        if not has_compiler():
            pytest.skip("no C++ compiler")
        task = planted_task(tmp_path_factory.mktemp("planted"))
        return df.attribute(task, seed=1, target="cpp_standalone", progress=False)

    def test_the_planted_effect_carries_the_gain(self, attribution: df.Attribution) -> None:
        rows = attribution.table.set_index("without")
        planted = rows.loc["D1 on ctx_pv, excitability"]
        assert planted["p_holm"] < 0.05
        assert planted["cliffs_delta"] > 0.5
        assert planted["share"] == pytest.approx(1, abs=0.3)  # all of it, but for 8 agents' chance
        assert rows.loc[NONE, "p_holm"] < 0.05

    def test_nothing_else_carries_it(self, attribution: df.Attribution) -> None:
        others = attribution.table[
            ~attribution.table["without"].isin([WHOLE, NONE, "D1 on ctx_pv, excitability"])
        ]
        assert len(others) >= 3
        assert (others["p_holm"] > 0.05).all()

    def test_all_rows_are_one_program(self, attribution: df.Attribution) -> None:
        _, *later = attribution.trained.values()
        assert [agents.provenance["build_cache"] for agents in later] == ["hit"] * len(later)

    def test_a_knocked_out_effect_has_the_number_that_changes_nothing(
        self, attribution: df.Attribution
    ) -> None:
        pv, without = (
            attribution.trained[name].network.population("pv")
            for name in (WHOLE, "D1 on ctx_pv, excitability")
        )
        assert (pv.parameters["size_D1_0"], without.parameters["size_D1_0"]) == (6, 0)
        assert pv.equations == without.equations

    def test_it_is_saved(self, attribution: df.Attribution, tmp_path: Path) -> None:
        folder = attribution.save(tmp_path / "out")
        table = pd.read_csv(folder / "attribution.csv")
        assert list(table["without"]) == list(attribution.trained)
        outcomes = pd.read_csv(folder / "outcomes.csv")
        assert len(outcomes) == 8 * len(table)
        assert (folder / "attribution.png").stat().st_size > 1000

    def test_the_figure_has_a_line_for_each_row(self, attribution: df.Attribution) -> None:
        (axes,) = attribution.plot().axes
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert labels[::-1] == [f"without {name}" for name in list(attribution.trained)[1:]]


class TestKnockouts:
    def test_a_rule_that_reads_a_receptor_is_plasticity(self, tmp_path: Path) -> None:
        text = PLANTED.replace('probability = "0.5"\n', f'probability = "0.5"{RULE}')
        task = planted_task(tmp_path, text)
        parts = {k.part: k for k in receptor_knockouts(task, ["D1"]) if k.cell_type == "ctx_l5_et"}
        assert set(parts) == {"both", "excitability", "plasticity"}
        silenced = parts["plasticity"].apply(task).circuit.projection("code_to_actor").plasticity
        assert silenced is not None
        assert silenced.signals["level_DA"] == "(0*o_D1)"
        spared = parts["excitability"].apply(task).circuit.projection("code_to_actor").plasticity
        assert spared is not None
        assert spared.signals["level_DA"] == "o_D1"

    def test_homogeneous_cells_are_those_of_most_neurons(self, tmp_path: Path) -> None:
        sst = '[[populations]]\nname = "sst"\ncell = "ctx_sst"\nn = "2"\n\n[[projections]]'
        task = planted_task(tmp_path, PLANTED.replace("[[projections]]", sst, 1))
        assert homogeneous_cells(task) == {"sst": "ctx_pv"}
        assert homogeneous_cells(planted_task(tmp_path)) == {}

    @pytest.mark.parametrize(
        ("receptors", "agents", "modulators", "words"),
        [
            (None, 8, (), "no modulator acts"),
            (["M1"], 8, ("DA",), "M1 does nothing"),
            (None, 1, ("DA",), "at least two"),
        ],
    )
    def test_what_cannot_be_attributed_is_refused(
        self,
        tmp_path: Path,
        receptors: list[str] | None,
        agents: int,
        modulators: tuple[str, ...],
        words: str,
    ) -> None:
        task = planted_task(tmp_path).with_modulators(*modulators)
        with pytest.raises(DualframeError, match=words):
            df.attribute(task, receptors=receptors, agents=agents)


class TestCommand:
    def test_it_prints_the_rows(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        planted_task(tmp_path)
        words = ["attribute", str(tmp_path / "planted.toml"), "--receptor", "D2", "--seed", "1"]
        words += ["--agents", "2", "--trials", "2", "--out", str(tmp_path / "out")]
        assert main(words) == 0
        out, said = capsys.readouterr()
        assert "With 2 agents no difference between conditions can reach p < 0.05" in said
        assert "D2 on ctx_pv" in out
        assert HOMOGENEOUS not in out  # its cells are so already
        assert (tmp_path / "out" / "attribution.csv").is_file()


def test_the_interval_holds_the_delta_and_is_a_point_where_all_is_one_value() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.normal(0.5, 1, 20), generator.normal(0, 1, 20)
    low, high = delta_interval(a, b)
    assert low < cliffs_delta(a, b) < high
    assert delta_interval([1, 1, 1], [0, 0, 0]) == (1, 1)
    # an infinite value is larger than all others
    assert delta_interval([np.inf, np.inf], [0, 1]) == (1, 1)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_row_of_the_figure_stands_within_it(count: int) -> None:
    numbers = {"cliffs_delta": 0.3, "delta_low": -0.1, "delta_high": 0.6, "p_holm": 0.02}
    rows = [{"without": WHOLE, **dict.fromkeys(numbers, np.nan)}]
    rows += [{"without": f"receptor {k}", **numbers} for k in range(count)]
    table = pd.DataFrame(rows)
    grid = Attribution(task=df.task("navigation"), table=table, trained={})
    (axes,) = grid.plot().axes
    low, high = axes.get_ylim()
    assert low <= -0.5
    assert high >= count - 0.5
    assert len(axes.get_yticklabels()) == count
