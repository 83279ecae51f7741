"""What a circuit consists of: populations, projections and background input.

Frozen records of numbers. ``sources`` maps the name of a field (``"psp"``, ``"kernel.p_max"``,
``"kinetics.AMPA.tau_fast"``) to the catalogue's `Sourced` entry: the number as the file writes it,
with source, status and note. Records made by hand may leave it empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2.units import ms
from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue.sourced_value import Sourced
from dualframe.circuit.contact_channels import (
    conductance_ratios,
    kinetics_by_synapse,
    reversal_by_synapse,
)
from dualframe.circuit.holding import as_holding
from dualframe.circuit.input_drive import InputDrive
from dualframe.circuit.plasticity import checked_plasticity
from dualframe.circuit.point_model import PointModel
from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.core.serialisation import WHERE_GIVEN
from dualframe.core.validation import (
    as_finite,
    as_fraction,
    as_names,
    as_not_negative,
    as_positive,
    check_count,
    check_name,
    set_frozen_field,
)
from dualframe.network import Plasticity, ValueRecord
from dualframe.network.connection_rules import Connection, check_connection, connection_of
from dualframe.network.distributions import GaussianKernel
from dualframe.network.plasticity_spec import combined_plasticity
from dualframe.synapses.short_term_plasticity import ShortTerm

STRENGTHS: Mapping[str, str] = {
    "psp": "voltage",
    "conductance": "conductance",
    "current": "current",
}
SYNAPSE_MODES = ("current", "conductance")

Sources = Mapping[str, Sourced]


@dataclass(frozen=True, eq=False)
class CircuitPopulation(ValueRecord):
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
    rate
        Mean firing rate that the source reports for its own model; nothing is fitted to it.
    point
        The point neuron that the source publishes for this population, instead of the cell
        type's; the cell type still says what the neurons release and which receptors they have.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by field.
    region
        Name of a region of the circuit, if it has any.
    drive
        How native weights drive the cell type's own point neuron, where another model than the
        stated one is asked for.
    """

    name: str
    cell: str
    n: int
    rate_low: Any = None
    rate_high: Any = None
    _: KW_ONLY
    rate: Any = None
    point: PointModel | None = None
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)
    region: str = ""
    drive: InputDrive | None = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        check_name(self.name, "population")
        check_count(self.n, f"number of neurons of population {self.name!r}")
        for end in ("rate_low", "rate_high", "rate"):
            rate = getattr(self, end)
            if rate is not None:
                label = f"{end} of population {self.name!r}"
                set_frozen_field(self, end, as_not_negative(rate, "rate", label))
        if (self.rate_low is None) != (self.rate_high is None):
            raise NetworkError(f"population {self.name!r}: give both rate_low and rate_high.")
        if self.rate_low is not None and self.rate_low > self.rate_high:
            raise NetworkError(
                f"population {self.name!r}: rate_low {self.rate_low} is above rate_high "
                f"{self.rate_high}."
            )
        self._freeze()


