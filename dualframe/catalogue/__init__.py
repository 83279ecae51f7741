"""The cell types, synapses, receptors and modulators, each number with unit, source and status.

>>> from dualframe.catalogue import cell
>>> cell("ctx_pv").passive.numbers["r_in"].written
'105.2 Mohm'
"""

from dualframe.catalogue.bibliography import citation
from dualframe.catalogue.plasticity import ParameterSet, PlasticityRule
from dualframe.catalogue.populations import PopulationData
from dualframe.catalogue.read import (
    cell,
    cells,
    modulator,
    modulators,
    names,
    plasticity_rule,
    plasticity_rules,
    population_data,
    populations,
    receptor,
    receptors,
    synapse,
    synapses,
)
from dualframe.catalogue.schema import (
    CellType,
    Effect,
    Modulator,
    Numbers,
    Origin,
    Passive,
    Receptor,
    Sourced,
    Synapse,
)
from dualframe.catalogue.show import describe

__all__ = [
    "CellType",
    "Effect",
    "Modulator",
    "Numbers",
    "Origin",
    "ParameterSet",
    "Passive",
    "PlasticityRule",
    "PopulationData",
    "Receptor",
    "Sourced",
    "Synapse",
    "cell",
    "cells",
    "citation",
    "describe",
    "modulator",
    "modulators",
    "names",
    "plasticity_rule",
    "plasticity_rules",
    "population_data",
    "populations",
    "receptor",
    "receptors",
    "synapse",
    "synapses",
]
