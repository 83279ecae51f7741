r"""What an electrophysiologist reads from the response of a cell: pure functions of `Response`.

============================  ================================================================
measure                       definition
============================  ================================================================
resting potential             mean potential over the last tenth of the time before the step
input resistance              :math:`(V_{steady} - V_{rest})/I`, steady: last tenth of the step
membrane time constant        one exponential, fitted from 10 % of the deflection to 95 % of it
rheobase                      the smallest current with a spike during the step
f-I curve                     spikes during the step over its length
adaptation index              mean of :math:`(ISI_{n+1} - ISI_n)/(ISI_{n+1} + ISI_n)`
first-spike latency           from the onset of the step to the first spike
============================  ================================================================

The adaptation index and the range of the fit are those of the Allen Institute's feature extraction
(allensdk.ephys.ephys_features: ``adaptation_index``, ``fit_membrane_time_constant``). Measures of
single copies have the shape ``(n,)`` and are NaN where a copy does not have them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from brian2.units import amp, hertz, ohm, second, volt
from numpy.typing import NDArray

from dualframe.analysis.traces import fit_exponential
from dualframe.core.errors import QuantityError
from dualframe.experiments.response import Response

Floats = NDArray[np.float64]

FIRST, LAST = 0.10, 0.95  # of the deflection: the stretch that the time constant is fitted to


def resting_potential(response: Response) -> Any:
    """Potential before the step, of the recorded copies, shape ``(n_recorded,)``."""
    t, v = _recorded_traces(response)
    before = (t >= -0.1 * float(response.delay)) & (t < 0)
    if not before.any():
        raise QuantityError("a resting potential needs a delay before the step.")
    return v[:, before].mean(axis=1) * volt


def input_resistance(response: Response) -> Any:
    """Steady deflection over current of the recorded copies, shape ``(n_recorded,)``.

    NaN where a copy had no current, or fired before the end of its step.
    """
    t, v = _recorded_traces(response)
    currents = np.asarray(response.currents)[response.recorded]
    steady = (t >= 0.9 * float(response.duration)) & (t < float(response.duration))
    deflection = v[:, steady].mean(axis=1) - np.asarray(resting_potential(response))
    usable = (currents != 0) & ~_fired_during_step(response)
    return np.where(usable, deflection / np.where(currents == 0, 1, currents), np.nan) * ohm


def time_constant(response: Response) -> Any:
    """Membrane time constant from the charging curve, shape ``(n_recorded,)``.

    In a cell with dendrites it is an effective one. NaN as in `input_resistance`.
    """
    t, v = _recorded_traces(response)
    rest = np.asarray(resting_potential(response))
    during = (t >= 0) & (t < float(response.duration))
    currents = np.asarray(response.currents)[response.recorded]
    usable = (currents != 0) & ~_fired_during_step(response)
    constants = [
        _fit_charging_curve(t[during], v[row, during] - rest[row]) if usable[row] else np.nan
        for row in range(len(v))
    ]
    return np.array(constants) * second


def _fit_charging_curve(t: Floats, deflection: Floats) -> float:
    peak = deflection[np.argmax(np.abs(deflection))]
    if peak == 0:
        return float("nan")
    relative = deflection / peak
    start = t[np.argmax(relative >= FIRST)]
    stop = t[np.argmax(relative >= LAST)]
    if np.sum((t >= start) & (t < stop)) < 4:
        return float("nan")
    return float(fit_exponential(t, deflection, start, stop).tau)


def spike_counts(response: Response) -> NDArray[np.int64]:
    """Number of spikes during the step, shape ``(n,)``."""
    return np.array([len(response.spike_train(copy)) for copy in range(response.n)], dtype=np.int64)


def firing_rate(response: Response) -> Any:
    """Spikes during the step over its length, shape ``(n,)``."""
    return spike_counts(response) / float(response.duration) * hertz


def fi_curve(response: Response) -> pd.DataFrame:
    """Return currents (``current_A``, ascending) and firing rates (``rate_Hz``)."""
    table = {
        "current_A": np.asarray(response.currents),
        "rate_Hz": np.asarray(firing_rate(response)),
    }
    return pd.DataFrame(table).sort_values("current_A", ignore_index=True)


def rheobase(response: Response) -> Any:
    """Return the smallest current at which a copy fired during its step; NaN if none did.

    The copies must differ in their current only. The true rheobase lies between this current and
    the next smaller one that was given.
    """
    currents = np.asarray(response.currents)[spike_counts(response) > 0]
    return (currents.min() if len(currents) else np.nan) * amp


def first_spike_latency(response: Response) -> Any:
    """Time from the onset of the step to the first spike, shape ``(n,)``."""
    trains = [response.spike_train(copy) for copy in range(response.n)]
    return np.array([train[0] if len(train) else np.nan for train in trains]) * second


def adaptation_index(response: Response) -> Floats:
    """Adaptation index of each copy, shape ``(n,)``; NaN with fewer than three spikes."""
    return np.array([adaptation_of_train(response.spike_train(copy)) for copy in range(response.n)])


def adaptation_of_train(times: Any) -> float:
    """Mean of (later - earlier)/(later + earlier) over successive inter-spike intervals.

    0 for a regular train, positive where intervals grow, between -1 and 1.

    Parameters
    ----------
    times
        Spike times, ascending.

    Returns
    -------
    float
        NaN with fewer than three spikes.
    """
    intervals = np.diff(np.asarray(times, dtype=float))
    if len(intervals) < 2:
        return float("nan")
    return float(np.mean(np.diff(intervals) / (intervals[1:] + intervals[:-1])))


def _recorded_traces(response: Response) -> tuple[Floats, Floats]:
    if not len(response.recorded):
        raise QuantityError("the membrane potential was not recorded: give record=True.")
    return np.asarray(response.t), np.asarray(response.V)


def _fired_during_step(response: Response) -> NDArray[np.bool_]:
    """Whether the recorded copies fired up to the end of their step."""
    return np.array(
        [
            bool(np.any(np.asarray(response.spike_times[copy]) < float(response.duration)))
            for copy in response.recorded
        ]
    )
