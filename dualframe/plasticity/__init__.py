"""Plasticity rules: one short file each, from numbers to the equations of portable synapses.

Both branches use them: a rule needs a projection and the postsynaptic neuron, whatever its model.
`dualframe.plasticity_rule` makes one with the catalogue's numbers, for a projection.
"""

from dualframe.plasticity.adaptive_threshold import with_adaptive_threshold
from dualframe.plasticity.insert_rules import insert_plasticity_rules, rules_that_visit
from dualframe.plasticity.registry import PLASTICITY_RULES
from dualframe.plasticity.rule import PlasticityRule, RuleEquations
from dualframe.plasticity.sliding_thresholds import with_sliding_thresholds
from dualframe.plasticity.trained_weights import freeze_learning, with_weights

__all__ = [
    "PLASTICITY_RULES",
    "PlasticityRule",
    "RuleEquations",
    "freeze_learning",
    "insert_plasticity_rules",
    "rules_that_visit",
    "with_adaptive_threshold",
    "with_sliding_thresholds",
    "with_weights",
]
