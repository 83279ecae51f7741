"""Tasks of catalogue cells: strengths in both branches, calibration, training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, uA, usiemens
from brian2.units.fundamentalunits import Quantity

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration
from dualframe.building.calibration_checks import calibration_facts
from dualframe.building.task_builder import build_task, neurons_of_task
from dualframe.building.task_calibrations import find_calibration, task_calibration_path
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, DualframeError, DualframeWarning, UnknownName
from dualframe.network import Network, Recording, SpikeInput
from dualframe.task import Task
from dualframe.training.replay_training import replay_training
from dualframe.training.task_strengths import strengths_of_task

CELLS = """
name = "cells"
title = "place cells onto action cells"
source = "dualframe"
status = "assumed"

[protocol]
trials = "2"
trial_limit = "0.05 s"
dt = "0.1 ms"
sampling = "10 ms"
agents = "2"

[environment]
kind = "open_field"
goal_x = "0"
goal_y = "0"
timeout = "0.05 s"
grace = "0.01 s"

[outcome]
kind = "trials"
main = "last_success_rate"

[[encoders]]
name = "place"
kind = "place_cells"
observes = ["x", "y"]
low = "-2"
high = "2"
spacing = "2"
sigma = "2"
rate_max = "900 Hz"

[[populations]]
name = "action"
cell = "ctx_pv"
n = "4"

[[projections]]
name = "learned"
pre = "place"
post = "action"
synapse = "AMPA"
compartment = "dend"
psp = "3 mV"
delay = "1 ms"
pairs = "all_to_all"
plasticity = { rule = "pair_stdp", w_max = "2", A_plus = "0.1" }

[[readouts]]
name = "velocity"
kind = "population_vector"
population = "action"
"""
BRANCHES = (("biological", None), ("task_driven", "glif"), ("task_driven", "izhikevich"))


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of calibrations of this module; compiled programs come from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dualframe.building.kept_calibrations.default_folder", lambda: folder)
        yield folder


def write_task(folder: Path, text: str = CELLS) -> Task:
    path = folder / "cells.toml"
    path.write_text(text, encoding="utf-8")
    return df.task(path)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of which the calibrations are kept."""
    made = write_task(tmp_path_factory.mktemp("task"))
    for branch, model in BRANCHES:
        with pytest.warns(DualframeWarning, match="1 weights were found in .*dualframe calibrate"):
            strengths_of_task(made, branch, model)
    return made


def unitary_potential(network: Network) -> Any:
    """Return the peak potential that one spike of the first place cell makes in an action cell."""
    cells = network.population("action")
    (learned,) = (p for p in network.projections if p.name == "learned")
    peaks = []
    for count in (0, 1):
        times = Quantity(np.full(count, 0.02), dim=ms.dim)
        spike = SpikeInput("place", network.source("place").n, [0] * count, times)
        done = df.run(
            Network((cells,), (spike,), (learned,)),
            170 * ms,
            target="runtime",
            record={"action": Recording((cells.voltage,), neurons=[0])},
            progress=False,
        )
        peaks.append(done.traces["action"].values[cells.voltage][0])
    return np.abs(peaks[1] - peaks[0]).max() * 1e3 * mV


@pytest.mark.parametrize(("branch", "model"), BRANCHES)
def test_a_place_cell_makes_the_stated_potential_in_either_branch(
    task: Task, branch: str, model: str | None
) -> None:
    """Within 1 %: the calibration interpolates between weights that are 8 % apart."""
    frozen = task.with_parameters(learned__plasticity__A_plus="0", learned__plasticity__w_max="3")
    network = build_task(frozen, branch=branch, model=model)
    assert float(unitary_potential(network)) == pytest.approx(3e-3, rel=0.01)


@pytest.mark.parametrize(("branch", "model"), BRANCHES)
def test_bounds_of_learning_are_multiples_of_the_weight(
    task: Task, branch: str, model: str | None
) -> None:
    network = build_task(task, branch=branch, model=model)
    (learned,) = (p for p in network.projections if p.name == "learned")
    assert learned.plasticity is not None
    assert float(learned.plasticity.w_max) == pytest.approx(2 * float(learned.weight))


