"""Plasticity rules: the catalogue, how they are asked for, and what they become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import ms, mV, nS, pA, second

import dualframe as df
from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration
from dualframe.catalogue import plasticity_rule
from dualframe.catalogue.rule_numbers import rule_forms
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.cli import main
from dualframe.core.errors import CatalogueError, NetworkError, QuantityError, UnknownName
from dualframe.network import Network
from dualframe.plasticity import PLASTICITY_RULES, insert_plasticity_rules, with_weights
from dualframe.targets.lowering.lower_network import check_structure, lower_network

DEFAULT = "glif_conductance_fitted"  # what circuits are built of
NAMES = catalogue.names("plasticity rule")


def rule_network(plasticity: Any, *, weight: Any = 1 * nS, **population: Any) -> Network:
    """Two neurons that learn from two inputs."""
    given = {"equations": "v : 1\ng : siemens", "threshold": "v > 0.5", "reset": "v = 0"}
    cells = df.Population("cells", 2, **given | population)
    inputs = (df.SpikeInput("pre", 2, [0, 1], [5, 9] * ms),)
    learn = df.Projection(
        "pre",
        "cells",
        "g += w",
        weight=weight,
        pairs=([0, 0, 1, 1], [0, 1, 0, 1]),
        plasticity=plasticity,
        name="learn",
    )
    return Network((cells,), inputs, (learn,))


def low(net: Network) -> Any:
    (synapses,) = lower_network(net, dt=0.1 * ms, duration=10 * ms, seed=1).synapses
    return synapses


# ---------------------------------------------------------------- the catalogue


def test_all_collected_rules_are_there() -> None:
    assert NAMES == (
        "consolidation",
        "da_5ht",
        "exploratory_hebbian",
        "htp",
        "inhibitory_stdp",
        "mushroom_body",
        "pair_stdp",
        "r_stdp",
        "rchp",
        "sn_plast",
        "supralinear_hebbian",
        "synaptic_scaling",
        "td_lambda",
        "td_stdp",
        "threshold_adaptation",
        "triplet_stdp",
        "window_sign",
    )


@pytest.mark.parametrize("name", NAMES)
def test_sets_have_the_numbers_of_their_form_and_can_be_shown(name: str) -> None:
    entry = catalogue.rule_parameter_sets(name)
    names = [found.name for found in entry.sets]
    assert len(set(names)) == len(names)
    for found in entry.sets:
        assert set(rule_forms()[entry.form].required) <= set(found.numbers)
    shown = catalogue.describe(entry)
    assert entry.equations in shown
    assert all(f"set {found}" in shown for found in names)


def test_the_triplet_sets_are_those_of_the_tables() -> None:
    entry = catalogue.rule_parameter_sets("triplet_stdp")
    assert len(entry.sets) == 8
    full = entry.set("hippocampus_all_full").numbers
    assert full.value("A3_plus") == 0.0067
    assert full.value("tau_x") == 946 * ms
    assert entry.set("visual_cortex_nearest_min").pairing == "nearest"
    assert "tau_x" not in entry.set("visual_cortex_all_min").numbers
    ((label, alternative),) = entry.alternatives
    assert "not published values" in label
    assert alternative.value("A2_plus") == 7.5e-10


def test_conflicts_are_kept() -> None:
    td = catalogue.rule_parameter_sets("td_stdp")
    assert td.set("reimplementation").numbers.value("tau_r") == 4 * second
    assert dict(td.alternatives)["paper.py of the same repository"].value("tau_r") == 1 * second
    assert all(number.assumed for number in td.set("fremaux2013").numbers.values())
    assert "CONFLICT" in catalogue.rule_parameter_sets("da_5ht").set("cwc").window


def test_the_table_says_which_rules_run() -> None:
    table = df.plasticity_rules().set_index("name")
    assert set(table.index[table["runs"]]) == set(PLASTICITY_RULES)
    assert set(PLASTICITY_RULES) <= set(NAMES)
    listed_only = set(NAMES) - set(PLASTICITY_RULES)
    for name in NAMES:  # shown as such, too
        shown = catalogue.describe(catalogue.rule_parameter_sets(name))
        assert ("data only" in shown.splitlines()[0]) == (name in listed_only)


def every_set() -> dict[str, Any]:
    """Every set of every rule that runs, in weights without dimension."""
    return {
        f"{name}_{found.name}": plasticity_rule(name, set=found.name, w_max=2, scale=1)
        for name in sorted(PLASTICITY_RULES)
        for found in catalogue.rule_parameter_sets(name).sets
    }


def test_every_set_of_every_rule_runs(run_on_target: Any, target: str) -> None:
    """In one network: every weight moves, and stays within its bounds."""
    rules = {
        name: rule
        for name, rule in every_set().items()
        # GeNN has no rules of rate units
        if target != "genn" or not PLASTICITY_RULES[rule.rule].presynaptic_signals
    }
    swings = {"tick": "int(timestep(t, dt) % 20 == 0)", "over": "int(timestep(t, dt) % 30 == 29)"}
    swings |= {"trial": "floor(t/(90*ms))", "keep": "0.9", "spiked": "0", "rewarded": "1"}
    swings |= {"theta_high": "0.5", "theta_low": "-0.5"}
    signals = {
        signal: swings.get(signal, "sin(t/(11*ms))")
        for rule in rules.values()
        for signal in rule.signals
    }
    signals |= dict.fromkeys(("level_DA", "level_5HT", "level_ACh", "credit"), "1")
    lines = [f"{name} = {text} : 1" for name, text in signals.items()]
    cells = df.Population(
        "cells",
        2,
        "\n".join(["v : 1", *(f"g_{k} : 1" for k in range(len(rules))), *lines]),
        threshold="v > 0.5",
        reset="v = 0",
    )
    spikes = {"pre": [5, 40, 90, 130, 180], "told": [10, 35, 97, 125, 190]}
    inputs = tuple(
        df.SpikeInput(name, 2, [0, 1] * 5, np.repeat(times, 2) * ms)
        for name, times in spikes.items()
    )
    learn = [
        df.Projection(
            target="cells",
            name=name,
            weight=1.0,
            pairs="all_to_all",
            autapses=True,
            plasticity=rule,
            **(
                {"source": "cells", "equations": f"g_{k}_post = w*rate_pre : 1 (summed)"}
                if PLASTICITY_RULES[rule.rule].presynaptic_signals
                else {"source": "pre", "on_pre": f"g_{k} += w"}
            ),
        )
        for k, (name, rule) in enumerate(rules.items())
    ]
    told = df.Projection("told", "cells", "v += 1", pairs="one_to_one")
    done = run_on_target(
        Network((cells,), inputs, (told, *learn)),
        250 * ms,
        seed=1,
        dt=1 * ms,
        record={name: ["w"] for name in rules},
    )
    for name in rules:
        w = done.weights[name]["weight"].to_numpy()
        assert np.all((w >= 0) & (w <= 2)), name
        assert np.any(w != 1), name


def test_the_command_line_lists_and_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "plasticity", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in listed] == list(NAMES)
    assert main(["show", "triplet_stdp"]) == 0
    assert "visual_cortex_all_full" in capsys.readouterr().out


def test_a_rule_file_of_the_user_is_checked(tmp_path: Path) -> None:
    good = (Path(catalogue.__file__).parent / "plasticity" / "pair_stdp.toml").read_text()
    path = tmp_path / "mine.toml"
    for old, new, message in (
        ('tau_plus = "20 ms"', 'tau_plus = "20 mV"', "tau_plus"),
        ('tau_plus = "20 ms"', 'tau_plus = "0 ms"', "greater than zero"),
        ('tau_plus = "20 ms"\n', "", "missing"),
        ('"w_max"', '"max"', "relative_to"),
        ('form = "pair_stdp"', 'form = "pairs"', "unknown form"),
        ("[[sets]]", "[[set]]", "unknown key"),
    ):
        path.write_text(good.replace(old, new))
        with pytest.raises(CatalogueError, match=message):
            catalogue.rule_parameter_sets(path)


# ---------------------------------------------------------------- asking for a rule


def test_numbers_come_from_the_set_unless_they_are_given() -> None:
    rule = plasticity_rule("pair_stdp", w_max="2 nS", tau_plus="15 ms")
    assert rule.numbers["tau_plus"] == 15 * ms
    assert rule.numbers["A_plus"] == 0.01
    assert rule.w_max == 2 * nS
    assert rule.w_min == 0 * nS
    assert rule.origin == "pair_stdp, set song with tau_plus 15 ms"
    nearest = plasticity_rule("triplet_stdp", w_max=1, set="hippocampus_nearest_full")
    assert nearest.options["pairing"] == "nearest"


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"rule": "pair_stpd"}, UnknownName, "Did you mean 'pair_stdp'"),
        (
            {"rule": "window_sign"},
            CatalogueError,
            "no projection learns by 'window_sign', which is",
        ),
        ({"rule": "mushroom_body"}, CatalogueError, "listed as data only"),
        ({"rule": "threshold_adaptation"}, CatalogueError, "with_adaptive_threshold"),
        ({"set": "sung"}, UnknownName, "Did you mean 'song'|Known: song"),
        ({"tau_pluss": 10 * ms}, UnknownName, "Did you mean 'tau_plus'"),
        ({"tau_plus": 10 * mV}, QuantityError, "tau_plus"),
        ({"tau_plus": 0 * ms}, CatalogueError, "above zero"),
        ({"options": {"pairing": "some"}}, UnknownName, "pairing of rule"),
        ({"options": {"pairs": "nearest"}}, UnknownName, "option of rule"),
        ({"w_min": -1 * nS}, NetworkError, "magnitude"),
        ({"w_min": 1 * pA}, QuantityError, "w_min"),
        ({"scale": 1 * pA}, QuantityError, "scale"),
        ({"learning_rate": -1}, NetworkError, "learning_rate"),
    ],
)
def test_what_cannot_be_asked_for(given: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        plasticity_rule(**{"rule": "pair_stdp", "w_max": 2 * nS} | given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plasticity": "pair_stdp"}, "dualframe.plasticity_rule"),
        ({"weight": None}, "give on_pre"),
        ({"on_pre": None, "on_post": "g += w"}, "give on_pre"),
        ({"on_post": "g += w"}, "no on_post"),
        ({"equations": "dw/dt = -w/second : siemens"}, "no equation of w"),
        ({"weight": 3 * nS}, "keeps them between"),
        ({"weight": -1 * nS}, "keeps them between"),
        ({"weight": 1 * pA}, "weight of projection"),
        ({"weight": df.Normal(1 * pA, 1 * pA)}, "weight of projection"),
    ],
)
def test_projections_that_cannot_learn(given: dict[str, Any], message: str) -> None:
    usual = {
        "on_pre": "g += w",
        "weight": 1 * nS,
        "pairs": "all_to_all",
        "plasticity": plasticity_rule("pair_stdp", w_max=2 * nS),
    }
    with pytest.raises((NetworkError, QuantityError), match=message):
        df.Projection("pre", "cells", **usual | given)


def test_a_plastic_network_survives_the_way_to_json() -> None:
    net = rule_network(
        plasticity_rule("triplet_stdp", w_max=2 * nS), weight=df.LogNormal(1 * nS, 0.2)
    )
    again = Network.from_dict(json.loads(json.dumps(net.to_dict())))
    assert again == net
    assert again.digest == net.digest
    assert net.digest != rule_network(plasticity_rule("pair_stdp", w_max=2 * nS)).digest


# ---------------------------------------------------------------- what a rule becomes


def test_a_rule_is_ordinary_synapses_with_its_numbers_as_parameters() -> None:
    synapses = low(rule_network(plasticity_rule("pair_stdp", w_max=2 * nS)))
    assert "w : siemens" in synapses.equations
    assert synapses.constants["tau_plus"].value == pytest.approx(0.02)
    assert synapses.constants["scale"].value == pytest.approx(2e-9)
    assert "factor" not in synapses.on_pre + synapses.on_post
    assert "target_rate" not in synapses.equations


def test_numbers_do_not_change_the_equations() -> None:
    one, other = (
        low(rule_network(rule, weight=weight))
        for rule, weight in (
            (plasticity_rule("pair_stdp", w_max=2 * nS), 1 * nS),
            (
                plasticity_rule("pair_stdp", w_max=3 * nS, A_plus=0.5, frozen=True),
                [1, 2, 1, 2] * nS,
            ),
        )
    )
    assert (one.equations, one.on_pre, one.on_post) == (
        other.equations,
        other.on_pre,
        other.on_post,
    )
    assert other.constants["learning_rate"].value == 0


def test_factors_are_read_where_the_neuron_has_them() -> None:
    rule = plasticity_rule("pair_stdp", w_max=2 * nS)
    equations = "v : 1\ng : siemens\nltp_factor = 1 + gain*o : 1\no : 1"
    synapses = low(rule_network(rule, equations=equations, parameters={"gain": 2.0}))
    assert "(1 + gain_of_target*o_post)" in synapses.on_post.replace("((", "(")
    assert synapses.constants["gain_of_target"].value == 2
    assert "o_post" not in synapses.on_pre
    spread = rule_network(
        rule, equations=equations, parameters={"gain": 2.0}, heterogeneity={"gain": 0.1}
    )
    assert "gain_post" in low(spread).on_post


def test_a_neuron_may_have_a_name_of_the_rule() -> None:
    rule = plasticity_rule("pair_stdp", w_max=2 * nS)
    equations = "dv/dt = -v/tau_plus : 1\ng : siemens\nx : 1"
    net = rule_network(rule, equations=equations, parameters={"tau_plus": 5 * ms})
    synapses = low(net)
    assert "dx_of_rule/dt = -x_of_rule/tau_plus_of_rule" in synapses.equations
    plain = df.run(
        rule_network(rule),
        10 * ms,
        target="runtime",
        seed=1,
        progress=False,
        record={"learn": ["w"]},
    )
    done = df.run(net, 10 * ms, target="runtime", seed=1, progress=False, record={"learn": ["w"]})
    assert done.weights["learn"].equals(plain.weights["learn"])


def test_what_an_amplitude_means() -> None:
    triplet = plasticity_rule("triplet_stdp", w_max=2 * nS)
    assert low(rule_network(triplet, weight=0.5 * nS)).constants["scale"].value == 0.5e-9
    problem = check_structure(rule_network(triplet, weight=[1, 2, 1, 2] * nS))
    assert "Give scale" in problem[0]
    given = plasticity_rule("triplet_stdp", w_max=2 * nS, scale=1 * nS)
    assert low(rule_network(given, weight=[1, 2, 1, 2] * nS)).constants["scale"].value == 1e-9


def test_a_clash_with_the_projections_own_names_is_an_error() -> None:
    learn = df.Projection(
        "pre",
        "cells",
        "g += w*x",
        weight=1 * nS,
        pairs="all_to_all",
        parameters={"x": 1.0},
        plasticity=plasticity_rule("pair_stdp", w_max=2 * nS),
    )
    net = rule_network(None)
    with pytest.raises(NetworkError, match="defines 'x'"):
        insert_plasticity_rules(Network(net.populations, net.inputs, (learn,)))


def test_weights_of_a_run_fit_only_one_delay_and_a_rule() -> None:
    rule = plasticity_rule("pair_stdp", w_max=2 * nS)
    table = {"learn": pd.DataFrame({"pre": [0], "post": [1], "weight": [1e-9]})}
    net = rule_network(rule)
    (learn,) = with_weights(net, table).projections
    np.testing.assert_array_equal(learn.pairs, ([0], [1]))
    with pytest.raises(NetworkError, match="not plastic"):
        with_weights(rule_network(None), table)


# ---------------------------------------------------------------- circuits

PAIR = (CircuitPopulation("pre", "ctx_l23_pyr", 2), CircuitPopulation("post", "ctx_l23_pyr", 2))


def circuit(**given: Any) -> Circuit:
    contact = CircuitProjection(
        "pre",
        "post",
        "AMPA",
        "prox",
        probability=1.0,
        psp=1 * mV,
        name="learn",
        weight_factor=3.0,
        **given,
    )
    return Circuit("pair", PAIR, (contact,))


@pytest.mark.parametrize(("model", "unit"), [("biological", nS), (DEFAULT, nS)])
def test_bounds_of_a_circuit_are_multiples_of_the_calibrated_weight(model: str, unit: Any) -> None:
    given = circuit(plasticity=plasticity_rule("triplet_stdp", w_max=2, w_min=0.5))
    calibration = Calibration("pair", model, {"learn": 2 * unit})
    if model == "biological":
        net = df.biological.build(given, calibration=calibration)
    else:
        net = df.task_driven.build(given, calibration=calibration)
    (learn,) = net.projections
    assert learn.weight == 6 * unit
    assert learn.plasticity is not None
    assert (learn.plasticity.w_min, learn.plasticity.w_max) == (3 * unit, 12 * unit)
    assert learn.plasticity.scale == 6 * unit


def test_plasticity_leaves_a_calibration_valid_and_is_part_of_the_circuit() -> None:
    plain, learning = (
        circuit(),
        circuit().with_plasticity("learn", plasticity_rule("pair_stdp", w_max=2)),
    )
    assert learning.contacts_digest == plain.contacts_digest
    assert learning.digest != plain.digest
    assert learning.with_plasticity("learn", None) == plain
    assert "plastic (pair_stdp, set song" in learning.describe()
    small = learning.scaled(0.5)
    assert small.projection("learn").plasticity == learning.projection("learn").plasticity
    assert small.with_plasticity("learn", None) == plain.scaled(0.5)
    with pytest.raises(UnknownName):
        plain.with_plasticity("lern", None)


def test_bounds_with_a_unit_do_not_fit_a_circuit() -> None:
    with pytest.raises(NetworkError, match="multiple of the contact's weight"):
        circuit(plasticity=plasticity_rule("pair_stdp", w_max=2 * nS))
    with pytest.raises(NetworkError, match=r"dualframe\.plasticity_rule"):
        circuit(plasticity="pair_stdp")


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "learning.toml"
    path.write_text(
        'name = "learning"\nsource = "dualframe"\nstatus = "assumed"\n'
        '[[populations]]\nname = "pyr"\ncell = "ctx_l23_pyr"\nn = 2\n'
        '[[projections]]\npre = "pyr"\npost = "pyr"\nsynapse = "AMPA"\ncompartment = "prox"\n'
        f'probability = 1.0\ndelay = "1 ms"\npsp = "1 mV"\nplasticity = {text}\n'
    )
    return path


def test_a_file_names_the_rule_of_a_projection(tmp_path: Path) -> None:
    text = '{ rule = "triplet_stdp", set = "hippocampus_all_min", w_max = "2", tau_y = "50 ms" }'
    found = df.circuit(_file(tmp_path, text))
    rule = found.projections[0].plasticity
    assert rule == plasticity_rule(
        "triplet_stdp", set="hippocampus_all_min", w_max=2.0, tau_y=50 * ms
    )
    rows = found.numbers().set_index("number")
    assert rows.loc["plasticity.w_max", "status"] == "assumed"


def test_the_rule_of_a_file_reads_a_receptor(tmp_path: Path) -> None:
    """The occupancy of a receptor is the third factor; without its modulator there is none."""
    text = '{ rule = "r_stdp", w_max = "2", scale = "1", signals = { level_DA = "o_M1" } }'
    found = df.circuit(_file(tmp_path, text))
    calibration = Calibration("learning", DEFAULT, {"pyr_to_pyr": 1 * nS})
    net = df.task_driven.build(found.with_modulation("ACh", 1.0), calibration=calibration)
    (learn,) = net.projections
    assert learn.plasticity is not None
    assert learn.plasticity.signals == {"level_DA": "o_M1"}
    assert df.check(net, "runtime") == []
    (integral,) = (
        line
        for line in insert_plasticity_rules(net).population("pyr").equations.splitlines()
        if line.startswith("dintegral_of")
    )
    assert "baseline_of_pyr_to_pyr + (o_M1)" in integral
    with pytest.raises(CatalogueError, match=r"o_M1.*bring ACh to it"):
        df.task_driven.build(found, calibration=calibration)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{ rule = "pair", w_max = "2" }', "unknown rule"),
        ('{ rule = "pair_stdp" }', "w_max"),
        ('{ rule = "pair_stdp", w_max = "2 nS" }', "w_max"),
        ('{ rule = "pair_stdp", w_max = "2", tau_y = "1 ms" }', "unknown key"),
        ('{ rule = "pair_stdp", w_max = "2", pairing = "some" }', "pairing"),
        ('{ rule = "pair_stdp", w_max = "-2" }', "magnitude"),
        ('{ rule = "r_stdp", w_max = "2", signals = { level_NA = "o_D1" } }', "level_DA"),
        ('{ rule = "r_stdp", w_max = "2", signals = { level_DA = "1 - o_D1" } }', "no variable"),
        ('{ rule = "r_stdp", w_max = "2", signals = "o_D1" }', "signals"),
    ],
)
def test_files_with_plasticity_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((CatalogueError, UnknownName), match=message):
        df.circuit(_file(tmp_path, text))


def test_what_a_rule_assumes_stands_in_the_assumptions() -> None:
    rule = plasticity_rule("pair_stdp", w_max=2)
    noted = type(rule)(**{**vars(rule), "assumptions": ("tau_plus 20 ms assumed",)})
    net = df.task_driven.build(
        circuit(plasticity=noted),
        calibration=Calibration("pair", DEFAULT, {"learn": 1 * nS}),
    )
    assert "learn: tau_plus 20 ms assumed" in net.meta["assumptions"]
