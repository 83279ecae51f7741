"""A modulator that rises by what the environment signals, and is cleared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange, copy_variable
from dualframe.building.releases.release import Release
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.section_schema import SectionSchema


def signal_pulse(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    r"""Return a level that rises by ``amount`` times a signal of the environment and decays.

    .. math:: M \to M\, e^{-dt/\tau} + a\, s

    in every step, where s is the environment's variable at the beginning of the step; its
    ``reward`` is not zero for one step after a tick.

    Parameters
    ----------
    name
        Of the release.
    entries
        ``modulator``, ``signal`` (variable of the environment, such as ``"reward"``),
        ``populations``, ``amount`` (a plain number: the rules that read the level give it a
        meaning) and ``tau`` (time).
    context
        Of the task.
    """
    component = f"release {name!r}"
    modulator, variable = entries["modulator"], entries["signal"]
    context.check_variable(variable, component)
    amount = float(entries["amount"]) * float(modulator in context.modulators)
    changes, copies = [], []
    for population in entries["populations"]:
        context.population_size(population, component)
        heard = f"{name}_{variable}"
        changes.append(
            PopulationChange(
                population=population,
                equations=f"{heard} : 1\n"
                f"dlevel_{modulator}/dt = (level_{modulator}*exp(-dt/tau_{modulator}) "
                f"+ amount_{modulator}*{heard} - level_{modulator})/dt : 1",
                parameters={f"amount_{modulator}": amount, f"tau_{modulator}": entries["tau"]},
                levels={modulator: f"level_{modulator}"},
            )
        )
        copies.append(copy_variable(ENVIRONMENT, variable, population, heard))
    return NetworkBlock((), tuple(copies), changes=tuple(changes))


SIGNAL_PULSE = Release(
    name="signal_pulse",
    title="a modulator rises by a signal of the environment, such as reward, and is cleared",
    schema=SectionSchema(
        numbers={"amount": "dimensionless", "tau": "time"},
        texts={"modulator": (), "signal": ()},
        lists=("populations",),
        defaults={"amount": "1"},
    ),
    make_block=signal_pulse,
)