def test_what_acts_and_what_rules_read_are_no_matter_of_the_weights(
    task: Task, tmp_path: Path
) -> None:
    rule = 'plasticity = { rule = "pair_stdp", w_max = "2", A_plus = "0.1" }'
    reading = (
        'plasticity = { rule = "r_stdp", set = "izhikevich2007", w_max = "2", scale = "1", '
        'signals = { level_DA = "o_D1" } }\n\n'
        '[[releases]]\nname = "phasic"\nkind = "signal_release"\nmodulator = "DA"\n'
        'signal = "reward"\nsize = "500 nM"'
    )
    assert CELLS.count(rule) == 1
    text = CELLS.replace(rule, reading).replace("status =", 'modulators = ["DA"]\nstatus =', 1)
    learning = write_task(tmp_path, text)
    for branch, model in BRANCHES:
        # the weights of the task without dopamine, which are kept
        population = build_task(learning, branch=branch, model=model).population("action")
        assert {"c_DA", "o_D1"} <= population.variables


@pytest.mark.parametrize(("branch", "varied"), [("biological", "gL"), ("task_driven", "C")])
def test_cells_vary_in_either_branch(task: Task, branch: str, varied: str) -> None:
    network = build_task(task.with_heterogeneity(0.2), branch=branch)
    assert network.population("action").heterogeneity[varied] == 0.2


@pytest.mark.parametrize(("branch", "model"), BRANCHES)
def test_a_rule_reads_the_spikes_of_cells(branch: str, model: str | None) -> None:
    """Cells of the catalogue keep no variable of it themselves; one is added, once."""
    network = build_task(df.task("cartpole_cells"), branch=branch, model=model)
    value = network.population("value")
    assert str(value.reset).count("spiked = 1") == 1
    assert value.equations.count("dspiked/dt") == 1
    assert "spiked" not in network.population("pv").variables


def test_weights_belong_to_cells_and_contacts_alone(task: Task) -> None:
    digest = task.circuit.strengths_digest
    for change in (
        {"action__n": "7"},
        {"learned__plasticity__w_max": "3"},
        {"place__spacing": "1"},
        {"learned__delay": "2 ms"},
    ):
        assert task.with_parameters(**change).circuit.strengths_digest == digest
    for change in ({"learned__psp": "0.7 mV"}, {"action__cell": "ctx_sst"}):
        assert task.with_parameters(**change).circuit.strengths_digest != digest


def test_other_contacts_steps_and_cells_are_calibrated_anew(task: Task, tmp_path: Path) -> None:
    def is_known(changed: Task) -> bool:
        neurons = neurons_of_task(changed, "task_driven", "glif")
        return find_calibration(changed, neurons, changed.time_step("task_driven")) is not None

    assert is_known(task)
    assert is_known(task.with_parameters(action__n="7"))
    assert not is_known(task.with_parameters(learned__psp="0.7 mV"))
    assert not is_known(task.with_parameters(protocol__dt="0.05 ms"))
    assert is_known(task.with_parameters(protocol__dt_biological="0.05 ms"))
    with pytest.raises(CatalogueError, match=r"'cells' has no calibration .*dualframe\.calibrate"):
        build_task(task.with_parameters(learned__psp="0.7 mV"), model="glif")


def test_the_content_of_a_cell_file_counts_not_its_place(tmp_path: Path) -> None:
    source = Path(df.__file__).parent / "catalogue" / "cells" / "ctx_pv.toml"
    text = source.read_text(encoding="utf-8")
    digests = []
    for name, content in (("a", text), ("b", text), ("c", text + "\n# other")):
        (folder := tmp_path / name).mkdir()
        (folder / "mine.toml").write_text(content, encoding="utf-8")
        own = write_task(folder, CELLS.replace('"ctx_pv"', '"mine.toml"'))
        digests.append(own.circuit.strengths_digest)
    assert digests[0] == digests[1] != digests[2]


