"""Izhikevich's twenty features of a neuron: stimuli, numbers of his model, and criteria for each.

Izhikevich (2004, IEEE Trans. Neural Netw. 15:1063, figure 1) lists what cortical neurons do and
shows it by one panel each. A panel holds the numbers and the current of the author's
``figure1.m``; a criterion says of spike times, potential and times (ms) whether the panel's feature
is there. The criteria are dualframe's (status: assumed): the source shows the features and asks
for a look. A burst is spikes less than 10 ms apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FOREVER = 1e6  # ms


class Panel(NamedTuple):
    """A panel of the figure, in the source's own units, times in ms.

    Attributes
    ----------
    name
        The feature.
    numbers
        a, b, c, d of the author's model.
    start, length, dt
        Its first V, how long the panel is, and its time step.
    pieces
        Of the current: amplitude, slope, start and end.
    constant
        What is added to the pieces.
    polynomial
        The linear and the constant coefficient of dV/dt.
    """

    name: str
    numbers: tuple[float, float, float, float]
    start: float
    length: float
    pieces: Sequence[tuple[float, float, float, float]]
    constant: float = 0.0
    dt: float = 0.25
    polynomial: tuple[float, float] = (5.0, 140.0)


def _pulses(
    amplitude: float, length: float, *starts: float
) -> list[tuple[float, float, float, float]]:
    """Return equal pulses as pieces of a current."""
    return [(amplitude, 0.0, start, start + length) for start in starts]


OTHER = (4.1, 108.0)
T = 100 / 11
PANELS = (
    Panel("tonic spiking", (0.02, 0.2, -65, 6), -70, 100, [(14, 0, 10, FOREVER)]),
    Panel("phasic spiking", (0.02, 0.25, -65, 6), -64, 200, [(0.5, 0, 20, FOREVER)]),
    Panel("tonic bursting", (0.02, 0.2, -50, 2), -70, 220, [(15, 0, 22, FOREVER)]),
    Panel("phasic bursting", (0.02, 0.25, -55, 0.05), -64, 200, [(0.6, 0, 20, FOREVER)], dt=0.2),
    Panel("mixed mode", (0.02, 0.2, -55, 4), -70, 160, [(10, 0, 16, FOREVER)]),
    Panel("frequency adaptation", (0.01, 0.2, -65, 8), -70, 85, [(30, 0, 8.5, FOREVER)]),
    Panel(
        "class 1 excitable",
        (0.02, -0.1, -55, 6),
        -60,
        300,
        [(0, 0.075, 30, FOREVER)],
        polynomial=OTHER,
    ),
    Panel("class 2 excitable", (0.2, 0.26, -65, 0), -64, 300, [(0, 0.015, 30, FOREVER)], -0.5),
    Panel("spike latency", (0.02, 0.2, -65, 6), -70, 100, _pulses(7.04, 3, 10), dt=0.2),
    Panel("subthreshold oscillations", (0.05, 0.26, -60, 0), -62, 200, _pulses(2, 5, 20)),
    Panel("resonator", (0.1, 0.26, -60, -1), -62, 400, _pulses(0.65, 4, 40, 60, 280, 320)),
    Panel(
        "integrator",
        (0.02, -0.1, -55, 6),
        -60,
        100,
        _pulses(9, 2, T, T + 5, 70, 80),
        polynomial=OTHER,
    ),
    Panel("rebound spike", (0.03, 0.25, -60, 4), -64, 200, _pulses(-15, 5, 20), dt=0.2),
    Panel("rebound burst", (0.03, 0.25, -52, 0), -64, 200, _pulses(-15, 5, 20), dt=0.2),
    Panel(
        "threshold variability",
        (0.03, 0.25, -60, 4),
        -64,
        100,
        [*_pulses(1, 5, 10, 80), *_pulses(-6, 5, 70)],
    ),
    Panel("bistability", (0.1, 0.26, -60, 0), -61, 300, _pulses(1, 5, 37.5, 216), 0.24),
    Panel("depolarising after-potential", (1, 0.2, -60, -21), -70, 50, _pulses(20, 2, 9), dt=0.1),
    Panel(
        "accommodation",
        (0.02, 1, -55, 4),
        -65,
        400,
        [(0, 1 / 25, 0, 200), (0, 4 / 12.5, 300, 312.5)],
        dt=0.5,
    ),
    Panel(
        "inhibition-induced spiking",
        (-0.02, -1, -60, 8),
        -63.8,
        350,
        [(-5, 0, 49.9, 250.1)],
        80,
        dt=0.5,
    ),
    Panel(
        "inhibition-induced bursting",
        (-0.026, -1, -45, -2),
        -63.8,
        350,
        [(-5, 0, 49.9, 250.1)],
        80,
        dt=0.5,
    ),
)


def _bursts(spikes: Array) -> list[Array]:
    """Return the spikes in groups, each less than 10 ms from the one before."""
    return np.split(spikes, np.flatnonzero(np.diff(spikes) >= 10) + 1) if len(spikes) else []


def _gaps(spikes: Array, start: float = 0.0, end: float = FOREVER) -> Array:
    """Return the intervals between the spikes of a time."""
    return np.diff(spikes[(spikes > start) & (spikes < end)])


def _between(spikes: Array, start: float, end: float = FOREVER) -> int:
    """Return how many spikes there are in a time."""
    return int(np.sum((spikes > start) & (spikes < end)))


def _is_tonic(spikes: Array, v: Array, t: Array) -> Any:
    """Go on to the end of the step at equal intervals, one spike at a time."""
    last = _gaps(spikes)[-2:]
    return (
        len(spikes) >= 5
        and np.ptp(last) < 0.05 * last[0]
        and last[0] > 10
        and t[-1] - spikes[-1] < last[-1]
    )


def _is_phasic(spikes: Array, v: Array, t: Array) -> Any:
    """One spike at the start of a step that goes on."""
    return len(spikes) == 1 and 20 < spikes[0] < 60 and t[-1] > 150


def _is_bursting(spikes: Array, v: Array, t: Array) -> Any:
    """Several bursts of several spikes, up to the end."""
    found = _bursts(spikes)
    return len(found) >= 3 and all(len(burst) >= 3 for burst in found) and t[-1] - spikes[-1] < 40


def _is_phasic_bursting(spikes: Array, v: Array, t: Array) -> Any:
    """One burst, and silence during the rest of the step."""
    return (
        len(_bursts(spikes)) == 1
        and len(spikes) >= 3
        and spikes[0] > 20
        and t[-1] - spikes[-1] > 80
    )


def _is_mixed(spikes: Array, v: Array, t: Array) -> Any:
    """A burst, then single spikes."""
    first, *rest = _bursts(spikes) or [np.array([])]
    return (
        len(first) >= 2
        and len(rest) >= 3
        and all(len(burst) == 1 for burst in rest)
        and first[0] < 30
    )


def _adapts(spikes: Array, v: Array, t: Array) -> Any:
    """Intervals that only grow, to more than three times the first."""
    found = _gaps(spikes)
    return (
        len(found) >= 4
        and np.all(np.diff(found) > 0)
        and found[-1] > 3 * found[0]
        and len(_bursts(spikes)) <= 3
    )


def _is_class_1(spikes: Array, v: Array, t: Array) -> Any:
    """On a ramp, a rate that begins low, grows all the way, and to more than twice as much."""
    found = _gaps(spikes)
    return (
        len(found) >= 6
        and np.all(np.diff(found) < 0)
        and found[0] > 2 * found[-1]
        and found[0] > 30
    )


def _is_class_2(spikes: Array, v: Array, t: Array) -> Any:
    """On a ramp, a rate that begins high (above 40 Hz) and grows to less than twice as much."""
    found = _gaps(spikes)
    return (
        len(found) >= 6
        and np.all(np.diff(found) < 1)
        and found[0] < 2 * found[-1]
        and found[0] < 25
    )


def _is_late(spikes: Array, v: Array, t: Array) -> Any:
    """One spike, after the pulse of 3 ms has ended."""
    return len(spikes) == 1 and 13 < spikes[0] < 60 and t[-1] < 150


def _oscillates(spikes: Array, v: Array, t: Array) -> Any:
    """One spike, and after it three or more crossings of the mean, ever smaller."""
    if len(spikes) != 1 or t[-1] < spikes[0] + 100:
        return False
    rest = v[t > spikes[0] + 25]
    side = np.sign(rest - rest[-len(rest) // 4 :].mean())
    half = len(rest) // 2
    return np.sum(np.diff(side) != 0) >= 3 and np.ptp(rest[half:]) < 0.8 * np.ptp(rest[:half])


def _resonates(spikes: Array, v: Array, t: Array) -> Any:
    """Two pulses make a spike 40 ms apart and none 20 ms apart."""
    return _between(spikes, 0, 280) == 0 and _between(spikes, 320, 360) == 1 and len(spikes) == 1


def _integrates(spikes: Array, v: Array, t: Array) -> Any:
    """Two pulses make a spike 5 ms apart and none 10 ms apart."""
    return _between(spikes, T + 5, 30) == 1 and _between(spikes, 30) == 0 and len(spikes) == 1


def _rebounds(spikes: Array, v: Array, t: Array) -> Any:
    """One spike, after inhibition has ended."""
    return len(spikes) == 1 and spikes[0] > 25 and v[t < 26].min() < v[0] - 5


def _rebounds_with_burst(spikes: Array, v: Array, t: Array) -> Any:
    """A burst, after inhibition has ended."""
    return (
        len(_bursts(spikes)) == 1
        and len(spikes) >= 3
        and spikes[0] > 25
        and v[t < 26].min() < v[0] - 5
    )


def _threshold_varies(spikes: Array, v: Array, t: Array) -> Any:
    """A pulse makes no spike, and the same pulse after an inhibitory one does."""
    return _between(spikes, 0, 80) == 0 and _between(spikes, 80, 100) == 1


def _is_bistable(spikes: Array, v: Array, t: Array) -> Any:
    """One pulse starts it spiking, another one stops it."""
    return (
        _between(spikes, 0, 37) == 0
        and _between(spikes, 43, 216) >= 3
        and _between(spikes, 221) == 0
    )


def _after_potential(spikes: Array, v: Array, t: Array) -> Any:
    """One spike, after which V stays above rest for 5 ms, and then returns."""
    if len(spikes) != 1:
        return False
    after = v[(t > spikes[0] + 0.5) & (t < spikes[0] + 5)]
    return after.min() > v[0] + 5 and abs(v[-1] - v[0]) < 2


def _accommodates(spikes: Array, v: Array, t: Array) -> Any:
    """A slow ramp makes no spike, a fast one to half as much does."""
    return _between(spikes, 0, 300) == 0 and _between(spikes, 300, 320) == 1


def _spikes_by_inhibition(spikes: Array, v: Array, t: Array) -> Any:
    """Single spikes while a steady current is less, and none before and after."""
    inside = _between(spikes, 50, 250)
    return inside == len(spikes) >= 3 and _gaps(spikes).min() > 20


def _bursts_by_inhibition(spikes: Array, v: Array, t: Array) -> Any:
    """Bursts while a steady current is less, and none before and after."""
    found = _bursts(spikes)
    inside = _between(spikes, 50, 250)
    return inside == len(spikes) and len(found) >= 2 and all(len(burst) >= 3 for burst in found)


CRITERIA: Mapping[str, Callable[[Array, Array, Array], Any]] = dict(
    zip(
        (panel.name for panel in PANELS),
        (
            _is_tonic,
            _is_phasic,
            _is_bursting,
            _is_phasic_bursting,
            _is_mixed,
            _adapts,
            _is_class_1,
            _is_class_2,
            _is_late,
            _oscillates,
            _resonates,
            _integrates,
            _rebounds,
            _rebounds_with_burst,
            _threshold_varies,
            _is_bistable,
            _after_potential,
            _accommodates,
            _spikes_by_inhibition,
            _bursts_by_inhibition,
        ),
        strict=True,
    )
)


def check_features(responses: Mapping[str, tuple[Array, Array, Array]]) -> dict[str, bool]:
    """Return for every feature whether the response to the panel of that name has it.

    Parameters
    ----------
    responses
        By panel: spike times (ms), potential (mV), and the times of the potential (ms).
    """
    return {name: bool(CRITERIA[name](*response)) for name, response in responses.items()}
