"""What options of several commands share: --out, --force, and errors that name an option."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dualframe.core.errors import DualframeError, OutputError
from dualframe.core.output_folder import check_output

FORCE = "replace what dualframe wrote there before; other files stay"


def add_force(parser: argparse.ArgumentParser, words: str = FORCE) -> None:
    """Declare the option that lets a command replace an earlier output.

    Parameters
    ----------
    parser
        Of the command.
    words
        What the option does.
    """
    parser.add_argument("--force", action="store_true", help=words)


def chosen_folder(options: argparse.Namespace, names: Iterable[str]) -> Path | None:
    """Return the folder of --out, checked before anything is simulated; None without --out.

    Parameters
    ----------
    options
        Of the command.
    names
        Files that will be written, relative to the folder.

    Raises
    ------
    OutputError
        If they cannot be written there.
    """
    if options.out is None:
        return None
    if not options.out:
        raise OutputError("--out '' names no folder: give one, or leave --out out.")
    return check_output(options.out, names, force=options.force)


@contextmanager
def naming_option(text: str) -> Iterator[None]:
    """Put an option before the error of what it asks for.

    Parameters
    ----------
    text
        The option as it was written.
    """
    try:
        yield
    except DualframeError as error:
        raise DualframeError(f"{text}: {error}") from error


def save_somewhere(save: Callable[..., Any], folder: Path, *, force: bool) -> None:
    """Save what took long to simulate: elsewhere, if its folder has been occupied meanwhile.

    Parameters
    ----------
    save
        Saves into a folder; it takes ``force`` too.
    folder
        That `chosen_folder` has checked.
    force
        Whether an earlier output is replaced.

    Raises
    ------
    OutputError
        If it was not saved in ``folder``; the message names the place.
    """
    try:
        save(folder, force=force)
    except OutputError as problem:
        if " are in " in str(problem):
            raise
        aside = tempfile.mkdtemp(prefix="dualframe-results-")
        save(aside)
        raise OutputError(f"{problem} What was simulated is in {aside!r}.") from problem
