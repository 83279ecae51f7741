"""The kinds of receptor effects by name; `dualframe.register` adds a user's own."""

from __future__ import annotations

from dualframe.core.registry import Registry
from dualframe.receptor_effects.adaptation import ADAPTATION
from dualframe.receptor_effects.conductance import CONDUCTANCE
from dualframe.receptor_effects.described import DESCRIBED
from dualframe.receptor_effects.dspike import DSPIKE
from dualframe.receptor_effects.effect_kind import EffectKind
from dualframe.receptor_effects.gain import GAIN
from dualframe.receptor_effects.hcn import HCN
from dualframe.receptor_effects.leak import LEAK
from dualframe.receptor_effects.plasticity import PLASTICITY
from dualframe.receptor_effects.release import RELEASE
from dualframe.receptor_effects.rest import REST
from dualframe.receptor_effects.threshold import THRESHOLD

EFFECT_KINDS = Registry(
    "kind of effect",
    EffectKind,
    (
        CONDUCTANCE,
        HCN,
        LEAK,
        REST,
        ADAPTATION,
        THRESHOLD,
        DSPIKE,
        RELEASE,
        GAIN,
        PLASTICITY,
        DESCRIBED,
    ),
)
