"""Tasks: reading, changing, describing; every shipped one builds and can run on every target."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, second

import dualframe as df
from dualframe.building.task_builder import build_task, make_environment
from dualframe.catalogue.sourced_value import Sourced
from dualframe.core.descriptions import decode
from dualframe.core.errors import CatalogueError, DualframeError, NetworkError, UnknownName
from dualframe.core.serialisation import encode
from dualframe.core.shipped_files import shipped_names
from dualframe.targets.target_support import check
from dualframe.task import Task
from dualframe.training.training_specification import build_counted_agent

TASKS = shipped_names("tasks")
NAVIGATION = Path(df.__file__).parents[1] / "tasks" / "navigation.toml"


def own(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The navigation task as a user's own file, with other lines."""
    text = NAVIGATION.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- reading --------------------------------------------------------------------------------------


class TestReading:
    def test_the_table_lists_what_ships(self) -> None:
        table = df.tasks()
        assert list(table.columns) == ["name", "title", "modulators", "environment", "outcome"]
        assert {"distal_reward", "navigation"} <= set(table["name"])
        row = table.set_index("name").loc["navigation"]
        assert row["modulators"] == "ACh, DA, 5HT"
        assert row["environment"] == "open_field"
        assert row["outcome"] == "trials"

    def test_a_unit_and_a_source_travel_with_every_number(self) -> None:
        found = df.task("navigation")
        assert found["place"]["rate_max"] == 400 * Hz
        assert found["protocol"].count("trials") == 40
        for name in TASKS:
            for section in df.task(name).sections.values():
                for number in section.numbers.values():
                    assert isinstance(number, Sourced)
                    assert number.source
                    assert number.status in ("measured", "published model", "derived", "assumed")

    def test_a_users_file_is_read_by_path_with_its_own_references(self, tmp_path: Path) -> None:
        path = own(
            tmp_path, ('n = "40"', 'n = { value = "30", source = "me2026", status = "measured" }')
        )
        with pytest.raises(CatalogueError, match=r"me2026"):
            df.task(path)
        (tmp_path / "references.bib").write_text(
            "@article{me2026,\n author = {Me, My},\n title = {Mine},\n year = {2026},\n"
            " journal = {J}\n}\n"
        )
        found = df.task(path)
        assert found.circuit.population("action").n == 30
        assert "me2026: Me, My. 2026" in found.describe() or "Mine" in found.describe()
        assert build_task(found).population("action").n == 30

    def test_nothing_in_a_file_is_evaluated(self, tmp_path: Path) -> None:
        path = own(tmp_path, ('"400 Hz"', "\"__import__('os').getpid() * Hz\""))
        with pytest.raises(CatalogueError, match=r"table \[encoders.1\], key 'rate_max'"):
            df.task(path)
        assert os.getpid()

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            (
                'trials = "40"',
                'trials = "2.5"',
                r"key 'trials': is 2.5: expected a whole",
            ),
            (
                'trials = "40"',
                'trials = "-3"',
                r"key 'trials': is -3: expected a whole",
            ),
            ('trial_limit = "15 s"', 'trial_limit = "-1 s"', r"'trial_limit': .* time above zero"),
            ('name = "navigation"', 'name = "../x"', r"mine.toml, key 'name': "),
            ('"400 Hz"', '"1 GHz"', r"\[encoders.1\], key 'rate_max': .*at most one spike"),
            (
                '["x", "y"]',
                '["x", "x"]',
                r"key 'observes': 'x' stands in it 2 times",
            ),
            (
                'kind = "place_cells"',
                'kind = "place_cell"',
                r"table \[encoders.1\], key 'kind': unknown kind 'place_cell'.*mean 'place_cells'",
            ),
            ('kind = "place_cells"', "", r"table \[encoders.1\], key 'kind': missing\. Add a text"),
            (
                'observes = ["x", "y"]',
                "observes = 3",
                r"table \[encoders.1\], key 'observes': 3 is not a list of texts",
            ),
            (
                'form = "srm0"',
                'form = "srm1"',
                r"table \[models.1\], key 'form': unknown.*'srm1'.*Did you mean 'srm'",
            ),
            (
                'pre = "place"',
                'pre = "plaice"',
                r"population in mine.toml, table \[projections.1\], key 'pre'.*mean 'place'",
            ),
            (
                'into = "arrived"\nweight = "2"',
                'weight = "2"',
                r"table \[projections.1\].*into",
            ),
            (
                'kind = "held_level"',
                'kind = "held_levels"',
                r"table \[releases.1\], key 'kind'.*mean 'held_level'",
            ),
            (
                'spacing = "0.4"',
                'spacng = "0.4"',
                r"mine.toml, table \[encoders.1\], key 'spacng': unknown key",
            ),
            (
                'rate_max = "400 Hz"',
                'rate_max = "400 ms"',
                r"table \[encoders.1\], key 'rate_max'.*400 ms.*expected a rate",
            ),
            (
                'rate_max = "400 Hz"',
                'rate_max = "400"',
                r"table \[encoders.1\], key 'rate_max'.*rate",
            ),
            ('rate_max = "400 Hz"', 'rate_max = "inf Hz"', r"key 'rate_max'"),
            (
                'rate_max = "400 Hz"',
                "rate_max = true",
                r"table \[encoders.1\], key 'rate_max': True is not a number",
            ),
            (
                'rate_max = "400 Hz"',
                "",
                r"table \[encoders.1\], key 'rate_max': missing\. This table needs observes, low, high",  # noqa: E501
            ),
            ("[protocol]", "[protocl]", r"mine.toml, key 'protocl': unknown"),
            ("[outcome]", "[outcom]", r"mine.toml, key 'outcom': unknown"),
            (
                'kind = "open_field"',
                'kind = "open_feild"',
                r"table \[environment\].*unknown environment 'open_feild'\. Did you mean 'open_field'",  # noqa: E501
            ),
            (
                'kind = "open_field"',
                'kind = "open_field"\nradius = "1"',
                r"table \[environment\], key 'radius': unknown key\. Did you mean '.*radius'",
            ),
            (
                'kind = "open_field"',
                'kind = "open_field"\ngrace = "3"',
                r"table \[environment\], key 'grace'.*",
            ),
            (
                'rule = "sn_plast"',
                'rule = "sn_plst"',
                r"table \[projections.1.plasticity\], key 'rule': unknown rule 'sn_plst'\. "
                r"Did you mean 'sn_plast'",
            ),
            (
                'set = "with_serotonin"',
                'set = "with_seratonin"',
                r"table \[projections.1.plasticity\].*mean 'with_serotonin'",
            ),
            (
                'w_min = "1"\nw_max',
                'eta_AC = "1"\nw_max',
                r"table \[projections.1.plasticity\], key 'eta_AC': unknown key\. Did you mean 'eta_ACh'",  # noqa: E501
            ),
            (
                'w_min = "1"\nw_max',
                'tau_eligibility = "1"\nw_max',
                r"table \[projections.1.plasticity\], key 'tau_eligibility'.*time",
            ),
            ('modulators = ["ACh", "DA", "5HT"]', "modulators = 3", r"'modulators': 3 is not a l"),
            ('source = "modeldb245018"', 'source = "modeldb245081"', r"modeldb245081"),
            ('status = "published model"', 'status = "probably"', r"key 'status'|probably"),
            ("[protocol]", "[protocol", r"mine.toml is not valid TOML"),
        ],
    )
    def test_a_file_that_is_wrong(self, tmp_path: Path, old: str, new: str, message: str) -> None:
        with pytest.raises((CatalogueError, UnknownName), match=message) as caught:
            df.task(own(tmp_path, (old, new)))
        assert "\n" not in str(caught.value)

    def test_a_default_modulator_is_one_that_is_offered(self, tmp_path: Path) -> None:
        path = own(tmp_path, ('default_modulators = ["ACh", "DA"]', 'default_modulators = ["NE"]'))
        with pytest.raises(DualframeError, match=r"mine.toml.*default_modulators.*'NE'"):
            df.task(path)

    def test_a_task_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownName, match=r"unknown task 'navigatoin'.*'navigation'"):
            df.task("navigatoin")
        with pytest.raises(DualframeError, match=r"none.toml"):
            df.task(tmp_path / "none.toml")

    def test_a_file_that_is_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "bytes.toml"
        path.write_bytes(b"name = \xff\xfe")
        with pytest.raises(CatalogueError, match=r"bytes.toml is no text"):
            df.task(path)


