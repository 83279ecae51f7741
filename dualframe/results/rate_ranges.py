"""Firing rates against the ranges that a circuit's file states.

A circuit starts at rest, so that its first half second is no state of it: rates leave it out, as
the calibration of circuits does, or the first half of a run that is shorter than a second.

A rate outside its range is called that where Poisson neurons at the nearer end of the range would
have so extreme a spike count with a probability below 0.00135 (three standard deviations), in a
window of 0.2 s at least; else it is unclear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy

WARMUP = 0.5  # s; a shorter run leaves out its first half
_SHORTEST = 0.2  # s
_CHANCE = 0.00135  # beyond three standard deviations of a normal distribution
IN_RANGE, BELOW, ABOVE, UNCLEAR, NO_RANGE = "in range", "below", "above", "unclear", "no range"
OUTSIDE = (BELOW, ABOVE)


def warmup_of(duration: float) -> float:
    """Return the time (s) at the start of a run of a circuit that does not count.

    Parameters
    ----------
    duration
        Simulated time in seconds.
    """
    return min(WARMUP, duration / 2)


def compare_with_ranges(
    rates: pd.DataFrame, ranges: Mapping[str, Sequence[float]], window: float
) -> pd.DataFrame:
    """Return a table of rates with their ranges, and whether they are in these.

    Parameters
    ----------
    rates
        From `Results.rates`.
    ranges
        Lowest and highest rate (Hz) by population.
    window
        In which the rates were measured, in seconds.
    """
    table = rates[["population", "cell_type", "n", "mean_rate_Hz"]].copy()
    ends = [tuple(ranges.get(name, (np.nan, np.nan))) for name in table["population"]]
    table["rate_low_Hz"] = np.array([low for low, _ in ends], dtype=float)
    table["rate_high_Hz"] = np.array([high for _, high in ends], dtype=float)
    measured = zip(table["mean_rate_Hz"], ends, table["n"], strict=True)
    table["state"] = [_state_of(rate, (low, high), n, window) for rate, (low, high), n in measured]
    return table


def _state_of(rate: float, ends: tuple[float, float], n: int, window: float) -> str:
    low, high = ends
    if np.isnan(low):
        return NO_RANGE
    if np.isnan(rate):
        return UNCLEAR
    if low <= rate <= high:
        return IN_RANGE
    count = round(rate * n * window)
    is_below = rate < low
    chance = (
        scipy.special.pdtr(count, low * n * window)
        if is_below
        else scipy.special.pdtrc(count - 1, high * n * window)
    )
    if window < _SHORTEST or chance > _CHANCE:
        return UNCLEAR
    return BELOW if is_below else ABOVE


def state_lines(state: pd.DataFrame, provenance: Mapping[str, Any], warmup: float) -> list[str]:
    """Return what there is to say of the state of a circuit, a sentence each.

    Parameters
    ----------
    state
        From `compare_with_ranges`.
    provenance
        Of the run.
    warmup
        The time (s) that does not count.
    """
    lines = [f"Rates leave out the first {warmup:g} s."] if warmup else []
    if (state["state"] == NO_RANGE).all():
        return lines
    outside = list(_populations_outside(state))
    count = int((state["state"] != NO_RANGE).sum())
    lines.append(
        f"Outside the ranges of the circuit's file: {', '.join(outside)}."
        if outside
        else f"None of the {count} populations with a range is outside it."
    )
    if acting := acting_modulation(provenance):
        lines.append(
            f"The ranges are those of the circuit without modulation; here act: "
            f"{'; '.join(acting)}."
        )
    if (state["state"] == UNCLEAR).any():
        unclear = ", ".join(state.loc[state["state"] == UNCLEAR, "population"])
        lines.append(f"Too few spikes to tell of {unclear}: simulate longer.")
    return lines


def outside_warnings(state: pd.DataFrame, provenance: Mapping[str, Any]) -> list[str]:
    """Return the warning of a circuit that is not in the state of its file; none if it is.

    With modulators, drugs or changed effects there is none: the ranges are not theirs.

    Parameters
    ----------
    state
        From `compare_with_ranges`.
    provenance
        Of the run.
    """
    outside = list(_populations_outside(state))
    if not outside or acting_modulation(provenance):
        return []
    name, scale = provenance.get("circuit", "the circuit"), provenance.get("scale", 1)
    size = f" at scale {scale:g}" if scale != 1 else ""
    return [
        f"circuit {name!r}{size} is not in the state that its file reports: {', '.join(outside)}; "
        f"try another scale or seed, or calibrate it (dualframe calibrate)."
    ]


def acting_modulation(provenance: Mapping[str, Any]) -> list[str]:
    """Return the modulators, drugs and changed effects of a run; none if nothing of them acted.

    Parameters
    ----------
    provenance
        Of the run.
    """
    acted = any(row["acted"] for row in provenance.get("actions") or ({"acted": True},))
    return list(provenance.get("modulation") or ()) if acted else []


def _populations_outside(state: pd.DataFrame) -> Iterator[str]:
    for row in state[state["state"].isin(OUTSIDE)].itertuples():
        yield (
            f"{row.population} {row.mean_rate_Hz:.2f} Hz "
            f"({row.rate_low_Hz:g} to {row.rate_high_Hz:g})"
        )
