"""The drawn input of a case, as plain arrays that both sides get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from models import DT, DURATION, Case
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Spikes:
    """Input spikes by source and time step, and who gets them."""

    statement: str
    sources: int
    indices: Indices
    steps: Indices
    pre: Indices
    post: Indices


@dataclass(frozen=True)
class Drawn:
    """Everything random about a case."""

    spikes: tuple[Spikes, ...]
    recurrent: tuple[Indices, Indices] | None


def draw(case: Case) -> Drawn:
    """Draw the input of a case, the same at every call."""
    rng = case.rng
    spikes = tuple(_spikes(case, drive, rng) for drive in case.drives)
    if case.recurrence is None:
        return Drawn(spikes, None)
    chosen = rng.random((case.n, case.n)) < case.recurrence.probability
    return Drawn(spikes, np.nonzero(chosen & ~np.eye(case.n, dtype=bool)))


def _spikes(case: Case, drive: Any, rng: np.random.Generator) -> Spikes:
    steps = round(float(DURATION / DT))
    probability = drive.rate * float(DT)
    fired = rng.random((steps, drive.sources)) < probability
    when, which = np.nonzero(fired)
    partners = [rng.choice(drive.sources, drive.fan_in, replace=False) for _ in range(case.n)]
    post = np.repeat(np.arange(case.n), drive.fan_in)
    return Spikes(drive.statement, drive.sources, which, when, np.concatenate(partners), post)
