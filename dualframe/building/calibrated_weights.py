"""Calibrated strengths of a circuit's contacts: stored data with provenance, read by the builders.

The procedure that finds them is in
`dualframe.experiments.calibration`; this module only keeps its result, in
``circuits/calibration/<circuit>.toml``, one table for each model of the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dualframe.catalogue.toml_table import load_toml
from dualframe.circuit import Background, Circuit, CircuitProjection
from dualframe.circuit.holding import REST
from dualframe.core.errors import CatalogueError, OutputError
from dualframe.core.output_folder import check_writable
from dualframe.core.quantity import quantity, quantity_text, unit_of
from dualframe.core.serialisation import write_toml
from dualframe.core.shipped_files import shipped_folder
from dualframe.core.validation import as_positive
from dualframe.synapses.synapse_equations import SynapseEquations


@dataclass(frozen=True)
class SynapticStrength:
    """Weight of a contact (conductance or current) and, for a background, its event rate."""

    weight: Any
    rate: Any = None


_CONTACT_KEYS = {
    "weight": "",
    "psp": "voltage",
    "target_psp": "voltage",
    "holding": "voltage",
    "held_at": "voltage",
}


@dataclass(frozen=True)
class Calibration:
    """Strengths of all contacts of a circuit for one model of its cells.

    Attributes
    ----------
    circuit
        Name of the circuit.
    model
        ``"biological"``, or the model of point neurons, the mode of their synapses and whether
        they were fitted (``"glif_conductance_fitted"``, ``"glif_current"``): see
        `dualframe.building.twin_choice`.
    weights
        Peak conductance (or current) of a unitary contact, by contact.
    psps
        Unitary post-synaptic potential that was measured with it, by contact.
    targets
        The amplitude that was asked for, by contact.
    holdings
        The potential at which the soma was to be held for it, or ``"rest"``, by contact.
    held_at
        Where the soma was held instead, by contact: the cell fires at the potential that was asked
        for. The unitary potential is converted to that one with the driving force.
    rates
        Event rate of the background input, by population.
    dt
        The time step at which it was made.
    provenance
        Digest of the circuit's contacts, versions, protocol.
    """

    circuit: str
    model: str
    weights: Mapping[str, Any]
    psps: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    holdings: Mapping[str, Any] = field(default_factory=dict)
    held_at: Mapping[str, Any] = field(default_factory=dict)
    rates: Mapping[str, Any] = field(default_factory=dict)
    dt: Any = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def displaced(self) -> list[str]:
        """A line for each potential at which cells were held instead of the recordings' own."""
        places: dict[str, list[str]] = {}
        for name, potential in self.held_at.items():
            places.setdefault(f"{float(potential) * 1e3:.1f} mV", []).append(name)
        return [
            f"circuit {self.circuit}: the potential of {', '.join(names)} is calibrated at "
            f"{place}, because the cell cannot be held where it was recorded"
            for place, names in places.items()
        ]

    def strength(self, contact: CircuitProjection | Background) -> SynapticStrength:
        """Return the weight of a contact and, for background input, the rate of its events.

        Raises
        ------
        CatalogueError
            If the calibration does not have the contact, or not the rate.
        """
        if not isinstance(contact, Background):
            return SynapticStrength(self._weight(contact))
        return SynapticStrength(self._weight(contact), self._event_rate(contact))

    def _weight(self, contact: CircuitProjection | Background) -> Any:
        if contact.current is not None:
            return contact.current
        if contact.name not in self.weights:
            raise CatalogueError(
                f"the calibration of circuit {self.circuit!r} for {self.model!r} has no contact "
                f"{contact.name!r}. " + _remedy(self.circuit, self.model)
            )
        return self.weights[contact.name]

    def _event_rate(self, background: Background) -> Any:
        if background.events is not None:
            return background.events
        rate = self.rates.get(background.target)
        if rate is None:
            raise CatalogueError(
                f"the calibration of circuit {self.circuit!r} for {self.model!r} has no "
                f"background rate of {background.target!r}. " + _remedy(self.circuit, self.model)
            )
        return rate * background.share