# --- changing -------------------------------------------------------------------------------------


class TestModulators:
    def test_they_stand_in_the_order_of_the_task(self) -> None:
        task = df.task("navigation").with_modulators("5-HT", "ACh")
        assert task.modulators == ("ACh", "5HT")
        assert task.condition == "ACh, 5HT"
        assert df.task("navigation").with_modulators().condition == "none"

    def test_those_that_are_named_act_and_no_others(self) -> None:
        start = df.task("navigation").with_modulators("DA")
        assert start.with_modulators("ACh").modulators == ("ACh",)
        assert start.modulators == ("DA",)  # nothing changes in place

    @pytest.mark.parametrize(
        "written", ["5-HT", "serotonin", "dopamine", "Dopamine", "acetylcholine"]
    )
    def test_other_names(self, written: str) -> None:
        name = {"5-HT": "5HT", "serotonin": "5HT", "acetylcholine": "ACh"}.get(written, "DA")
        assert df.task("navigation").with_modulators(written).modulators == (name,)

    def test_unknown(self) -> None:
        with pytest.raises(UnknownName, match=r"modulator of task 'navigation': 'NA'"):
            df.task("navigation").with_modulators("NA")
        with pytest.raises(UnknownName, match=r"modulator"):
            df.task("navigation").with_modulators("Ahc")


