r"""Izhikevich's 2003 neuron in the time step of his own scripts.

``daspnet.m`` (ModelDB 84167) and the script of the 2003 paper advance by 1 ms: V by two half
steps, then u with the new V,

.. math::

   V_{1/2} &= V + \tfrac12 (0.04 V^2 + 5 V + 140 - u + I), \quad
   V' = V_{1/2} + \tfrac12 (0.04 V_{1/2}^2 + 5 V_{1/2} + 140 - u + I) \\
   u' &= u + a (b V' - u)

with :math:`V \to c, u \to u + d` when :math:`V \ge 30` mV. Written as Euler steps of 1 ms these are
the same numbers. The neuron takes no ampere currents: input is in mV/ms, a synapse of weight w
writes ``g += w`` and moves V by about w in the next step, and there may be uniform noise of
``half_noise`` to either side, drawn anew every step. ``probe`` is a second way in, for a synapse
that is to be watched: ``probed`` is what came through it in the step before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import ms, mV

from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import OwnInput, PointNeuron, check_parameters, with_units

_NAME = "izhikevich_2003_euler"
EQUATIONS = """
V_half = V + 0.5*dt*((quadratic*V + linear)*V + offset - u + I) : volt
V_next = V_half + 0.5*dt*((quadratic*V_half + linear)*V_half + offset - u + I) : volt
dV/dt = (V_next - V)/dt : volt
du/dt = a*(b*(V_next - v_b) - u) : volt/second
"""
POLYNOMIAL = {"quadratic": 0.04 / (mV * ms), "linear": 5 / ms, "offset": 140 * mV / ms}
NOISE = "noise = half_noise*(2*rand() - 1) : volt (constant over dt)"
ARRIVALS = """\
dg/dt = -g/dt : volt
dprobe/dt = -probe/dt : volt
dprobed/dt = (probe - probed)/dt : volt"""
INPUT = OwnInput(
    name="I", unit="volt/second", terms=("noise", "g", "probe"), expression="({terms})/unit_time"
)
_UNITS = {"a": 1 / ms, "b": 1 / ms, "c": mV, "d": mV / ms, "vpeak": mV, "v0": mV, "v_b": mV}
_DIMENSIONS: Dimensions = {
    **dict.fromkeys(("a", "b"), "rate"),
    **dict.fromkeys(("c", "vpeak", "v0", "v_b", "half_noise"), "voltage"),
    "d": dimension_of_unit("mV/ms"),
}
_DEFAULTS = {"vpeak": 30 * mV, "v0": -65 * mV, "v_b": 0 * mV, "half_noise": 0 * mV}


def izhikevich_2003_euler_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an Izhikevich neuron in the time step of 1 ms of his scripts.

    Parameters
    ----------
    parameters
        a, b, c, d as published (plain numbers, or quantities), and optionally vpeak (30 mV), v0
        (the voltage at the start, -65 mV, with u on its line), v_b (where that line is zero, 0 mV)
        and half_noise (voltage per ms, 0 mV).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    physical = with_units(_NAME, parameters, _UNITS)
    values = check_parameters(_NAME, physical, _DIMENSIONS, _DEFAULTS)
    start = values.pop("v0")
    return PointNeuron(
        equations=f"{NOISE}\n{EQUATIONS.strip()}\n{ARRIVALS}",
        threshold="V >= vpeak",
        reset="V = c\nu += d",
        parameters={**values, **POLYNOMIAL, "unit_time": 1 * ms},
        initial={"V": start, "u": values["b"] * start},
        places={"adaptation": {"d": "*"}},
        current=None,
        own_input=INPUT,
        weight_variables=("g", "probe"),
        time_step=1 * ms,
    )


IZHIKEVICH_2003_EULER = NeuronModel(
    name=_NAME,
    title="Izhikevich's 2003 neuron in the 1 ms step of his scripts",
    source="Izhikevich 2003, IEEE Trans Neural Netw 14:1569; ModelDB 84167, daspnet.m",
    parameters=ParameterTable(
        dict.fromkeys(("a", "b", "c", "d"), "dimensionless"),
        {
            **dict.fromkeys(("vpeak", "v0", "v_b"), "dimensionless"),
            "half_noise": "voltage",
        },
        "v <- v + (0.04v^2 + 5v + 140 - u + I)/2, twice; u <- u + a(b(v - v_b) - u); "
        "v >= vpeak: v <- c, u <- u+d",
        frozenset({"a"}),
    ),
    make_neuron=izhikevich_2003_euler_neuron,
    stored_as=("izhikevich2003",),
    rising=(("c", "vpeak"),),
    varies=("a", "b", "d"),
)
