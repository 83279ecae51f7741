"""The bar that long work shows in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress_bar(shown: bool | None, title: str) -> Iterator[Any]:
    """Show a bar on the error stream while a block runs, and yield what moves it.

    Parameters
    ----------
    shown
        Whether it is shown; ``None`` shows it in a terminal.
    title
        What takes time.

    Yields
    ------
    callable or None
        A function of the fraction that is done; None where nothing is shown.
    """
    if shown is False:
        yield None
        return
    from rich import console, progress  # a run without a bar does not need them

    terminal = console.Console(stderr=True)
    if not (terminal.is_terminal or shown):
        yield None
        return
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.percentage:>3.0f}%"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)
