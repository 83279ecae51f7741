r"""Signals that every environment gives besides its reward, for releases and rules that ask.

All are zero but for one step, the one after a tick, as the reward is:

``punishment``
    What the reward of the tick is below zero, as a positive number.
``trial_end``
    One, if the tick ended the trial.
``surprise``
    At the end of a trial, how far its reward :math:`R` is from the expected one, a running mean of
    earlier trials: :math:`|R - \bar R|`, then :math:`\bar R \to \bar R + 0.1 (R - \bar R)`.
``novelty``
    How far what is seen is from what has been seen lately: the mean of :math:`|o - \bar o|` over
    the range of each observation with bounds, then :math:`\bar o \to \bar o + 0.01 (o - \bar o)`.

The two rates are assumed; means start at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from dualframe.environments.spaces import Observation

_PUNISHMENT = "dpunishment/dt = (tick*clip(-reward_next, 0, 1e30) - punishment)/dt : 1"
_TRIAL_END = "dtrial_end/dt = (ending - trial_end)/dt : 1"
_SURPRISE = """
reward_error = collected + reward_next - expected_reward : 1
dexpected_reward/dt = ending*expectation_rate*reward_error/dt : 1
dsurprise/dt = (ending*abs(reward_error) - surprise)/dt : 1
""".strip()


@dataclass(frozen=True, kw_only=True)
class DerivedSignal:
    """A signal that follows from the equations of any environment.

    Attributes
    ----------
    name
        Its variable.
    write
        From the observations with bounds to its equations.
    rates
        Their constants.
    """

    name: str
    write: Callable[[Sequence[Observation]], str]
    rates: Mapping[str, float] = field(default_factory=dict)


def _write_novelty(observations: Sequence[Observation]) -> str:
    lines, terms = [], []
    for seen in observations:
        terms.append(f"abs({seen.name} - usual_{seen.name})/{seen.high - seen.low!r}")
        change = f"habituation_rate*({seen.name} - usual_{seen.name})"
        lines.append(f"dusual_{seen.name}/dt = tick*{change}/dt : 1")
    mean = f"({' + '.join(terms) or '0'})/{max(len(terms), 1)}"
    return "\n".join([*lines, f"dnovelty/dt = (tick*{mean} - novelty)/dt : 1"])


DERIVED_SIGNALS: Mapping[str, DerivedSignal] = {
    signal.name: signal
    for signal in (
        DerivedSignal(name="punishment", write=lambda observations: _PUNISHMENT),
        DerivedSignal(name="trial_end", write=lambda observations: _TRIAL_END),
        DerivedSignal(
            name="surprise",
            write=lambda observations: _SURPRISE,
            rates={"expectation_rate": 0.1},
        ),
        DerivedSignal(name="novelty", write=_write_novelty, rates={"habituation_rate": 0.01}),
    )
}


def derived_equations(
    names: Iterable[str], observations: Iterable[Observation]
) -> tuple[str, dict[str, float]]:
    """Return the equations of derived signals of an environment, and their constants.

    Parameters
    ----------
    names
        Names of `DERIVED_SIGNALS`.
    observations
        Those of the environment.
    """
    bounded = [seen for seen in observations if isfinite(seen.high - seen.low)]
    signals = [DERIVED_SIGNALS[name] for name in names]
    text = "\n".join(signal.write(bounded) for signal in signals)
    return text, {name: rate for signal in signals for name, rate in signal.rates.items()}
