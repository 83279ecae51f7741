"""A modulatory current into each compartment of a cell."""

from __future__ import annotations

from dualframe.receptor_effects.modulation_equations import (
    Compartment,
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)


def compartment_ending(model: ModulatableParameters, compartment: Compartment) -> str:
    """Return the ending of variables of a compartment; a point neuron needs none."""
    return f"_{compartment.name}" if len(model.compartments) > 1 else ""


def add_current(
    equations: ModulationEquations,
    effect: EffectInModel,
    model: ModulatableParameters,
    compartment: Compartment,
    expression: str,
) -> None:
    """Add the current ``I_<tag>`` of an effect to a compartment.

    Parameters
    ----------
    equations
        Of the population.
    effect
        Whose tag the current is named after.
    model, compartment
        Where it flows.
    expression
        The current (ampere), positive where it depolarises.
    """
    name = f"I_{effect.tag}" + compartment_ending(model, compartment)
    equations.equations.append(f"{name} = {expression} : amp")
    equations.currents.setdefault(compartment.name, []).append(name)
