r"""The extended generalised leaky integrate-and-fire neuron, E-GLIF (Geminiani et al. 2018).

.. math::

   C \dot V &= \frac{C}{\tau_m} (V - E_L) - I_{adap} + I_{dep} + I_e + I \\
   \dot I_{adap} &= k_{adap} (V - E_L) - k_2 I_{adap}, \qquad \dot I_{dep} = -k_1 I_{dep} \\
   p(\text{spike in } dt) &= 1 - e^{-\lambda\,dt}, \quad \lambda = \lambda_0 e^{(V - V_{th})/\tau_V}
   \qquad \text{at a spike:} \quad V \to V_{reset}, \quad I_{dep} \to A_1, \quad
   I_{adap} \to I_{adap} + A_2

V is held at V_reset for t_ref after a spike, while both currents go on. With :math:`\tau_V` = 0 the
neuron is deterministic: a spike where :math:`V \ge V_{th}`.

**The sign of the first term** is plus, although the leak of a membrane has a minus. The authors'
NEST code (AliceGem/E-GLIF, dbbs-lab/cereb-nest) and NESTML code (dbbs-lab/cerebellar-models) have
a plus, and their optimisation, which found the published parameters, enters :math:`\tau_m` as a
negative number. How the papers print it was not checked. The code is followed: with a plus the
published sets fire by themselves at the rates that are published for them; with a minus the Golgi
cell and the molecular layer interneuron are silent. So the subthreshold system pulls V away from
E_L and :math:`I_{adap}` pulls it back. It is stable where :math:`k_2 > 1/\tau_m` and
:math:`k_{adap}/k_2 > C/\tau_m`; its damping is the difference :math:`k_2 - 1/\tau_m`, and its
steady conductance :math:`k_{adap}/k_2 - C/\tau_m`.

The oscillation of a published set decays so slowly that Euler steps of 0.1 ms let it grow. V and
:math:`I_{adap}` take steps of the fourth order, written as Euler steps, with the input constant
within one; they start at E_L and zero. V is raised to V_min where it fell below (-150 mV, the
default of the NESTML code). There, too, V_reset is held for one time step longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import mV, pA

from dualframe.core.errors import CatalogueError
from dualframe.core.parameter_table import ParameterTable, dimension_of_unit
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "tau_m": "time",
        "E_L": "voltage",
        "V_th": "voltage",
        "V_reset": "voltage",
        "t_ref": "time",
        "I_e": "current",
        "lambda_0": "rate",
        "tau_V": "voltage",
        "k_adap": dimension_of_unit("nS/ms"),
        "k_1": "rate",
        "k_2": "rate",
        "A1": "current",
        "A2": "current",
    },
    {"V_min": "voltage"},
    "C dV/dt = (C/tau_m)(V-E_L) - I_adap + I_dep + I_e + I; dI_adap/dt = k_adap (V-E_L) - k_2 "
    "I_adap; dI_dep/dt = -k_1 I_dep; spikes at rate lambda_0 exp((V-V_th)/tau_V): V <- V_reset, "
    "hold t_ref, I_dep <- A1, I_adap <- I_adap + A2",
    frozenset({"C", "tau_m", "k_2"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"V_min": -150 * mV})
#: The Taylor series of the linear system over a step: its derivatives of the orders one to four.
_EQUATIONS = """
V_from = V + (V_min - V)*int(V < V_min) : volt
V_1 = (V_from - E_L)/tau_m + (I_dep - I_adap + I_e + I)/C : volt/second
adap_1 = k_adap*(V_from - E_L) - k_2*I_adap : amp/second
V_2 = V_1/tau_m - (k_1*I_dep + adap_1)/C : volt/second**2
adap_2 = k_adap*V_1 - k_2*adap_1 : amp/second**2
V_3 = V_2/tau_m + (k_1*k_1*I_dep - adap_2)/C : volt/second**3
adap_3 = k_adap*V_2 - k_2*adap_2 : amp/second**3
V_4 = V_3/tau_m - (k_1*k_1*k_1*I_dep + adap_3)/C : volt/second**4
adap_4 = k_adap*V_3 - k_2*adap_3 : amp/second**4
dV/dt = (V_from - V)/dt + V_1 + dt/2*(V_2 + dt/3*(V_3 + dt/4*V_4)) : volt (unless refractory)
dI_adap/dt = adap_1 + dt/2*(adap_2 + dt/3*(adap_3 + dt/4*adap_4)) : amp
dI_dep/dt = I_dep*(exp(-k_1*dt) - 1)/dt : amp
"""
_RATE = "rate_now = lambda_0*exp(clip((V - V_th)/tau_V, -100.0, 40.0)) : Hz"


def eglif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an E-GLIF neuron.

    Parameters
    ----------
    parameters
        C (capacitance), tau_m, t_ref (times), E_L, V_th, V_reset, tau_V (voltages; tau_V of zero is
        a neuron without noise), I_e, A1, A2 (currents), lambda_0, k_1, k_2 (rates), k_adap
        (conductance per time), and optionally V_min (-150 mV).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension; if some neurons have
        noise and others do not.
    """
    values = check_parameters("E-GLIF", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    places = {"rest": {"E_L": "+"}, "threshold": {"V_th": "+"}}
    if np.all(np.asarray(values["A2"]) > 0):
        places["adaptation"] = {"A2": "*"}
    noisy = _has_noise(np.asarray(values["tau_V"]))
    return PointNeuron(
        equations=_EQUATIONS.strip() + (f"\n{_RATE}" if noisy else ""),
        threshold="rand() < 1 - exp(-rate_now*dt)" if noisy else "V >= V_th",
        reset="V = V_reset\nI_dep = A1\nI_adap += A2",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "I_adap": 0 * pA, "I_dep": 0 * pA},
        leak="k_adap/k_2 - C/tau_m",
        rest="E_L + I_e/(k_adap/k_2 - C/tau_m)",
        places=places,
    )


def _has_noise(width: Any) -> bool:
    if np.any(width < 0) or (np.any(width > 0) and not np.all(width > 0)):
        raise CatalogueError(
            "E-GLIF: tau_V is less than zero, or zero in some neurons only: give each neuron a "
            "width of more than zero, or 0 mV to all of them, for neurons without noise."
        )
    return bool(np.all(width > 0))


EGLIF = NeuronModel(
    name="eglif",
    title="extended generalised leaky integrate-and-fire (E-GLIF) of the olivocerebellar circuit",
    source="Geminiani et al. 2018, Front Neuroinform 12:88, with the sign of their code "
    "(AliceGem/E-GLIF)",
    parameters=_PARAMETERS,
    make_neuron=eglif_neuron,
    rising=(("E_L", "V_th"), ("V_reset", "V_th")),
    varies=("C", "k_adap"),
)
