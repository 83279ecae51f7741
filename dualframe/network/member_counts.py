"""How many members a population or an input can have."""

from __future__ import annotations

from typing import Any

from dualframe.core.errors import NetworkError
from dualframe.core.validation import MOST_MEMBERS, check_count


def check_members(value: Any, label: str) -> None:
    """Refuse anything but a positive whole number that an index of 32 bit reaches.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    check_count(value, label)
    if value > MOST_MEMBERS:
        raise NetworkError(
            f"{label} is {value!r}: expected at most {MOST_MEMBERS}, which an index of 32 bit "
            f"reaches."
        )
