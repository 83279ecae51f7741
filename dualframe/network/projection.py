"""Projections: who connects to whom, how strongly, and what a spike does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units import ms
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.equation_syntax import check_expression, check_model, check_statements
from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity, show_value
from dualframe.core.serialisation import WHERE_GIVEN
from dualframe.core.validation import (
    as_finite,
    as_indices,
    as_table,
    as_values,
    check_count,
    check_name,
    expect_type,
    set_frozen_field,
)
from dualframe.network.connection_rules import (
    RULE_FIELDS,
    Connection,
    check_connection,
    connection_of,
)
from dualframe.network.distributions import DISTRIBUTIONS, GaussianKernel
from dualframe.network.plasticity_spec import Plasticity, combined_plasticity
from dualframe.network.value_record import ValueRecord, variables

_SUMMED = re.compile(r"^\s*(?P<name>\w+?)_post\s*=.*\(\s*summed\s*\)", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Projection(ValueRecord):
    """Synapses from one population or input onto a population.

    Exactly one of ``probability``, ``kernel``, ``in_degree``, ``out_degree``, ``number``,
    ``pairs`` and ``connect`` says who connects.

    Parameters
    ----------
    source, target
        Names of a population or spiking input, and of a population.
    on_pre, on_post
        Brian2 statements executed at a presynaptic (postsynaptic) spike.
    name
        Identifier; the default is ``"<source>_to_<target>"``.
    equations
        Synaptic variables other than the weight, as Brian2 synapse equations. A *summed* variable,
        ``"x_post = w*y_pre : 1 (summed)"``, carries a signal that is there all the time; a
        projection has one of them and then no statements.
    weight
        The variable ``w`` of the statements: a scalar, a distribution, or one value per pair.
    delay
        Conduction delay: a time, a distribution, or one value per pair. Distributions are
        grouped into at most ``delay_groups`` delays, each a whole number of time steps; with
        ``delay_groups=None`` every synapse has its own (not on target ``genn``).
    probability
        Probability of each ordered pair, between zero and one.
    kernel
        Probability by distance, between populations that have positions.
    in_degree
        Number of presynaptic partners of each postsynaptic neuron, drawn without replacement.
    out_degree
        Number of postsynaptic partners of each presynaptic neuron, drawn without replacement.
    number
        Number of synapses in all. Both ends of each are drawn independently, so that a pair may
        have several (multapses), and a neuron may contact itself if ``autapses``.
    pairs
        ``(i, j)`` arrays of presynaptic and postsynaptic indices, or ``"one_to_one"`` or
        ``"all_to_all"``.
    connect
        A connection rule by name, with its parameters: ``{"rule": "my_rule", "reach": 50*um}``, one
        of `dualframe.network.connection_rules` or of those that `dualframe.register` was given.
    excluded
        ``(i, j)`` arrays of pairs that get no synapse, whatever the rule draws.
    replicas
        Number of equal blocks that source and target consist of; the rule then connects each
        block with itself, one after the other. `replicate` sets it.
    autapses
        Whether a neuron may contact itself (random rules within one population only).
    parameters
        Constants of the synaptic equations and statements: scalars.
    due
        The statements, at the beginning of ``on_pre`` and of ``on_post``, that bring the weight up
        to date, where a rule changes it between spikes too: applied to weights that are reported.
    visits
        Pairs of statements and a time: what every synapse executes at the start of a step once in
        that time, with or without spikes (not on target ``genn``).
    visits_when
        Pairs of statements and a variable of the target: what all synapses of a neuron execute
        before a step for which the variable is one (not on target ``genn``).
    late
        The statements that make up for missed visits, before all others, on target ``genn``.
    plasticity
        How the weight learns, from `dualframe.plasticity_rule`: a rule, or several in the order in
        which they act, with the same bounds. The weight must then lie between the bounds; draws
        of a distribution that do not are set to the bound.
    """

    source: str
    target: str
    on_pre: str | None = None
    on_post: str | None = None
    name: str = ""
    _: KW_ONLY
    equations: str = ""
    weight: Any = None
    delay: Any = field(default_factory=lambda: 0 * ms)
    delay_groups: int | None = 8
    probability: float | None = None
    kernel: GaussianKernel | None = None
    in_degree: int | None = None
    out_degree: int | None = None
    number: int | None = None
    pairs: Any = None
    excluded: Any = None
    replicas: int = 1
    autapses: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    due: str = ""
    visits: tuple[tuple[str, Any], ...] = ()
    visits_when: tuple[tuple[str, str], ...] = ()
    late: str = ""
    plasticity: Plasticity | None = None
    connect: Any = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        for end in ("source", "target"):
            check_name(getattr(self, end), f"{end} of a projection:")
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}_to_{self.target}")
        check_name(self.name, "projection")
        check_count(self.replicas, f"replicas of projection {self.name!r}")
        self._check_texts()
        if not (self.on_pre or self.on_post or self.summed):
            raise NetworkError(
                f"projection {self.name!r} does nothing: give on_pre, on_post or a summed variable."
            )
        if self.summed and (self.on_pre or self.on_post or len(self.summed) > 1):
            raise NetworkError(
                f"projection {self.name!r} has the summed variable {self.summed[0]!r} beside "
                f"another effect: give each a projection of its own."
            )
        self._check_rule()
        self._check_delay()
        if self.delay_groups is not None:
            check_count(self.delay_groups, f"delay_groups of projection {self.name!r}")
        self._convert_values("weight", None)
        self._convert_parameters()
        plasticity = combined_plasticity(self.plasticity, f"projection {self.name!r}")
        set_frozen_field(self, "plasticity", plasticity)
        if plasticity is not None:
            self._check_plasticity(plasticity)
        else:
            self._check_use()
        self._freeze()

    def _convert_parameters(self) -> None:
        label = f"projection {self.name!r}"
        expect_type(self.autapses, bool, f"autapses of {label}", "True or False")
        table = as_table(self.parameters, f"parameters of {label}")
        values = {
            key: as_finite(value, None, f"parameters[{key!r}] of {label}")
            for key, value in table.items()
        }
        set_frozen_field(self, "parameters", values)

    def _check_texts(self) -> None:
        """Refuse texts and names that are more than equations."""
        label = f"projection {self.name!r}"
        check_model(self.equations, f"equations of {label}")
        for pathway in ("on_pre", "on_post"):
            if getattr(self, pathway) is not None:
                check_statements(getattr(self, pathway), f"{pathway} of {label}")
        for text in (self.due, self.late, *(statements for statements, _ in self.visits)):
            check_statements(text, f"rule of {label}")
        for name in self.parameters:
            check_name(name, f"parameters of {label}:")

    def _check_use(self) -> None:
        """Refuse a weight that nothing reads."""
        label = f"projection {self.name!r}"
        visits = [text for text, _ in (*self.visits, *self.visits_when)]
        texts = (*self.statements, self.equations, self.due, self.late, *visits)
        if self.weight is not None and not any(re.search(r"\bw\b", text) for text in texts):
            words = sorted({word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)})
            used = ", ".join(map(repr, words))
            place = "its summed variable" if self.summed else "on_pre" if self.on_pre else "on_post"
            example = "x_post = w*y_pre : 1 (summed)" if self.summed else "g += w"
            raise NetworkError(
                f"{label}: weight is given, but {place} does not use w (it uses {used}): expected "
                f"a text that reads it, like {example!r}. Write w there, without an equation of "
                f"it, or leave weight out."
            )

    def _check_rule(self) -> None:
        check_connection(self, f"projection {self.name!r}")
        for name in ("pairs", "excluded"):
            named = name == "pairs" and isinstance(self.pairs, str)
            if getattr(self, name) is not None and not named:
                self._check_pairs(name)
        if self.excluded is not None and isinstance(self.pairs, tuple):
            raise NetworkError(
                f"projection {self.name!r} gives pairs: leave the excluded ones out."
            )

    def _check_pairs(self, name: str) -> None:
        label = f"{name} of projection {self.name!r}"
        ends = getattr(self, name)
        if not isinstance(ends, (tuple, list, np.ndarray)) or len(ends) != 2:
            raise NetworkError(
                f"{label} are {show_value(ends)}: expected two equal arrays, of presynaptic and of "
                f"postsynaptic indices."
            )
        pre, post = (as_indices(part, label) for part in ends)
        if pre.shape != post.shape:
            raise NetworkError(
                f"{label} are {pre.size} and {post.size} indices: expected two equal arrays."
            )
        set_frozen_field(self, name, (pre, post))

    def _convert_values(self, name: str, dimension: str | None) -> None:
        """Make quantities of weights or delays, unless they are drawn."""
        value, label = getattr(self, name), f"{name} of projection {self.name!r}"
        if value is None or isinstance(value, DISTRIBUTIONS):
            return
        values = quantity(value, dimension, label)
        if np.ndim(values) and (
            not isinstance(self.pairs, tuple) or np.shape(values) != np.shape(self.pairs[0])
        ):
            raise NetworkError(
                f"{label} has {np.size(values)} values: an array needs explicit pairs of the same "
                f"length."
            )
        set_frozen_field(self, name, as_values(values, np.size(values), label))

    def _check_delay(self) -> None:
        label = f"delay of projection {self.name!r}"
        self._convert_values("delay", "time")
        if isinstance(self.delay, DISTRIBUTIONS):
            sample = self.delay.draw(np.random.default_rng(0), 1)
            quantity(sample, "time", label)
            return
        if np.size(self.delay) and np.min(np.asarray(self.delay)) < 0:
            raise NetworkError(f"{label} is {self.delay}: expected >= 0 ms.")

    def _check_plasticity(self, plasticity: Plasticity) -> None:
        label = f"projection {self.name!r}"
        for rule in plasticity.rules:
            for signal, expression in rule.signals.items():
                check_expression(expression, f"signal {signal!r} of the rule of {label}")
        if not (self.on_pre or self.summed) or self.weight is None:
            raise NetworkError(
                f"{label} is plastic: give on_pre, like 'g += w', or a summed variable, like "
                f"'x_post = w*r_pre : 1 (summed)', and weight."
            )
        if self.on_post or "w" in variables(self.equations):
            raise NetworkError(
                f"{label} is plastic: its rule {plasticity.rule!r} says what happens at a "
                f"postsynaptic spike and what w is; give no on_post and no equation of w."
            )
        if isinstance(self.weight, DISTRIBUTIONS):
            sample = self.weight.draw(np.random.default_rng(0), 1)
            quantity(sample, get_dimensions(plasticity.w_max), f"weight of {label}")
            return
        weight = quantity(self.weight, get_dimensions(plasticity.w_max), f"weight of {label}")
        values, low, high = map(np.asarray, (weight, plasticity.w_min, plasticity.w_max))
        if not np.all((values >= low) & (values <= high)):
            raise NetworkError(
                f"weights of {label} reach from {np.min(weight)} to {np.max(weight)}: its rule "
                f"{plasticity.rule!r} keeps them between {plasticity.w_min} and "
                f"{plasticity.w_max}. Change the weights or the bounds."
            )

    @property
    def connection(self) -> Connection:
        """The connection rule, with the values of its parameters."""
        return connection_of(self)

    @property
    def summed(self) -> tuple[str, ...]:
        """Variables of the target that this projection sets at every step."""
        return tuple(m["name"] for m in _SUMMED.finditer(self.equations))

    @property
    def own_delays(self) -> bool:
        """Whether every synapse has a delay of its own."""
        spread = isinstance(self.delay, DISTRIBUTIONS) or np.ndim(self.delay) > 0
        return self.delay_groups is None and spread

    def with_pairs(self, pairs: Any, **changes: Any) -> Projection:
        """Return the projection with stated pairs instead of a rule.

        Parameters
        ----------
        pairs
            ``(i, j)`` arrays of presynaptic and postsynaptic indices.
        changes
            Other fields and their new values.
        """
        rule: dict[str, Any] = dict.fromkeys(RULE_FIELDS)
        return replace(self, **{**rule, "pairs": pairs, **changes})

    @property
    def statements(self) -> tuple[str, ...]:
        """The pathways' statements."""
        return tuple(s for s in (self.on_pre, self.on_post) if s)
