"""What compilers print while GeNN builds: kept aside, and read where the build fails."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CAUSE = re.compile(r"\berror\b[:\s]|undefined reference|No such file|not found", re.IGNORECASE)
_MAKE = re.compile(r"^make(\[\d+\])?: ")
_LENGTH = 300


@contextmanager
def output_into(path: Path) -> Iterator[None]:
    """Send what this process and its children print into a file.

    Parameters
    ----------
    path
        The file.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = [os.dup(descriptor) for descriptor in (1, 2)]
    try:
        with path.open("wb") as log:
            for descriptor in (1, 2):
                os.dup2(log.fileno(), descriptor)
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in zip((1, 2), before, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)


def find_cause(text: str) -> str:
    """Return the line of a build's output that says why it failed, or its last one.

    Parameters
    ----------
    text
        The output.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    of_compilers = [line for line in lines if not _MAKE.match(line)]
    causes = [line for line in of_compilers if _CAUSE.search(line)]
    return (causes[:1] or of_compilers[-1:] or lines[-1:] or ["it gave no reason"])[0][:_LENGTH]
