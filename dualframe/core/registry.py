"""Kinds by name: what the package ships, and what users register.

A *kind* is a record with a ``name``: a neuron model, a plasticity rule, an environment, an encoder.
Each folder of kinds has one `Registry`. Users add theirs with `register`, or a package announces
them in the entry-point group ``dualframe.models``; a file then names them. Nothing that a file
names is imported.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from typing import Any, Generic, Protocol, TypeVar

from dualframe.core.errors import DualframeError, UnknownName

ENTRY_POINTS = "dualframe.models"
PUBLIC_API = "dualframe.public_api"  # it imports every folder of kinds


class Named(Protocol):
    """A record with a name."""

    @property
    def name(self) -> str:
        """How files and users call it."""
        ...


K = TypeVar("K", bound=Named)


class Registry(Mapping[str, K], Generic[K]):
    """Kinds of one sort by name, open to users.

    Parameters
    ----------
    noun
        What an error calls such a kind: ``"plasticity rule"``.
    record
        Class of the kinds.
    shipped
        The kinds of the package, in the order in which they are listed.
    """

    def __init__(self, noun: str, record: type[K], shipped: Iterable[K]) -> None:
        self.noun = noun
        self.record = record
        self._kinds = {kind.name: kind for kind in shipped}
        self._shipped = frozenset(self._kinds)
        _REGISTRIES.append(self)
        copyreg.pickle(record, self._reduce_kind)

    def __getitem__(self, name: str) -> K:
        if name not in self._kinds:
            load_entry_points()
        if name not in self._kinds:
            raise UnknownName(self.noun, name, self._kinds)
        return self._kinds[name]

    def __contains__(self, name: object) -> bool:
        if name not in self._kinds:
            load_entry_points()
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        load_entry_points()
        return iter(self._kinds)

    def __len__(self) -> int:
        load_entry_points()
        return len(self._kinds)

    def _reduce_kind(self, kind: K) -> Any:
        """Pickle a kind of the package by its name, as functions are, and a user's by content."""
        if kind.name in self._shipped and self._kinds[kind.name] is kind:
            return _find_kind, (self.noun, kind.name)
        return object.__reduce_ex__(kind, 2)

    def add_kind(self, kind: K, *, replace: bool = False) -> None:
        """Add a user's kind.

        Parameters
        ----------
        kind
            The kind.
        replace
            Whether a kind that a user has registered is replaced.

        Raises
        ------
        DualframeError
            If the package ships a kind of that name, or another one has it and ``replace`` is not
            set.
        """
        name = kind.name
        if not name.isidentifier():
            raise DualframeError(
                f"{self.noun} {name!r} needs a name of letters, digits and underscores."
            )
        if name in self._shipped:
            raise DualframeError(
                f"{self.noun} {name!r} is one of dualframe's: give yours another name."
            )
        if name in self._kinds and not replace and self._kinds[name] != kind:
            raise DualframeError(
                f"{self.noun} {name!r} is registered already: choose another name, or replace it "
                f"with register(..., replace=True)."
            )
        self._kinds[name] = kind


_REGISTRIES: list[Registry[Any]] = []
_LOADED: set[str] = set()
_NOT_YET_OPEN = ["the package is being imported"]  # no kind can be made of half a package


def load_package() -> None:
    """Import all of the package: a name may be that of a kind in a folder nobody has imported."""
    if PUBLIC_API not in sys.modules:
        import_module(PUBLIC_API)


def open_registries() -> None:
    """Let installed packages add their kinds, from now on: all registries are there."""
    _NOT_YET_OPEN.clear()


def register(kind: Any, *, replace: bool = False) -> None:
    """Make a kind of one's own known by its name, for files and calls of this session.

    Parameters
    ----------
    kind
        A neuron model, plasticity rule, environment, encoder, readout, release, outcome, receptor
        effect or connection rule: a record of the class that the package's own kinds have.
    replace
        Replace a kind that was registered before under this name. Kinds that dualframe ships are
        never replaced.

    Raises
    ------
    DualframeError
        If it is no such record, or its name is taken.
    """
    load_package()
    for registry in _REGISTRIES:
        if isinstance(kind, registry.record):
            registry.add_kind(kind, replace=replace)
            return
    known = ", ".join(sorted(registry.record.__name__ for registry in _REGISTRIES))
    raise DualframeError(
        f"cannot register {kind!r}: expected a record of one of the classes {known}."
    )


@lru_cache(maxsize=8)
def _announced_points(find: Callable[..., EntryPoints], path: tuple[str, ...]) -> EntryPoints:
    """Return the entry points of the packages on a path, which is searched once."""
    return find(group=ENTRY_POINTS)


def load_entry_points() -> None:
    """Register what installed packages announce in the group ``dualframe.models``, once.

    An entry point names a kind, or a tuple or list of kinds.

    Raises
    ------
    DualframeError
        If an entry point cannot be loaded; the message names it and its package.
    """
    points = {
        f"{point.name} = {point.value}": point
        for point in _announced_points(entry_points, tuple(sys.path))
    }
    if points.keys() <= _LOADED:
        return
    load_package()
    if _NOT_YET_OPEN:
        return
    for key, point in points.items():
        if key in _LOADED:
            continue
        _LOADED.add(key)  # before loading: a package may look up kinds itself
        try:
            content = point.load()
            for kind in content if isinstance(content, list | tuple) else (content,):
                register(kind)
        except Exception as problem:
            package = point.dist.name if point.dist else "unknown"
            raise DualframeError(
                f"entry point {key!r} of package {package!r} cannot be loaded: {problem}"
            ) from problem


def registry_of(noun: str) -> Registry[Any]:
    """Return the registry of a sort of kinds.

    What stands low in the package checks names of kinds that stand higher through it: a task's
    file names encoders, which are built of what a task is made of.

    Parameters
    ----------
    noun
        Such as ``"encoder"``.

    Raises
    ------
    UnknownName
        If there is no such sort of kinds.
    """
    load_package()
    found = {registry.noun: registry for registry in _REGISTRIES}
    if noun not in found:
        raise UnknownName("sort of kinds", noun, found)
    return found[noun]


def _find_kind(noun: str, name: str) -> Any:
    return registry_of(noun)[name]
