"""Brian2's global state (device, clock, preferences, random numbers), borrowed for one run.

A run has a device, a clock and preferences of its own: those of the user's script are out of sight
meanwhile, and neither decide what is simulated nor are changed by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from brian2 import BrianObject, Network, prefs
from brian2.core.tracking import InstanceTrackerSet, Trackable
from brian2.devices.device import Device, all_devices, get_device

from dualframe.core.brian_lock import BRIAN_LOCK

# What says how Brian2 logs, and where libraries of this machine are, does not decide results
_OF_THE_MACHINE = ("logging.", "GSL.", "devices.genn.")
_WITH_STATEMENTS = ("translation", "generators.base")


@contextmanager
def brian_session(
    device: str | Device = "runtime",
    preferences: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Any]:
    """Use a new Brian2 device within a ``with`` block and restore what was there before.

    Other threads wait for its end.

    Parameters
    ----------
    device
        A Brian2 device that was made for this session, or the name of a registered one.
    preferences
        Brian2 preferences to set meanwhile; the others have their defaults.
    options
        Of the device's activation, as for ``set_device``.
    """
    with (
        BRIAN_LOCK,
        _hidden_brian_objects(),
        _hidden_random_state(),
        _default_preferences(),
        _uncached_statements(),
        _active_device(device, options) as active,
    ):
        prefs.update(preferences or {})
        yield active


@contextmanager
def _hidden_brian_objects() -> Iterator[None]:
    """Hide the Brian2 objects that exist, or generated names would depend on them."""
    follower = Trackable.__instancefollower__
    outside = follower.instance_sets
    follower.instance_sets = defaultdict(InstanceTrackerSet)
    # whether a network of the user's runs just now, and whether it was stopped
    flags = {name: value for name, value in vars(Network).items() if name.startswith("_globally_")}
    try:
        yield
    finally:
        for name, value in flags.items():
            setattr(Network, name, value)
        _let_go(BrianObject.__instances__())
        follower.instance_sets = outside


def _let_go(references: Iterable[Any]) -> None:
    """Mark objects that a run which failed has left: Brian2 warns of those of no network."""
    for reference in references:
        made = reference()
        if made is not None and made._network is None:
            made._network = "of a run that has ended"


@contextmanager
def _hidden_random_state() -> Iterator[None]:
    """Lend another generator to NumPy's global functions, from which Brian2's NumPy code draws."""
    numpy: Any = np.random  # whose types leave these functions out
    generator, state = numpy.get_bit_generator(), numpy.get_state(legacy=False)
    numpy.set_bit_generator(np.random.MT19937())
    try:
        yield
    finally:
        numpy.set_bit_generator(generator)
        numpy.set_state(state)


@contextmanager
def _default_preferences() -> Iterator[None]:
    """Let preferences that could change what is simulated have their defaults."""
    before, saved = dict(prefs), dict(prefs.backup_prefs)
    defaults = {
        f"{category}.{name}": preference.default
        for category, (entries, _) in prefs.pref_register.items()
        for name, preference in entries.items()
    }
    _set_preferences({k: v for k, v in defaults.items() if not k.startswith(_OF_THE_MACHINE)})
    try:
        yield
    finally:
        _set_preferences(before)
        prefs.backup_prefs = saved


def _set_preferences(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if prefs[name] is not value and prefs[name] != value:
            prefs[name] = value


@contextmanager
def _uncached_statements() -> Iterator[None]:
    """Let Brian2 translate statements anew: to look one up in its cache takes as long.

    The cache compares every variable of a group, attribute by attribute, and keeps them all for as
    long as the process lives.
    """
    modules: Any = [import_module(f"brian2.codegen.{name}") for name in _WITH_STATEMENTS]
    before = modules[0].make_statements
    for module in modules:
        module.make_statements = getattr(before, "__wrapped__", before)
    try:
        yield
    finally:
        for module in modules:
            module.make_statements = before


@contextmanager
def _active_device(device: str | Device, options: Mapping[str, Any]) -> Iterator[Device]:
    """Put a new device in the place of the active one, which `set_device` would activate anew."""
    devices: Any = import_module("brian2.devices.device")
    before = get_device()
    active = type(all_devices[device])() if isinstance(device, str) else device
    devices.active_device = active
    try:
        active.activate(**options)
        yield active
    finally:
        devices.active_device = before
