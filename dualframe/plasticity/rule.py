"""What a plasticity rule states of itself, and what it becomes: equations and statements.

A rule is written in one of two forms. ``update="event"`` (the default) changes a synapse at its
spikes only; ``update="clock"`` visits every synapse at every step. They are the same rule: the
second is what tests compare the first with, and what a reader may find easier to follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dualframe.core.errors import NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity

ALL_TO_ALL, NEAREST = "all_to_all", "nearest"
ADDITIVE, MULTIPLICATIVE = "additive", "multiplicative"
PAIRING = (ALL_TO_ALL, NEAREST)
BOUNDS = (ADDITIVE, MULTIPLICATIVE)
EVENT, CLOCK = "event", "clock"
UPDATE = (EVENT, CLOCK)
GATE = "gate"
_SYNAPTIC = (
    "equations",
    "step_change",
    "due_change",
    "on_pre",
    "on_post",
    "bring_up_to_date",
    "defer_to_next_spike",
    "catch_up",
)


@dataclass(frozen=True, kw_only=True)
class RuleEquations:
    """A rule written out: text of the portable subset.

    Parameters
    ----------
    equations
        Synaptic variables; ``w`` is there already, unless an equation of the rule moves it.
    step_change
        What the rule adds to the weight at every step, of a rule that visits every synapse at
        every step.
    due_change
        What the rule has changed the weight by since its last update, of a rule that moves the
        weight between spikes and writes it at spikes only.
    on_pre, on_post
        Statements after the transmission of a presynaptic spike, and at a postsynaptic one.
    bring_up_to_date
        Statements after `due_change`, which bring the rest of a synapse up to date: both are
        executed before everything else at a spike of either side.
    defer_to_next_spike
        Statements after everything else at a spike of either side.
    periodic_updates
        Statements that every synapse needs at the start of a step, with or without spikes, and how
        often (time).
    conditional_updates
        Statements that all synapses of a neuron need before a step for which a variable of the
        neuron is one, and that variable, with ``_post``: where bounds act before the next spike.
    catch_up
        Statements that make up for periodic updates, before everything else at a spike, where a
        target has none.
    neuron_equations
        Equations that the rule adds to the postsynaptic neuron. The synapses read their variables
        with ``_post``; every rule gets variables of its own.
    neuron_memory
        Further ones, for ``catch_up``, which only targets without periodic updates get.
    neuron_initial
        Values of these variables at the start, zero where none is given.
    neuron_reset
        Statements at a spike of the postsynaptic neuron that change these variables.
    neuron_durations
        Times that these equations count in steps.
    """

    equations: str = ""
    step_change: str = ""
    due_change: str = ""
    on_pre: str = ""
    on_post: str = ""
    bring_up_to_date: str = ""
    defer_to_next_spike: str = ""
    periodic_updates: tuple[tuple[str, Any], ...] = ()
    conditional_updates: tuple[tuple[str, str], ...] = ()
    catch_up: str = ""
    neuron_equations: str = ""
    neuron_memory: str = ""
    neuron_initial: Mapping[str, float] = field(default_factory=dict)
    neuron_reset: str = ""
    neuron_durations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def synaptic_text(self) -> str:
        """Everything that stands in the synapses."""
        return "\n".join(
            [
                *(getattr(self, text) for text in _SYNAPTIC),
                *dict(self.periodic_updates),
                *dict(self.conditional_updates),
            ]
        )

    def rename_in_synapses(self, names: Mapping[str, str]) -> RuleEquations:
        """Return the same rule with other names in its synapses.

        Parameters
        ----------
        names
            New names by old ones.
        """
        texts: dict[str, Any] = {
            text: rename_variables(getattr(self, text), names) for text in _SYNAPTIC
        }
        texts["periodic_updates"] = tuple(
            (rename_variables(text, names), every) for text, every in self.periodic_updates
        )
        texts["conditional_updates"] = tuple(
            (rename_variables(text, names), names.get(when, when))
            for text, when in self.conditional_updates
        )
        return replace(self, **texts)


@dataclass(frozen=True, kw_only=True)
class PlasticityRule:
    """A plasticity rule that can run.

    Parameters
    ----------
    name
        Its name. The catalogue's numbers of the rule, if it has any, are those of this name.
    parameters
        Names and dimensions of its numbers, required and optional, and its equations for the
        reader.
    rule_equations
        From the plasticity of a projection and the names that the postsynaptic neuron has to the
        equations in synapses and neurons.
    options
        Choices by name; the first is the default.
    factors
        What modulators may scale.
    postsynaptic_signals
        What the rule reads of the postsynaptic neuron: names of the rule and what they are, such as
        the level of a modulator.
    presynaptic_signals
        What it reads of the presynaptic neuron, likewise, at every step. A rule that reads any runs
        on the runtime and in C++ only.
    relative_to
        What an amplitude of one is, where the catalogue has no numbers of the rule: ``"w_max"``,
        ``"initial"`` (the projection's weight) or ``"absolute"`` (a weight as such).
    only_magnitudes
        Why the rule cannot learn weights below zero, where it cannot.
    source
        Who published the rule.
    """

    name: str
    parameters: ParameterTable
    rule_equations: Callable[[Plasticity, Collection[str]], RuleEquations]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factors: tuple[str, ...] = ("ltp", "ltd", "rate")
    postsynaptic_signals: Mapping[str, str] = field(default_factory=dict)
    presynaptic_signals: Mapping[str, str] = field(default_factory=dict)
    relative_to: str = "w_max"
    only_magnitudes: str = ""
    source: str

    def check_bounds(self, plasticity: Plasticity) -> None:
        """Refuse weights below zero where the rule is of magnitudes.

        Parameters
        ----------
        plasticity
            The plasticity that names the rule.

        Raises
        ------
        NetworkError
            Saying why.
        """
        if plasticity.is_signed and self.only_magnitudes:
            raise NetworkError(
                f"{self.name} cannot learn weights below zero (w_min {plasticity.w_min}): "
                f"{self.only_magnitudes}. Let w_min be zero or more, or take another rule."
            )

    @property
    def readable_signals(self) -> dict[str, str]:
        """Everything that the rule can read; ``gate`` is read where a projection asks for it."""
        gate = {GATE: "whether the rule acts, zero or one"}
        return {**self.postsynaptic_signals, **self.presynaptic_signals, **gate}


def is_clock_driven(plasticity: Plasticity) -> bool:
    """Return whether a rule is asked to visit every synapse at every step.

    Parameters
    ----------
    plasticity
        The plasticity of a projection.
    """
    return plasticity.options.get("update") == CLOCK


def rename_variables(text: str, names: Mapping[str, str]) -> str:
    """Return equations or statements with other names.

    Parameters
    ----------
    text
        Of Brian2.
    names
        New names by old ones.
    """
    # the d of dx/dt stands before the name
    return re.sub(
        r"\b(d?)([A-Za-z_]\w*)\b",
        lambda m: f"{m[1]}{names[m[2]]}" if m[2] in names else names.get(m[0], m[0]),
        text,
    )
