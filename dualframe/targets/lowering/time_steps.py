"""Times in whole time steps."""

from __future__ import annotations

from typing import Any

import numpy as np


def nearest_steps(time: Any, dt: float) -> int:
    """Return the number of time steps that is nearest to a time; a half is rounded up.

    Parameters
    ----------
    time
        The time.
    dt
        Time step (s).
    """
    return int(np.floor(float(np.asarray(time)) / dt + 0.5))
