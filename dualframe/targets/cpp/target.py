"""The target ``cpp_standalone``."""

from __future__ import annotations

from dualframe.targets.cpp.requirements import missing_requirements
from dualframe.targets.cpp.run import run
from dualframe.targets.target import Target, no_unsupported_features

CPP_STANDALONE = Target(
    name="cpp_standalone",
    description="one C++ program, compiled once per structure",
    missing_requirements=missing_requirements,
    unsupported_features=no_unsupported_features,
    run=run,
)
