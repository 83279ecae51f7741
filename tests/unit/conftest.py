"""Generated C++ projects, made once for all tests of the build."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """One network with two sets of numbers: seed, duration, parameters, synapses, input."""
    from generated_projects import generate

    folder = tmp_path_factory.mktemp("generated")
    return {number: generate(folder / str(number), number) for number in (1, 2)}
