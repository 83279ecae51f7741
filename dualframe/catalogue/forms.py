"""Which parameters each model form has, of which dimension, and the equations they belong to.

The one place where a new form is added; data files may use no other names. Those of cell types are
in `cell_forms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dualframe.catalogue.compartment_parameters import (
    BURST,
    CONTACT,
    CUBIC,
    CYLINDER,
    DSPIKE,
    GAIN,
    GLIF,
    GLIF_POPULATION,
    GLOBALS,
    IZHIKEVICH,
    NMDA_BLOCK,
    PASSIVE,
    PER_VOLT,
    REMARK,
    SLOPE,
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
    "BURST",
    "CONTACT",
    "CUBIC",
    "CYLINDER",
    "DESENSITISATION",
    "DSPIKE",
    "EFFECT",
    "GAIN",
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
    "SLOPE",
    "SOMA",
    "SPIKE",
    "SPLIT",
    "SYNAPSE",
    "UPTAKE",
    "AnyDimension",
    "Dimensions",
    "ParameterTable",
]

SYNAPSE: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "exponential": ParameterTable(
            {"E": "voltage", "decay": "time"},
            {},
            "g jumps by the weight at a spike; dg/dt = -g/decay",
        ),
        "dual_exponential": ParameterTable(
            {"E": "voltage", "rise": "time", "decay": "time"},
            {},
            "difference of two exponentials, rise and decay, that peaks at the weight",
        ),
    }
)

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
_OPTIMUM: Dimensions = MappingProxyType({"optimum": "dimensionless"})
#: Binding of receptors at terminals, where it is known to differ from that elsewhere.
_OWN_BINDING: Dimensions = MappingProxyType(
    {"EC50": "concentration", "tau_on": "time", "tau_off": "time"}
)
_FACTOR = "1 + (scale - 1) f"


def _scaling(what: str, optional: Dimensions = _OPTIMUM) -> ParameterTable:
    return ParameterTable({"scale": "dimensionless"}, optional, f"{what} times {_FACTOR}")


def _shifting(what: str) -> ParameterTable:
    return ParameterTable({"shift": "voltage"}, _OPTIMUM, f"{what} plus shift f")


#: Numbers of an effect by its kind, with f the response to the occupancy, from 0 to 1; the
#: equations as they are built stand in ``dualframe.neuromodulation.effects``.
EFFECT: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "conductance": ParameterTable(
            {"size": "dimensionless", "reversal": "voltage"},
            _OPTIMUM,
            "I = size f gL (reversal - V) in every compartment",
        ),
        "hcn": ParameterTable(
            {
                "scale": "dimensionless",
                "share": "dimensionless",
                "v_half": "voltage",
                "slope": "voltage",
                "tau": "time",
                "reversal": "voltage",
            },
            _OPTIMUM,
            "I = (scale - 1) f share gL h (reversal - V) in every compartment, "
            "tau dh/dt = m(V)/m(rest) - h, m(V) = 1/(1 + exp((V - v_half)/slope))",
        ),
        "leak": _scaling("leak conductance"),
        "rest": _shifting("resting potential"),
        "adaptation": _scaling("adaptation"),
        "threshold": _shifting("spike threshold"),
        "dspike": _scaling("conductances of dendritic spikes"),
        "release": _scaling("what a spike of these cells releases", {**_OPTIMUM, **_OWN_BINDING}),
        "gain": _scaling("synaptic current onto these cells"),
        "plasticity": ParameterTable(
            {},
            dict.fromkeys(("ltp", "ltd", "rate", "eligibility"), "dimensionless") | dict(_OPTIMUM),
            "parts of a rule of the synapses onto these cells times 1 + (number - 1) f",
        ),
        "described": ParameterTable({}),
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

POSITIVE = frozenset(
    {
        "r_in",
        "tau_m",
        "c_m",
        "rheobase",
        "C",
        "R",
        "a",
        "k",
        "klow",
        "khigh",
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
        "tau_fall",
        "tau",
        "slope",
        "asc_tau1",
        "asc_tau2",
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
        "tau_soma",
        "tau_dend",
        "tauw_soma",
        "tauw_dend",
        "threshold_tau",
        "C_soma",
        "C_dend",
        "D_d",
        "beta",
    }
)