@dataclass(frozen=True, eq=False)
class CircuitProjection(ValueRecord):
    """Synapses from one population onto another.

    Exactly one of ``kernel``, ``probability``, ``in_degree``, ``out_degree``, ``number``, ``pairs``
    and ``connect`` says who connects, and exactly one of ``psp``, ``conductance``, ``current`` and
    ``weight`` how strongly.

    Parameters
    ----------
    source, target
        Names of populations; the source may be one of the circuit's inputs.
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
    out_degree
        Number of partners of each source neuron.
    pairs
        ``"all_to_all"`` (a neuron contacts itself too, if source and target are the same) or
        ``"one_to_one"``.
    number
        Number of synapses in all. Both ends of each are drawn independently: a pair may have
        several synapses, and a neuron may contact itself.
    connect
        A connection rule by name, with its parameters, as in `dualframe.Projection`. No neuron
        contacts itself, unless the rule allows multapses.
    delay
        A time.
    delay_sd, delay_groups
        Standard deviation of a normal distribution of delays around it (a time, redrawn below
        zero), and how many different delays stand for the distribution; without it every synapse
        has its own, which GeNN cannot.
    psp
        Unitary post-synaptic potential (voltage, absolute value) at the soma of the target at
        rest; weights are calibrated to it.
    conductance
        Unitary peak conductance of the first kind of synapse, of all contacts together.
    current
        Unitary peak current (absolute value) that the source publishes for its point neurons.
        It is used as it stands, not calibrated, and such a circuit has no dendrites.
    weight, into
        A native weight, a magnitude of any dimension, and the variable of the target's point
        neuron that a spike raises by it, or lowers where the source's cells are inhibitory. It is
        used as it stands, only onto populations that state their point neuron, and has no synapses
        and compartments. It may be below zero where its plasticity lets it be.
    lowers
        Whether spikes lower the variable of a native weight, whatever the source's cells are: some
        published networks of one kind of cell inhibit without inhibitory cells.
    excluded
        ``(i, j)`` indices of pairs that get no synapse, whatever the rule draws.
    weight_cv
        Coefficient of variation of a normal distribution of weights, redrawn where the sign would
        change.
    kinetics
        By kind of synapse, a mapping with ``kind`` (of `dualframe.synapses`) and its times; kinds
        that are not named have the catalogue's.
    reversal
        By kind of synapse, its reversal potential (voltage), or one voltage where there is one
        kind. Kinds that are not named have that of the target cell, else the catalogue's.
    holding
        The potential at which the soma was held, by a steady current, when ``psp`` was recorded,
        or ``"rest"``; where none is stated rest is assumed. For a ``conductance``, where the
        potentials that it makes in the two branches are compared.
    weight_factor
        Multiplies the (calibrated) weight. It is not 1 where an in-degree could not be kept.
    plasticity
        How the weight learns, from `dualframe.plasticity_rule`, with bounds and scale as
        multiples of the contact's weight, or of its dimension if it is a native weight: a rule, or
        several in the order in which they act, with the same bounds.
    short_term
        Facilitation and depression of release; the strength is that of the first response.
    note, sources
        A remark, and the origin of the numbers, by field.
    """

    source: str
    target: str
    synapses: Any = ()
    compartments: Any = ()
    name: str = ""
    _: KW_ONLY
    kernel: GaussianKernel | None = None
    probability: float | None = None
    in_degree: int | None = None
    number: int | None = None
    delay: Any = field(default_factory=lambda: 0 * ms)
    delay_sd: Any = None
    delay_groups: int | None = None
    psp: Any = None
    conductance: Any = None
    current: Any = None
    weight_cv: float | None = None
    kinetics: Mapping[str, Any] = field(default_factory=dict)
    reversal: Any = field(default_factory=dict)
    holding: Any = field(default=None, metadata=WHERE_GIVEN)
    weight_factor: float = 1.0
    plasticity: Plasticity | None = None
    short_term: ShortTerm | None = None
    weight: Any = field(default=None, metadata=WHERE_GIVEN)
    into: str | None = field(default=None, metadata=WHERE_GIVEN)
    out_degree: int | None = field(default=None, metadata=WHERE_GIVEN)
    pairs: str | None = field(default=None, metadata=WHERE_GIVEN)
    excluded: Any = field(default=None, metadata=WHERE_GIVEN)
    lowers: bool | None = field(default=None, metadata=WHERE_GIVEN)
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)
    connect: Any = field(default=None, metadata=WHERE_GIVEN)

    def __post_init__(self) -> None:
        if not self.name:
            set_frozen_field(self, "name", f"{self.source}_to_{self.target}")
        check_name(self.name, "projection")
        label = f"projection {self.name!r}"
        if self.weight is None:
            _check_contact(self, label)
        else:
            self._check_weight(label)
        check_connection(self, label)
        self._check_delay(label)
        if self.weight_cv is not None:
            set_frozen_field(
                self, "weight_cv", as_fraction(self.weight_cv, f"weight_cv of {label}")
            )
        factor = as_positive(self.weight_factor, "dimensionless", f"weight_factor of {label}")
        set_frozen_field(self, "weight_factor", float(factor))
        set_frozen_field(
            self, "plasticity", checked_plasticity(self.plasticity, label, self.weight)
        )
        if self.plasticity is not None and self.short_term is not None:
            raise NetworkError(f"{label} has both plasticity and short_term: give one of them.")
        self._freeze()

    @property
    def recurrent(self) -> bool:
        """Whether source and target are the same population."""
        return self.source == self.target

    @property
    def connection(self) -> Connection:
        """The connection rule, with the values of its parameters."""
        return connection_of(self)

    @property
    def is_calibrated(self) -> bool:
        """Whether its weight is found by calibration."""
        return self.current is None and self.weight is None

    def _check_weight(self, label: str) -> None:
        """Refuse a native weight that is no weight, or what belongs to a receptor's channels."""
        for name in (*STRENGTHS, "holding", "synapses", "compartments", "kinetics", "reversal"):
            if (value := getattr(self, name)) is not None and value not in ((), {}):
                raise NetworkError(
                    f"{label} states a weight, which has no {name}: give weight and into alone."
                )
        if not self.into:
            raise NetworkError(
                f"{label} states a weight: say into which variable of the target's point neuron it "
                f"goes, like into='V'."
            )
        check_name(self.into, f"variable (into) of {label}")
        weight = quantity(self.weight, None, f"weight of {label}")
        signed = combined_plasticity(self.plasticity, label)
        convert = as_finite if signed and signed.is_signed else as_not_negative
        set_frozen_field(
            self, "weight", convert(weight, get_dimensions(weight), f"weight of {label}")
        )
        if self.weight_cv and np.asarray(self.weight) < 0:
            raise NetworkError(f"{label} spreads a weight below zero: leave weight_cv out.")
        set_frozen_field(self, "synapses", {})

    def _check_delay(self, label: str) -> None:
        set_frozen_field(self, "delay", as_not_negative(self.delay, "time", f"delay of {label}"))
        if self.delay_sd is not None:
            set_frozen_field(
                self, "delay_sd", as_positive(self.delay_sd, "time", f"delay_sd of {label}")
            )
        if self.delay_groups is not None:
            check_count(self.delay_groups, f"delay_groups of {label}")


