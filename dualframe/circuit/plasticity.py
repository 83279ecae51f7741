"""How a circuit's projections change: learning rules, facilitation and depression of release.

A circuit's weights are calibrated, so bounds and scale are multiples of the contact's own weight::

    plasticity = { rule = "pair_stdp", w_max = "2", tau_plus = "15 ms" }

``signals`` say which variable of the postsynaptic neuron a rule reads, such as an occupancy::

    plasticity = { rule = "r_stdp", w_max = "2", signals = { level_DA = "o_D1" } }
"""

from __future__ import annotations

from typing import Any

from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue import plasticity_rule
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.toml_helpers import make, values
from dualframe.core.errors import NetworkError
from dualframe.network import Plasticity
from dualframe.plasticity import PLASTICITY_RULES
from dualframe.plasticity.rule import PlasticityRule
from dualframe.synapses.short_term_plasticity import PARAMETERS, ShortTerm

_MULTIPLES = ("w_max", "w_min", "scale", "learning_rate")


def check_plasticity(given: Any, what: str, weight: Any = None) -> None:
    """Refuse what is no plasticity, or has bounds of the wrong kind.

    Parameters
    ----------
    given, what
        The plasticity of a projection, or None, and how an error calls the projection.
    weight
        The native weight: bounds then have its dimension. Without one they are multiples.
    """
    if given is None:
        return
    if not isinstance(given, Plasticity):
        raise NetworkError(
            f"plasticity of {what} is {given!r}: expected what dualframe.plasticity_rule "
            f"makes, like plasticity_rule('pair_stdp', w_max=2)."
        )
    if weight is not None:
        if get_dimensions(given.w_max) is not get_dimensions(weight):
            raise NetworkError(
                f"w_max of {what} is {given.w_max}: expected the dimension of its weight, {weight}."
            )
    elif not get_dimensions(given.w_max).is_dimensionless:
        raise NetworkError(
            f"w_max of {what} is {given.w_max}: weights of a circuit are calibrated, so give a "
            f"plain number, a multiple of the contact's weight, like w_max=2."
        )


def read_plasticity(
    table: Table, numbers: dict[str, Sourced], weight: Any = None
) -> Plasticity | None:
    """Return the plasticity of a projection's table, if it has any, and add its numbers.

    Parameters
    ----------
    table, numbers
        The projection's table, and its sourced numbers so far.
    weight
        The native weight: bounds then have its dimension. Without one they are multiples.
    """
    given = table.child("plasticity")
    if given is None:
        return None
    rule = PLASTICITY_RULES[given.text("rule", choices=PLASTICITY_RULES)]
    kinds = rule.parameters.dimensions
    given.only("rule", "set", "signals", _MULTIPLES, rule.options, kinds)
    dimensions = dict.fromkeys(_MULTIPLES, "dimensionless") | kinds
    if weight is not None:
        dimensions |= dict.fromkeys(_MULTIPLES[:3], get_dimensions(weight))
    found = {key: given.number(key, kind) for key, kind in dimensions.items() if key in given.data}
    if "w_max" not in found:
        given.fail("w_max", 'missing. Add the largest weight, a multiple of it: w_max = "2".')
    options = {key: given.text(key) for key in rule.options if key in given.data}
    numbers |= {f"plasticity.{key}": number for key, number in found.items()}
    return make(
        given,
        _plastic,
        rule=rule.name,
        set=given.text("set", ""),
        options=options,
        signals=_signals(given, rule),
        **values(found),
    )


def _signals(given: Table, rule: PlasticityRule) -> dict[str, str]:
    """Return the variables that a rule reads, by its names; a file gives no expressions."""
    table = given.child("signals")
    if table is None:
        return {}
    table.only(rule.readable_signals)
    found = {name: table.text(name) for name in table.data}
    for name, variable in found.items():
        if not variable.isidentifier():
            table.fail(name, f'{variable!r} is no variable. Name one, like {name} = "o_D1".')
    return found


def _plastic(rule: str, **content: Any) -> Plasticity:
    return plasticity_rule(rule, **content)


def read_short_term(table: Table, numbers: dict[str, Sourced]) -> ShortTerm | None:
    """Return the short-term plasticity of a projection's table, if it has any; add its numbers."""
    given = table.child("short_term")
    if given is None:
        return None
    given.only(PARAMETERS.required)
    found = {name: given.number(name, dimension) for name, dimension in PARAMETERS.required.items()}
    numbers |= {f"short_term.{name}": number for name, number in found.items()}
    return make(given, ShortTerm, **values(found))
