"""Helper modules of this folder are found under every import mode; runs that several tests use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from compare import Trains

    from dualframe.network import Network


@pytest.fixture(scope="session")
def models_network() -> Network:
    """All Dendrify models as populations of one network."""
    from models import CASES
    from ours import network

    return network(CASES)


@pytest.fixture(scope="session")
def runtime(models_network: Network) -> Trains:
    """All Dendrify models on the runtime, the reference of the other targets."""
    from ours import run_ours

    return run_ours(models_network, "runtime", strict=True)
