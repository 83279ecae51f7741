"""Plasticity rules: one short file each, from the catalogue's numbers to portable synapses.

Both branches use them: a rule needs a projection and the postsynaptic neuron, whatever its model.

>>> from brian2.units import nS
>>> from dualframe.plasticity import plastic
>>> plastic("pair_stdp", w_max=2 * nS).origin
'pair_stdp, set song'
"""

from dualframe.plasticity.learned import frozen, with_weights
from dualframe.plasticity.plastic import plastic, plasticity
from dualframe.plasticity.registry import RULES
from dualframe.plasticity.writing import with_rules

__all__ = ["RULES", "frozen", "plastic", "plasticity", "with_rules", "with_weights"]
