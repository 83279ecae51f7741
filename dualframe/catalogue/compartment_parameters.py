"""The parameters of compartments, by the part of the cell that has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.synapses.magnesium_block import PARAMETERS as MAGNESIUM_BLOCK

NMDA_BLOCK: Dimensions = MAGNESIUM_BLOCK.required

GLOBALS = ParameterTable(
    {
        "v_rest": "voltage",
        "cm": "specific capacitance",
        "gl": "specific conductance",
        "r_axial": "resistivity",
        "scale_factor": "dimensionless",
        "spine_factor": "dimensionless",
    },
    {
        "E_Na": "voltage",
        "E_K": "voltage",
        "E_Ca": "voltage",
        "E_NMDA": "voltage",
        "E_AMPA": "voltage",
        "E_GABA": "voltage",
        **NMDA_BLOCK,
    },
)

CYLINDER = ParameterTable({"length": "length", "diameter": "length"})

#: What a soma has beyond its size (explicit) or its leak (matched_passive).
SOMA: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "leakyIF": ParameterTable({}),
        "adaptive_IF": ParameterTable(
            {"tauw": "time", "jump": "current"},
            {"a": "conductance"},
            "C dV/dt = gL(EL-V) - w + I; dw/dt = (a(V-EL) - w)/tauw; at a spike w <- w + jump",
        ),
        "adaptive_conductance_IF": ParameterTable(
            {
                "EA": "voltage",
                "VA": "voltage",
                "tauA": "time",
                "gAmax": "conductance",
                "delta_gA": "conductance",
            },
            {},
            "C dV/dt = gL(EL-V) + gA(EA-V) + I; dgA/dt = (gAmax |V-VA|/mV - gA)/tauA; "
            "at a spike gA <- gA + delta_gA",
        ),
    }
)

_DSPIKE: Dimensions = {
    "threshold": "voltage",
    "tau_rise": "time",
    "tau_fall": "time",
    "offset_fall": "time",
    "refractory": "time",
}
DSPIKE = ParameterTable(
    _DSPIKE,
    {
        "g_rise": "conductance",
        "g_fall": "conductance",
        "gbar_rise": "specific conductance",
        "gbar_fall": "specific conductance",
    },
)

#: With peak and width the spike has a shape; without them the soma is reset at once.
SPIKE = ParameterTable(
    {"threshold": "voltage", "reset": "voltage", "refractory": "time"},
    {"peak": "voltage", "spike_width": "time"},
)
SPLIT = ParameterTable({"dendritic_share": "dimensionless", "attenuation": "dimensionless"})
CONTACT = ParameterTable({"g": "conductance", "decay": "time"}, {"rise": "time"})


def sized_soma(model: str) -> ParameterTable:
    """Return what a soma of a model has where a file states its size."""
    own = SOMA[model]
    return ParameterTable({**CYLINDER.required, **own.required}, own.optional)