def test_a_part_of_a_calibration_is_never_kept(
    task: Task, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = "dualframe.experiments.calibration.measurement_run.run"

    class Interrupted:
        provenance = MappingProxyType({"completed": False})

    monkeypatch.setattr(runs, lambda *of, **options: Interrupted())
    before = sorted(cache.rglob("*.toml"))
    with pytest.raises(KeyboardInterrupt):
        strengths_of_task(task.with_parameters(learned__psp="0.5 mV"), "biological", None)
    assert sorted(cache.rglob("*.toml")) == before


def test_a_contact_stronger_than_any_of_one_cell_is_refused_with_its_number(tmp_path: Path) -> None:
    """The dendrite of ctx_l5_et reaches its soma by plateaus only (Naud and Sprekeler 2018)."""
    far = CELLS.replace("ctx_pv", "ctx_l5_et").replace('"AMPA"', '"GABA_A"').replace("3 mV", "1 mV")
    with pytest.raises(
        DualframeError,
        match=r"contact 'learned' takes \d.* uS to make 1. mV at the soma, more than any .*"
        r"\(200. nS\).*Let it end on another compartment",
    ):
        strengths_of_task(write_task(tmp_path, far), "biological", None)


def test_a_stored_contact_stronger_than_any_of_one_cell_is_warned_of(task: Task) -> None:
    circuit = task.circuit

    def warnings_with(weight: Any) -> list[str]:
        stored = Calibration(circuit.name, "glif_conductance_fitted", {"learned": weight})
        return list(calibration_facts(stored, circuit).get("warnings", ()))

    assert not warnings_with(200 * nS)
    assert not warnings_with(4 * uA)  # a current
    (text,) = warnings_with(4 * usiemens)
    assert "'learned' takes 4. uS to make 3. mV" in text


def test_a_stated_rate_of_background_is_not_searched_for(tmp_path: Path) -> None:
    stated = """
[[background]]
post = "action"
synapse = "AMPA"
compartment = "soma"
psp = "0.4 mV"
rate = "5 Hz"
afferents = 100
"""
    driven = write_task(tmp_path, CELLS + stated)
    assert main(["calibrate", driven.file, "--model", "glif"]) == 0
    place = task_calibration_path(driven)
    assert place == tmp_path / "calibration" / "cells.toml"
    network = build_task(driven, model="glif")
    numbers = [float(np.max(x)) for x in network.population("action").parameters.values()]
    assert 500.0 in numbers  # events per second
    unstated = CELLS + stated.replace('rate = "5 Hz"\nafferents = 100\n', "")
    with pytest.raises(DualframeError, match=r"background_action.*rate = .*rate_low"):
        df.calibrate(write_task(tmp_path, unstated), "glif")


CPP = pytest.param("cpp_standalone", marks=pytest.mark.cpp)


@pytest.mark.parametrize("target", ["runtime", CPP])
@pytest.mark.parametrize(("branch", "model"), BRANCHES[:2])
def test_agents_of_cells_learn_are_saved_go_on_and_are_repeated(
    task: Task, tmp_path: Path, branch: str, model: str | None, target: str
) -> None:
    options = {"seed": 3, "target": target, "progress": False}
    agents = df.train(task, branch=branch, model=model, duration="0.12 s", **options)
    assert len(agents.trials) == 4  # two agents, two trials
    weights = agents.weights["learned"].weight
    (learned,) = (p for p in agents.network.projections if p.name == "learned")
    assert weights.nunique() > 1
    assert weights.between(0, float(learned.plasticity.w_max) * (1 + 1e-9)).all()
    agents.save(tmp_path / "agents", figures=False)
    again = df.load_agents(tmp_path / "agents")
    same = df.evaluate(again, duration="0.05 s", **options)
    assert (same.weights["learned"].weight == weights).all()
    more = df.train(again, duration="0.05 s", **options)
    assert (more.weights["learned"].weight != weights).any()
    assert not replay_training(tmp_path / "agents", progress=False).differences


MIXED = CELLS.replace(
    'cell = "ctx_pv"\nn = "4"', 'cells = { ctx_pv = 0.25, ctx_sst = 0.75 }\nn = "9"'
)
RECURRENT = """
[[projections]]
name = "inhibits"
pre = "action"
post = "action"
synapse = "GABA_A"
compartment = { ctx_pv = "soma", ctx_sst = "dend" }
psp = "0.5 mV"
delay = "1 ms"
in_degree = "4"
"""


def test_a_population_of_several_types_is_one_of_each(tmp_path: Path) -> None:
    mixed = write_task(tmp_path, MIXED + RECURRENT)
    assert mixed.circuit.sizes == {"action_ctx_pv": 2, "action_ctx_sst": 7}
    assert [p.cell for p in mixed.circuit.populations] == ["ctx_pv", "ctx_sst"]
    degrees: dict[str, int] = {}
    places = {}
    for one in mixed.circuit.projections:
        if one.name.startswith("inhibits"):
            degrees[one.target] = degrees.get(one.target, 0) + int(one.in_degree or 0)
            places[one.target] = one.compartments
    assert degrees == {"action_ctx_pv": 4, "action_ctx_sst": 4}
    assert places == {"action_ctx_pv": ("soma",), "action_ctx_sst": ("dend",)}
    assert [p.name for p in mixed.circuit.projections][:2] == ["learned_ctx_pv", "learned_ctx_sst"]
    assert [r["population"] for r in mixed.readouts] == ["action_ctx_pv", "action_ctx_sst"]
    assert sum(mixed.with_parameters(action__n="17").circuit.sizes.values()) == 17


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ctx_sst = 0.75", "ctx_sst = 0.7", "'action': shares of cells .* add up to 1"),
        ("cells =", 'cell = "ctx_pv"\ncells =', "'action': give either cell, or cells"),
        ('n = "9"', 'n = "1"', "'action' has no neuron of"),
        (
            'in_degree = "4"',
            'connect = { rule = "ring", concentration = "20" }',
            "'inhibits' counts the neurons.*connect",
        ),
        ('"population_vector"', '"winner_take_all"', "'velocity'.*action_ctx_pv"),
    ],
)
def test_what_cannot_be_divided(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DualframeError, match=message):
        write_task(tmp_path, (MIXED + RECURRENT).replace(old, new))


