"""From a network to equations and arrays: names, inputs, split projections, what targets refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, NeuronGroup, Synapses, ms, mV, nS, pA, pF, second

import dualframe as df
from dualframe.core.errors import NetworkError, TargetError, UnknownName
from dualframe.network import (
    CurrentInput,
    Event,
    Network,
    PoissonInput,
    Population,
    Projection,
    Recording,
    SpikeInput,
)
from dualframe.targets.lowering import lower_populations as populations
from dualframe.targets.lowering import lower_synapses as synapses
from dualframe.targets.lowering.identifiers import OF_SYNAPSES, RESERVED
from dualframe.targets.lowering.lower_network import check_structure, lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.target_support import UnsupportedFeature, check, require_supported

EQUATIONS = """
dV/dt = (gL*(EL - V) + I)/C : volt (unless refractory)
I = I_ext + g*(0*mV - V) : amp
dg/dt = -g/tau : siemens
dh/dt = -h/tau : siemens
I_ext : amp
"""
PARAMETERS = {"gL": 10 * nS, "EL": -65 * mV, "C": 100 * pF, "tau": 5 * ms}


def cells(name: str = "cells", n: int = 4, **changes: Any) -> Population:
    given: dict[str, Any] = {
        "equations": EQUATIONS,
        "threshold": "V > -50*mV",
        "reset": "V = -65*mV",
        "refractory": 2 * ms,
        "parameters": PARAMETERS,
        "initial": {"V": -65 * mV},
    }
    return Population(name, n, **given | changes)


def low(
    population: Population, *projections: Projection, inputs: Any = (), **how: Any
) -> LoweredNetwork:
    net = Network((population,), tuple(inputs), projections)
    return lower_network(net, **{"dt": 0.1 * ms, "duration": 100 * ms, "seed": 1} | how)


SPIKES = SpikeInput("spikes", 3, [0, 1, 2], [1, 2, 3] * ms)


def projection(on_pre: str | None = "g += w", **changes: Any) -> Projection:
    given: dict[str, Any] = {"weight": 1 * nS, "pairs": "all_to_all"}
    return Projection("spikes", "cells", on_pre, **given | changes)


# ------------------------------------------------------------------------- populations


def test_constants_are_shared_where_all_neurons_agree() -> None:
    varied = PARAMETERS | {"C": [90, 100, 110, 120] * pF}
    group = low(cells(parameters=varied)).groups[0]
    assert group.constants["gL"].is_shared
    assert not group.constants["C"].is_shared
    assert "gL : siemens (shared, constant)" in group.equations
    assert "C : farad (constant)" in group.equations
    assert np.allclose(group.constants["C"].value, [9e-11, 1e-10, 1.1e-10, 1.2e-10])


def test_constants_that_nothing_uses_are_left_out() -> None:
    group = low(cells(parameters=PARAMETERS | {"E_Ca": 136 * mV})).groups[0]
    assert "E_Ca" not in group.constants
    assert "E_Ca" not in group.equations


def test_the_refractory_period_is_a_constant_and_no_literal() -> None:
    group = low(cells()).groups[0]
    assert group.refractory == "refractory_period"
    assert float(group.constants["refractory_period"].value) == pytest.approx(2e-3)
    assert low(cells(refractory="V > -60*mV")).groups[0].refractory == "V > -60*mV"


def test_numbers_change_arrays_and_never_equations() -> None:
    one = low(cells(), projection(), inputs=[SPIKES])
    other = low(
        cells(parameters=PARAMETERS | {"gL": 12 * nS}, refractory=3 * ms, initial={"V": -60 * mV}),
        projection(weight=2 * nS, delay=1 * ms),
        inputs=[SPIKES],
        seed=9,
    )
    assert one.groups[0].equations == other.groups[0].equations
    assert one.synapses[0].equations == other.synapses[0].equations
    assert one.synapses[0].on_pre == other.synapses[0].on_pre


def test_an_idle_input_variable_is_one_shared_zero() -> None:
    assert "I_ext : amp (shared, constant)" in low(cells()).groups[0].equations
    driven = low(cells(initial={"V": -65 * mV, "I_ext": [1, 2, 3, 4] * pA})).groups[0]
    assert "I_ext : amp\n" in driven.equations + "\n"
    by_synapse = low(cells(), projection("I_ext += w", weight=1 * pA), inputs=[SPIKES])
    assert "I_ext : amp\n" in by_synapse.groups[0].equations + "\n"


def test_subexpressions_that_are_recorded_or_read_by_synapses_stay() -> None:
    assert "I = " not in low(cells()).groups[0].equations
    recorded = low(cells(), record={"cells": Recording(("I",))})
    assert "I = " in recorded.groups[0].equations
    read = low(cells(), projection("g += w*int(I > 0*pA)"), inputs=[SPIKES])
    assert "I = " in read.groups[0].equations


def test_an_unknown_name_in_equations_is_named() -> None:
    with pytest.raises(NetworkError, match=r"'cells' uses 'gl'.*Did you mean 'gL'"):
        low(cells(equations=EQUATIONS.replace("gL", "gl")))
    with pytest.raises(NetworkError, match=r"'cells' uses 'V_T', which neither"):
        low(cells(threshold="V > V_T"))


@pytest.mark.parametrize("name", ["equations", "clock", "start", "events", "order", "when"])
def test_names_that_brian2_keeps_are_refused(name: str) -> None:
    with pytest.raises(NetworkError, match=f"{name!r}, a name that Brian2 keeps for itself"):
        low(cells(equations=EQUATIONS + f"d{name}/dt = -{name}/tau : 1"))
    with pytest.raises(NetworkError, match=f"{name!r}, a name that Brian2 keeps for itself"):
        low(cells(parameters=PARAMETERS | {name: 12 * nS}))


def test_no_attribute_of_brian2s_objects_can_be_a_variable() -> None:
    neurons = NeuronGroup(
        2,
        "dv/dt = -v/second : 1 (unless refractory)",
        threshold="v > 1",
        reset="v = 0",
        refractory=1 * ms,
        events={"other": "v > 2"},
        method="euler",
    )
    contacts = Synapses(neurons, neurons, "w : 1", on_pre="v += w", on_post="w = 1", delay=1 * ms)
    contacts.connect()
    for made, reserved in (neurons, RESERVED), (contacts, RESERVED | OF_SYNAPSES):
        attributes = {name for name in dir(made) if not name.startswith("_")}
        assert {"when", "order", "variables"} <= attributes
        assert attributes - set(made.variables) <= reserved


# ------------------------------------------------------------------------- inputs


def test_given_spikes_are_put_on_the_time_grid_in_order() -> None:
    given = SpikeInput("spikes", 3, [2, 0, 1, 0], [5.04, 0.1, 5.0, 7.96] * ms)
    spikes = low(cells(), projection(), inputs=[given]).spikes[0]
    assert spikes.indices.tolist() == [0, 1, 2, 0]
    assert np.rint(spikes.times / 1e-4).tolist() == [1, 50, 50, 79]


def test_two_spikes_of_a_source_in_one_step_are_refused() -> None:
    given = SpikeInput("spikes", 2, [1, 0, 1], [5.0, 5.0, 5.01] * ms)
    with pytest.raises(NetworkError, match=r"source 1 spikes twice in the time step at 0.005 s"):
        low(cells(), projection(), inputs=[given])
    assert low(cells(), projection(), inputs=[given], dt=0.01 * ms).spikes[0].indices.size == 3


def test_a_rate_above_one_spike_per_step_is_refused() -> None:
    fast = PoissonInput("spikes", 2, [10, 20000] * Hz)
    with pytest.raises(NetworkError, match="reaches 20000 Hz: more than one spike per time step"):
        low(cells(), projection(), inputs=[fast])


@pytest.mark.parametrize(("start", "stop"), [(0, None), (20, 60), (0, 1000), (99.9, None)])
def test_poisson_spikes_stay_in_their_window(start: float, stop: float | None) -> None:
    window = {"start": start * ms, "stop": None if stop is None else stop * ms}
    source = PoissonInput("spikes", 50, 2000 * Hz, **window)
    steps = np.rint(low(cells(), projection(), inputs=[source]).spikes[0].times / 1e-4)
    last = 1000 if stop is None else min(1000, stop * 10)
    # 0.2 spikes per source and step: an end without one of 50 has a probability of 1.4e-5
    assert steps.min() == round(start * 10)
    assert steps.max() == last - 1


def test_a_longer_run_begins_as_the_shorter_one() -> None:
    source = PoissonInput("spikes", 20, np.linspace(0, 100, 20) * Hz)
    short, long = (
        low(cells(), projection(), inputs=[source], duration=duration * ms).spikes[0]
        for duration in (100, 1000)
    )
    early = long.times < 0.1 - 1e-9
    assert np.array_equal(long.times[early], short.times)
    assert np.array_equal(long.indices[early], short.indices)
    assert short.times.size > 40


def test_sources_of_rate_zero_are_silent() -> None:
    source = PoissonInput("spikes", 3, [0, 500, 0] * Hz)
    assert set(low(cells(), projection(), inputs=[source]).spikes[0].indices) == {1}
    silent = PoissonInput("spikes", 3, 0 * Hz)
    assert low(cells(), projection(), inputs=[silent]).spikes[0].indices.size == 0


def test_spikes_may_be_left_to_the_target() -> None:
    source = PoissonInput("spikes", 3, 20 * Hz, start=5 * ms, drawn="target")
    lowered = low(cells(), projection(), inputs=[source])
    assert not lowered.spikes
    poisson = lowered.poissons[0]
    assert (poisson.n, poisson.start, poisson.stop) == (3, 5e-3, 0.1)
    assert poisson.rates.tolist() == [20, 20, 20]


# ------------------------------------------------------------------------- projections


def test_a_projection_writes_one_variable_per_set_of_synapses() -> None:
    parts = low(cells(), projection("g += w; h += 0.5*w"), inputs=[SPIKES]).synapses
    assert [part.on_pre for part in parts] == ["g += w", "h += 0.5*w"]
    assert {part.projection for part in parts} == {"spikes_to_cells"}
    assert np.array_equal(parts[0].i, parts[1].i)
    together = low(cells(), projection("g += w\ng += 0.1*w"), inputs=[SPIKES]).synapses
    assert [part.on_pre for part in together] == ["g += w\ng += 0.1*w"]


def test_synapses_with_variables_of_their_own_are_not_split() -> None:
    own = {"equations": "dx/dt = -x/tau_x : 1 (event-driven)", "parameters": {"tau_x": 9 * ms}}
    one = low(cells(), projection("x += 1; g += w*x", **own), inputs=[SPIKES]).synapses
    assert len(one) == 1
    with pytest.raises(NetworkError, match="writes 2 variables of 'cells' and has synaptic"):
        low(cells(), projection("x += 1; g += w*x; h += w", **own), inputs=[SPIKES])


def test_statements_that_build_on_each_other_are_not_split() -> None:
    with pytest.raises(NetworkError, match=r"'h = 0.5\*g' reads 'g', which another of its"):
        low(cells(), projection("g += w; h = 0.5*g"), inputs=[SPIKES])


def test_an_unknown_name_in_a_statement_is_named() -> None:
    with pytest.raises(NetworkError, match=r"'spikes_to_cells' uses 'ww', which neither"):
        low(cells(), projection("g += w*ww"), inputs=[SPIKES])


def test_weights_are_variables_only_where_they_change() -> None:
    fixed = low(cells(), projection(), inputs=[SPIKES]).synapses[0]
    assert fixed.constants["w"].is_shared
    assert not fixed.initial
    plastic = low(cells(), projection("g += w; w += 1*nS"), inputs=[SPIKES]).synapses[0]
    assert plastic.initial["w"] == pytest.approx(1e-9)
    assert "w : siemens\n" in plastic.equations + "\n"


def test_delays_of_pairs_are_kept_one_set_of_synapses_each() -> None:
    delays = [1, 2, 1, 0.5, 2, 1] * ms
    pairs = ([0, 1, 2, 0, 1, 2], [0, 0, 1, 1, 2, 3])
    weights = np.arange(1, 7) * nS
    given = projection(pairs=pairs, delay=delays, weight=weights)
    parts = low(cells(), given, inputs=[SPIKES]).synapses
    assert [round(part.delay / 1e-4) for part in parts] == [5, 10, 20]
    found = {
        (i, j, round(part.delay / 1e-4), round(w / 1e-9))
        for part in parts
        for i, j, w in zip(part.i, part.j, part.constants["w"].value, strict=True)
    }
    assert found == {
        (i, j, round(d / ms * 10), k + 1)
        for k, (i, j, d) in enumerate(zip(*pairs, delays, strict=True))
    }


def test_too_many_different_delays_are_refused() -> None:
    pairs = (np.zeros(80, int), np.zeros(80, int))
    given = projection(pairs=pairs, delay=np.arange(80) * 0.1 * ms)
    with pytest.raises(NetworkError, match=r"80 different delays, .* give delay_groups=None"):
        low(cells(), given, inputs=[SPIKES])
    (own,) = low(cells(), replace(given, delay_groups=None), inputs=[SPIKES]).synapses
    np.testing.assert_allclose(own.delay, np.arange(80) * 1e-4)


# ------------------------------------------------------------------------- what is refused, where


def blockers(on_pre: str | None = "g += w", **changes: Any) -> list[UnsupportedFeature]:
    net = Network((cells(),), (), (Projection("cells", "cells", on_pre, **RULE | changes),))
    return [b for b in check(net, "genn", use_gpu=False) if b.where != "this machine"]


RULE: dict[str, Any] = {"weight": 1 * nS, "pairs": "all_to_all", "name": "loop"}


def test_a_portable_network_has_no_blockers() -> None:
    assert blockers() == []
    for target in ("runtime", "auto"):
        assert check(Network((cells(),), (SPIKES,), (projection(),)), target) == []


def test_genn_does_not_read_presynaptic_variables() -> None:
    (found,) = blockers("g += w*h_pre/nS")
    assert "'h_pre'" in found.construct
    assert found.where == "projection 'loop'"
    assert "keep a copy in the synapse" in found.remedy


def test_genn_has_no_subexpressions_in_synapses() -> None:
    (found,) = blockers("g += w*twice", equations="twice = 2 : 1")
    assert "subexpression 'twice'" in found.construct


@pytest.mark.parametrize(
    ("on_pre", "equations"),
    [
        ("h += w", "g_post = w : siemens (summed)"),
        (None, "g_post = w : siemens (summed)\nh_post = w : siemens (summed)"),
    ],
)
def test_a_summed_variable_has_a_projection_of_its_own(on_pre: str | None, equations: str) -> None:
    with pytest.raises(NetworkError, match="summed variable 'g' beside another effect"):
        Projection("cells", "cells", on_pre, equations=equations, **RULE)


def test_a_summed_variable_is_one_of_the_target() -> None:
    given = Projection("cells", "cells", equations="gg_post = w : siemens (summed)", **RULE)
    with pytest.raises(NetworkError, match="writes 'gg', which 'cells' does not have"):
        Network((cells(),), (), (given,))


def test_presynaptic_variables_are_fine_elsewhere() -> None:
    net = Network((cells(),), (), (Projection("cells", "cells", "g += w*h_pre/nS", **RULE),))
    assert check(net, "runtime") == []


@pytest.mark.parametrize("target", ["runtime", "genn"])
def test_what_has_no_portable_form_is_blocked_on_every_target(target: str) -> None:
    event = Event("Na", "V >= -40*mV", "last = t_in_timesteps", time="last")
    population = cells(
        equations=EQUATIONS.replace(" (unless refractory)", "") + "last : 1", events=(event,)
    )
    net = Network((population,), (SPIKES,), (projection("V += 1*mV", weight=None),))
    found = [b for b in check(net, target, use_gpu=False) if b.where != "this machine"]
    assert len(found) == 2  # the reset and the synapse both write what the event reads
    assert check_structure(net) == [b.construct for b in found]
    with pytest.raises(TargetError, match="cannot run on any target"):
        require_supported(net, target, use_gpu=False)


def test_nothing_is_drawn_by_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a check drew random numbers")

    monkeypatch.setattr(synapses, "draw_pairs", refuse)
    monkeypatch.setattr(populations, "lognormal_factor", refuse)
    spread = cells(heterogeneity={"gL": 0.2})
    net = Network((spread,), (SPIKES,), (projection(pairs=None, probability=0.5),))
    assert check(net, "runtime") == []


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(UnknownName, match=r"unknown target 'cpp'. Did you mean|Known"):
        check(Network((cells(),)), "cpp")


def test_genn_says_what_the_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENN_PATH", raising=False)
    found = check(Network((cells(),)), "genn", use_gpu=False)
    assert any(b.where == "this machine" and "GENN_PATH is not set" in b.construct for b in found)


# ------------------------------------------------------------------------- a step of current


def test_current_steps_begin_and_end_on_their_steps() -> None:
    steps = (
        CurrentInput("cells", 1 * pA, 1 * ms, 2 * ms, "I_ext", name="first"),
        CurrentInput("cells", [1, 2, 3, 4] * pA, 1.5 * ms, None, "I_ext", name="second"),
    )
    record = {"cells": Recording("I_ext")}
    result = df.run(
        Network((cells(),), steps), 3 * ms, target="runtime", record=record, progress=False
    )
    trace = result.traces["cells"]
    early = (trace.t > 0.99e-3) & (trace.t < 1.99e-3)
    late = trace.t > 1.49e-3
    for neuron in range(4):
        expected = early * 1e-12 + late * (neuron + 1) * 1e-12
        np.testing.assert_allclose(trace.values["I_ext"][neuron], expected, rtol=1e-12)
    assert result.duration == float(3 * ms / second)


def test_a_weight_that_the_equations_define_is_declared_once() -> None:
    target = Population("cells", 3, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    decaying = Projection(
        "spikes",
        "cells",
        "v += w",
        equations="dw/dt = -w/(100*ms) : 1 (clock-driven)",
        weight=0.5,
        probability=1.0,
    )
    network = Network([target], [SpikeInput("spikes", 2, [0], [1] * ms)], [decaying])
    (synapses,) = lower_network(network, dt=0.1 * ms, duration=10 * ms, seed=1).synapses
    assert synapses.equations.count("w") == 2  # dw/dt and its own right-hand side
    assert synapses.initial["w"] == 0.5


def test_genn_sums_state_variables_only() -> None:
    cells_ = Population("cells", 3, "dx/dt = -x/(10*ms) : 1\ntwice = 2*x : 1\nseen : 1")
    for name, blocked in (("x", False), ("twice", True)):
        given = Projection(
            "cells", "cells", equations=f"seen_post = {name}_pre : 1 (summed)", pairs="one_to_one"
        )
        found = check(Network((cells_,), (), (given,)), "genn", use_gpu=False)
        assert any("sums 'twice'" in b.construct for b in found) == blocked
