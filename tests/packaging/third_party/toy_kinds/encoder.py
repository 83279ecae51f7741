"""Poisson neurons that fire at a rate while a variable is on."""

from dualframe.building.encoders.encoder import Encoder
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.task_context import ENVIRONMENT
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Population


def make_block(name, entries, context):
    """Return the population, and the copy of what it sees."""
    (variable,) = entries["observes"]
    context.check_variable(variable, f"encoder {name!r}")
    cells = Population(
        name=name,
        n=round(float(entries["n"])),
        equations="seen : 1",
        threshold="rand() < rate*seen*dt",
        parameters={"rate": entries["rate"]},
        sign=1,
        voltage="seen",
    )
    return NetworkBlock((cells,), (copy_variable(ENVIRONMENT, variable, name, "seen"),))


TOY_FLICKER = Encoder(
    name="toy_flicker",
    title="Poisson neurons that fire while a variable is on",
    schema=SectionSchema(
        numbers={"n": "dimensionless", "rate": "rate"},
        lists=("observes",),
        defaults={"n": "10"},
    ),
    count_neurons=lambda entries: round(float(entries["n"])),
    make_block=make_block,
    source="a test of dualframe",
)
