"""Which sections a task file has, by the builder of its network, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from dualframe.catalogue.sourced_value import Sourced
from dualframe.core.errors import QuantityError, UnknownName
from dualframe.core.parameter_table import Dimensions
from dualframe.core.quantity import quantity
from dualframe.task.section_parameters import open_numbers


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
        Other numbers are those of what the section names: an environment, a rule of plasticity.
    optional
        Names that a file may leave out.
    """

    numbers: Dimensions = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    open: bool = False
    optional: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """What every file gives."""
        return tuple(name for name in (*self.texts, *self.numbers) if name not in self.optional)

    def dimensions(self, texts: Mapping[str, str]) -> Dimensions:
        """Return names and dimensions of all numbers that a section with these texts may have."""
        return {**(open_numbers(texts) if self.open else {}), **self.numbers}


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
        """Return the quantities by name, without their sources; whole numbers as such."""
        return {k: _whole(n.value) for k, n in self.numbers.items() if k not in leave_out}

    def changed(self, name: str, value: Any, spec: Spec) -> Section:
        """Return the section with another value of an entry that it can have.

        Raises
        ------
        UnknownName
            If it can have no such entry, or no such text.
        QuantityError
            If the value is not one finite number of the entry's dimension.
        """
        label = f"{self.name}.{name}"
        if name in spec.texts:
            if spec.texts[name] and value not in spec.texts[name]:
                raise UnknownName(label, value, spec.texts[name])
            texts = {**self.texts, name: str(value)}
            spec.dimensions(texts)  # refuses a rule, a set or an environment that is not there
            return Section(self.name, self.numbers, texts)
        kinds = spec.dimensions(self.texts)
        if name not in kinds:
            raise UnknownName(f"entry of section {self.name!r}:", name, (*kinds, *spec.texts))
        new = quantity(value, kinds[name], label)
        if np.ndim(new) or not np.isfinite(np.asarray(new)):
            raise QuantityError(f"{label} is {value}: expected one finite number.")
        own = Sourced(new, ("dualframe",), "assumed", "set by the user")
        return Section(self.name, {**self.numbers, name: own}, self.texts)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_PROTOCOL = Spec(
    {
        "trials": "dimensionless",
        "trial_limit": "time",
        "duration": "time",
        "dt": "time",
        "sampling": "time",
        "agents": "dimensionless",
    },
    optional=("trials", "trial_limit", "duration"),
)
_D = "dimensionless"

#: Sections by builder.
SECTIONS: Mapping[str, Mapping[str, Spec]] = MappingProxyType(
    {
        "distal_reward": {
            "protocol": _PROTOCOL,
            "network": Spec(
                {
                    "neurons": _D,
                    "excitatory": _D,
                    "synapses": _D,
                    "w_init": "voltage",
                    "w_max": "voltage",
                    "w_inhibitory": "voltage",
                    "noise": "voltage",
                },
                {
                    "excitatory_cell": (),
                    "inhibitory_cell": (),
                    "inhibition": ("FS", "RS", "AC"),
                },
            ),
            "accommodation": Spec({"a": _D, "b": _D, "c": _D, "d": _D, "v_b": "voltage"}),
            "reward": Spec(
                {
                    "window": "time",
                    "delay_min": "time",
                    "delay_max": "time",
                    "waiting": _D,
                    "pulse": _D,
                    "tau": "time",
                    "criterion": _D,
                    "collapse": _D,
                }
            ),
            "plasticity": Spec(texts={"rule": (), "set": ()}, open=True),
            "excitability": Spec(
                {
                    "NA": "concentration",
                    "ACh": "concentration",
                    "shift_c": "voltage",
                    "shift_d": _D,
                    "tau": "time",
                    "clamp_DA": _D,
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
                    "n": _D,
                    "w_init": _D,
                    "w_plus": _D,
                    "w_minus": _D,
                    "psi": _D,
                    "eps0": "time",
                    "tau_m": "time",
                    "tau_s": "time",
                    "chi": _D,
                    "rho0": "rate",
                    "theta": _D,
                    "delta_u": _D,
                    "drive": "current",
                    "noise": "current",
                    "tau_drive": "time",
                },
                {"cells": ("srm0", "izhikevich", "glif"), "cell": ()},
            ),
            "plasticity": Spec(texts={"rule": (), "set": ()}, open=True),
        },
        "actor_critic": {
            "protocol": _PROTOCOL,
            "world": Spec(texts={"kind": ()}, open=True),
            "encoder": Spec(
                {
                    "pole_fields": _D,
                    "cart_fields": _D,
                    "pole_range": _D,
                    "pole_velocity_range": _D,
                    "cart_range": _D,
                    "cart_velocity_range": _D,
                    "width": _D,
                    "clip": _D,
                    "rate_max": "rate",
                }
            ),
            "neurons": Spec(
                {"tau_m": "time", "rho0": "rate", "theta": _D, "delta_u": _D, "w_init": _D}
            ),
            "actor": Spec({"n": _D, "eta": _D}),
            "critic": Spec({"n": _D, "eta": _D}),
            "decision": Spec(
                {"nu": "time", "temperature": "rate", "gamma": _D, "lambda": _D, "greedy": _D}
            ),
            "plasticity": Spec(texts={"rule": (), "set": ()}, open=True),
        },
    }
)
