"""How a circuit's projections change: learning rules, facilitation and depression of release.

A circuit's weights are calibrated, so bounds and scale are multiples of the contact's own weight::

    plasticity = { rule = "pair_stdp", w_max = "2", tau_plus = "15 ms" }

``signals`` say which variable of the postsynaptic neuron a rule reads, such as an occupancy::

    plasticity = { rule = "r_stdp", w_max = "2", signals = { level_DA = "o_D1" } }

Several rules of one weight are an array of tables. They share the bounds, which one of them
states; they act in their order::

    [[projections.plasticity]]
    rule = "pair_stdp"
    w_max = "2"

    [[projections.plasticity]]
    rule = "synaptic_scaling"
    target_rate = "5 Hz"
"""

from __future__ import annotations

from typing import Any

from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue import plasticity_rule
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import (
    TableForm,
    either,
    joined,
    number,
    numbers_of,
    some_numbers,
    subtables,
    table_by_kind,
    table_of,
    text,
)
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.toml_helpers import make_record, plain_values
from dualframe.core.errors import CatalogueError, DualframeError, NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.network.plasticity_spec import combined_plasticity
from dualframe.plasticity import PLASTICITY_RULES
from dualframe.plasticity.rule import PlasticityRule
from dualframe.synapses.short_term_plasticity import PARAMETERS, ShortTerm

_MULTIPLES = ("w_max", "w_min", "scale", "learning_rate")
_BOUNDS = ("w_max", "w_min")


def rule_form(rule: PlasticityRule) -> TableForm:
    """Return the form of the table ``plasticity`` of a rule."""
    return joined(
        TableForm(
            {"rule": text(PLASTICITY_RULES)},
            {
                "set": text(),
                "signals": table_of(text(), rule.readable_signals),
                **{key: text(choices) for key, choices in rule.options.items()},
                **dict.fromkeys(_MULTIPLES[:3], number(None)),
                **dict.fromkeys(_MULTIPLES[3:], number("dimensionless")),
            },
        ),
        some_numbers({k: v for k, v in rule.parameters.dimensions.items() if k not in _MULTIPLES}),
    )


_RULE = table_by_kind(
    "plasticity rule", "rule", lambda: {k: rule_form(v) for k, v in PLASTICITY_RULES.items()}
)
PLASTICITY = either(_RULE, subtables(_RULE))
SHORT_TERM = numbers_of(ParameterTable(PARAMETERS.required))


def checked_plasticity(rules: Any, label: str, weight: Any = None) -> Plasticity | None:
    """Return the plasticity of a projection, and refuse what is none or has other bounds.

    Parameters
    ----------
    rules, label
        A rule, several or None, and how an error calls the projection.
    weight
        The native weight: bounds then have its dimension. Without one they are multiples.
    """
    plasticity = combined_plasticity(rules, label)
    if plasticity is None:
        return None
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
    return plasticity


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
    if isinstance(table.data.get("plasticity"), list):
        blocks = table.children("plasticity")
    else:
        blocks = list(filter(None, [table.child("plasticity")]))
    sourced = [_read_numbers(block, weight) for block in blocks]
    for position, found in enumerate(sourced, 1):
        place = "plasticity" if position == 1 else f"plasticity.{position}"
        numbers |= {f"{place}.{key}": number for key, number in found.items()}
    bounds = {key: found[key] for key in _BOUNDS for found in reversed(sourced) if key in found}
    if blocks and "w_max" not in bounds:
        blocks[0].fail("w_max", 'missing. Add the largest weight, a multiple of it: w_max = "2".')
    rules = [
        _make_rule(block, {**bounds, **found}) for block, found in zip(blocks, sourced, strict=True)
    ]
    try:
        return combined_plasticity(rules or None, table.where)
    except NetworkError as error:
        raise CatalogueError(str(error)) from error


def _rule_of(block: Table) -> PlasticityRule:
    return PLASTICITY_RULES[block.text("rule", choices=PLASTICITY_RULES)]


def _read_numbers(block: Table, weight: Any) -> dict[str, Sourced]:
    """Return the numbers of a rule's table, with their sources."""
    rule = _rule_of(block)
    kinds = rule.parameters.dimensions
    block.only(rule_form(rule))
    dimensions = dict.fromkeys(_MULTIPLES, "dimensionless") | kinds
    if weight is not None:
        dimensions |= dict.fromkeys(_MULTIPLES[:3], get_dimensions(weight))
    return {key: block.number(key, kind) for key, kind in dimensions.items() if key in block.data}


def _make_rule(block: Table, numbers: dict[str, Sourced]) -> Plasticity:
    rule = _rule_of(block)
    options = {key: block.text(key) for key in rule.options if key in block.data}
    set_name, signals = block.text("set", ""), _signals(block, rule)
    try:
        return plasticity_rule(
            rule.name, set=set_name, options=options, signals=signals, **plain_values(numbers)
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
    block.only(SHORT_TERM)
    found = {name: block.number(name, dimension) for name, dimension in PARAMETERS.required.items()}
    numbers |= {f"short_term.{name}": number for name, number in found.items()}
    return make_record(block, ShortTerm, **plain_values(found))
