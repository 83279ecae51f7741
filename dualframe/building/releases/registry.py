"""The releases that a task file can name."""

from __future__ import annotations

from dualframe.building.releases.delayed_pulse import DELAYED_PULSE
from dualframe.building.releases.excitability_switch import EXCITABILITY_SWITCH
from dualframe.building.releases.held_level import HELD_LEVEL
from dualframe.building.releases.release import Release
from dualframe.building.releases.signal_current import SIGNAL_CURRENT
from dualframe.building.releases.signal_pulse import SIGNAL_PULSE
from dualframe.building.releases.signal_release import SIGNAL_RELEASE
from dualframe.building.releases.td_error import TD_ERROR
from dualframe.core.registry import Registry

RELEASES: Registry[Release] = Registry(
    "release",
    Release,
    (
        SIGNAL_RELEASE,
        SIGNAL_CURRENT,
        HELD_LEVEL,
        SIGNAL_PULSE,
        DELAYED_PULSE,
        TD_ERROR,
        EXCITABILITY_SWITCH,
    ),
)
