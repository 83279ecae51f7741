"""`dualframe new`: a commented file to start from, or a copy of a shipped one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import dualframe as df
from dualframe.cli.data_tables import as_json
from dualframe.core.errors import OutputError

FIRST_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "circuit": "it runs at once: dualframe run {path}",
        "cell": 'look at it: dualframe validate {path}; in a circuit: cell = "{file}"',
        "receptor": 'look at it: dualframe show {path}; in a circuit: receptors = ["{file}"]',
        "task": "it trains at once: dualframe train {path}",
    }
)


def new_command(options: argparse.Namespace) -> int:
    """Write a circuit, cell, receptor or task to start from, or a copy of a shipped one."""
    if options.with_environment and options.kind != "task":
        raise OutputError(f"--with-environment belongs to a task, not to a {options.kind}.")
    written = _write_files(options)
    if options.json:
        print(as_json({"written": [str(file) for file in written]}))
        return 0
    path = written[0]
    first_step = FIRST_STEPS[options.kind].format(path=path, file=path.name)
    if len(written) > 1:
        first_step = f"it trains at once: python {written[1]}"
    print(f"wrote {' and '.join(map(str, written))}; {first_step}")
    return 0


def _write_files(options: argparse.Namespace) -> list[Path]:
    place = (options.name, options.out)
    if options.kind == "task":
        path = df.new_task(
            *place,
            with_environment=options.with_environment,
            copy_of=options.copy_of,
            force=options.force,
        )
        return [path, path.with_suffix(".py")] if options.with_environment else [path]
    writers: Mapping[str, Callable[..., Path]] = {
        "circuit": df.new_circuit,
        "cell": df.new_cell,
        "receptor": df.new_receptor,
    }
    return [writers[options.kind](*place, copy_of=options.copy_of, force=options.force)]
