"""The published numbers of plasticity rules, and the reader of a file.

A rule has one or more complete sets of numbers, of which the first is the default; sets are never
averaged. ``alternatives`` are numbers that contradict a set or complete none, ``context`` is what
the numbers were used with (the neuron model, the network, the protocol). Names, dimensions and
equations are stated by the rule (`dualframe.plasticity`); a few rules are described here only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.catalogue.table_form import (
    TableForm,
    joined,
    labelled_numbers,
    numbers_of,
    subtables,
    table_by_kind,
    text,
)
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit
from dualframe.plasticity.adaptive_threshold import PARAMETERS as THRESHOLD_ADAPTATION
from dualframe.plasticity.pair_stdp import PAIR_STDP
from dualframe.plasticity.registry import PLASTICITY_RULES

# What an amplitude of one is: the largest weight, the weight before learning, or a weight as such.
RELATIVE = ("w_max", "initial", "absolute")
PAIRINGS = ("all_to_all", "nearest")


# Rules that are data only.
_DESCRIBED: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "window_sign": ParameterTable(
            required={
                "a_plus": "dimensionless",
                "a_minus": "dimensionless",
                "tau1": "time",
                "tau2": "time",
            },
            equations="pre before post: a_plus exp(-dt/tau1); post before pre: a_minus "
            "exp(-dt/tau2), added with their signs; the modulatory state chooses the set",
        ),
        "mushroom_body": ParameterTable(
            required={
                **PAIR_STDP.parameters.required,
                "tau_tag": "time",
                "tau_modulator": "time",
            },
            optional={"pulse": "dimensionless", "w_max": "dimensionless"},
            equations="R-STDP with a tag of tau_tag and dopamine of tau_modulator",
        ),
    }
)


def rule_forms() -> Mapping[str, ParameterTable]:
    """Return names and dimensions of the numbers of every rule, and its equations as text."""
    running = {name: rule.parameters for name, rule in PLASTICITY_RULES.items()}
    return {**running, "threshold_adaptation": THRESHOLD_ADAPTATION, **_DESCRIBED}


# Numbers that say where a rule was used: neurons, networks, environments and protocols.
CONTEXT: Dimensions = MappingProxyType(
    {
        **dict.fromkeys(
            ("n_exc", "n_inh", "n", "synapses_per_neuron", "spacing", "sigma", "psi"),
            "dimensionless",
        ),
        **dict.fromkeys(
            ("arena_min", "arena_max", "w_minus", "w_plus", "a0", "inhibition", "beta"),
            "dimensionless",
        ),
        **dict.fromkeys(
            ("tau_m", "tau_s", "tau_gamma", "v_gamma", "tau_syn", "delay", "update_interval"),
            "time",
        ),
        **dict.fromkeys(
            ("reward_delay_min", "reward_delay_max", "coincidence_window", "tau_modulator"),
            "time",
        ),
        **dict.fromkeys(
            ("g", "perturbation_size", "mean_kept", "modulation_max", "noise", "gain"),
            "dimensionless",
        ),
        "perturbation_rate": "rate",
        "baseline": "rate",
        **dict.fromkeys(("chi", "theta", "delta_u", "V_th", "w_init", "w_max"), "voltage"),
        "eps0": dimension_of_unit("mV*ms"),
        "rho0": "rate",
        "rate_max": "rate",
    }
)


def set_form(parameters: ParameterTable) -> TableForm:
    """Return the form of a [[sets]] table of a rule."""
    stated = TableForm({"name": text()}, {"pairing": text(("", *PAIRINGS)), "window": text()})
    return joined(stated, numbers_of(parameters))


def rule_form(parameters: ParameterTable) -> TableForm:
    """Return the form of the file of a rule's numbers."""
    return TableForm(
        {
            "name": text(),
            "title": text(),
            "form": text(),
            "relative_to": text(RELATIVE),
            "sets": subtables(set_form(parameters)),
        },
        {
            "alternatives": subtables(labelled_numbers(parameters.dimensions)),
            "context": subtables(labelled_numbers(CONTEXT)),
        },
    )


RULE = table_by_kind(
    "rule numbers", "form", lambda: {k: rule_form(v) for k, v in rule_forms().items()}
)


@dataclass(frozen=True)
class ParameterSet:
    """One complete set of a rule's numbers.

    ``pairing`` is "all_to_all" or "nearest", "" where the rule or its source leaves it open.
    ``window`` says in words what the numbers do not.
    """

    name: str
    numbers: Numbers
    origin: Origin
    pairing: str = ""
    window: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleParameterSets:
    """The numbers of a plasticity rule in the catalogue.

    ``form`` names the rule that they are numbers of; ``relative_to`` (of `RELATIVE`) says what an
    amplitude of one is.
    """

    name: str
    title: str
    form: str
    relative_to: str
    sets: tuple[ParameterSet, ...]
    origin: Origin
    alternatives: tuple[tuple[str, Numbers], ...] = ()
    context: tuple[tuple[str, Numbers], ...] = ()
    note: str = ""
    file: str = field(default="", compare=False)

    @property
    def equations(self) -> str:
        """The equations, as text."""
        return rule_forms()[self.form].equations

    @property
    def numbers(self) -> Numbers:
        """The numbers of the default set."""
        return self.sets[0].numbers

    def set(self, name: str = "") -> ParameterSet:
        """Return a set by name; the default one without a name.

        Parameters
        ----------
        name
            Of the set.

        Raises
        ------
        UnknownName
            If the rule has no such set.
        """
        for parameter_set in self.sets:
            if name in ("", parameter_set.name):
                return parameter_set
        raise UnknownName(f"set of rule {self.name!r}", name, [s.name for s in self.sets])


def read_parameter_sets(table: Table) -> RuleParameterSets:
    """Return the numbers of a rule from a file.

    Parameters
    ----------
    table
        Content of the file.

    Raises
    ------
    CatalogueError
        If the file is not well formed.
    """
    name, form = table.text("name"), table.text("form", choices=rule_forms())
    parameters = rule_forms()[form]
    table.only(rule_form(parameters))
    dimensions = parameters.dimensions
    sets = tuple(_read_set(row, name, parameters) for row in table.children("sets"))
    if not sets:
        table.fail("sets", "missing. Add a table [[sets]] with the rule's numbers.")
    alternatives, context = table.children("alternatives"), table.children("context")
    return RuleParameterSets(
        name=name,
        title=table.text("title"),
        form=form,
        relative_to=table.text("relative_to", choices=RELATIVE),
        sets=sets,
        origin=table.origin(),
        alternatives=tuple(_labelled_numbers(row, dimensions, name) for row in alternatives),
        context=tuple(_labelled_numbers(row, CONTEXT, name) for row in context),
        note=table.text("note", ""),
        file=table.file,
    )


def _read_set(table: Table, rule_name: str, parameters: ParameterTable) -> ParameterSet:
    table.only(set_form(parameters))
    numbers = table.numbers(parameters, f"{rule_name} set")
    for name, number in numbers.items():
        if name.startswith("tau") and float(number.value) <= 0:
            table.fail(name, f"{number.written!r} must be greater than zero.")
    pairing = table.text("pairing", "")
    return ParameterSet(
        table.text("name"),
        numbers,
        table.origin(),
        table.text("pairing", choices=PAIRINGS) if pairing else "",
        table.text("window", ""),
    )


def _labelled_numbers(table: Table, kinds: Dimensions, rule_name: str) -> tuple[str, Numbers]:
    table.only(labelled_numbers(kinds))
    return table.text("label"), table.numbers(ParameterTable({}, kinds), rule_name)
