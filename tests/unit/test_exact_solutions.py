"""Variables of linear equations that sympy solves: named anything, solved as themselves."""

from __future__ import annotations

import string

import numpy as np
import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.errors import TargetError

OF_SYMPY = ["E", "S", "gamma", "trace", "sum"]


def decaying(name: str, method: str) -> df.Network:
    equations = f"d{name}/dt = -{name}/(10*ms) : 1"
    cells = df.Population("cells", 1, equations, method=method, initial={name: 1.0})
    return df.Network((cells,))


def last_value(network: df.Network, name: str) -> float:
    """What is left after 10 ms."""
    record = {"cells": [name]}
    options = {"dt": 1 * ms, "target": "runtime", "seed": 1, "record": record, "progress": False}
    results = df.run(network, 11 * ms, **options)
    return float(results.traces["cells"].values[name][0, -1])


@pytest.mark.parametrize("name", OF_SYMPY)
@pytest.mark.parametrize("method", ["exact", "linear"])
def test_what_sympy_reads_as_its_own_is_refused(name: str, method: str) -> None:
    message = f"population 'cells' solves .*{name!r} is a (name|number) of its own; rename it"
    with pytest.raises(TargetError, match=message):
        last_value(decaying(name, method), name)


@pytest.mark.parametrize("name", OF_SYMPY)
def test_synapses_between_events_refuse_it_too(name: str) -> None:
    cells = df.Population("cells", 2, "x : 1", threshold="x > 1")
    fades = f"d{name}/dt = -{name}/(10*ms) : 1 (event-driven)"
    connected = {"weight": 1.0, "pairs": "all_to_all", "equations": fades}
    learn = df.Projection("cells", "cells", f"{name} += 1; x += w", name="learn", **connected)
    network = df.Network((cells,), (), (learn,))
    with pytest.raises(TargetError, match=f"projection 'learn' solves its variable {name!r}"):
        df.run(network, 1 * ms, target="runtime", progress=False)
    assert any(name in str(problem) for problem in df.check(network, target="cpp_standalone"))


@pytest.mark.parametrize("name", OF_SYMPY)
def test_other_methods_take_it(name: str) -> None:
    assert last_value(decaying(name, "euler"), name) == pytest.approx(0.9**10)


def test_every_letter_is_refused_or_solved_as_itself() -> None:
    """What Brian2 writes of the letter E, without an error, is the number 2.718."""
    refused = set()
    for name in sorted(set(string.ascii_letters) - {"t", "i", "e", "N"}):
        try:
            left = last_value(decaying(name, "exact"), name)
        except TargetError:
            refused.add(name)
        else:
            assert left == pytest.approx(np.exp(-1)), name
    assert {"E", "S"} <= refused
    assert len(refused) < 10
