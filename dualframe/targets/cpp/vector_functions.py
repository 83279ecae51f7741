"""Exponentials and powers of C++ programs: those of `vector_functions.h`.

Brian2 calls the functions of the C library. Loops with those of the header vectorise with any
compiler, and all neurons of a population take the same operations. With ``strict=True``, and where
a project is built as Brian2 builds it, the functions are those of the C library.
"""

from __future__ import annotations

import re

from brian2.core.functions import DEFAULT_FUNCTIONS

from dualframe.targets.cpp.random_functions import StreamCodeObject

HEADER = "vector_functions.h"

_STOCK_POWER = "#define _brian_pow(x, y) (pow((x), (y)))"
_POWER = "#define _brian_pow(x, y) (dualframe::_pow((x), (y)))"
_WITHIN = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
_POWER_OF_EXP = re.compile(rf"\b_brian_pow\(_exp\((?P<exponent>{_WITHIN})\), ")

for _function in ("exp", "expm1", "exprel"):
    DEFAULT_FUNCTIONS[_function].implementations.add_implementation(
        StreamCodeObject,
        code=f"using dualframe::_{_function};",
        name=f"_{_function}",
        compiler_kwds={"headers": [f'"{HEADER}"']},
    )


def with_vector_powers(source: str) -> str:
    """Return the source of a code object with the powers of the header.

    Exponential Euler integration of Hodgkin and Huxley's rates writes ``exp(v/20)`` as
    ``exp(v)**0.05``: such a power is one exponential.

    Parameters
    ----------
    source
        The text of the code object.
    """
    source = source.replace(_STOCK_POWER, _POWER)
    return _POWER_OF_EXP.sub(r"dualframe::_power_of_exp(\g<exponent>, ", source)