def load_calibration(circuit: Circuit, model: str, path: Path | None = None) -> Calibration:
    """Read the calibration that ships with a circuit, or is in a file of its own.

    A circuit without contacts, or whose source states every strength as a current, needs none.

    Raises
    ------
    CatalogueError
        If there is none for this model, or the circuit's contacts have changed since.
    """
    if not any(contact.is_calibrated for contact in circuit.contacts):
        return Calibration(circuit.name, model, {})
    stored = read_calibrations(path or calibration_path(circuit.name), circuit.name)
    if model not in stored:
        known = ", ".join(sorted(stored)) or "none"
        raise CatalogueError(
            f"circuit {circuit.name!r} has no calibration for {model!r} (stored: {known}). "
            + _remedy(circuit.name, model)
        )
    calibration = stored[model]
    if not belongs_to(calibration, circuit):
        raise CatalogueError(
            f"the stored calibration of circuit {circuit.name!r} for {model!r} belongs to another "
            f"version of the circuit. " + _remedy(circuit.name, model)
        )
    return replace(calibration, weights=dict(calibration.weights), rates=dict(calibration.rates))


def belongs_to(calibration: Calibration, circuit: Circuit) -> bool:
    """Tell whether a calibration is of a circuit as it is.

    Background rates depend on all of it. Where a circuit states them, the weights are left, which
    depend on cells and contacts alone, not on how many there are.

    Parameters
    ----------
    calibration, circuit
        The calibration, and the circuit for which it is to be used.
    """
    if calibration.provenance.get("contacts") == circuit.contacts_digest:
        return True
    stated = all(one.events is not None for one in circuit.background)
    return stated and calibration.provenance.get("strengths") == circuit.strengths_digest


def read_calibrations(path: Path, circuit: str) -> dict[str, Calibration]:
    """Return the calibrations of a file by model, none where there is no file.

    Parameters
    ----------
    path
        The file.
    circuit
        Name of its circuit.

    Raises
    ------
    CatalogueError
        If it is not well formed.
    """
    if not path.exists():
        return {}
    return _read_calibrations(path, path.stat().st_mtime_ns, circuit)


def stored_rates(circuit: str, model: str) -> Mapping[str, Any]:
    """Return the background rates that are stored with a circuit, of whatever version of it.

    Parameters
    ----------
    circuit
        Name of the circuit.
    model
        Name of the model of the cells.
    """
    stored = read_calibrations(calibration_path(circuit), circuit)
    return dict(stored[model].rates) if model in stored else {}


def wrong_model_error(calibration: Calibration, circuit: Circuit, model: str) -> CatalogueError:
    """Return the error of a calibration that was made for another model of the cells.

    Parameters
    ----------
    calibration, circuit
        What was given to the builder.
    model
        The name of the calibration that it needs.
    """
    return CatalogueError(
        f"the calibration that was given is for {calibration.model!r}, but the model is "
        f"{model!r}. " + _remedy(circuit.name, model)
    )


def weight_of(name: str, channels: SynapseEquations, strength: SynapticStrength) -> Any:
    """Return a contact's weight; a current cannot be the weight of a conductance.

    Parameters
    ----------
    name, channels, strength
        Of the contact.

    Raises
    ------
    CatalogueError
        If the strength is one of other channels.
    """
    if unit_of(strength.weight) != channels.weight_unit:
        raise CatalogueError(
            f"contact {name!r}: its strength is {strength.weight}, but its channels take "
            f"{channels.weight_unit}. Calibrate the circuit for this model and mode of synapses."
        )
    return strength.weight


def calibration_path(circuit: str) -> Path:
    """Where the calibrations of a circuit are stored."""
    return shipped_folder("circuits") / "calibration" / f"{circuit}.toml"


def check_calibration_file(path: Path) -> None:
    """Refuse a place for calibrations before they are searched for.

    Parameters
    ----------
    path
        The file; it need not exist.

    Raises
    ------
    OutputError
        If it is a folder, a file of something else, or in a folder that cannot be written.
    CatalogueError
        If it is no TOML file.
    """
    if path.is_dir():
        raise OutputError(
            f"cannot write the calibration {str(path)!r}: it is a folder. Name a file."
        )
    for model, table in (load_toml(path) if path.exists() else {}).items():
        if not (isinstance(table, Mapping) and "contacts" in table):
            raise OutputError(
                f"{str(path)!r} holds {model!r}, which is no calibration: it is not replaced. "
                "Name another file."
            )
    check_writable(path.parent)


