"""An effect that is known, and enters no model."""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind

DESCRIBED = EffectKind(name="described", equation="", add_equations=None)
