"""The command line: ``dualframe list | show | run | export | check | report | ...``."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dualframe.cli.arguments import PROGRAM, command_line_parser
from dualframe.cli.commands import INTERRUPTED, WRONG
from dualframe.cli.terminal_output import say
from dualframe.core.errors import DualframeError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 is success, 1 a finding (a blocker, a difference), 2 an error, 130 an interrupt.
    """
    if arguments is None and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name of a file may be no text
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = command_line_parser().parse_args(words)
    options.words = words
    try:
        with _plain_warnings():
            status: int = options.command(options)
            sys.stdout.flush()
            return status
    except DualframeError as error:
        say(f"{PROGRAM}: error: {error}")
        return WRONG
    except KeyboardInterrupt:
        say(f"{PROGRAM}: interrupted before there was a result; nothing was changed.")
        return INTERRUPTED
    except BrokenPipeError:  # `dualframe list cells | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as one line each, without a place in the source."""

    def show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        say(f"{PROGRAM}: warning: {message}")

    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = show_warning
        yield
