"""What Brian2's runtime needs of a machine."""

from __future__ import annotations


def missing_requirements(use_gpu: bool | None = None) -> list[str]:
    """Return nothing: the packages that dualframe depends on are enough.

    Parameters
    ----------
    use_gpu
        Whether a GPU is asked for; it changes nothing.
    """
    return []
