"""Releases: what happens in a task, and which modulator it releases where."""

from dualframe.building.releases.registry import RELEASES
from dualframe.building.releases.release import Release

__all__ = ["RELEASES", "Release"]
