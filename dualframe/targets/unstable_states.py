"""Populations whose state cannot be: values that are not finite, or voltages beyond any membrane's.

The integration of a stable equation diverges where the time step is too long for it. Spikes and
rates may still look plausible, since a comparison with NaN is false.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dualframe.targets.lowering.lowered_network import Array, LoweredGroup

#: State variables that every environment has.
_ACCOUNT = frozenset({"collected", "elapsed", "ended", "reward"})
#: No membrane is further from zero (V), unless the constants of its model are of that size.
HIGHEST_VOLTAGE = 0.3
_TIMES_CONSTANT = 3.0


@dataclass(frozen=True, kw_only=True)
class UnstableState:
    """A variable of some neurons of a population that cannot have its value.

    Attributes
    ----------
    population, variable
        Names.
    neurons, n
        How many neurons, of how many; 0 where that is not known.
    value
        The furthest of their values; NaN or infinite where one is not finite.
    """

    population: str
    variable: str
    neurons: int = 0
    n: int = 0
    value: float = np.nan


def find_unstable_state(group: LoweredGroup, states: Mapping[str, Array]) -> UnstableState | None:
    """Return the variable of a population that cannot have its values; None if all can.

    Parameters
    ----------
    group
        The population.
    states
        Values by variable.
    """
    for name in sorted(states, key=lambda name: bool(np.isfinite(states[name]).all())):
        values = states[name]
        wrong = ~np.isfinite(values)
        if not wrong.any() and group.units.get(name) == "volt":
            wrong = np.abs(values) > highest_voltage(group)
        if wrong.any():
            value = values[wrong][np.argmax(np.abs(np.nan_to_num(values[wrong], nan=np.inf)))]
            return UnstableState(
                population=group.name,
                variable=name,
                neurons=int(wrong.sum()),
                n=group.n,
                value=float(value),
            )
    return None


def first_unstable_sample(
    group: LoweredGroup, values: Mapping[str, Array]
) -> tuple[UnstableState | None, int]:
    """Return what `find_unstable_state` finds in a recording, and the sample of the first time.

    Parameters
    ----------
    group
        The population.
    values
        Arrays of shape (neurons, times) by variable; recorded expressions do not count.
    """
    recorded = {name: array for name, array in values.items() if name in group.state_variables}
    if find_unstable_state(group, recorded) is None:
        return None, 0
    samples = next(iter(recorded.values())).shape[1]
    for sample in range(samples):
        at_once = {name: array[:, sample] for name, array in recorded.items()}
        if (state := find_unstable_state(group, at_once)) is not None:
            return replace(state, n=len(at_once[state.variable])), sample
    return None, 0


def highest_voltage(group: LoweredGroup) -> float:
    """Return the voltage (V) that no membrane of a population can exceed.

    Parameters
    ----------
    group
        The population.
    """
    constants = [np.abs(c.value).max() for c in group.constants.values() if c.unit == "volt"]
    return max([HIGHEST_VOLTAGE, *(_TIMES_CONSTANT * float(value) for value in constants)])


def environments_among(groups: Iterable[LoweredGroup], names: Iterable[str]) -> set[str]:
    """Return which of some populations are environments of agents.

    Parameters
    ----------
    groups
        All populations.
    names
        Names of some.
    """
    chosen = {*names}
    return {g.name for g in groups if g.name in chosen and {*g.state_variables} >= _ACCOUNT}


def instability_text(
    state: UnstableState, when: str, dt: float, environments: Collection[str] = ()
) -> str:
    """Return the warning of an unstable state.

    Parameters
    ----------
    state
        Of a population.
    when
        When it was seen, such as ``"at the end of the run"``.
    dt
        Time step (s).
    environments
        Populations that are environments whose state cannot be either, from `environments_among`:
        no time step mends what their equations do.
    """
    value = "not finite" if not np.isfinite(state.value) else f"{state.value:.3g} V"
    is_environment = state.population in environments
    of = "agents" if is_environment else "neurons"
    neurons = f" of {state.neurons} of {state.n} {of}" if state.n else ""
    kind = "environment" if is_environment else "population"
    seen = f"{kind} {state.population!r}: {state.variable}{neurons} is {value} {when}: "
    if is_environment:
        return (
            f"{seen}what agents do and learn from then on means nothing. Look in its equations for "
            f"what divides by zero, or takes the root or logarithm of a negative number; the "
            f"reward is reward_next."
        )
    if environments:
        return (
            f"{seen}its spikes mean nothing. The environment's state is not finite either: mend "
            f"its equations first."
        )
    return (
        f"{seen}its spikes mean nothing. Try a time step shorter than {1e3 * dt:g} ms, or smaller "
        f"weights and conductances."
    )
