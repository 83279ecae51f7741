"""Spikes of neurons that have no reset: an upward crossing of a potential.

``above`` is one where the potential lay above ``V_spike`` before the step, so that a spike is
counted once, in the step in which the potential arrives there, on every target.
"""

from __future__ import annotations

EQUATION = "dabove/dt = (int(V > V_spike) - above)/dt : 1"
THRESHOLD = "V > V_spike and above < 0.5"
RESET = "above = 1"
