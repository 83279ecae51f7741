"""Which sections a task file has, by the builder of its network, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dualframe.catalogue.form import Kinds
from dualframe.catalogue.schema import Sourced
from dualframe.errors import UnknownName
from dualframe.quantity import quantity


@dataclass(frozen=True)
class Spec:
    """What a section may hold.

    Parameters
    ----------
    numbers
        Names and dimensions.
    texts
        Names and choices; no choices mean any text.
    open
        Other numbers are passed on to what the section names (a world, a set of a rule), which
        checks them.
    """

    numbers: Kinds = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    open: bool = False


@dataclass(frozen=True)
class Section:
    """Numbers and texts of one section of a task.

    ``section["n"]`` is the quantity or text; `numbers` has the numbers with their sources.
    """

    name: str
    numbers: Mapping[str, Sourced] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name in self.numbers:
            return self.numbers[name].value
        if name in self.texts:
            return self.texts[name]
        raise UnknownName(f"entry of section {self.name!r}:", name, (*self.numbers, *self.texts))

    def __contains__(self, name: object) -> bool:
        return name in self.numbers or name in self.texts

    def get(self, name: str, default: Any = None) -> Any:
        """Return an entry, or a default."""
        if name not in self:
            return default
        return self[name]

    def count(self, name: str) -> int:
        """Return a number that is a count."""
        return round(float(self[name]))

    def plain(self, *leave_out: str) -> dict[str, Any]:
        """Return the quantities by name, without their sources."""
        return {k: n.value for k, n in self.numbers.items() if k not in leave_out}

    def changed(self, name: str, value: Any) -> Section:
        """Return the section with another value of an entry; what it is stays."""
        if name in self.texts:
            return Section(self.name, self.numbers, {**self.texts, name: str(value)})
        if name not in self.numbers:
            self[name]  # raises
        old = self.numbers[name]
        new = quantity(value, getattr(old.value, "dim", "dimensionless"), f"{self.name}.{name}")
        own = Sourced(new, ("dualframe",), "assumed", "set by the user")
        return Section(self.name, {**self.numbers, name: own}, self.texts)


_PROTOCOL = Spec(
    {
        "trials": "dimensionless", "trial_limit": "time", "duration": "time", "dt": "time",
        "sampling": "time", "agents": "dimensionless",
    }
)  # fmt: skip
_D = "dimensionless"

#: Sections by builder.
SECTIONS: Mapping[str, Mapping[str, Spec]] = MappingProxyType(
    {
        "distal_reward": {
            "protocol": _PROTOCOL,
            "network": Spec(
                {
                    "neurons": _D, "excitatory": _D, "synapses": _D, "w_init": "voltage",
                    "w_max": "voltage", "w_inhibitory": "voltage", "noise": "voltage",
                },
                {
                    "excitatory_cell": (), "inhibitory_cell": (), "inhibition": ("FS", "RS", "AC"),
                },
            ),
            "accommodation": Spec({"a": _D, "b": _D, "c": _D, "d": _D, "v_b": "voltage"}),
            "reward": Spec(
                {
                    "window": "time", "delay_min": "time", "delay_max": "time", "waiting": _D,
                    "pulse": _D, "tau": "time", "criterion": _D, "collapse": _D,
                }
            ),
            "plasticity": Spec(texts={"rule": (), "set": ()}, open=True),
            "excitability": Spec(
                {
                    "NA": "concentration", "ACh": "concentration", "shift_c": "voltage",
                    "shift_d": _D, "tau": "time", "clamp_DA": _D,
                },
                {"receptor_NA": (), "receptor_ACh": ()},
            ),
        },
        "navigation": {
            "protocol": _PROTOCOL,
            "world": Spec(texts={"kind": ()}, open=True),
            "encoder": Spec({"spacing": _D, "sigma": _D, "rate_max": "rate"}),
            "actor": Spec(
                {
                    "n": _D, "w_init": _D, "w_plus": _D, "w_minus": _D, "psi": _D,
                    "eps0": "time", "tau_m": "time", "tau_s": "time", "chi": _D, "rho0": "rate",
                    "theta": _D, "delta_u": _D, "drive": "current", "lateral_drive": "current",
                    "tau_drive": "time",
                },
                {"cells": ("srm0", "izhikevich", "glif"), "cell": ()},
            ),
            "plasticity": Spec(texts={"rule": (), "set": ()}, open=True),
        },
    }
)  # fmt: skip
