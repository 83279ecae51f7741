"""Units without a membrane: gates and their learning, dendritic rates, LIM and CIF."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.errors import NetworkError
from dualframe.neurons.perceptron import OUTPUTS

PATTERNS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
#: Truth over the patterns: weights and bias of a threshold gate that has it.
GATES = {
    "AND": ((0, 0, 0, 1), (1, 1, -2)),
    "OR": ((0, 1, 1, 1), (1, 1, -1)),
    "NAND": ((1, 1, 1, 0), (-1, -1, 1)),
    "NOT first": ((1, 1, 0, 0), (-1, 0, 0)),
}
XOR = (0, 1, 1, 0)
TARGETS = ("runtime", "cpp_standalone")


RECORD = {"cells": df.Recording(("u", "y", "predicted"))}


def run_units(network: df.Network, steps: int, record: dict[str, list[str]]) -> df.Results:
    every = {name: df.Recording(variables) for name, variables in record.items()}
    return df.run(
        network, steps * ms, dt=1 * ms, target="runtime", seed=1, record=every, progress=False
    )


def constants(name: str, values: Any) -> df.Population:
    """Units whose output y stays what it is."""
    values = np.asarray(values, dtype=float)
    return df.Population(name, len(values), "y : 1", initial={"y": values})


def sums(source: str, target: str, pairs: Any, weight: Any) -> df.Projection:
    return df.Projection(
        source, target, equations="drive_post = w*y_pre : 1 (summed)", weight=weight, pairs=pairs
    )


def gates_of_two_inputs(model: str, numbers: Any) -> df.Network:
    """For every pattern a unit with each row of (weight, weight, bias), in that order."""
    numbers = np.asarray(numbers, dtype=float)
    n = len(numbers)
    biases = np.tile(numbers[:, 2], 4)
    units = df.neuron(model, bias=biases).make_population("units", 4 * n)
    post = np.repeat(np.arange(4 * n), 2)
    pre = (np.arange(4)[:, None, None] * 2 + np.arange(2) + np.zeros((1, n, 1), int)).ravel()
    weights = np.tile(numbers[:, :2].ravel(), 4)
    return df.Network(
        populations=(constants("inputs", PATTERNS.ravel()), units),
        projections=(sums("inputs", "units", (pre, post), weights),),
    )


def test_a_threshold_gate_is_and_or_nand_not_and_never_xor() -> None:
    """The stated gates, and all of a grid of weights and biases: none is right on 4 patterns."""
    grid = np.array(list(itertools.product(np.linspace(-2, 2, 9), repeat=3)))
    numbers = np.vstack([[numbers for _, numbers in GATES.values()], grid])
    found = run_units(gates_of_two_inputs("mcculloch_pitts", numbers), 2, {"units": ["y"]})
    outputs = found.traces["units"].values["y"][:, -1].reshape(4, len(numbers))
    for k, (name, (truth, _)) in enumerate(GATES.items()):
        assert tuple(outputs[:, k]) == truth, name
    right = (outputs == np.array(XOR)[:, None]).mean(axis=0)
    assert right.max() == 0.75


@pytest.mark.parametrize("model", [name for name in OUTPUTS if name != "mcculloch_pitts"])
def test_a_perceptron_is_its_function_of_the_sum_of_one_step_before(model: str) -> None:
    function = {
        "perceptron_logistic": lambda x: 1 / (1 + np.exp(-x)),
        "perceptron_tanh": np.tanh,
        "perceptron_rectified": lambda x: np.maximum(x, 0),
    }[model]
    numbers = np.array([(0.3, -1.2, 0.4), (1.5, 0.7, -0.9)])
    found = run_units(gates_of_two_inputs(model, numbers), 2, {"units": ["y"]})
    outputs = found.traces["units"].values["y"].reshape(4, 2, -1)
    expected = function(PATTERNS @ numbers[:, :2].T + numbers[:, 2])
    np.testing.assert_allclose(outputs[..., 0], 0)  # before the first step
    np.testing.assert_allclose(outputs[..., 1], expected, rtol=1e-12)


def test_two_layers_of_gates_compute_xor() -> None:
    """AND of OR and NAND, one step for each layer."""
    hidden = df.neuron("mcculloch_pitts", bias=np.tile([-1.0, 1.0], 4)).make_population("hidden", 8)
    outer = df.neuron("mcculloch_pitts", bias=-2).make_population("outer", 4)
    pre = np.tile(PATTERNS.shape[1] * np.arange(4)[:, None] + [0, 1, 0, 1], 1).ravel()
    first = (pre, np.repeat(np.arange(8), 2))
    network = df.Network(
        populations=(constants("inputs", PATTERNS.ravel()), hidden, outer),
        projections=(
            sums("inputs", "hidden", first, np.tile([1.0, 1, -1, -1], 4)),
            sums("hidden", "outer", (np.arange(8), np.repeat(np.arange(4), 2)), 1.0),
        ),
    )
    found = run_units(network, 3, {"outer": ["y"]})
    assert tuple(found.traces["outer"].values["y"][:, -1]) == XOR


# --- learning: a synapse's equation, as a user writes it --------------------------------------

HELD = 8  # steps that a pattern is shown; the weight changes in the last of them
EPOCHS = 12


def presented(patterns: Any, name: str = "inputs") -> df.Population:
    """Inputs that show the rows of a table in turn, again and again."""
    table = np.asarray(patterns, dtype=float)
    now = f"int(timestep(t, dt)//{HELD} % {len(table)} == {{k}})"
    shown = " + ".join(f"p{k}*{now.format(k=k)}" for k in range(len(table)))
    parameters = {f"p{k}": row for k, row in enumerate(table)}
    return df.Population(name, table.shape[1], f"y = {shown} : 1", parameters=parameters)


def learns(equation: str, weight: float, source: str, target: str, into: str) -> df.Projection:
    gate = f"int(timestep(t, dt) % {HELD} == {HELD - 1})"
    return df.Projection(
        source,
        target,
        equations=f"dw/dt = {gate}*({equation})/dt : 1 (clock-driven)\n"
        f"{into}_post = w*y_pre : 1 (summed)",
        weight=weight,
        pairs="all_to_all",
    )


def test_the_perceptron_rule_learns_and_and_or_but_not_xor() -> None:
    """Rosenblatt's rule, w += (wanted - y) x with an input of 1 for the bias."""
    truths = {"AND": GATES["AND"][0], "OR": GATES["OR"][0], "XOR": XOR}
    inputs = presented(np.column_stack([PATTERNS, np.ones(4)]))
    wanted = presented(np.array(list(truths.values())).T, "teacher")
    units = df.neuron("mcculloch_pitts", bias=-0.5).make_population("units", 3)
    units = replace(units, equations=f"{units.equations}\nwanted : 1")
    told = df.Projection(
        "teacher", "units", equations="wanted_post = y_pre : 1 (summed)", pairs="one_to_one"
    )
    rule = learns("(wanted_post - y_post)*y_pre", 0.0, "inputs", "units", "drive")
    network = df.Network(populations=(inputs, wanted, units), projections=(told, rule))
    steps = EPOCHS * 4 * HELD
    found = run_units(network, steps, {"units": ["y", "wanted"]}).traces["units"].values
    answered = slice(HELD - 1, None, HELD)
    wrong = (found["y"] != found["wanted"])[:, answered].reshape(3, EPOCHS, 4).sum(axis=2)
    assert wrong[0, 0] > 0
    assert np.all(wrong[:2, -4:] == 0)
    assert np.all(wrong[2] > 0)


