"""The target ``genn``."""

from __future__ import annotations

from dualframe.targets.genn.requirements import missing_requirements
from dualframe.targets.genn.run import run
from dualframe.targets.genn.unsupported_features import unsupported_features
from dualframe.targets.target import Target

GENN = Target(
    name="genn",
    description="GPU or CPU through Brian2GeNN and GeNN 4.9",
    missing_requirements=missing_requirements,
    unsupported_features=unsupported_features,
    run=run,
)
