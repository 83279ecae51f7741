"""The parameters of cell types: passive rows, point neurons, compartments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit

GAIN = dimension_of_unit("nS/mV")
PER_VOLT = dimension_of_unit("/mV")
SLOPE = dimension_of_unit("mV/pA")
CUBIC = dimension_of_unit("pA/mV^3")

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

_QUADRATIC: Dimensions = {
    "C": "capacitance",
    "k": GAIN,
    "vr": "voltage",
    "vt": "voltage",
    "vpeak": "voltage",
    "a": "rate",
    "b": "conductance",
    "c": "voltage",
    "d": "current",
}
_U_DEPENDENT: Dimensions = {"vpeak_u": SLOPE, "c_u": SLOPE}
_V_DEPENDENT_B: Dimensions = {"v_switch": "voltage", "b_above": "conductance"}


def _without(kinds: Dimensions, *names: str) -> Dimensions:
    return {name: kind for name, kind in kinds.items() if name not in names}


IZHIKEVICH: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "izhikevich2003": ParameterTable(
            dict.fromkeys(("a", "b", "c", "d", "vpeak"), "dimensionless"),
            {"v0": "dimensionless"},
            "dv/dt = 0.04v^2 + 5v + 140 - u + I; du/dt = a(bv - u); v >= vpeak: v <- c, u <- u+d",
        ),
        "izhikevich2007": ParameterTable(
            _QUADRATIC,
            {},
            "C dv/dt = k(v-vr)(v-vt) - u + I; du/dt = a(b(v-vr) - u); v >= vpeak: v <- c, u <- u+d",
        ),
        "izhikevich2007_FS": ParameterTable(
            {**_without(_QUADRATIC, "b", "d"), "vb": "voltage", "U_coef": CUBIC},
            {},
            "as izhikevich2007, but du/dt = a(U(v) - u), U = 0 for v < vb, else U_coef (v-vb)^3; "
            "v >= vpeak: v <- c, u unchanged",
        ),
        "izhikevich2007_LTS": ParameterTable(
            {**_QUADRATIC, **_U_DEPENDENT, "u_max": "current"},
            {},
            "as izhikevich2007; v > vpeak - vpeak_u u: v <- c + c_u u, u <- min(u+d, u_max)",
        ),
        "izhikevich2007_TC": ParameterTable(
            {**_QUADRATIC, **_U_DEPENDENT, **_V_DEPENDENT_B},
            {},
            "as izhikevich2007 with b_above instead of b where v > v_switch; "
            "v > vpeak + vpeak_u u: v <- c - c_u u, u <- u+d",
        ),
        "izhikevich2007_RTN": ParameterTable(
            {**_QUADRATIC, **_V_DEPENDENT_B},
            {},
            "as izhikevich2007 with b_above instead of b where v > v_switch",
        ),
        "izhikevich_skinner": ParameterTable(
            {**_without(_QUADRATIC, "k"), "klow": GAIN, "khigh": GAIN, "Ishift": "current"},
            {},
            "as izhikevich2007 with I + Ishift, and k = klow for v <= vt, khigh for v > vt",
        ),
    }
)

_GLIF1: Dimensions = {
    "C": "capacitance",
    "R": "resistance",
    "E_L": "voltage",
    "th_inf": "voltage",
    "t_ref": "time",
}
_RESET: Dimensions = {
    "f_v": "dimensionless",
    "deltaV": "voltage",
    "a_spike": "voltage",
    "b_spike": "rate",
}
_ASC: Dimensions = {
    "asc_amp1": "current",
    "asc_tau1": "time",
    "asc_amp2": "current",
    "asc_tau2": "time",
}
_VOLTAGE_TH: Dimensions = {"a_voltage": "rate", "b_voltage": "rate"}
_LIF = "C dV/dt = I - (V-E_L)/R; spike at V >= E_L + th_inf; then V <- E_L, hold t_ref"
_RESET_RULE = (
    "threshold + th_s, dth_s/dt = -b_spike th_s, jump a_spike; V <- E_L + f_v (V-E_L) + deltaV"
)
_ASC_RULE = "I + I_1 + I_2, dI_j/dt = -I_j/asc_tau_j, jump asc_amp_j"

_SHARED: Dimensions = {
    "C": "capacitance",
    "tau_m": "time",
    "E_L": "voltage",
    "V_th": "voltage",
    "V_reset": "voltage",
    "t_ref": "time",
}

GLIF: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "GLIF1": ParameterTable(_GLIF1, {}, _LIF),
        "GLIF2": ParameterTable({**_GLIF1, **_RESET}, {}, f"GLIF1 with {_RESET_RULE}"),
        "GLIF3": ParameterTable({**_GLIF1, **_ASC}, {}, f"GLIF1 with {_ASC_RULE}"),
        "GLIF4": ParameterTable({**_GLIF1, **_ASC, **_RESET}, {}, f"GLIF3 with {_RESET_RULE}"),
        "GLIF5": ParameterTable(
            {**_GLIF1, **_ASC, **_RESET, **_VOLTAGE_TH},
            {},
            "GLIF4 with threshold + th_v, dth_v/dt = a_voltage (V-E_L) - b_voltage th_v",
        ),
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
        **_GLIF1,
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

NMDA_BLOCK: Dimensions = MappingProxyType(
    {
        "Mg": "concentration",
        "alpha": PER_VOLT,
        "beta": "concentration",
        "gamma": "voltage",
    }
)

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

BURST = ParameterTable(
    {
        "EL": "voltage",
        "tau_soma": "time",
        "C_soma": "capacitance",
        "g_soma": "current",
        "tauw_soma": "time",
        "jump": "current",
        "threshold": "voltage",
        "threshold_jump": "voltage",
        "threshold_tau": "time",
        "reset": "voltage",
        "tau_dend": "time",
        "C_dend": "capacitance",
        "g_dend": "current",
        "bAP": "current",
        "bAP_kernel": "time",
        "tauw_dend": "time",
        "a_dend": "conductance",
        "E_d": "voltage",
        "D_d": "voltage",
    },
    {},
    "f = 1/(1 + exp(-(Vd - E_d)/D_d)); "
    "C_soma (dVs/dt + (Vs-EL)/tau_soma) = g_soma f - ws + I; dws/dt = -ws/tauw_soma; "
    "C_dend (dVd/dt + (Vd-EL)/tau_dend) = g_dend f - wd + bAP K + I; "
    "tauw_dend dwd/dt = a_dend (Vd-EL) - wd; K = 1 for bAP_kernel after a spike; "
    "spike at Vs > threshold + th: Vs <- reset, ws <- ws + jump, th <- th + threshold_jump, "
    "dth/dt = -th/threshold_tau",
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
