"""An outcome as a kind: what is recorded of agents while they learn, and the tables made of it.

Every kind gives tables ``trials`` (a row per agent and trial), ``outcomes`` (a row per agent) and
``curves`` (a row per agent and time), empty where a task has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dualframe.core.section_schema import SectionSchema
from dualframe.network import Network, Recording
from dualframe.results.results import Results

LAST_TRIALS = 5  # outcomes are means of so many trials at the end, as in targets of the literature


@dataclass(frozen=True, kw_only=True, eq=False)
class OutcomeTables:
    """What a run says of its agents.

    Attributes
    ----------
    trials
        A row per agent and trial: ``agent, trial`` (from one), ``success``, ...
    outcomes
        A row per agent.
    curves
        A row per agent and time: ``agent, t_s``, and what is followed.
    """

    trials: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["agent", "trial"]))
    outcomes: pd.DataFrame
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """In what agents learn.

    Attributes
    ----------
    network
        The network of one agent.
    agents
        Number of agents side by side: neuron ``i`` of agent ``k`` of a population of ``n`` has
        index ``k*n + i`` in the results.
    entries
        Numbers, texts and lists of the task's table ``[outcome]``.
    sampling
        Interval at which variables are recorded.
    trials
        Trials that count; None in tasks without trials.
    """

    network: Network
    agents: int
    entries: Mapping[str, Any]
    sampling: Any
    trials: float | None = None


@dataclass(frozen=True)
class MainOutcome:
    """The column of ``outcomes`` that conditions are compared by.

    Attributes
    ----------
    column
        Its name.
    less_is_better
        Whether small values are good; agents without a value then count as later than any.
    """

    column: str
    less_is_better: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A kind of outcome: what is recorded of agents, and what is measured of them.

    Attributes
    ----------
    name
        How files call it.
    title
        What it is, in a line.
    schema
        What the table ``[outcome]`` of this kind holds besides ``kind``.
    populations_with_spikes
        From the setup to the populations whose spikes are kept.
    make_recordings
        From the setup to what is recorded, by population or projection.
    make_tables
        From the setup and the results to the tables.
    main
        From the entries to the column that conditions are compared by.
    count_successes
        From the tables to the number of successes, and of how many.
    source
        Where the measure comes from.
    """

    name: str
    title: str
    schema: SectionSchema
    populations_with_spikes: Callable[[TrainingSetup], tuple[str, ...]]
    make_recordings: Callable[[TrainingSetup], dict[str, Recording]]
    make_tables: Callable[[TrainingSetup, Results], OutcomeTables]
    main: Callable[[Mapping[str, Any]], MainOutcome]
    count_successes: Callable[[OutcomeTables], tuple[int, int]]
    source: str = ""
