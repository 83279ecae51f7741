"""GLIF neurons from files of the Allen Institute on the user's disk (``neuron_config.json``).

The AllenSDK stores one fitted neuron per file: numbers in SI units, voltages from rest, and
coefficients that multiply them (``coeffs``: what the fit moved). Three method names say which of
the five levels it is:

=====  ==============  =====================  ======================
level  voltage reset   after-spike currents   threshold dynamics
=====  ==============  =====================  ======================
1      zero            none                   inf
2      v_before        none                   spike_component
3      zero            exp                    inf
4      v_before        exp                    spike_component
5      v_before        exp                    three_components_exact
=====  ==============  =====================  ======================

The parameters that they hold, in the names of `dualframe.neurons.glif`:

=================  =====================================================
C, R               ``C * coeffs.C``, ``R_input / coeffs.G``
E_L                ``El_reference`` (``El`` is 0: voltages count from it)
th_inf             ``th_inf * coeffs.th_inf``
t_ref, t_cut       ``(spike_cut_length + 1) * dt``, ``spike_cut_length * dt``
asc_amp, asc_tau   ``asc_amp_array * coeffs.asc_amp_array``, ``asc_tau_array`` or 1/``k``
f_v, deltaV        ``voltage_reset_method.params``: ``a``, ``b``
a_spike, b_spike   ``threshold_dynamics_method.params``
a_voltage          the same, times ``coeffs.a``; b_voltage: times ``coeffs.b``
=================  =====================================================

The after-spike currents are sorted by their time constants, the fastest first (files of one cell
line differ in the order). A neuron that spikes in step n moves again in step n +
``spike_cut_length`` + 1, as in the AllenSDK; the catalogue's sets of such cells leave the one step
out. Nothing in a file is evaluated. Files of the Allen Cell Types Database may be used but not sold
on: dualframe ships none.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from brian2.units import amp, farad, hertz, ohm, second, volt

from dualframe.catalogue.point_neuron_set import PointNeuronSet
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.core.errors import CatalogueError, suggest_name
from dualframe.core.user_paths import expand_user

STATUS = "published model"  # a fit by its authors; the file says no more
#: Method names of voltage reset, after-spike currents and threshold dynamics -> level.
LEVELS: Mapping[tuple[str, str, str], int] = {
    ("zero", "none", "inf"): 1,
    ("v_before", "none", "spike_component"): 2,
    ("zero", "exp", "inf"): 3,
    ("v_before", "exp", "spike_component"): 4,
    ("v_before", "exp", "three_components_exact"): 5,
}
_METHODS = ("voltage_reset_method", "AScurrent_dynamics_method", "threshold_dynamics_method")
_VOLTAGE = ("linear_forward_euler", "linear_exact")
_MODEL_ID = re.compile(r"\d{6,}")


def read_glif(path: str | os.PathLike[str]) -> PointNeuronSet:
    """Return the GLIF neuron of an Allen ``neuron_config.json`` file.

    Parameters
    ----------
    path
        The file: a neuron, or one neuron under the number of its model, as the AllenSDK's
        ``GlifApi.get_neuron_configs`` gives it. A number of six digits or more in the file's name
        is taken as the model's, too.

    Returns
    -------
    PointNeuronSet
        ``model`` "GLIF1" to "GLIF5", ``numbers`` with units, each with the file's name (no folder)
        as its source, and ``dt``, the time step of the fit, of which ``t_ref`` is a multiple: a run
        with another one warns.

    Raises
    ------
    CatalogueError
        If the file is missing, is not such a file, or describes a neuron that is none of the five
        levels; it names the file, the key and the remedy.

    Notes
    -----
    The level's equations are those of `dualframe.neurons.glif`; of the file only what they
    use is read. Initial values and the fitting's own records are not.
    """
    file = Path(path).name
    data, number = _single_neuron(_load_json(expand_user(path)), file)
    if not number and (in_name := _MODEL_ID.search(file)):
        number = in_name[0]
    return _read_neuron(_Config(data, file, model_id=number))


@dataclass(frozen=True)
class _Config:
    """A JSON object with its place in the file."""

    data: Mapping[str, Any]
    file: str
    path: str = ""
    model_id: str = ""

    def fail(self, key: str, problem: str) -> NoReturn:
        raise CatalogueError(f"{self.file}, key {self._key_path(key)!r}: {problem}")

    def object(self, key: str) -> _Config:
        value = self.data.get(key)
        if value is None:
            self.fail(key, "missing. Save the whole neuron_config of one neuron.")
        if not isinstance(value, Mapping):
            self.fail(key, f"expected an object in braces, not {value!r}.")
        return _Config(value, self.file, self._key_path(key))

    def number(self, key: str, unit: str, default: float | None = None) -> float:
        """Return a finite number; ``unit`` is what an error asks for."""
        value = self.data.get(key, default)
        if value is None:
            self.fail(key, f"missing. Add a number in {unit}.")
        return self._finite_number(key, value, unit)

    def positive(self, key: str, unit: str, default: float | None = None) -> float:
        value = self.number(key, unit, default)
        if value <= 0:
            self.fail(key, f"{value:g} must be greater than zero ({unit}).")
        return value

    def rate(self, key: str) -> float:
        value = self.number(key, "1/s")
        if value < 0:
            self.fail(key, f"{value:g} would make the threshold grow: expected 0 or more, in 1/s.")
        return value

    def array(self, key: str, unit: str) -> list[float]:
        value = self.data.get(key)
        if not isinstance(value, list) or not value:
            self.fail(key, f"expected a list of numbers in {unit}, not {value!r}.")
        return [self._finite_number(key, entry, unit) for entry in value]

    def method(self, key: str) -> str:
        name = self.object(key).data.get("name")
        if not isinstance(name, str):
            self.fail(f"{key}.name", f"expected the name of a method, not {name!r}.")
        return name

    def _finite_number(self, key: str, value: Any, unit: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(key, f"{value!r} is not a number. Write it in {unit}, without quotes.")
        if not math.isfinite(value):
            self.fail(key, f"{value} is not a finite number (in {unit}).")
        return float(value)

    def _key_path(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _load_json(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise CatalogueError(
            f"there is no file {str(path)!r}. Give the path of a neuron_config.json; a folder of "
            "them is read with read_glif_folder."
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CatalogueError(
            f"{path.name} is not valid JSON: {error}. Save the neuron_config again."
        ) from error
    if not isinstance(found, Mapping):
        raise CatalogueError(f"{path.name} holds no JSON object, but a {type(found).__name__}.")
    return found


def _single_neuron(data: Mapping[str, Any], file: str) -> tuple[Mapping[str, Any], str]:
    """Return the only neuron of a file, and the number of its model if it stands under that."""
    if not data or not all(re.fullmatch(r"\d+", key) for key in data):
        return data, ""
    if len(data) > 1:
        raise CatalogueError(
            f"{file} holds {len(data)} neurons by number, {', '.join(list(data)[:3])}: "
            "save each one's neuron_config in a file of its own."
        )
    ((number, neuron),) = data.items()
    if not isinstance(neuron, Mapping):
        raise CatalogueError(f"{file}, key {number!r}: expected an object in braces.")
    return neuron, number


def _read_neuron(config: _Config) -> PointNeuronSet:
    level = _find_level(config)
    coefficients = _fit_coefficients(config)
    dt = config.positive("dt", "seconds")
    values = _membrane_parameters(config, coefficients, dt)
    if level in (2, 4, 5):
        values |= _reset_parameters(config)
    if level in (3, 4, 5):
        values |= _after_spike_currents(config, coefficients)
    if level == 5:
        threshold = config.object("threshold_dynamics_method").object("params")
        scale = coefficients.number("a", "1", 1.0)
        values["a_voltage"] = threshold.number("a_voltage", "1/s") * scale * hertz
        decay = threshold.positive("b_voltage", "1/s")
        values["b_voltage"] = decay * coefficients.positive("b", "1", 1.0) * hertz
    source = (f"user file {config.file}",)
    numbers = tuple((name, Sourced(value, source, STATUS)) for name, value in values.items())
    return PointNeuronSet(
        model=f"GLIF{level}",
        label=config.file,
        model_id=config.model_id,
        numbers=Numbers(f"GLIF{level} of {config.file}", numbers),
        origin=Origin(source, STATUS, f"fitted with a time step of {dt * 1e3:g} ms"),
        dt=Sourced(dt * second, source, STATUS),
    )


def _find_level(config: _Config) -> int:
    kind = config.data.get("type", "GLIF")
    if kind != "GLIF":
        config.fail("type", f"{kind!r} is not a GLIF neuron. Choose a file of type 'GLIF'.")
    dynamics = config.method("voltage_dynamics_method")
    if dynamics not in _VOLTAGE:
        hint = suggest_name(dynamics, _VOLTAGE)
        config.fail("voltage_dynamics_method.name", f"{dynamics!r} is not linear. {hint}")
    names = tuple(config.method(key) for key in _METHODS)
    level = LEVELS.get((names[0], names[1], names[2]))
    if level is None:
        known = "; ".join(f"GLIF{n}: {', '.join(key)}" for key, n in LEVELS.items())
        config.fail(
            ", ".join(_METHODS),
            f"{', '.join(map(repr, names))} is none of the five levels. Known: {known}.",
        )
    return level


def _fit_coefficients(config: _Config) -> _Config:
    """The multipliers of the fit; a file without them is one in which all are 1."""
    return config.object("coeffs") if "coeffs" in config.data else _Config({}, config.file)


def _membrane_parameters(config: _Config, coefficients: _Config, dt: float) -> dict[str, Any]:
    rest = config.number("El", "volts", 0.0)
    if rest != 0:
        config.fail("El", f"{rest:g}: expected 0, with the resting potential in El_reference.")
    cut = config.number("spike_cut_length", "time steps")
    if cut < 0 or cut != round(cut):
        config.fail("spike_cut_length", f"{cut:g} is not a whole number of time steps.")
    capacitance = config.positive("C", "farads") * coefficients.positive("C", "1", 1.0)
    resistance = config.positive("R_input", "ohms") / coefficients.positive("G", "1", 1.0)
    threshold = config.positive("th_inf", "volts") * coefficients.positive("th_inf", "1", 1.0)
    return {
        "C": capacitance * farad,
        "R": resistance * ohm,
        "E_L": config.number("El_reference", "volts (the resting potential)") * volt,
        "th_inf": threshold * volt,
        "t_ref": (cut + 1) * dt * second,
        "t_cut": cut * dt * second,
    }


def _reset_parameters(config: _Config) -> dict[str, Any]:
    reset = config.object("voltage_reset_method").object("params")
    threshold = config.object("threshold_dynamics_method").object("params")
    return {
        "f_v": reset.number("a", "1"),
        "deltaV": reset.number("b", "volts") * volt,
        "a_spike": threshold.number("a_spike", "volts") * volt,
        "b_spike": threshold.rate("b_spike") * hertz,
    }


def _after_spike_currents(config: _Config, coefficients: _Config) -> dict[str, Any]:
    amplitudes, times = config.array("asc_amp_array", "amperes"), _time_constants(config)
    scale = [1.0] * len(amplitudes)
    if "asc_amp_array" in coefficients.data:
        scale = coefficients.array("asc_amp_array", "1")
    for key, found in (("asc_tau_array", times), ("coeffs.asc_amp_array", scale)):
        if len(found) != len(amplitudes):
            config.fail(
                key, f"has {len(found)} entries, asc_amp_array {len(amplitudes)}: give one each."
            )
    _check_leftover(config)
    currents = sorted(
        (tau, amplitude * factor)
        for tau, amplitude, factor in zip(times, amplitudes, scale, strict=True)
    )
    values: dict[str, Any] = {}
    for j, (tau, amplitude) in enumerate(currents, 1):
        values |= {f"asc_amp{j}": amplitude * amp, f"asc_tau{j}": tau * second}
    return values


def _time_constants(config: _Config) -> list[float]:
    key = "asc_tau_array" if "asc_tau_array" in config.data or "k" not in config.data else "k"
    found = config.array(key, "seconds" if key == "asc_tau_array" else "1/s")
    if min(found) <= 0:
        config.fail(key, f"{min(found):g} must be greater than zero.")
    return found if key == "asc_tau_array" else [1 / rate for rate in found]


def _check_leftover(config: _Config) -> None:
    """What is left of a current after a spike is all of it (times its decay) in these equations."""
    method = config.data.get("AScurrent_reset_method")
    params = method.get("params") if isinstance(method, Mapping) else None
    left = params.get("r", []) if isinstance(params, Mapping) else []
    if any(part != 1 for part in (left if isinstance(left, list) else [left])):
        config.fail(
            "AScurrent_reset_method.params.r",
            f"{left} keeps a part of the currents at a spike: only 1 is supported.",
        )
