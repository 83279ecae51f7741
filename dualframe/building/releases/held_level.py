"""A modulator that is there as long as trials count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema

ENDLESS = 1e9  # trials; training sets how many count, and later ones teach nothing
_UNTIL = {"last_trial": "-", "last_reward": "+"}


def held_level(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return a level that populations read until the last trial that counts is over.

    Parameters
    ----------
    name
        Of the release.
    entries
        ``modulator``, ``populations``, ``level`` (a plain number: the rules that read it give it
        a meaning) and ``until``: ``"last_trial"`` (its end, for what acts within trials) or
        ``"last_reward"`` (one trial longer, for what acts on a trial after its end). The
        populations have the variable ``trial`` of the environment.
    context
        Of the task.
    """
    modulator = entries["modulator"]
    level = float(entries["level"]) * float(modulator in context.modulators)
    expression = f"level_{modulator}*int(trial < trials {_UNTIL[entries['until']]} 0.5)"
    changes = []
    for population in entries["populations"]:
        context.population_size(population, f"release {name!r}")
        changes.append(
            PopulationChange(
                population=population,
                parameters={f"level_{modulator}": level, "trials": ENDLESS},
                levels={modulator: expression},
            )
        )
    return NetworkBlock(changes=tuple(changes))


HELD_LEVEL = Release(
    name="held_level",
    title="a modulator is at one level as long as trials count",
    schema=SectionSchema(
        numbers={"level": "dimensionless"},
        texts={"modulator": (), "until": tuple(_UNTIL)},
        lists=("populations",),
        defaults={"level": "1", "until": "last_trial"},
    ),
    make_block=held_level,
    source="Zannone et al. 2018, ModelDB 245018",
)
