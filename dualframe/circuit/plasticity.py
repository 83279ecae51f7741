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
from dualframe.circuit.toml_helpers import make_record, plain_values
from dualframe.core.errors import CatalogueError, DualframeError, NetworkError
from dualframe.network import Plasticity
from dualframe.plasticity import PLASTICITY_RULES
from dualframe.plasticity.rule import PlasticityRule
from dualframe.synapses.short_term_plasticity import PARAMETERS, ShortTerm

_MULTIPLES = ("w_max", "w_min", "scale", "learning_rate")


def check_plasticity(plasticity: Any, label: str, weight: Any = None) -> None:
    """Refuse what is no plasticity, or has bounds of the wrong kind.

    Parameters
    ----------
    plasticity, label
        The plasticity of a projection, or None, and how an error calls the projection.
    weight
        The native weight: bounds then have its dimension. Without one they are multiples.
    """
    if plasticity is None:
        return
    if not isinstance(plasticity, Plasticity):
        raise NetworkError(
            f"plasticity of {label} is {plasticity!r}: expected what dualframe.plasticity_rule "
            f"makes, like plasticity_rule('pair_stdp', w_max=2)."
        )
    if weight is not None:
        if get_dimensions(plasticity.w_max) is not get_dimensions(weight):
            raise NetworkError(
                f"w_max of {label} is {plasticity.w_max}: expected the dimension of its weight, "
                f"{weight}."
            )
    elif not get_dimensions(plasticity.w_max).is_dimensionless:
        raise NetworkError(
            f"w_max of {label} is {plasticity.w_max}: weights of a circuit are calibrated, so give "
            f"a plain number, a multiple of the contact's weight, like w_max=2."
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
    block = table.child("plasticity")
    if block is None:
        return None
    rule = PLASTICITY_RULES[block.text("rule", choices=PLASTICITY_RULES)]
    kinds = rule.parameters.dimensions
    block.only("rule", "set", "signals", _MULTIPLES, rule.options, kinds)
    dimensions = dict.fromkeys(_MULTIPLES, "dimensionless") | kinds
    if weight is not None:
        dimensions |= dict.fromkeys(_MULTIPLES[:3], get_dimensions(weight))
    found = {key: block.number(key, kind) for key, kind in dimensions.items() if key in block.data}
    if "w_max" not in found:
        block.fail("w_max", 'missing. Add the largest weight, a multiple of it: w_max = "2".')
    options = {key: block.text(key) for key in rule.options if key in block.data}
    numbers |= {f"plasticity.{key}": number for key, number in found.items()}
    set_name, signals = block.text("set", ""), _signals(block, rule)
    try:
        return plasticity_rule(
            rule.name, set=set_name, options=options, signals=signals, **plain_values(found)
        )
    except CatalogueError:
        raise
    except DualframeError as error:
        raise CatalogueError(f"{block.where}: {error}") from error


def _signals(block: Table, rule: PlasticityRule) -> dict[str, str]:
    """Return the variables that a rule reads, by its names; a file gives no expressions."""
    signals = block.child("signals")
    if signals is None:
        return {}
    signals.only(rule.readable_signals)
    found = {name: signals.text(name) for name in signals.data}
    for name, variable in found.items():
        if not all(part.isidentifier() or part == "5HT" for part in variable.split(".")):
            signals.fail(name, f'{variable!r} is no variable. Name one, like {name} = "o_D1".')
    return found


def read_short_term(table: Table, numbers: dict[str, Sourced]) -> ShortTerm | None:
    """Return the short-term plasticity of a projection's table, if it has any; add its numbers."""
    block = table.child("short_term")
    if block is None:
        return None
    block.only(PARAMETERS.required)
    found = {name: block.number(name, dimension) for name, dimension in PARAMETERS.required.items()}
    numbers |= {f"short_term.{name}": number for name, number in found.items()}
    return make_record(block, ShortTerm, **plain_values(found))
