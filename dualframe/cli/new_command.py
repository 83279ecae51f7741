"""`dualframe new`: a commented file to start from."""

from __future__ import annotations

import argparse

import dualframe as df
from dualframe.cli.terminal_output import as_json


def new_command(options: argparse.Namespace) -> int:
    """Write a commented file to start from: a task that trains at once."""
    path = df.new_task(
        options.name,
        options.out,
        with_environment=options.with_environment,
        force=options.force,
    )
    script = path.with_suffix(".py") if options.with_environment else None
    written = [path] if script is None else [path, script]
    if options.json:
        print(as_json({"written": [str(file) for file in written]}))
        return 0
    first_step = f"dualframe train {path}" if script is None else f"python {script}"
    print(f"wrote {' and '.join(map(str, written))}; it trains at once: {first_step}")
    return 0
