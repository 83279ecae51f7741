"""What the equations of an environment must define, checked before a network is made of them."""

from __future__ import annotations

from brian2.utils.stringtools import get_identifiers

from dualframe.core.equation_syntax import (
    FUNCTIONS,
    check_expression,
    check_model,
    expressions_of_model,
    find_bare_condition,
)
from dualframe.core.errors import NetworkError, UnknownName, suggest_name
from dualframe.environments.environment_record import COUNTERS, OF_THE_CLOCK, Environment
from dualframe.environments.expression_evaluator import CONSTANTS, ordered_subexpressions


def check_definitions(environment: Environment) -> None:
    """Refuse an environment whose equations leave something open, or use names that it has itself.

    Parameters
    ----------
    environment
        With its values.

    Raises
    ------
    NetworkError
        If its equations do not define what `Environment.equations` promises, use a name that nobody
        defines, one another in a circle or a comparison as a number, or its state has a name of the
        counters and outcomes that every environment has.
    UnknownName
        If it starts a trial with a state variable that it does not have.
    """
    for name in environment.state:
        if name in (*COUNTERS, *environment.trial_outcomes, "tick", "steps", "ending"):
            raise NetworkError(
                f"environment {environment.name!r} has a state variable {name!r}, a name that "
                f"every environment uses itself: give it another."
            )
    _check_named_state(environment)
    _check_numbers(environment)
    lines = _lines_in_order(environment)
    defined = set(lines)
    promised = {f"{name}_next" for name in environment.state}
    promised |= {"reward_next", "terminal", "succeeded"}
    promised |= {item.name for item in environment.observations} - set(environment.state)
    for name in environment.position:
        if name not in environment.state:
            raise NetworkError(
                f"environment {environment.name!r} has the position {name!r}: expected one of its "
                f"state variables, {', '.join(environment.state)}."
            )
    for name in sorted(promised - defined):
        raise NetworkError(
            f"environment {environment.name!r} does not define {name!r} in its equations."
        )
    own = (*environment.state, *environment.action.inputs, *COUNTERS, *environment.trial_outcomes)
    known = {*defined, *own, *environment.constants, *FUNCTIONS, *CONSTANTS, *OF_THE_CLOCK}
    further = environment.further_outcomes
    for name, expression in (*lines.items(), *environment.start.items(), *further.items()):
        for used in sorted(get_identifiers(expression) - known):
            raise NetworkError(
                f"environment {environment.name!r}: {used!r}, of which {name!r} is made, is "
                f"neither a parameter nor defined. {suggest_name(used, known - {*FUNCTIONS})}"
            )


def _check_numbers(environment: Environment) -> None:
    """Refuse a comparison that stands for a number."""
    label = f"environment {environment.name!r}"
    check_model(environment.tick_equations, f"equations of {label}")
    others = (*environment.start.items(), *environment.further_outcomes.items())
    for name, expression in others:
        check_expression(expression, f"{name} of {label}")
    for name, expression in (*expressions_of_model(environment.tick_equations), *others):
        if condition := find_bare_condition(expression):
            raise NetworkError(
                f"{label}: {name!r} is a number, and {condition!r} is true or false: write "
                f"int({condition})."
            )


def _check_named_state(environment: Environment) -> None:
    """Refuse a start or a transfer to the next trial of what is no state variable."""
    for names, of in ((environment.start, "at the start"), (environment.carried_over, "to carry")):
        for name in names:
            if name not in environment.state:
                kind = f"state variable {of} of environment {environment.name!r}"
                raise UnknownName(kind, name, environment.state)


def _lines_in_order(environment: Environment) -> dict[str, str]:
    """Return the subexpressions of a tick by name, each after those that it uses."""
    try:
        return dict(ordered_subexpressions(environment.tick_equations))
    except ValueError as error:  # of Brian2
        if isinstance(error, NetworkError):
            raise
        raise NetworkError(
            f"equations of environment {environment.name!r}: {error} Only the state is of the tick "
            f"before; let what is new be made of it."
        ) from error
