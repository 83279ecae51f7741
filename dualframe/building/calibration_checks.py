"""What a network says of its calibration: where rates were checked, and contacts that none has."""

from __future__ import annotations

from typing import Any

from brian2.units import ms, nS
from brian2.units.fundamentalunits import get_dimensions

from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit
from dualframe.core.quantity import quantity_text

_SHOWN = 3  # failures that a warning names

#: Peak conductance above which no contact of one cell onto another is believed. Assumed: five
#: times the calyx of Held, a giant synapse (mean 37 nS, Forsythe and Barnes-Davies 1993, Proc R Soc
#: B 251:151), and twice the strongest contact of the shipped circuits (90 nS).
LARGEST_CONDUCTANCE = 200 * nS


def calibration_facts(calibration: Calibration, circuit: Circuit) -> dict[str, Any]:
    """Return what of a calibration belongs into ``Network.meta``.

    Its time step (``calibration_dt_ms``), with which a run compares its own; the scales and seeds
    at which the rates were verified; and, as ``warnings``, which populations left their ranges
    there, and that a circuit is smaller than any that was checked.

    Parameters
    ----------
    calibration, circuit
        Of the network.
    """
    step = calibration.dt
    facts: dict[str, Any] = {} if step is None else {"calibration_dt_ms": float(step / ms)}
    if scales := checked_scales(calibration):
        facts["calibration_scales"] = scales
    warnings = [*_failure_texts(calibration), *_scale_texts(circuit, scales)]
    warnings += [
        unbelievable_contact(contact.name, calibration.weights[contact.name], contact.psp)
        for contact in circuit.contacts
        if contact.psp is not None
        and is_unbelievable(calibration.weights.get(contact.name, 0 * nS))
    ]
    return facts | ({"warnings": warnings} if warnings else {})


def is_unbelievable(weight: Any) -> bool:
    """Tell whether a weight is a conductance above `LARGEST_CONDUCTANCE`.

    Parameters
    ----------
    weight
        Peak conductance or current of a contact.
    """
    is_conductance = get_dimensions(weight) == LARGEST_CONDUCTANCE.dim
    return bool(is_conductance and weight > LARGEST_CONDUCTANCE)


def unbelievable_contact(name: str, weight: Any, psp: Any) -> str:
    """Return what is said of a contact that is calibrated to more than any contact has.

    Parameters
    ----------
    name, weight, psp
        The contact, its peak conductance, and the potential that it was calibrated to.
    """
    return (
        f"contact {name!r} takes {quantity_text(weight)} to make {quantity_text(psp)} at the soma, "
        f"more than any contact of one cell has ({quantity_text(LARGEST_CONDUCTANCE)}): what "
        f"arrives there hardly reaches the soma. Let it end on another compartment, state its "
        f"conductance instead of its psp, or ask for a smaller psp."
    )


def checked_scales(calibration: Calibration) -> list[float]:
    """Return the scales at which a calibration was verified, the smallest first.

    Parameters
    ----------
    calibration
        Its provenance has a table of rates, if it was verified.
    """
    rows = calibration.provenance.get("rates", ())
    return sorted({float(row["scale"]) for row in rows if row["purpose"] == "verification"})


def _failure_texts(calibration: Calibration) -> list[str]:
    failures = calibration.provenance.get("failures", ())
    if not failures:
        return []
    more = f", and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
    asked = calibration.provenance.get("checked_rates", len(failures))
    return [
        f"the calibration of circuit {calibration.circuit!r} for {calibration.model!r} was "
        f"accepted unverified: {len(failures)} of {asked} rates left their ranges with other "
        f"seeds: {'; '.join(failures[:_SHOWN])}{more}. Take a state of this "
        f"circuit as that of one network, and compare several seeds."
    ]


def _scale_texts(circuit: Circuit, scales: list[float]) -> list[str]:
    if not scales or circuit.scale >= scales[0] * (1 - 1e-6):
        return []
    return [
        f"circuit {circuit.name!r} at scale {circuit.scale:g} is smaller than any of which the "
        f"rates were checked: they may leave their ranges. Take a scale of {scales[0]:g} or more."
    ]
