"""The comparator and the runner of stock Dendrify lie with the agreement tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "agreement"))
