"""Events, second resets and input currents as equations, and what has no such form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import Equations, Quantity, ms, mV, nS, pA, pF
from brian2.parsing.sympytools import str_to_sympy
from brian2.units.fundamentalunits import DIMENSIONLESS
from sympy import Symbol

from dualframe.core.errors import NetworkError
from dualframe.network import (
    CurrentInput,
    Event,
    Network,
    Population,
    Projection,
    SpikeInput,
)
from dualframe.simulation.run import run
from dualframe.targets.lowering.current_inputs import insert_current_inputs
from dualframe.targets.lowering.event_free_equations import (
    STEP,
    EquationLine,
    deferred_assignments,
    inline_subexpressions,
    parse_assignments,
    parse_equations,
    replace_events,
)
from dualframe.targets.lowering.lower_network import check_structure, lower_network

EQUATIONS = """
dV_soma/dt = (gL*(EL - V_soma) + I_soma)/C : volt
I_soma = g_couple*(V_dend - V_soma) + I_ext : amp
I_ext : amp
dV_dend/dt = (gL*(EL - V_dend) + g_open*(E_Na - V_dend))/C : volt
g_open = g_max*gate*int(t_in_timesteps <= last + duration) : siemens
last : 1
gate : 1
"""
PARAMETERS = {
    "gL": 10 * nS,
    "EL": -60 * mV,
    "C": 100 * pF,
    "g_couple": 5 * nS,
    "E_Na": 50 * mV,
    "g_max": 20 * nS,
    "Vth": -40 * mV,
}
SPIKE = Event(
    "Na",
    "V_dend >= Vth and t_in_timesteps >= last + pause*gate",
    "last = t_in_timesteps; gate = 1",
    time="last",
)


def cells(**changes: Any) -> Population:
    given: dict[str, Any] = {
        "name": "cells",
        "n": 3,
        "equations": EQUATIONS,
        "threshold": "V_soma > -45*mV",
        "reset": "V_soma = 30*mV",
        "refractory": 4 * ms,
        "second_reset": "V_soma = -55*mV",
        "spike_width": 1 * ms,
        "events": (SPIKE,),
        "parameters": PARAMETERS,
        "durations": {"duration": 1.2 * ms, "pause": 5 * ms},
        "initial": {"V_soma": -60 * mV, "V_dend": -60 * mV},
    }
    return Population(**given | changes)


def lowered(population: Population, **rest: Any) -> Any:
    net = Network((population,), **rest)
    return lower_network(net, dt=0.1 * ms, duration=10 * ms, seed=1)


def by_name(lines: list[EquationLine]) -> dict[str, EquationLine]:
    return {line.name: line for line in lines}


# ---------------------------------------------------------------------- assignments


def test_assignments_are_pairs() -> None:
    assert parse_assignments("a = b + 1", "x") == [("a", "(b + 1)")]


def test_assignments_are_separated_by_semicolons_and_lines() -> None:
    assert parse_assignments(" a = 1 ;\n b=2;; \n", "x") == [("a", "(1)"), ("b", "(2)")]


@pytest.mark.parametrize("operator", "+-*/")
def test_augmented_assignments_read_the_old_value(operator: str) -> None:
    assert parse_assignments(f"a {operator}= b - c", "x") == [("a", f"(a {operator} (b - c))")]


def test_later_assignments_see_the_values_of_earlier_ones() -> None:
    found = dict(parse_assignments("a = 2*b; b = a + 1; a += b", "x"))
    for b in (3.0, -1.5):
        a_new, b_new = 2 * b, 2 * b + 1
        values = {"a": 99.0, "b": b}
        assert _value(found["b"], values) == b_new
        assert _value(found["a"], values) == a_new + b_new


def _value(expression: str, values: dict[str, float]) -> float:
    """The value of sums and products; no text is evaluated as Python."""
    symbols = {Symbol(name, real=True): value for name, value in values.items()}
    return float(str_to_sympy(expression).subs(symbols))


@pytest.mark.parametrize("statement", ["a == b", "a", "f(x)", "a <= b", "a.b = 1", "= 1", "a ="])
def test_what_is_not_an_assignment_is_refused(statement: str) -> None:
    with pytest.raises(NetworkError, match=r"reset of 'cells'.*is not an assignment"):
        parse_assignments(statement, "reset of 'cells'")


def test_no_statements_are_no_assignments() -> None:
    assert parse_assignments("", "x") == []


# ---------------------------------------------------------------------- parsing


def test_equations_are_split_into_lines() -> None:
    lines = by_name(
        parse_equations(EQUATIONS + "flag : boolean\ncount : integer (constant)", "cells")
    )
    assert lines["V_soma"].unit == "volt"
    assert lines["I_soma"].kind == "subexpression"
    assert lines["gate"].unit == "1"
    assert lines["flag"].unit == "boolean"
    assert str(lines["count"]) == "count : integer (constant)"
    assert str(lines["I_ext"]) == "I_ext : amp"


@pytest.mark.parametrize("text", ["dV/dt = -V/tau", "V = 1 : parsec", "dV/dt = -V/ms : volt :"])
def test_equations_that_are_none_are_named(text: str) -> None:
    with pytest.raises(NetworkError, match="equations of population 'x' are not valid"):
        parse_equations(text, "population 'x'")


def test_lines_written_and_parsed_again_are_the_same() -> None:
    lines = parse_equations(EQUATIONS, "cells")
    assert parse_equations("\n".join(map(str, lines)), "cells") == lines


# ---------------------------------------------------------------------- events


def test_a_population_without_events_is_left_as_it_is() -> None:
    plain = cells(events=(), second_reset=None, spike_width=None)
    lines = parse_equations(EQUATIONS, "cells")
    assert replace_events(plain, lines) is lines


def test_conditions_speak_of_the_step_before() -> None:
    lines = parse_equations(EQUATIONS, "cells")
    changes = {change.name: change for change in deferred_assignments(cells(), lines)}
    assert f"({STEP} - 1) >= last" in changes["Na"].condition
    assert changes["Na"].assignments == [("last", f"(({STEP} - 1))"), ("gate", "(1)")]
    assert changes["Na"].is_event
    assert changes["second_reset"].assignments == [("V_soma", "(-55*mV)")]
    assert not changes["second_reset"].is_event


def test_the_changed_value_is_used_everywhere_and_stored() -> None:
    lines = by_name(replace_events(cells(), parse_equations(EQUATIONS, "cells")))
    assert lines["g_open_now"].expression.count("gate_now") == 1
    assert "last_now" in lines["g_open_now"].expression
    assert "t_in_timesteps" not in "".join(line.expression for line in lines.values())
    assert "V_soma_now" in lines["I_soma_now"].expression
    assert "I_soma_now" in lines["V_soma"].expression
    assert "g_open_now" in lines["V_dend"].expression
    for name in ("last", "gate", "V_soma"):
        assert lines[name].kind == "differential equation"
        assert f"({name}_now - {name})/dt" in lines[name].expression
    assert lines["V_dend"].expression.count("V_dend_now") == 0  # nothing assigns it


def test_thresholds_and_synapses_use_what_the_update_left() -> None:
    """After the update of the state the variables have changed, and an event must not act twice."""
    lines = by_name(replace_events(cells(), parse_equations(EQUATIONS, "cells")))
    for name in ("g_open", "I_soma"):
        assert "_now" not in lines[name].expression
    threshold = "V_soma + I_soma/nS > -45*mV"
    group = lowered(cells(threshold=threshold)).groups[0]
    kept = by_name(parse_equations(group.equations, "cells"))
    assert "V_soma_now" not in kept["I_soma"].expression
    assert "fire" not in kept["I_soma"].expression


def test_whole_numbers_are_rounded_when_they_are_read() -> None:
    """(x/dt)*dt is not always x, and a gate of 0.9999999 would be a closed one."""
    lines = by_name(replace_events(cells(), parse_equations(EQUATIONS, "cells")))
    assert lines["gate_now"].expression.startswith("floor(gate + 0.5)")
    assert "floor(last + 0.5)" in lines["fire_Na"].expression
    assert "floor" not in lines["V_soma_now"].expression


def test_lowering_leaves_neither_events_nor_clock_variables() -> None:
    group = lowered(cells()).groups[0]
    assert "t_in_timesteps" not in group.equations
    assert group.events == {"Na": "last"}
    changed = ("last", "gate", "V_soma", "I_soma", "g_open")
    assert group.recorded_as == {name: f"{name}_now" for name in changed}


def test_durations_are_counted_in_steps_of_the_run() -> None:
    net = Network((cells(),))
    for dt, steps in ((0.1, 12), (0.05, 24), (0.3, 4)):
        constants = lower_network(net, dt=dt * ms, duration=1 * ms, seed=0).groups[0].constants
        assert constants["duration"].value == steps
        assert constants["duration"].unit == "1"
        assert constants["spike_width"].value == round(1 / dt)


# ---------------------------------------------------------------------- what has no such form


def test_events_and_second_resets_need_euler() -> None:
    for changes in ({"events": ()}, {"second_reset": None, "spike_width": None}):
        population = cells(method="exponential_euler", **changes)
        with pytest.raises(NetworkError, match=r"'exponential_euler'.*need method='euler'"):
            lowered(population)
    plain = cells(method="exponential_euler", events=(), second_reset=None, spike_width=None)
    assert lowered(plain).groups[0].method == "exponential_euler"


@pytest.mark.parametrize("reset", ["V_dend = 0*mV", "V_soma = 30*mV; V_dend += 1*mV", "gate = 0"])
def test_a_reset_that_writes_what_an_event_reads_is_refused(reset: str) -> None:
    with pytest.raises(NetworkError, match=r"on which event 'Na' depends.*coupling conductance"):
        lowered(cells(reset=reset))


def test_a_reset_that_changes_an_event_by_way_of_a_subexpression_is_refused() -> None:
    watching = Event("Na", "drive >= Vth", "last = t_in_timesteps; gate = 1", time="last")
    equations = EQUATIONS + "drive = V_dend + 0.1*V_soma : volt"
    with pytest.raises(NetworkError, match="reset of population 'cells' writes 'V_soma'"):
        lowered(cells(events=(watching,), equations=equations))


def test_a_condition_that_reads_the_time_is_refused() -> None:
    early = Event("Na", "V_dend >= Vth and t < 5*ms", "last = t_in_timesteps", time="last")
    with pytest.raises(NetworkError, match=r"event 'Na' depends on 't'.*t_in_timesteps"):
        lowered(cells(events=(early,)))


def test_a_condition_that_reads_an_injected_current_is_refused() -> None:
    """A current step is an expression of the time."""
    driven = Event("Na", "V_dend + I_ext/nS >= Vth", "last = t_in_timesteps", time="last")
    current = CurrentInput("cells", 1 * pA, variable="I_ext")
    with pytest.raises(NetworkError, match="depends on 't'"):
        lowered(cells(events=(driven,)), inputs=(current,))
    assert lowered(cells(events=(driven,)))


def test_an_event_may_not_use_what_another_assigns() -> None:
    other = Event("Ca", "V_dend >= 2*Vth", "later = 2*gate", time="")
    equations = EQUATIONS + "later : 1"
    with pytest.raises(NetworkError, match="'Ca' assigns a value that depends on 'gate'"):
        lowered(cells(events=(SPIKE, other), equations=equations))


def test_two_events_may_not_assign_one_variable() -> None:
    other = Event("Ca", "V_dend >= 2*Vth", "gate = 2", time="")
    with pytest.raises(NetworkError, match="both assign 'gate'"):
        lowered(cells(events=(SPIKE, other)))


@pytest.mark.parametrize("width", [4, 4.0001, 6])
def test_a_refractory_period_that_ends_within_the_spike_is_refused(width: float) -> None:
    with pytest.raises(NetworkError, match="must be a time longer than spike_width"):
        cells(spike_width=width * ms)


@pytest.mark.parametrize("refractory", ["V_soma > -40*mV", None])
def test_a_second_reset_needs_a_refractory_time(refractory: str | None) -> None:
    with pytest.raises(NetworkError, match="must be a time longer than spike_width"):
        cells(refractory=refractory)


def test_a_second_reset_needs_its_width() -> None:
    with pytest.raises(NetworkError, match="go together; give both"):
        cells(spike_width=None)


def test_an_event_may_not_assign_a_subexpression_or_an_unknown_name() -> None:
    for name in ("g_open", "nothing"):
        wrong = Event("Na", "V_dend >= Vth", f"{name} = 1", time="last")
        with pytest.raises(NetworkError, match=f"'Na' assigns '{name}'.*not a state variable"):
            lowered(cells(events=(wrong,)))


def test_a_second_reset_may_not_write_what_is_held() -> None:
    held = EQUATIONS.replace(
        "dV_soma/dt = (gL*(EL - V_soma) + I_soma)/C : volt",
        "dV_soma/dt = (gL*(EL - V_soma) + I_soma)/C : volt (unless refractory)",
    )
    with pytest.raises(NetworkError, match="'second_reset' assigns 'V_soma', which is held"):
        lowered(cells(equations=held))


def test_a_synapse_may_not_write_the_voltage_of_an_active_dendrite() -> None:
    spikes = SpikeInput("in", 1, [0], [1] * ms)
    jump = Projection("in", "cells", on_pre="V_dend += 1*mV", pairs="all_to_all")
    net = Network((cells(),), (spikes,), (jump,))
    with pytest.raises(NetworkError, match="writes 'V_dend' directly, on which a dendritic spike"):
        lower_network(net, dt=0.1 * ms, duration=1 * ms, seed=0)
    assert ["V_dend" in problem for problem in check_structure(net)] == [True]
    assert lowered(cells(events=()), inputs=(spikes,), projections=(jump,)).synapses


def test_a_synapse_may_not_reach_an_event_by_way_of_a_subexpression() -> None:
    watching = Event("Na", "drive >= Vth", "last = t_in_timesteps; gate = 1", time="last")
    population = cells(
        events=(watching,), equations=EQUATIONS + "drive = V_dend + kick : volt\nkick : volt"
    )
    spikes = SpikeInput("in", 1, [0], [1] * ms)
    jump = Projection("in", "cells", on_pre="kick += 1*mV", pairs="all_to_all")
    with pytest.raises(NetworkError, match="writes 'kick' directly"):
        lowered(population, inputs=(spikes,), projections=(jump,))


@pytest.mark.parametrize("condition", ["V_dend >= Vth", "not V_dend < Vth", SPIKE.condition])
def test_brian2_takes_what_conditions_become(condition: str) -> None:
    """Its parser once refused to compare a number that was made of one comparison."""
    event = Event("Na", condition, SPIKE.action, time="last")
    equations = EQUATIONS.replace("+ I_ext", "+ I_ext*int(V_soma > -50*mV)")
    group = lowered(cells(events=(event,), equations=equations)).groups[0]
    assert set(Equations(group.equations).diff_eq_names) == {"V_soma", "V_dend", "last", "gate"}


@pytest.mark.parametrize("condition", ["V >= 15*mV", "not V < 15*mV"])
def test_an_event_of_one_comparison_may_drive_what_it_watches(condition: str) -> None:
    """The time of such an event, compared in turn, is what Brian2's parser once refused."""
    equations = """
    dV/dt = (20*mV - V - open)/(10*ms) : volt
    open = 50*mV*gate*int(t_in_timesteps <= last + width) : volt
    last : 1
    gate : 1
    """
    event = Event("e", condition, "last = t_in_timesteps; gate = 1", time="last")
    population = Population(
        "cells", 1, equations, events=(event,), durations={"width": 1 * ms}, initial={"V": 0 * mV}
    )
    found = run(
        Network((population,)),
        30 * ms,
        target="runtime",
        record={"cells": ["dspikes"]},
        seed=1,
        progress=False,
    )
    times = found.dspikes["t"].to_numpy()
    # V rises as 20 mV (1 - exp(-t/10 ms)) and reaches 15 mV after 13.8 ms in steps of 0.1 ms
    assert times[0] == pytest.approx(13.8e-3, abs=0.11e-3)
    assert len(times) > 1


