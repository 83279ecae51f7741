"""The parameters of cell types: passive rows, point neurons, compartments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.synapses.magnesium_block import PARAMETERS as MAGNESIUM_BLOCK

PER_VOLT = dimension_of_unit("/mV")

PASSIVE: Dimensions = MappingProxyType(
    {
        "v_rest": "voltage",
        "r_in": "resistance",
        "tau_m": "time",
        "c_m": "capacitance",
        "threshold": "voltage",
        "rheobase": "current",
        "sag": "dimensionless",
        "sag_ratio": "dimensionless",
        "sag_depth": "voltage",
        "fi_slope": dimension_of_unit("Hz/pA"),
        "rate": "rate",
        "max_rate": "rate",
        "up_state": "voltage",
        "down_state": "voltage",
        "spike_duration": "time",
        "membrane_resistance": dimension_of_unit("ohm*cm**2"),
        "specific_capacitance": "specific capacitance",
    }
)

_SHARED: Dimensions = {
    "C": "capacitance",
    "tau_m": "time",
    "E_L": "voltage",
    "V_th": "voltage",
    "V_reset": "voltage",
    "t_ref": "time",
}

IZHIKEVICH: Mapping[str, ParameterTable] = MappingProxyType(
    {m.name: m.parameters for m in NEURON_MODELS.values() if m.family == "izhikevich"}
)
GLIF: Mapping[str, ParameterTable] = MappingProxyType(
    {
        **{m.name: m.parameters for m in NEURON_MODELS.values() if m.family == "glif"},
        "LIF": ParameterTable(
            _SHARED,
            {},
            "tau_m dV/dt = E_L - V + tau_m I/C; spike at V >= V_th; then V <- V_reset, hold t_ref",
        ),
        "E-GLIF": ParameterTable(
            {
                **_SHARED,
                "I_e": "current",
                "lambda_0": "rate",
                "tau_V": "voltage",
                "k_adap": dimension_of_unit("nS/ms"),
                "k_1": "rate",
                "k_2": "rate",
                "A1": "current",
                "A2": "current",
            },
            {},
            "extended GLIF: adaptive and depolarising currents, escape noise",
        ),
    }
)

GLIF_POPULATION: Dimensions = MappingProxyType(
    {
        "C": "capacitance",
        "R": "resistance",
        "E_L": "voltage",
        "th_inf": "voltage",
        "t_ref": "time",
        "g": "conductance",
        "V_th": "voltage",
        "explained_variance": "dimensionless",
    }
)

REMARK: Dimensions = MappingProxyType(
    {
        "tau_plus": "time",
        "tau_minus": "time",
        "tau_eligibility": "time",
        "tau_modulator": "time",
        "A_plus": "dimensionless",
        "A_minus": "dimensionless",
        "tau_syn": "time",
        "rate_low": "rate",
        "rate_high": "rate",
        "burst_rate": "rate",
    }
)

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
