"""Brian2's global state (device, preferences, clock), borrowed for one run and given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from brian2 import defaultclock, get_device, prefs, set_device
from brian2.core.tracking import InstanceTrackerSet, Trackable
from brian2.devices.device import Device, reset_device, runtime_device
from brian2.units import second

# Brian2GeNN changes these when its device is set
_TOUCHED = ("codegen.loop_invariant_optimisations", "core.network.default_schedule")


@contextmanager
def brian_session(
    device: str | Device = "runtime",
    preferences: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Any]:
    """Use a Brian2 device within a ``with`` block and restore what was there before.

    Parameters
    ----------
    device
        A Brian2 device, or the name of a registered one.
    preferences
        Brian2 preferences to set meanwhile.
    options
        Passed to ``set_device``.
    """
    with _hidden_brian_objects():
        yield from _switched_device(device, preferences, options)


@contextmanager
def _hidden_brian_objects() -> Iterator[None]:
    """Hide the Brian2 objects that exist, or generated names would depend on them."""
    follower = Trackable.__instancefollower__
    outside = follower.instance_sets
    follower.instance_sets = defaultdict(InstanceTrackerSet)
    try:
        yield
    finally:
        follower.instance_sets = outside


def _switched_device(
    device: str | Device, preferences: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Iterator[Any]:
    before = {name: prefs[name] for name in {*_TOUCHED, *(preferences or {})}}
    dt = float(defaultclock.dt_) if get_device() is runtime_device else None
    set_device(device, **options)
    active = get_device()
    if active is not runtime_device:
        active.reinit()
        active.activate(**options)
    try:
        for name, value in (preferences or {}).items():
            prefs[name] = value
        yield active
    finally:
        for name, value in before.items():
            prefs[name] = value
        if active is not runtime_device:
            active.reinit()
        reset_device()
        if dt is not None:
            defaultclock.dt = dt * second
