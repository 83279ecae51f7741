"""A user's environment in one file: a lamp with a switch, to be turned on and left alone."""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments import (
    Discrete,
    EnvironmentEquations,
    EnvironmentParameter,
    EnvironmentSpec,
    Observation,
)

PARAMETERS = (
    EnvironmentParameter("interval", "10 ms", "time between decisions", status="assumed"),
    EnvironmentParameter("cost", 0.1, "cost of using the switch", status="assumed"),
    EnvironmentParameter("burning", "30 ms", "longest trial", status="assumed", kind="ticks"),
)

EQUATIONS = """
lit_next = lit + choice - 2*lit*choice : 1
terminal = 0 : 1
reward_next = lit_next - cost*choice : 1
succeeded = lit_next : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    return EnvironmentEquations(
        state=("lit",),
        equations=EQUATIONS,
        start={"lit": "0"},
        action=Discrete(2),
        observations=(Observation("lit", 0, 1),),
    )


LAMP = EnvironmentSpec(
    name="toy_lamp",
    title="a lamp with a switch",
    source="an example of the tests",
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="burning",
)
