"""Releases in concentration: what a signal does to receptors, cells and rules, on two targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import liter, mole, ms, nmolar
from paid_task import TICK, paid

import dualframe as df
from dualframe.building.task_builder import build_task
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, DualframeError
from dualframe.simulation.option_texts import apply_drug_options
from dualframe.targets.cpp import build, known_programs
from dualframe.targets.cpp import run as cpp_standalone
from dualframe.targets.cpp.compiler import has_compiler
from dualframe.targets.target_support import check
from dualframe.task import Perturbation, Task
from dualframe.training.training_specification import TrainingSpecification

CPP = pytest.param(
    "cpp_standalone",
    marks=[
        pytest.mark.cpp,
        pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler"),
    ],
)
TARGETS = ("runtime", CPP)
STEP, STEPS = 1e-4, 3 * TICK * 10  # of 0.1 ms
TAU = 0.2  # s, the catalogue's clearance of dopamine
#: Half-occupation and time constants of D1 in the catalogue.
HALF, ON, OFF = 1e-3, 0.05, 0.1  # mM, s, s
RECORD = {"action": ("c_DA", "o_D1"), "world": ("reward",), "learned": ("w",)}
#: So small that weights do not move spikes, and above the rounding of weights.
SLOW = {"learned__plasticity__learning_rate": 1e-6}


@pytest.fixture(autouse=True)
def quick_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile without optimisation: the formulas do not depend on it."""

    def flags(**options: Any) -> tuple[str, ...]:
        return ("-O0", *(flag for flag in optimised(**options) if flag != "-O3"))

    optimised = build.compile_flags
    for module in (build, known_programs):
        monkeypatch.setattr(module, "compile_flags", flags)


