"""Synapse models: kinetics, receptor currents and short-term plasticity.

One file for each kind of kinetics (`exponential`, `dual_exponential`, `double_alpha`) and one for
the magnesium block of NMDA channels; `receptor_current` makes a current of them, and
`synapse_equations.synapse_equations` all currents that one kind of presynaptic spike opens.
"""

from dualframe.synapses.double_alpha import DoubleAlpha
from dualframe.synapses.dual_exponential import DualExponential
from dualframe.synapses.exponential import Exponential
from dualframe.synapses.kinetics import GatingEquations, Kinetics, SynapseKinetics, peak_factor
from dualframe.synapses.magnesium_block import MagnesiumBlock
from dualframe.synapses.receptor_currents import ReceptorCurrent, receptor_current
from dualframe.synapses.registry import SYNAPSE_KINETICS
from dualframe.synapses.short_term_plasticity import ShortTerm, with_short_term

__all__ = [
    "SYNAPSE_KINETICS",
    "DoubleAlpha",
    "DualExponential",
    "Exponential",
    "GatingEquations",
    "Kinetics",
    "MagnesiumBlock",
    "ReceptorCurrent",
    "ShortTerm",
    "SynapseKinetics",
    "peak_factor",
    "receptor_current",
    "with_short_term",
]
