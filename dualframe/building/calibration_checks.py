"""What a network says of the calibration that it was built with: where its rates were checked."""

from __future__ import annotations

from typing import Any

from brian2.units import ms

from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit

_SHOWN = 3  # failures that a warning names


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
    return facts | ({"warnings": warnings} if warnings else {})


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