# --- the compartmental rate neuron ------------------------------------------------------------


def softplus(x: Any) -> Any:
    return np.log1p(np.exp(x))


def test_the_soma_follows_both_dendrites() -> None:
    """u = (g_B v_B + g_A v_A)/g (1 - exp(-g t)), with what comes from above and from the side."""
    dendrites = {"basal": 1.5, "top_down": 0.9, "lateral": -0.4}
    sources = tuple(constants(f"from_{name}", [value]) for name, value in dendrites.items())
    carries = tuple(
        df.Projection(
            f"from_{x}", "cells", equations=f"{x}_post = y_pre : 1 (summed)", pairs="all_to_all"
        )
        for x in dendrites
    )
    cells = df.neuron("compartmental_rate", "pyramidal").make_population("cells", 1)
    network = df.Network(populations=(*sources, cells), projections=carries)
    found = df.run(network, 5 * ms, target="runtime", record=RECORD, progress=False).traces["cells"]
    steady = (1.5 + 0.8 * (0.9 - 0.4)) / 1.9
    expected = steady * (1 - np.exp(-1.9e3 * found.t))
    np.testing.assert_allclose(found.values["u"][0], expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.values["y"][0], softplus(expected), rtol=1e-9)
    assert found.values["predicted"][0, -1] == pytest.approx(softplus(1.5 / 1.9), rel=1e-9)


