"""Keep Brian2 from what a file in the current folder says: it would evaluate its lines as code.

When it is imported, Brian2 reads the file ``brian_preferences`` of the current folder, which may be
somebody else's, and evaluates its values. The user's own file, in ``~/.brian``, is read as always,
and so is either where a script imports Brian2 before dualframe.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_MODULE, _FILE = "brian2.core.preferences", "brian_preferences"


def ignore_folder_preferences() -> None:
    """Let Brian2 take the file in the current folder for missing, when it is imported."""
    if _MODULE not in sys.modules:
        sys.meta_path.insert(0, _PreferencesFinder())


class _PreferencesFinder(MetaPathFinder):
    """Finds the module of Brian2 that reads preferences, once."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _PreferencesLoader(spec.loader)
        return spec


class _PreferencesLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        preferences: Any = module.__dict__["BrianGlobalPreferences"]
        read = preferences.read_preference_file

        def read_users_own(self: Any, file: Any) -> None:
            if file != _FILE:
                read(self, file)
                return
            preferences.read_preference_file = read  # a script may read it later, if it means to
            raise FileNotFoundError(file)  # as if there was none

        preferences.read_preference_file = read_users_own