@pytest.fixture
def generations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The code generations of a test: an entry each."""
    counted: list[int] = []
    generate = cpp_standalone.generate_project

    def count(*arguments: Any, **options: Any) -> Any:
        counted.append(1)
        return generate(*arguments, **options)

    monkeypatch.setattr(cpp_standalone, "generate_project", count)
    return counted


def simulate(
    task: Task, target: str = "runtime", record: Mapping[str, tuple[str, ...]] | None = None
) -> df.Results:
    return df.run(
        build_task(task),
        STEPS * STEP * 1000 * ms,
        dt=task["protocol"]["dt"],
        target=target,
        seed=1,
        record={name: df.Recording(what) for name, what in (record or RECORD).items()},
        progress=False,
    )


def trace(results: df.Results, population: str, variable: str) -> np.ndarray:
    return results.traces[population].values[variable][0]


def spikes(results: df.Results) -> pd.DataFrame:
    return results.spikes.query("population == 'action'").reset_index(drop=True)


def expected_concentration(reward: np.ndarray, level: float, size: float) -> np.ndarray:
    """The formula of the documentation, in mM, from the rewards of every step."""
    c = np.full(STEPS, level)
    for k in range(STEPS - 1):
        c[k + 1] = max(0.0, c[k] + STEP * (level - c[k]) / TAU + size * reward[k])
    return c


@pytest.mark.parametrize("target", TARGETS)
def test_a_reward_raises_the_concentration_by_the_formula_in_one_program_for_all_conditions(
    target: str, tmp_path: Path, generations: list[int]
) -> None:
    task = paid(tmp_path)
    conditions = {  # level and size in mM
        task: (50e-6, 500e-6),
        task.with_parameters(phasic__size="-40 nM"): (50e-6, -40e-6),
        task.with_parameters(phasic__size="-200 nM"): (50e-6, -200e-6),
        task.with_modulators(): (0.0, 0.0),
    }
    for condition, (level, size) in conditions.items():
        results = simulate(condition, target)
        reward, c = trace(results, "world", "reward"), trace(results, "action", "c_DA")
        assert np.flatnonzero(reward).tolist() == [TICK * 10 + 1, TICK * 20 + 1]
        # sums of the same numbers in another order
        assert c == pytest.approx(expected_concentration(reward, level, size), rel=1e-9, abs=1e-15)
        assert (c >= 0).all()
        bound = np.full(STEPS, level / (level + HALF))
        for k in range(STEPS - 1):
            steady = c[k] / (c[k] + HALF)
            bound[k + 1] += bound[k] - bound[k + 1]
            bound[k + 1] += STEP * (steady - bound[k]) / (ON if steady > bound[k] else OFF)
        assert trace(results, "action", "o_D1") == pytest.approx(bound, rel=1e-6, abs=1e-12)
    assert len(generations) == (target == "cpp_standalone")


@pytest.mark.parametrize("target", TARGETS)
def test_one_release_acts_on_excitability_and_on_plasticity_each_can_be_taken_away(
    target: str, tmp_path: Path
) -> None:
    both = paid(tmp_path).with_parameters(**SLOW)
    on_rule = both.with_effect("D1", "ctx_l5_et", "adaptation", scale=1).with_effect(
        "D1", "ctx_l5_et", "gain", match="AMPA", scale=1
    )
    on_cells = both.with_parameters(learned__plasticity__learning_rate=0)
    tasks = {"both": both, "rule": on_rule, "cells": on_cells, "none": both.with_modulators()}
    runs = {name: simulate(task, target) for name, task in tasks.items()}
    times = {name: spikes(results) for name, results in runs.items()}
    moved = {
        name: float(np.abs(results.weights["learned"]["weight"] - 400e-12).sum())
        for name, results in runs.items()
    }
    assert len(times["none"]) > 0
    assert times["both"].equals(times["cells"])
    assert times["rule"].equals(times["none"])
    assert not times["both"].equals(times["none"])
    assert moved["rule"] > 1.1 * moved["none"] > 0  # the same spikes, and dopamine on top
    assert moved["cells"] < 1e-3 * moved["both"]


def test_an_antagonist_and_a_knock_out_block_what_dopamine_does(tmp_path: Path) -> None:
    task = paid(tmp_path)
    none = simulate(task.with_modulators())
    for blocked in (
        task.with_drug("antagonist", "D1"),
        task.with_drug("knockout", "D1", "ctx_l5_et"),
    ):
        results = simulate(blocked, record={"action": ("o_D1",), "learned": ("w",)})
        assert not trace(results, "action", "o_D1").any()
        assert spikes(results).equals(spikes(none))
        assert results.weights["learned"].equals(none.weights["learned"])
    weaker = simulate(task.with_drug("antagonist", "D1", dose=1.0))
    occupied = trace(weaker, "action", "o_D1")[-1]
    assert 0 < occupied < trace(simulate(task), "action", "o_D1")[-1]


def test_factors_of_receptors_act_on_rules_of_tasks(tmp_path: Path) -> None:
    pyramids = paid(tmp_path, ('cell = "ctx_l5_et"', 'cell = "ca1_pyr"'))
    assert {"ltp_factor", "ltd_factor", "o_D1"} <= build_task(pyramids).population(
        "action"
    ).variables
    assert "ltp_factor" not in build_task(paid(tmp_path)).population("action").variables
    record = {"learned": ("w",)}
    without = pyramids.without_effect("D1", "ca1_pyr", "plasticity")
    tables = [simulate(t, record=record).weights["learned"] for t in (pyramids, without)]
    assert not tables[0].equals(tables[1])
    only = build_task(pyramids.without_effect("D1", "ca1_pyr", "excitability"))
    (row,) = (row for row in only.meta["actions"] if row["receptor"] == "D1")
    assert row["effects"] == "plasticity, read by a rule"


def test_a_signal_drives_cells_that_release(tmp_path: Path) -> None:
    midbrain = (
        '[[populations]]\nname = "midbrain"\ncell = "mid_da"\nn = "2"\n\n'
        '[[projections]]\nname = "learned"'
    )
    driven = paid(
        tmp_path,
        ('kind = "signal_release"\nmodulator = "DA"', 'kind = "signal_current"\ntau = "10 ms"'),
        ('size = "500 nM"', 'size = "1 nA"\npopulation = "midbrain"'),
        ('level = "50 nM"', 'level = "50 nM"\nreleased_by = "midbrain"\nper_spike = "100 nM"'),
        ('[[projections]]\nname = "learned"', midbrain),
    )
    assert {problem.where for problem in check(build_task(driven), "genn")} <= {"this machine"}
    record = {"action": ("c_DA",), "phasic": ("phasic",)}
    # their autoreceptors would lower what a spike releases
    driven = driven.with_drug("knockout", "D2", "mid_da")
    results = simulate(driven, record=record)
    current = trace(results, "phasic", "phasic")
    first = TICK * 10 + 2  # heard the step after the reward
    assert not current[:first].any()
    assert current[first] == pytest.approx(1e-9)
    assert current[first + 100] == pytest.approx(1e-9 * np.exp(-1))
    times = results.spikes.query("population == 'midbrain'")["t"].to_numpy()
    assert len(times) >= 2
    assert times.min() > first * STEP
    c = trace(results, "action", "c_DA")
    before = round(times.min() / STEP)
    assert c[before] == pytest.approx(50e-6)
    assert c[before + 1] == pytest.approx(250e-6)  # both cells spike together
    silent = simulate(driven.with_modulators(), record=record)
    assert not trace(silent, "action", "c_DA").any()


def test_parts_and_derived_signals_of_the_environment(tmp_path: Path) -> None:
    # north in the corridor is a wall: a reward of -0.1 at every tick
    wall = 'kind = "t_maze"\ninterval = "20 ms"\nlimit = "2"'
    maze = paid(
        tmp_path,
        ('kind = "bandit"\ninterval = "20 ms"\np_best = "1"\np_other = "1"', wall),
        ('trial_limit = "20 ms"', 'trial_limit = "40 ms"'),
        ('observes = ["last_choice"]', 'observes = ["at_junction"]'),
        ('level_DA = "o_D1"', 'level_DA = "environment.punishment"'),
        ('signal = "reward"', 'signal = "environment.reward"\npart = "negative"'),
    )
    names = ("reward", "punishment")
    results = simulate(maze, record={"world": names, "action": ("heard_phasic", "c_DA")})
    ticks = [TICK * 10 + 1, TICK * 20 + 1]
    for name, value in zip(names, (-0.1, 0.1), strict=True):
        signal = trace(results, "world", name)
        assert np.flatnonzero(signal).tolist() == ticks
        assert signal[ticks] == pytest.approx(value)
    c = trace(results, "action", "c_DA")
    assert c[ticks[0] + 1] - c[ticks[0]] == pytest.approx(0.1 * 500e-6)
    seen = {}
    for name in ("trial_end", "surprise", "novelty"):
        asked = maze.with_parameters(phasic__signal=name, phasic__part="positive")
        seen[name] = trace(simulate(asked, record={"world": (name,)}), "world", name)
    assert np.flatnonzero(seen["trial_end"]).tolist() == ticks[1:]
    assert np.flatnonzero(seen["surprise"]).tolist() == ticks[1:]
    assert seen["surprise"][ticks[1]] == pytest.approx(0.2)  # the first trial's reward
    # one of the three observations, a cue, is one from the start; the mean starts at zero
    assert seen["novelty"][ticks] == pytest.approx([1 / 3, 0.99 / 3])


def test_a_readout_tells_its_error_to_what_it_releases(tmp_path: Path) -> None:
    text = (Path(df.__file__).parents[1] / "tasks" / "cartpole.toml").read_text(encoding="utf-8")
    old = 'kind = "td_error"\nmodulator = "DA"\nreadout = "decision"'
    new = 'kind = "signal_release"\nmodulator = "DA"\nsignal = "decision.td_error"\nsize = "1 uM"'
    assert text.count(old) == 1
    path = tmp_path / "errors.toml"
    text = text.replace(old, new).replace('"decision.td_error", keep', '"modulator.DA", keep')
    path.write_text(text, encoding="utf-8")
    task = df.task(path)
    network = build_task(task)
    assert network.population("decision").parameters["learns"] == 1
    assert network.population("value").parameters["size_dopamine"] == 1e-6 * mole / liter
    assert build_task(task.with_modulators()).population("value").parameters["size_dopamine"] == 0
    assert "value_gets_heard_dopamine" in {p.name for p in network.projections}


BAD = {
    "a signal that nothing gives": (
        ('signal = "reward"', 'signal = "rewrd"'),
        r"environment in release 'phasic' of task 'paid': 'rewrd'.*mean 'reward'",
    ),
    "a readout that is not there": (
        ('signal = "reward"', 'signal = "critic.td_error"'),
        r"release 'phasic' of task 'paid': 'critic'. Known: environment",
    ),
    "several neurons": (
        ('signal = "reward"', 'signal = "place.seen_last_choice"'),
        r"'phasic' hears 'place.seen_last_choice' of 2 neurons",
    ),
    "a modulator that the task does not offer": (
        ('kind = "signal_release"\nmodulator = "DA"', 'kind = "signal_release"\nmodulator = "NA"'),
        r"releases.1.*'NA' is none of this task's modulators",
    ),
    "a modulator that nothing hears": (
        ('cell = "ctx_l5_et"', 'cell = "cb_golgi"'),
        r"'o_D1' of 'action', but cb_golgi has no D1: it expresses",
    ),
    "a receptor that nothing binds": (
        ('level_DA = "o_D1"', 'level_DA = "o_beta"'),
        r"nothing in the circuit binds it: bring NA to it",
    ),
    "an observation that the environment has not": (
        ('observes = ["last_choice"]', 'observes = ["wind"]'),
        r"encoder 'place' of task 'paid', in environment 'bandit': 'wind'",
    ),
    "a readout without its population": (
        (
            "[[encoders]]",
            '[[readouts]]\nname = "v"\nkind = "winner_take_all"\npopulation = "actoin"\n\n'
            "[[encoders]]",
        ),
        r"readout 'v' of task 'paid': 'actoin'.*mean 'action'",
    ),
    "a potential on a compartment that the cell has not": (
        ('compartment = "soma"\ncurrent = "400 pA"', 'compartment = "tuft"\npsp = "1 mV"'),
        r"'learned' ends on compartment 'tuft', which 'ctx_l5_et' does not have. Known: dend, soma",
    ),
    "a signal that the rule has not": (
        ('level_DA = "o_D1"', 'level_DAA = "o_D1"'),
        r"plasticity.signals\], key 'level_DAA': unknown key. Did you mean 'level_DA'",
    ),
    "a signal of the rule that the environment has not": (
        ('level_DA = "o_D1"', 'level_DA = "environment.rewrd"'),
        r"environment in projection 'learned' of task 'paid': 'rewrd'. Did you mean 'reward'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_together_is_one_line_before_anything_is_built(
    case: str, tmp_path: Path
) -> None:
    change, message = BAD[case]
    with pytest.raises(DualframeError, match=message) as problem:
        build_task(paid(tmp_path, change))
    assert "\n" not in str(problem.value)


def test_a_signal_of_the_rule_that_no_neuron_has_is_refused_before_anything_is_compiled(
    tmp_path: Path,
) -> None:
    (blocking,) = df.check(build_task(paid(tmp_path, ('"o_D1"', '"o_D1x"'))), "runtime")
    for part in ("'learned'", "'level_DA' of the neurons of 'action'", "'o_D1x'", "mean 'o_D1'"):
        assert part in str(blocking)


def test_a_release_that_no_receptor_hears_and_no_rule_reads_is_refused(tmp_path: Path) -> None:
    deaf = paid(tmp_path, ('cell = "ctx_l5_et"', 'cell = "cb_golgi"'))
    with pytest.raises(CatalogueError, match=r"DA of release 'phasic' has no compiled effect"):
        build_task(deaf.with_plasticity("learned", None))
    # a rule may read the concentration itself, relative to the modulator's reference
    read = deaf.with_parameters(learned__plasticity__signals__level_DA="modulator.DA")
    population = build_task(read).population("action")
    assert "c_DA" in population.variables
    assert population.parameters["reference_DA"] == 1000 * nmolar


def test_changes_of_a_task_are_data_that_a_manifest_repeats(tmp_path: Path) -> None:
    changed = (
        paid(tmp_path)
        .with_drug("antagonist", "D1", "ctx_l5_et", dose=float("inf"))
        .with_drug("agonist", "D2", dose="10 nM", affinity="2 nM")
        .with_effect("D2", "ctx_l5_et", "adaptation", scale=0.5)
        .without_effect("D1", kind="gain")
        .with_modulation("DA", level=0.2, clearance="VTA")
        .with_plasticity("learned", df.plasticity_rule("pair_stdp", w_max=2))
    )
    assert len(changed.circuit.drugs) == 2
    assert changed.circuit.modulations[0].uptake == "VTA"
    specification = TrainingSpecification(
        task=changed, agents=2, duration_s=1.0, seed=1, target="runtime"
    )
    again = TrainingSpecification.from_dict(specification.to_dict()).task
    assert again == changed
    assert build_task(again).digest == build_task(changed).digest
    assert "with drug antagonist, D1" in str(changed)
    with pytest.raises(DualframeError, match=r"cell type of circuit 'paid'.*'ctx_pv'"):
        paid(tmp_path).with_drug("knockout", "D1", "ctx_pv")
    with pytest.raises(DualframeError, match=r"change of a circuit 'scaled'"):
        Perturbation(method="scaled")


def test_what_acts_is_explained(tmp_path: Path) -> None:
    acting, not_acting = paid(tmp_path), paid(tmp_path).with_modulators()
    rows, silent = (
        {row["receptor"]: row for row in build_task(task).meta["actions"]}
        for task in (acting, not_acting)
    )
    assert rows["D1"]["acted"]
    assert rows["D1"]["effects"] == "adaptation, gain, read by a rule"
    assert rows["D1"]["occupancy"] == pytest.approx(0.55 / 1.55)  # at a reward of one
    silent = {
        r["receptor"]: r for r in build_task(paid(tmp_path).with_modulators()).meta["actions"]
    }
    assert silent["D1"]["why"] == "the level of DA is zero"
    assert silent["D1"]["intended"]


def test_the_command_line_takes_drugs_of_tasks_as_of_circuits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = paid(tmp_path)
    treated = apply_drug_options(task, ["D1:ctx_l5_et"], ["antagonist:D2=3@ctx_l5_et"])
    found = [(d.kind, d.receptor, d.cells, d.dose) for d in treated.circuit.drugs]
    assert found == [
        ("knockout", "D1", ("ctx_l5_et",), float("inf")),
        ("antagonist", "D2", ("ctx_l5_et",), 3.0),
    ]
    assert main(["train", task.file, "--knockout", "D1:ctx_pv", "--target", "runtime"]) != 0
    assert "cell type of circuit 'paid': 'ctx_pv'" in capsys.readouterr().err
