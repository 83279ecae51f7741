"""`dualframe schema`: a JSON Schema of a kind of TOML file, for editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import dualframe as df
from dualframe.core.file_templates import write_new_files
from dualframe.core.user_paths import expand_user


def schema_command(options: argparse.Namespace) -> int:
    """Print or write the JSON Schema of a kind of TOML file, with which editors check it."""
    text = json.dumps(df.schema(options.kind), indent=1) + "\n"
    if options.out is None:
        print(text, end="")
        return 0
    path: Path = expand_user(options.out)
    write_new_files({path: text}, force=options.force)
    print(f"wrote {path}; an editor checks a file whose first line is #:schema ./{path.name}")
    return 0
