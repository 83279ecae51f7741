"""The target ``runtime``."""

from __future__ import annotations

from dualframe.targets.brian.requirements import missing_requirements
from dualframe.targets.brian.run import run
from dualframe.targets.target import Target, no_unsupported_features

RUNTIME = Target(
    name="runtime",
    description="Brian2 with NumPy, no compiler needed",
    missing_requirements=missing_requirements,
    unsupported_features=no_unsupported_features,
    run=run,
)
