"""Plasticity rules: one short file each, from the catalogue's numbers to portable synapses.

Both branches use them: a rule needs a projection and the postsynaptic neuron, whatever its model.

>>> from brian2.units import nS
>>> from dualframe.plasticity import plastic
>>> plastic("pair_stdp", w_max=2 * nS).origin
'pair_stdp, set song'
"""

from dualframe.plasticity.adaptive_threshold import adaptive_threshold
from dualframe.plasticity.insert_rules import with_rules
from dualframe.plasticity.plastic import plastic, plasticity
from dualframe.plasticity.registry import RULES
from dualframe.plasticity.sliding_thresholds import with_sliding_thresholds
from dualframe.plasticity.trained_weights import frozen, with_weights
from dualframe.synapses.short_term_plasticity import ShortTerm, with_short_term

__all__ = [
    "RULES",
    "ShortTerm",
    "adaptive_threshold",
    "frozen",
    "plastic",
    "plasticity",
    "with_rules",
    "with_short_term",
    "with_sliding_thresholds",
    "with_weights",
]
