"""What the parts of a task know of each other when its network is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.environments import Environment
from dualframe.environments.derived_signals import DERIVED_SIGNALS
from dualframe.network import Population

#: The population that is the environment of one agent.
ENVIRONMENT = "world"


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """The environment, the populations and the modulators of a task.

    Attributes
    ----------
    task
        Name of the task, for errors.
    environment
        What the agent acts on; None for a network without one.
    sizes
        Number of neurons by population of the circuit and by encoder.
    modulators
        The modulators that act.
    branch
        ``"task_driven"`` or ``"biological"``.
    sources
        By name, the populations whose variables may be signals: the environment, encoders and
        readouts.
    """

    task: str
    environment: Environment | None
    sizes: Mapping[str, int] = field(default_factory=dict)
    modulators: tuple[str, ...] = ()
    branch: str = "task_driven"
    sources: Mapping[str, Population] = field(default_factory=dict)

    def require_environment(self, component: str) -> Environment:
        """Return the environment of a component that cannot do without one.

        Parameters
        ----------
        component
            How an error calls it.

        Raises
        ------
        CatalogueError
            If the task has no environment.
        """
        if self.environment is None:
            raise CatalogueError(
                f"task {self.task!r}: {component} needs an environment: add a table [environment] "
                f"with its kind."
            )
        return self.environment

    def population_size(self, name: str, component: str) -> int:
        """Return the number of neurons of a population that a component names.

        Parameters
        ----------
        name
            The population.
        component
            How an error calls the component.

        Raises
        ------
        UnknownName
            If the task has no such population.
        """
        if name not in self.sizes:
            raise UnknownName(f"population in {component} of task {self.task!r}:", name, self.sizes)
        return self.sizes[name]

    def observed_ranges(
        self, variables: Sequence[str], component: str
    ) -> dict[str, tuple[float, float]]:
        """Return the range of each variable that an encoder observes.

        Parameters
        ----------
        variables
            Variables that the environment shows.
        component
            How an error calls the encoder.

        Raises
        ------
        UnknownName
            If the environment shows no such variable.
        """
        environment = self.require_environment(component)
        shown = {o.name: o for o in environment.observations}
        for name in variables:
            if name not in shown:
                place = f"{component} of task {self.task!r}, in environment {environment.name!r}"
                raise UnknownName(f"observation in {place}:", name, shown)
        return {name: (shown[name].low, shown[name].high) for name in variables}

    def check_variable(self, name: str, component: str) -> None:
        """Refuse the name of a variable that the environment has not.

        Parameters
        ----------
        name
            Variable of the environment's population.
        component
            How an error calls what reads it.

        Raises
        ------
        UnknownName
            If there is no such variable.
        """
        self.find_signal(f"environment.{name}", component)

    def find_signal(self, signal: str, component: str) -> tuple[Population, str]:
        """Return the population and the variable that a signal names.

        Parameters
        ----------
        signal
            ``"reward"`` or ``"environment.reward"`` of the environment, ``"decision.td_error"`` of
            the readout or encoder with that name.
        component
            How an error calls what reads it.

        Raises
        ------
        UnknownName
            If nothing gives it.
        CatalogueError
            If it is of the environment, and the task has none.
        """
        origin, _, variable = signal.rpartition(".")
        sources = dict(self.sources)
        if origin in ("", "environment"):
            origin = ENVIRONMENT
            sources.setdefault(origin, self.require_environment(component).population())
        place = f"{component} of task {self.task!r}"
        if origin not in sources:
            names = ("environment", *(name for name in self.sources if name != ENVIRONMENT))
            raise UnknownName(f"source of a signal in {place}:", origin, names)
        source = sources[origin]
        if variable not in source.variables:
            shown = [*source.variables, *(DERIVED_SIGNALS if origin == ENVIRONMENT else ())]
            whose = "the environment" if origin == ENVIRONMENT else repr(origin)
            raise UnknownName(f"variable of {whose} in {place}:", variable, shown)
        return source, variable
