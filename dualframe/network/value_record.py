"""Value semantics of descriptions: equal if their contents are, whatever made them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Self

from dualframe.core.serialisation import digest_of, encode, frozen_copy
from dualframe.network.known_arguments import refuse_unknown_arguments

_DEFINED = re.compile(r"^\s*(?:d(?P<ode>\w+)\s*/\s*dt\s*=|(?P<name>\w+)\s*[=:])", re.MULTILINE)


class ValueRecord:
    """Value semantics for the frozen dataclasses of this module."""

    def __new__(cls, *_: Any, **arguments: Any) -> Self:
        """Refuse arguments that the class does not have, before its constructor does."""
        known = [item.name for item in fields(cls) if item.init]  # type: ignore[arg-type]
        refuse_unknown_arguments(cls.__name__, arguments, known)
        return super().__new__(cls)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and encode(self) == encode(other)

    def __hash__(self) -> int:
        return hash(digest_of(self))

    def __setstate__(self, content: Mapping[str, Any]) -> None:
        self.__dict__.update(content)
        self._freeze()  # a pickled array, or a copied one, is writable

    def _freeze(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, item.name, frozen_copy(getattr(self, item.name)))


@lru_cache(maxsize=4096)
def variables(equations: str) -> frozenset[str]:
    """Names that a Brian2 model text defines."""
    text = re.sub(r"#.*", "", equations)
    return frozenset(m["ode"] or m["name"] for m in _DEFINED.finditer(text))