class TestParameters:
    def test_numbers_and_texts(self) -> None:
        start = df.task("navigation")
        task = start.with_parameters(
            action__n=20, zannone__rho0="50 Hz", place__sigma=1, dopamine__until="last_trial"
        )
        assert task.circuit.population("action").n == 20
        assert task.circuit.population("action").point.parameters["rho0"] == 50 * Hz
        assert task["place"]["sigma"] == 1
        assert task["dopamine"]["until"] == "last_trial"
        assert start.circuit.population("action").n == 40

    def test_numbers_are_kept_to_the_last_bit(self) -> None:
        task = df.task("navigation").with_parameters(
            place__sigma=1 / 3, zannone__tau_m=(100 / 7) * ms
        )
        assert float(task["place"]["sigma"]) == 1 / 3
        assert task.circuit.population("action").point.parameters["tau_m"] == (100 / 7) * ms

    def test_what_a_user_sets_is_the_users_assumption(self) -> None:
        task = df.task("navigation").with_parameters(place__sigma=1)
        assert task["place"].numbers["sigma"].assumed
        assert any(line.startswith("place:") and "sigma 1" in line for line in task.assumptions)
        assert any("sigma 1" in line for line in build_task(task).meta["assumptions"])

    def test_a_number_of_the_rule_or_the_environment_that_the_file_does_not_give(self) -> None:
        task = df.task("distal_reward").with_parameters(
            tagged__plasticity__A_plus=0.5, tagged__plasticity__tau_eligibility="500 ms"
        )
        (tagged,) = (p for p in build_task(task).projections if p.name == "tagged")
        assert tagged.plasticity.numbers["A_plus"] == 0.5
        assert tagged.plasticity.numbers["A_minus"] == 0.15  # the set's
        assert tagged.plasticity.numbers["tau_eligibility"] == 500 * ms
        task = df.task("navigation").with_parameters(
            environment__reversal_trial=3, environment__timeout="2 s"
        )
        world = build_task(task).population("world")
        assert world.parameters["reversal_trial"] == 3
        assert world.parameters["limit"] == 2000

    def test_a_number_of_the_protocol_that_the_file_does_not_give(self) -> None:
        task = df.task("navigation").with_parameters(protocol__duration="9 s")
        assert task["protocol"]["duration"] == 9 * second

    def test_neurons_are_shared_out_as_before(self) -> None:
        task = df.task("distal_reward").with_neurons(200)
        assert task.circuit.sizes == {"exc": 160, "inh": 40}
        for n, message in ((0, "number of neurons is 0"), (2.5, "is 2.5"), (2, "key 'n'")):
            with pytest.raises(DualframeError, match=message):
                df.task("distal_reward").with_neurons(n)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("values", "error", "message"),
        [
            ({"wold__n": 1}, UnknownName, "section of task 'navigation': 'wold'"),
            ({"zannone__rho": 1}, CatalogueError, "key 'rho': unknown key.*mean 'rho0'"),
            ({"action": 1}, CatalogueError, "section__name=value"),
            ({"zannone__rho0": "50 ms"}, CatalogueError, "rho0.*50 ms.*rate"),
            ({"zannone__rho0": 50}, CatalogueError, "rho0"),
            ({"action__n": "many"}, CatalogueError, "'n'.*many"),
            ({"action__n": float("nan")}, CatalogueError, "'n'"),
            ({"action__n": True}, CatalogueError, "'n': True is not a number"),
            ({"action__n": [1, 2]}, CatalogueError, "'n'"),
            ({"zannone__form": "slm0"}, CatalogueError, "'form'.*mean 'srm0'"),
            ({"learned__plasticity__tau_e": "1 s"}, CatalogueError, "'tau_e': unknown key"),
            ({"learned__plasticity__tau_eligibility": 1}, CatalogueError, "tau_eligibility"),
            ({"learned__plasticity__rule": "sn_plsat"}, DualframeError, "mean 'sn_plast'"),
            (
                {"learned__plasticity__set": "zannone"},
                CatalogueError,
                "plasticity.*mean 'zannone2018'",
            ),
            ({"environment__kind": "open_fields"}, CatalogueError, "mean 'open_field'"),
            ({"environment__grace": "3 V"}, CatalogueError, "grace"),
        ],
    )
    def test_what_cannot_be(
        self, values: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            df.task("navigation").with_parameters(**values)


class TestHeterogeneity:
    @pytest.mark.parametrize(
        ("name", "population"), [("distal_reward", "exc"), ("navigation", "action")]
    )
    def test_reaches_the_cells(self, name: str, population: str) -> None:
        task = df.task(name)
        assert not build_task(task).population(population).heterogeneity
        varied = build_task(task.with_heterogeneity(0.3))
        spread = varied.population(population).heterogeneity
        assert spread
        assert set(spread.values()) == {0.3}
        assert varied.meta["heterogeneity"] == 0.3

    @pytest.mark.parametrize("model", ["izhikevich", "glif"])
    def test_reaches_the_action_cells_of_every_model(self, model: str) -> None:
        task = df.task("navigation").with_heterogeneity(0.2)
        spread = build_task(task, model=model).population("action").heterogeneity
        assert len(spread) >= 2
        assert "heterogeneity 0.2" in str(task)

    @pytest.mark.parametrize("cv", [-0.1, float("nan"), float("inf"), "much", "1 mV"])
    def test_is_a_coefficient_of_variation(self, cv: Any) -> None:
        with pytest.raises(DualframeError, match="heterogeneity of task 'navigation'"):
            df.task("navigation").with_heterogeneity(cv)


# --- describing and keeping -----------------------------------------------------------------------


@pytest.mark.parametrize("name", TASKS)
class TestEveryTask:
    def test_is_described_with_its_sources_and_its_assumptions(self, name: str) -> None:
        task = df.task(name)
        text = task.describe()
        assert text.startswith(f"{task.name}: {task.title}\n")
        for section in task.sections.values():
            for key, number in section.numbers.items():
                assert any(
                    line.split()[0] == key and (line.count("ASSUMED") == number.assumed)
                    for line in text.splitlines()
                    if line.strip()
                ), key
        sources = text[text.rindex("\nsources\n") :]
        circuit = task.circuit
        points = {p.point.name: p.point for p in circuit.populations if p.point}
        parts = (*points.values(), *circuit.populations, *circuit.projections, *circuit.background)
        numbers = [n for part in task.sections.values() for n in part.numbers.values()]
        numbers += [n for part in parts for n in part.sources.values()]
        for key in {source for number in numbers for source in number.source}:
            assert sources.count(f"\n  {key}: ") == 1
        assert text.count("\nsources\n") == 1
        count = sum(number.assumed for number in numbers)
        assert f"\n{count} numbers are assumed\n" in text
        assert sum("ASSUMED" in line for line in text.splitlines()) == count

    def test_survives_the_way_to_json(self, name: str) -> None:
        task = df.task(name).with_heterogeneity(0.1).with_parameters(protocol__agents=3)
        back = decode(encode(task), {"Task": Task})
        assert back == task
        assert back.describe() == task.describe()
        assert build_task(back) == build_task(task)
        assert task != df.task(name)

    def test_builds_with_every_set_of_modulators_and_names_what_is_assumed(self, name: str) -> None:
        task = df.task(name)
        for number in range(2 ** len(task.offered)):
            chosen = [m for k, m in enumerate(task.offered) if number >> k & 1]
            arm = task.with_modulators(*chosen)
            network = build_task(arm)
            assert list(network.meta["modulators"]) == chosen
            assert network.meta["task"] == network.name == name
            assert set(arm.assumptions) <= set(network.meta["assumptions"])
            assert len(set(network.meta["assumptions"])) == len(network.meta["assumptions"])
            assert df.Network.from_dict(network.to_dict()) == network

    def test_trains_small(self, name: str) -> None:
        """On the runtime; C++ is asked in `test_second_calls`, GeNN in the agreement suite."""
        task = df.task(name)
        task = task.with_neurons(125) if name == "distal_reward" else task
        world = make_environment(task)
        duration = 5 * ms if world is None else max(5 * ms, 2 * world.interval + 2 * ms)
        agents = df.train(
            task, agents=2, duration=duration, seed=1, target="runtime", progress=False
        )
        assert agents.outcomes["agent"].tolist() == [0, 1]
        assert all(np.isfinite(table["weight"]).all() for table in agents.weights.values())

    @pytest.mark.parametrize("target", ["runtime", "cpp_standalone", "genn"])
    def test_has_nothing_that_a_target_cannot_run(self, name: str, target: str) -> None:
        for task in (df.task(name), df.task(name).with_modulators(*df.task(name).offered)):
            found = check(build_task(task.with_heterogeneity(0.1)), target)
            assert [b for b in found if b.where != "this machine"] == []


@pytest.mark.parametrize("model", ["izhikevich", "glif"])
def test_navigation_with_catalogued_cells_has_nothing_that_genn_cannot_run(model: str) -> None:
    network = build_task(df.task("navigation"), model=model)
    found = check(network, "genn")
    assert [b for b in found if b.where != "this machine"] == []
    assert network.population("action").cell_type == "ctx_l23_pyr"


def test_the_drive_of_fitted_action_cells_is_that_of_the_stated_neurons() -> None:
    """Weights and fluctuations are the same parts of the distance from rest to threshold."""
    task = df.task("navigation")
    stated = task.circuit.population("action").point.neuron.parameters
    cell = build_task(task, model="glif").population("action").parameters
    distance, unit = cell["th_inf"], stated["eps0"] / stated["theta"]
    mean = cell["R"] * cell["drive"] * cell["tau_drive"] / distance  # area of a unit's potential
    assert float(mean / unit) == pytest.approx(1, rel=0.01)
    step = 1 * ms / (cell["R"] * cell["C"])  # noise is drawn every ms: an AR(1) process
    deviation = cell["R"] * cell["noise"] / np.sqrt(3) * np.sqrt(step / (2 - step)) / distance
    assert float(deviation) == pytest.approx(stated["delta_u"] / stated["theta"], rel=0.02)


@pytest.mark.parametrize("model", [None, "glif"])
def test_inhibitory_action_cells_only_inhibit(model: str | None) -> None:
    """Dale's law: the cell says the sign of its projections, encoders excite."""
    task = df.task("navigation").with_parameters(action__cell="ctx_pv")
    effects = {p.name: p.on_pre for p in build_task(task, model=model).projections}
    assert effects["learned"] == "arrived += w"
    assert effects["ring_excites"] == effects["ring_inhibits"] == "arrived -= w"


@pytest.mark.parametrize("build", [df.task_driven.build, df.biological.build])
def test_build_takes_circuits_and_tasks_and_nothing_else(build: Callable[..., Any]) -> None:
    with pytest.raises(DualframeError, match=r"expected a ([Cc]ircuit|circuit or a task)"):
        build("navigation")
    with pytest.raises(NetworkError, match=r"this is a circuit: leave agents out"):
        build(df.circuit("l23"), agents=2)
    task = df.task("navigation_cells")
    with pytest.raises(NetworkError, match=r"without heterogeneity: .*with_heterogeneity"):
        build(task, heterogeneity={"gL": 0.1})
    with pytest.raises(NetworkError, match=r"without layout_seed: change the task"):
        build(task, layout_seed=1)
    with pytest.raises(NetworkError, match="number of agents"):
        build(task, agents=0)


def test_agents_with_dendrites_are_built_as_training_builds_them() -> None:
    task = df.task("navigation_cells")
    network = df.biological.build(task, agents=2)
    built = build_counted_agent(task, "biological", None)
    assert network.digest == df.replicate(built, 2).digest
    assert network.meta["branch"] == "biological"


def test_dendrites_of_a_task_that_states_point_neurons_are_one_clear_line() -> None:
    with pytest.raises(DualframeError, match=r"navigation") as refused:
        df.biological.build(df.task("navigation"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("model", [None, "glif", "izhikevich"])
def test_a_task_is_built_with_the_agents_that_training_simulates(model: str | None) -> None:
    task = df.task("navigation").with_modulators("DA")
    one, three = (df.task_driven.build(task, model=model, **o) for o in ({}, {"agents": 3}))
    assert one.digest == build_counted_agent(task, "task_driven", model).digest
    assert three.digest == df.replicate(one, 3).digest
    assert three.population("action").n == 3 * one.population("action").n


def test_arms_of_a_task_differ_in_numbers_only() -> None:
    """Equations of all arms are the same where no receptor is added, so that one program serves."""
    task = df.task("navigation")
    texts = {
        repr([(p.equations, p.threshold, p.reset) for p in network.populations])
        for arm in ((), ("DA",), ("ACh", "DA"), ("ACh", "DA", "5HT"))
        for network in [build_task(task.with_modulators(*arm))]
    }
    assert len(texts) == 1


def test_the_small_distal_reward_network_keeps_the_share_of_cells() -> None:
    network = build_task(df.task("distal_reward").with_neurons(200))
    assert (network.population("exc").n, network.population("inh").n) == (160, 40)
    assert network.population("exc").initial["V"] == -65 * mV
    assert network.population("exc").parameters["half_noise"] == 6.5 * mV


@pytest.mark.parametrize("name", ["navigation", "cartpole"])
def test_a_protocol_is_as_long_as_the_trials_of_its_world(name: str) -> None:
    short = df.task(name).with_parameters(protocol__trial_limit="2 s")
    with pytest.raises(CatalogueError, match=r"trial_limit is .*, but a trial of environment"):
        build_task(short)
