"""The kinds of synaptic kinetics, by name."""

from __future__ import annotations

from dualframe.core.registry import Registry
from dualframe.synapses.double_alpha import DOUBLE_ALPHA
from dualframe.synapses.dual_exponential import DUAL_EXPONENTIAL
from dualframe.synapses.exponential import EXPONENTIAL
from dualframe.synapses.kinetics import SynapseKinetics

SYNAPSE_KINETICS = Registry(
    "synapse kinetics", SynapseKinetics, (EXPONENTIAL, DUAL_EXPONENTIAL, DOUBLE_ALPHA)
)
