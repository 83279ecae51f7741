"""A rule, an environment and kinetics of a user, one file each: registered, built and run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from brian2.units import Hz, ms, nS
from gymnasium.utils.env_checker import check_env
from toy_environment import EQUATIONS, LAMP
from toy_kinetics import HALVED_DECAY
from toy_rule import ANTI_HEBBIAN

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.core.errors import CatalogueError, DualframeError, NetworkError, UnknownName
from dualframe.environments.gymnasium_env import GymnasiumEnvironment, register_environments
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.network import Network
from dualframe.plasticity import PLASTICITY_RULES
from dualframe.synapses import SYNAPSE_KINETICS


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kinds are registered for one test, and forgotten after it."""
    for registry in (PLASTICITY_RULES, ENVIRONMENTS, SYNAPSE_KINETICS):
        monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    df.register(ANTI_HEBBIAN)
    df.register(LAMP)
    df.register(HALVED_DECAY)
    yield
    gymnasium.registry.pop("dualframe/ToyLamp-v0", None)


# ---------------------------------------------------------------- the rule


def learned_weight(**options: Any) -> float:
    """Post spikes at 5 ms and 9 ms, pre at 20 ms."""
    cells = df.Population("cells", 1, "v : 1", threshold="v > 0.5", reset="v = 0")
    inputs = (
        df.SpikeInput("pre", 1, [0], [20] * ms),
        df.SpikeInput("drive", 1, [0, 0], [5, 9] * ms),
    )
    rule = df.plasticity_rule("toy_anti_hebbian", w_max=2, A=0.25, tau=10 * ms, **options)
    projections = (
        df.Projection("drive", "cells", "v += 1", pairs="all_to_all"),
        df.Projection(
            "pre",
            "cells",
            "v += 0*w",
            weight=1.0,
            pairs="all_to_all",
            plasticity=rule,
            name="learn",
        ),
    )
    network = Network((cells,), inputs, projections)
    done = df.run(network, 30 * ms, dt=1 * ms, target="runtime", record={"learn": ["w"]}, seed=1)
    return float(done.weights["learn"]["weight"].iloc[0])


@pytest.mark.parametrize("update", ["event", "clock"])
def test_a_rule_of_a_user_runs_in_a_network(update: str) -> None:
    # the neuron fires one step after its drive, so 14 ms and 10 ms before the presynaptic spike
    expected = 1 - 0.25 * (np.exp(-14 / 10) + np.exp(-10 / 10))
    # a few roundings of numbers near one
    assert learned_weight(options={"update": update}) == pytest.approx(expected, rel=1e-12)


def test_a_rule_of_a_user_can_be_frozen() -> None:
    assert learned_weight(frozen=True) == 1.0


def test_a_rule_of_a_user_is_listed() -> None:
    row = df.plasticity_rules().set_index("name").loc["toy_anti_hebbian"]
    assert row["runs"]
    assert row["equations"] == ANTI_HEBBIAN.parameters.equations


def test_its_numbers_are_the_users() -> None:
    with pytest.raises(CatalogueError, match="lacks tau"):
        df.plasticity_rule("toy_anti_hebbian", w_max=2, A=0.25)
    with pytest.raises(UnknownName, match="number of rule"):
        df.plasticity_rule("toy_anti_hebbian", w_max=2, A=0.25, tau=10 * ms, tau_plus=1 * ms)
    with pytest.raises(UnknownName, match="set of rule"):
        df.plasticity_rule("toy_anti_hebbian", w_max=2, A=0.25, tau=10 * ms, set="song")


def test_a_circuit_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "learning.toml"
    path.write_text(
        'name = "learning"\nsource = "dualframe"\nstatus = "assumed"\n'
        '[[populations]]\nname = "pyr"\ncell = "ctx_l23_pyr"\nn = 2\n'
        '[[projections]]\npre = "pyr"\npost = "pyr"\nsynapse = "AMPA"\ncompartment = "prox"\n'
        'probability = 1.0\ndelay = "1 ms"\npsp = "1 mV"\n'
        'plasticity = { rule = "toy_anti_hebbian", w_max = "2", A = "0.25", tau = "10 ms" }\n'
    )
    (projection,) = df.circuit(path).projections
    assert projection.plasticity == df.plasticity_rule(
        "toy_anti_hebbian", w_max=2.0, A=0.25, tau=10 * ms
    )


# ---------------------------------------------------------------- the environment


def test_an_environment_of_a_user_is_listed_and_made() -> None:
    assert df.environments().set_index("name").loc["toy_lamp", "limit"] == 3
    lamp = df.environment("toy_lamp", cost=0.5, burning="50 ms")
    assert (lamp.limit, lamp.values["cost"]) == (5, 0.5)
    with pytest.raises(NetworkError, match="burning of environment 'toy_lamp'"):
        df.environment("toy_lamp", burning="55 ms")


