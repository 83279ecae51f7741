r"""Noradrenaline makes cells burst until a criterion is reached; acetylcholine ends it.

.. math:: c = c_0 + \Delta c\, o_{NA} (1 - o_{ACh}), \quad d = d_0 + \Delta d\, o_{NA} (1 - o_{ACh})

with the steady-state occupancies o of the receptors by concentrations that the switch changes with
a time constant. c and d are the reset of the potential and the jump of the recovery variable of an
Izhikevich neuron.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import ms, mV

from dualframe import catalogue
from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.readouts.weight_criterion import SWITCHED
from dualframe.building.releases.release import Release
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.neuromodulation.occupancy import hill_equation

_EQUATIONS = f"""
dNA/dt = (NA_level*(1 - {SWITCHED}*ACh_present) - NA)/tau_excitability : mmolar
dACh/dt = (ACh_level*{SWITCHED}*ACh_present - ACh)/tau_excitability : mmolar
o_NA = {hill_equation("NA/EC50_NA", "n_NA")} : 1
o_ACh = {hill_equation("ACh/EC50_ACh", "n_ACh")} : 1
bursting = o_NA*(1 - o_ACh) : 1
"""


def excitability_switch(
    name: str, entries: Mapping[str, Any], context: TaskContext
) -> NetworkBlock:
    """Return what noradrenaline and acetylcholine do to the reset of Izhikevich neurons.

    Parameters
    ----------
    name
        Of the release.
    entries
        ``populations``, ``NA`` and ``ACh`` (concentrations), ``receptor_NA`` and ``receptor_ACh``
        (receptors of the catalogue, whose affinities are used), ``shift_c`` (voltage), ``shift_d``
        (plain number, in mV/ms) and ``tau`` (time). The populations are told of a criterion.
    context
        Of the task. Without noradrenaline the cells stay as they are; without acetylcholine they
        burst for ever.
    """
    if "NA" not in context.modulators:
        return NetworkBlock()
    parameters = {
        "shift_c": entries["shift_c"],
        "shift_d": entries["shift_d"] * mV / ms,
        "tau_excitability": entries["tau"],
        "NA_level": entries["NA"],
        "ACh_level": entries["ACh"],
        "ACh_present": float("ACh" in context.modulators),
    }
    for modulator in ("NA", "ACh"):
        affinity = catalogue.receptor(entries[f"receptor_{modulator}"]).affinity
        parameters[f"EC50_{modulator}"] = affinity.value("EC50")
        parameters[f"n_{modulator}"] = affinity.value("hill")
    changes = []
    for population in entries["populations"]:
        context.population_size(population, f"release {name!r}")
        changes.append(
            PopulationChange(
                population=population,
                equations=_EQUATIONS,
                parameters=parameters,
                initial={"NA": entries["NA"]},
                reset_terms={"c": "shift_c*bursting", "d": "shift_d*bursting"},
            )
        )
    return NetworkBlock(changes=tuple(changes))


EXCITABILITY_SWITCH = Release(
    name="excitability_switch",
    title="noradrenaline makes cells burst until a criterion is reached; acetylcholine ends it",
    schema=SectionSchema(
        numbers={
            "NA": "concentration",
            "ACh": "concentration",
            "shift_c": "voltage",
            "shift_d": "dimensionless",
            "tau": "time",
        },
        texts={"receptor_NA": (), "receptor_ACh": ()},
        lists=("populations",),
    ),
    make_block=excitability_switch,
    source="Rodriguez-Garcia and Ramaswamy 2024",
)
