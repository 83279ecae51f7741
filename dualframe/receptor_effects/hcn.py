r"""The change of the HCN conductance against control.

.. math:: I_{h} = (scale - 1)\, f\, share\, g_L\, h\, (E - V),
          \quad \tau \dot h = \frac{m_\infty(V)}{m_\infty(E_L)} - h,
          \quad m_\infty(V) = \frac{1}{1 + e^{(V - V_{1/2})/slope}}

The leak of a model holds the HCN conductance that is open at rest, so of an effect on HCN only
the change against control enters; h is the activation relative to rest. A model cannot lose more
HCN conductance than its leak holds: where the effect closes HCN, h counts up to 1.
"""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind, Problems, SignTest, Values
from dualframe.receptor_effects.membrane_currents import add_current, compartment_ending
from dualframe.receptor_effects.membrane_parameters import negative_factors
from dualframe.receptor_effects.modulation_equations import (
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.receptor_effects.response import response_expression


def _add_hcn(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    numbers = ("scale", "share", "v_half", "slope", "tau")
    scale, share, v_half, slope, tau, reversal = equations.add_parameters(
        effect, **{name: name for name in numbers}, E="reversal"
    )
    f = response_expression(equations, effect)
    for place in model.compartments:
        h = f"h_{effect.tag}" + compartment_ending(model, place)
        rest, now = (
            f"(1 + exp(({voltage} - {v_half})/{slope}))" for voltage in (place.rest, place.voltage)
        )
        equations.equations.append(f"d{h}/dt = ({rest}/{now} - {h})/{tau} : 1")
        equations.initial[h] = 1.0
        open_ = f"({h} - int({scale} < 1)*int({h} > 1)*({h} - 1))"
        force = f"({place.leak})*({reversal} - {place.voltage})"
        current = f"({scale} - 1)*{share}*{f}*{open_}*{force}"
        add_current(equations, effect, model, place, current)


def _problems(values: Values) -> Problems:
    yield from negative_factors(values)
    if not 0 <= values["share"] < 1:
        yield "share", "must be a fraction of the resting leak, from 0 up to less than 1."


HCN = EffectKind(
    name="hcn",
    required={
        "scale": "dimensionless",
        "share": "dimensionless",
        "v_half": "voltage",
        "slope": "voltage",
        "tau": "time",
        "reversal": "voltage",
    },
    equation=(
        "I = (scale - 1) f share gL h (reversal - V) in every compartment, "
        "tau dh/dt = m(V)/m(rest) - h, m(V) = 1/(1 + exp((V - v_half)/slope))"
    ),
    add_equations=_add_hcn,
    find_problems=_problems,
    close_leak=lambda values: max((1 - values["scale"]) * values["share"], 0.0),
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale", moves="conductance"),
)
