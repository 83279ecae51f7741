"""The equations of a population in the portable subset, from its texts alone.

Networks that differ in numbers have the same texts: they are rewritten once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from brian2.utils.stringtools import word_substitute

from dualframe.core.errors import NetworkError
from dualframe.targets.lowering.event_free_equations import (
    PARAMETER,
    SUBEXPRESSION,
    EquationLine,
    inline_subexpressions,
    parse_equations,
    replace_events,
)
from dualframe.targets.lowering.identifiers import (
    DRAWS,
    check_added,
    check_known,
    check_refractory,
    check_reserved,
    identifiers_in,
    names_in,
)
from dualframe.targets.lowering.poisson_counts import poisson_rate
from dualframe.targets.lowering.population_texts import PopulationTexts

PERIOD, _WIDTH = "refractory_period", "spike_width"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class PortableForm:
    """What a population's texts become; nothing of it may be changed.

    Attributes
    ----------
    equations, late
        Without the declarations of constants.
    refractory
        The expression, the name of the time, or None.
    names
        Names that the equations use, or that are kept for others.
    units, recorded_as, counts
        As of `dualframe.targets.lowering.lowered_network.LoweredGroup`.
    """

    equations: str
    late: str
    refractory: str | None
    names: frozenset[str]
    units: Mapping[str, str]
    recorded_as: Mapping[str, str]
    counts: Mapping[str, str]


@lru_cache(maxsize=1024)
def portable_form(
    texts: PopulationTexts,
    lines: tuple[EquationLine, ...],
    *,
    current_steps: frozenset[str],
    driven: frozenset[str],
    keep: frozenset[str],
) -> PortableForm:
    """Rewrite the lines of a population, with its input currents, in the portable subset.

    Parameters
    ----------
    texts
        The population's.
    lines
        Its equations.
    current_steps
        Constants of the currents.
    driven, keep
        Variables that something sets, and subexpressions that something reads.

    Raises
    ------
    NetworkError
        If an equation refers to a name that nothing defines, or a construct has no portable form.
    """
    label = f"population {texts.name!r}"
    rewritten = [
        _share_undriven_input(line, driven)
        for line in _portable_time(replace_events(texts, list(lines)))
    ]
    constants = texts.parameters | texts.durations | ({_WIDTH} if texts.has_width else set())
    counts = {
        line.name: rate for line in rewritten if (rate := poisson_rate(line)) in constants and rate
    }
    _check_additions(label, texts, current_steps, rewritten)
    constants |= current_steps | ({PERIOD} if texts.has_period else set())
    refractory = PERIOD if texts.has_period else texts.refractory
    outside = [texts.threshold, texts.reset, refractory]
    used = identifiers_in([*(line.expression for line in rewritten), *outside])
    check_reserved(label, [*(line.name for line in rewritten), *sorted(constants)])
    check_known(label, used, {line.name for line in rewritten} | constants)
    if refractory is None:
        check_refractory(label, used)
    kept = keep | set(counts)
    _check_draws(label, rewritten, kept)
    late = parse_equations(texts.late, label)
    inlined = inline_subexpressions([*rewritten, *late], kept)[-len(late) :] if late else ()
    equations = inline_subexpressions(rewritten, kept)
    _check_draws_of_one(label, equations)
    return PortableForm(
        equations="\n".join(map(str, equations)),
        late="\n".join(map(str, inlined)),
        refractory=refractory,
        names=frozenset(used | kept),
        units={line.name: line.unit for line in rewritten},
        recorded_as=_recorded_as(texts, rewritten),
        counts=counts,
    )


def _check_additions(
    label: str, texts: PopulationTexts, steps: Set[str], lines: Iterable[EquationLine]
) -> None:
    """Refuse names of the user's that are added here too."""
    additions = {*steps, *(line.name for line in lines if line.name not in texts.variables)}
    additions |= {PERIOD} if texts.has_period else set()
    check_added(label, texts.durations, additions)
    additions |= {_WIDTH} if texts.has_width else set()
    check_added(label, texts.variables | texts.parameters, additions)


def _check_draws(label: str, lines: Iterable[EquationLine], keep: Set[str]) -> None:
    """Refuse a drawn subexpression that several read: each would draw another value."""
    uses = Counter(name for line in lines for name in _WORD.findall(line.expression))
    for line in lines:
        if line.kind != SUBEXPRESSION or "constant over dt" in line.flags:
            continue
        if names_in(line.expression) & DRAWS and (line.name in keep or uses[line.name] > 1):
            raise NetworkError(
                f"{label}: {line.name!r} is drawn anew by each who reads it; write "
                f"'{line.name} = {line.expression} : {line.unit} (constant over dt)' for one value "
                f"per neuron and step."
            )


def _check_draws_of_one(label: str, lines: Iterable[EquationLine]) -> None:
    """Refuse two draws in one equation, which Brian2 refuses: it may take them for one number."""
    for line in lines:
        for name, count in Counter(_WORD.findall(line.expression)).items():
            if name in DRAWS and count > 1:
                raise NetworkError(
                    f"{label}: the equation of {line.name!r} draws by {name!r} {count} times; give "
                    f"each but one a line of its own, with '(constant over dt)'."
                )


def _share_undriven_input(line: EquationLine, driven: Set[str]) -> EquationLine:
    """An input variable that nothing drives is one shared zero, not an array to stream."""
    if line.kind != PARAMETER or line.name in driven or line.flags or line.unit == "boolean":
        return line
    return replace(line, flags=("shared", "constant"))


def _portable_time(lines: Iterable[EquationLine]) -> list[EquationLine]:
    """``t_in_timesteps`` is a clock variable that GeNN does not have."""
    by_function = {"t_in_timesteps": "timestep(t, dt)"}
    return [
        replace(line, expression=word_substitute(line.expression, by_function)) for line in lines
    ]


def _recorded_as(texts: PopulationTexts, lines: Iterable[EquationLine]) -> dict[str, str]:
    """What is recorded under a variable's name: its value after events and second reset."""
    names = {line.name for line in lines}
    return {name: f"{name}_now" for name in texts.variables if f"{name}_now" in names}