def save_calibration(calibration: Calibration, path: Path | None = None) -> Path:
    """Add a calibration to its file, or replace it there, in one step."""
    target = path or calibration_path(calibration.circuit)
    tables = load_toml(target) if target.exists() else {}
    tables[calibration.model] = _table(calibration)
    write_toml(target, dict(sorted(tables.items())), "calibration")
    return target


def _remedy(circuit: str, model: str) -> str:
    """What makes a calibration of this name; fitted cells and conductances are the default."""
    name, _, mode = model.removesuffix("_fitted").rpartition("_")
    if not name:  # of compartments, which have no mode
        name, mode = mode, ""
    fitted = model.endswith("_fitted")
    which = repr(name)
    which += f", synapses={mode!r}" if mode and not (fitted and mode == "conductance") else ""
    which += ", cells='published'" if mode and not fitted else ""
    return f"Run dualframe.calibrate(circuit, {which}), which keeps one, or pass one to build()."


def _table(calibration: Calibration) -> dict[str, Any]:
    contacts = {}
    columns = {
        "psp": calibration.psps,
        "target_psp": calibration.targets,
        "holding": calibration.holdings,
        "held_at": calibration.held_at,
    }
    for name, weight in calibration.weights.items():
        entry = {"weight": quantity_text(weight)}
        for key, values in columns.items():
            if name in values:
                value = values[name]
                entry[key] = value if isinstance(value, str) else quantity_text(value)
        contacts[name] = entry
    rates = {name: quantity_text(rate) for name, rate in calibration.rates.items()}
    step = {} if calibration.dt is None else {"dt": quantity_text(calibration.dt)}
    return {
        **step,
        "provenance": dict(calibration.provenance),
        "background_rates": rates,
        "contacts": contacts,
    }


@lru_cache(maxsize=32)
def _read_calibrations(path: Path, changed: int, circuit: str) -> dict[str, Calibration]:
    """Read a file once per version: ``changed`` is its time of modification."""
    return {
        model: _calibration(circuit, model, table, path) for model, table in load_toml(path).items()
    }


def _as_table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        shown = repr(value)[:60]
        raise CatalogueError(f"{where} is {shown}: expected a table. Calibrate again.")
    return value


def _finite_number(written: Any, dimension: str | None, where: str, lowest: float) -> Any:
    number = quantity(written, dimension, where)
    if np.ndim(number) or not lowest <= float(np.asarray(number)) < np.inf:
        least = ", zero or more" if lowest == 0 else ""
        raise CatalogueError(f"{where} is {written!r}: expected a number{least}. Calibrate again.")
    return number


def _calibration(circuit: str, model: str, table: Mapping[str, Any], path: Path) -> Calibration:
    place = f"{path}, {model}"
    table = _as_table(table, place)
    columns: dict[str, dict[str, Any]] = {key: {} for key in _CONTACT_KEYS}
    for name, entry in _as_table(table.get("contacts", {}), f"{place}.contacts").items():
        for key, written in _as_table(entry, f"{place}.contacts.{name}").items():
            if key not in columns:
                raise CatalogueError(f"{place}.contacts.{name}: unknown key {key!r}.")
            where = f"{place}.contacts.{name}.{key}"
            if key == "holding" and written == REST:
                columns[key][name] = written
                continue
            lowest = 0.0 if key == "weight" else -np.inf
            columns[key][name] = _finite_number(written, _CONTACT_KEYS[key] or None, where, lowest)
    rates = {
        name: _finite_number(written, "rate", f"{place}.background_rates.{name}", 0.0)
        for name, written in _as_table(
            table.get("background_rates", {}), f"{place}.background_rates"
        ).items()
    }
    return Calibration(
        circuit=circuit,
        model=model,
        weights=columns["weight"],
        psps=columns["psp"],
        targets=columns["target_psp"],
        holdings=columns["holding"],
        held_at=columns["held_at"],
        rates=rates,
        dt=as_positive(table["dt"], "time", f"{place}.dt") if "dt" in table else None,
        provenance=_as_table(table.get("provenance", {}), f"{place}.provenance"),
    )
