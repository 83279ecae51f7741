"""What a circuit consists of: populations, projections and background input, in a space.

Frozen records of numbers. ``sources`` maps the name of a field (``"psp"``, ``"kernel.p_max"``,
``"kinetics.AMPA.tau_fast"``) to the catalogue's `Sourced` entry: the number as the file writes it,
with source, status and note. Records made by hand may leave it empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import meter, ms
from brian2.units.fundamentalunits import Quantity

from dualframe.catalogue.schema import Sourced
from dualframe.checks import (
    check_count,
    check_name,
    finite,
    fraction,
    names_of,
    not_negative,
    positive,
    put,
)
from dualframe.distributions import GaussianKernel
from dualframe.errors import NetworkError, UnknownName
from dualframe.network import Description

# Names as in dualframe.kinetics, which stands above this layer.
KINETICS: Mapping[str, Mapping[str, str]] = {
    "exponential": {"tau": "time"},
    "dual_exponential": {"tau_rise": "time", "tau_decay": "time"},
    "double_alpha": {"tau_fast": "time", "tau_slow": "time", "slow_ratio": "dimensionless"},
}
RULES = ("kernel", "probability", "in_degree")
SHAPES = ("disc",)
SYNAPSE_MODES = ("current", "conductance")

Sources = Mapping[str, Sourced]


@dataclass(frozen=True, eq=False)
class Space(Description):
    """Where the neurons lie: uniformly in a flat disc.

    Parameters
    ----------
    radius
        A length.
    shape
        ``"disc"``.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by field.
    """

    radius: Any
    shape: str = "disc"
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise UnknownName("shape of the space", self.shape, SHAPES)
        put(self, "radius", positive(self.radius, "length", "radius of the space"))
        self._freeze()

    def draw(self, rng: np.random.Generator, n: int) -> Any:
        """Return positions of ``n`` neurons: a length of shape ``(n, 3)``, in the plane z = 0."""
        angle = rng.uniform(0, 2 * np.pi, n)
        distance = float(self.radius / meter) * np.sqrt(rng.uniform(0, 1, n))
        places = np.column_stack((distance * np.cos(angle), distance * np.sin(angle), 0 * angle))
        return Quantity(places, dim=meter.dim)

    def mean_probability(self, kernel: GaussianKernel, intervals: int = 40_000) -> float:
        r"""Return the probability of a random ordered pair, edge effects included.

        The integral of p(d) over the density of the distance of two points of a disc of radius R,

        .. math:: f(d) = \frac{4d}{\pi R^2} \arccos\frac{d}{2R}
                  - \frac{2d^2}{\pi R^3} \sqrt{1 - \frac{d^2}{4R^2}},

        by the midpoint rule, so that the result is deterministic.
        """
        radius = float(self.radius / meter)
        x = (np.arange(intervals) + 0.5) / intervals  # d / 2R
        density = (16 / np.pi) * x * (np.arccos(x) - x * np.sqrt(1 - x**2))
        return float((density * kernel.probability(2 * radius * x)).sum() / intervals)


@dataclass(frozen=True, eq=False)
class CircuitPopulation(Description):
    """Neurons of one cell type.

    Parameters
    ----------
    name
        Identifier, unique in the circuit.
    cell
        Name of the cell type in the catalogue, or path of a user's cell file.
    n
        Number of neurons.
    rate_low, rate_high
        Range of firing rates that the source reports; background input is calibrated into it.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by field.
    """

    name: str
    cell: str
    n: int
    rate_low: Any = None
    rate_high: Any = None
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name, "population")
        check_count(self.n, f"number of neurons of population {self.name!r}")
        for end in ("rate_low", "rate_high"):
            rate = getattr(self, end)
            if rate is not None:
                label = f"{end} of population {self.name!r}"
                put(self, end, not_negative(rate, "rate", label))
        if (self.rate_low is None) != (self.rate_high is None):
            raise NetworkError(f"population {self.name!r}: give both rate_low and rate_high.")
        if self.rate_low is not None and self.rate_low > self.rate_high:
            raise NetworkError(
                f"population {self.name!r}: rate_low {self.rate_low} is above rate_high "
                f"{self.rate_high}."
            )
        self._freeze()


@dataclass(frozen=True, eq=False)
class CircuitProjection(Description):
    """Synapses from one population onto another.

    Exactly one of ``kernel``, ``probability`` and ``in_degree`` says who connects, and exactly
    one of ``psp`` and ``conductance`` how strongly.

    Parameters
    ----------
    source, target
        Names of populations.
    synapses
        Kinds of synapse (``"AMPA"``, ``"NMDA"``, ``"GABA_A"``, ``"GABA_B"``) with the peak
        conductance of each relative to the first: ``{"AMPA": 1.0, "NMDA": 0.67}``. One name, or
        several of equal conductance, may be given as a text or tuple.
    compartments
        Compartments of the target cell that receive the contact, which is divided evenly among
        them. Models without dendrites ignore it.
    name
        The default is ``"<source>_to_<target>"``.
    kernel, probability, in_degree
        Pairwise probability by distance, its constant value, or the number of partners of each
        target neuron. No neuron contacts itself.
    delay
        A time.
    psp
        Unitary post-synaptic potential (voltage, absolute value) at the soma of the target at
        rest; weights are calibrated to it.
    conductance
        Unitary peak conductance of the first kind of synapse, of all contacts together.
    kinetics
        By kind of synapse, a mapping with ``kind`` (a key of `KINETICS`) and its times; kinds
        that are not named have the catalogue's.
    reversal
        By kind of synapse, its reversal potential (voltage), or one voltage where there is one
        kind. Kinds that are not named have that of the target cell, else the catalogue's.
    weight_factor
        Multiplies the (calibrated) weight. It is not 1 where an in-degree could not be kept.
    note, sources
        A remark, and the origin of the numbers, by field.
    """

    source: str
    target: str
    synapses: Any
    compartments: Any
    name: str = ""
    kernel: GaussianKernel | None = None
    probability: float | None = None
    in_degree: int | None = None
    delay: Any = field(default_factory=lambda: 0 * ms)
    psp: Any = None
    conductance: Any = None
    kinetics: Mapping[str, Any] = field(default_factory=dict)
    reversal: Any = field(default_factory=dict)
    weight_factor: float = 1.0
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            put(self, "name", f"{self.source}_to_{self.target}")
        check_name(self.name, "projection")
        what = f"projection {self.name!r}"
        _check_contact(self, what)
        self._check_rule(what)
        put(self, "delay", not_negative(self.delay, "time", f"delay of {what}"))
        factor = positive(self.weight_factor, "dimensionless", f"weight_factor of {what}")
        put(self, "weight_factor", float(factor))
        self._freeze()

    @property
    def recurrent(self) -> bool:
        """Whether source and target are the same population."""
        return self.source == self.target

    @property
    def rule(self) -> str:
        """Which of `RULES` is given."""
        return next(rule for rule in RULES if getattr(self, rule) is not None)

    def _check_rule(self, what: str) -> None:
        given = [rule for rule in RULES if getattr(self, rule) is not None]
        if len(given) != 1:
            raise NetworkError(
                f"{what} gives {' and '.join(given) or 'no rule'}: expected exactly one of "
                f"{', '.join(RULES)}."
            )
        if self.kernel is not None and not isinstance(self.kernel, GaussianKernel):
            raise NetworkError(f"kernel of {what} is {self.kernel!r}: expected a GaussianKernel.")
        if self.in_degree is not None:
            check_count(self.in_degree, f"in_degree of {what}")
        if self.probability is not None:
            put(self, "probability", fraction(self.probability, f"probability of {what}"))


@dataclass(frozen=True, eq=False)
class Background(Description):
    """Independent Poisson input to every neuron of a population, from outside the circuit.

    The rate is not part of the circuit: it is found by calibration, so that the population fires
    within its range, one rate for each population. A source fires at ``share`` times that rate.

    Parameters
    ----------
    target
        Name of a population.
    synapses, compartments, psp, conductance, kinetics, reversal, note, sources
        As in `CircuitProjection`; ``psp`` and ``conductance`` are those of one event.
    name
        The default is ``"background_<target>"``.
    share
        Rate of this source relative to the rate that is calibrated for the population.
    """

    target: str
    synapses: Any
    compartments: Any
    name: str = ""
    psp: Any = None
    conductance: Any = None
    kinetics: Mapping[str, Any] = field(default_factory=dict)
    reversal: Any = field(default_factory=dict)
    share: float = 1.0
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            put(self, "name", f"background_{self.target}")
        check_name(self.name, "background")
        what = f"background {self.name!r}"
        _check_contact(self, what)
        put(self, "share", fraction(self.share, f"share of {what}"))
        self._freeze()


def _check_contact(contact: CircuitProjection | Background, what: str) -> None:
    """Bring synapses, compartments, strength and kinetics into their one form."""
    put(contact, "synapses", _synapses(contact.synapses, what))
    compartments = names_of(contact.compartments, f"compartments of {what}")
    if not compartments or len(set(compartments)) < len(compartments):
        raise NetworkError(
            f"compartments of {what} are {compartments}: expected one or more, each once."
        )
    put(contact, "compartments", compartments)
    if (contact.psp is None) == (contact.conductance is None):
        raise NetworkError(f"{what}: give exactly one of psp (voltage) and conductance.")
    for name, dimension in (("psp", "voltage"), ("conductance", "conductance")):
        value = getattr(contact, name)
        if value is not None:
            put(contact, name, positive(value, dimension, f"{name} of {what}"))
    put(contact, "kinetics", _kinetics(contact.kinetics, tuple(contact.synapses), what))
    put(contact, "reversal", _reversal(contact.reversal, tuple(contact.synapses), what))


def _synapses(value: Any, what: str) -> dict[str, float]:
    if not isinstance(value, Mapping):
        value = dict.fromkeys(names_of(value, f"synapses of {what}"), 1.0)
    if not value:
        raise NetworkError(f"{what} has no synapse: expected for example 'AMPA'.")
    ratios = {
        name: float(positive(ratio, "dimensionless", f"ratio of {name} in {what}"))
        for name, ratio in value.items()
    }
    first = next(iter(ratios))
    if ratios[first] != 1:
        raise NetworkError(
            f"{what}: conductances are relative to the first synapse, so that of {first} is 1, "
            f"not {ratios[first]}."
        )
    return ratios


def _kinetics(value: Mapping[str, Any], synapses: Iterable[str], what: str) -> dict[str, Any]:
    if "kind" in value:  # short for the kinetics of a projection's only, or first, synapse
        value = {next(iter(synapses)): value}
    for name in value:
        if name not in synapses:
            raise UnknownName(f"synapse in the kinetics of {what}:", name, synapses)
    return {name: _one_kinetics(form, f"{name} kinetics of {what}") for name, form in value.items()}


def _reversal(value: Any, synapses: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        if len(synapses) > 1:
            raise NetworkError(
                f"reversal of {what} is {value}, but it has {', '.join(synapses)}: give one for "
                f"each, like {{{synapses[0]!r}: {value!r}}}."
            )
        value = {synapses[0]: value}
    for name in value:
        if name not in synapses:
            raise UnknownName(f"synapse in the reversal of {what}:", name, synapses)
    return {
        name: finite(potential, "voltage", f"reversal of {name} in {what}")
        for name, potential in value.items()
    }


def _one_kinetics(value: Mapping[str, Any], what: str) -> dict[str, Any]:
    kind = str(value.get("kind"))
    if kind not in KINETICS:
        raise UnknownName(f"kind in the {what}:", kind, KINETICS)
    form = KINETICS[kind]
    for name in value:
        if name != "kind" and name not in form:
            raise UnknownName(f"parameter in the {what}:", name, form)
    missing = [name for name in form if name not in value]
    if missing:
        raise NetworkError(f"{what} lack {', '.join(missing)}: {kind} needs {', '.join(form)}.")
    numbers = {
        name: positive(value[name], dimension, f"{name} in the {what}")
        for name, dimension in form.items()
    }
    return {"kind": kind} | numbers
