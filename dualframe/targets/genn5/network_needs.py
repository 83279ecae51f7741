"""What the synapses of a network need of its neurons on GeNN, and in how many phases it steps.

GeNN's step is: synapses that change at every step, presynaptic events, postsynaptic events,
neurons. Brian2's is: sums over synapses, synapses that change at every step, neurons, thresholds,
events, resets. The neurons of GeNN's step ``n`` therefore begin with what the events of step
``n - 1`` have brought and with its resets, and synapses that change at every step follow one GeNN
step later, with copies of what they read. A sum cannot wait: where it reads what events or resets
change, a step has a phase of its own, in which neurons only take in what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from brian2.equations.equations import SUBEXPRESSION

from dualframe.network import Recording, variables
from dualframe.targets.genn5.genn_text import parse_statements, words_of
from dualframe.targets.lowering.event_free_equations import (
    EquationLine,
    expanded_texts,
    parse_equations,
)
from dualframe.targets.lowering.final_weights import variables_needed
from dualframe.targets.lowering.lowered_network import (
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)


@dataclass(frozen=True)
class ReadEquations:
    """The equations of a population or of synapses, parsed once.

    Attributes
    ----------
    lines
        By variable.
    full
        The text of each subexpression that is not constant over a step.
    """

    lines: Mapping[str, EquationLine]
    full: Mapping[str, str]


def read_equations(text: str, label: str) -> ReadEquations:
    """Return parsed equations.

    Parameters
    ----------
    text
        The equations.
    label
        How an error calls them.
    """
    lines = parse_equations(text, label)
    return ReadEquations({line.name: line for line in lines}, expanded_texts(lines))


@dataclass(frozen=True)
class NetworkNeeds:
    """What a network needs on GeNN.

    Attributes
    ----------
    network
        The lowered network.
    equations
        Of each population and of each synapses with members, by name and kind.
    """

    network: LoweredNetwork
    equations: Mapping[tuple[str, str], ReadEquations] = field(repr=False)

    @cached_property
    def synapses(self) -> tuple[LoweredSynapses, ...]:
        """The synapses that have members."""
        return tuple(s for s in self.network.synapses if len(s.i))

    @cached_property
    def groups(self) -> dict[str, LoweredGroup]:
        """The populations by name."""
        return {group.name: group for group in self.network.groups}

    @cached_property
    def inputs(self) -> dict[str, dict[str, str]]:
        """By population: the variables that synapses add to (``"+="``) or set (``"="``)."""
        needed: dict[str, dict[str, str]] = {name: {} for name in self.groups}
        for synapses in self.synapses:
            for name in self.summed(synapses):
                needed[synapses.target][name] = "="
            for name in sorted(self._additions(synapses)):
                needed[synapses.target].setdefault(name, "+=")
        return needed

    @cached_property
    def followed(self) -> dict[str, set[str]]:
        """By population: the names that synapses read at every step, or at visits on condition."""
        needed: dict[str, set[str]] = {name: set() for name in self.groups}
        for synapses in self.synapses:
            texts = [self.clock_driven_text(synapses)]
            texts += [text for text, _ in synapses.visits_when]
            for end, name in self._neurons_in(synapses, words_of(*texts)):
                needed[end].add(name)
            for _, name in synapses.visits_when:
                needed[synapses.target].add(name)
        return needed

    @cached_property
    def recorded(self) -> dict[str, dict[str, str]]:
        """By population: what is read at the start of steps, variables by their names."""
        return {name: self._recorded_of(group) for name, group in self.groups.items()}

    def weights_in_time(self, synapses: LoweredSynapses) -> Recording | None:
        """Return how weights of synapses are recorded on the way, if they are.

        Parameters
        ----------
        synapses
            The synapses.
        """
        recording = self.network.recording_of_weights(synapses)
        return recording if recording is not None and recording.every is not None else None

    def _recorded_of(self, group: LoweredGroup) -> dict[str, str]:
        recording = self.network.recordings.get(group.name)
        asked = () if recording is None else recording.variables
        names = {
            name: group.recorded_as.get(name, name) if name in asked else name
            for name in recorded_names(group, recording)
        }
        for synapses in self.synapses:
            if synapses.target == group.name and self.weights_in_time(synapses):
                names |= {name: name for name in variables_needed(synapses)[1]}
            read = self._neurons_in(synapses, words_of(*(text for text, _ in synapses.visits)))
            names |= {name: name for end, name in read if end == group.name}
        return names

    @cached_property
    def phases(self) -> int:
        """Number of GeNN's steps in one of Brian2's: 2 where sums read what events change."""
        return 2 if any(self._sums_changes(synapses) for synapses in self.synapses) else 1

    def summed(self, synapses: LoweredSynapses) -> dict[str, str]:
        """Return the expressions of the variables that synapses set to a sum.

        Parameters
        ----------
        synapses
            The synapses.
        """
        lines = self.equations["synapses", synapses.name].lines.values()
        return {n.name.removesuffix("_post"): n.expression for n in lines if "summed" in n.flags}

    def clock_driven_text(self, synapses: LoweredSynapses) -> str:
        """Return the right sides of the equations that synapses follow at every step.

        Parameters
        ----------
        synapses
            The synapses.
        """
        lines = self.equations["synapses", synapses.name].lines.values()
        return "\n".join(line.expression for line in lines if "clock-driven" in line.flags)

    def _additions(self, synapses: LoweredSynapses) -> set[str]:
        own = variables(synapses.equations) | {"w"}
        written = {statement.name for statement in parse_statements(synapses.on_pre)}
        return {n.removesuffix("_post") for n in written if n not in own}

    def _neurons_in(self, synapses: LoweredSynapses, words: set[str]) -> set[tuple[str, str]]:
        """Return the populations and names that words of synapses mean."""
        own = set(self.equations["synapses", synapses.name].lines) | set(synapses.constants)
        read = set()
        for word in words - own:
            end = synapses.source if word.endswith("_pre") else synapses.target
            name = word.removesuffix("_pre").removesuffix("_post")
            if end in self.groups and name in self.equations["group", end].lines:
                read.add((end, name))
        return read

    def _sums_changes(self, synapses: LoweredSynapses) -> bool:
        words = words_of(*self.summed(synapses).values())
        if not words:
            return False
        own = self.equations["synapses", synapses.name].lines
        texts = (synapses.on_pre or "", synapses.on_post or "")
        changed = {s.name for s in parse_statements("\n".join(texts))}
        clock = {n for n, line in own.items() if "clock-driven" in line.flags}
        if words & set(own) & (changed | clock):
            return True
        return any(
            self.read_names(end, name) & self._changed_by_events(end)
            for end, name in self._neurons_in(synapses, words)
        )

    def read_names(self, population: str, name: str) -> set[str]:
        """Return the variables that a name of a population stands for.

        Parameters
        ----------
        population
            The population.
        name
            A variable, or a subexpression of some.
        """
        equations = self.equations["group", population]
        if equations.lines[name].kind != SUBEXPRESSION:
            return {name}
        return words_of(equations.full.get(name, name)) & set(equations.lines)

    def _changed_by_events(self, population: str) -> set[str]:
        resets = {s.name for s in parse_statements(self.groups[population].reset)}
        sums = self.inputs[population]
        lines = self.equations["group", population].lines.values()
        at_start = {line.name for line in lines if "constant over dt" in line.flags}
        return resets | at_start | {name for name, operator in sums.items() if operator == "+="}


def recorded_names(group: LoweredGroup, recording: Recording | None) -> tuple[str, ...]:
    """Return the variables of a population that are recorded in time.

    Parameters
    ----------
    group
        The population.
    recording
        What is asked for.
    """
    asked = () if recording is None else recording.variables
    times = tuple(group.events.values()) if "dspikes" in asked else ()
    return (*(name for name in asked if name != "dspikes"), *times)


def find_needs(lowered: LoweredNetwork) -> NetworkNeeds:
    """Return what a network needs on GeNN.

    Parameters
    ----------
    lowered
        The lowered network.
    """
    equations = {
        ("group", g.name): read_equations(g.equations, f"population {g.name!r}")
        for g in lowered.groups
    }
    equations |= {
        ("synapses", s.name): read_equations(s.equations, f"projection {s.projection!r}")
        for s in lowered.synapses
        if len(s.i)
    }
    return NetworkNeeds(lowered, equations)
