"""An environment: what an agent acts on, as equations of one neuron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import ms
from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity, quantity_text
from dualframe.environments.derived_signals import derived_equations
from dualframe.environments.expression_evaluator import (
    compile_expression,
    drawn_once_per_step,
    ordered_subexpressions,
)
from dualframe.environments.parameter import EnvironmentParameter, count_ticks
from dualframe.environments.spaces import Box, Discrete, Observation
from dualframe.network import Population, ValueRecord

_COUNTED = """
steps = timestep(t, dt) - lag : 1
tick = int(steps > 0.5)*int(steps - every*floor(steps/every) < 0.5) : 1
ending = tick*(terminal + truncated - terminal*truncated) : 1
delapsed/dt = tick/dt : 1
dcollected/dt = tick*reward_next/dt : 1
dreward/dt = (tick*reward_next - reward)/dt : 1
dended/dt = (ending - ended)/dt : 1
trial : 1
"""
# Computed once per step: a signal to another population is then a variable, as GeNN needs it
ONCE = " (constant over dt)"
OF_THE_CLOCK = ("t", "dt", "tick", "steps", "ending")
COUNTERS = ("elapsed", "collected", "reward", "ended", "trial")


@dataclass(frozen=True, eq=False, kw_only=True)
class EnvironmentEquations(ValueRecord):
    """What happens at a tick, where trials start, and what an agent sees and does.

    Parameters
    ----------
    state
        State variables.
    equations
        Brian2 subexpressions without dimension. They define ``<state>_next`` for every state
        variable, ``reward_next``, ``terminal`` (0 or 1: the task itself ends the trial) and
        ``succeeded`` (0 or 1, at the end of a trial). They may use ``truncated`` (the limit is
        reached), ``trial`` and ``elapsed``, and ``choice`` where actions are `Discrete`.
    start
        Expression, with ``rand()`` for chance, of each state variable at the start of a trial. A
        state variable that is not named here is *carried over* from trial to trial, zero at first.
    action
        What the agent can do.
    observations
        What agents may see: state variables or subexpressions.
    carried_over
        State variables that are meant to be carried over. Of others that are, a warning says so
        where reward, success or the end of a trial are made of them.
    further_outcomes
        Variables that keep something of the trial that has ended last: the expression's value at
        its last tick.
    spikes
        State variables that spikes add to, between two ticks: ``spikes_x_post += w``.
    position
        State variables that are the agent's place, where the environment has one: its paths are
        drawn by them.
    places
        Places worth drawing, such as goals: coordinates and radius by what they are.
    staged
        For equations that use one another so often that written out they would fill a book: they
        are computed once per step, before everything else, and the environment acts one step after
        the tick, with the input of the tick.
    """

    state: tuple[str, ...]
    equations: str
    start: Mapping[str, str]
    action: Discrete | Box
    observations: tuple[Observation, ...]
    further_outcomes: Mapping[str, str] = field(default_factory=dict)
    spikes: tuple[str, ...] = ()
    position: tuple[str, ...] = ()
    places: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    staged: bool = False
    carried_over: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Environment(EnvironmentEquations):
    """An environment as equations: one neuron is the environment of one agent.

    The environment acts at *ticks*, every ``interval`` from the start of the run (the first is one
    interval after it). At a tick the state ``s`` becomes ``s_next``, which `equations` define in
    terms of the old state, the inputs and the parameters. A tick may end the trial; the neuron then
    spikes and its reset draws the next start.

    Besides the state a network can read, from the step after the tick on:

    ``reward``
        Reward of that tick, for one step; zero otherwise.
    ``ended``
        One for one step, if the tick ended the trial.
    ``trial``, ``elapsed``, ``collected``
        Index of the running trial from zero, its ticks and its reward so far.
    ``success``, ``timed_out``, ``duration``, ``total_reward`` and `further_outcomes`
        Of the trial that has ended last. ``timed_out`` says that the limit ended it (truncation),
        not the task (termination).

    Parameters
    ----------
    name, title, source
        Identifier; what it is; where equations and numbers come from.
    parameters
        Constants of the equations, with their sources.
    values
        Their values in SI units, or in ticks, as the equations use them.
    interval
        Time between ticks.
    limit
        Ticks after which a trial is cut off; ``None`` is never.
    dt
        Time step that the environment is made for.
    """

    name: str
    title: str
    source: str
    parameters: tuple[EnvironmentParameter, ...]
    values: Mapping[str, float]
    interval: Any
    limit: int | None
    dt: Any = field(default_factory=lambda: 1 * ms)

    def __post_init__(self) -> None:
        count_ticks(self.interval, self.dt, f"interval of environment {self.name!r}")
        self._freeze()

    @property
    def tick_equations(self) -> str:
        """The subexpressions of a tick: those of the action, the limit and the environment."""
        limit = "int(elapsed + 1 > limit - 0.5)" if self.limit is not None else "0"
        return f"{self.action.equations}\ntruncated = {limit} : 1\n{self.equations}"

    @property
    def observed_subexpressions(self) -> frozenset[str]:
        """The subexpressions that observations are made of: what they use in turn included."""
        texts = dict(ordered_subexpressions(self.tick_equations))
        used: set[str] = set()
        new = {item.name for item in self.observations}
        while new:
            used |= new
            new = set().union(*(get_identifiers(texts.get(name, "")) for name in new)) - used
        return frozenset(used & set(texts))

    @property
    def constants(self) -> dict[str, float]:
        """What the equations do not define: the parameters' values and the limit."""
        limit = {} if self.limit is None else {"limit": float(self.limit)}
        return {**self.values, **limit}

    @property
    def trial_outcomes(self) -> dict[str, str]:
        """What is kept of a trial when it ends, as expressions at its last tick."""
        return {
            "success": "succeeded",
            "timed_out": "1 - terminal",
            "duration": "elapsed + 1",
            "total_reward": "collected + reward_next",
            **self.further_outcomes,
        }

    def draw_start(
        self, rng: np.random.Generator | None = None, n: int | None = None
    ) -> dict[str, Any]:
        """Return the state at the start of a trial.

        Parameters
        ----------
        rng
            Draws it; without, every draw is the middle of its distribution.
        n
            Number of agents: arrays of shape ``(n,)``; the default is one, as plain numbers.
        """

        def rand() -> Any:
            return np.full(n or 1, 0.5) if rng is None else rng.random(n or 1)

        values = dict.fromkeys(self.state, np.zeros(n or 1))
        for name, expression in self.start.items():
            values[name] = compile_expression(expression, rand)(
                {**self.constants, **values}
            ) + np.zeros(n or 1)
        return {key: value if n is not None else float(value[0]) for key, value in values.items()}

    def population(
        self,
        name: str = "world",
        start: Mapping[str, Any] | None = None,
        derived: Iterable[str] = (),
    ) -> Population:
        """Return the environment of one agent as a population of one neuron.

        Parameters
        ----------
        name
            Of the population.
        start
            State at the start of the first trial, for example from `draw_start`; what is not named
            is the middle of its distribution. Later starts are drawn.
        derived
            Signals of `dualframe.environments.derived_signals` that it gives besides its own
            variables.

        Raises
        ------
        UnknownName
            If ``start`` names no state variable.
        """
        for key in start or {}:
            if key not in self.state:
                raise UnknownName(f"state variable of environment {self.name!r}", key, self.state)
        counters = dict.fromkeys((*COUNTERS, *self.trial_outcomes), 0.0)
        signals, rates = derived_equations(derived, self.observations)
        return Population(
            name=name,
            n=1,
            equations="\n".join(filter(None, [self._neuron_equations(), signals])),
            threshold="ended > 0.5",
            reset=self._neuron_reset(),
            parameters={**self.constants, "lag": float(self.staged), **rates},
            durations={"every": self.interval},
            initial={**counters, **self.draw_start(), **(start or {})},
            voltage=self.state[0],
        )

    def parameter_table(self) -> pd.DataFrame:
        """Return the parameters: name, value, meaning, status, source."""
        rows = [
            (
                parameter.name,
                "never" if parameter.value is None else quantity_text(quantity(parameter.value)),
                parameter.meaning,
                parameter.status,
                parameter.source or self.source,
            )
            for parameter in self.parameters
        ]
        return pd.DataFrame(rows, columns=["name", "value", "meaning", "status", "source"])

    def __str__(self) -> str:
        interval = quantity_text(self.interval)
        return f"Environment {self.name!r}: {self.title}; {self.action}, every {interval}"

    def describe(self) -> str:
        """Return what is done and seen in it, its parameters with units, and its equations."""
        rows = self.parameter_table().to_dict("records")
        name, value = (max(len(row[key]) for row in rows) for key in ("name", "value"))
        limit = "none" if self.limit is None else f"{self.limit} ticks"
        seen = [f"  {x.name} in [{x.low:g}, {x.high:g}]" for x in self.observations]
        lines = [f"{self.name}: {self.title}", f"after {self.source}"]
        lines += [f"actions: {self.action}"]
        lines += [f"a tick every {quantity_text(self.interval)}; longest trial: {limit}"]
        lines += ["", "observations", *seen, "", "parameters"]
        for row in rows:
            status = "ASSUMED" if row["status"] == "assumed" else row["status"]
            source = "" if row["source"] == self.source else f": {row['source']}"
            number = f"  {row['name']:<{name}}  {row['value']:<{value}}"
            lines += [f"{number}  {row['meaning']}  [{status}{source}]"]
        equations = [f"  {line.strip()}" for line in self.equations.strip().splitlines()]
        first = f"{rows[0]['name']}='{rows[0]['value']}'"
        lines += ["", "equations of a tick", *equations, ""]
        return "\n".join([*lines, f"other values: df.environment('{self.name}', {first})"])

    def _neuron_equations(self) -> str:
        declared = [f"{name} : 1" for name in self.action.inputs]
        program = self.tick_equations
        if self.staged:
            seen = {name: f"{name}_seen" for name in self.action.inputs}
            declared += [f"d{new}/dt = ({name} - {new})/dt : 1" for name, new in seen.items()]
            program = word_substitute(program, seen)
        once = self.observed_subexpressions | drawn_once_per_step(program)
        lines = [
            f"{name} = {line} : 1" + (ONCE if self.staged or name in once else "")
            for name, line in ordered_subexpressions(program)
        ]
        updates = [f"d{name}/dt = tick*({name}_next - {name})/dt : 1" for name in self.state]
        outcomes = [
            f"d{name}/dt = ending*({expression} - {name})/dt : 1"
            for name, expression in self.trial_outcomes.items()
        ]
        return "\n".join([*declared, *lines, _COUNTED, *updates, *outcomes])

    def _neuron_reset(self) -> str:
        starts = [f"{name} = {expression}" for name, expression in self.start.items()]
        return "; ".join([*starts, "trial += 1", "elapsed = 0", "collected = 0"])
