"""The target ``genn5``."""

from __future__ import annotations

from dualframe.targets.genn5.requirements import missing_requirements
from dualframe.targets.genn5.run import run
from dualframe.targets.genn5.unsupported_features import unsupported_features
from dualframe.targets.target import Target

GENN5 = Target(
    name="genn5",
    description="GPU or CPU through PyGeNN 5",
    missing_requirements=missing_requirements,
    unsupported_features=unsupported_features,
    run=run,
)
