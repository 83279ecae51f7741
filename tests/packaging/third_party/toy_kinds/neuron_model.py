"""A leaky integrate-and-fire neuron of which a synapse raises the potential."""

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

DIMENSIONS = {
    "tau_m": "time",
    "V_rest": "voltage",
    "V_th": "voltage",
    "V_reset": "voltage",
    "noise": "voltage",
}

EQUATIONS = """
luck = rand() - 0.5 : 1 (constant over dt)
dV/dt = ((V_rest - V)/tau_m) + noise*luck/dt : volt
"""


def make_neuron(parameters):
    """Return the neuron."""
    values = check_parameters("toy_lif neurons", parameters, DIMENSIONS)
    return PointNeuron(
        equations=EQUATIONS,
        threshold="V > V_th",
        reset="V = V_reset",
        parameters=values,
        initial={"V": values["V_rest"]},
        rest="V_rest",
        places={"toy_threshold_shift": {"V_th": "+"}},
        current=None,
        weight_variables=("V",),
    )


TOY_LIF = NeuronModel(
    name="toy_lif",
    title="leaky integrate-and-fire neuron whose synapses raise the potential",
    source="a test of dualframe",
    parameters=ParameterTable(DIMENSIONS, {}, "tau_m dV/dt = V_rest - V; V <- V_reset at V_th"),
    make_neuron=make_neuron,
)
