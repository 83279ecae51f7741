"""State updates, and what is computed once per step, in a form that a C++ compiler vectorises.

Brian2 writes a loop over neurons that a compiler executes neuron by neuron, for these reasons:

* The arrays are globals that it cannot tell apart: a pragma says that no neuron depends on
  another, to g++ and to clang.
* ``&&`` and ``||`` are branches. Their operands are comparisons, which Brian2 checks and which
  have no effects, so that ``&`` and ``|`` give the same.
* ``timestep()`` converts to a whole number of 64 bits, for which AVX2 has no instruction. The
  truncated double is the same number, below 2**53.
* ``int(condition)`` is a whole number of 32 bits between doubles of 64, of which a vector holds
  half as many. The doubles 1 and 0 are the same numbers.
* The flag ``not_refractory`` is a byte beside doubles: as many bytes as fill a vector are eight
  vectors of doubles, for which there are no registers. A loop of its own writes it.

The last is functions of the C library, and `vector_functions` takes care of those. No value
changes by what is done here, with or without ``strict``.
"""

from __future__ import annotations

import re

UPDATES = ("_stateupdater_codeobject.cpp", "_subexpression_update_codeobject.cpp")

_LOOP = "for(int _idx=0; _idx<_N; _idx++)"
_INDEPENDENT = f"\n#pragma clang loop vectorize(assume_safety)\n#pragma GCC ivdep\n{_LOOP}"
_STEP = re.compile(
    r"static inline int64_t _timestep\(double t, double dt\)\s*"
    r"\{\s*return \(int64_t\)\((?P<steps>.*)\);\s*\}"
)
_TRUNCATED = r"static inline double _timestep(double t, double dt) { return trunc(\g<steps>); }"
_REFRACTORY = re.compile(r"\n *not_refractory = (?P<rule>_timestep\(t - lastspike, dt\) >= \w+);")
_FLAG = re.compile(r"\n *(?P<array>_ptr_array_\w+_)not_refractory\[_idx\] = not_refractory;")
_WHOLE_DIVISIONS = ("_brian_mod(", "_brian_floordiv(")
_TRUTH_OF_ALL = re.compile(r"const char (?=_lio_\d+ = )")
_INTEGER = re.compile(r"\bint_\(")
_COMPARISON = re.compile(r"[<>&|!]|==")  # numbers have no operators of bits


def vectorisable_update(source: str) -> str:
    """Return the source of a state update that a compiler vectorises.

    A random number that the loop draws depends on the one before, and division of whole numbers is
    no instruction of a vector unit (and may stand behind a condition that guards it): such an
    update stays as it is.

    Parameters
    ----------
    source
        The text of the code object.
    """
    head, run, body = source.partition("\nvoid _run_")
    draws = source.count("_vectorisation_idx") > 2  # its two declarations
    if draws or "#pragma omp" in source:
        return source
    if divides_whole_numbers(body):
        return source.replace(_LOOP, _INDEPENDENT)
    body = _count_in_doubles(_TRUTH_OF_ALL.sub("const bool ", without_branches(body)))
    body = _write_flags_apart(body).replace(_LOOP, _INDEPENDENT)
    return _STEP.sub(_TRUNCATED, head) + run + body


def divides_whole_numbers(code: str) -> bool:
    """Return whether code divides whole numbers, or takes their remainders."""
    return any(division in code for division in _WHOLE_DIVISIONS)


def without_branches(code: str) -> str:
    """Return code whose conditions evaluate both of their sides."""
    return code.replace(" && ", " & ").replace(" || ", " | ")


def _count_in_doubles(code: str) -> str:
    """Write ``int_(condition)`` as a double, from the innermost to the outermost."""
    for match in reversed(list(_INTEGER.finditer(code))):
        argument, outside = _bracketed(code[match.end() :])
        if _COMPARISON.search(outside):
            after = code[match.end() + len(argument) + 1 :]
            code = f"{code[: match.start()]}(({argument}) ? 1.0 : 0.0){after}"
    return code


def _bracketed(code: str) -> tuple[str, str]:
    """Return what stands before the bracket that closes, and the part of it outside of brackets."""
    depth, outside = 1, ""
    for place, letter in enumerate(code):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return code[:place], outside
        outside += letter if depth == 1 else ""
    return code, ""


def _write_flags_apart(body: str) -> str:
    """Move the write of ``not_refractory`` to a loop of its own, where it depends on time alone."""
    rule, flag = _REFRACTORY.search(body), _FLAG.search(body)
    if rule is None or flag is None or body.count(_LOOP) != 1:
        return body
    array = flag["array"]
    computed = rule["rule"].replace("lastspike", f"{array}lastspike[_idx]")
    apart = f"{_LOOP} {{ {array}not_refractory[_idx] = {computed}; }}\n"
    body = body.replace(flag[0], "").replace("char not_refractory;", "bool not_refractory;")
    loaded = f"char not_refractory = {array}not_refractory[_idx];"
    return body.replace(loaded, "bool not_refractory;").replace(_LOOP, f"{apart}{_LOOP}")