# ---------------------------------------------------------------------- currents


def test_currents_become_steps_of_time_with_their_numbers_as_constants() -> None:
    early = CurrentInput("cells", [1, 2, 3] * pA, 1 * ms, 2 * ms, "I_ext", name="early")
    late = CurrentInput("cells", 5 * pA, 3 * ms, variable="I_ext")
    lines, constants = insert_current_inputs(
        cells(), [early, late], parse_equations(EQUATIONS, "cells")
    )
    expression = by_name(lines)["I_ext"].expression
    assert by_name(lines)["I_ext"].kind == "subexpression"
    assert "5" not in expression.replace("0.5*dt", "")  # amplitudes and times are no literals
    assert constants == {
        "I_ext_early_size": early.amplitude,
        "I_ext_early_start": early.start,
        "I_ext_early_stop": early.stop,
        "I_ext_step1_size": late.amplitude,
        "I_ext_step1_start": late.start,
    }


def test_a_current_into_a_defined_variable_is_refused() -> None:
    wrong = CurrentInput("cells", 1 * pA, variable="I_soma")
    with pytest.raises(NetworkError, match="'I_soma' of population 'cells' is defined by"):
        insert_current_inputs(cells(), [wrong], parse_equations(EQUATIONS, "cells"))


def test_a_current_of_another_dimension_is_refused() -> None:
    wrong = CurrentInput("cells", 1 * mV, variable="I_ext")
    with pytest.raises(NetworkError, match="has the unit volt: expected amp"):
        insert_current_inputs(cells(), [wrong], parse_equations(EQUATIONS, "cells"))


# ---------------------------------------------------------------------- writing out


def test_subexpressions_are_written_out_except_those_that_are_kept() -> None:
    lines = parse_equations("dv/dt = a*b/ms : 1\na = b + 1 : 1\nb = c - 2 : 1\nc : 1", "cells")
    everything = by_name(inline_subexpressions(lines, set()))
    assert set(everything) == {"v", "c"}
    value = {"c": 5.0, "ms": 1.0}
    assert _value(everything["v"].expression, value) == (5 - 2 + 1) * (5 - 2)
    kept = by_name(inline_subexpressions(lines, {"a"}))
    assert set(kept) == {"v", "a", "c"}
    assert _value(kept["a"].expression, value) == 5 - 2 + 1


def test_units_survive_the_rewriting() -> None:
    """Brian2 itself checks the units of the lowered equations."""
    group = lowered(cells()).groups[0]
    parsed = Equations(group.equations)
    assert parsed["gate"].dim is DIMENSIONLESS
    assert parsed["V_soma"].dim is Quantity(1 * mV).dim
    assert np.isclose(group.constants["Vth"].value, -0.04)
