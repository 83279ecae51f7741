"""Names in equations and statements: which are used, known, or kept by Brian2 for itself."""

from __future__ import annotations

import builtins
import errno
import keyword
import signal
from collections.abc import Iterable, Set
from functools import lru_cache

import sympy
from brian2 import NeuronGroup, Synapses
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import NetworkError, suggest_name

_WORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
co_return co_yield decltype default delete do double dynamic_cast else enum explicit export
extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
nullptr operator or or_eq private protected public register reinterpret_cast requires return
short signed sizeof static static_assert static_cast struct switch template this thread_local
throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while
xor xor_eq main std brian linux unix NULL EOF NAN INFINITY BUFSIZ errno stdin stdout stderr
assert HUGE_VAL RAND_MAX F_OK R_OK W_OK X_OK L_SET NZERO NGREG NSIG DOMAIN MAXFLOAT M_E M_PI
M_PI_2 M_PI_4 M_LN2 M_LN10 M_SQRT2
"""
# keywords of C++, and macros of the headers that a program includes
_CPP = frozenset([*_WORDS.split(), *errno.errorcode.values(), *signal.Signals.__members__])
_ALWAYS = frozenset({"t", "dt", "i", "N", "lastspike", "not_refractory", "xi"})
_REFRACTORY = frozenset({"lastspike", "not_refractory"})  # Brian2 has them where there is a period
_OF_NEURONS = frozenset({"N", "xi", "t_in_timesteps"})  # another thing, or nothing, in a synapse
DRAWS = frozenset({"rand", "randn", "poisson", "binomial"})
_GLOBAL = frozenset(DEFAULT_FUNCTIONS) | frozenset(DEFAULT_CONSTANTS) | frozenset(DEFAULT_UNITS)
# attributes of Brian2's groups: those of the class, and those that an instance gets besides
_ATTRIBUTES = frozenset(name for name in dir(NeuronGroup) if not name.startswith("_")) | frozenset(
    [
        "start",
        "stop",
        "name",
        "clock",
        "events",
        "equations",
        "i",
        "N",
        "t",
        "dt",
        "codeobj_class",
        "event_codes",
        "indices",
        "method_choice",
        "order",
        "resetter",
        "state_updater",
        "subexpression_updater",
        "thresholder",
        "user_equations",
        "variables",
        "when",
    ]
)
RESERVED = (
    _ATTRIBUTES
    | (_GLOBAL | _ALWAYS | _CPP | frozenset(keyword.kwlist))
    | {"t_in_timesteps", "spike", "_spikespace"}
)
OF_SYNAPSES = frozenset(name for name in dir(Synapses) if not name.startswith("_")) | frozenset(
    [
        "j",
        "delay",
        "delay_",
        "pre",
        "post",
        "lastupdate",
        "w_now",
        "N_pre",
        "N_post",
        "N_incoming",
        "N_outgoing",
        "N_incoming_post",
        "N_outgoing_pre",
        "sources",
        "targets",
        "source",
        "target",
        "summed_updaters",
        "connect",
        "default_event",
        "event_driven",
        "multisynaptic_index",
        "register_variable",
        "unregister_variable",
        "verify_dependencies",
    ]
)
# What sympy reads as something of its own; the letter I comes back as it was.
_OF_SYMPY = (
    frozenset(sympy.__all__)
    | frozenset(n for n, f in vars(builtins).items() if isinstance(f, type(len)))
) - {"I"}


@lru_cache(maxsize=16384)
def names_in(text: str) -> frozenset[str]:
    """Return the identifiers of a text.

    Parameters
    ----------
    text
        Equations, statements or an expression.
    """
    return frozenset(get_identifiers(text))


def identifiers_in(texts: Iterable[str | None]) -> set[str]:
    """Return the identifiers of several texts.

    Parameters
    ----------
    texts
        Equations and statements; None counts as empty.
    """
    used: set[str] = set()
    for text in texts:
        used |= names_in(text or "")
    return used


def check_known(label: str, used: Set[str], defined: Set[str]) -> None:
    """Refuse a name that nothing defines.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    used
        The names that are used.
    defined
        The names that are defined.
    """
    for name in sorted(used - defined - _ALWAYS - _GLOBAL):
        if name.startswith("xi_"):
            continue
        raise NetworkError(
            f"{label} uses {name!r}, which neither its equations nor its parameters define. "
            + suggest_name(name, defined)
        )


def check_refractory(label: str, used: Set[str]) -> None:
    """Refuse names of a refractory period where there is none.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    used
        The names that are used.
    """
    for name in sorted(used & _REFRACTORY):
        raise NetworkError(
            f"{label} uses {name!r} but has no refractory period: give refractory, a time of zero "
            f"or more."
        )


def check_synaptic(label: str, used: Set[str]) -> None:
    """Refuse names in synaptic statements that mean something else in a neuron.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    used
        The names that are used.
    """
    for name in sorted(n for n in used if n in _OF_NEURONS or n.startswith("xi_")):
        raise NetworkError(
            f"{label} uses {name!r} in its statements, where it is not that of the neurons: state "
            f"it in the equations of a population, like 'A = 1.0*N : 1', and read A_post."
        )


def check_reserved(label: str, names: Iterable[str]) -> None:
    """Refuse a variable that would hide what Brian2, Python or C++ call so.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    names
        The names.
    """
    for name in names:
        if name in RESERVED or name.startswith(("xi_", "_")):
            raise NetworkError(
                f"{label} calls a variable {name!r}, a name that Brian2 keeps for itself; "
                f"rename it."
            )


def check_reserved_of_synapses(label: str, names: Iterable[str]) -> None:
    """Refuse a synaptic variable with a name of Brian2's synapses, or of dualframe's.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    names
        The names.
    """
    names = tuple(names)
    check_reserved(label, names)
    for name in names:
        if name in OF_SYNAPSES or name.endswith(("_pre", "_post", "_of_target")):
            raise NetworkError(
                f"{label} calls a variable {name!r}, a name that synapses have already; rename it."
            )


def check_solved_exactly(label: str, names: Iterable[str]) -> None:
    """Refuse a variable whose exact solution would hold something of sympy's in its place.

    Brian2 writes the solution of linear equations with sympy, and names their variables by texts:
    ``E`` becomes the number 2.718, in silence, and ``trace`` a function.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    names
        The variables of the equations.

    Raises
    ------
    NetworkError
        If sympy has another meaning for a name.
    """
    for name in names:
        if name in _OF_SYMPY:
            raise NetworkError(
                f"{label} solves its variable {name!r} exactly, by sympy, for which {name!r} is a "
                f"{'number' if name == 'E' else 'name'} of its own; rename it, for example to "
                f"'{name}_now'."
            )


def check_added(label: str, names: Iterable[str], additions: Iterable[str]) -> None:
    """Refuse a variable that has the name of one that dualframe adds.

    Parameters
    ----------
    label
        Whose names they are, for errors.
    names
        The names of the user.
    additions
        The names that are added.
    """
    for name in sorted(set(names) & set(additions)):
        raise NetworkError(
            f"{label} calls a variable {name!r}, a name that dualframe adds for its events, "
            f"currents or refractory period; rename it."
        )
