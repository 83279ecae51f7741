"""Counts of Poisson events, as each target draws them, against Poisson's law.

Chi-squared against the law at a level of 1e-4: runs have a seed, so each passes or fails for good.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from brian2 import Hz, kHz, ms
from scipy import stats

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.environments.expression_evaluator import compile_expression
from dualframe.targets.genn.unsupported_features import refuse_draws
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.poisson_counts import count_by_uniform_numbers
from dualframe.targets.target_support import missing_requirements

CELLS, STEPS, ALPHA = 1000, 200, 1e-4
COUNTER = """
count = poisson(rate*dt) : 1 (constant over dt)
dnone/dt = int(count == 0)/dt : 1
done/dt = int(count == 1)/dt : 1
dtwo/dt = int(count == 2)/dt : 1
dmore/dt = int(count > 2)/dt : 1
"""
BINS = ("none", "one", "two", "more")


def counting_cells(rate: object) -> df.Network:
    """Cells that count how often a step has no, one, two and more events."""
    return df.Network((df.Population("cells", CELLS, COUNTER, parameters={"rate": rate}),))


def frequencies(rate: object, dt: object, target: str) -> np.ndarray:
    """How often a step of a cell had none, one, two and more events."""
    done = df.run(
        counting_cells(rate),
        STEPS * dt,
        dt=dt,
        target=target,
        seed=4,
        record={"cells": df.Recording(tuple(BINS))},
        progress=False,
        **({"use_gpu": False} if target.startswith("genn") else {}),
    )
    values = done.traces["cells"].values
    return np.array([values[name][:, -1].sum() for name in BINS])


def law(mean: float) -> np.ndarray:
    """Chances of none, one, two and more events in a step."""
    chances = stats.poisson.pmf(np.arange(3), mean)
    return np.append(chances, 1 - chances.sum())


def follows(counted: np.ndarray, mean: float) -> bool:
    """Whether counts follow Poisson's law of this mean per step."""
    return bool(stats.chisquare(counted, law(mean) * counted.sum()).pvalue > ALPHA)


@pytest.mark.parametrize("dt", [0.1, 0.05])
@pytest.mark.parametrize(
    "target",
    [
        "runtime",
        pytest.param("cpp_standalone", marks=pytest.mark.cpp),
        pytest.param("genn", marks=[pytest.mark.genn, pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param("genn5", marks=pytest.mark.genn5),
    ],
)
def test_background_counts_follow_poissons_law(target: str, dt: float) -> None:
    """2.2 kHz, as PV cells receive, of which a source that spikes once per step loses a tenth."""
    if reasons := missing_requirements(target, use_gpu=False):
        pytest.skip("; ".join(reasons))
    counted = frequencies(2200 * Hz, dt * ms, target)
    assert follows(counted, 0.22 * dt / 0.1)
    assert not follows(counted, 0.235 * dt / 0.1)
    at_most_one = np.array([counted[0], counted[1:].sum(), 0, 0])
    assert not follows(at_most_one, 0.22 * dt / 0.1)


@pytest.mark.parametrize("mean", [1e-6, 0.03, 0.22, 1.3, 4.0])
def test_chances_are_those_of_poissons_law(mean: float) -> None:
    """Mean and variance from the text of the chances: rounding and the end of the sum are left."""
    lowered = lower_network(counting_cells(mean * 1e4 * Hz), dt=0.1 * ms, duration=1 * ms, seed=0)
    (group,) = count_by_uniform_numbers(lowered).groups
    (line,) = (x for x in group.equations.splitlines() if x.startswith("count ="))
    tails = re.findall(r"chance_count < (.*?)\)(?: \+ int|\s*:)", line)
    values = {"rate": mean * 1e4, "dt": 1e-4}
    of = [compile_expression(text, lambda: 0.5)(values) for text in tails]
    chances = np.array(of, dtype=float)  # of k or more events
    assert len(tails) == {1e-6: 8, 0.03: 8, 0.22: 8, 1.3: 16, 4.0: 24}[mean]
    np.testing.assert_allclose(
        chances, stats.poisson.sf(np.arange(len(tails)), mean), rtol=1e-7, atol=1e-14
    )
    assert chances.sum() == pytest.approx(mean, rel=1e-8)


@pytest.mark.genn5
def test_genn5_draws_what_no_sum_reaches() -> None:
    """Twenty events per step: the mean and the variance of their number, at five errors."""
    if reasons := missing_requirements("genn5", use_gpu=False):
        pytest.skip("; ".join(reasons))
    text = "n = poisson(rate*dt) : 1 (constant over dt)"
    drawn = df.Population("cells", CELLS, text, parameters={"rate": 200 * kHz})
    done = df.run(
        df.Network((drawn,)),
        STEPS * 0.1 * ms,
        target="genn5",
        seed=4,
        record={"cells": df.Recording("n")},
        use_gpu=False,
        progress=False,
    )
    counts = done.traces["cells"].values["n"]
    assert abs(counts.mean() - 20) < 5 * np.sqrt(20 / counts.size)
    assert abs(counts.var() - 20) < 5 * np.sqrt((2 * 20**2 + 20) / counts.size)


def test_what_no_sum_reaches_stays_poisson_and_genn_refuses_it() -> None:
    more = lower_network(counting_cells(200 * kHz), dt=0.1 * ms, duration=1 * ms, seed=0)
    lowered = count_by_uniform_numbers(more)
    assert "count = poisson(rate*dt)" in lowered.groups[0].equations
    with pytest.raises(TargetError, match=r"'cells'.*0.1 ms.*smaller"):
        refuse_draws(lowered)
    fewer = lower_network(counting_cells(20 * kHz), dt=0.1 * ms, duration=1 * ms, seed=0)
    assert "count = poisson(rate*dt)" in fewer.groups[0].equations
    refuse_draws(count_by_uniform_numbers(fewer))
    assert not [b for b in df.check(counting_cells(20 * kHz), target="genn") if "poisson" in str(b)]
    drawn = df.Population("own", 1, "dx/dt = poisson(0.3)/dt : 1")
    assert [b for b in df.check(df.Network((drawn,)), target="genn") if "poisson" in str(b)]
