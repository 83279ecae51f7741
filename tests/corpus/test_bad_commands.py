"""Bad and hostile input on the command line is refused in a clear line, or works rightly."""

from __future__ import annotations

from pathlib import Path

import pytest
from group_results import check_group


@pytest.mark.parametrize(
    ("group", "least"),
    [("circuit_files", 270), ("options", 110), ("output_folders", 33), ("commands", 110)],
)
def test_bad_input_is_refused_clearly(group: str, least: int, tmp_path: Path) -> None:
    check_group(group, tmp_path, least)
