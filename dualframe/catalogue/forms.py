"""Which parameters each model form has, of which dimension, and the equations they belong to.

The one place where a new form is added; data files may use no other names. Those of cell types are
in `cell_forms`.
"""

from __future__ import annotations

from types import MappingProxyType

from dualframe.catalogue.compartment_parameters import (
    CONTACT,
    CYLINDER,
    DSPIKE,
    GLIF,
    GLIF_POPULATION,
    GLOBALS,
    IZHIKEVICH,
    NMDA_BLOCK,
    PASSIVE,
    PER_VOLT,
    REMARK,
    SOMA,
    SPIKE,
    SPLIT,
)
from dualframe.core.parameter_table import (
    AnyDimension,
    Dimensions,
    ParameterTable,
    dimension_of_unit,
)

__all__ = [
    "AFFINITY",
    "BINDING",
    "CONTACT",
    "CYLINDER",
    "DESENSITISATION",
    "DSPIKE",
    "GLIF",
    "GLIF_POPULATION",
    "GLOBALS",
    "IZHIKEVICH",
    "MODULATOR",
    "NMDA_BLOCK",
    "OCCUPANCY",
    "PASSIVE",
    "PER_VOLT",
    "POSITIVE",
    "RELEASE",
    "REMARK",
    "SOMA",
    "SPIKE",
    "SPLIT",
    "SYNAPSE",
    "UPTAKE",
    "AnyDimension",
    "Dimensions",
    "ParameterTable",
]

#: What every synapse has besides the parameters of its kinetics: a reversal potential.
SYNAPSE = ParameterTable({"E": "voltage"})

AFFINITY = ParameterTable({"EC50": "concentration", "hill": "dimensionless"})
BINDING: Dimensions = MappingProxyType(
    {
        "EC50": "concentration",
        "hill": "dimensionless",
        "Ki": "concentration",
        "Kd": "concentration",
        "IC50_desensitisation": "concentration",
        "k_on": dimension_of_unit("/nM/s"),
        "k_off": "rate",
    }
)
OCCUPANCY = ParameterTable({"tau_on": "time", "tau_off": "time"})
DESENSITISATION = ParameterTable(
    {
        "IC50": "concentration",
        "hill": "dimensionless",
        "tau_fast": "time",
        "tau_slow": "time",
        "tau_K": "concentration",
        "tau_hill": "dimensionless",
    }
)
MODULATOR = ParameterTable(
    {"reference_concentration": "concentration", "clearance_tau": "time"},
    {"basal_concentration": "concentration"},
)
UPTAKE = ParameterTable(
    {"Vmax": dimension_of_unit("nM/s"), "Km": "concentration", "k_other": "rate"},
    {"release_total": "concentration"},
)
#: What sources say of release and levels, kept beside what is used.
RELEASE: Dimensions = MappingProxyType(
    {
        "tau1": "time",
        "tau2": "time",
        "amplitude": "concentration",
        "baseline": "concentration",
        "basal_low": "concentration",
        "basal_high": "concentration",
        "tonic_rate_low": "rate",
        "tonic_rate_high": "rate",
        "burst_rate": "rate",
    }
)

#: Numbers of these names are greater than zero wherever they stand; others by their table.
POSITIVE = frozenset(
    {
        "r_in",
        "tau_m",
        "c_m",
        "rheobase",
        "C",
        "R",
        "decay",
        "rise",
        "length",
        "diameter",
        "cm",
        "gl",
        "r_axial",
        "EC50",
        "hill",
        "Ki",
        "Kd",
        "tau_on",
        "tau_off",
        "tau_rise",
        "tau_decay",
        "tau_fall",
        "tau",
        "slope",
        "clearance_tau",
        "reference_concentration",
        "Vmax",
        "Km",
        "IC50",
        "tau_fast",
        "tau_slow",
        "tau_K",
        "tau_hill",
        "release_total",
        "spike_width",
        "tauA",
        "tauw",
        "beta",
    }
)
