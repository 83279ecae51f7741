"""State updates in a form that a C++ compiler vectorises.

Brian2 writes a loop over neurons that a compiler executes neuron by neuron, for three reasons:

* The arrays are globals that it cannot tell apart: ``#pragma GCC ivdep`` says that no neuron
  depends on another.
* ``&&`` and ``||`` are branches. Their operands are comparisons, which Brian2 checks and which
  have no effects, so that ``&`` and ``|`` give the same.
* ``timestep()`` converts to a whole number of 64 bits, for which AVX2 has no instruction. The
  truncated double is the same number, below 2**53.

The fourth is ``exp``, and the flags of the compiler take care of it (`compile_flags`). No value
changes by what is done here, with or without ``strict``.
"""

from __future__ import annotations

import re

_LOOP = "for(int _idx=0; _idx<_N; _idx++)"
_INDEPENDENT = f"\n#pragma GCC ivdep\n{_LOOP}"
_STEP = re.compile(
    r"static inline int64_t _timestep\(double t, double dt\)\s*"
    r"\{\s*return \(int64_t\)\((?P<steps>.*)\);\s*\}"
)
_TRUNCATED = r"static inline double _timestep(double t, double dt) { return trunc(\g<steps>); }"
_WHOLE_DIVISIONS = ("_brian_mod(", "_brian_floordiv(")


def vectorisable_source(name: str, source: str) -> str:
    """Return the source of a code object; that of a state update is made vectorisable.

    A random number depends on the one before, and division of whole numbers is no instruction of
    a vector unit (and may stand behind a condition that guards it): such an update stays as it is.

    Parameters
    ----------
    name
        Name of its file.
    source
        Its text.
    """
    head, run, body = source.partition("\nvoid _run_")
    draws = source.count("_vectorisation_idx") > 2  # its two declarations
    if not name.endswith("_stateupdater_codeobject.cpp") or draws or "#pragma omp" in source:
        return source
    if any(division in body for division in _WHOLE_DIVISIONS):
        return source.replace(_LOOP, _INDEPENDENT)
    body = body.replace(" && ", " & ").replace(" || ", " | ").replace(_LOOP, _INDEPENDENT)
    return _STEP.sub(_TRUNCATED, head) + run + body
