"""Plasticity rules: one short file each, from numbers to the equations of portable synapses.

Both branches use them: a rule needs a projection and the postsynaptic neuron, whatever its model.
`dualframe.plasticity_rule` makes one with the catalogue's numbers, for a projection.
"""

from dualframe.plasticity.adaptive_threshold import adaptive_threshold
from dualframe.plasticity.insert_rules import with_rules
from dualframe.plasticity.registry import RULES
from dualframe.plasticity.sliding_thresholds import with_sliding_thresholds
from dualframe.plasticity.trained_weights import freeze_learning, with_weights

__all__ = [
    "RULES",
    "adaptive_threshold",
    "freeze_learning",
    "with_rules",
    "with_sliding_thresholds",
    "with_weights",
]
