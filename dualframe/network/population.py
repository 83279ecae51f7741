"""Populations: neurons of one cell type, and what happens to them between two time steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.core.equation_syntax import (
    check_condition,
    check_expression,
    check_model,
    check_statements,
)
from dualframe.core.errors import NetworkError, suggest_name
from dualframe.core.quantity import is_quantity_text
from dualframe.core.shared_names import names_not_shared
from dualframe.core.validation import (
    as_names,
    as_not_negative,
    as_positive,
    as_records,
    as_rows,
    as_table,
    as_times,
    as_values,
    as_variation,
    check_name,
    set_frozen_field,
)
from dualframe.network.member_counts import check_members
from dualframe.network.value_record import ValueRecord, variables


@dataclass(frozen=True)
class Event(ValueRecord):
    """Something that happens to a neuron between two time steps, such as a dendritic spike.

    At the end of step ``n`` the ``condition`` is checked; where it holds, the ``action`` changes
    the neuron before step ``n + 1``. ``t_in_timesteps`` in either text is ``n``. The variables that
    an action writes hold whole numbers (a step count, a gate of zero or one), unless they are
    named as graded.

    Parameters
    ----------
    name
        For example ``"Na_dend"``.
    condition
        Boolean expression.
    action
        Assignments ``variable = expression``, separated by ``;``.
    time
        The variable that holds the step of the last event, for recordings.
    graded
        Variables of the action that hold real numbers, such as the size of this event.
    """

    name: str
    condition: str
    action: str
    time: str = ""
    graded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "event")
        check_expression(self.condition, f"condition of event {self.name!r}")
        check_statements(self.action, f"action of event {self.name!r}")
        if self.time:
            check_name(self.time, f"time of event {self.name!r}:")
        graded = as_names(self.graded, f"graded of event {self.name!r}")
        object.__setattr__(self, "graded", graded)


@dataclass(frozen=True, eq=False)
class Population(ValueRecord):
    """A group of neurons of one cell type.

    Parameters
    ----------
    name
        Identifier, unique in the network.
    n
        Number of neurons.
    equations
        Brian2 model text. Constants are not declared there: every name in ``parameters`` is
        declared when the network is lowered.
    threshold, reset
        Brian2 expression and statements; a population without a threshold never spikes.
    refractory
        A time, or a Brian2 expression of dimension time.
    second_reset, spike_width
        Statements executed ``spike_width`` after a spike (Dendrify's second somatic reset).
    events
        Dendritic spikes.
    parameters
        Constants by name: a scalar, or an array of shape ``(n,)``.
    durations
        Times by name that the equations count in time steps of the run.
    late
        Equations that the ``late`` statements of projections need, on GeNN.
    initial
        Initial values of state variables: a scalar or an array of shape ``(n,)``.
    heterogeneity
        Spread across neurons, by parameter name or family (``"gL"`` is ``gL`` and every
        ``gL_*``): a coefficient of variation of a log-normal factor of mean one, drawn once per
        neuron and family, or an array of shape ``(n,)`` of factors.
    method
        Integration method; the portable subset is proven for ``"euler"``.
    cell_type
        Name in the catalogue, if any.
    sign
        Dale's sign: +1 excitatory, -1 inhibitory, ``None`` undetermined.
    positions
        Array of shape ``(n, 3)``, a length; needed by distance-dependent projections.
    voltage
        The membrane potential at the soma, for figures and calibration.
    time_step
        The time step that the equations presume, or at which the parameters were fitted, if any; a
        run at another one says so.

    Raises
    ------
    NetworkError
        If a count, name, shape or time cannot be what was asked for.
    """

    name: str
    n: int
    equations: str
    threshold: str | None = None
    reset: str | None = None
    _: KW_ONLY
    refractory: Any = None
    second_reset: str | None = None
    spike_width: Any = None
    events: tuple[Event, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    durations: Mapping[str, Any] = field(default_factory=dict)
    late: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)
    heterogeneity: Mapping[str, Any] = field(default_factory=dict)
    method: str = "euler"
    cell_type: str = ""
    sign: int | None = None
    positions: Any = None
    voltage: str = "V"
    time_step: Any = None

    def __post_init__(self) -> None:
        check_name(self.name, "population")
        label = f"population {self.name!r}"
        check_members(self.n, f"number of neurons of {label}")
        if self.sign not in (None, 1, -1):
            raise NetworkError(f"sign of {label} is {self.sign!r}: expected +1, -1 or None.")
        set_frozen_field(self, "events", as_records(self.events, Event, f"events of {label}"))
        self._convert_tables()
        self._convert_refractory()
        self._check_texts()
        if self.threshold is None and self.reset is not None:
            raise NetworkError(f"{label} has a reset but no threshold: give both, or neither.")
        self._check_second_reset()
        if self.time_step is not None:
            step = as_positive(self.time_step, "time", f"time_step of {label}")
            set_frozen_field(self, "time_step", step)
        self._check_variables()
        self._check_threshold()
        self._check_heterogeneity()
        if self.positions is not None:
            places = as_rows(self.positions, (self.n, 3), "length", f"positions of {label}")
            set_frozen_field(self, "positions", places)
        self._freeze()

    def __repr__(self) -> str:
        counts = f"{len(self.variables)} variables, {len(self.parameters)} parameters"
        return f"<Population {self.name!r}: {self.n} x {self.cell_type or 'neuron'}, {counts}>"

    @property
    def variables(self) -> frozenset[str]:
        """Names defined by the equations."""
        return variables(self.equations)

    def family(self, name: str) -> tuple[str, ...]:
        """Parameters that a heterogeneity name stands for, in alphabetical order."""
        if name in self.parameters:
            return (name,)
        return tuple(sorted(p for p in self.parameters if p.startswith(f"{name}_")))

    def _convert_tables(self) -> None:
        """Make quantities of parameters, durations, initial values and heterogeneity."""
        for kind in ("parameters", "durations", "initial", "heterogeneity"):
            label = f"of population {self.name!r}"
            table = as_table(getattr(self, kind), f"{kind} {label}")
            values = {
                key: self._converted(kind, key, value, f"{kind}[{key!r}] {label}")
                for key, value in table.items()
            }
            set_frozen_field(self, kind, values)

    def _converted(self, kind: str, key: str, value: Any, label: str) -> Any:
        if kind == "durations":
            return as_not_negative(value, "time", label)
        if kind == "heterogeneity" and np.ndim(value) == 0:
            return as_variation(value, label)
        if kind == "initial" and isinstance(value, str) and not is_quantity_text(value):
            raise NetworkError(
                f"{label} is the expression {value!r}: expected values; draw them, for example "
                f"with NumPy, and give an array of shape ({self.n},)."
            )
        if type(value).__name__ == "TimedArray":  # of Brian2, which descriptions do not import
            raise NetworkError(
                f"{label} is a TimedArray: expected a constant. Declare {key!r} in the equations "
                f"as an input, and give CurrentInput({self.name!r}, variable={key!r}, times=..., "
                f"values=...)."
            )
        return as_values(value, self.n, label)

    def _convert_refractory(self) -> None:
        """Make a quantity of a refractory period that is one; what is left is an expression."""
        period, label = self.refractory, f"refractory of population {self.name!r}"
        if period is None or (isinstance(period, str) and not is_quantity_text(period)):
            return
        set_frozen_field(self, "refractory", as_times(period, self.n, label))

    def _check_texts(self) -> None:
        """Refuse texts and names that are more than equations."""
        label = f"population {self.name!r}"
        check_model(self.equations, f"equations of {label}")
        for reset in ("reset", "second_reset"):
            if getattr(self, reset) is not None:
                check_statements(getattr(self, reset), f"{reset} of {label}")
        if isinstance(self.refractory, str):
            check_expression(self.refractory, f"refractory of {label}")
        for kind in ("parameters", "durations", "initial", "heterogeneity"):
            for name in getattr(self, kind):
                check_name(name, f"{kind} of {label}:")
        check_name(self.voltage, f"voltage of {label}:")

    def _check_second_reset(self) -> None:
        if (self.second_reset is None) != (self.spike_width is None):
            raise NetworkError(
                f"population {self.name!r}: second_reset and spike_width go together; give both."
            )
        if self.spike_width is None:
            return
        width = as_not_negative(
            self.spike_width, "time", f"spike_width of population {self.name!r}"
        )
        set_frozen_field(self, "spike_width", width)
        period = self.refractory
        if isinstance(period, Quantity) and np.all(np.asarray(period) > np.asarray(width)):
            return
        raise NetworkError(
            f"population {self.name!r}: the refractory period ({self.refractory}) must be a time "
            f"longer than spike_width ({width}), or the peak of a spike would start another one."
        )

    def _check_variables(self) -> None:
        names = self.variables
        if clash := sorted(names & (set(self.parameters) | set(self.durations))):
            raise NetworkError(
                f"population {self.name!r}: {clash[0]!r} is a parameter and is defined by the "
                f"equations too; remove one."
            )
        for key in self.initial:
            if key not in names:
                raise NetworkError(
                    f"population {self.name!r} has no variable {key!r} to start from. "
                    + suggest_name(key, names)
                )

    def _check_threshold(self) -> None:
        if self.threshold is None:
            return
        check_condition(
            self.threshold, f"threshold of population {self.name!r}", model=self.equations
        )
        defined = {*self.variables, *self.parameters, *self.durations}
        for name in sorted(names_not_shared(self.threshold) - defined):
            raise NetworkError(
                f"threshold {self.threshold!r} of population {self.name!r} uses {name!r}, which "
                f"neither its equations nor its parameters define. " + suggest_name(name, defined)
            )

    def _check_heterogeneity(self) -> None:
        for key, spread in self.heterogeneity.items():
            if not self.family(key):
                raise NetworkError(
                    f"heterogeneity of population {self.name!r} names no parameter {key!r}. "
                    + suggest_name(key, self.parameters)
                )
            if get_dimensions(spread).is_dimensionless is False or np.min(np.asarray(spread)) < 0:
                raise NetworkError(
                    f"heterogeneity[{key!r}] of population {self.name!r} is {spread}: expected a "
                    f"coefficient of variation, or an array of factors, zero or more."
                )