def test_a_circuit_by_name_keeps_its_strengths_and_its_rates(tmp_path: Path) -> None:
    start, end = CELLS.index("[[populations]]"), CELLS.index("[[projections]]")
    text = CELLS[:start] + CELLS[end:]
    text = text.replace('"action"', '"pyr"').replace('"dend"', '"prox"').replace("3 mV", "1 mV")
    named = 'circuit = { name = "l23", scale = "0.01", minimum = "3" }\n'
    learns = (
        '[[projections]]\nname = "pyr_to_pyr"\nplasticity = { rule = "pair_stdp", w_max = "2" }\n'
    )
    agent = write_task(tmp_path, named + text + learns)
    l23 = df.circuit("l23")
    assert agent.circuit.sizes == l23.scaled(0.01, 3).sizes
    assert agent.circuit.projection("pyr_to_pyr").plasticity is not None
    assert agent.with_neurons(2 * sum(agent.circuit.sizes.values())).circuit.scale == 0.02
    with pytest.warns(DualframeWarning, match="21 weights"):
        found = strengths_of_task(agent, "task_driven", "glif")
    stored = load_calibration(l23, found.model)
    for name, weight in stored.weights.items():
        assert float(found.weights[name]) == pytest.approx(float(weight), rel=1e-5)
    assert {k: float(v) for k, v in found.rates.items()} == pytest.approx(
        {k: float(v) for k, v in stored.rates.items()}, rel=1e-5
    )
    assert float(found.psps["learned"]) == pytest.approx(1e-3, rel=0.01)
    network = build_task(agent, model="glif")
    assert any(
        "smaller than any of which the rates were checked" in w for w in network.meta["warnings"]
    )
    with pytest.raises(UnknownName, match="'pyr_to_pry'"):
        write_task(tmp_path, named + text + learns.replace("to_pyr", "to_pry"))
