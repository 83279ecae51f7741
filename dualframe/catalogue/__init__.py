"""The cell types, synapses, receptors and modulators, each number with unit, source and status.

>>> from dualframe.catalogue import cell
>>> cell("ctx_pv").passive.numbers["r_in"].written
'105.2 Mohm'
"""

from dualframe.catalogue.bibliography import citation
from dualframe.catalogue.cell_type import CellType, Passive
from dualframe.catalogue.describe import describe
from dualframe.catalogue.drug import DrugAction, DrugProfile
from dualframe.catalogue.lookup import (
    cell,
    cells,
    drug,
    drugs,
    modulator,
    modulator_name,
    modulators,
    names,
    plasticity_rules,
    population_data,
    populations,
    receptor,
    receptors,
    rule_parameter_sets,
    synapse,
    synapses,
)
from dualframe.catalogue.modulator import Modulator
from dualframe.catalogue.neuron_sets import NeuronEntry, neuron, neuron_entry, neurons
from dualframe.catalogue.new_entries import new_cell, new_receptor
from dualframe.catalogue.projection_plasticity import plasticity_rule
from dualframe.catalogue.receptor import Receptor
from dualframe.catalogue.receptor_effect import Effect
from dualframe.catalogue.region_data import PopulationData
from dualframe.catalogue.rule_numbers import ParameterSet, RuleParameterSets
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.catalogue.synapse import Synapse
from dualframe.catalogue.system_list import (
    System,
    count_statuses,
    list_systems,
    system,
    system_names,
    systems,
)

__all__ = [
    "CellType",
    "DrugAction",
    "DrugProfile",
    "Effect",
    "Modulator",
    "NeuronEntry",
    "Numbers",
    "Origin",
    "ParameterSet",
    "Passive",
    "PopulationData",
    "Receptor",
    "RuleParameterSets",
    "Sourced",
    "Synapse",
    "System",
    "cell",
    "cells",
    "citation",
    "count_statuses",
    "describe",
    "drug",
    "drugs",
    "list_systems",
    "modulator",
    "modulator_name",
    "modulators",
    "names",
    "neuron",
    "neuron_entry",
    "neurons",
    "new_cell",
    "new_receptor",
    "plasticity_rule",
    "plasticity_rules",
    "population_data",
    "populations",
    "receptor",
    "receptors",
    "rule_parameter_sets",
    "synapse",
    "synapses",
    "system",
    "system_names",
    "systems",
]
