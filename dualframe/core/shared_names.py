"""Names that every expression may use: functions, units, constants, and what each neuron has."""

from __future__ import annotations

import re

from brian2.units import allunits, stdunits

from dualframe.core.equation_syntax import FUNCTIONS

_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*")
_OF_NEURONS = ("t", "dt", "i", "N", "lastspike", "not_refractory", "xi")
_WORDS = ("and", "or", "not", "True", "False")

_UNITS = (*allunits.__all__, *stdunits.__all__)

#: Those of Brian2, and its units of rare sizes too.
SHARED_NAMES = frozenset({*FUNCTIONS, *_UNITS, "e", "pi", "inf", *_OF_NEURONS})


def names_not_shared(expression: str) -> frozenset[str]:
    """Return the names of an expression that its owner has to define.

    Parameters
    ----------
    expression
        The text.
    """
    return frozenset(_IDENTIFIER.findall(expression)) - SHARED_NAMES - frozenset(_WORDS)