def test_dendritic_synapses_learn_to_predict_and_to_cancel() -> None:
    """The source's two rules, by three patterns whose potentials a linear dendrite can have.

    Basal synapses of a cell that a teacher nudges learn its potential: without the teacher the cell
    would have it, v_B g_B/(g_l + g_B). Lateral synapses learn to cancel what comes from above, so
    that the apical potential, the error, is zero.
    """
    patterns = np.array([[1.0, 0.2], [0.1, 1.0], [0.8, 0.9]])
    potentials = patterns @ [0.5, -0.4]
    inputs, above = presented(patterns), presented(potentials[:, None], "above")
    teaches = df.neuron("compartmental_rate", "interneuron or output")
    pyramid = df.neuron("compartmental_rate", "pyramidal")
    told = [
        df.Projection(
            "above", x, equations="top_down_post = y_pre : 1 (summed)", pairs="all_to_all"
        )
        for x in ("taught", "pyramid")
    ]
    predicts = "(y_post - log(1 + exp(basal_post/1.1)))*y_pre"
    network = df.Network(
        populations=(
            inputs,
            above,
            teaches.make_population("taught", 1),
            pyramid.make_population("pyramid", 1),
        ),
        projections=(
            *told,
            learns(f"3*{predicts}", 0.0, "inputs", "taught", "basal"),
            learns("-0.5*v_A_post*y_pre", 0.0, "inputs", "pyramid", "lateral"),
        ),
    )
    record = {"taught": ["basal"], "pyramid": ["v_A"]}
    found = run_units(network, 60 * 3 * HELD, record).traces
    shown = {
        name: found[name].values[variable][0, HELD - 1 :: HELD].reshape(-1, 3)
        for name, (variable,) in record.items()
    }
    for errors in (shown["taught"] / 1.1 - potentials, shown["pyramid"]):
        assert np.abs(errors[0]).max() > 0.3
        assert np.abs(errors[-1]).max() < 1e-3


# --- the astrocyte of NALSM -------------------------------------------------------------------


def test_lim_is_the_recurrence_of_its_authors() -> None:
    """A += (w n + b - A)/tau at steps of 1 ms, with n = spikes of the liquid less the input's."""
    rng = np.random.default_rng(3)
    trains = {side: rng.random((6, 300)) < p for side, p in (("liquid", 0.3), ("input", 0.1))}
    sources, synapses = [], []
    for side, sign in (("liquid", "+"), ("input", "-")):
        neurons, steps = np.nonzero(trains[side])
        sources.append(df.SpikeInput(side, 6, neurons, steps * ms))
        synapses.append(df.Projection(side, "lim", f"arrived {sign}= 1", pairs="all_to_all"))
    unit = df.neuron("leaky_integrate_modulate", "NALSM, 1000 neurons")
    network = df.Network((unit.make_population("lim", 1),), tuple(sources), tuple(synapses))
    found = run_units(network, 300, {"lim": ["A"]}).traces["lim"].values["A"][0]
    balance = trains["liquid"].sum(axis=0) - trains["input"].sum(axis=0)
    expected = [0.15]
    for n in balance[:-2]:
        expected.append(expected[-1] + (0.015 * n + 0.15 - expected[-1]) / 100)
    # a spike of step k is counted in step k + 1, and seen at the start of step k + 2
    np.testing.assert_allclose(found[1:], expected, rtol=1e-12)
    assert max(expected) > 0.151