@dataclass(frozen=True, eq=False)
class Background(ValueRecord):
    """Independent Poisson input to every neuron of a population, from outside the circuit.

    Where none is stated, the rate is not part of the circuit: it is found by calibration, so that
    the population fires within its range, one rate for each population. A source fires at ``share``
    times that rate.

    Parameters
    ----------
    target
        Name of a population.
    synapses, compartments, psp, conductance, current, kinetics, reversal, holding, note, sources
        As in `CircuitProjection`; the strength is that of one event.
    name
        The default is ``"background_<target>"``.
    share
        Rate of this source relative to the rate that is calibrated for the population.
    rate, afferents
        Firing rate of one afferent, and how many of them contact each neuron (default 1): the
        rate of events is then stated, not calibrated.
    """

    target: str
    synapses: Any
    compartments: Any
    name: str = ""
    psp: Any = None
    _: KW_ONLY
    conductance: Any = None
    current: Any = None
    kinetics: Mapping[str, Any] = field(default_factory=dict)
    reversal: Any = field(default_factory=dict)
    holding: Any = field(default=None, metadata=WHERE_GIVEN)
    share: float = 1.0
    rate: Any = None
    afferents: int | None = None
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            set_frozen_field(self, "name", f"background_{self.target}")
        check_name(self.name, "background")
        label = f"background {self.name!r}"
        _check_contact(self, label)
        set_frozen_field(self, "share", as_fraction(self.share, f"share of {label}"))
        if self.rate is not None:
            set_frozen_field(self, "rate", as_positive(self.rate, "rate", f"rate of {label}"))
        if self.afferents is not None:
            check_count(self.afferents, f"afferents of {label}")
        if self.afferents is not None and self.rate is None:
            raise NetworkError(f"{label} gives afferents without the rate of one: add rate.")
        self._freeze()

    @property
    def is_calibrated(self) -> bool:
        """Whether its weight is found by calibration."""
        return self.current is None

    @property
    def events(self) -> Any:
        """Stated rate of events onto one neuron, or None where it is calibrated."""
        return None if self.rate is None else self.rate * (self.afferents or 1) * self.share


def _check_contact(contact: CircuitProjection | Background, label: str) -> None:
    """Bring synapses, compartments, strength and kinetics into their one form."""
    set_frozen_field(contact, "synapses", conductance_ratios(contact.synapses, label))
    compartments = as_names(contact.compartments, f"compartments of {label}")
    if not compartments or len(set(compartments)) < len(compartments):
        raise NetworkError(
            f"compartments of {label} are {compartments}: expected one or more, each once."
        )
    set_frozen_field(contact, "compartments", compartments)
    if sum(getattr(contact, name) is not None for name in STRENGTHS) != 1:
        raise NetworkError(
            f"{label}: give exactly one of psp (voltage), conductance, current and weight."
        )
    if contact.holding is not None and contact.current is not None:
        raise NetworkError(f"{label} states a current, which no potential changes: no holding.")
    set_frozen_field(contact, "holding", as_holding(contact.holding, label))
    for name, dimension in STRENGTHS.items():
        value = getattr(contact, name)
        if value is not None:
            set_frozen_field(contact, name, as_positive(value, dimension, f"{name} of {label}"))
    set_frozen_field(
        contact, "kinetics", kinetics_by_synapse(contact.kinetics, tuple(contact.synapses), label)
    )
    set_frozen_field(
        contact, "reversal", reversal_by_synapse(contact.reversal, tuple(contact.synapses), label)
    )
