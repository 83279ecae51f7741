"""What a script of Brian2 may say and a network of dualframe may not is refused with the remedy."""

from __future__ import annotations

import gc
import inspect
import re
from typing import Any

import numpy as np
import pytest
from brian2 import TimedArray, ms, mV
from brian2.utils.logger import catch_logs

import dualframe as df
from dualframe.core.errors import NetworkError, TargetError
from dualframe.network.known_arguments import HABITS

LEAKY = "dv/dt = -v/tau : volt"


def population(equations: str = LEAKY, **settings: Any) -> df.Population:
    constants = {"parameters": {"tau": 10 * ms}, "voltage": "v"}
    return df.Population("cells", 3, equations, "v > 1*mV", "v = 0*mV", **(constants | settings))


def test_initial_values_are_no_expressions() -> None:
    with pytest.raises(NetworkError, match=re.escape("array of shape (3,)")):
        population(initial={"v": "rand()*mV"})
    assert population(initial={"v": "0.5 mV"}).initial["v"] == 0.5 * mV


def test_a_timed_array_is_a_waveform() -> None:
    stimulus = TimedArray(np.ones(3) * mV, dt=1 * ms)
    with pytest.raises(NetworkError, match="variable='stimulus', times="):
        population(parameters={"tau": 10 * ms, "stimulus": stimulus})


def test_linked_variables_are_refused_before_a_run() -> None:
    network = df.Network([population(f"{LEAKY}\nz : 1 (linked)")])
    assert "linked" in df.check(network, "runtime")[0].construct
    with pytest.raises(TargetError, match="linked"):
        df.run(network, 1 * ms, target="runtime")


@pytest.mark.parametrize("right", ["sin(t/tau)*mV - v", "v*v/mV"])
def test_equations_that_the_method_cannot_solve_name_the_population(right: str) -> None:
    cells = population(f"dv/dt = ({right})/tau : volt", method="exact")
    with pytest.raises(NetworkError, match=r"population 'cells' cannot solve .* method='euler'"):
        df.run(df.Network([cells]), 1 * ms, target="runtime")


@pytest.mark.parametrize("following", ["dx/dt = -x/tau : 1", "x = 2*v : volt"])
def test_a_line_without_a_unit_is_quoted(following: str) -> None:
    with pytest.raises(NetworkError, match=r"'dv/dt = -v/tau' has no unit: end it with ' : 1'"):
        population(f"dv/dt = -v/tau\n{following}")
    assert population(f"dv/dt = (1*mV -\n v)/tau : volt\n{following}").n == 3


ADAPTING = "dv/dt = (-v - w)/tau : volt\ndw/dt = -w/tau : volt"


def network(of_cells: str = LEAKY, /, **projection: Any) -> df.Network:
    return df.Network(
        [population(of_cells)], projections=[df.Projection("cells", "cells", **projection)]
    )


@pytest.mark.parametrize(
    ("equations", "projection", "said"),
    [
        (
            ADAPTING,
            {"on_pre": "v += w", "weight": 1 * mV},
            "'cells_to_cells' has a synaptic variable 'w', its weight, and population 'cells' has "
            "a variable 'w': .* rename that of the population, for example to 'w_adapt'",
        ),
        (
            LEAKY,
            {"on_pre": "v += mV*tau/ms", "parameters": {"tau": 1 * ms}},
            "synaptic variable 'tau', and population 'cells' has a parameter 'tau'",
        ),
        (
            LEAKY,
            {"on_pre": "v += wt", "equations": "wt : volt"},
            "declares 'wt' in its equations, but nothing sets it",
        ),
    ],
)
def test_synaptic_variables_are_told_from_others_and_have_a_value(
    equations: str, projection: dict[str, Any], said: str
) -> None:
    refused = network(equations, pairs="all_to_all", **projection)
    assert re.search(said, df.check(refused, "runtime")[0].construct)
    with pytest.raises(TargetError, match=said):
        df.run(refused, 1 * ms, target="runtime")


def test_variables_of_both_ends_are_read_beside_a_weight_and_statements_may_set_their_own() -> None:
    renamed = ADAPTING.replace("w", "w_adapt")
    reading = {"on_pre": "v += w + w_adapt_post", "weight": 1 * mV}
    writing = {"on_pre": "v += last; last = 1*mV", "equations": "last : volt"}
    for projection in (reading, writing):
        assert not df.check(network(renamed, pairs="all_to_all", **projection), "runtime")


def test_a_weight_that_nothing_reads_is_refused() -> None:
    with pytest.raises(NetworkError, match="weight is given, but on_pre does not use w"):
        network(on_pre="v += 1*mV", weight=1 * mV, pairs="all_to_all")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: population(namespace={}), "Population has no argument 'namespace': .*parameters="),
        (lambda: population(parametrs={}), "Did you mean 'parameters'"),
        (lambda: network(on_pre="v += 1*mV", p=0.5), "'p': give probability="),
        (lambda: df.Network([population()], operations=[]), "'operations': no function of Python"),
        (
            lambda: df.biological.from_dendrify(None, 3, method="euler"),  # type: ignore[call-arg]
            "from_dendrify has no argument 'method': leave it out",
        ),
    ],
)
def test_arguments_of_brian2_and_dendrify_are_answered_with_ours(make: Any, said: str) -> None:
    with pytest.raises(NetworkError, match=said):
        make()


def test_every_argument_that_is_answered_is_one_that_is_not_there() -> None:
    for owner, names in HABITS.items():
        made = getattr(df, owner, None) or getattr(df.biological, owner)
        assert names.keys().isdisjoint(inspect.signature(made).parameters)


def test_a_current_into_nothing_says_where_it_may_go() -> None:
    with pytest.raises(NetworkError, match=r"'I_ext : amp', or .* variable="):
        df.Network([population()], [df.CurrentInput("cells", "100 pA")])


def test_brian2_says_nothing_of_what_a_refused_run_has_made() -> None:
    cells = population("dv/dt = (v*v/mV - v)/tau : volt", method="exact")
    with catch_logs() as said:
        with pytest.raises(NetworkError, match="cannot solve"):
            df.run(df.Network([cells]), 1 * ms, target="runtime")
        gc.collect()
    assert [line for line in said if "getting deleted" in line[2]] == []
