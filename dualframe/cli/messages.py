"""What the command line says to people, and the statuses with which it ends."""

from __future__ import annotations

import sys

PROGRAM = "dualframe"
FAILED, WRONG, INTERRUPTED = 1, 2, 130


def say(message: str) -> None:
    """Write a line for people beside the output proper, which may go into a file."""
    print(message, file=sys.stderr, flush=True)