def test_an_environment_that_lacks_something_is_refused() -> None:
    with pytest.raises(NetworkError, match="no parameter 'interval'"):
        replace(LAMP, parameters=LAMP.parameters[1:])
    with pytest.raises(NetworkError, match="no parameter 'timeout'"):
        replace(LAMP, limit="timeout")
    equations = LAMP.write_equations({})
    renamed = replace(
        equations, state=("trial",), equations=EQUATIONS.replace("lit", "trial"), start={}
    )
    spec = replace(LAMP, write_equations=lambda values: replace(renamed, observations=()))
    with pytest.raises(NetworkError, match="state variable 'trial'"):
        spec.make_environment()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cost*choice", "costs*choice", "'costs', of which 'reward_next' is made.*'cost'"),
        ("terminal = 0", "terminal = succeeded*reward_next*terminal", "'toy_lamp'.* cycle"),
        ("terminal = 0 : 1", "terminal = 0", "'terminal = 0' has no unit"),
    ],
)
def test_equations_of_an_environment_are_refused_where_they_are_made(
    old: str, new: str, told: str
) -> None:
    equations = LAMP.write_equations({})
    changed = replace(equations, equations=EQUATIONS.replace(old, new))
    with pytest.raises(NetworkError, match=told):
        replace(LAMP, write_equations=lambda values: changed).make_environment()


def test_a_trial_starts_with_state_variables() -> None:
    changed = replace(LAMP.write_equations({}), start={"lid": "0"})
    with pytest.raises(UnknownName, match=r"start of environment 'toy_lamp' 'lid'.*'lit'"):
        replace(LAMP, write_equations=lambda values: changed).make_environment()


def test_it_is_a_population() -> None:
    lamp = df.environment("toy_lamp").population("lamp")
    hand = df.Population("hand", 1, "press = int(t < 15*ms) : 1 (constant over dt)")
    press = df.Projection(
        "hand", "lamp", equations="action_post = press_pre : 1 (summed)", pairs="all_to_all"
    )
    network = Network((lamp, hand), (), (press,))
    done = df.run(network, 60 * ms, dt=1 * ms, target="runtime", record={"lamp": ["lit", "trial"]})
    lit, trial = (done.traces["lamp"].values[name][0] for name in ("lit", "trial"))
    assert lit[[9, 12, 25, 35]].tolist() == [0, 1, 1, 0]  # the third tick, at 30 ms, ends the trial
    assert trial[[29, 35, 59]].tolist() == [0, 1, 1]


def test_it_is_a_gymnasium_environment() -> None:
    check_env(GymnasiumEnvironment("toy_lamp"), skip_render_check=True)
    register_environments()
    env: Any = gymnasium.make("dualframe/ToyLamp-v0", cost=0.25)
    env.reset(seed=1)
    observed, reward, terminated, truncated, _ = env.step(1)
    assert (observed.tolist(), reward, terminated, truncated) == ([1.0], 0.75, False, False)
    env.step(0)
    *_, truncated, info = env.step(1)
    assert truncated
    assert (info["success"], info["total_reward"]) == (0.0, 1.5)


# ---------------------------------------------------------------- kinetics


def test_a_circuit_file_names_kinetics_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "decaying.toml"
    path.write_text(
        'name = "decaying"\nsource = "dualframe"\nstatus = "assumed"\n'
        '[[populations]]\nname = "pyr"\ncell = "ctx_l23_pyr"\nn = 2\n'
        '[[projections]]\npre = "pyr"\npost = "pyr"\nsynapse = "AMPA"\ncompartment = "prox"\n'
        'probability = 1.0\ndelay = "1 ms"\npsp = "1 mV"\n'
        'kinetics = { kind = "toy_halved_decay", tau = "7 ms" }\n'
    )
    calibration = Calibration("decaying", "biological", {"pyr_to_pyr": 1 * nS})
    network = df.biological.build(df.circuit(path), calibration=calibration)
    pyr = network.population("pyr")
    assert pyr.parameters["tau_AMPA_pyr_to_pyr"] == 7 * ms
    assert "half_AMPA_pyr_to_pyr = g_AMPA_pyr_to_pyr/2 : siemens" in pyr.equations


# ---------------------------------------------------------------- names


def test_shipped_kinds_stay_what_they_are() -> None:
    with pytest.raises(DualframeError, match="'cartpole' is one of dualframe's"):
        df.register(type(LAMP)(**{**vars(LAMP), "name": "cartpole"}))
    with pytest.raises(UnknownName, match="plasticity rule"):
        df.plasticity_rule("toy_hebbian", w_max=1, A=1 * Hz)


def test_a_subclass_draws_it_and_no_other_does() -> None:
    class DrawnLamp(GymnasiumEnvironment):
        metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 (Gymnasium's attribute)

        def render(self) -> Any:
            return "on" if self.values["lit"] else "off"

    drawn = DrawnLamp("toy_lamp", render_mode="ansi")
    drawn.reset(seed=1)
    assert (drawn.render(), drawn.step(1)[0][0], drawn.render()) == ("off", 1, "on")
    with pytest.raises(DualframeError, match=r"render modes .* 'ansi': a subclass"):
        GymnasiumEnvironment("toy_lamp", render_mode="ansi")