def test_the_astrocyte_sets_the_depression_of_stdp() -> None:
    """A pair, post before pre, lowers the weight by A exp(-dt/tau) where A is the astrocyte's."""
    lim = df.neuron("leaky_integrate_modulate", "NALSM, 1000 neurons", b=0.4)
    liquid = df.Population(
        "liquid", 1, "v : 1\nunused : 1\nltd_factor : 1", threshold="v > 0.5", reset="v = 0"
    )
    pre = df.Population("pre", 1, "v : 1", threshold="v > 0.5", reset="v = 0")
    rule = df.plasticity_rule(
        "pair_stdp", w_max=1, scale=1, A_plus=0.15, A_minus=1, tau_plus=10 * ms, tau_minus=10 * ms
    )
    inputs = (
        df.SpikeInput("to_pre", 1, [0], [15] * ms),
        df.SpikeInput("to_post", 1, [0], [5] * ms),
    )
    projections = (
        df.Projection("to_pre", "pre", "v += 1", pairs="one_to_one"),
        df.Projection("to_post", "liquid", "v += 1", pairs="one_to_one"),
        df.Projection("pre", "liquid", "unused += w", weight=0.9, plasticity=rule, name="learning",
                      pairs="one_to_one"),
        df.Projection("lim", "liquid", equations="ltd_factor_post = A_pre : 1 (summed)",
                      pairs="all_to_all"),
    )  # fmt: skip
    populations = (lim.make_population("lim", 1), liquid, pre)
    network = df.Network(populations, inputs, projections)
    done = df.run(
        network, 25 * ms, dt=1 * ms, target="runtime", record={"learning": ["w"]}, progress=False
    )
    (weight,) = done.weights["learning"]["weight"]
    assert weight == pytest.approx(0.9 - 0.4 * np.exp(-1), rel=1e-6)


# --- continuous integrate-and-fire ------------------------------------------------------------


def frames_by_hand(alpha: Any, content: Any) -> list[tuple[int, float]]:
    """Cumulated weights: what is emitted is the integral of h over the next unit of weight."""
    ends = np.cumsum(alpha)
    starts = ends - alpha
    emitted = []
    for k in range(1, int(ends[-1]) + 1):
        share = np.minimum(ends, k) - np.maximum(starts, k - 1)
        emitted.append((int(np.argmax(ends >= k)), float(np.clip(share, 0, None) @ content)))
    return emitted


def test_cif_emits_the_weighted_frames_of_each_unit_of_weight() -> None:
    alpha = np.array([0.25, 0.5, 0.375, 0.125, 0.75, 0.875, 0.5, 0.625, 0.25, 0.75])
    content = np.array([1.0, -2.0, 0.5, 3.0, 1.5, -1.0, 2.0, 0.25, 4.0, -0.5])
    frames = "+".join(f"f{k}*int(timestep(t, dt) == {k})" for k in range(len(alpha)))
    encoder = df.Population(
        "encoder",
        2,
        f"y = {frames} : 1",
        parameters={f"f{k}": np.array(x) for k, x in enumerate(zip(alpha, content, strict=True))},
    )
    unit = df.neuron("continuous_integrate_fire").make_population("unit", 1)
    carries = tuple(
        df.Projection(
            "encoder", "unit", equations=f"{name}_post = y_pre : 1 (summed)", name=name, pairs=pair
        )
        for name, pair in (("alpha", ([0], [0])), ("content", ([1], [0])))
    )
    network = df.Network(populations=(encoder, unit), projections=carries)
    done = run_units(network, len(alpha) + 1, {"unit": ["emitted", "a"]})
    expected = frames_by_hand(alpha, content)
    assert len(expected) == 5
    times = 1e3 * done.spikes.t.to_numpy()
    np.testing.assert_allclose(times, [frame for frame, _ in expected], atol=1e-9)
    seen = done.traces["unit"].values["emitted"][0]
    found = [seen[frame + 1] for frame, _ in expected]  # a trace is read at the start of a step
    np.testing.assert_allclose(found, [value for _, value in expected], rtol=1e-12)
    assert done.traces["unit"].values["a"][0, -1] == pytest.approx(0, abs=1e-12)


def test_they_run_compiled_and_take_no_currents() -> None:
    for name, label in (("compartmental_rate", "pyramidal"), ("mcculloch_pitts", None)):
        unit = df.neuron(name, label)
        network = df.Network(populations=(unit.make_population("units", 2),))
        assert not any(df.check(network, target) for target in TARGETS)
        with pytest.raises(NetworkError, match="takes no currents"):
            unit.input_equation(["I_AMPA"])
