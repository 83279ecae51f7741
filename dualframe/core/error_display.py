"""How an error of dualframe is shown that nobody catches: the user's own lines, and the message."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from dualframe.core.errors import DualframeError

_PACKAGE = str(Path(__file__).parents[1])
_SHELLS = ("IPython", "ipykernel")


def show_errors_alone() -> None:
    """Show errors of dualframe without the words in which Brian2 asks to report its own errors.

    Every other error is shown as before, by Brian2 or whatever a script has put in its place.
    """
    show_others = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
        if isinstance(error, DualframeError) and not sys.flags.dev_mode:
            sys.stderr.write(f"{error_text(error)}\n")
        else:
            show_others(kind, error, trace)

    sys.excepthook = show
    DualframeError._render_traceback_ = _render_for_notebooks  # type: ignore[attr-defined]


def error_text(error: BaseException) -> str:
    """Return where the user's lines have met an error, and its message.

    Parameters
    ----------
    error
        The error; `python -X dev` shows all of its traceback.
    """
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(_PACKAGE):
            break
        if not any(part in _SHELLS for part in Path(frame.filename).parts):
            frames.append(frame)
    lines = [*traceback.format_list(frames), *traceback.format_exception_only(error)]
    return "".join(lines).rstrip("\n")


def _render_for_notebooks(error: DualframeError, *_: Any) -> list[str]:
    """Say to IPython, in lines, how an error is shown."""
    return error_text(error).splitlines()
