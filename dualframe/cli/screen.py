"""What a terminal has room for, and the pager in which long pages are read."""

from __future__ import annotations

import os
import pydoc
import shutil
import sys


def screen_width() -> int | None:
    """Return how many columns there are; None where nobody looks: in files and pipes.

    ``COLUMNS`` of the environment holds there too.
    """
    if not (_is_terminal() or os.environ.get("COLUMNS", "").isdigit()):
        return None
    return shutil.get_terminal_size().columns or None


def print_page(text: str) -> None:
    """Print a text; on a terminal, one that is longer than the screen, through ``$PAGER``.

    Parameters
    ----------
    text
        It ends with a line break.
    """
    if not _is_terminal() or text.count("\n") < shutil.get_terminal_size().lines:
        print(text, end="")
        return
    os.environ.setdefault("LESS", "-FRX")  # as git has it: what was read stays on the screen
    pydoc.pager(text)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
