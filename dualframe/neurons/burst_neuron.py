r"""The lumped two-compartment burst cell of Naud and Sprekeler (2018, PNAS 115:E6329).

.. math:: f &= 1/(1 + e^{-(V_d - E_d)/D_d}) \\
    C_s(\dot V_s + (V_s - E_L)/\tau_s) &= g_s f - w_s + I_s, \quad
        \tau_{ws}\dot w_s = -w_s \\
    C_d(\dot V_d + (V_d - E_L)/\tau_d) &= g_d f - w_d + b K(t - \hat t) + I_d, \quad
        \tau_{wd}\dot w_d = a_d (V_d - E_L) - w_d

The box :math:`K` is 1 for ``bAP_kernel`` after a somatic spike. A spike resets :math:`V_s`, raises
:math:`w_s` and the threshold, which decays back. In Dendrify's terms these are two ``adaptiveIF``
compartments without a coupling conductance; the plateau and the back-propagating spike are
currents of their own. The order of a step is that of ``NaudGroup.cpp``: the box acts in the steps
after the spike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import siemens
from dendrify import Compartment, Dendrite, Soma

from dualframe.core.parameter_table import ParameterTable

#: ``bAP_kernel`` is a number of time steps.
EQUATIONS = """\
f_plateau = 1/(1 + exp(-(V_dend - E_plateau)/D_plateau)) : 1
I_plateau_soma = plateau_soma*f_plateau : amp
I_plateau_dend = plateau_dend*f_plateau : amp
I_bAP_dend = bAP*int(timestep(t - lastspike, dt) <= bAP_kernel) : amp
dth_soma/dt = -th_soma/threshold_tau : volt"""

CURRENTS: Mapping[str, tuple[str, ...]] = {
    "soma": ("I_plateau_soma",),
    "dend": ("I_plateau_dend", "I_bAP_dend"),
}


BURST_PARAMETERS = ParameterTable(
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
    frozenset(
        {
            "tau_soma",
            "tau_dend",
            "tauw_soma",
            "tauw_dend",
            "threshold_tau",
            "C_soma",
            "C_dend",
            "D_d",
        }
    ),
)


def burst_compartments(parameters: Mapping[str, Any]) -> tuple[dict[str, Compartment], Any]:
    """Return the two compartments by name, and the rest that they share.

    Parameters
    ----------
    parameters
        Quantities by the names of `BURST_PARAMETERS`.
    """
    compartments = {
        name: kind(
            name,
            model="adaptiveIF",
            cm_abs=parameters[f"C_{name}"],
            gl_abs=parameters[f"C_{name}"] / parameters[f"tau_{name}"],
        )
        for name, kind in (("soma", Soma), ("dend", Dendrite))
    }
    for name, compartment in compartments.items():
        coupling = parameters["a_dend"] if name == "dend" else 0 * siemens
        compartment.add_params({f"a_{name}": coupling, f"tauw_{name}": parameters[f"tauw_{name}"]})
    # Dendrify drops a coupling of 0 nS from its parameters, but not from its equations
    compartments["soma"].add_params({"g_dend_soma": 0 * siemens, "g_soma_dend": 0 * siemens})
    return compartments, parameters["EL"]
