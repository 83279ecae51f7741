"""The command line: ``dualframe list | show | run | export | check | report | ...``."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dualframe.cli.arguments import command_line_parser
from dualframe.cli.command_list import find_command
from dualframe.cli.messages import INTERRUPTED, PROGRAM, WRONG, say
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
        with _plain_warnings(), _heard_termination():
            status = find_command(options.command)(options)
            if sys.stdout is not None:  # None: it was closed
                sys.stdout.flush()
            return status
    except DualframeError as error:
        say(f"{PROGRAM}: error: {error}")
        return WRONG
    except KeyboardInterrupt:
        say(f"{PROGRAM}: interrupted before there was a result; nothing was changed.")
        return INTERRUPTED
    except BrokenPipeError:  # `dualframe list cells | head`
        _forget_output()
        return 0
    except OSError as error:
        _forget_output()
        say(f"{PROGRAM}: error: {_machine_error_text(error)}")
        return WRONG


def _forget_output() -> None:
    """Keep Python from writing, at its end, what cannot be written."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _machine_error_text(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{str(error.filename)!r}: {reason}."
    if isinstance(error, FileNotFoundError):
        return "the current folder is not there any more: change to one that is."
    return f"cannot write to the standard output: {reason}."


@contextmanager
def _heard_termination() -> Iterator[None]:
    """End at SIGTERM and SIGHUP as at Ctrl-C: what was simulated is kept, nothing goes on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if before[number] is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)
    if before[signal.SIGINT] is signal.SIG_IGN:  # in the background: Brian2 calls what is there
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print each warning once, as one line, without a place in the source."""
    said = set()

    def show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        line = f"{PROGRAM}: warning: {message}"
        if line not in said:
            said.add(line)
            say(line)

    # Brian2 captures warnings for its log when it is first imported, which may be later than now:
    # Python does so once only
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = show_warning
        yield
