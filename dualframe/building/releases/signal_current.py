"""A current that a signal gives to a population, which may release a modulator by its spikes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.releases.release import Release
from dualframe.building.releases.signal_release import error_told, find_single_signal
from dualframe.building.task_context import TaskContext
from dualframe.circuit.release_signal import SIGNAL_PARTS
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Population


def signal_current(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    r"""Return a current into a population that a signal raises and that decays.

    .. math:: I = I_0 + I_s, \quad I_s \to I_s\, e^{-dt/\tau} + a\, s

    Cells such as ``mid_da`` release a modulator by their spikes where the circuit's
    ``[[modulations]]`` say so (``released_by``, ``per_spike``).

    Parameters
    ----------
    name
        Of the release, and of the population that makes the current.
    entries
        ``population`` and ``compartment`` (of cells with dendrites), ``signal`` and ``part`` (as of
        `signal_release`), ``size`` (a: current per unit of the signal), ``tonic`` (I_0: current)
        and ``tau`` (time).
    context
        Of the task.
    """
    source, variable = find_single_signal(name, entries, context)
    context.population_size(entries["population"], f"release {name!r}")
    signal = SIGNAL_PARTS[entries["part"]].format("heard")
    maker = Population(
        name=name,
        n=1,
        equations="heard : 1\n"
        f"dphasic/dt = (phasic*exp(-dt/tau) + size*{signal} - phasic)/dt : amp\n"
        "given_current = tonic + phasic : amp (constant over dt)",
        parameters={key: entries[key] for key in ("size", "tonic", "tau")},
        voltage="phasic",
    )
    into = f"I_ext_{entries['compartment']}" if context.branch == "biological" else "I_ext"
    projections = (
        copy_variable(source.name, variable, name, "heard"),
        copy_variable(name, "given_current", entries["population"], into, unit="amp"),
    )
    return NetworkBlock((maker,), projections, changes=error_told(source))


SIGNAL_CURRENT = Release(
    name="signal_current",
    title="a signal gives a current to a population, such as cells that release a modulator",
    schema=SectionSchema(
        numbers={"size": "current", "tonic": "current", "tau": "time"},
        texts={"population": (), "signal": (), "part": tuple(SIGNAL_PARTS), "compartment": ()},
        defaults={"part": "all", "tonic": "0 pA", "compartment": "soma"},
    ),
    make_block=signal_current,
)
