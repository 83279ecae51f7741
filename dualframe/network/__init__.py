"""The description of a network: inert, frozen, comparable and serialisable data.

Both branches end here and every target begins here. Nothing in this package simulates, draws
random numbers or creates Brian2 objects; only Brian2's quantities are used, as values.
"""

from dualframe.network.copied_variable import copy_variable
from dualframe.network.inputs import CurrentInput, Input, PoissonInput, Recording, SpikeInput
from dualframe.network.network import Network, expect_network
from dualframe.network.plasticity_spec import Plasticity
from dualframe.network.population import Event, Population
from dualframe.network.projection import Projection
from dualframe.network.replicate import replicate
from dualframe.network.value_record import ValueRecord, variables

__all__ = [
    "CurrentInput",
    "Event",
    "Input",
    "Network",
    "Plasticity",
    "PoissonInput",
    "Population",
    "Projection",
    "Recording",
    "SpikeInput",
    "ValueRecord",
    "copy_variable",
    "expect_network",
    "replicate",
    "variables",
]
