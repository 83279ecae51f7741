"""What enters a network is finite, of the right dimension and in range; or it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import NeuronGroup
from brian2.units import Hz, kHz, metre, ms, mV, nS, pA, second

import dualframe as df
from dualframe.core.errors import DualframeError
from dualframe.core.machine_memory import memory_text, usable_memory

EQUATIONS = "dv/dt = -v/tau + I_ext/second : 1\nI_ext : 1\ng : siemens"
NAN_TIMES = [1, np.nan] * ms


def population(**changes: Any) -> df.Population:
    return df.Population(
        **{
            "name": "cells",
            "n": 4,
            "equations": EQUATIONS,
            "threshold": "v > 1",
            "reset": "v = 0",
            "parameters": {"tau": 10 * ms},
            **changes,
        }
    )


def network(*inputs: Any, **projection: Any) -> df.Network:
    changes: dict[str, Any] = {
        "source": "cells",
        "target": "cells",
        "name": "drive",
        "pairs": "all_to_all",
    }
    changes |= {"on_pre": "g += w", "weight": 2 * nS, **projection}
    return df.Network([population()], inputs, [df.Projection(**changes)])


def pairs(**projection: Any) -> df.Network:
    return network(**{"pairs": ([0, 1], [1, 2]), **projection})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: df.Recording("v", every=-1 * ms), "every .* is -1. ms: expected more than zero"),
        (lambda: df.Recording("v", every=np.nan * ms), "every .* expected one finite number"),
        (lambda: df.Recording("v", neurons=[1.5]), "neurons of a recording .* whole numbers"),
        (lambda: df.Recording("v", neurons=[]), "give at least one index"),
        (lambda: df.Recording("v", neurons=np.array([True, False])), "are a mask.*flatnonzero"),
        (lambda: df.Recording("v", neurons="all"), "neurons of a recording .*'all'"),
        (lambda: df.Recording([]), "at least one variable"),
        (lambda: df.SpikeInput("s", 2, [0.5], [1] * ms), "indices of input 's' .*whole numbers"),
        (lambda: df.SpikeInput("s", 2, [[0]], [[1]] * ms), "indices of input 's'"),
        (lambda: df.SpikeInput("s", 2, [2**40], [1] * ms), "reach from 1099511627776"),
        (
            lambda: df.SpikeInput("s", 5 * 10**9, [3 * 10**9], [1] * ms),
            "number of sources of input 's' is 5000000000: expected at most 2147483647",
        ),
        (lambda: df.PoissonInput("s", 2**31, 1 * Hz), "sources of input 's' is 2147483648"),
        (lambda: population(n=2**31), "neurons of population 'cells' is 2147483648"),
        (lambda: network(pairs=([2**31], [0])), "pairs of .* from 0 to 2147483646"),
        (lambda: df.Recording("v", neurons=[2**31]), "neurons of a recording .* to 2147483646"),
        (lambda: df.SpikeInput("s", 2, [0, 1], NAN_TIMES), "times of input 's' is not finite at 1"),
        (lambda: df.SpikeInput("s", 2, [0], [-1] * ms), "times of input 's'.*zero or more"),
        (lambda: df.PoissonInput("s", 2, np.inf * Hz), "rate of input 's' is inf"),
        (lambda: df.PoissonInput("s", 2, 5 * Hz, start=np.nan * ms), "start of input 's'"),
        (lambda: df.PoissonInput("s", 2, 5 * Hz, start=2 * ms, stop=1 * ms), "a later"),
        (lambda: df.CurrentInput("cells", 1.0, start=np.nan * ms), "start of current input onto"),
        (lambda: network(df.CurrentInput("cells", np.nan)), "amplitude .* expected finite"),
        (lambda: network(weight=np.nan * nS), "weight of projection 'drive' is nan S"),
        (lambda: pairs(weight=np.array([1, np.nan]) * nS), "weight .* not finite at 1"),
        (lambda: pairs(weight=np.ones((2, 2)) * nS), "weight .* explicit pairs"),
        (lambda: network(delay=np.nan * ms), "delay of projection 'drive' is nan s"),
        (lambda: network(delay=np.inf * ms), "delay of projection 'drive' is inf"),
        (lambda: pairs(delay=NAN_TIMES), "delay of projection 'drive' is not finite at 1"),
        (lambda: network(pairs=3), "pairs of projection 'drive' are 3"),
        (lambda: network(pairs=([0], [4])), "pairs of projection 'drive' reach index 4"),
        (lambda: network(pairs=([-1], [0])), "reach from -1"),
        (lambda: network(pairs=np.ones((2, 4), dtype=bool)), "are a mask"),
        (lambda: network(excluded="all"), "excluded of projection 'drive' are 'all'"),
        (lambda: network(parameters={"a": np.ones(2)}), r"parameters\['a'\] of projection"),
        (lambda: network(autapses="no"), "autapses .* expected True or False"),
        (lambda: population(parameters=[1]), "parameters of population 'cells' is .1.: expected"),
        (lambda: population(parameters={"tau": np.nan * ms}), "expected finite numbers"),
        (lambda: population(parameters={"tau": 1j}), r"parameters\['tau'\]"),
        (lambda: population(parameters={"tau": object()}), r"\['tau'\] of .* is a object"),
        (lambda: population(refractory=-3 * ms), "refractory of population 'cells'"),
        (lambda: population(refractory=np.ones(3) * ms), r"shape \(3,\): expected a scalar or"),
        (lambda: population(durations={"a": -3 * ms}), r"durations\['a'\]"),
        (lambda: population(heterogeneity={"tau": 1e200}), r"\['tau'\] .* expected at most 100"),
        (lambda: population(positions=np.zeros((4, 3))), "positions of population .* a length"),
        (lambda: population(events=("x",)), "one of the events .* expected Event"),
        (lambda: df.plasticity_rule("pair_stdp", w_max=np.nan), "w_max"),
        (lambda: df.replicate("cells", 2), "network is 'cells': expected a Network"),
        (lambda: df.Normal(1, np.nan), "standard deviation of a normal distribution is nan"),
        (lambda: df.Normal(1 * ms, 1 * mV), "standard deviation .* expected a quantity, in units"),
        (lambda: df.Normal(1.0, 0.1, low=1.59), "fewer than 0.001 .* bounds: widen them"),
        (lambda: df.Normal(1.0, 0.1, low=2.0, high=1.0), "bounds: widen them"),
        (lambda: df.LogNormal(np.nan, 0.1), "mean of a log-normal distribution is nan"),
        (lambda: df.LogNormal(1.0, np.nan), "coefficient of variation .* one finite number"),
        (lambda: df.Uniform(2.0, 1.0), "high of a uniform distribution is 1"),
        (lambda: df.GaussianKernel(np.nan, 1 * metre), "p_max of a kernel is nan"),
        (lambda: df.GaussianKernel(0.5, 0 * metre), "sigma of a kernel is .* more than zero"),
    ],
)
def test_values_that_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(DualframeError, match=message):
        make()


@pytest.mark.parametrize(
    ("with_texts", "with_quantities"),
    [
        (
            lambda: df.PoissonInput("s", 2, "50 Hz", "1 ms", "2 ms"),
            lambda: df.PoissonInput("s", 2, 50 * Hz, 1 * ms, 2 * ms),
        ),
        (
            lambda: df.PoissonInput("s", 2, ["50 Hz", "20 Hz"]),
            lambda: df.PoissonInput("s", 2, [50, 20] * Hz),
        ),
        (
            lambda: df.SpikeInput("s", 2, [0, 1], ["1 ms", "2 ms"]),
            lambda: df.SpikeInput("s", 2, [0, 1], [1, 2] * ms),
        ),
        (
            lambda: df.SpikeInput("s", 2, [0, 1], [1 * ms, 2 * ms]),
            lambda: df.SpikeInput("s", 2, [0, 1], [1, 2] * ms),
        ),
        (lambda: df.CurrentInput("cells", "1 pA"), lambda: df.CurrentInput("cells", 1 * pA)),
        (lambda: df.Recording("v", every="1 ms"), lambda: df.Recording("v", every=1 * ms)),
        (
            lambda: network(weight="2 nS", delay="1 ms", parameters={"a": "1 mV"}),
            lambda: network(weight=2 * nS, delay=1 * ms, parameters={"a": 1 * mV}),
        ),
        (
            lambda: population(parameters={"tau": "10 ms"}, initial={"g": "1 nS"}),
            lambda: population(parameters={"tau": 10 * ms}, initial={"g": 1 * nS}),
        ),
        (lambda: population(refractory="3 ms"), lambda: population(refractory=3 * ms)),
        (lambda: df.Normal("1 ms", "0.1 ms"), lambda: df.Normal(1 * ms, 0.1 * ms)),
        (
            lambda: df.plasticity_rule("pair_stdp", w_max="2 nS"),
            lambda: df.plasticity_rule("pair_stdp", w_max=2 * nS),
        ),
    ],
)
def test_texts_with_units_become_quantities(
    with_texts: Callable[[], Any], with_quantities: Callable[[], Any]
) -> None:
    assert with_texts() == with_quantities()


def test_an_expression_stays_a_refractory_period() -> None:
    assert population(refractory="3*ms").refractory == "3*ms"
    assert population(refractory="2*tau").refractory == "2*tau"


@pytest.mark.parametrize("target", ["runtime", "cpp_standalone", "genn"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: network(weight=2),
            "'drive': weight is 2, with no unit, but 'g' of 'cells' has the unit siemens; write "
            r"2\*nS or '2 nS'",
        ),
        (lambda: network(weight=2 * mV), "with the unit volt, but 'g' of 'cells'"),
        (lambda: network(weight="2 nS", on_pre="v += w"), "expected a number without unit"),
        (lambda: network(weight=None), "use 'w': give weight="),
        (
            lambda: network(on_pre="g += w*a", parameters={"a": 1 * mV}),
            "'g .= w.a' .*expected the unit siemens for 'g'|number without|weight is",
        ),
        (lambda: df.Network([population(threshold="v > 1*mV")]), "threshold 'v > 1.mV'.* no unit"),
        (lambda: df.Network([population(reset="v = 1*mV")]), "reset 'v = 1.mV'.*unit volt"),
        (lambda: df.Network([population(reset="dt = 1*ms")]), "writes 'dt'"),
        (
            lambda: df.Network([population(parameters={"tau": 1 * mV})]),
            "dv/dt = .* 'tau' has the unit volt",
        ),
        (lambda: df.Network([population(initial={"g": 1})]), r"initial\['g'\] is 1, with no unit"),
        (lambda: df.Network([population(refractory="3*mV")]), "refractory '3.mV'"),
        (lambda: df.Network([population(method="magic")]), "integration method .* 'magic'"),
        (
            lambda: df.Network([population(equations=EQUATIONS + "\nx : 1 (summed)")]),
            "expected other flags",
        ),
    ],
)
def test_units_that_do_not_fit_are_found_before_code_is_generated(
    make: Callable[[], df.Network], message: str, target: str
) -> None:
    problems = [str(feature) for feature in df.check(make(), target)]
    assert any(re.search(message, problem) for problem in problems), problems


def test_fitting_units_are_no_problem() -> None:
    assert df.check(network(weight=df.LogNormal(2 * nS, 0.3)), "runtime") == []
    assert df.check(network(on_pre="g = clip(g + w, 0*siemens, 9*nS); v *= 2"), "runtime") == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: df.run(df.circuit("l23"), 1 * ms), "network is a Circuit: .* build it first"),
        (lambda: df.run(None, 1 * ms), "network is None: expected a Network"),
        (lambda: df.run(network(), 1 * ms, record="v"), "record is 'v': expected populations"),
        (lambda: df.run(network(), 1 * ms, record={"cells": None}), r"record\['cells'\] is None"),
        (lambda: df.run(network(), 1 * ms, threads="2"), "threads is '2'"),
        (lambda: df.run(network(), 1 * ms, target=None), "target None"),
        (lambda: df.check("cells"), "network is 'cells'"),
        (lambda: df.assemble([]), "network is .*: expected a Network"),
        (lambda: df.export(network(), 1 * ms, None), "out_dir is None"),
        (lambda: df.Network("cells"), "populations are 'cells': expected a list of Population"),
        (lambda: df.Network(population()), "populations are a Population: expected a list"),
        (lambda: df.Network([population()], [NeuronGroup(1, "v : 1")]), "one of the inputs is"),
        (lambda: df.Network([NeuronGroup(1, "v : 1")]), "expected Population"),
        (lambda: df.biological.build("l23"), "circuit is 'l23': expected a Circuit"),
        (lambda: df.task_driven.build(df.circuit("l23"), model=None), "model is None"),
        (lambda: df.train(network()), "task is a Network: expected a Task"),
        (lambda: df.evaluate(network()), "agents is a Network: expected TrainedAgents"),
        (lambda: df.compare_conditions({"a": "b"}), r"conditions\['a'\] is 'b'"),
        (lambda: df.report("x", "x.html"), "results is 'x': expected a Results"),
        (lambda: df.circuit(None), "circuit is None: expected the path"),
    ],
)
def test_natural_mistakes_are_one_clear_line(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DualframeError, match=message) as caught:
        call()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: df.run(network(), "1e9 s"), "1e.13 steps .* at most 1e.10"),
        (lambda: df.run(network(), 1 * ms, dt="1e-15 s"), "1e.12 steps"),
        (lambda: df.run(network(), 1 * ms, dt="2.5 ms"), "shorter than the time step"),
        (lambda: df.run(network(delay=1e9 * second), 1 * ms), "1e.13 time steps"),
        (lambda: df.run(network(delay=1e-9 * second), 1 * ms), "less than half a time step"),
        (
            lambda: df.run(network(pairs=None, number=10**13), 1 * ms),
            "needs at least 320 TB of memory.*1e.13 synapses of 'drive'",
        ),
        (
            lambda: df.run(network(df.PoissonInput("s", 2 * 10**9, 1 * kHz)), 1e4 * second),
            "needs at least .* spikes at the rate of 's'",
        ),
        (
            lambda: df.run(
                df.Network([population(n=2 * 10**9)]), 1 * ms, record={"cells": df.Recording("v")}
            ),
            "needs at least .*2e.10 samples recorded of 'cells'",
        ),
        (lambda: df.replicate(network(), 10**12), "1e.12 replicas .* needs at least 128 TB"),
        (
            lambda: df.biological.build(df.circuit("l23").scaled(1e9)),
            "circuit 'l23' at scale 1e.09 needs at least",
        ),
        (
            lambda: df.circuit("l23").with_modulation(
                "ACh", pulses={"start": "0 s", "interval": "1 s", "count": 10**12, "rise": 0.1}
            ),
            "count of the pulses is 1e.12, which needs at least 16 TB",
        ),
        (lambda: df.train(df.task("distal_reward"), agents=10**12), "1e.12 replicas"),
    ],
)
def test_what_is_too_large_is_refused_before_an_array_is_made(
    call: Callable[[], Any], message: str
) -> None:
    with pytest.raises(DualframeError, match=message):
        call()


def test_memory_is_limited_by_the_limit_of_the_process() -> None:
    resource = pytest.importorskip("resource")
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = 2**46 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        assert usable_memory() <= limit
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
    assert memory_text(3.1e12) == "3.1 TB"
    assert memory_text(120) == "120 B"


def test_a_network_has_other_parameters_of_one_population() -> None:
    before = network()
    after = before.with_parameters("cells", tau=[5, 10, 20, 40] * ms)
    assert after.population("cells").parameters["tau"][3] == 40 * ms
    assert before.population("cells").parameters["tau"] == 10 * ms
    assert after.with_parameters("cells", tau="10 ms") == before
    for values, message in (
        ({"taus": 1 * ms}, "unknown parameter of population 'cells' 'taus'. Did you mean 'tau'"),
        ({"tau": 1 * mV}, "parameter 'tau' of population 'cells' is 1. [*] mvolt"),
        ({"tau": [1, 2] * ms}, r"shape \(2,\): expected a scalar or \(4,\)"),
    ):
        with pytest.raises(DualframeError, match=message):
            before.with_parameters("cells", **values)
