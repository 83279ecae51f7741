"""The plasticity rules that can run, by name."""

from __future__ import annotations

from dualframe.core.registry import Registry
from dualframe.plasticity.consolidation import CONSOLIDATION
from dualframe.plasticity.da_5ht import DA_5HT
from dualframe.plasticity.exploratory_hebbian import EXPLORATORY_HEBBIAN
from dualframe.plasticity.htp import HTP
from dualframe.plasticity.inhibitory_stdp import INHIBITORY_STDP
from dualframe.plasticity.pair_stdp import PAIR_STDP
from dualframe.plasticity.r_stdp import R_STDP
from dualframe.plasticity.rchp import RCHP
from dualframe.plasticity.rule import PlasticityRule
from dualframe.plasticity.sn_plast import SN_PLAST
from dualframe.plasticity.supralinear_hebbian import SUPRALINEAR_HEBBIAN
from dualframe.plasticity.synaptic_scaling import SYNAPTIC_SCALING
from dualframe.plasticity.td_lambda import TD_LAMBDA
from dualframe.plasticity.td_stdp import TD_STDP
from dualframe.plasticity.triplet_stdp import TRIPLET_STDP

PLASTICITY_RULES = Registry(
    "plasticity rule",
    PlasticityRule,
    (
        PAIR_STDP,
        TRIPLET_STDP,
        INHIBITORY_STDP,
        R_STDP,
        TD_STDP,
        SN_PLAST,
        TD_LAMBDA,
        DA_5HT,
        EXPLORATORY_HEBBIAN,
        SUPRALINEAR_HEBBIAN,
        RCHP,
        HTP,
        SYNAPTIC_SCALING,
        CONSOLIDATION,
    ),
)
