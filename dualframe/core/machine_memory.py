"""Memory of this machine, and what would need more of it than there is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dualframe.core.errors import NetworkError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_PREFIXES = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


@dataclass(frozen=True)
class MemoryNeed:
    """Something that takes memory: how many bytes at least, and what it is."""

    size: float
    label: str


def usable_memory() -> float:
    """Return the memory of this machine in bytes, or the limit of this process if it is less."""
    limits = [_physical_memory()]
    if resource is not None:
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        limits += [] if soft == resource.RLIM_INFINITY else [float(soft)]
    for path in _CGROUP_LIMITS:
        try:
            limits.append(float(path.read_text()))
        except (OSError, ValueError):  # no such limit; "max"
            continue
    return min(limits)


def _physical_memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return float("inf")


def memory_text(size: float) -> str:
    """Return a number of bytes for a sentence, such as ``"3.1 TB"``.

    Parameters
    ----------
    size
        Number of bytes.
    """
    for prefix in _PREFIXES[:-1]:
        if size < 1000:
            return f"{size:.3g} {prefix}"
        size /= 1000
    return f"{size:.3g} {_PREFIXES[-1]}"


def require_memory(label: str, needs: Iterable[MemoryNeed], remedy: str) -> None:
    """Refuse what needs more memory than this machine has.

    Parameters
    ----------
    label
        How an error calls it.
    needs
        Its parts. They are lower bounds: what passes may still be too large.
    remedy
        What an error proposes.

    Raises
    ------
    NetworkError
        It says how much is needed, and which part needs most.
    """
    parts = list(needs)
    total, usable = sum(part.size for part in parts), usable_memory()
    if total <= usable:
        return
    largest = max(parts, key=lambda part: part.size)
    raise NetworkError(
        f"{label} needs at least {memory_text(total)} of memory, and {memory_text(usable)} can be "
        f"used: {largest.label} ({memory_text(largest.size)}); {remedy}."
    )
