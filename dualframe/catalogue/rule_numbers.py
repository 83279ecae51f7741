"""Plasticity rules: their equations as text, their published numbers, and the reader of a file.

A rule has one or more complete sets of numbers, of which the first is the default; sets are never
averaged. ``alternatives`` are numbers that contradict a set or complete none, ``context`` is what
the numbers were used with (the neuron model, the network, the protocol).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue.schema import Numbers, Origin
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import AnyDimension, Dimensions, ParameterTable
from dualframe.core.quantity import quantity

# What an amplitude of one is: the largest weight, the weight before learning, or a weight as such.
RELATIVE = ("w_max", "initial", "absolute")
PAIRINGS = ("all_to_all", "nearest")


def _amplitudes(*names: str) -> dict[str, AnyDimension]:
    return dict.fromkeys(names, "dimensionless")


def _times(*names: str) -> dict[str, AnyDimension]:
    return dict.fromkeys(names, "time")


_EPSP = get_dimensions(quantity("1 mV*ms"))
_PAIR: Dimensions = {**_amplitudes("A_plus", "A_minus"), **_times("tau_plus", "tau_minus")}
_BOUNDS: Dimensions = _amplitudes("w_init", "w_min", "w_max")
_RARE: Dimensions = {
    "gain": "rate",
    "tau_eligibility": "time",
    **_amplitudes("A_correlation", "A_decorrelation"),
}
_SLIDING: Dimensions = {
    **_amplitudes("theta_high", "theta_low", "tolerance", "slides_low"),
    "tau_window": "time",
    "rare_percent": "rate",
    "slide": "rate",
}
_CORRELATIONS = (
    "c = y_pre(t - dt) y_post(t); e <- clip(e exp(-dt/tau_eligibility) + A_correlation "
    "[c > theta_high] + A_decorrelation [c < theta_low], A_decorrelation, A_correlation); "
)

FORMS: Mapping[str, ParameterTable] = MappingProxyType(
    {
        "pair_stdp": ParameterTable(
            _PAIR,
            {},
            "pre: w <- w - A_minus y, x <- x + 1; post: w <- w + A_plus x, y <- y + 1; "
            "dx/dt = -x/tau_plus, dy/dt = -y/tau_minus",
        ),
        "triplet_stdp": ParameterTable(
            {
                **_amplitudes("A2_plus", "A3_plus", "A2_minus", "A3_minus"),
                **_times("tau_plus", "tau_minus", "tau_y"),
            },
            _times("tau_x"),
            "pre: w <- w - o1 (A2_minus + A3_minus r2); post: w <- w + r1 (A2_plus + A3_plus o2); "
            "then r1, r2 (o1, o2) <- + 1; r2 and o2 are read before their own update; "
            "r1, r2, o1, o2 decay with tau_plus, tau_x, tau_minus, tau_y",
        ),
        "inhibitory_stdp": ParameterTable(
            {**_amplitudes("A"), "tau": "time", "target_rate": "rate"},
            {},
            "pre: w <- w + A (y - 2 target_rate tau), x <- x + 1; post: w <- w + A x, y <- y + 1; "
            "x and y decay with tau",
        ),
        "r_stdp": ParameterTable(
            {**_PAIR, **_times("tau_eligibility")},
            {
                "gain": "rate",
                "tau_modulator": "time",
                **_amplitudes("pulse", "baseline"),
            },
            "pre: c <- c - A_minus y; post: c <- c + A_plus x; dc/dt = -c/tau_eligibility; "
            "dw/dt = gain (baseline + D) c; dD/dt = -D/tau_modulator, D <- D + pulse at a reward",
        ),
        "sn_plast": ParameterTable(
            {
                **_amplitudes("A_pre_post", "A_post_pre", "eta_DA", "eta_ACh"),
                **_times("tau_pre_post", "tau_post_pre", "tau_eligibility"),
            },
            {**_BOUNDS, **_amplitudes("A_5HT", "eta_5HT"), **_times("tau_eligibility_5HT")},
            "online w <- w - eta_ACh [ACh] W; at the end of a rewarded trial w <- w at its start + "
            "eta_DA E, of an unrewarded one w at its start - eta_5HT E_5HT (with serotonin), else "
            "the online change is kept; W is the window, E the eligibility",
        ),
        "da_5ht": ParameterTable(
            {
                **_amplitudes("A_DA", "A_5HT"),
                **_times("tau", "tau_eligibility_DA", "tau_eligibility_5HT"),
            },
            {
                **_amplitudes("eta", "eta_DA", "eta_5HT", "R_D", "activation_factor"),
                "gain": "rate",
                **_times("T_R"),
                **_BOUNDS,
            },
            "at the end of a trial: w <- w0 + eta_DA E_DA if rewarded, else w0 - eta_5HT E_5HT; "
            "or online: dw/dt = gain eta (R_D reward E_DA - (1 - reward) E_5HT)",
        ),
        "td_lambda": ParameterTable(
            {"eta": "dimensionless", "tau_plus": "time"},
            _BOUNDS,
            "between ticks C <- C + x at a post spike (x: trace of pre spikes, tau_plus); at one "
            "w <- w + eta delta E, E <- keep E + credit C, C <- 0",
        ),
        "td_stdp": ParameterTable(
            {
                **_times("tau_kappa", "upsilon_kappa", "tau_r", "tau_m", "tau_s"),
                "eps0": _EPSP,
            },
            {**_amplitudes("eta_actor", "eta_critic", "w_min", "w_max")},
            "dw/dt = eta delta ((Y_post (X_pre * eps since the last post spike)) * kappa)/tau_r; "
            "delta = V' - V/tau_r + r; kappa(s) = (exp(-s/tau_kappa) - exp(-s/upsilon_kappa))/"
            "(tau_kappa - upsilon_kappa), eps(s) = eps0 (exp(-s/tau_m) - exp(-s/tau_s))/"
            "(tau_m - tau_s); seconds and mV",
        ),
        "exploratory_hebbian": ParameterTable(
            {"gain": "rate", **_times("tau_eligibility", "tau_activity", "tau_reward")},
            {},
            "pre: e <- e + (a - mean a); de/dt = -e/tau_eligibility; "
            "dw/dt = gain e (R - mean R); running means with tau_activity and tau_reward",
        ),
        "supralinear_hebbian": ParameterTable(
            {**_amplitudes("eta", "max_change"), **_times("tau_activity")},
            {},
            "every step: H <- H + (r_pre (x - mean x))^3; at the end of a trial: "
            "w <- w + clip(eta M H, -max_change, max_change), H <- 0; running mean with "
            "tau_activity",
        ),
        "rchp": ParameterTable(_RARE, _SLIDING, _CORRELATIONS + "dw/dt = gain m e"),
        "htp": ParameterTable(
            {
                **_RARE,
                **_times("tau_short"),
                **_amplitudes("short_min", "short_max", "long_max", "threshold_long"),
                "conversion": "rate",
            },
            _SLIDING,
            _CORRELATIONS + "dw_s/dt = -w_s/tau_short + gain m e, between short_min and "
            "short_max; dw_l/dt = conversion [w_s > threshold_long], up to long_max; "
            "w = w_s + w_l",
        ),
        "synaptic_scaling": ParameterTable(
            {
                "beta": "dimensionless",
                "gamma": "rate",
                "tau_activity": "time",
                "target_rate": "rate",
            },
            {},
            "dw/dt = w (beta (target_rate - a) + gamma int (target_rate - a) dt); "
            "da/dt = -a/tau_activity, post: a <- a + 1/tau_activity",
        ),
        "threshold_adaptation": ParameterTable(
            {"theta_plus": "voltage", "tau_theta": "time"},
            {},
            "post: theta <- theta + theta_plus; dtheta/dt = -theta/tau_theta; a spike where "
            "V - theta passes the threshold",
        ),
        "window_sign": ParameterTable(
            {**_amplitudes("a_plus", "a_minus"), **_times("tau1", "tau2")},
            {},
            "pre before post: a_plus exp(-dt/tau1); post before pre: a_minus exp(-dt/tau2), "
            "added with their signs; the modulatory state chooses the set",
        ),
        "mushroom_body": ParameterTable(
            {**_PAIR, **_times("tau_tag", "tau_modulator")},
            _amplitudes("pulse", "w_max"),
            "R-STDP with a tag of tau_tag and dopamine of tau_modulator",
        ),
    }
)

# Numbers that say where a rule was used: neurons, networks, worlds and protocols.
CONTEXT: Dimensions = MappingProxyType(
    {
        **_amplitudes("n_exc", "n_inh", "n", "synapses_per_neuron", "spacing", "sigma", "psi"),
        **_amplitudes("arena_min", "arena_max", "w_minus", "w_plus", "a0", "inhibition", "beta"),
        **_times("tau_m", "tau_s", "tau_gamma", "v_gamma", "tau_syn", "delay", "update_interval"),
        **_times("reward_delay_min", "reward_delay_max", "coincidence_window", "tau_modulator"),
        **_amplitudes("g", "perturbation_size", "mean_kept", "modulation_max", "noise", "gain"),
        "perturbation_rate": "rate",
        "baseline": "rate",
        **dict.fromkeys(("chi", "theta", "delta_u", "V_th", "w_init", "w_max"), "voltage"),
        "eps0": _EPSP,
        "rho0": "rate",
        "rate_max": "rate",
    }
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


@dataclass(frozen=True)
class RuleParameterSets:
    """A plasticity rule of the catalogue.

    ``form`` names its equations in `FORMS`; ``relative_to`` (of `RELATIVE`) says what an
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
        return FORMS[self.form].equations

    @property
    def numbers(self) -> Numbers:
        """The numbers of the default set."""
        return self.sets[0].numbers

    def set(self, name: str = "") -> ParameterSet:
        """Return a set by name; the default one without a name."""
        for found in self.sets:
            if name in ("", found.name):
                return found
        raise UnknownName(f"set of rule {self.name!r}", name, [s.name for s in self.sets])


def read_parameter_sets(table: Table) -> RuleParameterSets:
    """Return the rule of a file."""
    table.only("name", "title", "form", "relative_to", "sets", "alternatives", "context")
    name, form = table.text("name"), table.text("form", choices=FORMS)
    sets = tuple(_set(row, name, FORMS[form]) for row in table.children("sets"))
    if not sets:
        table.fail("sets", "missing. Add a table [[sets]] with the rule's numbers.")
    return RuleParameterSets(
        name,
        table.text("title"),
        form,
        table.text("relative_to", choices=RELATIVE),
        sets,
        table.origin(),
        tuple(
            _labelled(row, FORMS[form].dimensions, name) for row in table.children("alternatives")
        ),
        tuple(_labelled(row, CONTEXT, name) for row in table.children("context")),
        table.text("note", ""),
        table.file,
    )


def _set(table: Table, rule_name: str, form: ParameterTable) -> ParameterSet:
    table.only("name", "pairing", "window", form.dimensions)
    numbers = table.numbers(form, f"{rule_name} set")
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


def _labelled(table: Table, kinds: Dimensions, rule_name: str) -> tuple[str, Numbers]:
    table.only("label", kinds)
    return table.text("label"), table.numbers(ParameterTable({}, kinds), rule_name)
