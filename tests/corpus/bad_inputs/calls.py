"""What the cases of the Python API are made of: a small network, and how it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brian2 import ms

import dualframe as df

from .attempts import CLEAR, Case

eq = "dv/dt = -v/(10*ms) + I_ext/second : 1\nI_ext : 1\ng : 1"


def pop(**more: Any) -> Any:
    return df.Population(
        **{"name": "p", "n": 4, "equations": eq, "threshold": "v > 1", "reset": "v = 0", **more}
    )


def net(p: Any = None, inputs: Any = (), **projection: Any) -> Any:
    made = (
        [
            df.Projection(
                **{
                    "source": "p",
                    "target": "p",
                    "on_pre": "v += w",
                    "weight": 0.1,
                    "pairs": "all_to_all",
                    "name": "q",
                    **projection,
                }
            )
        ]
        if projection
        else []
    )
    return df.Network([p or pop()], inputs, made)


def go(network: Any, duration: Any = 5 * ms, **more: Any) -> Any:
    return df.run(network, duration, **{"target": "runtime", "seed": 1, **more})


def add_call(
    cases: list[Case], id: str, call: Callable[[], Any], *culprit: str, **more: Any
) -> None:
    """Add a case of a call."""
    options = {"expect": CLEAR, "culprit": culprit, **more}
    cases.append(Case(id=f"api/{id}", run=lambda folder: call(), api=True, **options))
