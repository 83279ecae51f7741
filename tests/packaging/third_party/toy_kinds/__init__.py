"""What this package adds to dualframe: one file a kind, announced by one entry point."""

from toy_kinds.connection_rule import TOY_NEIGHBOURS
from toy_kinds.effect import TOY_THRESHOLD_SHIFT
from toy_kinds.encoder import TOY_FLICKER
from toy_kinds.environment import TOY_EAST
from toy_kinds.neuron_model import TOY_LIF
from toy_kinds.plasticity_rule import TOY_REWARDED_HEBB

KINDS = (
    TOY_LIF,
    TOY_REWARDED_HEBB,
    TOY_EAST,
    TOY_FLICKER,
    TOY_THRESHOLD_SHIFT,
    TOY_NEIGHBOURS,
)
